//! Where clients keep their files, on each platform.

use std::path::{Path, PathBuf};

/// The systems whose places differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Platform {
    Linux,
    MacOs,
    Windows,
}

impl Platform {
    /// This system.
    pub(crate) fn here() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::MacOs
        } else {
            Self::Linux
        }
    }
}

/// What places are counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    /// The home folder.
    Home,
    /// `$XDG_CONFIG_HOME` or `~/.config`, on every system.
    Xdg,
    /// Where the system wants applications to keep what they are told: `~/.config`, `~/Library/Application Support`, `%APPDATA%`.
    Application,
    /// As [`Base::Xdg`], but `%APPDATA%` on Windows.
    XdgOrAppData,
    /// `$CLAUDE_CONFIG_DIR` or the home folder: where `.claude.json` lies.
    ClaudeState,
    /// `$CLAUDE_CONFIG_DIR` or `~/.claude`.
    Claude,
    /// `$CODEX_HOME` or `~/.codex`.
    Codex,
    /// The project's folder.
    Project,
}

/// A file or folder of a client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spot(pub(crate) Base, pub(crate) &'static str);

/// What the places follow from.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    pub(crate) platform: Platform,
    pub(crate) home: PathBuf,
    pub(crate) project: PathBuf,
    /// The variables that clients themselves go by, those that are set to an absolute path.
    pub(crate) variables: Vec<(&'static str, PathBuf)>,
}

/// Names of those variables.
const VARIABLES: [&str; 4] = ["XDG_CONFIG_HOME", "APPDATA", "CLAUDE_CONFIG_DIR", "CODEX_HOME"];

impl Ground {
    /// This process' ground; the project is the one that `folder` is in.
    pub(crate) fn here(home: &Path, folder: &Path) -> Self {
        let set = |name| Some((name, PathBuf::from(std::env::var_os(name)?)));
        let variables =
            VARIABLES.into_iter().filter_map(set).filter(|(_, path)| path.is_absolute()).collect();
        Self { platform: Platform::here(), home: home.to_owned(), project: project_of(folder), variables }
    }

    fn variable(&self, name: &str) -> Option<PathBuf> {
        self.variables.iter().find(|(known, _)| *known == name).map(|(_, path)| path.clone())
    }

    fn base(&self, base: Base) -> PathBuf {
        let home = |below: &str| self.home.join(below);
        let xdg = || self.variable("XDG_CONFIG_HOME").unwrap_or_else(|| home(".config"));
        let app_data = || self.variable("APPDATA").unwrap_or_else(|| home("AppData/Roaming"));
        match (base, self.platform) {
            (Base::Home, _) => self.home.clone(),
            (Base::Application, Platform::MacOs) => home("Library/Application Support"),
            (Base::Application | Base::XdgOrAppData, Platform::Windows) => app_data(),
            (Base::Xdg | Base::Application | Base::XdgOrAppData, _) => xdg(),
            (Base::ClaudeState, _) => self.variable("CLAUDE_CONFIG_DIR").unwrap_or_else(|| self.home.clone()),
            (Base::Claude, _) => self.variable("CLAUDE_CONFIG_DIR").unwrap_or_else(|| home(".claude")),
            (Base::Codex, _) => self.variable("CODEX_HOME").unwrap_or_else(|| home(".codex")),
            (Base::Project, _) => self.project.clone(),
        }
    }
}

impl Spot {
    /// Its path.
    pub(crate) fn path(&self, ground: &Ground) -> PathBuf {
        self.1
            .split('/')
            .filter(|part| !part.is_empty())
            .fold(ground.base(self.0), |path, part| path.join(part))
    }
}

/// The repository's folder, else the folder itself.
fn project_of(folder: &Path) -> PathBuf {
    folder.ancestors().find(|above| above.join(".git").exists()).unwrap_or(folder).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_platform_has_its_places() {
        let on = |platform, variables: Vec<(&'static str, PathBuf)>| Ground {
            platform,
            home: PathBuf::from("/h"),
            project: PathBuf::from("/p"),
            variables,
        };
        let app = Spot(Base::Application, "Code/User/mcp.json");
        let zed = Spot(Base::XdgOrAppData, "zed/settings.json");
        let (linux, mac, windows) =
            (on(Platform::Linux, vec![]), on(Platform::MacOs, vec![]), on(Platform::Windows, vec![]));
        assert_eq!(app.path(&linux), Path::new("/h/.config/Code/User/mcp.json"));
        assert_eq!(app.path(&mac), Path::new("/h/Library/Application Support/Code/User/mcp.json"));
        assert_eq!(app.path(&windows), Path::new("/h/AppData/Roaming/Code/User/mcp.json"));
        assert_eq!(zed.path(&mac), Path::new("/h/.config/zed/settings.json"));
        assert_eq!(zed.path(&windows), Path::new("/h/AppData/Roaming/zed/settings.json"));
        let moved =
            on(Platform::Linux, vec![("CLAUDE_CONFIG_DIR", "/c".into()), ("XDG_CONFIG_HOME", "/x".into())]);
        assert_eq!(Spot(Base::ClaudeState, ".claude.json").path(&moved), Path::new("/c/.claude.json"));
        assert_eq!(Spot(Base::ClaudeState, ".claude.json").path(&linux), Path::new("/h/.claude.json"));
        assert_eq!(Spot(Base::Claude, "settings.json").path(&linux), Path::new("/h/.claude/settings.json"));
        assert_eq!(zed.path(&moved), Path::new("/x/zed/settings.json"));
    }
}
