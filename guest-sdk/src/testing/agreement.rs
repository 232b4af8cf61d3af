//! What a handshake comes to, by the rules of the host.

use crate::configurator::{Accepted, Parts};
use crate::mock::Agreed;
use crate::mock::asked::{is_field_value, is_token};
use crate::testing::NotOpened;
use crate::{HandshakeRequest, Principal};

/// What a principal may take, in bytes.
const PRINCIPAL_BYTES_MAX: usize = 4096;

/// What a role takes beside its name, in bytes.
const ROLE_OVERHEAD_BYTES: usize = 64;

/// What was agreed on, and the properties that the configurator adds.
pub(super) struct Agreement {
    pub(super) agreed: Agreed,
    pub(super) properties: Vec<(String, Vec<u8>)>,
}

/// Holds what a configurator decided, if there is one, against what it may.
pub(super) fn agree(
    request: &HandshakeRequest,
    decision: Option<Parts>,
) -> Result<Agreement, NotOpened> {
    let accepted = match decision {
        None => {
            let subprotocol = request.default_subprotocol.clone();
            Accepted { subprotocol, ..Accepted::default() }
        }
        Some(Parts::Accept { accepted, headers }) => {
            check_headers(&headers)?;
            accepted
        }
        Some(Parts::Reject { status, .. }) if !(300..=599).contains(&status) => {
            let told = format!("a rejection has a status from 300 to 599, not {status}");
            return Err(NotOpened::BadDecision(told));
        }
        Some(Parts::Reject { status, headers, body }) => {
            check_headers(&headers)?;
            return Err(NotOpened::Rejected { status, headers, body });
        }
    };
    let Accepted { subprotocol, properties, extensions, principal } = accepted;
    if let Some(chosen) = subprotocol.as_ref().filter(|name| !request.subprotocols.contains(name)) {
        let told = format!("the peer did not offer the subprotocol `{chosen}`");
        return Err(NotOpened::BadDecision(told));
    }
    check_principal(principal.as_ref())?;
    let extensions = kept(request, extensions)?;
    Ok(Agreement { agreed: Agreed { subprotocol, extensions, principal }, properties })
}

/// Those of the default extensions that are kept.
fn kept(
    request: &HandshakeRequest,
    names: Option<Vec<String>>,
) -> Result<Vec<crate::Extension>, NotOpened> {
    let mut extensions = request.default_extensions.clone();
    if let Some(names) = names {
        let is_there = |name: &&String| extensions.iter().any(|it| it.name == **name);
        if let Some(unknown) = names.iter().find(|name| !is_there(name)) {
            let told = format!("the extension `{unknown}` is not among the default ones");
            return Err(NotOpened::BadDecision(told));
        }
        extensions.retain(|extension| names.contains(&extension.name));
    }
    Ok(extensions)
}

fn check_principal(principal: Option<&Principal>) -> Result<(), NotOpened> {
    let Some(Principal { name, roles }) = principal else { return Ok(()) };
    let bytes = name.len() + roles.iter().map(|it| it.len() + ROLE_OVERHEAD_BYTES).sum::<usize>();
    if bytes <= PRINCIPAL_BYTES_MAX {
        return Ok(());
    }
    let told = format!("the principal takes {bytes} bytes; {PRINCIPAL_BYTES_MAX} are allowed");
    Err(NotOpened::BadDecision(told))
}

/// Header fields of the handshake's own, or of none that is valid, are not sent.
fn check_headers(headers: &[(String, Vec<u8>)]) -> Result<(), NotOpened> {
    for (name, value) in headers {
        let lower = name.to_ascii_lowercase();
        let is_reserved = lower.starts_with("sec-websocket-")
            || ["connection", "upgrade", "content-length", "transfer-encoding"]
                .contains(&lower.as_str());
        let is_valid = is_token(name) && is_field_value(value);
        if is_reserved || !is_valid {
            let why = if is_reserved { "belongs to the handshake" } else { "is not valid" };
            return Err(NotOpened::BadDecision(format!("the header field `{name}` {why}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
