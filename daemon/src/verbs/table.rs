//! Rows under columns, each as wide as its widest cell; the last one takes what the terminal has left.

use super::paint::{Paint, cut, width};

/// A cell: its text, and how it is painted. Widths are those of the text.
pub(crate) struct Cell {
    text: String,
    painted: String,
}

impl Cell {
    /// A cell that is painted.
    pub(crate) fn new(text: impl Into<String>, paint: impl FnOnce(&str) -> String) -> Self {
        let text = text.into();
        Self { painted: paint(&text), text }
    }

    /// A cell as it is.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self::new(text, str::to_owned)
    }
}

/// A table under construction.
pub(crate) struct Table {
    paint: Paint,
    heads: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

/// Between two columns.
const GAP: usize = 2;
/// The last column keeps so many columns, however narrow the terminal is.
const LEAST: usize = 10;

impl Table {
    /// An empty one with a head over each column.
    pub(crate) fn new(paint: Paint, heads: &[&'static str]) -> Self {
        Self { paint, heads: heads.to_vec(), rows: Vec::new() }
    }

    /// Adds a row with a cell for each head.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The table's lines. Columns that are empty in every row are left out.
    pub(crate) fn lines(mut self) -> String {
        let used = |column: usize| self.rows.iter().any(|row| !row[column].text.is_empty());
        let shown: Vec<usize> = (0..self.heads.len()).filter(|column| used(*column)).collect();
        let heads = self.heads.iter().map(|head| Cell::new(*head, |text| self.paint.dim(text))).collect();
        self.rows.insert(0, heads);
        let widest = |column: usize| self.rows.iter().map(|row| width(&row[column].text)).max().unwrap_or(0);
        let widths: Vec<usize> = shown.iter().map(|column| widest(*column)).collect();
        let before: usize = widths.iter().rev().skip(1).map(|wide| wide + GAP).sum();
        let left = self.paint.width.map(|all| all.saturating_sub(before).max(LEAST));
        let mut out = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (place, (column, wide)) in shown.iter().zip(&widths).enumerate() {
                let cell = &row[*column];
                if place + 1 < shown.len() {
                    line.push_str(&cell.painted);
                    line.push_str(&" ".repeat(wide - width(&cell.text) + GAP));
                } else {
                    line.push_str(&last(cell, left));
                }
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

/// A last cell that is too wide loses its paint with its end: styles inside a text cannot be cut.
fn last(cell: &Cell, left: Option<usize>) -> String {
    match left {
        Some(left) if width(&cell.text) > left => cut(&cell.text, left),
        _ => cell.painted.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_by_what_the_terminal_shows() {
        let mut table = Table::new(Paint::plain(None), &["ID", "EMPTY", "WHO", "TITLE"]);
        for (id, who, title) in [("a1", "日本", "first"), ("b22", "ann", "second")] {
            table.row([id, "", who, title].map(Cell::plain));
        }
        assert_eq!(table.lines(), "ID   WHO   TITLE\na1   日本  first\nb22  ann   second\n");
    }

    #[test]
    fn the_last_column_ends_with_the_terminal() {
        let mut table = Table::new(Paint::plain(Some(20)), &["ID", "TITLE"]);
        table.row(["a1", "a title that is far too long"].map(Cell::plain));
        assert!(table.lines().lines().all(|line| width(line) <= 20));
    }
}
