//! The configuration that histories run under, as the file that the product reads and as the model's own data.

/// config.yaml: one schema of each lifecycle.
pub const CONFIG: &str = r#"
work_item_schemas:
  task:
    notes:
      - {key: spec, role: queue, required: true, description: "What is wanted", guidance: "Write it down"}
      - {key: plan, role: work, required: true, description: "How"}
      - {key: verdict, role: review, required: false}
  quick:
    lifecycle: auto
    notes:
      - {key: plan, role: work, required: false, description: "How"}
  checked:
    lifecycle: auto
    notes:
      - {key: verdict, role: review, required: true}
  again: {lifecycle: auto-reopen}
  stone: {lifecycle: permanent}
"#;

/// What an item's note schema asks for.
#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) name: &'static str,
    pub(crate) lifecycle: &'static str,
    pub(crate) notes: &'static [Spec],
}

/// One note of a schema.
#[derive(Debug)]
pub(crate) struct Spec {
    pub(crate) key: &'static str,
    pub(crate) role: &'static str,
    pub(crate) required: bool,
    pub(crate) description: &'static str,
    pub(crate) guidance: &'static str,
}

const PLAN: Spec = Spec { key: "plan", role: "work", required: true, description: "How", guidance: "" };
const VERDICT: Spec = Spec { key: "verdict", role: "review", required: false, description: "", guidance: "" };
const SPEC: Spec = Spec {
    key: "spec",
    role: "queue",
    required: true,
    description: "What is wanted",
    guidance: "Write it down",
};

/// [`CONFIG`] once more.
pub(crate) const SCHEMAS: [Schema; 5] = [
    Schema { name: "task", lifecycle: "manual", notes: &[SPEC, PLAN, VERDICT] },
    Schema { name: "quick", lifecycle: "auto", notes: &[Spec { required: false, ..PLAN }] },
    Schema { name: "checked", lifecycle: "auto", notes: &[Spec { required: true, ..VERDICT }] },
    Schema { name: "again", lifecycle: "auto-reopen", notes: &[] },
    Schema { name: "stone", lifecycle: "permanent", notes: &[] },
];

/// Levels of the hierarchy.
pub(crate) const MAX_DEPTH: usize = 4;

/// By item_type, else by the first of its tags that names one.
pub(crate) fn schema_of(item_type: &str, tags: &str) -> Option<&'static Schema> {
    std::iter::once(item_type)
        .chain(tags.split(','))
        .find_map(|name| SCHEMAS.iter().find(|schema| schema.name == name))
}
