//! Other users of the machine: refused by credentials, and shut out of every file (`daemon.md` rule 16).
//!
//! Playing another user takes root. Run by anybody else, the tests that need it say so, and what is left is held by
//! `peer::strangers_are_not_ours` and `private_dir::refuses_links_files_and_open_folders`.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "test code")]

use std::{
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        net::UnixListener,
        process::CommandExt,
    },
    path::{Path, PathBuf},
};

use e2e::machine::{TestEnv, eventually, raw};
use rustix::{process::Uid, thread::set_thread_res_uid};
use serde_json::json;

/// A user who owns nothing: `nobody`.
const STRANGER: u32 = 65_534;

/// Whether another user can be played here.
fn may_play_another_user() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        eprintln!("not run as root: no other user can be played, and this test holds nothing");
    }
    root
}

/// Does something in a thread that belongs to another user.
fn as_stranger<T: Send>(what: impl FnOnce() -> T + Send) -> T {
    let run = || {
        let uid = Uid::from_raw(STRANGER);
        set_thread_res_uid(uid, uid, uid).unwrap();
        what()
    };
    std::thread::scope(|scope| scope.spawn(run).join().unwrap())
}

fn open_up(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// A daemon whose socket anybody can reach and write to: only credentials are left to refuse by.
fn reachable_daemon() -> (TestEnv, PathBuf) {
    let env = TestEnv::new();
    env.client().call("get_context", json!({}));
    let socket = PathBuf::from(env.status()["socket"].as_str().unwrap());
    let database = env.database();
    let above = [&socket, &database].into_iter().flat_map(|file| file.ancestors().skip(1));
    for folder in above.filter(|path| path.starts_with(env.home().parent().unwrap())) {
        open_up(folder, 0o711);
    }
    open_up(&socket, 0o666);
    (env, socket)
}

#[test]
fn another_user_is_refused_before_anything_is_read() {
    if !may_play_another_user() {
        return;
    }
    let (env, socket) = reachable_daemon();
    let (silent, greeted) = as_stranger(|| {
        // Not a byte is sent, and the answer is there.
        let silent = raw::connect(&socket).and_then(|mut stream| {
            let reply = raw::receive(&mut stream)?;
            let ended = raw::receive(&mut stream).is_err();
            Ok((reply, ended))
        });
        (silent, raw::greet(&socket, &raw::hello(&env.database())))
    });
    let (reply, ended) = silent.unwrap();
    assert!(reply["refused"]["message"].as_str().unwrap().contains("its own user"), "{reply}");
    assert!(ended, "and the connection ends");
    // A hello may already find the door shut.
    let welcomed = greeted.is_ok_and(|reply| reply["welcome"].is_object());
    assert!(!welcomed, "another user was welcomed");
    open_up(&env.runtime(), 0o700);
    assert_eq!(env.status()["sessions"], 0, "no session of theirs");
}

#[test]
fn another_users_shim_sends_nothing_and_says_why() {
    if !may_play_another_user() {
        return;
    }
    let (env, _) = reachable_daemon();
    // The programs, where anybody may run them.
    let programs = tempfile::tempdir().unwrap();
    open_up(programs.path(), 0o755);
    let program = programs.path().join("task-orchestrator");
    e2e::machine::copy_program(&e2e::machine::binaries().join("task-orchestrator"), &program);
    let mut command = env.command(&program);
    command.args(["call", "get_context"]).current_dir("/").uid(STRANGER);
    let output = command.output().unwrap();
    assert!(!output.status.success());
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.contains("belongs to user 0, not to you"), "{words}");
}

