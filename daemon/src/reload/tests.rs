//! Real files in real folders; what has to happen by itself is waited for on the watch channel.

use std::collections::HashMap;
use std::fs;

use orc_core::time::DAY;
use tempfile::TempDir;

use super::*;

mod by_itself;

/// What was good last, kept in memory.
#[derive(Default)]
struct Kept(Mutex<HashMap<PathBuf, String>>);

impl LastGood for Kept {
    fn load(&self, path: &Path) -> Option<String> {
        lock(&self.0).get(path).cloned()
    }

    fn save(&self, path: &Path, text: Option<&str>) {
        match text {
            Some(text) => drop(lock(&self.0).insert(path.to_owned(), text.to_owned())),
            None => drop(lock(&self.0).remove(path)),
        }
    }
}

/// A user's config folder, a project, and what outlives the daemon.
struct Disk {
    _keep: TempDir,
    at: PathBuf,
    kept: Arc<Kept>,
}

impl Disk {
    fn new() -> Self {
        let keep = tempfile::tempdir().unwrap();
        let at = keep.path().canonicalize().unwrap();
        let disk = Self { _keep: keep, at, kept: Arc::default() };
        fs::create_dir_all(disk.path("conf")).unwrap();
        fs::create_dir_all(disk.path("proj/.taskorchestrator")).unwrap();
        disk
    }

    fn path(&self, path: &str) -> PathBuf {
        self.at.join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.path(path), text).unwrap();
    }

    /// Saves as most editors do: beside it, then over it.
    fn replace(&self, path: &str, text: &str) {
        let beside = self.path(&format!("{path}.new"));
        fs::write(&beside, text).unwrap();
        fs::rename(beside, self.path(path)).unwrap();
    }

    fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).unwrap();
    }

    /// A daemon's start.
    fn open(&self) -> ConfigBook {
        ConfigBook::open(self.path(USER), self.kept.clone())
    }

    fn project(&self) -> ProjectRoot {
        ProjectRoot { root: self.path("proj"), config: None }
    }
}

const USER: &str = "conf/config.yaml";
const PROJECT: &str = "proj/.taskorchestrator/config.yaml";

/// A file in which items of type `task` need the note `key`.
fn gate(key: &str) -> String {
    format!("work_item_schemas: {{task: {{notes: [{{key: {key}, required: true}}]}}}}\n")
}

/// The keys that items of type `task` need.
fn gates(now: &InForce, project: Option<&str>) -> Vec<String> {
    let schema = now.policies.of(project).schema("task");
    schema.map_or(vec![], |s| s.notes.iter().map(|note| note.key.clone()).collect())
}

fn fault(now: &InForce) -> (usize, usize, String) {
    assert_eq!(now.faults.len(), 1, "{now:?}");
    (now.faults[0].line, now.faults[0].column, now.faults[0].message.clone())
}

#[test]
fn without_files_defaults_are_in_force() {
    let disk = Disk::new();
    fs::remove_dir(disk.path("conf")).unwrap();
    let book = disk.open();
    book.add_project("p", &disk.project());
    let now = book.in_force();
    assert_eq!(*now.policies, Policies::default());
    assert_eq!((now.faults.len(), now.notices.len(), now.revision), (0, 0, 1));
    assert_eq!((now.idle_exit, now.history_keep), (Duration::from_secs(1800), None));
    assert_eq!((&now.user_file, now.project_files.len()), (&None, 0));
}

#[test]
fn a_call_right_after_a_save_sees_it() {
    let disk = Disk::new();
    let book = disk.open();
    // Same length, same time step, same file: only its content tells.
    for key in ["a", "b", "c", "d"] {
        disk.write(USER, &gate(key));
        assert_eq!(gates(&book.refresh_if_changed(), None), [key]);
    }
    let before = book.in_force();
    assert!(Arc::ptr_eq(&before, &book.refresh_if_changed()), "nothing new is nothing published");
    disk.write(USER, &format!("# only a comment more\n{}", gate("d")));
    assert!(Arc::ptr_eq(&before.policies, &book.refresh_if_changed().policies));
    disk.write(USER, "history: {keep: 30d}\ndaemon: {idle_exit: 5m}");
    let now = book.refresh_if_changed();
    assert_eq!((now.history_keep, now.idle_exit), (Some(30 * DAY), Duration::from_secs(300)));
    assert_eq!(now.user_file, Some(disk.path(USER)));
}

#[test]
fn a_bad_file_changes_nothing_not_even_across_a_restart() {
    let disk = Disk::new();
    disk.write(USER, &gate("spec"));
    let book = disk.open();
    disk.write(USER, &gate("spec").replace("notes", "noets"));
    for now in [book.refresh_if_changed(), book.reload_now(), disk.open().in_force()] {
        assert_eq!(gates(&now, None), ["spec"]);
        let (line, column, message) = fault(&now);
        assert_eq!((line, column), (1, 28));
        assert!(message.contains("did you mean notes?"), "{message}");
        assert!(message.ends_with("; the last good version stays in force"), "{message}");
        assert_eq!((&now.faults[0].path, &now.faults[0].project), (&disk.path(USER), &None));
    }
    disk.write(USER, &gate("other"));
    let now = book.refresh_if_changed();
    assert_eq!((gates(&now, None), now.faults.len()), (vec!["other".to_owned()], 0));
}

