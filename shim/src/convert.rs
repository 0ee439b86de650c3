//! Between the daemon's documents and rmcp's types.

use orc_proto::wire::{Document, Fault, ToolAnswer};
use rmcp::{
    ErrorData,
    model::{CallToolResult, ContentBlock, ErrorCode},
};
use serde::de::DeserializeOwned;

/// A tool's answer: one text block with the raw document; a second copy only where the session asked
/// (`contract.md` §1).
pub(crate) fn tool_result(answer: ToolAnswer, structured: bool) -> CallToolResult {
    let copy = structured.then(|| serde_json::from_str(answer.document.text()).ok());
    let content = vec![ContentBlock::text(answer.document.into_text())];
    let mut result =
        if answer.is_error { CallToolResult::error(content) } else { CallToolResult::success(content) };
    result.structured_content = copy.flatten();
    result
}

/// Any other answer, as the type rmcp wants.
pub(crate) fn result<T: DeserializeOwned>(answer: Result<Document, Fault>) -> Result<T, ErrorData> {
    let document = answer.map_err(error)?;
    serde_json::from_str(document.text()).map_err(|error| {
        ErrorData::internal_error(format!("The daemon's answer cannot be read: {error}"), None)
    })
}

/// A daemon's fault, for the client.
fn error(fault: Fault) -> ErrorData {
    let data = fault.data.and_then(|data| serde_json::from_str(data.get()).ok());
    ErrorData::new(ErrorCode(fault.code), fault.message, data)
}
