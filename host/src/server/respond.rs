//! One request's answer: a handshake, a file, or a refusal.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::ext::Protocol;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Request, Response, StatusCode, Version};
use sockhop_engine::{KeyError, SeatError};
use sockhop_session::handshake::{Acceptance, Agreed, HandshakeDecision, HandshakeRequest};
use sockhop_session::{Handle, Identity};
use sockhop_yielding::others_first;

use super::activity::Busy;
use super::admission::{Asking, HandshakeTicket, OverLimit};
use super::forwarded;
use super::handshake::{Form, Handshake, Refusal, choose_subprotocol, extra_headers, request_uri};
use super::listen::Admitted;
use super::negotiation::Negotiated;
use super::peer::Peer;
use super::upgrade::{self, Accepted};
use crate::deployments::Routed;
use crate::deployments::revision::ServedEndpoint;
use crate::deployments::served::{ceiling, message_bytes, queue_limits};
use crate::telemetry::Seldom;

/// The body of every answer.
pub type Body = UnsyncBoxBody<Bytes, io::Error>;

/// How long a peer is asked to wait before it tries again, in seconds, where the host is full or
/// stops.
const RETRY_AFTER_SECONDS: u16 = 5;

/// Answers a request.
pub(super) async fn respond(
    request: Request<Incoming>,
    peer: Peer,
    admitted: Arc<Admitted>,
) -> Response<Body> {
    let shared = &admitted.shared;
    if shared.stopping.is_cancelled() {
        return unavailable("The host is stopping.");
    }
    // The library counts those of HTTP/1.1, and of HTTP/2 their bytes only.
    let fields_max = shared.config.limits.header_fields as usize;
    if request.version() == Version::HTTP_2 && request.headers().len() > fields_max {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return text(status, "The request has too many header fields.");
    }
    let (peer, host) = match forwarded::follow(request.headers(), peer, &shared.config.proxy) {
        Ok(followed) => followed,
        Err(error) => return text(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let found = shared.deployments.route(request.uri().path());
    let read = read_handshake(&request, host);
    match (found, read) {
        (Some(routed), Ok(handshake)) => begin(request, handshake, routed, peer, admitted).await,
        (None, Ok(_)) => text(StatusCode::NOT_FOUND, "No endpoint is deployed at this path."),
        (found, Err(refusal @ (Refusal::NotWebSocket | Refusal::NotExtendedConnect))) => {
            let response = match &shared.assets {
                Some(assets) => assets.serve(request).await,
                None => text(StatusCode::NOT_FOUND, "There is nothing at this path."),
            };
            if found.is_some() && response.status() == StatusCode::NOT_FOUND {
                return refused(&refusal);
            }
            response
        }
        (None, Err(_)) => text(StatusCode::NOT_FOUND, "No endpoint is deployed at this path."),
        (Some(_), Err(refusal)) => refused(&refusal),
    }
}

/// Answers a handshake that somebody else's server was asked for, for the endpoint that it chose.
pub(super) async fn upgrade<B>(
    request: Request<B>,
    routed: Routed,
    peer: Peer,
    admitted: Arc<Admitted>,
) -> Response<Body> {
    if admitted.shared.stopping.is_cancelled() {
        return unavailable("The host is stopping.");
    }
    match read_handshake(&request, None) {
        Ok(handshake) => begin(request, handshake, routed, peer, admitted).await,
        Err(refusal) => refused(&refusal),
    }
}

/// Holds a handshake against the endpoint's settings and the limits, and accepts it if all agree.
async fn begin<B>(
    request: Request<B>,
    handshake: Handshake,
    routed: Routed,
    peer: Peer,
    admitted: Arc<Admitted>,
) -> Response<Body> {
    let settings = &routed.endpoint.settings;
    if let Err(refusal) = handshake.check_origin(&settings.origins, peer.secure) {
        return refused(&refusal);
    }
    let ticket = match let_in(&handshake, &routed, &peer, &admitted) {
        Ok(ticket) => ticket,
        Err(over) => return over_limit(&over),
    };
    let contexts = &admitted.shared.contexts;
    match Negotiated::new(request.headers(), &settings.compression, contexts) {
        Ok(negotiated) => {
            let granted = Granted { admitted, ticket, negotiated };
            accept(request, handshake, routed, peer, granted).await
        }
        Err(refusal) => refused(&refusal),
    }
}

/// Reads a handshake that was sent to this host, where a proxy says so, else to the one it names.
fn read_handshake<B>(request: &Request<B>, host: Option<String>) -> Result<Handshake, Refusal> {
    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    let handshake = match request.version() {
        Version::HTTP_2 => {
            let protocol = request.extensions().get::<Protocol>().map(Protocol::as_str);
            Handshake::read_http2(method, protocol, uri, headers)
        }
        version => Handshake::read(method, uri, version, headers),
    }?;
    Ok(Handshake { host: host.unwrap_or(handshake.host), ..handshake })
}

/// Holds a valid handshake against the limits, before it costs an instance.
fn let_in(
    handshake: &Handshake,
    routed: &Routed,
    peer: &Peer,
    admitted: &Admitted,
) -> Result<HandshakeTicket, OverLimit> {
    let (endpoint, admission) = (&routed.endpoint, &admitted.shared.admission);
    let asking = Asking {
        connection: &admitted.ticket,
        shares_connection: handshake.form == Form::ExtendedConnect,
        peer: peer.address.counted(),
        sessions: &endpoint.sessions,
        sessions_max: endpoint.settings.limits.sessions,
    };
    let now = Instant::now();
    admission.handshake(&asking, now).inspect_err(|over| {
        if let Some(handshakes) = admission.tell(over, now) {
            let (status, key) = (over.status().as_u16(), over.key());
            let path = &endpoint.config.path;
            endpoint.revision.log().warn(format!(
                "{key} is reached; {handshakes} handshakes are answered {status}, the last one for \
                 {path} from {peer}"
            ));
        }
    })
}

/// What the host has granted a handshake before its guest is asked.
struct Granted {
    admitted: Arc<Admitted>,
    ticket: HandshakeTicket,
    negotiated: Negotiated,
}

/// Takes a seat for a valid handshake, asks the guest, and accepts if all agree.
async fn accept<B>(
    mut request: Request<B>,
    handshake: Handshake,
    routed: Routed,
    peer: Peer,
    granted: Granted,
) -> Response<Body> {
    let Granted { admitted, ticket, mut negotiated } = granted;
    let Routed { endpoint, parameters, visit } = routed;
    let asked = guest_request(&request, &handshake, &endpoint, parameters, &peer, &negotiated);
    // To make an instance is long work beside a message: those that came meanwhile go first.
    others_first().await;
    let (seat, decision) = match endpoint.seats.decide(&asked).await {
        Ok(decided) => decided,
        Err(error) => return no_seat(&endpoint, &error, &admitted.shared.unseated),
    };
    let acceptance = match decision {
        None => {
            let subprotocol = asked.default_subprotocol.clone();
            Acceptance { subprotocol, ..Acceptance::default() }
        }
        Some(HandshakeDecision::Accept(acceptance)) => acceptance,
        Some(HandshakeDecision::Reject { status, headers, body }) => {
            return rejected(&endpoint, status, &headers, body);
        }
    };
    let answer = match answer_to(&handshake, &acceptance, &mut negotiated) {
        Ok(answer) => answer,
        Err(error) => return guest_fault(&endpoint, &*error),
    };
    let Acceptance { subprotocol, properties, principal, .. } = acceptance;
    let agreed = Agreed { extensions: negotiated.agreed().to_vec(), principal };
    let limits = &endpoint.settings.limits;
    let max_message_bytes = message_bytes(limits, endpoint.config.max_message_bytes);
    let identity = Identity {
        id: admitted.shared.registry.next_id(),
        endpoint_path: endpoint.config.path.clone(),
        request: asked,
        subprotocol,
        max_message_bytes,
    };
    let queue = queue_limits(limits);
    let session = Handle::new(identity, queue, endpoint.property_bytes)
        .with_agreed(agreed)
        .with_ceiling(ceiling(limits))
        .with_timers(limits.timers);
    for (name, value) in endpoint.config.properties.iter().cloned().chain(properties) {
        if let Err(error) = session.set_property(name, Some(value)) {
            return guest_fault(&endpoint, &error);
        }
    }
    let (settings, contexts) = negotiated.settings(&endpoint.settings);
    let busy = request.extensions().get::<Arc<Busy>>().cloned();
    let session = Arc::new(session);
    let accepted =
        Accepted { seat, session, endpoint, visit, peer, settings, contexts, busy, ticket };
    upgrade::start(hyper::upgrade::on(&mut request), accepted, admitted);
    with_headers(empty(handshake.form.accepted()), answer)
}

/// The fields of the answer that accepts a handshake as the guest wants it; extensions that it
/// leaves out are given up.
fn answer_to(
    handshake: &Handshake,
    acceptance: &Acceptance,
    negotiated: &mut Negotiated,
) -> Result<HeaderMap, Box<dyn Error>> {
    let mut answer = handshake.accept_response_headers(acceptance.subprotocol.as_deref())?;
    answer.extend(extra_headers(&acceptance.headers)?);
    if let Some(names) = &acceptance.extensions {
        negotiated.keep(names)?;
    }
    if let Some(principal) = &acceptance.principal {
        principal.check()?;
    }
    if let Some(extensions) = negotiated.answer() {
        answer.insert(header::SEC_WEBSOCKET_EXTENSIONS, extensions.clone());
    }
    Ok(answer)
}

fn guest_request<B>(
    request: &Request<B>,
    handshake: &Handshake,
    endpoint: &ServedEndpoint,
    path_parameters: Vec<(String, String)>,
    peer: &Peer,
    negotiated: &Negotiated,
) -> HandshakeRequest {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let spoken = &endpoint.config.subprotocols;
    let headers = request.headers().iter();
    HandshakeRequest {
        uri: request_uri(&handshake.host, path, peer.secure),
        query: request.uri().query().map(str::to_owned),
        path_parameters,
        headers: headers
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
            .collect(),
        subprotocols: handshake.subprotocols.clone(),
        default_subprotocol: choose_subprotocol(&handshake.subprotocols, spoken).map(str::to_owned),
        extensions: negotiated.offered().to_vec(),
        default_extensions: negotiated.agreed().to_vec(),
        secure: peer.secure,
        peer: peer.address.ip().map(|_| peer.to_string()),
        local: Some(peer.local.to_string()),
        client_certificates: peer.certificates.to_vec(),
    }
}

/// The status for each reason why there is no seat: the one mapping.
fn no_seat(endpoint: &ServedEndpoint, error: &SeatError, unseated: &Seldom) -> Response<Body> {
    let log = endpoint.revision.log();
    match error {
        SeatError::AtCapacity | SeatError::PoolFull(_) => {
            if let Some(handshakes) = unseated.count(Instant::now()) {
                log.warn(format!("{handshakes} handshakes are answered 503: {error}"));
            }
            unavailable("The host has no instance left for another session.")
        }
        // Of what peers write nothing goes to the log.
        SeatError::Key(KeyError::ParameterTooLong(_)) => {
            text(StatusCode::URI_TOO_LONG, "The path is too long for this endpoint.")
        }
        SeatError::Key(KeyError::NoParameter(_) | KeyError::TooLong(_) | KeyError::Refused(_))
        | SeatError::Mismatch(_)
        | SeatError::Trap(_) => guest_fault(endpoint, error),
    }
}

/// The guest is at fault: its author finds the reason in the deployment's log, the peer is not
/// told.
fn guest_fault(endpoint: &ServedEndpoint, error: &dyn Error) -> Response<Body> {
    endpoint.revision.log().warn(format!("a handshake is answered 500: {error}"));
    text(StatusCode::INTERNAL_SERVER_ERROR, "The endpoint failed.")
}

fn rejected(
    endpoint: &ServedEndpoint,
    status: u16,
    headers: &[(String, Vec<u8>)],
    body: Vec<u8>,
) -> Response<Body> {
    let status = match StatusCode::from_u16(status) {
        Ok(status) if (300..600).contains(&status.as_u16()) => status,
        _ => return guest_fault(endpoint, &BadStatus(status)),
    };
    match extra_headers(headers) {
        Ok(headers) => with_headers(response(status, Full::from(body)), headers),
        Err(error) => guest_fault(endpoint, &error),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the configurator rejects with status {0}; 300 to 599 are allowed")]
struct BadStatus(u16);

fn refused(refusal: &Refusal) -> Response<Body> {
    with_headers(text(refusal.status(), &refusal.to_string()), refusal.headers())
}

/// A limit is reached: the peer is told which, and when to come back.
pub(super) fn over_limit(over: &OverLimit) -> Response<Body> {
    let mut headers = HeaderMap::new();
    headers.insert(header::RETRY_AFTER, HeaderValue::from(over.retry_after_seconds()));
    with_headers(text(over.status(), &over.to_string()), headers)
}

/// The host has no instance or stops: the peer is asked to come back.
fn unavailable(why: &str) -> Response<Body> {
    let mut headers = HeaderMap::new();
    headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
    with_headers(text(StatusCode::SERVICE_UNAVAILABLE, why), headers)
}

/// An answer for people.
pub(super) fn text(status: StatusCode, text: &str) -> Response<Body> {
    let mut headers = HeaderMap::new();
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, kind);
    with_headers(response(status, Full::from(format!("{text}\n"))), headers)
}

fn empty(status: StatusCode) -> Response<Body> {
    response(status, Full::default())
}

fn response(status: StatusCode, body: Full<Bytes>) -> Response<Body> {
    let mut response = Response::new(body.map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    response
}

fn with_headers(mut response: Response<Body>, headers: HeaderMap) -> Response<Body> {
    response.headers_mut().extend(headers);
    response
}
