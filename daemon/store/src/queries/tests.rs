//! Lists against asking every item: whatever way is taken, the answer is the same.

mod filled;
mod history;

use std::collections::BTreeSet;

use orc_core::change::Origin;
use orc_core::claim::Actor;
use orc_core::id::ItemId;
use orc_core::item::Item;
use orc_core::status::{Priority, Role, Status};
use orc_core::text::split_tags;
use orc_core::time::Stamp;
use orc_core::{Change, Policies};
use rusqlite::params_from_iter;

use super::export::edges_among;
use super::{Filter, NoteFilter, Order, Scope, Sort, Start};
use crate::tx::Tx;
use filled::{Known, NOW, filled, within};

type Condition = Box<dyn Fn(&mut Filter)>;

/// Filters of one condition, and of every two of them that can be told apart.
fn filters(all: &[Known]) -> Vec<Filter> {
    let parent = all.iter().find_map(|known| known.item.parent.clone());
    let some = |tags: &[&str]| Some(tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>());
    let one: Vec<Condition> = vec![
        Box::new(|_| {}),
        Box::new(|f| f.statuses = vec![Status::Work]),
        Box::new(|f| f.statuses = vec![Status::Queue, Status::Done]),
        Box::new(|f| f.priorities = vec![Priority::High, Priority::Low]),
        Box::new(|f| f.item_type = Some("bug".into())),
        Box::new(move |f| f.tags = some(&["red", "blue"])),
        Box::new(move |f| f.tags = some(&["rare"])),
        Box::new(move |f| f.workspace = Some(within("green"))),
        Box::new(move |f| f.workspace = Some(within("several"))),
        Box::new(move |f| f.parent = Some(parent.clone())),
        Box::new(|f| f.parent = Some(None)),
        Box::new(|f| f.search = Some("har".into())),
        Box::new(|f| f.search = Some("har repair".into())),
        Box::new(|f| f.search = Some("hard".into())),
        Box::new(|f| f.search = Some("h".into())),
        Box::new(|f| f.search = Some("absent har".into())),
        // Longer than the beginnings that are kept: several words begin so, one does, none does.
        Box::new(|f| f.search = Some("international".into())),
        Box::new(|f| f.search = Some("internationalists repair".into())),
        Box::new(|f| f.search = Some("internationally".into())),
        Box::new(|f| f.updated_since = Some(NOW - 80_000)),
        Box::new(|f| f.updated_since = Some(NOW - 2_000)),
        Box::new(|f| f.claimed = Some(true)),
        Box::new(|f| f.claimed = Some(false)),
    ];
    let mut filters = Vec::new();
    for first in &one {
        for second in &one {
            let mut filter = Filter::default();
            first(&mut filter);
            second(&mut filter);
            filters.push(filter);
        }
    }
    filters
}

fn matches(filter: &Filter, known: &Known) -> bool {
    let item = &known.item;
    let tags: BTreeSet<&str> = split_tags(&item.tags).collect();
    let text = format!("{} {} {}", item.title, item.description, known.note.as_deref().unwrap_or_default());
    let text = text.to_lowercase();
    let words: Vec<&str> = text.split_whitespace().collect();
    let tagged = |wanted: &Option<Vec<String>>| {
        wanted.as_ref().is_none_or(|wanted| wanted.iter().any(|tag| tags.contains(tag.as_str())))
    };
    (filter.statuses.is_empty() || filter.statuses.contains(&item.status))
        && (filter.priorities.is_empty() || filter.priorities.contains(&item.priority))
        && filter.parent.as_ref().is_none_or(|parent| *parent == item.parent)
        && tagged(&filter.tags)
        && tagged(&filter.workspace.as_ref().map(|within| within.tags.clone()))
        && filter.item_type.as_ref().is_none_or(|name| *name == item.item_type)
        && match &filter.scope {
            Scope::All => true,
            Scope::With(name) => item.project.as_ref().is_none_or(|project| project == name),
            Scope::Only(name) => item.project.as_ref() == Some(name),
        }
        && filter
            .search
            .as_ref()
            .is_none_or(|search| search.split(' ').all(|word| words.iter().any(|w| w.starts_with(word))))
        && filter.updated_since.is_none_or(|since| item.updated_at.micros() >= since)
        && filter.claimed.is_none_or(|claimed| claimed == known.claimed)
}

