//! Stores of a size. Each is made once, by the `import` command from the recipe's document, and kept for later runs: a million
//! items take minutes. What making it cost is kept beside it.

use std::{
    fs::{self, File},
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::{
    Outcome,
    chart::thousands,
    machine,
    recipe::Recipe,
    say,
    world::{Setup, World},
};

/// What a store follows from. With other tables or another recipe it is made anew.
const MADE_FROM: [&str; 4] = [
    include_str!("../../../daemon/store/src/schema.rs"),
    include_str!("recipe.rs"),
    include_str!("recipe/words.rs"),
    include_str!("stores.rs"),
];
/// Between two looks at the memory of the programs at work.
const LOOK: Duration = Duration::from_millis(50);
/// So long after its last commit the daemon has nothing left to tidy.
const QUIET: Duration = Duration::from_secs(2);

/// A store that worlds are given copies of.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) size: usize,
    pub(crate) database: PathBuf,
    pub(crate) cost: Cost,
}

/// What the import took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) seconds: f64,
    /// The highest resident memory, in KiB.
    pub(crate) daemon_kib: u64,
    pub(crate) command_kib: u64,
    pub(crate) document_bytes: u64,
}

impl Setup {
    /// The store of a size, made now if it is not there.
    pub(crate) fn store(&self, size: usize) -> Outcome<Store> {
        let folder = self.folder.join("bench-stores");
        fs::create_dir_all(&folder)?;
        let database = folder.join(format!("{size}-{:016x}.db", fingerprint()));
        let beside = database.with_extension("json");
        if let Ok(text) = fs::read_to_string(&beside) {
            let cost = Cost::read(&serde_json::from_str(&text)?).ok_or("a store's cost cannot be read")?;
            return Ok(Store { size, database, cost });
        }
        say(&format!("importing {} items; they are kept for later runs ...", thousands(size as f64)));
        let world = self.world()?;
        let cost = import(&world, size)?;
        // The daemon has ended, so the file is whole. It is moved once it is complete, and said to be there after that.
        fs::rename(world.database(), &database)?;
        fs::write(&beside, cost.write().to_string())?;
        Ok(Store { size, database, cost })
    }

    /// A world with a copy of a store, which lies on the disk when this returns.
    pub(crate) fn world_of(&self, store: &Store) -> Outcome<World> {
        let world = self.world()?;
        store.copy(&world.database())?;
        Ok(world)
    }
}

impl Store {
    /// Copies the database to a file that is on the disk when this returns: later writes do not share their flush with it.
    pub(crate) fn copy(&self, to: &std::path::Path) -> Outcome {
        fs::copy(&self.database, to)?;
        Ok(File::open(to)?.sync_all()?)
    }
}

fn import(world: &World, size: usize) -> Outcome<Cost> {
    let document = world.data().join("document.json");
    Recipe::of(size).write(File::create(&document)?)?;
    drop(world.session()?);
    let daemon = world.daemon_pid()?;
    let path = document.to_str().ok_or("the folder's name is no text")?;
    let begun = Instant::now();
    let mut command =
        world.orchestrator(&["import", path]).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn()?;
    let mut command_kib = 0;
    let status = loop {
        command_kib = machine::highest_memory(command.id()).unwrap_or(0).max(command_kib);
        if let Some(status) = command.try_wait()? {
            break status;
        }
        thread::sleep(LOOK);
    };
    let seconds = begun.elapsed().as_secs_f64();
    if !status.success() {
        return Err(format!("the import of {size} items ended with {status}").into());
    }
    until_quiet(&world.database())?;
    let daemon_kib = machine::highest_memory(daemon).unwrap_or(0);
    let document_bytes = fs::metadata(&document)?.len();
    fs::remove_file(&document)?;
    world.stop_daemon()?;
    Ok(Cost { seconds, daemon_kib, command_kib, document_bytes })
}

/// Waits while the daemon merges what the import left of the search text, as it does whenever nobody calls: else the first
/// thousand creates of a measure would pay for it.
fn until_quiet(database: &Path) -> Outcome {
    let looking = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let version = || looking.query_row("PRAGMA data_version", [], |row| row.get::<_, i64>(0));
    let (mut last, mut since) = (version()?, Instant::now());
    while since.elapsed() < QUIET {
        thread::sleep(LOOK);
        let now = version()?;
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    Ok(())
}

impl Cost {
    fn write(self) -> Value {
        json!({"seconds": self.seconds, "daemon_kib": self.daemon_kib, "command_kib": self.command_kib, "document_bytes": self.document_bytes})
    }

    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            seconds: value["seconds"].as_f64()?,
            daemon_kib: value["daemon_kib"].as_u64()?,
            command_kib: value["command_kib"].as_u64()?,
            document_bytes: value["document_bytes"].as_u64()?,
        })
    }
}

/// The same for the same tables and the same recipe.
fn fingerprint() -> u64 {
    let mut hasher = DefaultHasher::new();
    MADE_FROM.hash(&mut hasher);
    hasher.finish()
}
