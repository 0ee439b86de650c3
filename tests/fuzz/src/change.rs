//! One change of an input.

use proptest::prelude::*;
use proptest::sample::Index;

/// Pieces that readers of text stumble over.
const PIECES: [&[u8]; 40] = [
    b"null",
    b"\"\"",
    b"{}",
    b"[]",
    b"[[[[[[[[",
    b"{\"a\":{\"a\":",
    b"-1",
    b"0",
    b"1e400",
    b"0.1",
    b"9223372036854775808",
    b"18446744073709551616",
    b"true",
    b"\\u0000",
    b"\\ud800",
    b"\0",
    b"\xff",
    b"\xc3\xa9",
    b"\xef\xbb\xbf",
    b"\r\n",
    b"\n",
    b"\t",
    b" ",
    b",",
    b":",
    b"\"",
    b"'",
    b"- ",
    b"&a ",
    b"*a",
    b"<<: ",
    b"!!str ",
    b"|\n ",
    b"# ",
    b"*",
    b"/",
    b"-",
    b"+25:99",
    b"99",
    b"id",
];

/// Where, and what becomes of it.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// Another byte stands there.
    Byte(Index, u8),
    /// A piece is put in.
    Piece(Index, usize),
    /// So many bytes are cut out.
    Cut(Index, usize),
    /// So many bytes stand there so many times more.
    Repeat(Index, usize, usize),
    /// From there on it is another example, from some place in it.
    Splice(Index, Index, Index),
    /// A part of another example is put in.
    Graft(Index, Index, Index, usize),
}

/// A few changes, one after the other.
pub(crate) fn changes() -> impl Strategy<Value = Vec<Change>> {
    let at = any::<Index>;
    let change = prop_oneof![
        3 => (at(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        4 => (at(), 0..PIECES.len()).prop_map(|(at, piece)| Change::Piece(at, piece)),
        3 => (at(), 1..30_usize).prop_map(|(at, n)| Change::Cut(at, n)),
        1 => (at(), 1..20_usize, 1..300_usize).prop_map(|(at, n, times)| Change::Repeat(at, n, times)),
        2 => (at(), at(), at()).prop_map(|(at, other, from)| Change::Splice(at, other, from)),
        2 => (at(), at(), at(), 1..60_usize).prop_map(|(at, other, from, n)| Change::Graft(at, other, from, n)),
    ];
    prop::collection::vec(change, 0..6)
}

impl Change {
    /// The changed input.
    pub(crate) fn of(&self, mut input: Vec<u8>, examples: &[Vec<u8>]) -> Vec<u8> {
        let place = |at: &Index, bytes: &[u8]| at.index(bytes.len() + 1);
        let within = |from: usize, n: usize, bytes: &[u8]| from..(from + n).min(bytes.len());
        match self {
            Self::Byte(at, byte) => {
                let at = place(at, &input);
                if let Some(old) = input.get_mut(at) {
                    *old = *byte;
                }
            }
            Self::Piece(at, piece) => {
                let at = place(at, &input);
                input.splice(at..at, PIECES[*piece].iter().copied());
            }
            Self::Cut(at, n) => {
                let range = within(place(at, &input), *n, &input);
                input.drain(range);
            }
            Self::Repeat(at, n, times) => {
                let range = within(place(at, &input), *n, &input);
                let again = input[range.clone()].repeat(*times);
                input.splice(range.end..range.end, again);
            }
            Self::Splice(at, other, from) => {
                let other = other.get(examples);
                input.truncate(place(at, &input));
                input.extend_from_slice(&other[place(from, other)..]);
            }
            Self::Graft(at, other, from, n) => {
                let (at, other) = (place(at, &input), other.get(examples));
                let range = within(place(from, other), *n, other);
                input.splice(at..at, other[range].iter().copied());
            }
        }
        input
    }
}
