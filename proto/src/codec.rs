//! JSON frames: a length, then one JSON document.
//!
//! JSON because raw arguments pass through unparsed, a frame can be read by eye, and additive change survives; read
//! with `from_slice`, as tokio-serde's own `from_reader` costs half as much again on 4 KiB.

use std::{io, pin::Pin};

use serde::{Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_serde::{Deserializer, Serializer};
use tokio_util::{
    bytes::{Bytes, BytesMut},
    codec::{Framed, LengthDelimitedCodec},
};

/// Largest message a client may send, in bytes (`contract.md` §12).
pub const MAX_MESSAGE: usize = 16 << 20;
/// Largest answer a client gets, in bytes. Half a frame: an oversized answer would cut the connection and every call
/// on it, so it is refused long before.
pub const MAX_ANSWER: usize = 8 << 20;
/// Largest frame: a message and its envelope.
const MAX_FRAME: usize = MAX_MESSAGE + (64 << 10);

/// A stream that carries frames, before and after the handshake.
pub type Frames<S> = Framed<S, LengthDelimitedCodec>;

/// Frames on a byte stream.
pub fn frames<S: AsyncRead + AsyncWrite>(stream: S) -> Frames<S> {
    LengthDelimitedCodec::builder().max_frame_length(MAX_FRAME).new_framed(stream)
}

/// The codec of tarpc's transport.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json;

impl<T: Serialize> Serializer<T> for Json {
    type Error = io::Error;

    fn serialize(self: Pin<&mut Self>, item: &T) -> Result<Bytes, io::Error> {
        Ok(serde_json::to_vec(item)?.into())
    }
}

impl<T: DeserializeOwned> Deserializer<T> for Json {
    type Error = io::Error;

    fn deserialize(self: Pin<&mut Self>, frame: &BytesMut) -> Result<T, io::Error> {
        Ok(serde_json::from_slice(frame)?)
    }
}

/// One frame of the handshake.
pub fn frame<T: Serialize>(message: &T) -> Result<Bytes, io::Error> {
    Ok(serde_json::to_vec(message)?.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ToolCall;

    #[test]
    fn arguments_cross_untouched() {
        let text = r#"{"name":"t","arguments":{"b":1.50,"a":[ 1,2 ]},"progress":false,"waited_ms":0}"#;
        let call: ToolCall = Pin::new(&mut Json).deserialize(&BytesMut::from(text)).unwrap();
        assert_eq!(Pin::new(&mut Json).serialize(&call).unwrap(), text.as_bytes());
    }
}
