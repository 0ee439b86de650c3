//! A person at a command line: `task-orchestrator WORDS…` with an environment and an input of its own.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::env::{Finished, TestEnv};

/// A command that is about to be run.
#[derive(Debug, Clone)]
pub struct Person {
    env: TestEnv,
    variables: Vec<(String, String)>,
    stdin: String,
}

impl TestEnv {
    /// A person called `ann`.
    pub fn person(&self) -> Person {
        let variables = vec![("USER".to_owned(), "ann".to_owned())];
        Person { env: self.clone(), variables, stdin: String::new() }
    }
}

impl Person {
    /// Sets a variable.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl AsRef<Path>) -> Self {
        self.variables.push((name.to_owned(), value.as_ref().to_string_lossy().into_owned()));
        self
    }

    /// The same person with something on stdin.
    #[must_use]
    pub fn typing(&self, text: &str) -> Self {
        Self { stdin: text.to_owned(), ..self.clone() }
    }

    /// The command, not yet started.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = self.env.command("task-orchestrator");
        command.envs(self.variables.iter().map(|(name, value)| (name, value))).args(words);
        command
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn run(&self, words: &[&str]) -> Finished {
        let mut command = self.command(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("task-orchestrator starts");
        // Who reads no stdin closes it.
        let _ = child.stdin.take().expect("a piped stdin").write_all(self.stdin.as_bytes());
        Finished::of(&child.wait_with_output().expect("task-orchestrator ends"))
    }

    /// Runs it with `--json`; the document.
    ///
    /// # Panics
    /// When it prints anything but one document on one line.
    pub fn json(&self, words: &[&str]) -> Value {
        let words: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
        let ended = self.run(&words);
        assert_eq!(ended.stdout.lines().count(), 1, "{words:?} printed no single line: {ended:?}");
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{words:?} {error}: {ended:?}"))
    }

    /// Runs it and expects an exit code.
    ///
    /// # Panics
    /// When it ends otherwise.
    #[track_caller]
    pub fn ends_with(&self, code: i32, words: &[&str]) -> Finished {
        let ended = self.run(words);
        assert_eq!(ended.code, Some(code), "{words:?}: {ended:?}");
        ended
    }
}
