//! Frames: a length, then one JSON message; then, behind a line feed, the document that the message carries, if it carries one.
//!
//! A document (a tool's arguments, its answer) is never read here: it crosses as the bytes it is. JSON because a frame can be
//! read by eye, and additive change survives.

use std::{io, marker::PhantomData};

use serde::{Serialize, de::DeserializeOwned};
use tarpc::{ClientMessage, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::{
    bytes::{BufMut, Bytes, BytesMut},
    codec::{Decoder, Encoder, Framed, LengthDelimitedCodec},
};

use crate::{
    service::{OrchestratorRequest, OrchestratorResponse},
    wire::Document,
};

/// Largest message a client may send, in bytes (`contract.md` §12).
pub const MAX_MESSAGE: usize = 16 << 20;
/// Largest answer a client gets, in bytes. Half a frame: an oversized answer would cut the connection and every call
/// on it, so it is refused long before.
pub const MAX_ANSWER: usize = 8 << 20;
/// Largest frame of the handshake: room is made for a frame as soon as its length is known, and at that moment nobody has said
/// who they are.
pub const MAX_HELLO: usize = 1 << 20;
/// Largest frame: a message and its envelope.
const MAX_FRAME: usize = MAX_MESSAGE + (64 << 10);
/// Bytes of a frame's length.
const LENGTH: usize = 4;

/// A stream that carries the frames of the handshake.
pub type Frames<S> = Framed<S, LengthDelimitedCodec>;
/// The same stream after the handshake, on the client's side.
pub type ClientFrames<S> =
    Framed<S, Messages<Response<OrchestratorResponse>, ClientMessage<OrchestratorRequest>>>;
/// The same stream after the handshake, on the daemon's side.
pub type ServerFrames<S> =
    Framed<S, Messages<ClientMessage<OrchestratorRequest>, Response<OrchestratorResponse>>>;

/// Frames on a byte stream, of the handshake's size until [`messages`].
pub fn frames<S: AsyncRead + AsyncWrite>(stream: S) -> Frames<S> {
    lengths().max_frame_length(MAX_HELLO).new_framed(stream)
}

/// One frame of the handshake.
pub fn frame<T: Serialize>(message: &T) -> Result<Bytes, io::Error> {
    Ok(serde_json::to_vec(message)?.into())
}

/// Messages instead of frames, once the handshake is over.
pub fn messages<S, In, Out>(frames: Frames<S>) -> Framed<S, Messages<In, Out>>
where
    S: AsyncRead + AsyncWrite,
    In: Message + DeserializeOwned,
    Out: Message + Serialize,
{
    frames.map_codec(|mut frames| {
        frames.set_max_frame_length(MAX_FRAME);
        Messages { frames, carries: PhantomData }
    })
}

fn lengths() -> tokio_util::codec::length_delimited::Builder {
    let mut builder = LengthDelimitedCodec::builder();
    builder.length_field_length(LENGTH).max_frame_length(MAX_FRAME);
    builder
}

/// What crosses after the handshake. It carries one document at most.
pub trait Message {
    /// The document, where there is a place for one.
    fn document(&mut self) -> Option<&mut Document>;
}

/// The codec of the calls.
#[derive(Debug)]
pub struct Messages<In, Out> {
    frames: LengthDelimitedCodec,
    carries: PhantomData<fn(Out) -> In>,
}

impl<In: Message + DeserializeOwned, Out> Decoder for Messages<In, Out> {
    type Item = In;
    type Error = io::Error;

    fn decode(&mut self, bytes: &mut BytesMut) -> io::Result<Option<In>> {
        let Some(frame) = self.frames.decode(bytes)? else { return Ok(None) };
        // JSON as we write it has no line feed outside of texts, where it is escaped.
        let end = frame.iter().position(|byte| *byte == b'\n').unwrap_or(frame.len());
        let (message, document) = frame.split_at(end);
        let mut message: In = serde_json::from_slice(message)?;
        if let (Some(place), Some(document)) = (message.document(), document.get(1..)) {
            let text = std::str::from_utf8(document).map_err(io::Error::other)?;
            *place = text.to_owned().into();
        }
        Ok(Some(message))
    }
}

impl<In, Out: Message + Serialize> Encoder<Out> for Messages<In, Out> {
    type Error = io::Error;

    fn encode(&mut self, mut message: Out, bytes: &mut BytesMut) -> io::Result<()> {
        let document = message.document().map(std::mem::take).unwrap_or_default().into_text();
        let begin = bytes.len();
        bytes.reserve(LENGTH + TYPICAL + document.len());
        bytes.put_bytes(0, LENGTH);
        serde_json::to_writer(bytes.writer(), &message)?;
        if !document.is_empty() {
            bytes.put_u8(b'\n');
            bytes.put_slice(document.as_bytes());
        }
        let length = bytes.len() - begin - LENGTH;
        match u32::try_from(length).ok().filter(|_| length <= MAX_FRAME) {
            Some(length) => {
                bytes[begin..begin + LENGTH].copy_from_slice(&length.to_be_bytes());
                Ok(())
            }
            None => {
                bytes.truncate(begin);
                Err(io::Error::new(io::ErrorKind::InvalidInput, "the message is larger than a frame"))
            }
        }
    }
}

/// Bytes of a message without its document, mostly.
const TYPICAL: usize = 512;

impl Message for ClientMessage<OrchestratorRequest> {
    fn document(&mut self) -> Option<&mut Document> {
        let Self::Request(request) = self else { return None };
        match &mut request.message {
            OrchestratorRequest::Call { call } => call.arguments.as_mut(),
            OrchestratorRequest::Ask { ask } => ask.params.as_mut(),
            OrchestratorRequest::Events { .. } => None,
        }
    }
}

impl Message for Response<OrchestratorResponse> {
    fn document(&mut self) -> Option<&mut Document> {
        match self.message.as_mut().ok()? {
            OrchestratorResponse::Call(answer) => Some(&mut answer.document),
            OrchestratorResponse::Ask(answer) => answer.as_mut().ok(),
            OrchestratorResponse::Events(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Ask, ToolAnswer, ToolCall};

    type Requests = Messages<ClientMessage<OrchestratorRequest>, ClientMessage<OrchestratorRequest>>;

    fn codec<In, Out>() -> Messages<In, Out> {
        Messages { frames: lengths().new_codec(), carries: PhantomData }
    }

    fn request(message: OrchestratorRequest) -> ClientMessage<OrchestratorRequest> {
        ClientMessage::Request(tarpc::Request { context: tarpc::context::current(), id: 7, message })
    }

    fn crossed(message: OrchestratorRequest) -> (String, ClientMessage<OrchestratorRequest>) {
        let (mut codec, mut bytes): (Requests, _) = (codec(), BytesMut::new());
        codec.encode(request(message), &mut bytes).unwrap();
        let text = String::from_utf8(bytes[LENGTH..].to_vec()).unwrap();
        let message = codec.decode(&mut bytes).unwrap().unwrap();
        assert!(bytes.is_empty());
        (text, message)
    }

    #[test]
    fn arguments_cross_untouched() {
        // Not even JSON: nobody looks before the tool.
        for text in ["{\"b\":1.50,\n \"a\":[ 1,2 ]}", "{}", "", "no JSON\n\n\u{e9}"] {
            let arguments = Some(Document::from(text.to_owned()));
            let call = ToolCall { name: "t".to_owned(), arguments, ..ToolCall::default() };
            let (frame, mut came) = crossed(OrchestratorRequest::Call { call });
            assert!(text.is_empty() || frame.ends_with(&format!("\n{text}")), "{frame}");
            assert_eq!(came.document().unwrap().text(), text);
        }
    }

    #[test]
    fn what_carries_no_document_is_one_json_message() {
        let ask = Ask { method: "daemon/status".to_owned(), params: None };
        let (frame, mut came) = crossed(OrchestratorRequest::Ask { ask });
        assert!(serde_json::from_str::<serde_json::Value>(&frame).is_ok(), "{frame}");
        assert!(came.document().is_none());
    }

    #[test]
    fn an_answer_crosses_as_it_was_written() {
        type Answers = Messages<Response<OrchestratorResponse>, Response<OrchestratorResponse>>;
        let (mut codec, mut bytes): (Answers, _) = (codec(), BytesMut::new());
        let answer = ToolAnswer { document: "[1,  2]".to_owned().into(), is_error: true, not_begun: false };
        let response = Response { request_id: 7, message: Ok(OrchestratorResponse::Call(answer)) };
        codec.encode(response, &mut bytes).unwrap();
        let mut came = codec.decode(&mut bytes).unwrap().unwrap();
        assert_eq!(came.document().unwrap().text(), "[1,  2]");
    }

    #[test]
    fn a_message_larger_than_a_frame_leaves_nothing_behind() {
        let (mut codec, mut bytes): (Requests, _) = (codec(), BytesMut::new());
        let call = ToolCall { arguments: Some("x".repeat(MAX_FRAME).into()), ..ToolCall::default() };
        assert!(codec.encode(request(OrchestratorRequest::Call { call }), &mut bytes).is_err());
        assert!(bytes.is_empty());
    }
}
