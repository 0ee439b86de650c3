//! `service install|uninstall|status`: the files for the service manager. Tests have no manager: none is on their PATH, so that
//! none of the machine's own is ever told anything.

use std::{fs, path::PathBuf};

use e2e::{Finished, TestEnv, Value};

fn service(env: &TestEnv, words: &[&str]) -> Finished {
    env.person().set("PATH", env.folder()).run(&[&["service"], words].concat())
}

fn units(env: &TestEnv) -> Vec<PathBuf> {
    let folder = env.home().join(".config/systemd/user");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut units: Vec<PathBuf> = entries.collect();
    units.sort();
    units
}

fn status(env: &TestEnv) -> Value {
    env.person().set("PATH", env.folder()).json(&["service", "status"])
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_installed_twice_is_installed_once_and_goes_without_a_trace() {
    let env = TestEnv::new();
    let first = service(&env, &["install", "--no-start"]);
    assert!(first.success && first.stdout.contains("systemctl --user enable --now"), "{first:?}");
    let written = units(&env);
    assert_eq!(written.len(), 2, "{written:?}");
    let text = fs::read_to_string(&written[0]).expect("the service unit");
    assert!(text.contains(&format!("serve --db \"{}\"", env.database().display())), "{text}");
    let second = service(&env, &["install", "--no-start"]);
    assert!(second.success && second.stdout.matches("Already there").count() == 2, "{second:?}");
    assert_eq!(status(&env)["files"][0]["state"], "installed");
    // No manager can be told, and that is said; the files go all the same.
    let gone = service(&env, &["uninstall"]);
    assert!(!gone.success && gone.stderr.contains("systemctl --user disable"), "{gone:?}");
    assert_eq!(units(&env), Vec::<PathBuf>::new());
    let again = service(&env, &["uninstall"]);
    assert!(again.success && again.stdout.contains("No service is installed"), "{again:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_manager_that_cannot_be_told_is_said_with_the_command_to_run() {
    let env = TestEnv::new();
    let refused = service(&env, &["install"]);
    assert!(
        !refused.success && refused.stderr.contains("`systemctl --user daemon-reload` failed"),
        "{refused:?}"
    );
    let status = service(&env, &["status"]);
    assert!(!status.success && status.stdout.contains("off"), "{status:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_unit_of_somebody_else_stays() {
    let env = TestEnv::new();
    service(&env, &["install", "--no-start"]);
    let unit = units(&env).remove(0);
    fs::write(&unit, "[Service]\nExecStart=/bin/true\n").expect("another unit");
    let refused = service(&env, &["install", "--no-start"]);
    assert!(!refused.success && refused.stderr.contains("was not written by"), "{refused:?}");
    assert!(!service(&env, &["uninstall"]).success);
    assert_eq!(fs::read_to_string(&unit).expect("the unit"), "[Service]\nExecStart=/bin/true\n");
}

#[test]
fn every_managers_files_can_be_printed_anywhere_and_nothing_is_written() {
    let env = TestEnv::new();
    for (manager, word) in
        [("systemd", "[Socket]"), ("launchd", "<plist"), ("task-scheduler", "<LogonTrigger>")]
    {
        let printed = service(&env, &["install", "--print", "--manager", manager]);
        assert!(printed.success && printed.stdout.contains(word), "{printed:?}");
    }
    assert_eq!(units(&env), Vec::<PathBuf>::new());
    assert_eq!(status(&env)["on"], false);
}
