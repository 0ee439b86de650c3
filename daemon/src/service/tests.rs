//! The files as text. `.ci/run` has them read by `systemd-analyze verify` and by parsers of plists and XML.

use std::path::{Path, PathBuf};

use orc_proto::{Endpoint, Places, Settings};

use super::{Manager, Service, ServiceError, Standing};

const MANAGERS: [Manager; 3] = [Manager::Systemd, Manager::Launchd, Manager::TaskScheduler];

fn service(home: &Path, database: Option<&str>) -> Service {
    let places = Places::under(home);
    let endpoint = Endpoint::find(&places, &Settings::default(), database.map(Path::new)).unwrap();
    Service {
        program: PathBuf::from("/opt/to/task-orchestrator"),
        endpoint,
        places,
        config: None,
        runtime_dir: None,
        user: "HOME\\ann".to_owned(),
    }
}

fn texts(service: &Service, manager: Manager) -> Vec<String> {
    service.units(manager).unwrap().into_iter().map(|unit| unit.text).collect()
}

#[test]
fn no_place_is_left_unfilled_and_every_file_names_program_and_database() {
    let service = service(Path::new("/home/ann"), None);
    for manager in MANAGERS {
        let texts = texts(&service, manager);
        assert!(texts.iter().all(|text| !text.contains('@')), "{texts:?}");
        assert!(texts[0].contains("/opt/to/task-orchestrator"), "{texts:?}");
        assert!(texts[0].contains("/home/ann/.local/share/task-orchestrator/tasks.db"), "{texts:?}");
    }
    assert!(
        texts(&service, Manager::Systemd)[1]
            .contains(&format!("ListenStream={}\n", service.endpoint.socket.display()))
    );
}

#[test]
fn another_database_has_files_of_its_own() {
    let (one, other) = (service(Path::new("/h"), None), service(Path::new("/h"), Some("/h/other.db")));
    for manager in MANAGERS {
        let paths = |service: &Service| {
            service.units(manager).unwrap().into_iter().map(|unit| unit.path).collect::<Vec<_>>()
        };
        assert!(paths(&one).iter().all(|path| !paths(&other).contains(path)));
    }
}

#[test]
fn odd_paths_are_written_as_each_manager_reads_them() {
    let mut service = service(Path::new("/h"), Some("/h/a \"b\" 100% $x <&>.db"));
    service.config = Some(PathBuf::from("/h/my config.yaml"));
    service.runtime_dir = Some(PathBuf::from("/h/run here"));
    let systemd = texts(&service, Manager::Systemd).remove(0);
    assert!(
        systemd.contains(r#"--db "/h/a \"b\" 100%% $$x <&>.db" --config "/h/my config.yaml""#),
        "{systemd}"
    );
    assert!(systemd.contains("\nEnvironment=\"TASK_ORCHESTRATOR_RUNTIME_DIR=/h/run here\"\n"), "{systemd}");
    let plist = texts(&service, Manager::Launchd).remove(0);
    assert!(plist.contains("<string>/h/a &quot;b&quot; 100% $x &lt;&amp;&gt;.db</string>"), "{plist}");
    assert!(plist.contains("<string>/h/my config.yaml</string>"), "{plist}");
    let task = texts(&service, Manager::TaskScheduler).remove(0);
    assert!(task.contains("--config &quot;/h/my config.yaml&quot;</Arguments>"), "{task}");
}

#[test]
fn a_path_that_no_unit_can_hold_is_refused() {
    let service = service(Path::new("/h"), Some("/h/a\nExecStart=b.db"));
    for manager in MANAGERS {
        assert!(matches!(service.units(manager), Err(ServiceError::LineBreak { .. })));
    }
}

#[test]
fn writing_is_repeatable_and_leaves_others_files_alone() {
    let home = tempfile::tempdir().unwrap();
    let service = service(home.path(), None);
    let unit = service.units(Manager::Systemd).unwrap().remove(0);
    assert_eq!(unit.standing(), Standing::Missing);
    assert!(unit.write().unwrap());
    assert!(!unit.write().unwrap());
    std::fs::write(&unit.path, unit.text.replace("/opt/to", "/opt/older")).unwrap();
    assert_eq!(unit.standing(), Standing::Stale);
    assert!(unit.write().unwrap());
    std::fs::write(&unit.path, "[Service]\nExecStart=/bin/true\n").unwrap();
    assert!(matches!(unit.write(), Err(ServiceError::Foreign(_))));
    assert!(matches!(unit.remove(), Err(ServiceError::Foreign(_))));
    std::fs::write(&unit.path, &unit.text).unwrap();
    assert!(unit.remove().unwrap());
    assert!(!unit.remove().unwrap());
}
