//! One connection: who is it, what does it want, then its calls until it ends.

use std::{io, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::{FutureExt, SinkExt, StreamExt};
use interprocess::local_socket::tokio::Stream;
use orc_proto::{
    Hello, Kind, Refused, Reply, Welcome,
    codec::{self, Frames},
    handshake::{self, BUILD, MAGIC, PROTOCOL_MAX, PROTOCOL_MIN, Starting, code},
    service::Orchestrator,
    stop_marker,
};
use tarpc::server::{BaseChannel, Channel, Config};
use tokio::time::{sleep, timeout};

use crate::{
    daemon::{Daemon, Place},
    engine::Session,
    hangup::Hangup,
    lobby::Guest,
    peer::Peer,
    rpc::Rpc,
};

/// How long a connection may take to say hello (`daemon.md` rule 14).
const HELLO_WITHIN: Duration = Duration::from_secs(2);
/// How long a probe may stay: it has one question.
const PROBE_WITHIN: Duration = Duration::from_secs(30);
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
    let Some(served) = served else { return };
    if sent.is_ok() {
        // A frame that makes the library beneath panic must not leave a session behind that nobody ends.
        let talking = AssertUnwindSafe(talk(&daemon, &served, frames)).catch_unwind();
        if talking.await.is_err() {
            tracing::error!("a connection was ended by a panic");
        }
    }
    if let (Some(engine), Served::Session(session, _)) = (daemon.engine(), &served) {
        engine.close_session(session).await;
    }
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

/// A welcomed connection: a session and its place among them, or a probe.
enum Served {
    Session(Arc<Session>, #[expect(dead_code, reason = "given back when it is dropped")] Place),
    Probe(Guest),
}

/// Reads the hello and decides. The error is the reply that ends the connection.
async fn greeting(
    daemon: &Arc<Daemon>,
    peer: &Peer,
    frames: &mut Frames<Stream>,
) -> Result<Greeted, Box<Reply>> {
    if !peer.is_ours {
        return Err(refuse(code::HELLO, "This daemon serves its own user alone."));
    }
    let guest = daemon.lobby.enter();
    if daemon.connections.len() > daemon.max_sessions + SPARE_CONNECTIONS {
        daemon.lobby.make_room();
    }
    let frame = tokio::select! {
        biased; // what has come already is heard
        frame = frames.next() => match frame {
            Some(Ok(frame)) => frame,
            _ => return Err(refuse(code::HELLO, "The connection ended before its hello.")),
        },
        () = guest.must_leave() => return Err(busy(daemon)),
        () = sleep(HELLO_WITHIN) => return Err(refuse(code::HELLO, "No hello came within 2 seconds.")),
    };
    let hello: Hello = serde_json::from_slice(&frame)
        .map_err(|error| refuse(code::HELLO, &format!("The hello cannot be read: {error}")))?;
    if hello.magic != MAGIC {
        return Err(refuse(code::HELLO, "This is the socket of task-orchestrator; the hello is not."));
    }
    let protocol = handshake::negotiate(&hello, handshake::oldest(&hello.kind), PROTOCOL_MAX, BUILD)
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
        return Ok(Greeted { welcome, served: Served::Probe(guest) });
    }
    let (session, place) = open(daemon, hello, peer).await?;
    welcome.session.clone_from(&session.id);
    welcome.token.clone_from(&session.token);
    welcome.agent.clone_from(&session.agent);
    Ok(Greeted { welcome, served: Served::Session(session, place) })
}

async fn open(daemon: &Arc<Daemon>, hello: Hello, peer: &Peer) -> Result<(Arc<Session>, Place), Box<Reply>> {
    if let Some(reason) = daemon.stop.reason() {
        return Err(refuse(code::STOPPING, &reason.to_string()));
    }
    let Some(engine) = daemon.engine() else {
        let why = daemon.opening();
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
async fn talk(daemon: &Arc<Daemon>, served: &Served, frames: Frames<Stream>) {
    match served {
        Served::Session(session, _) => answer(daemon, Some(Arc::clone(session)), frames).await,
        Served::Probe(guest) => tokio::select! {
            () = answer(daemon, None, frames) => {}
            () = guest.must_leave() => {}
            () = sleep(PROBE_WITHIN) => {}
        },
    }
}

async fn answer(daemon: &Arc<Daemon>, session: Option<Arc<Session>>, frames: Frames<Stream>) {
    let rpc = Rpc::new(Arc::clone(daemon), session);
    let transport = Hangup(codec::messages(frames));
    let config = Config { pending_response_buffer: Rpc::UNSENT };
    let channel = BaseChannel::new(config, transport).max_concurrent_requests(Rpc::MAX_REQUESTS);
    let mut requests = std::pin::pin!(channel.requests());
    loop {
        tokio::select! {
            // Requests first: polling them also writes the answers out, so that the last ones leave before the end.
            biased;
            request = requests.next() => match request {
                Some(Ok(request)) => {
                    let (one, room) = rpc.for_one();
                    tokio::spawn(async move {
                        request.execute(one.serve()).await;
                        drop(room); // the answer has left the call, but not this place until it is sent
                    });
                }
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

fn busy(daemon: &Daemon) -> Box<Reply> {
    let words = format!(
        "The daemon has more than {} connections, most of them without a session; it made room for newer ones. Try \
         again in a moment.",
        daemon.max_sessions + SPARE_CONNECTIONS
    );
    refuse(code::BUSY, &words)
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
        let peer = Peer { is_ours: true, pid: None };
        let reply = open(&daemon, hello.clone(), &peer).await.unwrap_err();
        assert!(matches!(*reply, Reply::Starting(Starting { why }) if why.contains("tasks.db")));
        // An end while it still opens is an end.
        daemon.stop.begin(crate::stop::Reason::Signal);
        let reply = open(&daemon, hello, &peer).await.unwrap_err();
        assert!(matches!(*reply, Reply::Refused(refused) if refused.code == code::STOPPING));
        assert_eq!(*daemon.sessions.borrow(), 0);
    }
}
