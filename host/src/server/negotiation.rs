//! What is agreed on about extensions (RFC 6455 §9.1, RFC 7692), and what an endpoint's settings
//! mean for one connection.

use hyper::HeaderMap;
use hyper::header::{self, HeaderValue};
use sockhop_wire::deflate::{self, Budget, BudgetTicket, Policy};
use sockhop_wire::extensions::{Extension, parse_extensions};

use super::handshake::Refusal;
use crate::config::{self, EndpointSettings};
use crate::connection::{Compression, Settings};
use crate::deployments::served::connection_settings;

/// What was agreed on with one peer.
#[derive(Debug, Default)]
pub(super) struct Negotiated {
    offered: Vec<Extension>,
    agreed: Vec<Extension>,
    compression: Option<Compression>,
    answer: Option<HeaderValue>,
    /// Whether the operator takes nobody without it.
    is_required: bool,
    /// The session's place among those that may keep a compression context.
    ticket: Option<BudgetTicket>,
}

impl Negotiated {
    /// Looks through what a peer offers. Offers that are not known, or that cannot be met, are
    /// passed over (RFC 7692 §7.1).
    ///
    /// # Errors
    /// [`Refusal::BadExtensions`], and [`Refusal::CompressionRequired`] where the endpoint takes
    /// nobody without it.
    pub(super) fn new(
        headers: &HeaderMap,
        settings: &config::Compression,
        budget: &Budget,
    ) -> Result<Self, Refusal> {
        let lines = headers.get_all(header::SEC_WEBSOCKET_EXTENSIONS).iter();
        let offers = parse_extensions(lines.map(HeaderValue::as_bytes));
        let offers = offers.map_err(Refusal::BadExtensions)?;
        let required = match settings.permessage_deflate {
            config::Extension::Forbidden => return Ok(Self::without(offers)),
            config::Extension::Allowed => false,
            config::Extension::Required => true,
        };
        let ticket = settings.context_takeover.then(|| budget.try_take()).flatten();
        let level = u8::try_from(settings.level).unwrap_or(u8::MAX);
        let policy = Policy {
            server_takeover: ticket.is_some(),
            client_takeover: ticket.is_some(),
            server_window_bits: settings.server_window_bits,
            client_window_bits: settings.client_window_bits,
            level,
            threshold_bytes: settings.threshold.as_usize(),
        };
        let Some(agreed) = deflate::negotiate(&offers, &policy) else {
            return if required {
                Err(Refusal::CompressionRequired)
            } else {
                Ok(Self::without(offers))
            };
        };
        let response = agreed.response();
        let answer = HeaderValue::from_str(&response.to_string());
        Ok(Self {
            offered: offers,
            agreed: vec![response],
            is_required: required,
            answer: Some(answer.map_err(|_| Refusal::CompressionRequired)?),
            ticket: ticket.filter(|_| agreed.takes_over()),
            compression: Some(Compression {
                agreed,
                level,
                threshold_bytes: policy.threshold_bytes,
            }),
        })
    }

    fn without(offered: Vec<Extension>) -> Self {
        Self { offered, ..Self::default() }
    }

    /// What the peer offers.
    pub(super) fn offered(&self) -> &[Extension] {
        &self.offered
    }

    /// What is agreed on, in the order of the answer.
    pub(super) fn agreed(&self) -> &[Extension] {
        &self.agreed
    }

    /// Keeps those of the extensions that have these names, and gives the others up.
    ///
    /// # Errors
    /// [`KeepError`]; the guest is at fault.
    pub(super) fn keep(&mut self, names: &[String]) -> Result<(), KeepError> {
        let is_agreed = |name: &String| self.agreed.iter().any(|agreed| agreed.name == *name);
        if let Some(unknown) = names.iter().find(|name| !is_agreed(name)) {
            return Err(KeepError::NotAgreed(unknown.clone()));
        }
        if names.is_empty()
            && let Some(left_out) = self.agreed.pop()
        {
            if self.is_required {
                return Err(KeepError::Required(left_out.name));
            }
            // The host knows one extension alone.
            (self.compression, self.answer, self.ticket) = (None, None, None);
        }
        Ok(())
    }

    /// The field of the handshake's answer, if there is anything to answer.
    pub(super) fn answer(&self) -> Option<&HeaderValue> {
        self.answer.as_ref()
    }

    /// What the endpoint's settings and this agreement mean for a connection, which holds the
    /// ticket to its end.
    pub(super) fn settings(self, endpoint: &EndpointSettings) -> (Settings, Option<BudgetTicket>) {
        (connection_settings(&endpoint.limits, self.compression), self.ticket)
    }
}

/// Why the extensions that a guest chose cannot be kept.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum KeepError {
    /// It is none of the host's default.
    #[error("the extension {0:?} is not among the default-extensions; keep only what is")]
    NotAgreed(String),
    /// The operator takes nobody without it.
    #[error("the extension {0:?} is required by the operator and cannot be left out")]
    Required(String),
}

#[cfg(test)]
mod tests;
