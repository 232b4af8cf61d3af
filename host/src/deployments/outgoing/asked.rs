//! From what a guest asks for to a request, within what its operator grants.

use std::sync::Arc;

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use sockhop_engine::{ConnectOptions, ConnectRefusal};
use sockhop_session::handshake::Header;
use sockhop_wire::deflate::Policy;

use super::Grant;
use crate::config::{Compression, EndpointSettings, Extension};
use crate::connect::{ClientTls, ConnectRequest, Gate, REDIRECTS, Reach, WebSocketUrl};

/// The longest name of what serves a session, in bytes.
pub(super) const ENDPOINT_NAME_BYTES_MAX: usize = 255;

/// The most redirects that a guest may have followed: as many as browsers do.
const REDIRECTS_MAX: u32 = 20;

/// Checks all of what is asked for.
pub(super) fn asked(
    url: &str,
    options: &ConnectOptions,
    grant: &Grant,
    system_tls: &ClientTls,
    settings: &EndpointSettings,
) -> Result<ConnectRequest, ConnectRefusal> {
    check_endpoint(&options.endpoint)?;
    let url: WebSocketUrl =
        url.parse().map_err(|error| ConnectRefusal::InvalidUrl(format!("{url:?}: {error}")))?;
    let gate = gate(grant);
    if gate.reach(&url).is_none() {
        let scheme = if url.is_secure() { "wss" } else { "ws" };
        let where_to = format!("{scheme}://{}", url.authority());
        let told = format!("connections to {where_to} are not among those of connect.allow");
        return Err(ConnectRefusal::NotAllowed(told));
    }
    let tls = match &options.tls_profile {
        None => system_tls.clone(),
        Some(name) => grant.tls.get(name.as_str()).cloned().ok_or_else(|| {
            let told = format!("there is no profile {name:?} in connect.tls");
            ConnectRefusal::NotAllowed(told)
        })?,
    };
    let limit = grant.settings.timeout;
    let redirects = options.redirects.map_or(REDIRECTS, |most| most.min(REDIRECTS_MAX) as usize);
    let request = ConnectRequest {
        headers: headers(&options.headers)?,
        subprotocols: options.subprotocols.clone(),
        deflate: policy(&settings.compression, options.compress),
        timeout: options.timeout.unwrap_or(limit).min(limit),
        redirects,
        proxy: grant.settings.proxy.clone(),
        gate,
        tls,
        lookups: grant.lookups.clone(),
        ..ConnectRequest::new(url)
    };
    request.check().map_err(|error| ConnectRefusal::InvalidOptions(error.to_string()))?;
    Ok(request)
}

fn check_endpoint(name: &str) -> Result<(), ConnectRefusal> {
    if name.is_empty() || name.len() > ENDPOINT_NAME_BYTES_MAX || name.starts_with('/') {
        let told = format!(
            "{name:?} names no endpoint of a client; it has 1 to {ENDPOINT_NAME_BYTES_MAX} bytes \
             and does not begin with a slash"
        );
        return Err(ConnectRefusal::InvalidOptions(told));
    }
    Ok(())
}

/// The furthest that any pattern allows.
fn gate(grant: &Grant) -> Gate {
    let allow: Arc<[_]> = grant.settings.allow.as_slice().into();
    Gate::new(move |url| {
        let mut public = None;
        for reach in allow.iter().filter_map(|pattern| pattern.reach(url)) {
            match reach {
                Reach::Anywhere => return Some(reach),
                Reach::Public => public = Some(reach),
            }
        }
        public
    })
}

fn headers(fields: &[Header]) -> Result<HeaderMap, ConnectRefusal> {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let parsed = HeaderName::from_bytes(name.as_bytes()).ok();
        let field = parsed.zip(HeaderValue::from_bytes(value).ok());
        let Some((name, value)) = field else {
            let told = format!("the header field {name:?} has a name or a value that is none");
            return Err(ConnectRefusal::InvalidOptions(told));
        };
        headers.append(name, value);
    }
    Ok(headers)
}

/// What is offered about permessage-deflate. No context is kept from message to message: those
/// would belong to the connection, and not to workers.
fn policy(settings: &Compression, wanted: bool) -> Option<Policy> {
    let offered = match settings.permessage_deflate {
        Extension::Forbidden => false,
        Extension::Allowed => wanted,
        Extension::Required => true,
    };
    offered.then_some(Policy {
        server_takeover: false,
        client_takeover: false,
        server_window_bits: settings.server_window_bits,
        client_window_bits: settings.client_window_bits,
        level: u8::try_from(settings.level).unwrap_or(u8::MAX),
        threshold_bytes: settings.threshold.as_usize(),
    })
}
