//! What the client asks, and where the answer comes from. Both MCP lifecycles are served: with `initialize`
//! (2024-11-05 to 2025-11-25) and without (2026-07-28).

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use orc_proto::{
    codec::MAX_MESSAGE,
    wire::{Document, Poll, ToolAnswer},
};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult, CustomRequest,
        CustomResult, ErrorCode, GetPromptRequestParams, GetPromptResponse, GetPromptResult, Implementation,
        InitializeRequestParams, InitializeResult, ListPromptsResult, ListResourceTemplatesResult,
        ListResourcesResult, ListToolsResult, PaginatedRequestParams, ProgressNotificationParam,
        ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, ServerCapabilities,
        ServerConfig, SubscribeRequestParams, SubscriptionFilter, UnsubscribeRequestParams,
    },
    service::{NotificationContext, RequestContext, SubscriptionContext},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    convert,
    door::Known,
    link::{Link, Unavailable},
    pump,
    roots::Roots,
    stdio::Traffic,
    subscriptions::{Full, Subscriptions},
};

/// What a model reads once per session, so every sentence has to earn its place.
const INSTRUCTIONS: &str = "Shared, persistent work graph for all agents on this machine. Items flow queue -> work -> \
review -> done; dependencies and required notes gate the way. Start with get_context(). To take work: \
get_next_item(claim=true), then advance_item(item_id, trigger=\"start\") unless it is in work already, later \
trigger=\"complete\". Write findings with manage_notes. A refusal names what is missing; ids may be shortened to 4 characters.";

/// Signs of life for clients that wait for a long call: the first after this time, then ever further apart, up to this.
const PROGRESS: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(5));

/// Requests whose parameters rmcp may fail to read; it then offers them as unknown.
const KNOWN: [&str; 12] = [
    "initialize",
    "tools/call",
    "tools/list",
    "prompts/get",
    "prompts/list",
    "subscriptions/listen",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "resources/subscribe",
    "resources/unsubscribe",
    "completion/complete",
];

/// The MCP server of one client.
pub(crate) struct Handler {
    link: Arc<Link>,
    subscriptions: Arc<Subscriptions>,
    traffic: Traffic,
    roots: Roots,
    config: ServerConfig,
    begun: OnceLock<()>,
}

impl Handler {
    pub(crate) fn new(link: Arc<Link>, subscriptions: Arc<Subscriptions>, traffic: Traffic) -> Self {
        let config = config(&link);
        let roots = Roots::new(Arc::clone(&link));
        Self { link, subscriptions, traffic, roots, config, begun: OnceLock::new() }
    }

    /// Begins the connection, in the background, once it is known who the client is.
    fn begin(&self, client: Option<Implementation>) {
        self.begun.get_or_init(|| {
            if let Some(client) = client {
                self.link.introduce(client.name, client.version);
            }
            tokio::spawn(pump::run(Arc::clone(&self.link), Arc::clone(&self.subscriptions)));
        });
    }

    /// Carries a request to the daemon and its answer back.
    async fn ask<T: DeserializeOwned>(
        &self,
        method: &str,
        params: &impl Serialize,
        cx: &RequestContext<RoleServer>,
    ) -> Result<T, ErrorData> {
        self.begin(cx.client_info());
        self.roots.settled().await;
        let params = document(params)?;
        let answer = self.link.ask(method, Some(params)).await;
        convert::result(answer.map_err(|Unavailable(why)| ErrorData::internal_error(why, None))?)
    }

    /// From when on a resource is watched, if it is there.
    pub(crate) async fn watch_from(
        &self,
        uri: &str,
        cx: &RequestContext<RoleServer>,
    ) -> Result<u64, ErrorData> {
        #[derive(serde::Deserialize)]
        struct From {
            after: u64,
        }
        let From { after } = self.ask("resources/subscribe", &serde_json::json!({ "uri": uri }), cx).await?;
        Ok(after)
    }

    /// How many more resources this session may watch.
    pub(crate) fn room_for_subscriptions(&self) -> usize {
        self.subscriptions.room()
    }

    /// Runs a tool; whatever goes wrong on the way is the tool's answer, for an agent never sees JSON-RPC errors.
    async fn call(&self, request: CallToolRequestParams, cx: &RequestContext<RoleServer>) -> ToolAnswer {
        self.begin(cx.client_info());
        let arguments = match request.arguments.as_ref().map(document).transpose() {
            Ok(arguments) => arguments,
            Err(error) => return ToolAnswer::refusal("VALIDATION", &error.message),
        };
        if arguments.as_ref().is_some_and(|arguments| arguments.text().len() > MAX_MESSAGE) {
            return ToolAnswer::refusal(
                "VALIDATION",
                "The arguments are over 16 MiB; send them in several calls.",
            );
        }
        self.roots.settled().await;
        let progress = cx.meta.get_progress_token();
        let answering = self.link.call(&request.name, arguments, progress.is_some());
        let mut answering = std::pin::pin!(answering);
        let begun = Instant::now();
        let mut pause = PROGRESS.0;
        loop {
            tokio::select! {
                answer = &mut answering => {
                    return answer.unwrap_or_else(|Unavailable(why)| ToolAnswer::refusal("UNAVAILABLE", &why));
                }
                // Dropping the call cancels it in the daemon; nobody waits for this answer.
                () = cx.ct.cancelled() => return ToolAnswer::refusal("UNAVAILABLE", "The call was cancelled."),
                () = tokio::time::sleep(pause), if progress.is_some() => {
                    pause = (pause * 2).min(PROGRESS.1);
                    let passed = begun.elapsed().as_secs_f64();
                    if let Some(token) = progress.clone() {
                        let sign = ProgressNotificationParam::new(token, passed).with_message("still waiting");
                        let _ = cx.peer.notify_progress(sign).await; // a client that left needs no sign
                    }
                }
            }
        }
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        self.config.clone()
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        cx: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        cx.peer.set_peer_info(request.clone());
        let answer = self.negotiate_initialize(&request);
        self.roots.expect(&request.capabilities);
        self.begin(Some(request.client_info));
        answer
    }