/// Every page of a list, one after the other.
fn pages(tx: &Tx<'_>, filter: &Filter, order: Order, limit: usize) -> (Vec<Item>, BTreeSet<usize>) {
    let (mut items, mut totals, mut start) = (Vec::new(), BTreeSet::new(), Start::Skip(0));
    loop {
        let page = tx.page(filter, order, start, limit, NOW).unwrap();
        assert!(page.items.len() <= limit);
        items.extend(page.items.iter().map(|listed| tx.whole(listed).unwrap()));
        totals.insert(page.total);
        match page.next {
            Some(next) => start = Start::Behind(next),
            None => return (items, totals),
        }
    }
}

fn sorted_by(order: Order, items: &[Item]) -> bool {
    let key = |item: &Item| match order.sort {
        Sort::Created => Some(item.created_at.micros()),
        Sort::Updated => Some(item.updated_at.micros()),
        Sort::Priority => Some(i64::from(item.priority.index())),
        Sort::Due => item.due_at.as_ref().map(Stamp::micros),
    };
    items.windows(2).all(|pair| match (key(&pair[0]), key(&pair[1])) {
        (Some(a), Some(b)) if order.ascending => a <= b,
        (Some(a), Some(b)) => a >= b,
        (None, Some(_)) => false,
        (_, None) => true,
    })
}

fn ids<'i>(items: impl Iterator<Item = &'i Item>) -> BTreeSet<&'i str> {
    items.map(|item| item.id.as_str()).collect()
}

#[test]
fn a_list_has_what_asking_every_item_finds_in_the_order_asked_for() {
    let (tx, all) = filled();
    let scopes =
        [Scope::All, Scope::With("one".into()), Scope::Only("two".into()), Scope::Only("none".into())];
    for mut filter in filters(&all) {
        for scope in &scopes {
            filter.scope = scope.clone();
            let wanted = ids(all.iter().filter(|known| matches(&filter, known)).map(|known| &known.item));
            for sort in [Sort::Created, Sort::Updated, Sort::Priority, Sort::Due] {
                for ascending in [false, true] {
                    let order = Order { sort, ascending };
                    let (found, totals) = pages(&tx, &filter, order, 63);
                    assert_eq!(found.len(), ids(found.iter()).len(), "each once: {filter:?} {order:?}");
                    assert_eq!(ids(found.iter()), wanted, "{filter:?} {order:?}");
                    assert_eq!(totals, BTreeSet::from([wanted.len()]), "{filter:?} {order:?}");
                    // What a search finds much of comes in the order of arrival, by default.
                    if filter.search.is_none() || order != Order::default() {
                        assert!(sorted_by(order, &found), "{filter:?} {order:?}");
                    }
                }
            }
            let skipped = tx.page(&filter, Order::default(), Start::Skip(5), 9, NOW).unwrap();
            assert_eq!(skipped.items.len(), wanted.len().saturating_sub(5).min(9), "{filter:?}");
            assert_eq!(tx.total(&filter, NOW).unwrap(), (wanted.len(), false), "{filter:?}");
        }
    }
}

#[test]
fn a_search_among_notes_finds_what_asking_every_note_finds() {
    let (tx, all) = filled();
    for search in [
        "n",
        "of",
        "o",
        "no",
        "note",
        "hard",
        "h part",
        "international law",
        "internationally",
        "nothing law",
    ] {
        for role in [None, Some(Role::Queue), Some(Role::Work)] {
            let filter = NoteFilter { role, search: Some(search.into()), ..NoteFilter::default() };
            let wanted: BTreeSet<&str> = all
                .iter()
                .filter(|known| {
                    let words: Vec<&str> = known.note.iter().flat_map(|body| body.split(' ')).collect();
                    let begins = |part: &str| words.iter().any(|word| word.starts_with(part));
                    role != Some(Role::Work) && known.note.is_some() && search.split(' ').all(begins)
                })
                .map(|known| known.item.id.as_str())
                .collect();
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let page = tx.note_page(&filter, after, 7).unwrap();
                assert_eq!(page.total, wanted.len(), "{search}");
                found.extend(page.notes.into_iter().map(|note| note.item));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(found.len(), wanted.len(), "{search}: none twice");
            assert_eq!(found.iter().map(ItemId::as_str).collect::<BTreeSet<_>>(), wanted, "{search}");
        }
    }
}