#[test]
fn a_stranger_who_listens_in_our_place_hears_nothing() {
    if !may_play_another_user() {
        return;
    }
    let env = TestEnv::new();
    let socket = PathBuf::from(env.status()["socket"].as_str().unwrap());
    std::fs::create_dir_all(env.runtime()).unwrap();
    for folder in socket.ancestors().skip(1).filter(|path| path.starts_with(env.home().parent().unwrap())) {
        open_up(folder, 0o777);
    }
    let listener = as_stranger(|| UnixListener::bind(&socket).unwrap());
    listener.set_nonblocking(true).unwrap();
    open_up(&env.runtime(), 0o700);
    // `status` asks nobody while the lock is free.
    let refused = env.run(&["call", "get_context"]);
    assert!(refused.stderr.contains(&format!("belongs to user {STRANGER}")), "{refused:?}");
    let (mut heard, _) = listener.accept().expect("the connection was made");
    heard.set_nonblocking(false).unwrap();
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut heard, &mut bytes).unwrap();
    assert_eq!(bytes, b"", "nothing was sent");
}

#[test]
fn a_runtime_folder_that_others_may_write_or_own_is_refused() {
    for mode in [0o777, 0o1777, 0o770, 0o702] {
        let folder = tempfile::tempdir().unwrap();
        open_up(folder.path(), mode);
        let env = TestEnv::new().var("TASK_ORCHESTRATOR_RUNTIME_DIR", folder.path());
        let said = env.run(&["serve"]);
        assert!(said.stdout.contains(&format!("mode {mode:04o}")), "{mode:o}: {said:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "and nothing is put there");
    }
    if may_play_another_user() {
        let folder = tempfile::tempdir().unwrap();
        chown(folder.path(), Some(STRANGER), None).unwrap();
        let env = TestEnv::new().var("TASK_ORCHESTRATOR_RUNTIME_DIR", folder.path());
        let said = env.run(&["serve"]);
        assert!(said.stdout.contains(&format!("belongs to user {STRANGER}")), "{said:?}");
    }
}

#[test]
fn every_file_is_for_its_owner_alone_whatever_the_umask() {
    // With a folder that many may enter: there the files' own modes are all that protects.
    for (by_shim, umask) in [(true, "000"), (false, "000"), (false, "022")] {
        let env = TestEnv::new();
        let shared = env.home().join("shared");
        std::fs::create_dir(&shared).unwrap();
        open_up(&shared, 0o755);
        let env = env.var("TASK_ORCHESTRATOR_DB", shared.join("tasks.db"));
        let with_umask = |program: &str, arguments: &str| {
            let program = e2e::machine::binaries().join(program);
            let mut command = env.command("/bin/sh");
            command.args(["-c", &format!("umask {umask}; exec '{}' {arguments}", program.display())]);
            command
        };
        let mut daemon = (!by_shim).then(|| env.serve_by(&mut with_umask("task-orchestrator", "serve")));
        let mut client = e2e::machine::McpClient::spawn(with_umask("task-orchestrator-mcp", ""));
        client.initialize("2025-06-18");
        let made = client.call("manage_items", json!({"operation": "create", "title": "x"}));
        assert!(!made.1, "{made:?}");
        for place in [json!({}), json!({"output_dir": "out/deeper"})] {
            let mut call = json!({"operation": "create"});
            call.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
            let (made, refused) = client.call("manage_checkpoints", call);
            assert!(!refused, "{made}");
        }
        let mut seen = 0;
        let mut folders = vec![env.runtime(), shared.clone(), env.home().join("out")];
        while let Some(folder) = folders.pop() {
            let meta = folder.metadata().unwrap();
            assert!(folder == shared || meta.mode() & 0o077 == 0, "{}: {:o}", folder.display(), meta.mode());
            for entry in std::fs::read_dir(&folder).unwrap().flatten() {
                let (path, meta) = (entry.path(), entry.metadata().unwrap());
                if meta.is_dir() {
                    folders.push(path);
                    continue;
                }
                seen += 1;
                assert_eq!(
                    meta.mode() & 0o077,
                    0,
                    "{} with umask {umask}: {:o}",
                    path.display(),
                    meta.mode()
                );
            }
        }
        assert!(seen >= 7, "database, -wal, -shm, lock, socket and two checkpoints, but only {seen}");
        assert_eq!(env.run(&["stop"]).code, Some(0));
        if let Some(daemon) = &mut daemon {
            eventually("it ends", || daemon.try_wait().unwrap());
        }
    }
}
