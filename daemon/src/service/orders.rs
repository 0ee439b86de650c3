//! The service managers: where their files are, and what they are told.

use std::path::PathBuf;

use orc_proto::Places;

use super::Service;

/// Who keeps the daemon running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Manager {
    /// The user's own systemd.
    Systemd,
    /// launchd, as an agent of the user.
    Launchd,
    /// Windows' task scheduler.
    TaskScheduler,
}

/// A file that a manager reads.
pub(super) struct Template {
    /// Of its name.
    pub(super) ending: &'static str,
    /// With `@PLACES@` to fill in.
    pub(super) text: &'static str,
}

/// A command that is given to a manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    /// The program.
    pub(crate) program: &'static str,
    /// Its arguments.
    pub(crate) arguments: Vec<String>,
}

impl Manager {
    /// That of the system this was built for.
    pub(crate) const fn of_this_system() -> Self {
        if cfg!(windows) {
            Self::TaskScheduler
        } else if cfg!(target_os = "macos") {
            Self::Launchd
        } else {
            Self::Systemd
        }
    }

    pub(super) const fn templates(self) -> &'static [Template] {
        match self {
            Self::Systemd => &[
                Template {
                    ending: "service",
                    text: include_str!("../../../packaging/systemd/task-orchestrator.service"),
                },
                Template {
                    ending: "socket",
                    text: include_str!("../../../packaging/systemd/task-orchestrator.socket"),
                },
            ],
            Self::Launchd => &[Template {
                ending: "plist",
                text: include_str!("../../../packaging/launchd/task-orchestrator.plist"),
            }],
            Self::TaskScheduler => &[Template {
                ending: "xml",
                text: include_str!("../../../packaging/windows/task-orchestrator.xml"),
            }],
        }
    }

    pub(super) fn folder(self, places: &Places) -> PathBuf {
        match self {
            Self::Systemd => places.home.join(".config/systemd/user"),
            Self::Launchd => places.home.join("Library/LaunchAgents"),
            Self::TaskScheduler => places.data.join("service"),
        }
    }

    /// What makes it take up new files and start the service.
    pub(crate) fn start(self, service: &Service) -> Vec<Order> {
        let name = service.name(self);
        match self {
            Self::Systemd => vec![
                systemctl(["daemon-reload"]),
                systemctl(["enable", &format!("{name}.service")]),
                systemctl(["enable", "--now", &format!("{name}.socket")]),
            ],
            Self::Launchd => vec![launchctl(&["bootstrap", &domain(), &self.file(service)])],
            Self::TaskScheduler => vec![
                schtasks(&["/Create", "/F", "/TN", &name, "/XML", &self.file(service)]),
                schtasks(&["/Run", "/TN", &name]),
            ],
        }
    }

    /// What makes it end the service and forget it, before its files go.
    pub(crate) fn end(self, service: &Service) -> Vec<Order> {
        let name = service.name(self);
        match self {
            Self::Systemd => {
                vec![systemctl(["disable", "--now", &format!("{name}.socket"), &format!("{name}.service")])]
            }
            Self::Launchd => vec![launchctl(&["bootout", &format!("{}/{name}", domain())])],
            Self::TaskScheduler => vec![schtasks(&["/Delete", "/F", "/TN", &name])],
        }
    }

    /// What it is told once the files are gone.
    pub(crate) fn forget(self) -> Vec<Order> {
        match self {
            Self::Systemd => vec![systemctl(["daemon-reload"])],
            Self::Launchd | Self::TaskScheduler => Vec::new(),
        }
    }

    /// What it is asked to learn whether the service is on.
    pub(crate) fn question(self, service: &Service) -> Order {
        let name = service.name(self);
        match self {
            Self::Systemd => systemctl(["is-active", &format!("{name}.socket")]),
            Self::Launchd => launchctl(&["print", &format!("{}/{name}", domain())]),
            Self::TaskScheduler => schtasks(&["/Query", "/TN", &name]),
        }
    }

    fn file(self, service: &Service) -> String {
        let ending = self.templates()[0].ending;
        let name = format!("{}.{ending}", service.name(self));
        self.folder(&service.places).join(name).display().to_string()
    }
}

fn systemctl<const N: usize>(words: [&str; N]) -> Order {
    order("systemctl", &[&["--user"], words.as_slice()].concat())
}

fn launchctl(words: &[&str]) -> Order {
    order("launchctl", words)
}

fn schtasks(words: &[&str]) -> Order {
    order("schtasks", words)
}

fn order(program: &'static str, words: &[&str]) -> Order {
    Order { program, arguments: words.iter().map(|&word| word.to_owned()).collect() }
}

/// launchd's name for what belongs to this user's login.
fn domain() -> String {
    #[cfg(unix)]
    let user = rustix::process::getuid().as_raw();
    #[cfg(not(unix))]
    let user = 0;
    format!("gui/{user}")
}

impl std::fmt::Display for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.program)?;
        for word in &self.arguments {
            if word.contains(char::is_whitespace) { write!(f, " \"{word}\"") } else { write!(f, " {word}") }?;
        }
        Ok(())
    }
}
