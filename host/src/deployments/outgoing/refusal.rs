//! Why a guest has no connection, in the contract's words: the one mapping.

use hyper::header::HeaderMap;
use sockhop_engine::{ConnectRefusal, ServerAnswer};

use super::opening::fields;
use crate::connect::{Answer, ConnectError, DialError};
use crate::telemetry::chain;

/// What the guest is told, and what the deployment's log is, where the operator may want to act.
pub(super) fn refusal(error: &ConnectError) -> (ConnectRefusal, Option<String>) {
    let text = chain(error);
    let refusal = match error {
        ConnectError::BadAnswer { answer, .. }
        | ConnectError::BadRedirect { answer, .. }
        | ConnectError::Refused { answer }
        | ConnectError::TooManyRedirects { answer, .. } => {
            ConnectRefusal::Refused(text, of_server(answer))
        }
        ConnectError::NotAllowed { .. } => {
            return (ConnectRefusal::NotAllowed(text.clone()), Some(text));
        }
        // What a name stands for inside the operator's network is not for a guest to know.
        ConnectError::Unreachable(DialError::NotPublic { host, .. }) => {
            let told = format!("{host} leads to where connections are not allowed");
            return (ConnectRefusal::NotAllowed(told), Some(text));
        }
        ConnectError::Request(_) | ConnectError::Unwritable(_) => {
            ConnectRefusal::InvalidOptions(text)
        }
        ConnectError::Secure(_) => ConnectRefusal::NotSecure(text),
        ConnectError::Timeout { .. } => ConnectRefusal::TimedOut(text),
        // The proxy is the operator's: neither its address nor what it says is for a guest.
        ConnectError::ProxyExchange(_)
        | ConnectError::ProxyRefused { .. }
        | ConnectError::ProxySpoke { .. }
        | ConnectError::ProxyUnreachable(_) => {
            let told = "the host's proxy opens no way to the server".to_owned();
            return (ConnectRefusal::Unreachable(told), Some(text));
        }
        ConnectError::Exchange(_)
        | ConnectError::NoRandomNumbers(_)
        | ConnectError::Unreachable(_) => ConnectRefusal::Unreachable(text),
    };
    (refusal, None)
}

fn of_server(found: &Answer) -> ServerAnswer {
    answer(found.status.as_u16(), &found.headers, found.body.to_vec())
}

/// An answer as the contract has it.
pub(super) fn answer(status: u16, headers: &HeaderMap, body: Vec<u8>) -> ServerAnswer {
    ServerAnswer { status, headers: fields(headers), body }
}
