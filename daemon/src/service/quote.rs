//! Filling a template: each manager's file has its own way to write a path down.

use std::path::Path;

use orc_proto::settings::RUNTIME_DIR;

use super::{Manager, Service, ServiceError};

/// The template with its places filled in.
pub(super) fn fill(template: &str, manager: Manager, service: &Service) -> Result<String, ServiceError> {
    let word = |path: &Path| Ok(manager.word(text(path, manager)?));
    let options = service.config.as_deref().map(|path| Ok(manager.options("--config", &word(path)?)));
    let environment = service
        .runtime_dir
        .as_deref()
        .map(|path| Ok(manager.environment(RUNTIME_DIR, text(path, manager)?)))
        .transpose()?;
    let places = [
        ("@NAME@", service.name(manager)),
        ("@PROGRAM@", manager.program(text(&service.program, manager)?)),
        ("@DATABASE@", word(&service.endpoint.database)?),
        ("@SOCKET@", manager.line(text(&service.endpoint.socket, manager)?)),
        ("@LOG@", word(&service.endpoint.log())?),
        ("@OPTIONS@", options.transpose()?.unwrap_or_default()),
        ("@ENVIRONMENT@", environment.unwrap_or_default()),
        ("@USER@", xml(&service.user)),
    ];
    // One pass: what is filled in is not looked through again.
    let mut filled = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((at, (place, value))) = next(rest, &places) {
        filled.push_str(&rest[..at]);
        filled.push_str(value);
        rest = &rest[at + place.len()..];
    }
    Ok(filled + rest)
}

fn next<'a>(text: &str, places: &'a [(&str, String)]) -> Option<(usize, &'a (&'a str, String))> {
    places.iter().filter_map(|place| Some((text.find(place.0)?, place))).min_by_key(|(at, _)| *at)
}

impl Manager {
    /// A path as one word of a command.
    fn word(self, path: &str) -> String {
        match self {
            Self::Systemd => systemd(path),
            Self::Launchd => xml(path),
            Self::TaskScheduler => xml(&format!("\"{path}\"")),
        }
    }

    /// The program: Windows' scheduler has a place of its own for it.
    fn program(self, path: &str) -> String {
        match self {
            Self::TaskScheduler => xml(path),
            Self::Systemd | Self::Launchd => self.word(path),
        }
    }

    /// A path that stands alone on its line.
    fn line(self, path: &str) -> String {
        match self {
            Self::Systemd => path.replace('%', "%%"),
            Self::Launchd | Self::TaskScheduler => xml(path),
        }
    }

    /// One more option behind the command.
    fn options(self, name: &str, word: &str) -> String {
        match self {
            Self::Systemd | Self::TaskScheduler => format!(" {name} {word}"),
            Self::Launchd => {
                format!("\n        <string>{name}</string>\n        <string>{word}</string>")
            }
        }
    }

    /// A variable for the daemon. Windows' scheduler has none to give: there it comes from the user's own.
    fn environment(self, name: &str, value: &str) -> String {
        match self {
            Self::Systemd => format!("Environment={}\n", systemd(&format!("{name}={value}"))),
            Self::Launchd => format!(
                "\n    <key>EnvironmentVariables</key>\n    <dict>\n        <key>{name}</key>\n        <string>{}</string>\n    </dict>",
                xml(value)
            ),
            Self::TaskScheduler => String::new(),
        }
    }

    const fn files(self) -> &'static str {
        match self {
            Self::Systemd => "a systemd unit",
            Self::Launchd => "a launchd agent",
            Self::TaskScheduler => "a scheduled task",
        }
    }
}

fn text(path: &Path, manager: Manager) -> Result<&str, ServiceError> {
    let what = manager.files();
    let text = path.to_str().ok_or_else(|| ServiceError::NoText { path: path.to_owned(), what })?;
    if text.contains(['\n', '\r']) {
        return Err(ServiceError::LineBreak { path: path.to_owned(), what });
    }
    Ok(text)
}

/// systemd.syntax(7): in quotes, with its specifiers and variables taken literally.
fn systemd(word: &str) -> String {
    let mut quoted = String::from("\"");
    for c in word.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '%' | '$' => quoted.extend([c, c]),
            _ => quoted.push(c),
        }
    }
    quoted + "\""
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
