//! The end of a connection, as an error.
//!
//! When a client hangs up, tarpc goes on until the calls in flight are answered, to nobody: a session would outlive
//! its shim by the length of its long poll. An error makes it drop them at once.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::{Sink, Stream};

/// A transport whose end is an error.
#[derive(Debug)]
pub(crate) struct Hangup<T>(pub(crate) T);

impl<T, I> Stream for Hangup<T>
where
    T: Stream<Item = io::Result<I>> + Unpin,
{
    type Item = io::Result<I>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let message = std::task::ready!(Pin::new(&mut self.0).poll_next(cx));
        Poll::Ready(Some(message.unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()))))
    }
}

impl<T, I> Sink<I> for Hangup<T>
where
    T: Sink<I, Error = io::Error> + Unpin,
{
    type Error = io::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, item: I) -> io::Result<()> {
        Pin::new(&mut self.0).start_send(item)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_close(cx)
    }
}
