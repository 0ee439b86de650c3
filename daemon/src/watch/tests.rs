//! Wake-ups: who is woken by what, and that none is lost.

use std::time::{Duration, Instant};

use super::*;

fn event(kind: &'static str, item: Option<&str>) -> Event {
    Event { seq: 1, kind, item: item.map(str::to_owned), shown_in: Vec::new(), head: false }
}

fn changed(item: &str) -> Vec<Event> {
    vec![event("item_updated", Some(item))]
}

/// Whether the listener has been woken; takes the wake-up.
fn is_woken(listener: &mut Listener) -> bool {
    futures_util::FutureExt::now_or_never(listener.woken()).is_some()
}

#[test]
fn only_those_concerned_are_woken() {
    let watchers = Watchers::new(0);
    let (mut a, mut b, mut any) = (watchers.on_item("a"), watchers.on_item("b"), watchers.on_any());
    let mut agents = watchers.on(vec![Topic::Agents]);
    watchers.publish(&changed("a"));
    assert!(is_woken(&mut a) && is_woken(&mut any));
    assert!(!is_woken(&mut b) && !is_woken(&mut agents));
    watchers.publish(&[event("claim_taken", None)]);
    assert!(is_woken(&mut agents) && is_woken(&mut any) && !is_woken(&mut a));
    watchers.touch(Topic::Config);
    assert!(!is_woken(&mut any) && !is_woken(&mut agents));
}

#[test]
fn an_item_is_touched_by_what_it_shows() {
    let watchers = Watchers::new(0);
    let mut parent = watchers.on_item("parent");
    watchers
        .publish(&[Event { shown_in: vec!["parent".to_owned()], ..event("item_created", Some("child")) }]);
    assert!(is_woken(&mut parent));
}

#[test]
fn a_wake_up_between_the_look_and_the_wait_is_kept() {
    let watchers = Watchers::new(0);
    let mut listener = watchers.on_item("a");
    watchers.publish(&changed("a"));
    watchers.publish(&changed("a"));
    assert!(is_woken(&mut listener), "kept");
    assert!(!is_woken(&mut listener), "and several are one");
}

#[test]
fn nothing_is_left_of_a_dropped_listener() {
    let watchers = Watchers::new(0);
    let both = watchers.on(vec![Topic::Any, Topic::Item("a".into())]);
    let other = watchers.on_any();
    drop(both);
    assert_eq!(watchers.0.lock().bells.len(), 1);
    drop(other);
    assert!(watchers.0.lock().bells.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_wake_up_is_lost() {
    // A counter stands for the state: whoever waits has to see it reach its end, whenever it looks.
    const END: u64 = 2_000;
    let (watchers, counter) = (Watchers::new(0), Arc::new(AtomicU64::new(0)));
    let waiting: Vec<_> = (0..64)
        .map(|n| {
            let (watchers, counter) = (watchers.clone(), Arc::clone(&counter));
            tokio::spawn(async move {
                let mut listener = if n % 2 == 0 { watchers.on_item("a") } else { watchers.on_any() };
                while counter.load(Ordering::SeqCst) < END {
                    listener.woken().await;
                }
            })
        })
        .collect();
    let writer = std::thread::spawn(move || {
        for _ in 0..END {
            counter.fetch_add(1, Ordering::SeqCst);
            watchers.publish(&changed("a"));
        }
    });
    for one in waiting {
        tokio::time::timeout(Duration::from_secs(30), one).await.unwrap().unwrap();
    }
    writer.join().unwrap();
}

#[test]
fn news_says_what_was_touched_since() {
    let watchers = Watchers::new(100);
    let ask = |after| {
        let watched = [
            ("context", after, HashSet::from([Topic::Items, Topic::Config])),
            ("a", after, HashSet::from([Topic::Item("a".into())])),
            ("agents", after, HashSet::from([Topic::Agents])),
        ];
        let (touched, latest) = watchers.touched(&watched);
        (touched.into_iter().copied().collect::<Vec<_>>(), latest)
    };
    assert_eq!(ask(100), (vec![], 100));
    watchers.publish(&changed("a"));
    assert_eq!(ask(100), (vec!["context", "a"], 101));
    assert_eq!(ask(101), (vec![], 101));
    watchers.publish(&changed("b"));
    watchers.touch(Topic::Agents);
    assert_eq!(ask(101), (vec!["context", "agents"], 103));
    assert_eq!(ask(102), (vec!["agents"], 103));
}

#[test]
fn who_is_far_behind_or_of_another_daemon_is_told_all() {
    let watchers = Watchers::new(100);
    let touched =
        |after| watchers.touched(&[((), after, HashSet::from([Topic::Item("quiet".into())]))]).0.len();
    assert_eq!((touched(99), touched(100), touched(101)), (1, 0, 1));
    for _ in 0..5_000 {
        watchers.publish(&changed("busy"));
    }
    assert_eq!((touched(100), touched(watchers.latest() - 10)), (1, 0));
}

#[test]
fn thousands_of_listeners_cost_a_writer_little() {
    let watchers = Watchers::new(0);
    let _listeners: Vec<_> = (0..5_000).map(|n| watchers.on_item(&format!("item-{n}"))).collect();
    let begun = Instant::now();
    for _ in 0..1_000 {
        watchers.publish(&changed("another"));
    }
    // About a microsecond each; the bound leaves room for a busy machine and says that nobody walks over all of them.
    assert!(begun.elapsed() < Duration::from_millis(200), "{:?}", begun.elapsed());
}
