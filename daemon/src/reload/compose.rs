//! The sources laid over each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use orc_core::Policies;
use orc_core::policy::Policy;

use super::source::Source;
use super::{InForce, ProjectFile};
use crate::config::ConfigFile;

/// What the sources, the user's first, say together.
pub(super) fn in_force(sources: &[Arc<Source>], revision: u64) -> InForce {
    let outcomes: Vec<_> = sources.iter().map(|source| (source.project(), source.outcome())).collect();
    let user = outcomes.iter().find(|(project, _)| project.is_none()).and_then(|(_, o)| o.good.clone());
    let nothing = ConfigFile::default();
    let user_says = user.as_ref().map_or(&nothing, |good| &good.file);
    let user_policy = Arc::new(user_says.policy_over(&Policy::default()));

    let mut projects = BTreeMap::new();
    let mut project_files = BTreeMap::new();
    for (name, outcome) in &outcomes {
        if let (Some(name), Some(good)) = (name, &outcome.good) {
            projects.insert((*name).to_owned(), Arc::new(good.file.policy_over(&user_policy)));
            let schemas = good.file.schemas.iter().map(|schema| schema.name.clone()).collect();
            let names = good.file.name.clone();
            project_files.insert((*name).to_owned(), ProjectFile { path: good.path.clone(), schemas, names });
        }
    }
    InForce {
        policies: Arc::new(Policies { user: user_policy.clone(), projects, claims: user_says.claims() }),
        faults: outcomes.iter().filter_map(|(_, o)| o.fault.clone()).collect(),
        notices: outcomes.iter().filter_map(|(_, o)| o.notice.clone()).collect(),
        idle_exit: user_says.idle_exit(),
        history_keep: user_says.history_keep(),
        backup: user_says.backup(),
        revision,
        user_file: user.as_ref().map(|good| good.path.clone()),
        project_files,
    }
}
