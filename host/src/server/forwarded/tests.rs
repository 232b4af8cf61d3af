//! Requests through proxies that are trusted, and through others.

use hyper::header::HeaderValue;
use proptest::prelude::*;

use super::*;
use crate::config::{Network, Networks};

const PROXY: &str = "10.0.0.1:5000";

/// Whom a request is of that is refused, and one that no proxy names.
const UNREADABLE: &str = "nobody";
const UNKNOWN: &str = "unknown";

fn proxy(fields: ForwardedFields) -> Proxy {
    let networks = ["10.0.0.0/8", "2001:db8:10::/48"];
    let forwarded_from: Networks =
        networks.iter().map(|text| text.parse::<Network>().expect("a network")).collect();
    Proxy { forwarded_from, forwarded_fields: fields, ..Proxy::default() }
}

fn headers(fields: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let name: HeaderName = name.parse().expect("a name");
        headers.append(name, HeaderValue::from_str(value).expect("a value"));
    }
    headers
}

/// The peer's address, whether it is secure, and the host, for a request from this peer.
fn seen(
    kind: ForwardedFields,
    from: &str,
    fields: &[(&str, &str)],
) -> (String, bool, Option<String>) {
    let address = from.parse::<std::net::SocketAddr>().expect("an address");
    let peer = Peer::new(PeerAddress::from(address), "127.0.0.1:80".to_owned());
    match follow(&headers(fields), peer, &proxy(kind)) {
        Ok((peer, host)) => (peer.to_string(), peer.secure, host),
        Err(Unreadable) => (UNREADABLE.to_owned(), false, None),
    }
}

#[track_caller]
fn customary_gives(fields: &[(&str, &str)], address: &str, secure: bool, host: Option<&str>) {
    let found = seen(ForwardedFields::Customary, PROXY, fields);
    assert_eq!(found, (address.to_owned(), secure, host.map(str::to_owned)), "{fields:?}");
}

#[track_caller]
fn standard_gives(fields: &[&str], address: &str, secure: bool, host: Option<&str>) {
    let fields: Vec<_> = fields.iter().map(|value| ("forwarded", *value)).collect();
    let found = seen(ForwardedFields::Standard, PROXY, &fields);
    assert_eq!(found, (address.to_owned(), secure, host.map(str::to_owned)), "{fields:?}");
}

#[test]
fn the_rightmost_address_that_is_not_trusted_is_the_peers() {
    let cases: [(&[&str], &str); 16] = [
        (&["192.0.2.1"], "192.0.2.1"),
        (&["192.0.2.1:99"], "192.0.2.1:99"),
        (&["2001:db8::1"], "2001:db8::1"),
        (&["[2001:db8::1]:7"], "[2001:db8::1]:7"),
        (&["[2001:db8::1]"], "2001:db8::1"),
        (&["6.6.6.6, 192.0.2.1"], "192.0.2.1"),
        (&["6.6.6.6, 192.0.2.1, 10.0.0.9"], "192.0.2.1"),
        (&["6.6.6.6", "192.0.2.1", "10.0.0.9, 2001:db8:10::7"], "192.0.2.1"),
        (&["10.0.0.7, 10.0.0.8"], "10.0.0.7"),
        (&["6.6.6.6, unknown"], UNKNOWN),
        (&["unix:, 10.0.0.9"], UNKNOWN),
        (&["6.6.6.6, , 10.0.0.9"], UNKNOWN),
        (&["6.6.6.6, somebody"], UNREADABLE),
        (&["6.6.6.6, somebody, 10.0.0.9"], UNREADABLE),
        (&["somebody, 192.0.2.1, 10.0.0.9"], "192.0.2.1"),
        (&["::ffff:192.0.2.1"], "192.0.2.1"),
    ];
    for (lines, address) in cases {
        let fields: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
        customary_gives(&fields, address, false, None);
    }
}

#[test]
fn scheme_and_host_are_those_of_the_peers_own_request() {
    let from = ("x-forwarded-for", "192.0.2.1");
    customary_gives(&[from, ("x-forwarded-proto", "https")], "192.0.2.1", true, None);
    customary_gives(&[from, ("x-forwarded-proto", "WSS")], "192.0.2.1", true, None);
    customary_gives(&[from, ("x-forwarded-proto", "gopher")], "192.0.2.1", false, None);
    customary_gives(
        &[from, ("x-forwarded-host", "a.example:1")],
        "192.0.2.1",
        false,
        Some("a.example:1"),
    );
    customary_gives(&[from, ("x-forwarded-host", "a b")], "192.0.2.1", false, None);
    // The last is of the last proxy, whatever the peer has put before it.
    let lists = [from, ("x-forwarded-proto", "http, https"), ("x-forwarded-host", "x, a.example")];
    customary_gives(&lists, "192.0.2.1", true, Some("a.example"));
    // One for each.
    let chain = ("x-forwarded-for", "192.0.2.1, 10.0.0.9");
    let lists = [chain, ("x-forwarded-proto", "https, http"), ("x-forwarded-host", "a.example, b")];
    customary_gives(&lists, "192.0.2.1", true, Some("a.example"));
    // A proxy that tells no address tells the rest all the same.
    customary_gives(&[("x-forwarded-proto", "https")], UNKNOWN, true, None);
    customary_gives(&[], PROXY, false, None);
}

