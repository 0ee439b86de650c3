//! What was read from a config file, before it is parsed.

use std::io;

use sha2::{Digest, Sha256};

use crate::config::ConfigError;

/// Tells one content from another.
pub(super) fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Whether there is nothing but white space.
pub(super) fn is_blank(bytes: &[u8]) -> bool {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).iter().all(u8::is_ascii_whitespace)
}

/// The file's text; the place of the first byte that is none.
pub(super) fn text(bytes: Vec<u8>) -> Result<String, ConfigError> {
    String::from_utf8(bytes).map_err(|e| {
        let good = &e.as_bytes()[..e.utf8_error().valid_up_to()];
        let line = good.iter().filter(|b| **b == b'\n').count() + 1;
        let start = good.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(&good[start..]).chars().count() + 1;
        ConfigError { line, column, message: "the file is not UTF-8 text".to_owned() }
    })
}

/// Why a file cannot be read, as the end of a sentence.
pub(super) fn words(error: &io::Error) -> String {
    match error.get_ref() {
        Some(ours) => ours.to_string(),
        None => format!("it cannot be read: {}", error.kind()),
    }
}