    async fn on_initialized(&self, cx: NotificationContext<RoleServer>) {
        self.subscriptions.client(cx.peer.clone());
        self.on_roots_list_changed(cx).await;
    }

    async fn on_roots_list_changed(&self, cx: NotificationContext<RoleServer>) {
        self.roots.ask(&cx.peer).await;
        // Another project has other schemas, and the lists name them.
        self.subscriptions.ask_anew();
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        cx: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let mut list: ListToolsResult = self.ask("tools/list", &request.unwrap_or_default(), &cx).await?;
        list.result_type = Some(rmcp::model::ResultType::COMPLETE);
        Ok(list)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        cx: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let answer = self.call(request, &cx).await;
        Ok(convert::tool_result(answer, self.link.wants_structured()).into())
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        cx: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let mut list: ListPromptsResult = self.ask("prompts/list", &request.unwrap_or_default(), &cx).await?;
        list.result_type = Some(rmcp::model::ResultType::COMPLETE);
        Ok(list)
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        cx: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let mut prompt: GetPromptResult = self.ask("prompts/get", &request, &cx).await?;
        prompt.result_type = Some(rmcp::model::ResultType::COMPLETE);
        Ok(prompt.into())
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        cx: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let mut list: ListResourcesResult =
            self.ask("resources/list", &request.unwrap_or_default(), &cx).await?;
        list.result_type = Some(rmcp::model::ResultType::COMPLETE);
        Ok(list)
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        cx: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let mut list: ListResourceTemplatesResult =
            self.ask("resources/templates/list", &request.unwrap_or_default(), &cx).await?;
        list.result_type = Some(rmcp::model::ResultType::COMPLETE);
        Ok(list)
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        cx: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let mut read: ReadResourceResult = self.ask("resources/read", &request, &cx).await?;
        read.result_type = Some(rmcp::model::ResultType::COMPLETE);
        Ok(read.into())
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        cx: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let mut completed: CompleteResult = self.ask("completion/complete", &request, &cx).await?;
        completed.result_type = Some(rmcp::model::ResultType::COMPLETE);
        Ok(completed)
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        cx: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let after = self.watch_from(&request.uri, &cx).await?;
        self.subscriptions.subscribe(request.uri, after).map_err(|Full| {
            let message =
                format!("A session may watch {} resources; unsubscribe from some first", Poll::MAX_WATCHED);
            ErrorData::invalid_params(message, None)
        })
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.subscriptions.unsubscribe(&request.uri);
        Ok(())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.clone()) // rmcp keeps what the capabilities cover
    }

    async fn listen(&self, cx: SubscriptionContext) -> Result<(), ErrorData> {
        self.begin(cx.request_context().client_info());
        let known = cx.request_context().extensions.get::<Known>().cloned().unwrap_or_default();
        self.subscriptions.add(cx.sink().clone(), &known.0);
        tokio::select! {
            () = cx.cancelled() => {}
            () = self.traffic.ended() => {}
        }
        self.subscriptions.remove(cx.sink().id());
        Ok(())
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let method = request.method;
        Err(if KNOWN.contains(&method.as_str()) {
            ErrorData::invalid_params(format!("The parameters of {method} cannot be read"), None)
        } else {
            ErrorData::new(ErrorCode::METHOD_NOT_FOUND, format!("Unknown method: {method}"), None)
        })
    }
}

fn config(link: &Link) -> ServerConfig {
    let capabilities = ServerCapabilities::builder()
        .enable_tools()
        .enable_tool_list_changed()
        .enable_prompts()
        .enable_prompts_list_changed()
        .enable_resources()
        .enable_resources_list_changed()
        .enable_resources_subscribe()
        .enable_completions()
        .build();
    let mut instructions = INSTRUCTIONS.to_owned();
    if let Some(original) = link.original_to_take_over() {
        instructions.push_str(&format!(
            " A database of task-orchestrator-py is at {0}; to take it over (it is backed up first), set \
             TASK_ORCHESTRATOR_DB={0} for this server.",
            original.display()
        ));
    }
    ServerConfig::new(capabilities)
        .with_server_info(Implementation::new("task-orchestrator", env!("CARGO_PKG_VERSION")))
        .with_instructions(instructions)
}

fn document(value: &impl Serialize) -> Result<Document, ErrorData> {
    let text = serde_json::to_string(value);
    text.map(Document::from).map_err(|error| ErrorData::invalid_params(error.to_string(), None))
}
