//! A server's choice among a client's offers (RFC 7692 §5.1, §7.1).

use super::{
    Agreed, CLIENT_MAX_WINDOW_BITS, CLIENT_NO_CONTEXT_TAKEOVER, NAME, PROTOCOL_WINDOW_BITS_MIN,
    Policy, SERVER_MAX_WINDOW_BITS, SERVER_NO_CONTEXT_TAKEOVER, WINDOW_BITS_MAX, WINDOW_BITS_MIN,
};
use crate::extensions::Extension;

/// The first offer that can be accepted, in the client's order, as it is accepted; or nothing, and
/// then messages go uncompressed.
///
/// Passed over are other extensions, and offers with a parameter that is unknown, repeated, without
/// the value it needs, with one it may not have, or out of range (RFC 7692 §7.1): a client puts its
/// daring offers first and a plain one last. So is one with `server_max_window_bits=8`, which
/// cannot be held ([`WINDOW_BITS_MIN`]).
///
/// The answer imposes what `policy` does not allow: both `no_context_takeover` parameters and
/// `server_max_window_bits` may be answered uninvited, `client_max_window_bits` never is.
#[must_use]
pub fn negotiate(offers: &[Extension], policy: &Policy) -> Option<Agreed> {
    offers
        .iter()
        .filter(|offer| offer.name == NAME)
        .filter_map(|offer| Parameters::of(&offer.parameters).ok())
        .find_map(|offer| accept(&offer, policy))
}

fn accept(offer: &Parameters, policy: &Policy) -> Option<Agreed> {
    let server_bits_asked = match offer.server_max_window_bits {
        None => None,
        Some(Bits::Limit(bits)) if bits >= WINDOW_BITS_MIN => Some(bits),
        Some(_) => return None,
    };
    let client_max_window_bits = match offer.client_max_window_bits {
        None => WINDOW_BITS_MAX,
        Some(Bits::Any) => policy.client_bits(),
        Some(Bits::Limit(bits)) => policy.client_bits().min(bits),
    };
    Some(Agreed {
        server_no_context_takeover: offer.server_no_context_takeover || !policy.server_takeover,
        // RFC 7692 §7.1.1.2: the client says that it can do without, so it is held to that.
        client_no_context_takeover: offer.client_no_context_takeover || !policy.client_takeover,
        server_max_window_bits: policy.server_bits().min(server_bits_asked.unwrap_or(u8::MAX)),
        client_max_window_bits,
        server_bits_asked: server_bits_asked.is_some(),
    })
}

/// A `max_window_bits` parameter that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bits {
    /// Without a value.
    Any,
    /// With one, 8 to 15.
    Limit(u8),
}

/// The four parameters, each well formed. Whether a `max_window_bits` may stand without a value
/// depends on who sent it, and is for the caller to say.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Parameters {
    pub(super) server_no_context_takeover: bool,
    pub(super) client_no_context_takeover: bool,
    pub(super) server_max_window_bits: Option<Bits>,
    pub(super) client_max_window_bits: Option<Bits>,
}

impl Parameters {
    /// The name of the first parameter that is unknown, repeated or badly valued, where one is.
    pub(super) fn of(parameters: &[(String, Option<String>)]) -> Result<Self, &str> {
        let mut read = Self::default();
        for (name, value) in parameters {
            let taken = match name.as_str() {
                SERVER_NO_CONTEXT_TAKEOVER => {
                    value.is_none()
                        && !std::mem::replace(&mut read.server_no_context_takeover, true)
                }
                CLIENT_NO_CONTEXT_TAKEOVER => {
                    value.is_none()
                        && !std::mem::replace(&mut read.client_no_context_takeover, true)
                }
                SERVER_MAX_WINDOW_BITS => take_bits(&mut read.server_max_window_bits, value),
                CLIENT_MAX_WINDOW_BITS => take_bits(&mut read.client_max_window_bits, value),
                _ => false,
            };
            if !taken {
                return Err(name);
            }
        }
        Ok(read)
    }
}

/// Whether the value is a good one and the first.
fn take_bits(bits: &mut Option<Bits>, value: &Option<String>) -> bool {
    let read = match value {
        None => Some(Bits::Any),
        Some(digits) => window_bits(digits).map(Bits::Limit),
    };
    read.is_some() && std::mem::replace(bits, read).is_none()
}

/// RFC 7692 §7.1.2: "a decimal integer value without leading zeroes between 8 to 15 inclusive".
fn window_bits(digits: &str) -> Option<u8> {
    (PROTOCOL_WINDOW_BITS_MIN..=WINDOW_BITS_MAX).find(|bits| bits.to_string() == digits)
}
