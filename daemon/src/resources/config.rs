//! What is in force for the session's project: which files say so, and what they say (contract.md §11).

use orc_core::policy::Policy;
use orc_core::status::Priority;
use orc_core::time::span_text;
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::report::config_fault;
use crate::tools::manage_schemas::schema_json;

pub(super) fn document(call: &Call<'_>) -> Value {
    let project = call.cx.project.as_deref();
    let (config, policies) = (&call.config, call.policies());
    let policy = policies.of(project);
    let idle_exit = i64::try_from(config.idle_exit.as_micros()).unwrap_or(i64::MAX);
    let notices: Vec<&String> =
        config.notices.iter().chain(&call.shared.notices).chain(&call.session.notices).collect();
    json!({
        "project": project,
        "files": files(call, project),
        "schemas": schemas(call, policy, project),
        "hierarchy": {"max_depth": policy.max_depth},
        "stale": {"queue": span_text(policy.stale_queue), "work": span_text(policy.stale_work)},
        "priority": {"due_within": span_text(policy.due_within), "overdue": policy.overdue.map(Priority::as_str)},
        "claims": {
            "grace": span_text(policies.claims.grace),
            "protect_notes": policies.claims.protect_notes,
        },
        "daemon": {"idle_exit": span_text(idle_exit)},
        "history": {"keep": config.history_keep.map_or_else(|| "forever".to_owned(), span_text)},
        "backup": {
            "every": config.backup.every.map_or_else(|| "never".to_owned(), span_text),
            "keep_daily": config.backup.keep_daily,
            "keep_weekly": config.backup.keep_weekly,
        },
        "faults": config.faults.iter().map(config_fault).collect::<Vec<_>>(),
        "notices": notices,
    })
}

/// The files that count: the user's, also while there is none, and the project's when it has one.
fn files(call: &Call<'_>, project: Option<&str>) -> Vec<Value> {
    let named = || {
        let usual = || call.shared.places.config.join("config.yaml");
        call.shared.named_config.clone().unwrap_or_else(usual)
    };
    let user = call.config.user_file.clone().unwrap_or_else(named);
    let mut files = vec![json!({
        "of": "user",
        "path": user.display().to_string(),
        "in_force": call.config.user_file.is_some(),
    })];
    if let Some(file) = project.and_then(|name| call.config.project_files.get(name)) {
        files.push(json!({"of": "project", "path": file.path.display().to_string(), "in_force": true}));
    }
    files
}

fn schemas(call: &Call<'_>, policy: &Policy, project: Option<&str>) -> Map<String, Value> {
    let one = |schema| {
        let mut row = schema_json(schema);
        if let Some(file) = call.config.file_of_schema(project, &schema.name) {
            row["file"] = json!(file.display().to_string());
        }
        (schema.name.clone(), row)
    };
    policy.schemas.iter().map(one).collect()
}