#[test]
fn the_standard_field_is_followed_in_the_same_way() {
    standard_gives(&["for=192.0.2.1"], "192.0.2.1", false, None);
    standard_gives(&["For=\"[2001:db8::1]:47011\";proto=https"], "[2001:db8::1]:47011", true, None);
    standard_gives(
        &["for=192.0.2.1;by=203.0.113.43; host=a.example"],
        "192.0.2.1",
        false,
        Some("a.example"),
    );
    standard_gives(&["for=\"192.0.2.1:_gazonk\""], "192.0.2.1", false, None);
    standard_gives(&["for=6.6.6.6, for=192.0.2.1 , for=10.0.0.9"], "192.0.2.1", false, None);
    standard_gives(
        &["for=6.6.6.6", "for=192.0.2.1;proto=https", "for=10.0.0.9;proto=http"],
        "192.0.2.1",
        true,
        None,
    );
    standard_gives(&["for=6.6.6.6,for=unknown;proto=https"], UNKNOWN, true, None);
    standard_gives(&["for=\"UNKNOWN:_x\""], UNKNOWN, false, None);
    standard_gives(&["for=_hidden, for=10.0.0.9"], UNKNOWN, false, None);
    standard_gives(&["for=hidden, for=10.0.0.9"], UNREADABLE, false, None);
    standard_gives(&["proto=https"], UNKNOWN, true, None);
    standard_gives(&["for=\"192.0.2.\\1\""], "192.0.2.1", false, None);
    standard_gives(&[""], UNKNOWN, false, None);
    standard_gives(&[], PROXY, false, None);
}

#[test]
fn a_way_that_leads_to_what_cannot_be_read_is_refused() {
    for broken in ["for=\"192.0.2.1", "for", "for=1.2.3.4 proto=https", "=x", "for=\"a\"b", "f(r=1"]
    {
        standard_gives(&[broken], UNREADABLE, false, None);
        standard_gives(&[broken, "for=192.0.2.1"], "192.0.2.1", false, None);
        standard_gives(&["for=6.6.6.6", broken, "for=10.0.0.9"], UNREADABLE, false, None);
    }
    standard_gives(&["for=192.0.2.1;for=6.6.6.6"], UNREADABLE, false, None);
    standard_gives(&["for=unknown;for=6.6.6.6"], UNREADABLE, false, None);
    let mut headers = HeaderMap::new();
    headers.append(FOR, HeaderValue::from_bytes(b"192.0.2.1, \xff").expect("a value"));
    let address = PeerAddress::from(PROXY.parse::<std::net::SocketAddr>().expect("an address"));
    let peer = Peer::new(address, String::new());
    assert!(follow(&headers, peer, &proxy(ForwardedFields::Customary)).is_err());
}

#[test]
fn nothing_is_believed_of_others_and_of_the_other_fields() {
    let both = [
        ("x-forwarded-for", "6.6.6.6"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "for=7.7.7.7;proto=https;host=evil.example"),
    ];
    for kind in [ForwardedFields::Standard, ForwardedFields::Customary] {
        let from = "192.0.2.1:5000";
        assert_eq!(seen(kind, from, &both), (from.to_owned(), false, None));
    }
    let (address, ..) = seen(ForwardedFields::Standard, PROXY, &both[..3]);
    assert_eq!(address, PROXY);
    let (address, ..) = seen(ForwardedFields::Customary, PROXY, &both[3..]);
    assert_eq!(address, PROXY);
}

#[test]
fn a_proxys_certificate_is_not_the_peers() {
    let address = PeerAddress::from(PROXY.parse::<std::net::SocketAddr>().expect("an address"));
    let shown = Peer { certificates: Arc::new([vec![1]]), ..Peer::new(address, String::new()) };
    let proxy = proxy(ForwardedFields::Customary);
    let (peer, _) = follow(&HeaderMap::new(), shown.clone(), &proxy).expect("nothing to read");
    assert_eq!(peer.certificates.len(), 1);
    for field in [
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-for", "unknown"),
        ("x-forwarded-for", ""),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "a.example"),
        ("forwarded", "for=\"broken"),
    ] {
        let followed = follow(&headers(&[field]), shown.clone(), &proxy);
        let (peer, _) = followed.expect("it can be read, or is of the other kind");
        assert!(peer.certificates.is_empty(), "{field:?}");
    }
}

proptest! {
    /// Whatever a peer sends, what the last proxy adds in a field of its own is what counts.
    #[test]
    fn a_peer_cannot_speak_for_the_proxy(
        lines in prop::collection::vec(
            "[ -~]{0,40}|(for=|proto=|host=|[;,\"\\\\ ]|https?|10\\.0\\.0\\.2|6\\.6\\.6\\.6){0,9}",
            0..4,
        ),
    ) {
        let mut standard: Vec<_> = lines.iter().map(|line| ("forwarded", line.as_str())).collect();
        standard.push(("forwarded", "for=\"192.0.2.1:9\";proto=http;host=a.example"));
        let expected = ("192.0.2.1:9".to_owned(), false, Some("a.example".to_owned()));
        prop_assert_eq!(seen(ForwardedFields::Standard, PROXY, &standard), expected);

        let mut customary: Vec<_> =
            lines.iter().map(|line| ("x-forwarded-for", line.as_str())).collect();
        customary.push(("x-forwarded-for", "192.0.2.1:9"));
        let (address, ..) = seen(ForwardedFields::Customary, PROXY, &customary);
        prop_assert_eq!(address, "192.0.2.1:9");
    }
}
