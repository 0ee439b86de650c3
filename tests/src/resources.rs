//! Resources and what is told of them without being asked, in both lifecycles.

use serde_json::{Value, json};

use crate::{client::McpClient, lifecycle::Lifecycle};

impl McpClient {
    /// A resource's text.
    ///
    /// # Panics
    /// When it has none.
    #[track_caller]
    pub fn read(&self, uri: &str) -> String {
        let result = self.rpc("resources/read", json!({ "uri": uri }));
        assert_eq!(result["contents"][0]["uri"], uri, "{result}");
        result["contents"][0]["text"]
            .as_str()
            .unwrap_or_else(|| panic!("wanted text, got {result}"))
            .to_owned()
    }

    /// A resource's document.
    ///
    /// # Panics
    /// When it is no JSON.
    #[track_caller]
    pub fn read_json(&self, uri: &str) -> Value {
        let text = self.read(uri);
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("wanted a document, got {text}"))
    }

    /// Subscribes the way its version does; returns once the server has agreed to all of it.
    ///
    /// # Panics
    /// When the server leaves one out.
    #[track_caller]
    pub fn watch(&self, uris: &[&str]) {
        match self.lifecycle() {
            Lifecycle::Initialize(_) => uris.iter().for_each(|uri| {
                self.rpc("resources/subscribe", json!({ "uri": uri }));
            }),
            Lifecycle::Stateless => {
                let accepted = self.listen(json!({ "resourceSubscriptions": uris }));
                assert_eq!(accepted["resourceSubscriptions"], json!(uris), "{accepted}");
            }
        }
    }

    /// Opens a stream (2026-07-28) for a filter; what the server accepted of it.
    #[track_caller]
    pub fn listen(&self, filter: Value) -> Value {
        let id = self.send("subscriptions/listen", json!({ "notifications": filter }));
        let told = self.message("the acknowledgment of a stream", |m| {
            m["method"] == "notifications/subscriptions/acknowledged"
                && m["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"] == id
        });
        told["params"]["notifications"].clone()
    }

    /// The next notification of that kind; its parameters.
    #[track_caller]
    pub fn notified(&self, method: &str) -> Value {
        self.message(method, |m| m["method"] == method)["params"].clone()
    }

    /// Waits until this resource is said to be updated.
    #[track_caller]
    pub fn updated(&self, uri: &str) {
        let method = "notifications/resources/updated";
        self.message(&format!("an update of {uri}"), |m| m["method"] == method && m["params"]["uri"] == uri);
    }

    /// Messages of that method that came already and that nobody has waited for.
    pub fn notices(&self, method: &str) -> Vec<Value> {
        self.came(|m| m["method"] == method)
    }

    /// Updates of any resource that came already and that nobody has waited for.
    pub fn updates_so_far(&self) -> Vec<String> {
        let came = self.notices("notifications/resources/updated");
        came.iter().map(|m| m["params"]["uri"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Waits until the server asks for the roots, and names them.
    #[track_caller]
    pub fn answer_roots(&self, roots: &[String]) {
        let asked = self.message("the question for the roots", |m| m["method"] == "roots/list");
        let roots: Vec<Value> = roots.iter().map(|root| json!({ "uri": root })).collect();
        self.tell(&json!({"jsonrpc": "2.0", "id": asked["id"], "result": {"roots": roots}}));
    }

    /// Says that the roots are others now.
    #[track_caller]
    pub fn roots_changed(&self) {
        self.tell(&json!({"jsonrpc": "2.0", "method": "notifications/roots/list_changed"}));
    }
}
