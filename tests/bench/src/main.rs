//! Measures the real programs and writes a page of figures: `cargo run --release -p bench`.
//!
//! Every figure stands beside a floor taken in the same run, in rounds that take turns, so that a slow moment of the
//! machine falls on both. Nothing is built here; the programs come from the folder of this one, or from `--bin-dir`.

mod arguments;
mod client;
mod items;
mod machine;
mod measures;
mod recipe;
mod reference;
mod report;
mod samples;
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
use measures::{agents, context, hooks, memory, original, reading, starting, throughput, writing};
use recipe::Recipe;
use reference::Reference;
use report::Report;

/// What may go wrong, in words for the person who ran this.
type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// The run ends by then, whatever hangs; its daemons end by themselves.
const END_WITHIN: Duration = Duration::from_secs(600);

fn main() -> ExitCode {
    let arguments = match Arguments::read(std::env::args_os().skip(1)) {
        Ok(arguments) => arguments,
        Err(why) => return end(&format!("{why}\n\n{USAGE}")),
    };
    if arguments.help {
        let _ = write!(stderr(), "{USAGE}"); // nobody may be reading
        return ExitCode::SUCCESS;
    }
    thread::spawn(|| {
        thread::sleep(END_WITHIN);
        let _ = end("the run hangs");
        std::process::exit(1);
    });
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => end(&why.to_string()),
    }
}

fn run(arguments: &Arguments) -> Outcome {
    let begun = Instant::now();
    if let Some(size) = arguments.document {
        return document(size, arguments.out.as_deref());
    }
    let mut reference = Reference::new();
    let mut report = Report::new(arguments);
    let setup = world::Setup::find(arguments)?;
    report.add("Starting", starting::measure(&setup, &mut reference)?);
    report.add("A client's hook", hooks::measure(&setup, &mut reference)?);
    report.add("A call", reading::measure(&setup, &mut reference)?);
    report.add("A durable write", writing::measure(&setup, &mut reference)?);
    report.add("Memory", memory::measure(&setup)?);
    report.add("get_context on large stores", context::measure(&setup, &mut reference)?);
    report.add("Agents creating items at once", throughput::measure(&setup, &mut reference)?);
    report.add("Many agents", agents::measure(&setup, &mut reference)?);
    if let Some(python) = &arguments.original {
        report.add("Beside task-orchestrator-py", original::measure(&setup, python, &mut reference)?);
    }
    report.finish(&reference, begun.elapsed())
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
