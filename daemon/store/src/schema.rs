//! The tables. One numbered migration each, in a transaction of its own (`daemon.md` rule 20).
//!
//! Words with a fixed set of values are kept as their index in `orc_core::status`. Every time is kept twice: as the text that
//! is answered and as microseconds that are compared. Columns under "derived" are written in the same transaction as their
//! cause, and can be recomputed.

/// `PRAGMA application_id` of our databases: "torc".
pub(crate) const APPLICATION_ID: i32 = 0x746f_7263;

/// The migrations; the schema's version is how many of them ran.
pub(crate) const MIGRATIONS: &[&str] = &[V1, V2];

const V1: &str = r#"
CREATE TABLE projects (
    rid  INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    root TEXT UNIQUE
) STRICT;

CREATE TABLE items (
    rid             INTEGER PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,
    parent          INTEGER REFERENCES items(rid),
    project         INTEGER REFERENCES projects(rid),
    title           TEXT NOT NULL,
    description     TEXT NOT NULL,
    summary         TEXT NOT NULL,
    status          INTEGER NOT NULL CHECK (status BETWEEN 0 AND 6),
    label           TEXT,
    previous        INTEGER,
    priority        INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 3),
    complexity      INTEGER,
    item_type       TEXT NOT NULL,
    tags            TEXT NOT NULL,
    metadata        TEXT,
    properties      TEXT,
    due_at          TEXT,
    due_ts          INTEGER,
    schedule        TEXT,
    next_run_at     TEXT,
    next_run_ts     INTEGER,
    not_before      TEXT,
    not_before_ts   INTEGER,
    reason          TEXT,
    version         INTEGER NOT NULL,
    created_by      TEXT,
    updated_by      TEXT,
    created_at      TEXT NOT NULL,
    created_ts      INTEGER NOT NULL,
    updated_at      TEXT NOT NULL,
    updated_ts      INTEGER NOT NULL,
    role_changed_at TEXT,
    role_changed_ts INTEGER,
    -- derived: children that are not terminal; blockers that have not come far enough; whether it waits for them in the queue
    open_children   INTEGER NOT NULL DEFAULT 0,
    unmet           INTEGER NOT NULL DEFAULT 0,
    waits           INTEGER NOT NULL DEFAULT 0,
    -- derived: its place in the line of what to do next, and when time alone moves it (orc_core::line)
    line            INTEGER,
    turn_ts         INTEGER,
    -- derived: first start; last completion
    started_ts      INTEGER,
    completed_ts    INTEGER
) STRICT;
-- Most begin with the project, for what is read are stretches of one project each, merged: so a small project beside a large
-- one costs no more than alone.
CREATE INDEX items_by_parent   ON items(parent, created_ts, rid) WHERE parent IS NOT NULL;
CREATE INDEX items_by_project  ON items(project, created_ts, rid);
CREATE INDEX items_by_status   ON items(project, status, created_ts, rid);
CREATE INDEX items_by_priority ON items(project, priority, created_ts, rid);
CREATE INDEX items_by_type     ON items(project, item_type, created_ts, rid) WHERE item_type <> '';
CREATE INDEX items_by_change   ON items(project, status, updated_ts, rid);
CREATE INDEX items_due         ON items(project, due_ts, rid) WHERE due_ts IS NOT NULL AND status IN (0, 1, 2, 4);
CREATE INDEX items_scheduled   ON items(project, next_run_ts, rid) WHERE next_run_ts IS NOT NULL AND status IN (0, 1, 2, 4);
CREATE INDEX items_completed   ON items(completed_ts) WHERE completed_ts IS NOT NULL;
CREATE INDEX items_waiting     ON items(project, created_ts, rid) WHERE waits = 1;
CREATE INDEX items_in_line     ON items(project, line, created_ts, id) WHERE line IS NOT NULL;
CREATE INDEX items_turning     ON items(turn_ts) WHERE turn_ts IS NOT NULL;

-- project 0 stands for none, here and in the counts
CREATE TABLE item_tags (
    tag        TEXT NOT NULL,
    project    INTEGER NOT NULL,
    created_ts INTEGER NOT NULL,
    item       INTEGER NOT NULL REFERENCES items(rid),
    PRIMARY KEY (tag, project, created_ts, item)
) STRICT, WITHOUT ROWID;

-- derived: how many items that are not terminal carry a tag
CREATE TABLE open_tags (
    tag     TEXT NOT NULL,
    project INTEGER NOT NULL,
    n       INTEGER NOT NULL,
    PRIMARY KEY (tag, project)
) STRICT, WITHOUT ROWID;

