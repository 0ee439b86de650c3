//! Queries of reports.
