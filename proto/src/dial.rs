//! Connecting to a daemon: the socket's folder is checked, then who listens, then the handshake is answered in time.
//! Only that counts as alive (`daemon.md` rule 4).

use std::{
    io,
    path::PathBuf,
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use interprocess::local_socket::{
    GenericFilePath, ToFsName,
    tokio::{Stream, prelude::*},
};
pub use tarpc::client::RpcError;
use tokio::time::timeout;

use crate::{
    codec::{self, Frames},
    endpoint::Endpoint,
    handshake::{self, Hello, Refused, Reply, Welcome, code},
    private_dir::{UnsafeDir, sandbox_hint},
    service::OrchestratorClient,
    wire::{Ask, Document, Events, Fault, Poll, ToolAnswer, ToolCall},
};

/// How long a daemon may take to answer a hello. Generous: a busy machine is no dead daemon.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// A connection that was welcomed.
#[derive(Debug, Clone)]
pub struct Connection {
    /// What the daemon said.
    pub welcome: Welcome,
    /// The calls. After the connection is lost every call is [`tarpc::client::RpcError::Shutdown`].
    pub rpc: OrchestratorClient,
}

impl Connection {
    /// Runs a tool; at the deadline the daemon gives the call up.
    ///
    /// # Errors
    /// [`RpcError`]; the call may or may not have happened, unless it is `Send`.
    pub async fn call(&self, call: ToolCall, within: Duration) -> Result<ToolAnswer, RpcError> {
        self.rpc.call(deadline(within), call).await
    }

    /// Asks for anything else, by MCP name.
    ///
    /// # Errors
    /// [`RpcError`] when there is no answer; the answer itself may be a [`Fault`].
    pub async fn ask(
        &self,
        method: &str,
        params: Option<Document>,
        within: Duration,
    ) -> Result<Result<Document, Fault>, RpcError> {
        self.rpc.ask(deadline(within), Ask { method: method.to_owned(), params }).await
    }

    /// Waits for changes.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn events(&self, poll: Poll) -> Result<Events, RpcError> {
        self.rpc.events(deadline(Duration::from_millis(poll.wait_ms) + ANSWER_WITHIN * 2), poll).await
    }
}

fn deadline(within: Duration) -> tarpc::context::Context {
    let mut context = tarpc::context::current();
    context.deadline = Instant::now() + within;
    context
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// No socket, or one nobody listens on.
    #[error("No daemon runs for {}.", .database.display())]
    NobodyListens {
        /// The database asked for.
        database: PathBuf,
    },
    /// The system forbids connecting.
    #[error(
        "May not connect to the daemon's socket {socket}: {error}. If this runs in a sandbox, allow it to use {socket}"
    )]
    Forbidden {
        /// The socket to allow.
        socket: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Somebody listens and says nothing.
    #[error("The daemon holds the lock and does not answer ({}). If it stays so, end that process; the database is safe.", .pid.map_or("pid unknown".to_owned(), |pid| format!("pid {pid}")))]
    NoAnswer {
        /// The listener's process id, as the system or its lock file tells it.
        pid: Option<u32>,
    },
    /// The daemon still opens its database.
    #[error("The daemon is starting: {why}")]
    Starting {
        /// What it is doing.
        why: String,
    },
    /// The daemon answered no.
    #[error("{}", .0.message)]
    Refused(Refused),
    /// Somebody else's process listens there.
    #[error("The process listening on {socket} belongs to user {owner}, not to you; nothing was sent to it.")]
    Stranger {
        /// The socket.
        socket: PathBuf,
        /// The listener's user id.
        owner: u32,
    },
    /// The daemon there owns another database.
    #[error("The daemon on this socket owns {}, not {}.", .owned.display(), .wanted.display())]
    OtherDatabase {
        /// What it owns.
        owned: PathBuf,
        /// What was asked for.
        wanted: PathBuf,
    },
    /// The runtime folder is not to be trusted.
    #[error(transparent)]
    Folder(UnsafeDir),
    /// The connection broke before the daemon had answered.
    #[error("The connection to the daemon broke before it answered: {0}")]
    Broken(io::Error),
}

