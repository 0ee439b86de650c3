//! Layouts made by git itself and by hand.

use std::process::Command;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// A folder that stands for the machine: `home` in it is HOME.
struct Disk {
    _keep: TempDir,
    at: PathBuf,
}

impl Disk {
    fn new() -> Self {
        let keep = tempfile::tempdir().unwrap();
        let at = keep.path().canonicalize().unwrap();
        let disk = Self { _keep: keep, at };
        disk.folder("home");
        disk
    }

    fn path(&self, path: &str) -> PathBuf {
        self.at.join(path)
    }

    fn folder(&self, path: &str) -> PathBuf {
        fs::create_dir_all(self.path(path)).unwrap();
        self.path(path)
    }

    fn file(&self, path: &str, text: &str) {
        self.folder(Path::new(path).parent().unwrap().to_str().unwrap());
        fs::write(self.path(path), text).unwrap();
    }

    /// The files of a repository, made by hand.
    fn git_dir(&self, path: &str) {
        self.folder(&format!("{path}/objects"));
        self.folder(&format!("{path}/refs"));
        self.file(&format!("{path}/HEAD"), "ref: refs/heads/main\n");
    }

    /// The root found from there, as a path on this disk; `-` when there is none.
    fn root(&self, from: &str) -> String {
        match find(&self.path(from), &self.path("home")) {
            Some(found) => found.root.strip_prefix(&self.at).unwrap().to_string_lossy().into_owned(),
            None => "-".to_owned(),
        }
    }

    fn check(&self, cases: &[(&str, &str)]) {
        for (from, want) in cases {
            assert_eq!(self.root(from), *want, "from {from}");
        }
    }

    /// Runs git; false when there is none on this machine.
    fn git(&self, folder: &str, arguments: &str) -> bool {
        let mut command = Command::new("git");
        command
            .current_dir(self.folder(folder))
            .env("HOME", self.path("home"))
            .env("GIT_CONFIG_NOSYSTEM", "1");
        command.args(["-c", "protocol.file.allow=always", "-c", "user.name=t", "-c", "user.email=t@t"]);
        command.env_remove("GIT_DIR").env_remove("GIT_WORK_TREE").env_remove("GIT_INDEX_FILE");
        match command.args(arguments.split(' ')).output() {
            Ok(out) => {
                assert!(out.status.success(), "git {arguments}: {}", String::from_utf8_lossy(&out.stderr));
                true
            }
            Err(_) => false,
        }
    }
}

#[test]
fn the_nearest_repository_or_settings_folder_counts() {
    let disk = Disk::new();
    disk.git_dir("home/app/.git");
    disk.folder("home/app/src/deep");
    disk.folder("home/app/tool/.taskorchestrator");
    disk.folder("home/app/tool/src");
    disk.folder("home/plain/.taskorchestrator");
    disk.folder("home/none/src");
    // Neither an empty .git folder nor a file named like the settings folder makes a project.
    disk.folder("home/none/.git");
    disk.file("home/none/src/.taskorchestrator", "");
    disk.check(&[
        ("home/app", "home/app"),
        ("home/app/src/deep", "home/app"),
        ("home/app/src/gone/for/good", "home/app"),
        ("home/app/.git/refs", "home/app"),
        ("home/app/tool/src", "home/app/tool"),
        ("home/plain", "home/plain"),
        ("home/none/src", "-"),
        ("home", "-"),
    ]);
}

#[test]
fn home_is_a_project_only_when_it_says_so() {
    let disk = Disk::new();
    disk.git_dir("home/.git");
    disk.folder("home/x");
    disk.check(&[("home", "-"), ("home/x", "-")]);
    disk.folder("home/.taskorchestrator");
    disk.check(&[("home", "home"), ("home/x", "home")]);
}

#[test]
fn a_project_has_one_config() {
    let disk = Disk::new();
    disk.git_dir("p/.git");
    let config = || find(&disk.path("p"), &disk.path("home")).unwrap().config;
    assert_eq!(config(), None);
    disk.file("p/.taskorchestrator/config.yml", "");
    assert_eq!(config(), Some(disk.path("p/.taskorchestrator/config.yml")));
    disk.file("p/.taskorchestrator/config.yaml", "");
    assert_eq!(config(), Some(disk.path("p/.taskorchestrator/config.yaml")));
}

