//! A list, as every tool answers it (contract.md §1): `{"items","total","has_more","total_more"?,"next_cursor"?}`.

use orc_core::limits::TOTAL_EXACT;
use serde_json::{Value, json};

/// The rows of a page, and what is behind it.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// The rows.
    pub items: Vec<Value>,
    /// How many there are in all, as far as they were counted.
    pub total: usize,
    /// Whether counting ended before they did.
    pub total_more: bool,
    /// Whether more come behind this page.
    pub has_more: bool,
    /// Where the next page begins, where pages go on by a cursor.
    pub next: Option<String>,
}

impl Page {
    /// The first rows of something that was counted.
    pub(crate) fn first_of(total: usize, items: Vec<Value>) -> Self {
        Self { has_more: total > items.len(), items, total, ..Self::default() }
    }

    /// The document. Past what is told exactly, a total says only that there are more.
    pub(crate) fn document(self) -> Value {
        // Put in afterwards: `json!` would copy every row.
        let mut document = json!({
            "items": null,
            "total": self.total.min(TOTAL_EXACT),
            "has_more": self.has_more,
        });
        document["items"] = Value::Array(self.items);
        if self.total_more || self.total > TOTAL_EXACT {
            document["total_more"] = json!(true);
        }
        if let Some(next) = self.next {
            document["next_cursor"] = json!(next);
        }
        document
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_is_exact_up_to_a_thousand() {
        let of = |total, items: usize| Page::first_of(total, vec![json!({}); items]).document();
        let none = json!({"items": [], "total": 0, "has_more": false});
        assert_eq!(of(0, 0), none);
        assert_eq!(of(2, 1), json!({"items": [{}], "total": 2, "has_more": true}));
        assert_eq!(of(1_000, 1), json!({"items": [{}], "total": 1_000, "has_more": true}));
        assert_eq!(
            of(1_001, 1),
            json!({"items": [{}], "total": 1_000, "has_more": true, "total_more": true})
        );
        let counted = Page { total: 1_000, total_more: true, next: Some("c".into()), ..Page::default() };
        let more =
            json!({"items": [], "total": 1_000, "has_more": false, "total_more": true, "next_cursor": "c"});
        assert_eq!(counted.document(), more);
    }
}