#[test]
fn a_file_that_was_never_good_leaves_the_defaults() {
    let disk = Disk::new();
    disk.write(USER, "stale: {queue: soon}");
    let now = disk.open().in_force();
    assert_eq!(*now.policies, Policies::default());
    let (line, column, message) = fault(&now);
    assert_eq!((line, column), (1, 16));
    assert!(message.ends_with("no version of it was ever good, so defaults are in force"), "{message}");
}

#[test]
fn an_empty_file_is_half_written() {
    let disk = Disk::new();
    disk.write(USER, &gate("spec"));
    let book = disk.open();
    disk.write(USER, " \n");
    let now = book.refresh_if_changed();
    assert_eq!(
        (gates(&now, None), now.faults.len()),
        (vec!["spec".to_owned()], 0),
        "it may still be written"
    );
    for now in [book.reload_now(), book.refresh_if_changed(), disk.open().in_force()] {
        assert_eq!(gates(&now, None), ["spec"]);
        assert!(fault(&now).2.contains("half-written"));
    }
    disk.write(USER, "{}");
    let now = book.refresh_if_changed();
    assert_eq!((gates(&now, None).len(), now.faults.len()), (0, 0));
    assert_eq!(disk.kept.load(&disk.path(USER)).as_deref(), Some("{}"));

    // Where nothing was in force, an empty file is as good as none.
    disk.write(PROJECT, "");
    book.add_project("p", &disk.project());
    for now in [book.in_force(), book.refresh_if_changed(), book.reload_now()] {
        assert_eq!((now.faults.len(), now.project_files.len()), (0, 0));
    }
}

#[test]
fn a_deleted_file_means_defaults_and_is_forgotten() {
    let disk = Disk::new();
    disk.write(USER, &gate("spec"));
    let book = disk.open();
    assert!(disk.kept.load(&disk.path(USER)).is_some());
    disk.remove(USER);
    assert_eq!(gates(&book.refresh_if_changed(), None), ["spec"], "an editor may be about to write it");
    let now = book.reload_now();
    assert_eq!(gates(&now, None).len(), 0);
    assert_eq!(now.notices, [format!("{} was deleted: defaults are in force", disk.path(USER).display())]);
    assert_eq!(disk.kept.load(&disk.path(USER)), None);
    disk.write(USER, &gate("again"));
    let now = book.refresh_if_changed();
    assert_eq!((gates(&now, None), now.notices.len()), (vec!["again".to_owned()], 0));

    // Also when it happens while no daemon runs.
    drop(book);
    disk.remove(USER);
    let now = disk.open().in_force();
    assert_eq!((gates(&now, None).len(), now.notices.len()), (0, 1));
    assert_eq!(disk.open().in_force().notices.len(), 0);
}

#[test]
fn what_cannot_be_read_is_a_fault_without_a_place() {
    let disk = Disk::new();
    disk.write(USER, &gate("spec"));
    let book = disk.open();
    disk.remove(USER);
    fs::create_dir(disk.path(USER)).unwrap();
    let now = book.refresh_if_changed();
    assert_eq!(gates(&now, None), ["spec"]);
    assert_eq!(fault(&now), (0, 0, "it is a folder; the last good version stays in force".to_owned()));
    fs::remove_dir(disk.path(USER)).unwrap();
    fs::write(disk.path(USER), b"stale: {}\n# \xc3\xa9 \xff").unwrap();
    assert_eq!(fault(&book.refresh_if_changed()).0, 2);
    assert_eq!(fault(&book.in_force()).1, 5);
    disk.write(USER, &"#\n".repeat(1 << 20));
    assert!(fault(&book.refresh_if_changed()).2.contains("more than 1048576 bytes"));
    assert_eq!(gates(&book.in_force(), None), ["spec"]);
}

#[cfg(unix)]
#[test]
fn links_and_permissions() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let disk = Disk::new();
    disk.write("real.yaml", &gate("spec"));
    symlink(disk.path("real.yaml"), disk.path(USER)).unwrap();
    let book = disk.open();
    assert_eq!(gates(&book.in_force(), None), ["spec"]);
    disk.replace("real.yaml", &gate("new"));
    assert_eq!(gates(&book.refresh_if_changed(), None), ["new"]);
    disk.remove("real.yaml");
    let now = book.reload_now();
    assert_eq!(gates(&now, None), ["new"], "a link to nowhere is no deleted file");
    assert!(fault(&now).2.contains("link to a file that is not there"));

    // Root may read everything.
    if rustix::process::geteuid().is_root() {
        return;
    }
    disk.write("real.yaml", &gate("closed"));
    fs::set_permissions(disk.path("real.yaml"), fs::Permissions::from_mode(0o000)).unwrap();
    let now = book.refresh_if_changed();
    assert_eq!(gates(&now, None), ["new"]);
    assert!(fault(&now).2.contains("permission denied"));
    fs::set_permissions(disk.path("real.yaml"), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(gates(&book.refresh_if_changed(), None), ["closed"]);
}