impl DialError {
    /// Whether the same call may well succeed in a moment.
    pub fn passes(&self) -> bool {
        match self {
            Self::Starting { .. } | Self::Broken(_) => true,
            Self::Refused(refused) => [code::STOPPING, code::BUSY].contains(&refused.code.as_str()),
            _ => false,
        }
    }
}

/// Connects and says hello.
///
/// # Errors
/// [`DialError`]; bounded by [`ANSWER_WITHIN`].
pub async fn dial(endpoint: &Endpoint, hello: &Hello) -> Result<Connection, DialError> {
    let nobody = || DialError::NobodyListens { database: endpoint.database.clone() };
    match endpoint.verify() {
        Err(missing) if missing.is_missing() => return Err(nobody()),
        checked => checked.map_err(DialError::Folder)?,
    }
    let name = endpoint.socket.as_path().to_fs_name::<GenericFilePath>().map_err(DialError::Broken)?;
    let silent = |listener: Option<u32>| DialError::NoAnswer {
        pid: listener
            .or_else(|| crate::lockfile::holder(&endpoint.lock()).ok().flatten().and_then(|h| h.pid)),
    };
    let stream = match timeout(ANSWER_WITHIN, Stream::connect(name)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            return Err(match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => nobody(),
                io::ErrorKind::PermissionDenied => {
                    DialError::Forbidden { socket: endpoint.socket.clone(), error }
                }
                _ => DialError::Broken(error),
            });
        }
        Err(_) => return Err(silent(None)),
    };
    let listener = peer(&stream, endpoint)?;
    let mut frames = codec::frames(stream);
    let reply = match timeout(ANSWER_WITHIN, greet(&mut frames, hello)).await {
        Ok(reply) => reply.map_err(DialError::Broken)?,
        Err(_) => return Err(silent(listener)),
    };
    match reply {
        Reply::Welcome(welcome) if welcome.database != endpoint.database => {
            Err(DialError::OtherDatabase { owned: welcome.database, wanted: endpoint.database.clone() })
        }
        Reply::Welcome(welcome) => {
            let messages = codec::messages(frames);
            let rpc = OrchestratorClient::new(tarpc::client::Config::default(), messages).spawn();
            Ok(Connection { welcome, rpc })
        }
        Reply::Starting(handshake::Starting { why }) => Err(DialError::Starting { why }),
        Reply::Refused(refused) => Err(DialError::Refused(refused)),
    }
}

async fn greet(frames: &mut Frames<Stream>, hello: &Hello) -> io::Result<Reply> {
    // With a full backlog the connect above may have lied (interprocess 2.4.7): then this fails, and passes later.
    frames.send(codec::frame(hello)?).await?;
    let frame = frames.next().await.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))??;
    Ok(serde_json::from_slice(&frame)?)
}

/// The listener's process id, once its user is known to be ours (`daemon.md` rule 16).
fn peer(stream: &Stream, endpoint: &Endpoint) -> Result<Option<u32>, DialError> {
    #[cfg(unix)]
    {
        use interprocess::local_socket::traits::StreamCommon;
        let credentials = match stream.peer_creds() {
            Ok(credentials) => credentials,
            Err(error) => return Err(DialError::Broken(error)),
        };
        match credentials.euid() {
            Some(owner) if owner != rustix::process::geteuid().as_raw() => {
                Err(DialError::Stranger { socket: endpoint.socket.clone(), owner })
            }
            _ => Ok(credentials.pid().and_then(|pid| u32::try_from(pid).ok())),
        }
    }
    #[cfg(not(unix))]
    {
        let _ = (stream, endpoint);
        Ok(None)
    }
}

/// What to say about `error` at `socket`, shared with the starter.
pub(crate) fn with_hint(error: &io::Error, path: &std::path::Path) -> String {
    format!("{error}.{}", sandbox_hint(error, path))
}
