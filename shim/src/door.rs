//! What has to happen before rmcp takes a request: a `subscriptions/listen` is acknowledged before its handler runs, so the
//! daemon is asked here from when on each resource is watched. A change right behind the acknowledgment is then told of, and one
//! before it is not.

use std::collections::HashMap;

use rmcp::{
    ErrorData, RoleServer,
    model::{ClientNotification, ClientRequest, ServerConfig, ServerResult, SubscriptionFilter},
    service::{NotificationContext, RequestContext, Service},
};

use crate::handler::Handler;

/// The handler behind its door.
pub(crate) struct Door(pub(crate) Handler);

/// The watched addresses of one stream, each with the number of the news up to which it is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known(pub(crate) HashMap<String, u64>);

impl Service<RoleServer> for Door {
    async fn handle_request(
        &self,
        mut request: ClientRequest,
        mut context: RequestContext<RoleServer>,
    ) -> Result<ServerResult, ErrorData> {
        if let ClientRequest::SubscriptionsListenRequest(listen) = &mut request {
            let known = self.look_up(&mut listen.params.notifications, &context).await;
            context.extensions.insert(known);
        }
        Service::handle_request(&self.0, request, context).await
    }

    async fn handle_notification(
        &self,
        notification: ClientNotification,
        context: NotificationContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Service::handle_notification(&self.0, notification, context).await
    }

    fn get_info(&self) -> ServerConfig {
        Service::get_info(&self.0)
    }
}

impl Door {
    /// Asks the daemon about every address in the filter, and leaves out those that are not there: the acknowledgment says which
    /// are left.
    async fn look_up(&self, filter: &mut SubscriptionFilter, context: &RequestContext<RoleServer>) -> Known {
        let Some(wanted) = filter.resource_subscriptions.take() else { return Known::default() };
        let (mut known, mut kept) = (HashMap::new(), Vec::new());
        for uri in wanted.into_iter().take(self.0.room_for_subscriptions()) {
            if let Ok(after) = self.0.watch_from(&uri, context).await {
                known.insert(uri.clone(), after);
                kept.push(uri);
            }
        }
        filter.resource_subscriptions = Some(kept);
        Known(known)
    }
}