-- rid: the item's rid * 2^20, and a number within it: notes lie in the order of their items, also in the search text
CREATE TABLE notes (
    rid        INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    item       INTEGER NOT NULL REFERENCES items(rid),
    key        TEXT NOT NULL,
    role       INTEGER NOT NULL CHECK (role BETWEEN 0 AND 2),
    body       TEXT NOT NULL,
    blank      INTEGER NOT NULL,
    created_by TEXT,
    created_at TEXT NOT NULL,
    created_ts INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    updated_ts INTEGER NOT NULL,
    UNIQUE (item, key)
) STRICT;
CREATE INDEX notes_of_decisions ON notes(updated_ts DESC) WHERE key LIKE '%decision%';

CREATE TABLE edges (
    rid        INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    source     INTEGER NOT NULL REFERENCES items(rid),
    target     INTEGER NOT NULL REFERENCES items(rid),
    kind       INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 1),
    unblock_at INTEGER NOT NULL CHECK (unblock_at BETWEEN 0 AND 2),
    created_by TEXT,
    created_at TEXT NOT NULL,
    created_ts INTEGER NOT NULL,
    -- derived: whether the source has come far enough; always 1 for an edge that does not block
    met        INTEGER NOT NULL,
    UNIQUE (source, target)
) STRICT;
CREATE INDEX edges_in ON edges(target, met);

