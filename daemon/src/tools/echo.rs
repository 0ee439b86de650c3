//! echo: answers what it was given. It is the floor under every call's cost, for the benchmark; no set lists it.

use serde_json::{Map, Value};

use crate::args::{Args, Kind, Param};
use crate::catalog::{Access, Effect, Run, Tool};

const PARAMS: [Param; 1] = [Param::new("value", Kind::Object, "").hidden()];

pub(crate) static TOOL: Tool = Tool {
    name: "echo",
    description: "Answers its arguments and touches nothing.",
    params: &PARAMS,
    required: &[],
    core: false,
    effect: Effect::Reads,
    access: |_| Ok(Access::Nothing),
    run: Run::Values(|_, args, _| Ok(answer(args))),
};

/// The arguments, as they came.
pub(crate) fn answer(args: &Args) -> Value {
    let value = args.raw("value").map(|value| ("value".to_owned(), value.clone()));
    Value::Object(Map::from_iter(value))
}
