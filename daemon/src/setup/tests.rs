//! Every client's row, on every platform: a setup and its removal.
