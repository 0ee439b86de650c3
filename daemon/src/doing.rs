//! What the daemon does before it is ready, for those who wait for it.

use std::sync::{Mutex, PoisonError};

use orc_store::Step;

/// In words; empty while nothing takes its time.
#[derive(Debug, Default)]
pub(crate) struct Doing(Mutex<String>);

impl Doing {
    /// A step of an opening has begun.
    pub(crate) fn step(&self, step: Step) {
        self.set(match step {
            Step::Copying => {
                "it is of an older version, and copied before it is brought up to date".to_owned()
            }
            Step::Migrating { version, known } => {
                format!("it is brought up to date: schema {version} of {known} is being made")
            }
        });
    }

    /// The original's database is being taken over.
    pub(crate) fn takes_over(&self) {
        self.set("it is task-orchestrator-py's, and is being taken over".to_owned());
    }

    /// What is done now.
    pub(crate) fn words(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, words: String) {
        tracing::info!("{words}");
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = words;
    }
}
