//! `doctor`: whether everything is in order, one line each, and what to do where it is not. Starts no daemon and changes nothing.
//!
//! A daemon that answers is asked about its database. Where none runs, its lock is held while the database is looked at
//! (`daemon.md` rule 1).

mod config;
mod daemon;
mod database;
mod finding;
mod places;

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::{Here, Trouble, say};
use daemon::Alive;
use finding::{Finding, State};

pub(crate) fn run(json: bool, db: Option<&Path>) -> Result<ExitCode, Trouble> {
    let here = Here::find(db)?;
    let findings = super::client_runtime()?.block_on(look(&here, db.is_some()));
    let problems = findings.iter().filter(|finding| finding.state == State::Problem).count();
    if json {
        let rows: Vec<_> = findings.iter().map(Finding::json).collect();
        say(&json!({"ok": problems == 0, "findings": rows}).to_string());
    } else {
        findings.iter().for_each(|finding| finding.lines().iter().for_each(|line| say(line)));
    }
    Ok(if problems == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// All findings, in the order in which one explains the next.
async fn look(here: &Here, by_flag: bool) -> Vec<Finding> {
    let mut findings = vec![
        Finding::ok("version", orc_proto::handshake::BUILD),
        places::database(here, by_flag),
        places::data_folder(&here.endpoint),
        places::file_system(&here.endpoint.database),
        places::runtime_folder(&here.endpoint),
    ];
    let alive = daemon::find(&here.endpoint).await;
    findings.extend(daemon::findings(&here.endpoint, &alive));
    match &alive {
        Alive::Answers { connection, status } if status["state"] == "ready" => {
            findings.extend(database::served(connection, status).await);
            findings.extend(config::in_force(&status["engine"]));
        }
        Alive::Answers { .. } | Alive::Silent(_) => {}
        Alive::Nobody => {
            findings.extend(database::at_rest(&here.endpoint));
            findings.extend(config::on_disk(here));
        }
    }
    findings.push(daemon::last_end(&here.endpoint, &alive));
    findings.push(places::backups(&here.endpoint.database));
    findings.push(places::log(&here.endpoint));
    findings
}
