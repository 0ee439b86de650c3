//! get_next_item: what to do next.

use orc_core::limits;
use orc_store::Tx;
use serde_json::{Value, json};

use super::next::{best, reason};
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Run, Tool};

const PARAMS: [Param; 7] = [
    Param::new("limit", Kind::Integer, "Default 1"),
    Param::new("tags", Kind::Words, "Any of these"),
    Param::new("item_type", Kind::Text, ""),
    Param::new("project", Kind::Text, "* = all"),
    Param::new("workspace", Kind::Text, ""),
    Param::new("explain", Kind::Boolean, "Say why"),
    Param::new("claim", Kind::Boolean, "Take it, so that no other agent gets it"),
];

pub(crate) static TOOL: Tool = Tool {
    name: "get_next_item",
    description: "The best next item: overdue, then yours in work, then priority and age. Skips what is blocked, scheduled for later or claimed by others.",
    params: &PARAMS,
    required: &[],
    core: true,
    effect: Effect::Mixed,
    access: |args| Ok(Access::write_if(args.flag("claim")?)),
    run: Run::Values(run),
};

fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let scope = call.scope(tx, args)?;
    let mut filter = call.report_filter(tx, args, scope)?;
    filter.tags = args.words("tags")?.filter(|tags| !tags.is_empty());
    filter.item_type = args.text("item_type")?.map(str::to_owned);
    let most = i64::try_from(limits::LIST).unwrap_or(i64::MAX);
    let limit = usize::try_from(args.bounded("limit", 1, 1, most)?).unwrap_or(1);
    let claim = args.flag("claim")?;
    let found = best(call, tx, &filter, limit, claim)?;
    let mut items = Vec::new();
    for listed in &found {
        if claim {
            call.act(tx, &super::claiming::command(listed.id.as_str()))?;
        }
        let rows = call.rows(tx)?;
        let mut row = if claim { rows.item(&tx.whole(listed)?)? } else { rows.whole(listed)? };
        if args.flag("explain")? {
            row.insert("why".to_owned(), json!(reason(call, listed)));
        }
        items.push(if limit == 1 { Value::Object(row) } else { rows.in_list(row) });
    }
    Ok(match (limit, items.pop()) {
        (1, Some(item)) => item,
        (1, None) => json!({"item": null, "message": "No actionable items"}),
        (_, last) => {
            items.extend(last);
            let mut document = json!({ "items": items });
            if found.is_empty() {
                document["message"] = json!("No actionable items");
            }
            document
        }
    })
}
