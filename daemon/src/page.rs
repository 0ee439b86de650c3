//! A list, as every tool answers it (contract.md §1): `{"items","total","has_more","total_more"?,"next_cursor"?}`.

use orc_core::limits::TOTAL_EXACT;
use orc_core::refusal::{Code, Refusal};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, to_value};

use crate::call::Answer;

/// The rows of a page, and what is behind it.
#[derive(Debug)]
pub(crate) struct Page<R = Value> {
    /// The rows.
    pub items: Vec<R>,
    /// How many there are in all, as far as they were counted.
    pub total: usize,
    /// Whether counting ended before they did.
    pub total_more: bool,
    /// Whether more come behind this page.
    pub has_more: bool,
    /// Where the next page begins, where pages go on by a cursor.
    pub next: Option<String>,
}

impl<R> Page<R> {
    /// The first rows of something that was counted.
    pub(crate) fn first_of(total: usize, items: Vec<R>) -> Self {
        Self { has_more: total > items.len(), items, total, total_more: false, next: None }
    }
}

impl<R: Serialize> Page<R> {
    /// The page as a value.
    pub(crate) fn document(&self) -> Answer {
        Ok(to_value(self).map_err(|e| Refusal::new(Code::Internal, e.to_string()))?)
    }
}

/// Past what is told exactly, a total says only that there are more.
impl<R: Serialize> Serialize for Page<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_map(None)?;
        document.serialize_entry("items", &self.items)?;
        document.serialize_entry("total", &self.total.min(TOTAL_EXACT))?;
        document.serialize_entry("has_more", &self.has_more)?;
        if self.total_more || self.total > TOTAL_EXACT {
            document.serialize_entry("total_more", &true)?;
        }
        if let Some(next) = &self.next {
            document.serialize_entry("next_cursor", next)?;
        }
        document.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_total_is_exact_up_to_a_thousand() {
        let of = |total, items: usize| to_value(Page::first_of(total, vec![json!({}); items])).unwrap();
        let none = json!({"items": [], "total": 0, "has_more": false});
        assert_eq!(of(0, 0), none);
        assert_eq!(of(2, 1), json!({"items": [{}], "total": 2, "has_more": true}));
        assert_eq!(of(1_000, 1), json!({"items": [{}], "total": 1_000, "has_more": true}));
        assert_eq!(
            of(1_001, 1),
            json!({"items": [{}], "total": 1_000, "has_more": true, "total_more": true})
        );
        let counted = Page {
            total: 1_000,
            total_more: true,
            next: Some("c".into()),
            ..Page::<Value>::first_of(0, Vec::new())
        };
        let more =
            json!({"items": [], "total": 1_000, "has_more": false, "total_more": true, "next_cursor": "c"});
        assert_eq!(to_value(counted).unwrap(), more);
    }
}
