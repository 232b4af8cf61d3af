//! `Sec-WebSocket-Extensions`: any header is read or refused, what is agreed follows from the
//! first offer that can be accepted, and both sides understand the same by it.

use std::slice::from_ref;

use sockhop_wire::deflate::{self, Agreed, Policy, accept_answer, negotiate, offer};
use sockhop_wire::extensions::{Extension, MAX_OFFERS, MAX_PARAMETERS, parse_extensions};

use crate::input::{Input, lines};

pub(crate) fn target(data: &[u8]) {
    let mut input = Input::new(data);
    let (server, client) = (input.policy(), input.policy());
    both_sides_agree(&client, &server);
    let Ok(extensions) = parse_extensions(lines(input.rest())) else { return };

    assert!(extensions.len() <= MAX_OFFERS);
    assert!(extensions.iter().all(|extension| extension.parameters.len() <= MAX_PARAMETERS));
    let all: Vec<_> = extensions.iter().map(ToString::to_string).collect();
    assert_eq!(reread(&all.join(", ")), extensions, "in one line");
    assert_eq!(reread(&all.join("\n")), extensions, "in a line each");

    let acceptable = extensions.iter().find_map(Offer::of);
    match (negotiate(&extensions, &server), acceptable) {
        (Some(agreed), Some(offer)) => offer.holds(&agreed, &server),
        (agreed, offer) => assert!(agreed.is_none() && offer.is_none(), "{agreed:?} of {offer:?}"),
    }
    for answer in &extensions {
        if let Ok(agreed) = accept_answer(answer, &client) {
            is_within(&agreed, &client);
        }
    }
}

fn reread(header: &str) -> Vec<Extension> {
    parse_extensions(lines(header.as_bytes())).expect("what was written is well formed")
}

/// What a server makes of a client's own offer is what the client makes of the answer.
fn both_sides_agree(client: &Policy, server: &Policy) {
    let offer = offer(client);
    assert_eq!(reread(&offer.to_string()), from_ref(&offer));
    let agreed = negotiate(&[offer], server).expect("our own offer can be accepted");
    let answer = agreed.response();
    assert_eq!(reread(&answer.to_string()), from_ref(&answer));
    assert_eq!(accept_answer(&answer, client).as_ref(), Ok(&agreed));
    is_within(&agreed, client);
    is_within(&agreed, server);
}

/// What one side does not allow is not agreed.
fn is_within(agreed: &Agreed, policy: &Policy) {
    let bits = |bits: u8| bits.clamp(deflate::WINDOW_BITS_MIN, deflate::WINDOW_BITS_MAX);
    assert!(policy.server_takeover || agreed.server_no_context_takeover());
    assert!(policy.client_takeover || agreed.client_no_context_takeover());
    assert!(agreed.server_max_window_bits() <= bits(policy.server_window_bits));
    assert!(agreed.client_max_window_bits() >= 8 && agreed.server_max_window_bits() >= 8);
}

/// An offer that can be accepted, by the letter of RFC 7692 §7.1.
#[derive(Debug, Default)]
struct Offer {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_bits: Option<u8>,
    /// The inner `None` where the parameter has no value.
    client_bits: Option<Option<u8>>,
}

impl Offer {
    fn of(extension: &Extension) -> Option<Self> {
        if extension.name != "permessage-deflate" {
            return None;
        }
        let mut offer = Self::default();
        for (index, (name, value)) in extension.parameters.iter().enumerate() {
            if extension.parameters[..index].iter().any(|(before, _)| before == name) {
                return None;
            }
            let bits = match value.as_deref() {
                None => None,
                Some(digit @ ("8" | "9" | "10" | "11" | "12" | "13" | "14" | "15")) => {
                    digit.parse().ok()
                }
                Some(_) => return None,
            };
            match (name.as_str(), bits) {
                ("server_no_context_takeover", None) => offer.server_no_context_takeover = true,
                ("client_no_context_takeover", None) => offer.client_no_context_takeover = true,
                // A window of 8 bits cannot be promised.
                ("server_max_window_bits", Some(9..)) => offer.server_bits = bits,
                ("client_max_window_bits", bits) => offer.client_bits = Some(bits),
                _ => return None,
            }
        }
        Some(offer)
    }

    /// Whether what was agreed is what this offer allows, and no more than the policy does.
    fn holds(&self, agreed: &Agreed, policy: &Policy) {
        is_within(agreed, policy);
        assert!(!self.server_no_context_takeover || agreed.server_no_context_takeover());
        assert!(!self.client_no_context_takeover || agreed.client_no_context_takeover());
        assert!(agreed.server_max_window_bits() <= self.server_bits.unwrap_or(15));
        let client_bits = self.client_bits.map_or(15, |bits| bits.unwrap_or(15));
        assert!(agreed.client_max_window_bits() <= client_bits);

        let answer = agreed.response();
        assert_eq!(reread(&answer.to_string()), from_ref(&answer));
        let answers = |name: &str| answer.parameters.iter().any(|(answered, _)| answered == name);
        let client_bits = answers("client_max_window_bits");
        assert!(!client_bits || self.client_bits.is_some(), "an answer that nothing asked for");
        assert_eq!(client_bits, agreed.client_max_window_bits() < 15);
        let server_bits = answers("server_max_window_bits");
        assert!(server_bits || self.server_bits.is_none(), "no answer to what was asked for");
        assert_eq!(answers("server_no_context_takeover"), agreed.server_no_context_takeover());
        assert_eq!(answers("client_no_context_takeover"), agreed.client_no_context_takeover());
    }
}
