//! Everything that is no tool, by its MCP name: lists, prompts, resources, completions, the client's roots.

use std::sync::Arc;

use orc_core::refusal::{Code, Refusal};
use orc_proto::wire::{Document, Fault};
use serde_json::{Value, json};

use super::{Engine, Session, Shared, bounded, roots};
use crate::args::Args;
use crate::call::{Answer, Call};
use crate::{answer, catalog, clock, completions, prompts, resources};

/// JSON-RPC: the parameters are wrong.
const INVALID: i32 = -32602;
/// JSON-RPC: it is our fault, or nobody's.
const INTERNAL: i32 = -32603;
/// MCP: no such resource.
const NOT_FOUND: i32 = -32002;

impl Engine {
    /// Answers a request that calls no tool.
    pub(crate) async fn ask(
        &self,
        session: &Arc<Session>,
        method: &str,
        params: Option<&Document>,
    ) -> Result<Document, Fault> {
        let params: Value = match params {
            Some(raw) => serde_json::from_str(raw.text()).map_err(|e| Fault::new(INVALID, e.to_string()))?,
            None => Value::Null,
        };
        let document = match method {
            "tools/list" => Ok(catalog::list(session.tools, &self.schema_names(session))),
            "prompts/list" => Ok(prompts::list()),
            "prompts/get" => {
                let document = prompt(&params)?;
                let looked = self.read_only(session, params, items_are_there).await;
                return match looked {
                    Ok(()) => Ok(document.to_string().into()),
                    Err(refusal) => Err(wrong_item(&refusal, session.level)),
                };
            }
            "resources/list" => Ok(resources::list()),
            "resources/templates/list" => Ok(resources::templates()),
            "resources/read" => {
                self.read_only(session, params, |shared, session, params| {
                    resources::read(shared, session, uri(params)?)
                })
                .await
            }
            "resources/subscribe" => self.subscribe(session, params).await,
            "completion/complete" => self.read_only(session, params, completed).await,
            "session/leaving" => {
                session.leaving.cancel();
                Ok(json!({}))
            }
            "session/roots" => roots::follow(&self.0, session, &params).await,
            _ => return Err(Fault::unknown_method(method)),
        };
        let level = session.level;
        let fault = |refusal: Refusal| {
            let code = match refusal.code {
                Code::NotFound => NOT_FOUND,
                Code::Unavailable | Code::Internal => INTERNAL,
                _ => INVALID,
            };
            let data = serde_json::value::to_raw_value(&answer::refusal_body(&refusal, level)).ok();
            Fault { data, ..Fault::new(code, refusal.message) }
        };
        document.and_then(|document| bounded(answer::written(&document)?)).map_err(fault)
    }

    /// From when on a resource is watched, if it is there. The number is taken before the look: what changes in between is
    /// told of once too often rather than not at all.
    async fn subscribe(&self, session: &Arc<Session>, params: Value) -> Result<Value, Refusal> {
        let after = self.0.watchers.latest();
        self.read_only(session, params, move |shared, _, params| {
            let resource = resources::Resource::parse(uri(params)?)?;
            shared.read(|tx| resource.topics(shared, tx))?;
            Ok(json!({ "after": after }))
        })
        .await
    }

    /// Runs what blocks on the disk where it may.
    async fn read_only<T: Send + 'static>(
        &self,
        session: &Arc<Session>,
        params: Value,
        run: impl FnOnce(&Shared, &Arc<Session>, &Value) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let (shared, session) = (Arc::clone(&self.0), Arc::clone(session));
        let ran = tokio::task::spawn_blocking(move || run(&shared, &session, &params)).await;
        // The panic goes on to the guard around every request.
        ran.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }
}

fn uri(params: &Value) -> Result<&str, Refusal> {
    params["uri"].as_str().ok_or_else(|| Refusal::validation("uri is required").field("uri"))
}

fn completed(shared: &Shared, session: &Arc<Session>, params: &Value) -> Result<Value, Refusal> {
    let args = Args::read(&[], json!({}))?;
    let call = Call::begin(shared, session, &args, shared.book.refresh_if_changed(), 0, clock::now())?;
    let answered: Answer = shared.read(|tx| completions::complete(&call, tx, params));
    Ok(answered?)
}

/// That the items a prompt is to be about are there: a text about none would send an agent looking for it.
fn items_are_there(shared: &Shared, _: &Arc<Session>, params: &Value) -> Result<(), Refusal> {
    let given = params["arguments"].as_object().cloned().unwrap_or_default();
    let items = prompts::items(params["name"].as_str().unwrap_or_default(), &given);
    if items.is_empty() {
        return Ok(());
    }
    let looked: Answer<()> = shared.read(|tx| {
        for (argument, id) in &items {
            orc_core::resolve(tx, id, argument)?;
        }
        Ok(())
    });
    Ok(looked?)
}

/// A prompt's argument that names no item, or several: to MCP that is a wrong parameter.
fn wrong_item(refusal: &Refusal, level: answer::Level) -> Fault {
    let code = if matches!(refusal.code, Code::Unavailable | Code::Internal) { INTERNAL } else { INVALID };
    let data = serde_json::value::to_raw_value(&answer::refusal_body(refusal, level)).ok();
    let mut message = refusal.message.clone();
    if refusal.code == Code::NotFound {
        message.push_str(
            ". query_items(operation=list, search=WORD) finds an item; get_context shows what is open",
        );
    }
    Fault { data, ..Fault::new(code, message) }
}

/// The result of MCP's `prompts/get`; what is wrong with the request is -32602.
fn prompt(params: &Value) -> Result<Value, Fault> {
    let invalid = |message: String| Fault::new(INVALID, message);
    let name =
        params.get("name").and_then(Value::as_str).ok_or_else(|| invalid("name is required".to_owned()))?;
    let arguments = params.get("arguments").and_then(Value::as_object).cloned().unwrap_or_default();
    prompts::get(name, &arguments).map_err(|e| invalid(e.to_string()))
}
