//! The overview of `watch --screen`: counts, what is worked on, what is next, what happened last.

use std::{collections::VecDeque, io::Write};

use orc_core::time::Stamp;
use serde_json::Value;

use crate::verbs::{
    Trouble,
    events::{Titles, line},
    items::{rows, table},
    paint::Paint,
    person::{Given, Person},
};

/// Another screen, without a cursor; and back.
const ENTER: &str = "\u{1b}[?1049h\u{1b}[?25l";
const LEAVE: &str = "\u{1b}[?25h\u{1b}[?1049l";
/// Rows of a terminal that does not say.
const ROWS: usize = 24;
/// Rows that a section has at most.
const SECTION: usize = 6;
/// Changes that are kept to be shown.
const CHANGES: usize = 50;

/// The terminal while it shows the overview; it is as it was afterwards.
pub(super) struct Screen {
    happened: VecDeque<String>,
}

impl Screen {
    pub(super) fn open() -> Self {
        put(ENTER);
        Self { happened: VecDeque::new() }
    }

    /// Keeps changes for the next drawing.
    pub(super) fn happened(
        &mut self,
        changes: &[Value],
        titles: &mut Titles,
        person: &Person,
    ) -> Result<(), Trouble> {
        for change in changes {
            self.happened.push_front(line(change, titles, person)?);
        }
        self.happened.truncate(CHANGES);
        Ok(())
    }

    /// Draws all of it anew, in one write.
    pub(super) fn draw(&self, person: &Person, project: Option<&str>, now: &Stamp) -> Result<(), Trouble> {
        // The window may have another size by now.
        let paint = Paint::of_stdout();
        let size = console::Term::stdout().size_checked();
        let height = size.map_or(ROWS, |(rows, _)| usize::from(rows)).saturating_sub(1);
        let context = person.call("get_context", Given::default().maybe("project", project).done())?.value;
        let mut lines = vec![paint.bold(&counts(&context))];
        let next = std::slice::from_ref(&context["next_item"]);
        let sections = [
            ("Overdue", rows(&context, "overdue")),
            ("In work and review", rows(&context, "active")),
            ("Waiting", rows(&context, "blocked")),
            ("Next", if context["next_item"].is_null() { &[] } else { next }),
        ];
        for (label, items) in sections.into_iter().filter(|(_, items)| !items.is_empty()) {
            lines.push(String::new());
            lines.push(paint.bold(label));
            let shown = &items[..items.len().min(SECTION)];
            lines.extend(table(shown, paint, now).lines().skip(1).map(str::to_owned));
        }
        lines.push(String::new());
        lines.push(paint.bold("Changes"));
        // A long line would wrap and push the rest down.
        lines.extend(self.happened.iter().cloned());
        lines.truncate(height);
        let mut frame = "\u{1b}[H\u{1b}[?7l".to_owned();
        for line in lines {
            frame.push_str(&format!("{line}\u{1b}[K\r\n"));
        }
        frame.push_str("\u{1b}[J\u{1b}[?7h");
        put(&frame);
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        put(LEAVE);
    }
}

fn counts(context: &Value) -> String {
    let counts = context["counts"].as_object().into_iter().flatten();
    let counts: Vec<String> = counts.map(|(status, n)| format!("{n} {status}")).collect();
    if counts.is_empty() { "no items".to_owned() } else { counts.join("   ") }
}

fn put(text: &str) {
    let mut out = std::io::stdout().lock();
    // A terminal that is gone ends the program by its own signal.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