#[test]
fn git_worktrees_are_one_project_and_submodules_are_their_own() {
    let disk = Disk::new();
    if !disk.git("main", "init -q") {
        return;
    }
    disk.git("main", "commit -q --allow-empty -m x");
    disk.file("main/.taskorchestrator/config.yaml", "name: one\n");
    disk.git("main", "worktree add -q ../linked");
    disk.git("main", "worktree add -q inside/second");
    disk.git("lib", "init -q");
    disk.git("lib", "commit -q --allow-empty -m x");
    disk.git("main", "submodule --quiet add ../lib sub");
    disk.git("main/sub", "worktree add -q ../../sub-linked");
    disk.folder("linked/src");
    disk.folder("linked/new/.taskorchestrator");
    disk.folder("linked/both/.taskorchestrator");
    disk.folder("main/both/.taskorchestrator");
    disk.check(&[
        ("main", "main"),
        ("linked/src", "main"),
        ("main/inside/second", "main"),
        ("main/sub", "main/sub"),
        ("sub-linked", "main/sub"),
        ("lib", "lib"),
        ("linked/new", "main"),
        ("linked/both", "main/both"),
    ]);
    let found = find(&disk.path("linked/src"), &disk.path("home")).unwrap();
    assert_eq!(found.config, Some(disk.path("main/.taskorchestrator/config.yaml")));
}

#[test]
fn worktrees_of_a_bare_repository_share_its_folder() {
    let disk = Disk::new();
    if !disk.git("seed", "init -q") {
        return;
    }
    disk.git("seed", "commit -q --allow-empty -m x");
    disk.git(".", "clone -q --bare seed store.git");
    disk.git("store.git", "worktree add -q ../one");
    disk.git("store.git", "worktree add -q -b b ../two");
    // The layout in which a folder holds nothing but worktrees and the files they share.
    disk.git(".", "clone -q --bare seed hub/.bare");
    disk.file("hub/.git", "gitdir: ./.bare\n");
    disk.git("hub", "worktree add -q three");
    disk.git(".", "clone -q --bare seed dot/.git");
    disk.git("dot", "worktree add -q four");
    disk.check(&[
        ("one", "store.git"),
        ("two", "store.git"),
        ("store.git", "store.git"),
        ("store.git/refs", "store.git"),
        ("hub", "hub"),
        ("hub/three", "hub"),
        ("hub/.bare", "hub"),
        ("dot/four", "dot"),
    ]);
}

#[test]
fn files_of_a_repository_kept_elsewhere() {
    let disk = Disk::new();
    disk.git_dir("files/repo");
    disk.file("work/.git", "gitdir: ../files/repo\n");
    disk.folder("work/src");
    disk.check(&[("work/src", "work")]);
}

#[test]
fn junk_is_no_repository() {
    let disk = Disk::new();
    let long = format!("gitdir: {}", "x/".repeat(20_000));
    let junk = [
        "",
        "gitdir:",
        "gitdir: ",
        "gitdir: ../nowhere",
        "gitdir: .",
        "\u{0}\u{1}",
        "gitdir: a\0b",
        long.as_str(),
    ];
    for text in junk {
        disk.file("home/p/.git", text);
        disk.check(&[("home/p", "-")]);
    }
    // A linked worktree whose main repository was moved away.
    disk.file("admin/HEAD", "ref: refs/heads/x\n");
    disk.file("admin/commondir", "../..\n");
    disk.file("home/p/.git", &format!("gitdir: {}\n", disk.path("admin").display()));
    disk.check(&[("home/p", "-")]);
    fs::write(disk.path("home/p/.git"), [0xff, 0xfe, 0x00]).unwrap();
    disk.check(&[("home/p", "-")]);
    for relative in ["", ".", "src"] {
        assert_eq!(find(Path::new(relative), Path::new("")), None);
    }
}

#[cfg(unix)]
#[test]
fn links_lead_to_the_same_project_and_loops_to_none() {
    use std::os::unix::fs::symlink;
    let disk = Disk::new();
    disk.git_dir("real/.git");
    disk.folder("real/src");
    symlink(disk.path("real/src"), disk.path("home/short")).unwrap();
    symlink("loop", disk.path("home/loop")).unwrap();
    disk.folder("home/q");
    symlink(".git", disk.path("home/q/.git")).unwrap();
    disk.check(&[("home/short", "real"), ("home/loop", "-"), ("home/q", "-")]);
    // HOME itself may be a link.
    symlink(disk.path("home"), disk.path("away")).unwrap();
    disk.git_dir("home/.git");
    assert_eq!(find(&disk.path("home"), &disk.path("away")), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_content_makes_it_panic(dot_git in any::<Vec<u8>>(), common in "(\\.\\./|/|a|\\PC){0,6}", config in any::<Vec<u8>>()) {
        let disk = Disk::new();
        disk.folder("p");
        fs::write(disk.path("p/.git"), dot_git).unwrap();
        let _ = disk.root("p");
        disk.git_dir("g");
        disk.file("g/commondir", &common);
        fs::write(disk.path("g/config"), config).unwrap();
        disk.file("p/.git", "gitdir: ../g");
        let _ = find(&disk.path("p"), &disk.path("home"));
        let _ = find(&disk.path("g"), &disk.path("home"));
    }
}