-- derived: the 8-character beginnings that more than one item had at some time
CREATE TABLE shared_shorts (short TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

-- derived: how many items there are in each status; status 7 counts those that wait in the queue for blockers
CREATE TABLE counts (
    project INTEGER NOT NULL,
    status  INTEGER NOT NULL,
    n       INTEGER NOT NULL,
    PRIMARY KEY (project, status)
) STRICT, WITHOUT ROWID;

CREATE TABLE claims (
    rid         INTEGER PRIMARY KEY,
    item        INTEGER UNIQUE REFERENCES items(rid),
    resource    TEXT UNIQUE,
    session     TEXT NOT NULL,
    agent       TEXT NOT NULL,
    subagent    TEXT,
    since       TEXT NOT NULL,
    since_ts    INTEGER NOT NULL,
    deadline    TEXT,
    deadline_ts INTEGER,
    grace       TEXT,
    grace_ts    INTEGER,
    -- derived: the earlier of deadline and grace
    ends_ts     INTEGER,
    CHECK ((item IS NULL) <> (resource IS NULL))
) STRICT;
CREATE INDEX claims_by_session ON claims(session, since_ts);
CREATE INDEX claims_orphaned   ON claims(agent) WHERE grace_ts IS NOT NULL;
CREATE INDEX claims_ending     ON claims(ends_ts) WHERE ends_ts IS NOT NULL;

CREATE TABLE sessions (
    id         TEXT PRIMARY KEY,
    token      TEXT NOT NULL UNIQUE,
    agent      TEXT NOT NULL,
    client     TEXT NOT NULL,
    pid        INTEGER,
    folder     TEXT,
    project    TEXT,
    started_at TEXT NOT NULL,
    started_ts INTEGER NOT NULL,
    ended_ts   INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_ended ON sessions(ended_ts);

CREATE TABLE history (
    -- never used twice: the newest row is never deleted
    seq         INTEGER PRIMARY KEY,
    call        INTEGER NOT NULL,
    at          TEXT NOT NULL,
    ts          INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    item        TEXT,
    session     TEXT NOT NULL,
    agent       TEXT NOT NULL,
    version     INTEGER,
    root        TEXT,
    from_status INTEGER,
    to_status   INTEGER,
    -- of a status change: microseconds spent in the old status; of a completion also since creation and since the first start
    spent       INTEGER,
    lead        INTEGER,
    cycle       INTEGER,
    data        TEXT NOT NULL
) STRICT;
CREATE INDEX history_by_item   ON history(item, seq);
CREATE INDEX history_moves     ON history(ts) WHERE from_status IS NOT NULL;
CREATE INDEX history_deleted   ON history(item) WHERE kind = 'item_deleted';
CREATE INDEX history_deletions ON history(call, root) WHERE kind = 'item_deleted';

-- in the order of their age
CREATE TABLE requests (
    rid    INTEGER PRIMARY KEY,
    key    TEXT NOT NULL UNIQUE,
    hash   BLOB NOT NULL,
    answer TEXT NOT NULL,
    ts     INTEGER NOT NULL
) STRICT;

CREATE TABLE workspaces (
    name        TEXT PRIMARY KEY,
    tags        TEXT NOT NULL,
    memory_tags TEXT NOT NULL,
    description TEXT NOT NULL,
    repos       TEXT NOT NULL,
    conventions TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE config_good (path TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Words match from their beginning. A beginning as long as one of these is found by itself; a longer one is put together from all
-- words that begin so, which takes the longer the more items have them.
CREATE VIRTUAL TABLE item_text USING fts5(title, description, content='', contentless_delete=1, prefix='2 3 4 5 6 7 8');
CREATE VIRTUAL TABLE note_text USING fts5(body, content='', contentless_delete=1, prefix='2 3 4 5 6 7 8');

-- An older program that opens this file meets a view where its table was: it fails loudly instead of writing beside us.
CREATE VIEW work_items AS
SELECT i.id, (SELECT p.id FROM items p WHERE p.rid = i.parent) AS parent_id, i.title, i.description, i.summary,
       CASE i.status WHEN 0 THEN 'queue' WHEN 1 THEN 'work' WHEN 2 THEN 'review' WHEN 3 THEN 'done' WHEN 4 THEN 'blocked'
                     WHEN 5 THEN 'cancelled' ELSE 'archived' END AS status,
       i.label AS status_label,
       CASE i.priority WHEN 0 THEN 'critical' WHEN 1 THEN 'high' WHEN 2 THEN 'medium' ELSE 'low' END AS priority,
       i.complexity, i.item_type, i.tags, i.metadata, i.properties, i.due_at, i.schedule, i.next_run_at, i.created_at,
       i.updated_at, i.role_changed_at, i.created_by, i.updated_by
FROM items i;
"#;

/// Roots and tags get lists of their own, and the search text loses the places of its words, which nobody asks for: a fifth of the size, and
/// a search for a word that many items have goes through that much less. Marks are in words, so that Hindi and Thai are found as they are written.
const V2: &str = r#"
DROP TABLE item_text;
DROP TABLE note_text;
CREATE VIRTUAL TABLE item_text USING fts5(title, description, content='', contentless_delete=1, detail=none,
    prefix='2 3 4 5 6 7 8', tokenize="unicode61 categories 'L* N* Co M*'");
CREATE VIRTUAL TABLE note_text USING fts5(body, content='', contentless_delete=1, detail=none,
    prefix='2 3 4 5 6 7 8', tokenize="unicode61 categories 'L* N* Co M*'");
INSERT INTO item_text (rowid, title, description) SELECT rid, title, description FROM items;
INSERT INTO note_text (rowid, body) SELECT rid, body FROM notes;

CREATE INDEX items_roots ON items(project, created_ts, rid) WHERE parent IS NULL;

-- The lists of each tag: 0 to 6, in that status, by updated_ts; 7, waiting for blockers, by created_ts; 8 and 9, open, by due_ts
-- and by next_run_ts; 10, all, by created_ts. An item's number refers to it without a constraint: SQLite would look through all
-- tags whenever an item goes.
CREATE TABLE tagged (
    tag     TEXT NOT NULL,
    list    INTEGER NOT NULL,
    project INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    item    INTEGER NOT NULL,
    PRIMARY KEY (tag, list, project, at, item)
) STRICT, WITHOUT ROWID;
INSERT INTO tagged SELECT t.tag, 10, t.project, t.created_ts, t.item FROM item_tags t;
INSERT INTO tagged SELECT t.tag, i.status, t.project, i.updated_ts, t.item FROM item_tags t JOIN items i ON i.rid = t.item;
INSERT INTO tagged SELECT t.tag, 7, t.project, i.created_ts, t.item FROM item_tags t JOIN items i ON i.rid = t.item
    WHERE i.waits = 1;
INSERT INTO tagged SELECT t.tag, 8, t.project, i.due_ts, t.item FROM item_tags t JOIN items i ON i.rid = t.item
    WHERE i.due_ts IS NOT NULL AND i.status IN (0, 1, 2, 4);
INSERT INTO tagged SELECT t.tag, 9, t.project, i.next_run_ts, t.item FROM item_tags t JOIN items i ON i.rid = t.item
    WHERE i.next_run_ts IS NOT NULL AND i.status IN (0, 1, 2, 4);
DROP TABLE item_tags;

-- derived: which workspaces have a tag, and how many of their items are in each status, or (7) wait
CREATE TABLE workspace_tags (
    tag       TEXT NOT NULL,
    workspace TEXT NOT NULL,
    PRIMARY KEY (tag, workspace)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO workspace_tags SELECT t.value, w.name FROM workspaces w, json_each(w.tags) t;
CREATE TABLE workspace_counts (
    workspace TEXT NOT NULL,
    project   INTEGER NOT NULL,
    status    INTEGER NOT NULL,
    n         INTEGER NOT NULL,
    PRIMARY KEY (workspace, project, status)
) STRICT, WITHOUT ROWID;
INSERT INTO workspace_counts
    SELECT w.workspace, t.project, t.list, count(DISTINCT t.item)
    FROM workspace_tags w CROSS JOIN tagged t ON t.tag = w.tag AND t.list BETWEEN 0 AND 7 GROUP BY 1, 2, 3;
"#;
