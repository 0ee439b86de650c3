//! How a command ends, for scripts: the one place of exit codes.

use std::process::ExitCode;

/// What the help of the whole program says about them.
pub(crate) const HELP: &str = "\
Exit codes:
  0  done
  1  refused by the rules, or nothing found where one thing was asked for
  2  wrong usage
  3  no daemon runs or can be reached
  130  interrupted";

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Fine,
    /// The rules forbid it, or nothing was found where one thing was asked for.
    Refused,
    /// The words do not make sense.
    Usage,
    /// No daemon runs, or it cannot be reached.
    Unreachable,
    /// Ended by Ctrl-C before its work was done.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Fine => 0,
            Exit::Refused => 1,
            Exit::Usage => 2,
            Exit::Unreachable => 3,
            Exit::Interrupted => 130,
        })
    }
}
