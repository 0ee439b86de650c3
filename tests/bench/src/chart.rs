//! A chart as an SVG of its own: lines over two logarithmic axes, each with its name at its end. Legible on light and dark.

use std::fmt::Write as _;

const WIDE: f64 = 860.0;
const HIGH: f64 = 460.0;
/// Where the lines are: room is left for the title, the axes and the names.
const LEFT: f64 = 74.0;
const RIGHT: f64 = 610.0;
const TOP: f64 = 56.0;
const BOTTOM: f64 = 412.0;
/// Between the names of two lines that end near each other.
const NAME_STEP: f64 = 17.0;
/// Seen on white and on black. Names are written in the colour of text, which a colour of a line need not be legible as.
const COLOURS: [&str; 9] =
    ["#8b949e", "#2f81f7", "#d29922", "#3fb950", "#f85149", "#a371f7", "#db61a2", "#1b9aaa", "#9e6a03"];
const STYLE: &str = "<style>\
    svg{font:12px system-ui,sans-serif;fill:#1f2328}.page{fill:#fff}.grid{stroke:#d1d9e0;stroke-width:1}\
    .line{fill:none;stroke-width:2}.dash{stroke-dasharray:5 4}.lead{stroke:#8b949e;stroke-width:.6}.title{font-size:15px;font-weight:600}\
    @media(prefers-color-scheme:dark){svg{fill:#e6edf3}.page{fill:#0d1117}.grid{stroke:#30363d}}\
    </style>";

/// Lines over two logarithmic axes.
#[derive(Debug)]
pub(crate) struct Chart {
    pub(crate) title: &'static str,
    pub(crate) below: &'static str,
    /// Marked below.
    pub(crate) places: Vec<f64>,
    pub(crate) unit: Unit,
    pub(crate) lines: Vec<Line>,
}

/// What stands at the left.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unit {
    /// Values are milliseconds.
    Time,
    /// Values are calls a second.
    Rate,
}

#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) name: String,
    /// Lines of one colour belong together.
    pub(crate) colour: usize,
    /// What is measured beside.
    pub(crate) dashed: bool,
    pub(crate) points: Vec<(f64, f64)>,
}

/// A part of an axis, in powers of ten, and where it lies.
struct Axis {
    from: f64,
    to: f64,
    begin: f64,
    end: f64,
}

impl Axis {
    fn place(&self, value: f64) -> f64 {
        self.begin + (value.log10() - self.from) / (self.to - self.from) * (self.end - self.begin)
    }
}

impl Chart {
    /// The file's text.
    pub(crate) fn svg(&self) -> String {
        let (across, up) = (self.across(), self.up());
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDE} {HIGH}\" role=\"img\">{STYLE}\n\
             <title>{}</title>\n<rect class=\"page\" width=\"{WIDE}\" height=\"{HIGH}\" rx=\"8\"/>\n\
             <text class=\"title\" x=\"{LEFT}\" y=\"30\">{}</text>\n",
            self.title, self.title
        );
        self.grid(&mut svg, &across, &up);
        for line in &self.lines {
            draw(&mut svg, line, &across, &up);
        }
        self.names(&mut svg, &across, &up);
        svg.push_str("</svg>\n");
        svg
    }

    fn across(&self) -> Axis {
        let logs = || self.places.iter().map(|place| place.log10());
        let (from, to) = (logs().fold(f64::INFINITY, f64::min), logs().fold(f64::NEG_INFINITY, f64::max));
        let room = (to - from) * 0.04;
        Axis { from: from - room, to: to + room, begin: LEFT, end: RIGHT }
    }

    /// Whole powers of ten that hold every value.
    fn up(&self) -> Axis {
        let logs = || self.lines.iter().flat_map(|line| &line.points).map(|(_, value)| value.log10());
        let (low, high) =
            (logs().fold(f64::INFINITY, f64::min).floor(), logs().fold(f64::NEG_INFINITY, f64::max).ceil());
        Axis { from: low, to: high.max(low + 1.0), begin: BOTTOM, end: TOP }
    }

    fn grid(&self, svg: &mut String, across: &Axis, up: &Axis) {
        let mut power = up.from;
        while power <= up.to {
            let (value, y) = (10_f64.powf(power), up.place(10_f64.powf(power)));
            let _ = writeln!(
                svg,
                "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/><text text-anchor=\"end\" x=\"{}\" y=\"{:.1}\">{}</text>",
                LEFT - 8.0,
                y + 4.0,
                self.unit.write(value)
            );
            power += 1.0;
        }
        for place in &self.places {
            let x = across.place(*place);
            let _ = writeln!(
                svg,
                "<path class=\"grid\" d=\"M{x:.1} {TOP}V{BOTTOM}\"/><text text-anchor=\"middle\" x=\"{x:.1}\" y=\"{}\">{}</text>",
                BOTTOM + 18.0,
                thousands(*place)
            );
        }
        let middle = f64::midpoint(LEFT, RIGHT);
        let _ = writeln!(
            svg,
            "<text text-anchor=\"middle\" x=\"{middle}\" y=\"{}\">{}</text>",
            HIGH - 12.0,
            self.below
        );
    }

    /// Names at the right, in the order of their lines' ends and apart from each other.
    fn names(&self, svg: &mut String, across: &Axis, up: &Axis) {
        let mut ends: Vec<(f64, f64, &Line)> = self
            .lines
            .iter()
            .filter_map(|line| line.points.last().map(|(x, y)| (across.place(*x), up.place(*y), line)))
            .collect();
        ends.sort_by(|a, b| a.1.total_cmp(&b.1));
        let places = apart(&ends.iter().map(|end| end.1).collect::<Vec<_>>());
        for ((x, y, line), at) in ends.into_iter().zip(places) {
            let colour = COLOURS[line.colour % COLOURS.len()];
            let (mark, name) = (RIGHT + 18.0, RIGHT + 42.0);
            let dash = if line.dashed { " dash" } else { "" };
            let _ = writeln!(
                svg,
                "<path class=\"lead\" d=\"M{:.1} {y:.1}L{:.1} {at:.1}\"/><path class=\"line{dash}\" stroke=\"{colour}\" \
                 d=\"M{mark} {at:.1}h18\"/><text x=\"{name}\" y=\"{:.1}\">{}</text>",
                x + 5.0,
                mark - 2.0,
                at + 4.0,
                line.name
            );
        }
    }
}