#[test]
fn a_projects_file_lies_over_the_users() {
    let disk = Disk::new();
    disk.write(
        USER,
        "work_item_schemas: {task: {}, bug: {}}\nstale: {queue: 1d}\nclaims: {protect_notes: true}",
    );
    let book = disk.open();
    book.add_project("p", &disk.project());
    assert_eq!(book.in_force().policies.of(Some("p")), &*book.in_force().policies.user);
    disk.write(PROJECT, &format!("name: named\nstale: {{work: 2d}}\n{}", gate("spec")));
    let now = book.refresh_if_changed();
    assert_eq!((gates(&now, Some("p")), gates(&now, None).len()), (vec!["spec".to_owned()], 0));
    let policy = now.policies.of(Some("p"));
    assert_eq!((policy.stale_queue, policy.stale_work), (DAY, 2 * DAY));
    assert!(now.policies.claims.protect_notes);
    let of = |schema| now.file_of_schema(Some("p"), schema);
    assert_eq!(of("task"), Some(disk.path(PROJECT).as_path()));
    assert_eq!(of("bug"), Some(disk.path(USER).as_path()));
    assert_eq!(of("none"), None);
    assert_eq!(book.declared_name(&disk.project()).as_deref(), Some("named"));

    // A bad one is that project's fault alone, and takes nothing away, its name included.
    disk.write(PROJECT, "claims: {}");
    let now = book.refresh_if_changed();
    assert_eq!(gates(&now, Some("p")), ["spec"]);
    assert_eq!(now.faults[0].project.as_deref(), Some("p"));
    assert_eq!(book.declared_name(&disk.project()).as_deref(), Some("named"));

    disk.remove(PROJECT);
    let now = book.reload_now();
    assert!(now.notices[0].ends_with("was deleted: the user's rules are in force"), "{:?}", now.notices);
    assert_eq!(gates(&now, Some("p")).len(), 0);
}

#[test]
fn a_project_that_is_renamed_or_unmounted_keeps_its_rules() {
    let disk = Disk::new();
    disk.write(PROJECT, &gate("spec"));
    let book = disk.open();
    book.add_project("p", &disk.project());
    let revision = book.in_force().revision;
    book.add_project("p", &disk.project());
    assert_eq!(book.in_force().revision, revision);
    book.add_project("q", &disk.project());
    let now = book.in_force();
    assert_eq!(now.policies.projects.keys().collect::<Vec<_>>(), ["q"]);

    fs::rename(disk.path("proj"), disk.path("away")).unwrap();
    let now = book.reload_now();
    assert_eq!(gates(&now, Some("q")), ["spec"]);
    assert!(now.notices[0].contains("stays in force"), "{:?}", now.notices);
    fs::rename(disk.path("away"), disk.path("proj")).unwrap();
    assert_eq!(book.refresh_if_changed().notices.len(), 0);
    fs::rename(disk.path("proj"), disk.path("away")).unwrap();
    book.refresh_if_changed();
    fs::create_dir(disk.path("proj")).unwrap();
    assert_eq!(gates(&book.reload_now(), Some("q")).len(), 0, "now the file is gone and not the disk");
}

#[test]
fn the_other_ending_is_read_too() {
    let disk = Disk::new();
    let yml = PROJECT.replace(".yaml", ".yml");
    disk.write(&yml, &gate("yml"));
    let book = disk.open();
    book.add_project("p", &disk.project());
    assert_eq!(gates(&book.in_force(), Some("p")), ["yml"]);
    disk.write(PROJECT, &gate("yaml"));
    let now = book.refresh_if_changed();
    assert_eq!(gates(&now, Some("p")), ["yaml"]);
    assert!(now.notices[0].contains("config.yml is not read, because"), "{:?}", now.notices);
    disk.remove(PROJECT);
    let now = book.refresh_if_changed();
    assert_eq!((gates(&now, Some("p")), now.notices.len()), (vec!["yml".to_owned()], 0));
}

#[test]
fn many_threads_see_what_was_saved_before_they_asked() {
    let disk = Disk::new();
    let book = disk.open();
    for round in 0..50 {
        let key = format!("k{round}");
        disk.replace(USER, &gate(&key));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| assert_eq!(gates(&book.refresh_if_changed(), None), [key.as_str()]));
            }
        });
        assert_eq!(disk.kept.load(&disk.path(USER)), Some(gate(&key)));
    }
}
