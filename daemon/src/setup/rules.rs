//! What teaches an agent the cycle: one text, `cycle.md`, with what each client wants around it.

use super::{
    client::Frame,
    text::{SIGN_HERE, signed},
};

/// The text, the same for every client.
pub(super) const CYCLE: &str = include_str!("cycle.md");

/// When an agent should read it.
const WHEN: &str = "How to work with the shared work graph of task-orchestrator: look, claim, work, note, finish. Use it \
                    before starting a task, when picking what to do next, and when a task-orchestrator tool refuses a call.";

/// A file of its own, signed.
pub(super) fn file(frame: Frame) -> String {
    let head = match frame {
        Frame::Skill => format!("---\nname: task-orchestrator\ndescription: {WHEN:?}\n---\n"),
        Frame::Cursor => format!("---\ndescription: {WHEN:?}\nalwaysApply: true\n---\n"),
        Frame::Instructions => format!("---\ndescription: {WHEN:?}\napplyTo: \"**\"\n---\n"),
        Frame::Windsurf => "---\ntrigger: always_on\n---\n".to_owned(),
        Frame::Steering => "---\ninclusion: always\n---\n".to_owned(),
        Frame::Plain => String::new(),
    };
    signed(&format!("{head}<!-- {SIGN_HERE} -->\n{CYCLE}"))
}

/// A script that runs a hook, signed.
pub(super) fn script(command: &str) -> String {
    signed(&format!("#!/bin/sh\n# {SIGN_HERE}\nexec {command}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_keeps_under_sixty_lines() {
        use Frame::{Cursor, Instructions, Plain, Skill, Steering, Windsurf};
        for frame in [Skill, Cursor, Instructions, Windsurf, Steering, Plain] {
            let text = file(frame);
            assert!(text.lines().count() < 60, "{frame:?} has {} lines", text.lines().count());
            assert!(
                text.len() < 6_000,
                "Windsurf reads no more of a file: {frame:?} has {} bytes",
                text.len()
            );
        }
    }
}
