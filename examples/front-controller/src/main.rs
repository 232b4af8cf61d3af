//! Front controller: somebody's own HTTP server, with Sockhop behind some of its paths.

#![expect(clippy::print_stdout, reason = "where it listens is for whoever starts it")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use sockhop::app::{Embedded, UpgradeTo};
use sockhop::cli::args::RunArgs;
use sockhop::config::{Config, Machine, ProcessEnvironment, Sources};
use sockhop::server::peer::{Peer, PeerAddress};
use tokio::net::TcpListener;

/// What the component is deployed as.
const DEPLOYMENT: &str = "app";

/// The path of the endpoint that the component describes. Nobody sees it: the routes are this
/// program's own.
const ENDPOINT: &str = "/echo";

#[tokio::main]
async fn main() -> Result<()> {
    let component = std::env::args_os().nth(1).map(PathBuf::from);
    let component = component.context("usage: front-controller COMPONENT.wasm")?;
    let host = embedded(&component).await?;
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let served = axum::serve(listener, service(Arc::clone(&host))).with_graceful_shutdown(async {
        // A signal that cannot be awaited does not come either.
        let _interrupted = tokio::signal::ctrl_c().await;
    });
    served.await?;
    if let Some(host) = Arc::into_inner(host) {
        host.stop().await;
    }
    Ok(())
}

/// A host with the component deployed, as the environment and `SOCKHOP_CONFIG` configure it.
async fn embedded(component: &std::path::Path) -> Result<Arc<Embedded>> {
    let (environment, machine) = (&ProcessEnvironment, Machine::this());
    let args = RunArgs::default();
    let config = Config::load(Sources { args: &args, environment, machine: &machine })?;
    let host = Embedded::start(config)?;
    let bytes =
        std::fs::read(component).with_context(|| format!("cannot read {}", component.display()))?;
    host.deploy(&DEPLOYMENT.parse()?, bytes.into(), None).await?;
    Ok(Arc::new(host))
}

fn service(
    host: Arc<Embedded>,
) -> axum::extract::connect_info::IntoMakeServiceWithConnectInfo<Router, SocketAddr> {
    let routes = Router::new()
        .route("/", get(|| async { "Ask for a WebSocket at /tenants/NAME/live.\n" }))
        .route("/tenants/{tenant}/live", get(live))
        .with_state(host);
    routes.into_make_service_with_connect_info()
}

/// This program decides who gets a WebSocket and where it leads; Sockhop does the rest.
async fn live(
    State(host): State<Arc<Embedded>>,
    Path(tenant): Path<String>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    if tenant == "nobody" {
        return (StatusCode::PAYMENT_REQUIRED, "Nobody has not paid.\n").into_response();
    }
    let to = UpgradeTo {
        deployment: DEPLOYMENT,
        endpoint: ENDPOINT,
        path_parameters: vec![("tenant".to_owned(), tenant)],
        peer: Peer::new(PeerAddress::from(address), "front controller".to_owned()),
    };
    match host.upgrade(request, to).await {
        Some(answer) => answer.map(Body::new),
        None => (StatusCode::NOT_FOUND, "Nothing is deployed.\n").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use sockhop_tests::{Client, artefacts, http};

    use super::*;

    #[expect(clippy::disallowed_methods, reason = "the task ends with the test's runtime")]
    async fn serving() -> (SocketAddr, Arc<Embedded>) {
        let host = embedded(&artefacts::guest("echo")).await.expect("it starts");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let service = service(Arc::clone(&host));
        tokio::spawn(async move { axum::serve(listener, service).await });
        (address, host)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn handshakes_lead_where_the_program_says_and_nowhere_else() {
        let (address, host) = serving().await;
        let mut client = Client::connect(address, "/tenants/ada/live", &[]).await;
        assert_eq!(client.ask("hello").await, "hello");
        let large = "x".repeat(300 << 10);
        assert_eq!(client.ask(&large).await, large);
        assert_eq!(host.deployments()[0].revisions[0].sessions, 1);
        for (path, status) in [("/tenants/nobody/live", 402), ("/echo", 404), ("/", 200)] {
            assert_eq!(http::get(path).send(address).await.status, status, "{path}");
        }
        // What is no handshake is refused as by a host of its own.
        assert_eq!(http::get("/tenants/ada/live").send(address).await.status, 426);
        host.undeploy(&DEPLOYMENT.parse().expect("a name")).expect("it is deployed");
        assert_eq!(client.closed().await.code, 1001);
        assert_eq!(http::get("/tenants/ada/live").send(address).await.status, 404);
    }
}
