//! Where scenarios run: a host with all guests, in one mode, and ways to its sessions. Their peers
//! are clients of the host, or servers that a guest has connected to.

use std::fmt::Write as _;
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;
use sockhop_tests::tls::Authority;
use sockhop_tests::{Client, RawClient, TestHost, eventually};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::server::Server;

/// How long a host may take to come up: it compiles some twenty components where none of them is
/// known yet.
const START_DEADLINE: Duration = Duration::from_secs(10 * 60);

/// The guests that are deployed at the start. `jakarta` is added to the running host, so that what
/// holds for endpoints holds for those that are added later.
const GUESTS: [&str; 23] = [
    "allocates_forever",
    "configured",
    "dials",
    "directory",
    "echo",
    "errs_in_message",
    "errs_with_text",
    "fails_in_open",
    "floods",
    "handshaker",
    "holds",
    "jakarta_gate",
    "jakarta_parts",
    "jakarta_paths",
    "loops_forever",
    "observer",
    "sleeps",
    "talks",
    "traps_in_close",
    "traps_in_error",
    "traps_in_message",
    "traps_in_open",
    "broadcast",
];

/// Names under which scenarios deploy guests.
const LATER: [&str; 5] = ["jakarta", "added", "drained", "restarted", "removed"];

/// Those whose guests say no keys: lessons, and one that is written without the SDK.
const KEYLESS: [&str; 3] = ["broadcast", "echo", "removed"];

/// What is different for some deployments and endpoints.
const SETTINGS: &str = r#"
[deployment.jakarta.endpoint."/jakarta-idle/{tag}"]
idle_timeout = "2s"
[deployment.jakarta.endpoint."/jakarta-asked/{tag}"]
ping_interval = "50ms"
pong_timeout = "200ms"
[deployment.jakarta.endpoint."/jakarta-hasty/{tag}"]
close_timeout = "200ms"
[deployment.jakarta.endpoint."/jakarta-origin/{tag}"]
origins = ["https://friend.example"]
origin_required = true
[deployment.jakarta.endpoint."/jakarta-deflate/{tag}".compression]
permessage_deflate = "required"
[deployment.jakarta.endpoint."/jakarta-few/{tag}"]
sessions = 2
[deployment.jakarta.endpoint."/jakarta-mute/{tag}"]
read_idle_timeout = "1s"
[deployment.jakarta.endpoint."/jakarta-stuck/{tag}"]
write_idle_timeout = "300ms"
[proxy]
forwarded_from = "127.0.0.2"
[tls]
certificate = "host.crt"
key = "host.key"
client_ca = "clients.crt"
client_auth = "optional"
"#;

/// Which sessions an instance serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// One.
    Session,
    /// Those with the same path parameters, as the guests' own keys say.
    Keyed,
    /// All of its deployment.
    Shared,
}

impl Mode {
    /// Those in which the scenarios run.
    pub(super) const ALL: [Self; 3] = [Self::Session, Self::Keyed, Self::Shared];

    /// The configuration's word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Keyed => "keyed",
            Self::Shared => "shared",
        }
    }

    /// The lines of a deployment's table.
    pub(super) fn settings(self) -> &'static str {
        match self {
            Self::Session => "instancing = \"session\"\n",
            Self::Keyed => "instancing = \"keyed\"\n",
            Self::Shared => "instancing = \"shared\"\nshards = 1\n",
        }
    }
}

/// Which part the host has in the sessions of [`Place::two`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The server's.
    Server,
    /// The client's: its guest connects to the scenario.
    Client,
}

impl Role {
    /// Both.
    pub(super) const ALL: [Self; 2] = [Self::Server, Self::Client];
}

/// A host in one mode.
pub(super) struct Place {
    /// The mode.
    pub(super) mode: Mode,
    /// The role.
    pub(super) role: Role,
    /// The host.
    pub(super) host: TestHost,
    /// Who has signed the host's certificate, and signs those of clients.
    pub(super) authority: Authority,
    tags: AtomicU64,
}

