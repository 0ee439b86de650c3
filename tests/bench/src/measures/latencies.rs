//! Every tool's latency on stores of different sizes. All of them are open at once and take turns.

use serde_json::json;

use crate::{
    Outcome,
    bare::Bare,
    calls::{Kind, Picks},
    chart::{Chart, Line, Unit, thousands},
    client::Client,
    reference::Reference,
    report::{Aim, Report, Table},
    samples::{Samples, ms},
    say,
    stores::Store,
    world::{Setup, World},
};

const ROUNDS: usize = 100;
/// Calls of each kind before times are taken.
const WARM: usize = 3;
/// How much dearer a call may be on the largest store than on the smallest.
const FLAT: f64 = 2.0;
/// A read beside the echo; a lone write beside echo and bare transaction together.
const READ: f64 = 1.5;
const WRITE: f64 = 1.3;

/// A store of a size, its session, and what was measured.
struct Place {
    size: usize,
    client: Client,
    picks: Picks,
    bare: Bare,
    times: Vec<Samples>,
    bytes: Vec<usize>,
    alone: Samples,
    _world: World,
}

/// The times of every kind, at every size.
pub(crate) struct Latencies(Vec<Place>);

pub(crate) fn measure(setup: &Setup, reference: &mut Reference, stores: &[Store]) -> Outcome<Latencies> {
    let mut places = Vec::new();
    for store in stores {
        say(&format!("a copy of {} items ...", thousands(store.size as f64)));
        places.push(Place::open(setup, store)?);
    }
    say("every tool at every size ...");
    let rounds = places.iter().map(|place| place.picks.rounds()).min().unwrap_or(0).min(ROUNDS + WARM);
    for n in 0..WARM {
        for place in &mut places {
            place.round(n)?;
            place.times = none();
            place.alone = Samples::default();
        }
    }
    for round in reference.rounds(rounds - WARM, 5) {
        for place in &mut places {
            place.round(round + WARM)?;
        }
    }
    Ok(Latencies(places))
}

fn place_of(kind: Kind) -> usize {
    Kind::ALL.iter().position(|other| *other == kind).unwrap_or(0)
}

fn none() -> Vec<Samples> {
    vec![Samples::default(); Kind::ALL.len()]
}

impl Place {
    fn open(setup: &Setup, store: &Store) -> Outcome<Self> {
        let world = setup.world_of(store)?;
        let bare = Bare::beside(&world)?;
        let mut client = world.session()?;
        client.call("get_context", json!({}))?;
        let (size, picks) = (store.size, Picks::of(store.size));
        let bytes = vec![0; Kind::ALL.len()];
        Ok(Self { size, client, picks, bare, times: none(), bytes, alone: Samples::default(), _world: world })
    }

    fn round(&mut self, n: usize) -> Outcome {
        for (place, kind) in Kind::ALL.into_iter().enumerate() {
            if let Some(called) = kind.call(&mut self.client, &self.picks, n)? {
                self.times[place].add(called.time);
                self.bytes[place] = called.bytes;
            }
        }
        let begun = std::time::Instant::now();
        self.bare.commit(1)?;
        self.alone.add(begun.elapsed());
        Ok(())
    }

    fn of(&self, kind: Kind) -> &Samples {
        &self.times[place_of(kind)]
    }

    fn bytes_of(&self, kind: Kind) -> usize {
        self.bytes[place_of(kind)]
    }
}

impl Latencies {
    /// The table, and both charts.
    pub(crate) fn report(&self, report: &mut Report, theirs: &[Line]) -> Outcome {
        let sizes: Vec<String> =
            self.0.iter().map(|place| format!("{} items", thousands(place.size as f64))).collect();
        let header = ["", "what"].map(str::to_owned).into_iter().chain(sizes);
        let behind = ["largest : smallest", "beside the floor, at the largest", "bytes of the answer"];
        let header = header.chain(behind.map(str::to_owned));
        let mut table = Table::new("Every tool at every size", header.collect());
        table.note = "Floors: for a read the echo; for a write the echo and a bare SQLite transaction together, which writes all rows \
             of a create (item, tag, counters, search text, history, kept answer) into a copy of the same store. Stores take turns in \
             every round; within a round each gets one call of each kind."
            .to_owned();
        for kind in Kind::ALL {
            self.row(kind, &mut table);
        }
        let times = self.0.iter().map(|place| place.alone.range());
        let mut bare = vec!["bare SQLite".to_owned(), "a transaction with the rows of a create".to_owned()];
        bare.extend(times);
        let growth = self.growth(|place| &place.alone);
        bare.extend([format!("{growth:.2} x"), String::new(), String::new()]);
        table.rows.push(bare);
        report.draw("reads", &self.chart(false, theirs))?;
        report.draw("writes", &self.chart(true, theirs))?;
        report.table(table);
        Ok(())
    }

