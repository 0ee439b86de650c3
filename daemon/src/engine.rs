//! Stand-in for the engine until the domain is joined: every tool answers with its own name and arguments.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use orc_proto::{
    Hello,
    wire::{Events, Fault, ToolAnswer, ToolCall},
};
use serde_json::{json, value::RawValue};
use tokio_util::sync::CancellationToken;

use crate::{
    boot::{BootError, ServeOptions},
    connection::HandshakeRefusal,
    peer::Peer,
};

/// One client's session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) agent: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Engine(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    sessions: AtomicUsize,
    stopping: CancellationToken,
}

impl Engine {
    pub(crate) async fn open(options: &ServeOptions) -> Result<Self, BootError> {
        let touched = std::fs::File::options().append(true).create(true).open(&options.database);
        touched.map_err(|error| BootError::Database {
            path: options.database.clone(),
            why: error.to_string(),
        })?;
        Ok(Self(Arc::new(Inner { sessions: AtomicUsize::new(0), stopping: options.stopping.clone() })))
    }

    pub(crate) async fn open_session(
        &self,
        hello: Hello,
        peer: Peer,
    ) -> Result<Arc<Session>, HandshakeRefusal> {
        if hello.agent.as_deref() == Some("refused") {
            return Err(HandshakeRefusal { code: "TEST".into(), message: format!("refused {:?}", peer.pid) });
        }
        self.0.sessions.fetch_add(1, Ordering::SeqCst);
        let token = hello.token.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        let agent = hello.agent.or(hello.client_name).unwrap_or_else(|| "agent".to_owned());
        Ok(Arc::new(Session { id: uuid::Uuid::new_v4().to_string(), token, agent }))
    }

    pub(crate) async fn close_session(&self, _session: &Arc<Session>) {
        self.0.sessions.fetch_sub(1, Ordering::SeqCst);
    }

    pub(crate) async fn call(&self, session: &Arc<Session>, call: ToolCall) -> ToolAnswer {
        if call.name == "wait_for" {
            let _ = tokio::time::timeout(Duration::from_secs(60), self.0.stopping.cancelled()).await;
        }
        let echoed = json!({"tool": call.name, "arguments": call.arguments, "agent": session.agent});
        match serde_json::value::to_raw_value(&echoed) {
            Ok(document) => ToolAnswer { document, is_error: false, not_begun: false },
            Err(error) => ToolAnswer::refusal("INTERNAL", &error.to_string()),
        }
    }

    pub(crate) async fn ask(
        &self,
        _session: &Arc<Session>,
        method: &str,
        _params: Option<&RawValue>,
    ) -> Result<Box<RawValue>, Fault> {
        let answer = match method {
            "tools/list" => json!({"tools": [{"name": "get_context", "description": "echo",
                "inputSchema": {"type": "object"}}]}),
            "prompts/list" => json!({"prompts": []}),
            _ => return Err(Fault::unknown_method(method)),
        };
        serde_json::value::to_raw_value(&answer).map_err(|error| Fault::new(-32603, error.to_string()))
    }

    pub(crate) async fn events(&self, _session: &Arc<Session>, after: u64, wait: Duration) -> Events {
        tokio::time::sleep(wait).await;
        Events { latest: after, catalog_revision: 1, ..Events::default() }
    }

    pub(crate) fn session_count(&self) -> usize {
        self.0.sessions.load(Ordering::SeqCst)
    }

    pub(crate) async fn drain(&self) {}
}
