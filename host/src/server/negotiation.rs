//! What is agreed on about extensions (RFC 6455 §9.1, RFC 7692), and what an endpoint's settings
//! mean for one connection.

use hyper::HeaderMap;
use hyper::header::{self, HeaderValue};
use sockhop_wire::deflate::{self, Budget, BudgetTicket, Policy};
use sockhop_wire::extensions::parse_extensions;

use super::handshake::Refusal;
use crate::config::{self, EndpointSettings};
use crate::connection::{Compression, Settings};
use crate::deployments::served::connection_settings;

/// What was agreed on with one peer.
#[derive(Debug, Default)]
pub(super) struct Negotiated {
    compression: Option<Compression>,
    answer: Option<HeaderValue>,
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
            config::Extension::Forbidden => return Ok(Self::default()),
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
            return if required { Err(Refusal::CompressionRequired) } else { Ok(Self::default()) };
        };
        let answer = HeaderValue::from_str(&agreed.response().to_string());
        Ok(Self {
            answer: Some(answer.map_err(|_| Refusal::CompressionRequired)?),
            ticket: ticket.filter(|_| agreed.takes_over()),
            compression: Some(Compression {
                agreed,
                level,
                threshold_bytes: policy.threshold_bytes,
            }),
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(lines: &[&'static str]) -> HeaderMap {
        let field = |line: &&'static str| {
            (header::SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static(line))
        };
        lines.iter().map(field).collect()
    }

    fn answer(settings: &config::Compression, lines: &[&'static str]) -> Option<String> {
        let negotiated = Negotiated::new(&offered(lines), settings, &Budget::new(0));
        let negotiated = negotiated.expect("not refused");
        negotiated.answer().map(|answer| answer.to_str().expect("ASCII").to_owned())
    }

    #[test]
    fn by_default_an_offer_is_taken_without_context_takeover() {
        let settings = config::Compression::default();
        assert_eq!(answer(&settings, &[]), None);
        assert_eq!(answer(&settings, &["x-unknown"]), None);
        let answer = answer(&settings, &["permessage-deflate; client_max_window_bits"]);
        let answer = answer.expect("agreed");
        assert!(answer.starts_with("permessage-deflate"), "{answer}");
        assert!(answer.contains("server_no_context_takeover"), "{answer}");
        assert!(answer.contains("client_no_context_takeover"), "{answer}");
    }

    #[test]
    fn contexts_are_kept_while_the_budget_lasts() {
        let settings = config::Compression { context_takeover: true, ..Default::default() };
        let budget = Budget::new(1);
        let headers = offered(&["permessage-deflate"]);
        let first = Negotiated::new(&headers, &settings, &budget).expect("agreed");
        assert_eq!(first.answer().expect("agreed"), "permessage-deflate");
        let second = Negotiated::new(&headers, &settings, &budget).expect("agreed");
        assert_ne!(second.answer().expect("agreed"), "permessage-deflate");
        drop(first);
        assert_eq!(budget.left(), 1);
    }

    #[test]
    fn what_is_forbidden_is_not_answered_and_what_is_required_is_not_left_out() {
        let with = |permessage_deflate| config::Compression {
            permessage_deflate,
            ..config::Compression::default()
        };
        let forbidden = with(config::Extension::Forbidden);
        assert_eq!(answer(&forbidden, &["permessage-deflate"]), None);
        let required = with(config::Extension::Required);
        assert!(answer(&required, &["permessage-deflate"]).is_some());
        for lines in [&[][..], &["permessage-deflate; what=1"]] {
            let refused = Negotiated::new(&offered(lines), &required, &Budget::new(0));
            assert_eq!(refused.expect_err("refused"), Refusal::CompressionRequired);
        }
    }

    #[test]
    fn a_malformed_offer_is_refused() {
        let settings = config::Compression::default();
        let refused =
            Negotiated::new(&offered(&["permessage-deflate; ="]), &settings, &Budget::new(0));
        assert!(matches!(refused, Err(Refusal::BadExtensions(_))));
    }
}