#[test]
fn sections_have_what_asking_every_item_finds() {
    let (tx, all) = filled();
    for workspace in [None, Some("green"), Some("rare"), Some("several")] {
        for scope in [Scope::All, Scope::With("one".into()), Scope::Only("two".into())] {
            let filter = Filter { workspace: workspace.map(within), ..Filter::of(scope) };
            let of = |wanted: &dyn Fn(&Item) -> bool| {
                all.iter().filter(|known| matches(&filter, known) && wanted(&known.item)).count()
            };
            let open = |item: &Item| !item.status.is_terminal();
            let due = |item: &Item| item.due_at.as_ref().map(Stamp::micros);
            let since = NOW - 40_000;
            let cases = [
                ("active", tx.active(&filter, 3, NOW), of(&|i| i.status == Status::Work)),
                ("closed", tx.recently_closed(&filter, 3, NOW), of(&|i| i.status == Status::Done)),
                ("held back", tx.held_back(&filter, 3, NOW), of(&|i| i.status == Status::Blocked)),
                (
                    "stale",
                    tx.stale(&filter, since, since, 3, NOW),
                    of(&|i| {
                        matches!(i.status, Status::Queue | Status::Work) && i.updated_at.micros() < since
                    }),
                ),
                (
                    "due",
                    tx.due(&filter, NOW, NOW + 20, 3, NOW),
                    of(&|i| open(i) && due(i).is_some_and(|at| at > NOW && at <= NOW + 20)),
                ),
                (
                    "archivable",
                    tx.archivable(&filter, since, 3, NOW),
                    of(&|i| i.status == Status::Done && i.updated_at.micros() < since),
                ),
            ];
            let counts = Status::ALL.iter().map(|status| (*status, of(&|i| i.status == *status) as i64));
            let counts: Vec<_> = counts.filter(|(_, n)| *n > 0).collect();
            assert_eq!(tx.status_counts(&filter, NOW).unwrap(), counts, "{filter:?}");
            for (name, section, wanted) in cases {
                let section = section.unwrap();
                assert_eq!(section.total, wanted, "{name} {filter:?}");
                assert_eq!(section.rows.len(), wanted.min(3), "{name} {filter:?}");
                assert!(section.rows.iter().all(|row| {
                    all.iter().any(|known| known.item.id == row.id && matches(&filter, known))
                }));
            }
        }
    }
}

#[test]
fn the_edges_of_an_export_are_not_looked_for_between_every_two_items() {
    let (tx, _) = filled();
    let tagged = Filter { tags: Some(vec!["red".into()]), ..Filter::default() };
    let several = Filter { workspace: Some(within("several")), ..Filter::default() };
    let searched = Filter { search: Some("har".into()), ..Filter::default() };
    for filter in [Filter::default(), tagged, several, searched] {
        let w = filter.conditions(NOW);
        let sql = format!("EXPLAIN QUERY PLAN {}", edges_among(&w));
        let values = w.values.iter().chain(&w.values).cloned();
        let plan: Vec<String> = tx.rows(&sql, params_from_iter(values), |row| row.get(3)).unwrap();
        let pairs = plan.iter().find(|step| step.contains("source=?") && step.contains("target=?"));
        assert_eq!(pairs, None, "{plan:?}");
    }
}

#[test]
fn an_id_is_shown_as_long_as_it_takes_to_tell_it_from_all_others() {
    for twins in [0, 3, 12] {
        let (tx, all) = filled();
        let mut items: Vec<Item> = all.into_iter().map(|known| known.item).collect();
        for n in 0..twins {
            let mut twin = items[n].clone();
            twin.parent = None;
            twin.id = ItemId::new(format!("{}f0f0-{n}", &twin.id.as_str()[..8 + n % 5]));
            let (actor, made) =
                (Actor { session: "s".into(), agent: "a".into(), subagent: None }, &twin.created_at);
            let change = Change::ItemCreated { item: Box::new(twin.clone()), origin: Origin::Imported };
            tx.commit(&[change], &actor, made, &Policies::default()).unwrap();
            items.push(twin);
        }
        let shared = tx.shared_shorts().unwrap();
        let begin = |with: &str| items.iter().filter(|item| item.id.as_str().starts_with(with)).count();
        for item in &items {
            let shown = tx.shortest(&item.id, &shared).unwrap();
            assert_eq!(begin(&shown), 1, "{shown} of {}", item.id.as_str());
            assert!(shown.len() == 8 || begin(&shown[..shown.len() - 1]) > 1, "{shown} is too long");
        }
    }
}
