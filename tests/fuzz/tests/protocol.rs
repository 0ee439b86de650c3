//! What another process may send: the hello, and the frames after it.

use std::io::Cursor;

use orc_fuzz::fuzz;
use orc_proto::Hello;
use orc_proto::codec::{self, Message};
use orc_proto::handshake::{PROTOCOL_MAX, PROTOCOL_MIN, negotiate};
use orc_proto::service::{OrchestratorRequest, OrchestratorResponse};
use serde_json::Value;
use tarpc::{ClientMessage, Response};
use tokio_util::bytes::{BufMut, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

type Request = ClientMessage<OrchestratorRequest>;
type Answer = Response<OrchestratorResponse>;

#[test]
fn whatever_a_hello_says_it_is_read_and_answered() {
    fuzz("hello", |input| {
        let Ok(hello) = serde_json::from_slice::<Hello>(input) else { return Ok(()) };
        let written = serde_json::to_vec(&hello).map_err(|e| e.to_string())?;
        let again: Hello =
            serde_json::from_slice(&written).map_err(|e| format!("it does not read its own hello: {e}"))?;
        let (before, after) = (serde_json::json!(hello), serde_json::json!(again));
        if before != after {
            return Err(format!("{before} came back as {after}"));
        }
        match negotiate(&hello, PROTOCOL_MIN, PROTOCOL_MAX, "0") {
            Ok(protocol)
                if (PROTOCOL_MIN..=PROTOCOL_MAX).contains(&protocol)
                    && (hello.protocol_min..=hello.protocol_max).contains(&protocol) =>
            {
                Ok(())
            }
            Ok(protocol) => Err(format!("protocol {protocol} is not what both speak")),
            Err(words) if words.contains("Update the") => Ok(()),
            Err(words) => Err(format!("it does not say what to update: {words}")),
        }
    });
}

#[test]
fn whatever_frames_hold_they_are_read_or_refused() {
    fuzz("frames", |input| {
        let mut framed = BytesMut::new();
        framed.put_u32(u32::try_from(input.len()).unwrap_or(u32::MAX));
        framed.put_slice(input);
        // As a stream of frames of their own lengths, and as the content of one.
        for stream in [input, &framed] {
            read::<Request>(stream, request)?;
            read::<Answer>(stream, |answer| serde_json::to_value(answer).unwrap_or_default())?;
        }
        Ok(())
    });
}

/// What a request says; its deadline is counted from now and so never the same.
fn request(message: &Request) -> Value {
    match message {
        ClientMessage::Request(request) => serde_json::json!([request.id, request.message]),
        other => serde_json::to_value(other).unwrap_or_default(),
    }
}

/// Every message is the same in whatever pieces its bytes come, and when it is sent on.
fn read<M>(stream: &[u8], said: impl Fn(&M) -> Value) -> Result<(), String>
where
    M: Message + serde::Serialize + serde::de::DeserializeOwned,
{
    let whole = messages::<M>(&[stream])?;
    let (front, back) = stream.split_at(stream.len() / 3);
    let pieces = messages::<M>(&[front, back])?;
    let all = |messages: &[M]| messages.iter().map(&said).collect::<Vec<Value>>();
    if all(&whole) != all(&pieces) {
        return Err(format!("{:?} came in pieces as {:?}", all(&whole), all(&pieces)));
    }
    for mut message in whole {
        let before = (said(&message), message.document().map(|document| document.text().to_owned()));
        let mut sent = BytesMut::new();
        let mut codec = codec::messages::<_, M, M>(codec::frames(Cursor::new(Vec::new())));
        codec
            .codec_mut()
            .encode(message, &mut sent)
            .map_err(|e| format!("{} cannot be sent on: {e}", before.0))?;
        let mut came = messages::<M>(&[&sent])?;
        let after = came
            .first_mut()
            .map(|message| (said(message), message.document().map(|document| document.text().to_owned())));
        if came.len() != 1 || after.as_ref() != Some(&before) {
            return Err(format!("{before:?} came as {after:?}"));
        }
    }
    Ok(())
}

/// The messages before the first fault.
fn messages<M>(pieces: &[&[u8]]) -> Result<Vec<M>, String>
where
    M: Message + serde::Serialize + serde::de::DeserializeOwned,
{
    let mut codec = codec::messages::<_, M, M>(codec::frames(Cursor::new(Vec::new())));
    let (mut bytes, mut found) = (BytesMut::new(), Vec::new());
    for piece in pieces {
        bytes.put_slice(piece);
        loop {
            let before = bytes.len();
            match codec.codec_mut().decode(&mut bytes) {
                Ok(Some(message)) => found.push(message),
                Ok(None) => break,
                Err(_) => return Ok(found),
            }
            if bytes.len() >= before {
                return Err("a message took no bytes".to_owned());
            }
        }
        // A frame says how long it is before it comes; nothing is set aside beyond the largest.
        if bytes.capacity() > codec::MAX_MESSAGE + (1 << 20) {
            return Err(format!("{} bytes were set aside", bytes.capacity()));
        }
    }
    Ok(found)
}
