//! The client's roots: a session that was started in no project is in that of the first root that is in one (daemon.md rule
//! 24). Many clients start servers in the home folder or at `/`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use orc_core::refusal::Refusal;
use serde_json::{Value, json};

use super::{Session, Shared, lifetime};
use crate::project::{self, ProjectRoot};
use crate::resources::percent_decoded;
use crate::watch::Topic;

/// Roots looked at.
const MOST: usize = 64;

/// Takes the roots that the client has now. A session whose settings or folder name a project keeps that one.
pub(super) async fn follow(
    shared: &Arc<Shared>,
    session: &Arc<Session>,
    params: &Value,
) -> Result<Value, Refusal> {
    if session.follows_roots {
        let roots: Vec<String> = serde_json::from_value(params["roots"].clone())
            .map_err(|_| Refusal::validation("roots has to be an array of addresses").field("roots"))?;
        let home = shared.places.home.clone();
        let looking = move || first_project(roots.iter(), |folder| project::find(folder, &home));
        let found = tokio::task::spawn_blocking(looking).await;
        settle(shared, session, found.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())))
            .await?;
    }
    Ok(json!({ "project": session.project() }))
}

/// The project of the first root that is in one.
pub(super) fn first_project<'a>(
    roots: impl Iterator<Item = &'a String>,
    find: impl Fn(&Path) -> Option<ProjectRoot>,
) -> Option<ProjectRoot> {
    roots.take(MOST).filter_map(|root| folder(root)).find_map(|folder| find(&folder))
}

async fn settle(
    shared: &Arc<Shared>,
    session: &Arc<Session>,
    root: Option<ProjectRoot>,
) -> Result<(), Refusal> {
    let (naming, kept) = (Arc::clone(shared), Arc::clone(session));
    shared
        .submit(move |tx| {
            let name = root.map(|root| lifetime::name_project(tx, &naming, &root)).transpose()?;
            if kept.project() != name {
                kept.set_project(name);
                tx.keep_session(&lifetime::row(&kept), &crate::clock::now())?;
            }
            Ok(())
        })
        .await?;
    shared.watchers.touch(Topic::Agents);
    Ok(())
}

/// The folder of a root: a `file://` address, or a path. Nothing of another machine.
fn folder(root: &str) -> Option<PathBuf> {
    let path = match root.strip_prefix("file://") {
        Some(rest) => percent_decoded(rest.strip_prefix("localhost").unwrap_or(rest))?,
        None => root.to_owned(),
    };
    // `file:///C:/work` names `C:/work` where there are drives.
    let drive = path.strip_prefix('/').filter(|rest| cfg!(windows) && rest.get(1..2) == Some(":"));
    let path = PathBuf::from(drive.unwrap_or(&path));
    path.is_absolute().then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn roots_are_folders() {
        let cases = [
            ("file:///work/shop", Some("/work/shop")),
            ("file://localhost/work/shop", Some("/work/shop")),
            ("file:///work/my%20shop/", Some("/work/my shop/")),
            ("/work/shop", Some("/work/shop")),
            ("file://elsewhere/work", None),
            ("https://example.org/", None),
            ("work", None),
            ("", None),
        ];
        for (root, want) in cases {
            assert_eq!(folder(root).as_deref(), want.map(Path::new), "{root}");
        }
    }
}
