//! One connection: who is it, what does it want, then its calls until it ends.

use std::{io, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use interprocess::local_socket::tokio::Stream;
use orc_proto::{
    Hello, Kind, Refused, Reply, Welcome,
    codec::{self, Frames},
    handshake::{self, BUILD, MAGIC, PROTOCOL_MAX, PROTOCOL_MIN, Starting, code},
    service::Orchestrator,
    stop_marker,
};
use tarpc::server::{BaseChannel, Channel};
use tokio::time::timeout;

use crate::{
    daemon::{Daemon, Place},
    engine::Session,
    hangup::Hangup,
    peer::Peer,
    rpc::Rpc,
};

/// How long a connection may take to say hello (`daemon.md` rule 14).
const HELLO_WITHIN: Duration = Duration::from_secs(2);
/// Connections beyond the sessions, greeted or not: probes, commands, whoever is about to be refused.
pub(crate) const SPARE_CONNECTIONS: usize = 128;

/// Serves a connection from its hello to its end.
pub(crate) async fn serve(daemon: Arc<Daemon>, stream: Stream) {
    let peer = match Peer::of(&stream) {
        Ok(peer) => peer,
        Err(error) => return tracing::warn!(%error, "refused a connection: who it is cannot be told"),
    };
    let mut frames = codec::frames(stream);
    let (reply, served) = match greeting(&daemon, &peer, &mut frames).await {
        Ok(Greeted { welcome, served }) => (Reply::Welcome(welcome), Some(served)),
        Err(reply) => (*reply, None),
    };
    if let Reply::Refused(refused) = &reply {
        tracing::info!(code = refused.code, message = refused.message, "refused a connection");
    }
    let sent = send(&mut frames, &reply).await;
    let Some(Served { session, place }) = served else { return };
    if sent.is_ok() {
        talk(&daemon, session.as_ref(), frames).await;
    }
    if let (Some(engine), Some(session)) = (daemon.engine(), &session) {
        engine.close_session(session).await;
    }
    drop(place);
}

/// Why the engine opens no session: a word for programs, a text for people and agents.
#[derive(Debug)]
pub(crate) struct HandshakeRefusal {
    pub(crate) code: String,
    pub(crate) message: String,
}

struct Greeted {
    welcome: Welcome,
    served: Served,
}

/// A welcomed connection; a probe has neither session nor place.
struct Served {
    session: Option<Arc<Session>>,
    place: Option<Place>,
}

/// Reads the hello and decides. The error is the reply that ends the connection.
async fn greeting(
    daemon: &Arc<Daemon>,
    peer: &Peer,
    frames: &mut Frames<Stream>,
) -> Result<Greeted, Box<Reply>> {
    if !peer.is_ours() {
        return Err(refuse(code::HELLO, "This daemon serves its own user alone."));
    }
    if daemon.connections.len() > daemon.max_sessions + SPARE_CONNECTIONS {
        return Err(too_many(daemon));
    }
    let frame = match timeout(HELLO_WITHIN, frames.next()).await {
        Ok(Some(Ok(frame))) => frame,
        Ok(_) => return Err(refuse(code::HELLO, "The connection ended before its hello.")),
        Err(_) => return Err(refuse(code::HELLO, "No hello came within 2 seconds.")),
    };
    let hello: Hello = serde_json::from_slice(&frame)
        .map_err(|error| refuse(code::HELLO, &format!("The hello cannot be read: {error}")))?;
    if hello.magic != MAGIC {
        return Err(refuse(code::HELLO, "This is the socket of task-orchestrator; the hello is not."));
    }
    let protocol = handshake::negotiate(&hello, PROTOCOL_MIN, PROTOCOL_MAX, BUILD)
        .map_err(|message| refuse(code::PROTOCOL, &message))?;
    if hello.database != daemon.endpoint.database {
        let owned = daemon.endpoint.database.display();
        let wanted = hello.database.display();
        return Err(refuse(code::DATABASE, &format!("This daemon owns {owned}, not {wanted}.")));
    }
    let kind = Kind::of(&hello.kind).ok_or_else(|| {
        refuse(
            code::HELLO,
            &format!("Unknown kind of client: {}. Update the daemon (now {BUILD}).", hello.kind),
        )
    })?;
    let mut welcome = Welcome {
        protocol,
        build: BUILD.to_owned(),
        pid: std::process::id(),
        database: daemon.endpoint.database.clone(),
        ..Welcome::default()
    };
    if kind == Kind::Probe {
        return Ok(Greeted { welcome, served: Served { session: None, place: None } });
    }
    let (session, place) = open(daemon, hello, peer).await?;
    welcome.session.clone_from(&session.id);
    welcome.token.clone_from(&session.token);
    welcome.agent.clone_from(&session.agent);
    Ok(Greeted { welcome, served: Served { session: Some(session), place: Some(place) } })
}

async fn open(daemon: &Arc<Daemon>, hello: Hello, peer: &Peer) -> Result<(Arc<Session>, Place), Box<Reply>> {
    if let Some(reason) = daemon.stop.reason() {
        return Err(refuse(code::STOPPING, &reason.to_string()));
    }
    let Some(engine) = daemon.engine() else {
        let why = format!("{} is being opened", daemon.endpoint.database.display());
        return Err(Box::new(Reply::Starting(Starting { why })));
    };
    let place = daemon.take_place().ok_or_else(|| too_many(daemon))?;
    if hello.clears_stop_marker {
        let _ = stop_marker::clear(&daemon.endpoint); // a marker that stays is seen at the next start
    }
    match engine.open_session(hello, peer.clone()).await {
        Ok(session) => Ok((session, place)),
        Err(refusal) => Err(refuse(&refusal.code, &refusal.message)),
    }
}

/// The calls, until either side ends the connection.
async fn talk(daemon: &Arc<Daemon>, session: Option<&Arc<Session>>, frames: Frames<Stream>) {
    let rpc = Rpc::new(Arc::clone(daemon), session.cloned());
    let transport = Hangup(codec::messages(frames));
    let channel = BaseChannel::with_defaults(transport).max_concurrent_requests(Rpc::MAX_REQUESTS);
    let mut requests = std::pin::pin!(channel.requests());
    loop {
        tokio::select! {
            // Requests first: polling them also writes the answers out, so that the last ones leave before the end.
            biased;
            request = requests.next() => match request {
                Some(Ok(request)) => drop(tokio::spawn(request.execute(rpc.clone().serve()))),
                Some(Err(error)) => return tracing::debug!(%error, "a connection ended"),
                None => return,
            },
            () = daemon.stop.close.cancelled() => return,
        }
    }
}

async fn send(frames: &mut Frames<Stream>, reply: &Reply) -> io::Result<()> {
    let frame = codec::frame(reply)?;
    timeout(HELLO_WITHIN, frames.send(frame)).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

fn refuse(code: &str, message: &str) -> Box<Reply> {
    Box::new(Reply::Refused(Refused {
        code: code.to_owned(),
        message: message.to_owned(),
        protocol_min: PROTOCOL_MIN,
        protocol_max: PROTOCOL_MAX,
        build: BUILD.to_owned(),
    }))
}

fn too_many(daemon: &Daemon) -> Box<Reply> {
    refuse(
        code::SESSIONS,
        &format!(
            "All {} sessions are taken. End an agent's session, or raise the limit of open files (ulimit -n) and \
             start the daemon again.",
            daemon.max_sessions
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use orc_proto::{Endpoint, Places, Settings};

    #[tokio::test]
    async fn while_the_database_opens_a_hello_is_answered_starting() {
        let places = Places::under(std::path::Path::new("/nowhere"));
        let endpoint = Endpoint::find(&places, &Settings::default(), None).unwrap();
        let hello = Hello::new(Kind::Shim, endpoint.database.clone());
        let daemon = Arc::new(Daemon::new(endpoint, 1, crate::idle::IdleExit::Never));
        let peer = Peer { user: None, pid: None };
        let reply = open(&daemon, hello.clone(), &peer).await.unwrap_err();
        assert!(matches!(*reply, Reply::Starting(Starting { why }) if why.contains("tasks.db")));
        // An end while it still opens is an end.
        daemon.stop.begin(crate::stop::Reason::Signal);
        let reply = open(&daemon, hello, &peer).await.unwrap_err();
        assert!(matches!(*reply, Reply::Refused(refused) if refused.code == code::STOPPING));
        assert_eq!(*daemon.sessions.borrow(), 0);
    }
}
