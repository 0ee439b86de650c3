//! `watch`: what happens, as it happens. A line for each change, or a screen that is drawn anew.

use std::{
    io::{IsTerminal, Write},
    time::Duration,
};

use orc_proto::wire::ToolCall;
use serde_json::Value;
use tokio::sync::watch;

use super::{
    Trouble,
    events::{Titles, line},
    exit::Exit,
    items::rows,
    person::{Given, Person},
    remark,
};
use crate::clock;

mod screen;

use screen::Screen;

/// How long one question waits for a change; a screen shows how old things are, so it asks more often.
const PATIENCE: Duration = Duration::from_secs(300);
const SCREEN_PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks whether a daemon that is gone is back.
const AGAIN: Duration = Duration::from_millis(500);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// An overview that is drawn anew at each change
    #[arg(long, conflicts_with = "json")]
    screen: bool,
    /// Changes of items of this project; * is all
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
}

/// What a question brought.
enum Found {
    /// Changes, perhaps none, and the cursor behind them.
    Changes(Vec<Value>, i64),
    /// The daemon is gone.
    Gone,
    /// Somebody pressed Ctrl-C.
    Ended,
}

pub(crate) fn run(arguments: &Arguments, person: &Person) -> Result<Exit, Trouble> {
    if arguments.screen && !std::io::stdout().is_terminal() {
        return Err(Trouble::Usage("--screen needs a terminal; without it each change is a line".to_owned()));
    }
    let mut ended = person.wait(async { ends() })?;
    let project = arguments.project.as_deref();
    let mut cursor = newest(person, project)?;
    person.only_look_on();
    let mut titles = Titles::asked();
    let mut screen = arguments.screen.then(Screen::open);
    if screen.is_none() && !person.json {
        remark("Waiting for changes; Ctrl-C ends.");
    }
    loop {
        if let Some(screen) = &mut screen {
            match screen.draw(person, project, &clock::now()) {
                Err(trouble) if passes(&trouble) => person.disconnect(),
                drawn => drawn?,
            }
        }
        let asked = asked(cursor, project, screen.is_some());
        match question(person, asked, cursor, &mut ended)? {
            Found::Ended => return Ok(Exit::Fine),
            Found::Gone => {
                if screen.is_none() {
                    remark("The daemon is gone; waiting until it is back. Ctrl-C ends.");
                }
                if !come_back(person, &mut ended) {
                    return Ok(Exit::Fine);
                }
            }
            Found::Changes(changes, behind) => {
                cursor = behind;
                match &mut screen {
                    Some(screen) => screen.happened(&changes, &mut titles, person)?,
                    None if !tell(&changes, &mut titles, person)? => return Ok(Exit::Fine),
                    None => {}
                }
            }
        }
    }
}

/// Ctrl-C, or the end that a service manager wishes.
fn ends() -> Result<watch::Receiver<bool>, Trouble> {
    let (tell, told) = watch::channel(false);
    #[cfg(unix)]
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::spawn(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
        let _ = tell.send(true);
    });
    Ok(told)
}

/// Where the history ends now.
fn newest(person: &Person, project: Option<&str>) -> Result<i64, Trouble> {
    let given = Given::default().with("limit", 1).maybe("project", project);
    let answer = person.call("query_history", given.done())?;
    Ok(answer.value["cursor"].as_i64().unwrap_or_default())
}

/// The question what happened after the cursor, and how long it may wait.
fn asked(cursor: i64, project: Option<&str>, screen: bool) -> (ToolCall, Duration) {
    let patience = if screen { SCREEN_PATIENCE } else { PATIENCE };
    let given = Given::default().with("cursor", cursor).with("timeout_seconds", patience.as_secs());
    let arguments = given.maybe("project", project).done().to_string();
    let call =
        ToolCall { name: "wait_for".to_owned(), arguments: Some(arguments.into()), ..ToolCall::default() };
    (call, patience)
}

/// Asks once.
fn question(
    person: &Person,
    (call, patience): (ToolCall, Duration),
    cursor: i64,
    ended: &mut watch::Receiver<bool>,
) -> Result<Found, Trouble> {
    let asking = async {
        let connection = person.connection().await.ok()?;
        connection.call(call, patience + Duration::from_secs(10)).await.ok().filter(|answer| !answer.is_error)
    };
    let answer = person.wait(async {
        tokio::select! {
            answer = asking => Some(answer),
            _ = ended.wait_for(|ended| *ended) => None,
        }
    });
    match answer {
        None => Ok(Found::Ended),
        Some(None) => {
            person.disconnect();
            Ok(Found::Gone)
        }
        Some(Some(answer)) => {
            let found: Value = serde_json::from_str(answer.document.text()).map_err(std::io::Error::from)?;
            let behind = found["cursor"].as_i64().unwrap_or(cursor);
            Ok(Found::Changes(rows(&found, "events").to_vec(), behind))
        }
    }
}

/// Waits for a daemon that somebody else starts; whether one came before the end.
fn come_back(person: &Person, ended: &mut watch::Receiver<bool>) -> bool {
    let back = async {
        while person.connection().await.is_err() {
            tokio::time::sleep(AGAIN).await;
        }
    };
    person.wait(async {
        tokio::select! {
            () = back => true,
            _ = ended.wait_for(|ended| *ended) => false,
        }
    })
}

/// Whether a daemon that ends is all that is wrong.
fn passes(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Rpc(_) | Trouble::Unreachable(_))
}

/// A line for each change; whether somebody still reads.
fn tell(changes: &[Value], titles: &mut Titles, person: &Person) -> Result<bool, Trouble> {
    for change in changes {
        let said = match person.json {
            true => change.to_string(),
            false => match line(change, titles, person) {
                Err(trouble) if passes(&trouble) => line(change, &mut Titles::none(), person)?,
                said => said?,
            },
        };
        let mut out = std::io::stdout().lock();
        if writeln!(out, "{said}").and_then(|()| out.flush()).is_err() {
            return Ok(false);
        }
    }
    Ok(true)
}
