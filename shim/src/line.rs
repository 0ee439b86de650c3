//! A message as the line that goes out.
//!
//! Most of what goes out is one long text within a tool's result, full of quotes. The shim is built for size, and serde_json's
//! escaping is then a third of all that an answer of 8 KB takes here; so that text is put in by hand.

use rmcp::model::{ContentBlock, JsonRpcMessage, ServerJsonRpcMessage, ServerResult};

/// What stands in the line where the text was taken out. Within any other text its quotes are escaped.
const HOLE: &[u8] = br#""text":"""#;

/// The line, without its end.
pub(crate) fn of(mut message: ServerJsonRpcMessage) -> serde_json::Result<Vec<u8>> {
    let Some(text) = text_of(&mut message).map(std::mem::take) else { return serde_json::to_vec(&message) };
    let around = serde_json::to_vec(&message)?;
    if let Some(hole) = around.windows(HOLE.len()).position(|bytes| bytes == HOLE) {
        let (before, after) = around.split_at(hole + HOLE.len() - 1);
        let mut line = Vec::with_capacity(around.len() + text.len() + text.len() / 2);
        line.extend_from_slice(before);
        escape(text.as_bytes(), &mut line);
        line.extend_from_slice(after);
        return Ok(line);
    }
    // An empty text is written otherwise than it was: then as everything else is.
    if let Some(taken) = text_of(&mut message) {
        *taken = text;
    }
    serde_json::to_vec(&message)
}

/// The text of a tool's answer, if it is the first of the result.
fn text_of(message: &mut ServerJsonRpcMessage) -> Option<&mut String> {
    let JsonRpcMessage::Response(response) = message else { return None };
    let ServerResult::CallToolResult(result) = &mut response.result else { return None };
    match result.content.first_mut() {
        Some(ContentBlock::Text(block)) => Some(&mut block.text),
        _ => None,
    }
}

/// The most bytes that one becomes.
const LONGEST: usize = 6;

/// Writes text as it stands within a JSON string: byte by byte into room that is there, for a call for each piece costs more.
fn escape(text: &[u8], line: &mut Vec<u8>) {
    let mut at = line.len();
    line.resize(at + text.len() + text.len() / 4, 0);
    for byte in text {
        if line.len() < at + LONGEST {
            line.resize(2 * line.len() + LONGEST, 0);
        }
        let room = &mut line[at..at + LONGEST];
        at += match byte {
            b'"' | b'\\' => escaped(room, *byte),
            0x20.. => {
                room[0] = *byte;
                1
            }
            b'\n' => escaped(room, b'n'),
            b'\r' => escaped(room, b'r'),
            b'\t' => escaped(room, b't'),
            other => {
                let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble)];
                room.copy_from_slice(&[b'\\', b'u', b'0', b'0', digit(other >> 4), digit(other & 15)]);
                LONGEST
            }
        };
    }
    line.truncate(at);
}

fn escaped(room: &mut [u8], letter: u8) -> usize {
    (room[0], room[1]) = (b'\\', letter);
    2
}

#[cfg(test)]
mod tests {
    use rmcp::model::{CallToolResult, ErrorData, RequestId};
    use serde_json::{Value, json};

    use super::*;

    fn answer(id: RequestId, result: CallToolResult) -> ServerJsonRpcMessage {
        ServerJsonRpcMessage::response(ServerResult::CallToolResult(result), id)
    }

    fn read(message: ServerJsonRpcMessage) -> Value {
        let line = of(message).unwrap();
        assert!(!line.contains(&b'\n'));
        serde_json::from_slice(&line).unwrap()
    }

    #[test]
    fn whatever_is_in_a_text_it_is_read_as_it_was() {
        let controls: String = (0..0x30).map(char::from).collect();
        for text in [
            "",
            "plain",
            r#"{"title":"a \"quoted\" \\ one"}"#,
            r#""text":"""#,
            "ä ∀ 🦀\u{7f}\u{2028}",
            &controls,
        ] {
            let result = CallToolResult::success(vec![ContentBlock::text(text)]);
            let read = read(answer(RequestId::Number(7), result));
            assert_eq!(read["result"]["content"][0]["text"], text);
            assert_eq!((&read["id"], &read["jsonrpc"]), (&json!(7), &json!("2.0")));
        }
    }

    #[test]
    fn everything_beside_the_text_stays_as_it_is() {
        let result = || {
            let mut result = CallToolResult::error(vec![ContentBlock::text("one"), ContentBlock::text("")]);
            result.structured_content = Some(json!({"text": "", "n": [1, {"text": "two"}]}));
            result
        };
        for id in [RequestId::Number(1), RequestId::String(r#""text":"""#.into())] {
            let plain = serde_json::to_value(answer(id.clone(), result())).unwrap();
            assert_eq!(read(answer(id, result())), plain);
        }
    }

    #[test]
    fn what_has_no_text_is_written_as_it_is() {
        let messages = [
            answer(RequestId::Number(1), CallToolResult::success(Vec::new())),
            ServerJsonRpcMessage::error(
                ErrorData::invalid_params("\"no\"", None),
                Some(RequestId::Number(2)),
            ),
        ];
        for message in messages {
            let plain = serde_json::to_value(&message).unwrap();
            assert_eq!(read(message), plain);
        }
    }
}
