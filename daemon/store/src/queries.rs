//! The queries of lists and reports, on a snapshot or the writer's transaction.

mod census;
mod complete;
mod cursor;
mod derived;
mod display;
mod export;
mod filter;
mod graph;
mod history;
mod keep;
mod list;
mod metrics;
mod next;
mod notes;
mod report;
mod search;
mod spelling;
mod stretch;
#[cfg(test)]
mod tests;
mod way;

pub use complete::Begun;
pub use cursor::Cursor;
pub use display::SharedShorts;
pub use filter::{Filter, Scope, Within};
pub use graph::Neighbour;
pub use history::{Held, HistoryFilter, HistoryPage, HistoryRow};
pub use keep::{SessionRow, is_name_of};
pub use list::{Listed, Order, Page, Sort, Start};
pub use metrics::Metrics;
pub use next::Asking;
pub use notes::{NoteCursor, NoteFilter, NotePage};
pub use report::Section;
pub(crate) use spelling::TABLES as WORDS;
