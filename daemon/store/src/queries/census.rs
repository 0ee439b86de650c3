//! How many items there are in each status of each project, as the counts say it.

use orc_core::status::Status;

use super::filter::Scope;
use crate::error::Result;
use crate::tx::Tx;
use crate::write::WAITING;

/// The projects of a scope that have items, each with how many there are by status and, behind those, how many wait in the queue
/// for blockers.
#[derive(Clone, Debug, Default)]
pub(super) struct Census(Vec<(Option<i64>, [i64; 8])>);

impl Census {
    /// Row numbers of projects; `None` is the items of no project.
    pub(super) fn projects(&self) -> impl Iterator<Item = Option<i64>> + '_ {
        self.0.iter().map(|(project, _)| *project)
    }

    /// The projects with items in that status.
    pub(super) fn with(&self, status: Status) -> impl Iterator<Item = Option<i64>> + '_ {
        self.0.iter().filter(move |(_, n)| n[usize::from(status.index())] > 0).map(|(project, _)| *project)
    }

    /// How many items are in any of these statuses; none stands for all.
    pub(super) fn count(&self, statuses: &[Status]) -> usize {
        let statuses = if statuses.is_empty() { Status::ALL } else { statuses };
        let n = statuses.iter().map(|status| self.sum(usize::from(status.index()))).sum::<i64>();
        usize::try_from(n).unwrap_or(0)
    }

    /// How many items wait in the queue for blockers.
    pub(super) fn waiting(&self) -> usize {
        usize::try_from(self.sum(usize::from(WAITING))).unwrap_or(0)
    }

    /// Every status that occurs, with how many items are in it.
    pub(super) fn by_status(&self) -> Vec<(Status, i64)> {
        let all = Status::ALL.iter().map(|status| (*status, self.sum(usize::from(status.index()))));
        all.filter(|(_, n)| *n > 0).collect()
    }

    fn sum(&self, at: usize) -> i64 {
        self.0.iter().map(|(_, n)| n[at]).sum()
    }
}

impl Tx<'_> {
    /// The census of a scope.
    pub(super) fn census(&self, scope: &Scope) -> Result<Census> {
        self.read_census("counts WHERE ?3 IS NULL", scope, None)
    }

    /// The census of a scope's part of a workspace.
    pub(super) fn census_within(&self, scope: &Scope, workspace: &str) -> Result<Census> {
        self.read_census("workspace_counts WHERE workspace = ?3", scope, Some(workspace))
    }

    fn read_census(&self, counts: &str, scope: &Scope, workspace: Option<&str>) -> Result<Census> {
        let (name, none_too) = match scope {
            Scope::All => (None, true),
            Scope::With(name) => (Some(name), true),
            Scope::Only(name) => (Some(name), false),
        };
        let sql = format!(
            "SELECT project, status, n FROM {counts}
             AND n > 0 AND (?1 IS NULL OR project = (SELECT rid FROM projects WHERE name = ?1) OR (?2 AND project = 0))
             ORDER BY project"
        );
        let rows = self.rows(&sql, rusqlite::params![name, none_too, workspace], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, u8>(1)?, row.get::<_, i64>(2)?))
        })?;
        let mut census = Census::default();
        for (project, status, n) in rows {
            let project = (project != 0).then_some(project);
            if census.0.last().is_none_or(|(last, _)| *last != project) {
                census.0.push((project, [0; 8]));
            }
            if let Some(entry) =
                census.0.last_mut().and_then(|(_, counts)| counts.get_mut(usize::from(status)))
            {
                *entry = n;
            }
        }
        Ok(census)
    }
}