impl Place {
    /// Starts a host.
    pub(super) async fn start(mode: Mode) -> Self {
        let mut config = String::new();
        for name in GUESTS.iter().chain(&LATER) {
            let keyless = mode == Mode::Keyed && KEYLESS.contains(name);
            let mode = if keyless { Mode::Session } else { mode };
            write!(config, "[deployment.{name}]\n{}", mode.settings()).expect("a text");
            config.push_str(match *name {
                "dials" | "jakarta" => "connect.allow = \"ws://127.0.0.1:*\"\n",
                "errs_in_message" => "idle_timeout = \"2s\"\n",
                "floods" => "outbound_queue = \"64 KiB\"\n",
                "sleeps" => "event_wait = \"200ms\"\n",
                "loops_forever" => "event_cpu = \"200ms\"\n",
                _ => "",
            });
        }
        config.push_str(SETTINGS);
        let builder =
            GUESTS.into_iter().fold(TestHost::builder(), |builder, guest| builder.guest(guest));
        let authority = Authority::new();
        authority.sign().write(builder.folder());
        fs::write(builder.folder().join("clients.crt"), authority.pem()).expect("our own folder");
        let builder = builder.config(&config).args(["--listen", "wss://127.0.0.1:0"]);
        let host = builder.start_within(START_DEADLINE).await;
        host.deploy("jakarta", "jakarta", &[]).await;
        Self { mode, role: Role::Server, host, authority, tags: AtomicU64::new(0) }
    }

    /// Ends the host, which has no session left by then, and ends as it should.
    pub(super) async fn stop(self) {
        eventually("all sessions to have ended", async || {
            self.host.sessions().await.is_empty().then_some(())
        })
        .await;
        self.host.stop().await;
    }

    /// A tag that no other session has.
    pub(super) fn tag(&self) -> String {
        format!("t{}", self.tags.fetch_add(1, Ordering::Relaxed))
    }

    /// A client in an open session of `jakarta`, at this path.
    pub(super) async fn at(&self, path: &str) -> Client {
        let mut client = self.host.connect(path).await;
        assert_eq!(client.ask("echo open").await, "open");
        client
    }

    /// Two clients with a tag of their own at `/jakarta/{tag}`: the first hears what the session of
    /// the second is told. In the client's role the second is a server, to which the guest of the
    /// first has connected.
    pub(super) async fn two(&self) -> (Client, Client) {
        let path = format!("/jakarta/{}", self.tag());
        let mut witness = self.at(&path).await;
        let second = match self.role {
            Role::Server => self.at(&path).await,
            Role::Client => {
                let mut server = Client::serving(dialled(&mut witness).await).await;
                assert_eq!(server.ask("echo open").await, "open");
                server
            }
        };
        (witness, second)
    }

    /// As [`two`](Self::two), where the second writes its frames by hand. In the client's role the
    /// path has to be `/jakarta`.
    pub(super) async fn two_raw(&self, path: &str) -> (Client, RawClient) {
        let whole = format!("{path}/{}", self.tag());
        let mut witness = self.at(&whole).await;
        let second = match self.role {
            Role::Server => RawClient::connect(self.host.address(), &whole).await,
            Role::Client => {
                assert_eq!(path, "/jakarta", "what is dialled has one endpoint");
                RawClient::serving(dialled(&mut witness).await)
            }
        };
        (witness, second)
    }

    /// The first end of a session with this tag of which the log tells: for those of which nobody
    /// else is there to hear.
    pub(super) async fn end_in_log(&self, tag: &str) -> String {
        let wanted = format!(" {tag} closed ");
        self.host.log_line("jakarta", |line| line.contains(&wanted)).await
    }

    /// A client that writes its frames by hand.
    pub(super) async fn raw(&self, path: &str) -> RawClient {
        RawClient::connect(self.host.address(), path).await
    }

    /// The URL of a path.
    pub(super) fn url(&self, path: &str) -> String {
        format!("ws://{}{path}", self.host.address())
    }
}

/// A connection that the guest of this session has been told to open, after its handshake.
async fn dialled(client: &mut Client) -> TcpStream {
    let server = Server::new().await;
    client.send(format!("dial {}", server.url())).await;
    server.accepted("").await.0
}

/// What the guest `handshaker` says of its session.
pub(super) async fn seen<IO: AsyncRead + AsyncWrite + Unpin>(client: &mut Client<IO>) -> Value {
    serde_json::from_str(&client.ask("what").await).expect("JSON")
}

/// The next text that begins so; those before it are passed over.
pub(super) async fn told(witness: &mut Client, beginning: &str) -> String {
    loop {
        let text = witness.text().await;
        if text.starts_with(beginning) {
            return text;
        }
    }
}

/// How the session ended that a client has heard of, without its id.
pub(super) async fn end(witness: &mut Client) -> String {
    let text = told(witness, "closed ").await;
    let (event, _id) = text.rsplit_once(" id=").expect("the guest says whose end it is");
    event.strip_prefix("closed ").expect("it was looked for").to_owned()
}
