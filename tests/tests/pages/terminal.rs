//! A shell in which the commands of a page are typed, one after the other: variables, functions and the folder stay.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver},
};

use e2e::DEADLINE;

/// What a shell prints behind each command's output.
const MARK: &str = "--the-command-has-ended--";

/// A shell.
#[derive(Debug)]
pub(crate) struct Terminal {
    shell: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Terminal {
    /// Starts `command`, a bash.
    pub(crate) fn start(mut command: Command) -> Self {
        command
            .args(["--noprofile", "--norc"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut shell = command.spawn().expect("bash starts");
        let stdin = shell.stdin.take();
        let out = shell.stdout.take().expect("a piped stdout");
        let (send, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        let mut terminal = Self { shell, stdin, lines };
        terminal.run("exec 2>&1").expect("an empty command");
        terminal
    }

    /// What a command prints, its complaints among it. What it reads from stdin is nothing.
    pub(crate) fn run(&mut self, command: &str) -> Result<Vec<String>, String> {
        let script =
            format!("{{ {command}\n}} </dev/null; __code=$?; printf '\\n%s\\n' {MARK}; (exit $__code)\n");
        let stdin = self.stdin.as_mut().ok_or("the shell is gone")?;
        stdin.write_all(script.as_bytes()).map_err(|error| format!("the shell is gone: {error}"))?;
        let mut out = Vec::new();
        loop {
            match self.lines.recv_timeout(DEADLINE) {
                Ok(line) if line == MARK => break,
                Ok(line) => out.push(line),
                Err(error) => return Err(format!("{error}, after:\n{}", out.join("\n"))),
            }
        }
        // The line break in front of the mark.
        if out.last().is_some_and(String::is_empty) {
            out.pop();
        }
        Ok(out)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.stdin = None;
        // It ends with its stdin; one that hangs is ended.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
