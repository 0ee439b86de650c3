//! How text looks on a terminal: colours where they are wanted, widths as the terminal counts them, nothing that could move
//! the cursor. No meaning is in a colour alone: each stands on a word.

use std::io::IsTerminal;

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The styles of one output stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paint {
    /// Whether there are colours.
    colour: bool,
    /// Columns of the terminal; none where there is no terminal, and then nothing is cut.
    pub(crate) width: Option<usize>,
}

impl Paint {
    /// As stdout and the environment want it.
    pub(crate) fn of_stdout() -> Self {
        let terminal = std::io::stdout().is_terminal();
        let width = || console::Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
        let set = |name: &str| std::env::var(name).ok();
        Self { colour: wants_colour(terminal, set), width: if terminal { width() } else { None } }
    }

    /// Without colours, on a terminal of a width or on none.
    #[cfg(test)]
    pub(crate) fn plain(width: Option<usize>) -> Self {
        Self { colour: false, width }
    }

    fn styled(self, style: Style, text: &str) -> String {
        if self.colour && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// What matters less.
    pub(crate) fn dim(self, text: &str) -> String {
        self.styled(Style::new().dimmed(), text)
    }

    /// What matters most.
    pub(crate) fn bold(self, text: &str) -> String {
        self.styled(Style::new().bold(), text)
    }

    /// An id.
    pub(crate) fn id(self, text: &str) -> String {
        self.styled(AnsiColor::Yellow.on_default(), text)
    }

    /// A name of somebody.
    pub(crate) fn name(self, text: &str) -> String {
        self.styled(AnsiColor::Blue.on_default(), text)
    }

    /// What went wrong or is late.
    pub(crate) fn alarm(self, text: &str) -> String {
        self.styled(AnsiColor::Red.on_default().bold(), text)
    }

    /// A status, by its word.
    pub(crate) fn status(self, word: &str) -> String {
        let style = match word {
            "work" => AnsiColor::Cyan.on_default(),
            "review" => AnsiColor::Magenta.on_default(),
            "done" => AnsiColor::Green.on_default(),
            "blocked" => AnsiColor::Red.on_default(),
            "cancelled" | "archived" => Style::new().dimmed(),
            _ => Style::new(),
        };
        self.styled(style, word)
    }

    /// A priority, by its word.
    pub(crate) fn priority(self, word: &str) -> String {
        let style = match word {
            "critical" => AnsiColor::Red.on_default().bold(),
            "high" => AnsiColor::Yellow.on_default(),
            "low" => Style::new().dimmed(),
            _ => Style::new(),
        };
        self.styled(style, word)
    }
}

/// NO_COLOR forbids colours (no-color.org), CLICOLOR_FORCE asks for them, else a terminal that is not dumb has them.
fn wants_colour(terminal: bool, set: impl Fn(&str) -> Option<String>) -> bool {
    let given = |name: &str| set(name).filter(|value| !value.is_empty());
    if given("NO_COLOR").is_some() {
        return false;
    }
    if given("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
        return true;
    }
    terminal && given("TERM").is_none_or(|term| term != "dumb") && given("CLICOLOR").is_none_or(|v| v != "0")
}

/// Text on one line, without what a terminal would obey: agents write titles, and titles are shown to people.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_whitespace() { ' ' } else { harmless(c) }).collect()
}

/// The same with its lines.
pub(crate) fn plain_lines(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .map(|c| if matches!(c, '\n' | '\t') { c } else { harmless(c) })
        .collect()
}

/// Control characters, and those that turn the direction of what follows, are shown as what cannot be shown.
fn harmless(c: char) -> char {
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    if c.is_control() || turns { char::REPLACEMENT_CHARACTER } else { c }
}

/// Columns that a text without styles takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The text, or its beginning and `…`, in at most so many columns.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let (mut out, mut used) = (String::new(), 0);
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > columns {
            break;
        }
        out.push(c);
        used += wide;
    }
    if columns > 0 {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_and_as_the_environment_says() {
        let wants = |terminal, set: &[(&str, &str)]| {
            wants_colour(terminal, |name| {
                set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
        };
        type Set = &'static [(&'static str, &'static str)];
        let cases: [(bool, Set, bool); 9] = [
            (true, &[], true),
            (false, &[], false),
            (true, &[("NO_COLOR", "1")], false),
            (true, &[("NO_COLOR", "")], true),
            (false, &[("CLICOLOR_FORCE", "1")], true),
            (false, &[("CLICOLOR_FORCE", "0")], false),
            (true, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], false),
            (true, &[("CLICOLOR", "0")], false),
            (true, &[("TERM", "dumb")], false),
        ];
        for (terminal, set, want) in cases {
            assert_eq!(wants(terminal, set), want, "{terminal} {set:?}");
        }
    }

    #[test]
    fn texts_are_cut_by_columns() {
        for (text, columns, want) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("abc", 0, ""),
        ] {
            assert_eq!(cut(text, columns), want, "{text} in {columns}");
            assert!(width(&cut(text, columns)) <= columns);
        }
    }

    #[test]
    fn nothing_moves_the_cursor_or_turns_the_line() {
        assert_eq!(plain("a\u{1b}[2Jb\nc\u{202e}d\te"), "a\u{fffd}[2Jb c\u{fffd}d e");
        assert_eq!(plain_lines("a\r\nb\u{7}\tc"), "a\nb\u{fffd}\tc");
    }
}
