//! Measures the real programs and writes a page of figures: `cargo run --release -p bench`.
//!
//! Every figure stands beside a floor taken in the same run, in rounds that take turns, so that a slow moment of the
//! machine falls on both. The programs are built first where `cargo run` started this one; else they come from the folder of this
//! one, or from `--bin-dir`.

mod arguments;
mod bare;
mod brief;
mod calls;
mod chart;
mod client;
mod instructions;
mod machine;
mod measures;
mod recipe;
mod reference;
mod report;
mod samples;
mod stores;
mod world;

use std::{
    error::Error,
    fs::File,
    io::{Write, stderr},
    path::Path,
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use arguments::{Arguments, USAGE};
use measures::{
    agents, hooks, idle, importing, latencies, memory, original, reading, starting, throughput, writing,
};
use recipe::Recipe;
use reference::Reference;
use report::Report;

/// What may go wrong, in words for the person who ran this.
type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// Measuring ends by then, whatever hangs; its daemons end by themselves. Stores that have to be made first are not counted.
const END_WITHIN: Duration = Duration::from_secs(600);
/// Sizes of stores. Agents that are many at once, and the original, are measured on the second.
const SIZES: [usize; 3] = [1_000, 100_000, 1_000_000];

fn main() -> ExitCode {
    let arguments = match Arguments::read(std::env::args_os().skip(1)) {
        Ok(arguments) => arguments,
        Err(why) => return end(&format!("{why}\n\n{USAGE}")),
    };
    if arguments.help {
        let _ = write!(stderr(), "{USAGE}"); // nobody may be reading
        return ExitCode::SUCCESS;
    }
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => end(&why.to_string()),
    }
}

/// Whether what was asked for went well.
fn run(arguments: &Arguments) -> Outcome<bool> {
    if let Some(size) = arguments.document {
        return document(size, arguments.out.as_deref()).map(|()| true);
    }
    let setup = world::Setup::find(arguments)?;
    if arguments.instructions {
        return instructions::check(&setup, arguments.set_budgets);
    }
    measure(arguments, &setup).map(|()| true)
}

fn measure(arguments: &Arguments, setup: &world::Setup) -> Outcome {
    let sizes = if arguments.quick { &SIZES[..2] } else { &SIZES };
    let stores = sizes.iter().map(|size| setup.store(*size)).collect::<Outcome<Vec<_>>>()?;
    thread::spawn(|| {
        thread::sleep(END_WITHIN);
        let _ = end("the run hangs");
        std::process::exit(1);
    });
    let begun = Instant::now();
    let (mut reference, mut report) = (Reference::new(), Report::new(arguments));
    let reference = &mut reference;
    let (small, large) = (&stores[0], &stores[1]);

    let mut idle = idle::Idle::begin(setup)?;
    let starting = starting::measure(setup, reference)?;
    let hooks = hooks::measure(setup, reference, large)?;
    let reading = reading::measure(setup, reference, large)?;
    let writing = writing::measure(setup, reference)?;
    let latencies = latencies::measure(setup, reference, &stores)?;
    idle.watch();
    let agents = agents::measure(setup, reference, large)?;
    let throughput = throughput::measure(setup, reference, large)?;
    let agents_of_theirs = if arguments.quick { &throughput::AGENTS[..3] } else { &throughput::AGENTS };
    let original = arguments
        .original
        .as_ref()
        .map(|python| original::measure(setup, python, reference, [small, large], agents_of_theirs));
    let original = original.transpose()?;
    let mut memory = memory::measure(setup, large)?;
    memory.extend(idle.end()?);
    memory.push(idle::weigh(setup)?);

    let (lines, rates) =
        original.as_ref().map_or((&[] as _, &[] as _), |original| (&original.lines[..], &original.rates[..]));
    latencies.report(&mut report, lines)?;
    throughput.report(&mut report, rates)?;
    report.add("Starting", starting);
    report.add("A client's hook", hooks);
    report.add("A call", reading);
    report.add("A durable write", writing);
    report.add("Memory and idling", memory);
    report.add("Waiting and claiming", agents);
    report.add("Importing", importing::rows(&stores));
    if let Some(original) = &original {
        original.report(&mut report);
    }
    report.brief(brief::text(&latencies, &throughput, original.as_ref()));
    report.finish(reference, begun.elapsed())
}

/// Writes a tracker of a size, for `task-orchestrator import`.
fn document(size: usize, out: Option<&Path>) -> Outcome {
    let out = out.ok_or("--document needs --out FILE")?;
    Recipe::of(size).write(File::create(out)?)
}

/// Says what is going on.
fn say(line: &str) {
    let _ = writeln!(stderr(), "{line}"); // nobody may be reading
}

fn end(why: &str) -> ExitCode {
    say(&format!("bench: {why}"));
    ExitCode::FAILURE
}
