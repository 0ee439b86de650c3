//! Lines of bounded length from a byte stream. An over-long line is never held in memory: it is skipped and reported.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// One line, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Whole(Vec<u8>),
    /// What it begins with.
    TooLong(Vec<u8>),
}

/// How much is kept of an over-long line, so that whoever sent it can be told.
const HEAD: usize = 1 << 10;

pub(crate) struct Lines<R> {
    reader: BufReader<R>,
    max: usize,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(crate) fn new(reader: R, max: usize) -> Self {
        Self { reader: BufReader::with_capacity(64 << 10, reader), max }
    }

    /// The next line; a last one needs no end. `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Line>> {
        let mut line = Vec::new();
        let (mut too_long, mut any) = (false, false);
        loop {
            let bytes = self.reader.fill_buf().await?;
            any |= !bytes.is_empty();
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let part = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
            if !too_long {
                too_long = line.len() + part.len() > self.max;
                line.extend_from_slice(part);
            }
            if too_long && line.len() > HEAD {
                line.truncate(HEAD);
                line.shrink_to_fit();
            }
            let (used, over) = (end.map_or(bytes.len(), |at| at + 1), end.is_some() || bytes.is_empty());
            self.reader.consume(used);
            if over {
                return Ok(any.then_some(if too_long { Line::TooLong(line) } else { Line::Whole(line) }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(text: &[u8], max: usize) -> Vec<Line> {
        let mut lines = Lines::new(text, max);
        let mut all = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            all.push(line);
        }
        all
    }

    #[tokio::test]
    async fn lines_and_a_last_one_without_end() {
        let whole = |text: &str| Line::Whole(text.into());
        assert_eq!(read(b"a\n\nbc", 9).await, [whole("a"), whole(""), whole("bc")]);
        assert_eq!(read(b"a\n", 9).await, [whole("a")]);
        assert_eq!(read(b"", 9).await, []);
    }

    #[tokio::test]
    async fn a_long_line_is_skipped_and_the_next_one_read() {
        let text = [vec![b'x'; 200_000], b"\nshort\n".to_vec()].concat();
        let long = Line::TooLong(vec![b'x'; HEAD]);
        assert_eq!(read(&text, 100_000).await, [long, Line::Whole(b"short".to_vec())]);
        let long = Line::TooLong(b"123456".to_vec());
        assert_eq!(read(b"123456\n12345\n", 5).await, [long, Line::Whole(b"12345".to_vec())]);
    }
}
