//! `service install|uninstall|status`: has the system's service manager run the daemon.

use std::{
    path::Path,
    process::{Command, ExitCode, Stdio},
};

use serde_json::json;

use super::{Here, Trouble, say, stop};
use crate::service::{Manager, Order, Service, Standing, Unit};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Have the daemon run for good: written for systemd, launchd or Windows' task scheduler, and started
    Install(Install),
    /// End it and take the files away. The database stays
    Uninstall(Which),
    /// Say what is installed and whether it is on (exit code 1: it is not, or not as it should be)
    Status(Which),
}

#[derive(clap::Args)]
struct Install {
    #[command(flatten)]
    which: Which,
    /// Write the files and start nothing
    #[arg(long)]
    no_start: bool,
    /// Print the files and write nothing
    #[arg(long, conflicts_with = "no_start")]
    print: bool,
}

#[derive(clap::Args)]
struct Which {
    /// In place of this system's own
    #[arg(long, value_enum, hide = true)]
    manager: Option<Manager>,
}

impl Which {
    fn manager(&self) -> Manager {
        self.manager.unwrap_or(Manager::of_this_system())
    }
}

pub(crate) fn run(arguments: &Arguments, json: bool, db: Option<&Path>) -> Result<ExitCode, Trouble> {
    let here = Here::find(db)?;
    let service = of(&here)?;
    match &arguments.what {
        What::Install(install) => set_up(&here, &service, install),
        What::Uninstall(which) => take_down(&here, &service, which.manager()),
        What::Status(which) => tell(&service, which.manager(), json),
    }
}

fn of(here: &Here) -> Result<Service, Trouble> {
    let name = |key: &str| std::env::var(key).ok().filter(|value| !value.is_empty());
    let user = name("USERNAME").or_else(|| name("USER")).unwrap_or_default();
    let user = name("USERDOMAIN").map_or(user.clone(), |domain| format!("{domain}\\{user}"));
    Ok(Service {
        program: std::env::current_exe()?,
        endpoint: here.endpoint.clone(),
        places: here.places.clone(),
        config: here.settings.config.clone(),
        runtime_dir: here.settings.runtime_dir.clone(),
        user,
    })
}

fn set_up(here: &Here, service: &Service, install: &Install) -> Result<ExitCode, Trouble> {
    let manager = install.which.manager();
    let units = units(service, manager)?;
    if install.print {
        for unit in &units {
            say(&format!("# {}\n{}", unit.path.display(), unit.text));
        }
        return Ok(ExitCode::SUCCESS);
    }
    // Before the manager's socket takes the place of a daemon's own; sessions find the new one by themselves.
    here.endpoint.prepare().map_err(|error| Trouble::Said(error.to_string()))?;
    for unit in &units {
        let written = unit.write().map_err(|error| Trouble::Said(error.to_string()))?;
        let word = if written { "Wrote" } else { "Already there:" };
        say(&format!("{word} {}", unit.path.display()));
    }
    let orders = manager.start(service);
    if install.no_start {
        say("Not started. To start it:");
        orders.iter().for_each(|order| say(&format!("  {order}")));
        return Ok(ExitCode::SUCCESS);
    }
    stop::now(here)?;
    give(&orders)?;
    say("The daemon runs for good: started with the first session, and with every login.");
    Ok(ExitCode::SUCCESS)
}

fn take_down(here: &Here, service: &Service, manager: Manager) -> Result<ExitCode, Trouble> {
    let units = units(service, manager)?;
    if units.iter().all(|unit| unit.standing() == Standing::Missing) {
        say("No service is installed for this database.");
        return Ok(ExitCode::SUCCESS);
    }
    // A manager that cannot be reached runs nothing either.
    let ended = give(&manager.end(service));
    for unit in &units {
        if unit.remove().map_err(|error| Trouble::Said(error.to_string()))? {
            say(&format!("Removed {}", unit.path.display()));
        }
    }
    ended.and_then(|()| give(&manager.forget()))?;
    stop::now(here)?;
    say(&format!("The database stays: {}", here.endpoint.database.display()));
    Ok(ExitCode::SUCCESS)
}

fn tell(service: &Service, manager: Manager, json: bool) -> Result<ExitCode, Trouble> {
    let units = units(service, manager)?;
    let is_on = obey(&manager.question(service)).is_ok();
    let files: Vec<_> = units.iter().map(|unit| (unit.path.display().to_string(), word(unit))).collect();
    if json {
        let files: Vec<_> = files.iter().map(|(path, state)| json!({"path": path, "state": state})).collect();
        say(&json!({"name": service.name(manager), "on": is_on, "files": files}).to_string());
    } else {
        files.iter().for_each(|(path, state)| say(&format!("{state:<9} {path}")));
        say(if is_on {
            "on        the service manager keeps it"
        } else {
            "off       see `task-orchestrator service install`"
        });
    }
    let right = is_on && units.iter().all(|unit| unit.standing() == Standing::Right);
    Ok(if right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn units(service: &Service, manager: Manager) -> Result<Vec<Unit>, Trouble> {
    service.units(manager).map_err(|error| Trouble::Said(error.to_string()))
}

fn word(unit: &Unit) -> &'static str {
    match unit.standing() {
        Standing::Right => "installed",
        Standing::Stale => "stale",
        Standing::Foreign => "foreign",
        Standing::Missing => "missing",
    }
}

fn give(orders: &[Order]) -> Result<(), Trouble> {
    for order in orders {
        obey(order).map_err(|why| {
            Trouble::Said(format!(
                "`{order}` failed: {why}. Run it yourself once you are logged in as the user."
            ))
        })?;
    }
    Ok(())
}

/// Runs one command; the error is what it complained.
fn obey(order: &Order) -> Result<(), String> {
    let ran = Command::new(order.program).args(&order.arguments).stdin(Stdio::null()).output();
    let ran = ran.map_err(|error| error.to_string())?;
    if ran.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ran.stderr);
    Err(said.lines().last().map_or_else(|| ran.status.to_string(), str::to_owned))
}
