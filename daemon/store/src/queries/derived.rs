//! Recomputes what is derived and compares it with what is kept (`daemon.md` rule 22).

use std::collections::{BTreeSet, HashMap};

use orc_core::Policies;

use crate::error::Result;
use crate::tx::Tx;

/// One comparison: what it is about, and a query whose rows are the ids where kept and recomputed differ.
const CHECKS: [(&str, &str); 12] = [
    (
        "unmet blockers",
        "SELECT i.id FROM items i WHERE i.unmet <>
             (SELECT count(*) FROM edges e WHERE e.target = i.rid AND e.met = 0) LIMIT 20",
    ),
    (
        "open children",
        "SELECT i.id FROM items i WHERE i.open_children <>
             (SELECT count(*) FROM items c WHERE c.parent = i.rid AND c.status NOT IN (3, 5, 6)) LIMIT 20",
    ),
    (
        "met edges",
        "SELECT e.id FROM edges e JOIN items s ON s.rid = e.source WHERE e.met <>
             (e.kind = 1 OR CASE s.status WHEN 1 THEN 1 WHEN 2 THEN 2 WHEN 3 THEN 3 WHEN 5 THEN 3 WHEN 6 THEN 3 ELSE 0 END
                            > e.unblock_at) LIMIT 20",
    ),
    (
        "counts",
        "SELECT c.project || '/' || c.status FROM counts c WHERE c.n <>
             (SELECT count(*) FROM items i WHERE coalesce(i.project, 0) = c.project
                  AND (i.status = c.status OR (c.status = 7 AND i.status = 0 AND i.unmet > 0)))
         UNION ALL
         SELECT coalesce(i.project, 0) || '/' || i.status FROM items i
         WHERE NOT EXISTS (SELECT 1 FROM counts c WHERE c.project = coalesce(i.project, 0) AND c.status = i.status) LIMIT 20",
    ),
    (
        "waiting in the queue",
        "SELECT i.id FROM items i WHERE i.waits <> (i.status = 0 AND i.unmet > 0) LIMIT 20",
    ),
    (
        "open tags",
        "SELECT tag || '/' || project FROM (
             SELECT o.tag, o.project, o.n FROM open_tags o WHERE o.n <> 0
             UNION ALL SELECT t.tag, t.project, -count(*) FROM tagged t
             WHERE t.list IN (0, 1, 2, 4) GROUP BY t.tag, t.project)
         GROUP BY tag, project HAVING sum(n) <> 0 LIMIT 20",
    ),
    (
        "lists of tags",
        "SELECT coalesce((SELECT o.id FROM items o WHERE o.rid = item), item) || '/' || tag || '/' || list FROM (
             SELECT tag, list, project, at, item, 1 AS n FROM tagged WHERE list <> 10
             UNION ALL SELECT t.tag, i.status, t.project, i.updated_ts, t.item, -1
             FROM tagged t CROSS JOIN items i ON i.rid = t.item WHERE t.list = 10
             UNION ALL SELECT t.tag, 7, t.project, i.created_ts, t.item, -1
             FROM tagged t CROSS JOIN items i ON i.rid = t.item WHERE t.list = 10 AND i.waits = 1
             UNION ALL SELECT t.tag, 8, t.project, i.due_ts, t.item, -1
             FROM tagged t CROSS JOIN items i ON i.rid = t.item
             WHERE t.list = 10 AND i.due_ts IS NOT NULL AND i.status IN (0, 1, 2, 4)
             UNION ALL SELECT t.tag, 9, t.project, i.next_run_ts, t.item, -1
             FROM tagged t CROSS JOIN items i ON i.rid = t.item
             WHERE t.list = 10 AND i.next_run_ts IS NOT NULL AND i.status IN (0, 1, 2, 4))
         GROUP BY tag, list, project, at, item HAVING sum(n) <> 0 LIMIT 20",
    ),
    (
        "tags of workspaces",
        "SELECT name FROM (SELECT workspace AS name, tag, 1 AS n FROM workspace_tags
             UNION ALL SELECT DISTINCT w.name, t.value, -1 FROM workspaces w, json_each(w.tags) t)
         GROUP BY name, tag HAVING sum(n) <> 0 LIMIT 20",
    ),
    (
        "counts of workspaces",
        "SELECT workspace || '/' || project || '/' || status FROM (
             SELECT workspace, project, status, n FROM workspace_counts
             UNION ALL SELECT w.workspace, t.project, t.list, -count(DISTINCT t.item)
             FROM workspace_tags w CROSS JOIN tagged t ON t.tag = w.tag AND t.list BETWEEN 0 AND 7 GROUP BY 1, 2, 3)
         GROUP BY workspace, project, status HAVING sum(n) <> 0 LIMIT 20",
    ),
    (
        "numbers of notes",
        "SELECT n.id FROM notes n WHERE n.rid / 1048576 <> n.item LIMIT 20",
    ),
    (
        "search text",
        "SELECT i.id FROM items i WHERE i.rid NOT IN (SELECT rowid FROM item_text)
         UNION ALL SELECT n.id FROM notes n WHERE n.rid NOT IN (SELECT rowid FROM note_text) LIMIT 20",
    ),
    (
        "ends of claims",
        "SELECT coalesce(c.resource, (SELECT i.id FROM items i WHERE i.rid = c.item)) FROM claims c WHERE c.ends_ts IS NOT
             CASE WHEN c.deadline_ts IS NULL THEN c.grace_ts WHEN c.grace_ts IS NULL THEN c.deadline_ts
                  ELSE min(c.deadline_ts, c.grace_ts) END LIMIT 20",
    ),
];

impl Tx<'_> {
    /// Says where something derived is not what it should be under these rules at `now`, in microseconds: what, and for which
    /// ids. Reads the whole store.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn wrong_derivations(
        &self,
        policies: &Policies,
        now: i64,
    ) -> Result<Vec<(&'static str, Vec<String>)>> {
        let mut wrong = self.wrong_whatever_the_rules()?;
        let places = self.wrong_places(policies, now)?;
        wrong.extend((!places.is_empty()).then_some(("places in line", places)));
        Ok(wrong)
    }

    /// The same for all that does not depend on rules or time.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn wrong_whatever_the_rules(&self) -> Result<Vec<(&'static str, Vec<String>)>> {
        let mut wrong = Vec::new();
        for (what, sql) in CHECKS {
            let ids: Vec<String> = self.rows(sql, [], |row| row.get(0))?;
            wrong.extend((!ids.is_empty()).then_some((what, ids)));
        }
        let tags = self.wrong_tags()?;
        wrong.extend((!tags.is_empty()).then_some(("tags", tags)));
        Ok(wrong)
    }

    fn wrong_tags(&self) -> Result<Vec<String>> {
        // The items are looked up by their numbers, and put together here: a join of both could walk all tags for each item.
        let sql = "SELECT t.item, t.tag FROM tagged t CROSS JOIN items o ON o.rid = t.item
                   WHERE t.list = 10 AND t.project = coalesce(o.project, 0) AND t.at = o.created_ts";
        let mut kept: HashMap<i64, BTreeSet<String>> = HashMap::new();
        for (item, tag) in self.rows(sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))? {
            kept.entry(item).or_default().insert(tag);
        }
        let rows = self.rows("SELECT rid, id, tags FROM items", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        })?;
        let wrong = rows.into_iter().filter(|(rid, _, tags)| {
            let kept = kept.remove(rid).unwrap_or_default();
            kept != orc_core::text::split_tags(tags).map(str::to_owned).collect()
        });
        Ok(wrong.map(|(_, id, _)| id).take(20).collect())
    }
}