impl Unit {
    fn write(self, value: f64) -> String {
        match self {
            Self::Time if value < 1.0 => format!("{} µs", thousands(value * 1_000.0)),
            Self::Time if value < 1_000.0 => format!("{} ms", thousands(value)),
            Self::Time => format!("{} s", thousands(value / 1_000.0)),
            Self::Rate => format!("{}/s", thousands(value)),
        }
    }
}

fn draw(svg: &mut String, line: &Line, across: &Axis, up: &Axis) {
    let (colour, dash) = (COLOURS[line.colour % COLOURS.len()], if line.dashed { " dash" } else { "" });
    let mut path = String::new();
    for (n, (x, y)) in line.points.iter().enumerate() {
        let (x, y) = (across.place(*x), up.place(*y));
        let _ = write!(path, "{}{x:.1} {y:.1}", if n == 0 { 'M' } else { 'L' });
        let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>");
    }
    let _ = writeln!(svg, "<path class=\"line{dash}\" stroke=\"{colour}\" d=\"{path}\"/>");
}

/// Moves sorted places apart, as little as keeps them all between top and bottom.
fn apart(wanted: &[f64]) -> Vec<f64> {
    let mut places = wanted.to_vec();
    for n in 1..places.len() {
        places[n] = places[n].max(places[n - 1] + NAME_STEP);
    }
    let mut highest = BOTTOM;
    for place in places.iter_mut().rev() {
        *place = place.min(highest);
        highest = *place - NAME_STEP;
    }
    places
}

/// A whole number with its thousands apart.
pub(crate) fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_apart_and_inside() {
        let places = apart(&[60.0, 61.0, 62.0, BOTTOM - 1.0, BOTTOM]);
        assert!(places.windows(2).all(|pair| pair[1] - pair[0] >= NAME_STEP - 0.01), "{places:?}");
        assert!(places.iter().all(|place| *place <= BOTTOM), "{places:?}");
    }

    #[test]
    fn axes_hold_every_point() {
        let line =
            Line { name: "get".into(), colour: 1, dashed: false, points: vec![(1e3, 0.3), (1e6, 41.0)] };
        let chart =
            Chart { title: "t", below: "items", places: vec![1e3, 1e6], unit: Unit::Time, lines: vec![line] };
        let (across, up) = (chart.across(), chart.up());
        assert!(across.place(1e3) > LEFT && across.place(1e6) < RIGHT);
        assert_eq!((up.from, up.to), (-1.0, 2.0));
        assert!(chart.svg().contains(">1,000,000<"));
    }

    #[test]
    fn numbers_are_written_with_their_thousands_apart() {
        assert_eq!([1.0, 999.0, 1_000.0, 1e6].map(thousands), ["1", "999", "1,000", "1,000,000"]);
    }
}