    fn row(&self, kind: Kind, table: &mut Table) {
        let Some(largest) = self.0.last() else { return };
        let mut row = vec![kind.name().to_owned(), kind.meaning().to_owned()];
        row.extend(self.0.iter().map(|place| place.of(kind).range()));
        let growth = self.growth(|place| place.of(kind));
        if kind == Kind::Echo {
            row.extend([format!("{growth:.2} x"), String::new(), self.bytes(kind)]);
            table.rows.push(row);
            return;
        }
        let smallest = self.0.first().map_or(0, |place| place.size);
        let what = format!(
            "{}: {} items beside {}",
            kind.name(),
            thousands(largest.size as f64),
            thousands(smallest as f64)
        );
        row.push(table.aim(Aim::times(&what, growth, FLAT)));
        let floor =
            largest.of(Kind::Echo).median() + if kind.writes() { largest.alone.median() } else { 0.0 };
        let beside = largest.of(kind).median() / floor;
        row.push(match kind {
            Kind::Create => {
                table.aim(Aim::times("create, alone: beside bare transaction and echo", beside, WRITE))
            }
            _ if kind.writes() => format!("{beside:.2} x"),
            _ => table.aim(Aim::times(&format!("{}: beside the echo", kind.name()), beside, READ)),
        });
        row.push(self.bytes(kind));
        table.rows.push(row);
    }

    /// How long the answers are, from the smallest store to the largest: cost may follow that.
    fn bytes(&self, kind: Kind) -> String {
        let each = self.0.iter().map(|place| thousands(place.bytes_of(kind) as f64));
        each.collect::<Vec<_>>().join(" to ")
    }

    fn growth(&self, of: impl Fn(&Place) -> &Samples) -> f64 {
        match (self.0.first(), self.0.last()) {
            (Some(first), Some(last)) => of(last).median() / of(first).median(),
            _ => f64::NAN,
        }
    }

    fn chart(&self, writes: bool, theirs: &[Line]) -> Chart {
        let wanted = |kind: &Kind| *kind == Kind::Echo || kind.writes() == writes;
        let line = |kind: Kind| Line {
            name: if kind == Kind::Echo { "echo: the floor".to_owned() } else { kind.name().to_owned() },
            colour: colour(kind),
            dashed: kind == Kind::Echo,
            points: self.0.iter().map(|place| (place.size as f64, place.of(kind).median())).collect(),
        };
        let mut lines: Vec<Line> = Kind::ALL.into_iter().filter(wanted).map(line).collect();
        if writes {
            let points = self.0.iter().map(|place| (place.size as f64, place.alone.median())).collect();
            lines.push(Line { name: "bare SQLite: the limit".to_owned(), colour: 7, dashed: true, points });
        }
        let shown = |name: &str| {
            Kind::ALL.into_iter().filter(wanted).any(|kind| name.ends_with(&format!(" {}", kind.name())))
        };
        lines.extend(theirs.iter().filter(|line| shown(&line.name)).cloned());
        Chart {
            title: if writes { "A durable write, median" } else { "A read, median" },
            below: "items in the store",
            places: self.0.iter().map(|place| place.size as f64).collect(),
            unit: Unit::Time,
            lines,
        }
    }

    /// Our times at the largest size, for the short table.
    pub(crate) fn brief(&self) -> Vec<(Kind, String)> {
        let Some(largest) = self.0.last() else { return Vec::new() };
        Kind::ALL.into_iter().map(|kind| (kind, ms(largest.of(kind).median()))).collect()
    }
}

/// The same colour for the same kind, ours and theirs.
pub(crate) fn colour(kind: Kind) -> usize {
    match kind {
        Kind::Echo => 0,
        Kind::Get | Kind::Start => 1,
        Kind::Next | Kind::Note => 2,
        Kind::Context | Kind::Claim => 3,
        Kind::List | Kind::Create => 4,
        Kind::Tag => 5,
        Kind::Search => 6,
        Kind::Blocked => 8,
    }
}
