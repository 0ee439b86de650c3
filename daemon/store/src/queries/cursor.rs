//! Where a page ended, so that the next one begins there whatever came and went before it.

use rusqlite::types::Value;

use super::filter::Where;
use super::list::{Order, Sort};

/// The place of one item in an order: the values that the order looks at, and the row number that settles ties.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor {
    /// The first value of the order; `None` is an item without a due time.
    first: Option<i64>,
    /// When the item was made.
    created: i64,
    /// Its row number.
    rid: i64,
}

impl Cursor {
    /// The place of an item whose value in the order is `first`.
    pub(super) fn new(first: Option<i64>, created: i64, rid: i64) -> Self {
        Self { first, created, rid }
    }

    /// Text that clients hand back.
    pub fn to_text(self) -> String {
        let first = self.first.map_or("-".to_owned(), |n| n.to_string());
        format!("{first}.{}.{}", self.created, self.rid)
    }

    /// Reads what [`Self::to_text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |part: &str| part.parse::<i64>().ok();
        let mut parts = text.split('.');
        let first = match parts.next()? {
            "-" => None,
            part => Some(number(part)?),
        };
        let cursor = Self { first, created: number(parts.next()?)?, rid: number(parts.next()?)? };
        parts.next().is_none().then_some(cursor)
    }

    /// The condition of what comes behind it in that order, for rows that call their time of creation and row number so.
    pub(super) fn behind(self, order: Order, w: &mut Where, [created_ts, row]: [&str; 2]) {
        let beyond = if order.ascending { ">" } else { "<" };
        let (created, rid) = (Value::from(self.created), Value::from(self.rid));
        let tie = format!("({created_ts}, {row}) > (?, ?)");
        match (order.sort, self.first) {
            (Sort::Created, _) => {
                w.and(format!("({created_ts}, {row}) {beyond} (?, ?)"), [created, rid]);
            }
            (Sort::Updated, first) => {
                w.and(format!("(i.updated_ts, {row}) {beyond} (?, ?)"), [Value::from(first), rid]);
            }
            (Sort::Priority, first) => {
                let clause = format!("(i.priority {beyond} ? OR (i.priority = ? AND {tie}))");
                w.and(clause, [Value::from(first), Value::from(first), created, rid]);
            }
            (Sort::Due, Some(first)) => {
                let clause = format!("(i.due_ts IS NULL OR i.due_ts {beyond} ? OR (i.due_ts = ? AND {tie}))");
                w.and(clause, [Value::from(first), Value::from(first), created, rid]);
            }
            (Sort::Due, None) => w.and(format!("i.due_ts IS NULL AND {tie}"), [created, rid]),
        }
    }
}

impl Cursor {
    /// The row number of the item that it stands at.
    pub(super) fn row(self) -> i64 {
        self.rid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_back_and_anything_else_is_none() {
        for cursor in [
            Cursor { first: None, created: 1, rid: 2 },
            Cursor { first: Some(-5), created: i64::MAX, rid: 9 },
        ] {
            assert_eq!(Cursor::parse(&cursor.to_text()), Some(cursor));
        }
        for text in ["", "p50", "1.2", "1.2.3.4", "x.1.2", "1.2.-"] {
            assert_eq!(Cursor::parse(text), None, "{text:?}");
        }
    }
}
