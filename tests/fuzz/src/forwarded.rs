//! Forwarded fields: whatever a peer sends, only trusted proxies are believed, and as far as they
//! are; a way that is written in either kind of fields is followed to the same end, and nobody is
//! taken for the proxy that speaks for him.

use std::net::SocketAddr;
use std::sync::Arc;

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use sockhop::config::{ForwardedFields, Network, Networks, Proxy};
use sockhop::server::forwarded::{Unreadable, follow};
use sockhop::server::peer::{Peer, PeerAddress};

use crate::Random;
use crate::input::{Input, lines};

/// The most proxies on one way.
const HOPS_MAX: usize = 8;

/// What a hop's name is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    /// An address, as it is shown, of one that is trusted.
    Trusted(&'static str),
    /// An address of one that is not.
    Stranger(&'static str),
    /// A way to say nothing.
    Hidden,
    /// Nothing that can be read.
    Unreadable,
}

use Node::{Hidden, Stranger, Trusted};

/// What a hop may name.
const NODES: [(&str, Node); 12] = [
    ("192.0.2.1", Stranger("192.0.2.1")),
    ("192.0.2.1:99", Stranger("192.0.2.1:99")),
    ("10.0.0.9", Trusted("10.0.0.9")),
    ("10.0.0.9:0", Trusted("10.0.0.9:0")),
    ("[2001:db8::1]", Stranger("2001:db8::1")),
    ("[2001:db8:10::1]:7", Trusted("[2001:db8:10::1]:7")),
    ("[2001:db8:10:0::2]:_x", Trusted("2001:db8:10::2")),
    ("[::ffff:10.0.0.3]", Trusted("10.0.0.3")),
    ("unknown", Hidden),
    ("_hidden", Hidden),
    ("10.0.0.9.", Node::Unreadable),
    ("", Hidden),
];

const PROTOS: [(&str, Option<bool>); 4] =
    [("https", Some(true)), ("WSS", Some(true)), ("http", Some(false)), ("gopher", None)];

const HOSTS: [(&str, bool); 4] =
    [("a.example", true), ("b.example:81", true), ("[::1]:9", true), ("c/d", false)];

/// The proxy that the host's connection is with.
const PROXY: &str = "10.0.0.1:5000";

/// One proxy's words: indices of the tables above.
struct Hop {
    node: usize,
    proto: usize,
    host: usize,
}

/// Who is behind the fields: address, whether it is encrypted, and the host that was asked for.
type Seen = Result<(String, bool, Option<String>), Unreadable>;

/// The first byte of an input says how many hops follow, of two bytes each. Each line behind them
/// is a field that the peer has sent before.
pub(crate) fn target(data: &[u8]) {
    let mut input = Input::new(data);
    let count = usize::from(input.byte()) % (HOPS_MAX + 1);
    let hops: Vec<_> = (0..count).map(|_| hop(&mut input)).collect();
    let mut random = Random::new(u64::from(input.byte()));
    let sent: Vec<_> =
        lines(input.rest()).filter_map(|it| HeaderValue::from_bytes(it).ok()).collect();

    // Whatever else was sent, it is the peer's own where the connection is not a proxy's.
    let mut fields = HeaderMap::new();
    for name in ["forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"] {
        sent.iter().for_each(|value| append(&mut fields, name, value.clone()));
    }
    for kind in [ForwardedFields::Standard, ForwardedFields::Customary] {
        let stranger = "192.0.2.7:1";
        assert_eq!(seen(kind, stranger, &fields), Ok((stranger.to_owned(), false, None)));
        is_somebody(&seen(kind, PROXY, &fields));
    }

    let expected = walk(&hops);
    assert_eq!(seen(ForwardedFields::Customary, PROXY, &customary(&hops)), expected);
    let mut fields = standard(&hops, &mut random);
    assert_eq!(seen(ForwardedFields::Standard, PROXY, &fields), expected);
    // What stands before the first hop makes no difference unless the way leads there.
    if hops.iter().any(|hop| !matches!(NODES[hop.node].1, Trusted(_))) {
        let mut all = HeaderMap::new();
        sent.iter().for_each(|value| append(&mut all, "forwarded", value.clone()));
        fields.get_all("forwarded").iter().for_each(|it| append(&mut all, "forwarded", it.clone()));
        assert_eq!(seen(ForwardedFields::Standard, PROXY, &all), expected, "with the peer's own");
    }
    // A proxy that says for whom it speaks more than once is not understood.
    append(&mut fields, "forwarded", twice(&hops));
    assert_eq!(seen(ForwardedFields::Standard, PROXY, &fields), Err(Unreadable));
}

fn hop(input: &mut Input<'_>) -> Hop {
    let (first, second) = (usize::from(input.byte()), usize::from(input.byte()));
    Hop { node: first % NODES.len(), proto: second % 4, host: second / 4 % 4 }
}

/// Where the way leads: back, as long as who is named is trusted.
fn walk(hops: &[Hop]) -> Seen {
    let mut seen = (PROXY.to_owned(), false, None);
    for hop in hops.iter().rev() {
        seen.1 = PROTOS[hop.proto].1.unwrap_or(seen.1);
        let (host, is_host) = HOSTS[hop.host];
        seen.2 = if is_host { Some(host.to_owned()) } else { seen.2 };
        let (address, is_last) = match NODES[hop.node].1 {
            Trusted(address) => (address, false),
            Stranger(address) => (address, true),
            Hidden => ("unknown", true),
            Node::Unreadable => return Err(Unreadable),
        };
        address.clone_into(&mut seen.0);
        if is_last {
            break;
        }
    }
    Ok(seen)
}

fn seen(kind: ForwardedFields, from: &str, fields: &HeaderMap) -> Seen {
    let networks = ["10.0.0.0/8", "2001:db8:10::/48"];
    let forwarded_from: Networks =
        networks.iter().map(|text| text.parse::<Network>().expect("a network")).collect();
    let proxy = Proxy { forwarded_from, forwarded_fields: kind, ..Proxy::default() };
    let address: SocketAddr = from.parse().expect("an address");
    let mut peer = Peer::new(PeerAddress::from(address), "127.0.0.1:80".to_owned());
    peer.certificates = Arc::new([vec![1]]);
    let (peer, host) = follow(fields, peer, &proxy)?;
    let is_own = from != PROXY || fields.is_empty();
    assert_eq!(peer.certificates.len(), usize::from(is_own), "certificates are their owner's");
    Ok((peer.to_string(), peer.secure, host))
}

/// An address is shown as one, whatever was sent.
fn is_somebody(seen: &Seen) {
    let Ok((address, _, host)) = seen else { return };
    let is_address = address == "unknown"
        || address.parse::<SocketAddr>().is_ok()
        || address.parse::<std::net::IpAddr>().is_ok();
    assert!(is_address, "{address}");
    let is_host = |host: &String| {
        host.bytes().all(|it| it.is_ascii_alphanumeric() || b"-._:[]".contains(&it))
    };
    assert!(host.as_ref().is_none_or(is_host), "{host:?}");
}

/// The hops in three lists.
fn customary(hops: &[Hop]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for hop in hops {
        // It has no way to tell a port from a name that hides one, and takes IPv6 as it is.
        append_text(&mut fields, "x-forwarded-for", NODES[hop.node].0);
        append_text(&mut fields, "x-forwarded-proto", PROTOS[hop.proto].0);
        append_text(&mut fields, "x-forwarded-host", HOSTS[hop.host].0);
    }
    fields
}

/// The hops as elements, in one field or several, each pair in one of the ways to write it.
fn standard(hops: &[Hop], random: &mut Random) -> HeaderMap {
    let mut fields = HeaderMap::new();
    let mut line = String::new();
    for (index, hop) in hops.iter().enumerate() {
        let pairs = [
            ("for", NODES[hop.node].0),
            ("proto", PROTOS[hop.proto].0),
            ("host", HOSTS[hop.host].0),
            ("by", "\", for=6.6.6.6"),
        ];
        for (position, at) in (0..pairs.len()).zip(random.below(4)..) {
            let (name, value) = pairs[at % pairs.len()];
            line.push_str(if position == 0 {
                ""
            } else {
                [";", "; ", " ; ", ";;"][random.below(4)]
            });
            line.push_str(&written(name, value, random));
        }
        if index + 1 == hops.len() || random.below(2) == 0 {
            append_text(&mut fields, "forwarded", &std::mem::take(&mut line));
        } else {
            line.push_str([",", ", ", " ,"][random.below(3)]);
        }
    }
    fields
}

fn written(name: &str, value: &str, random: &mut Random) -> String {
    let name = if random.below(2) == 0 { name.to_owned() } else { name.to_uppercase() };
    let is_plain = !value.contains(['"', ' ']) && random.below(2) == 0;
    if is_plain {
        return format!("{name}={value}");
    }
    let mut quoted = String::new();
    for character in value.chars() {
        if "\"\\".contains(character) || random.below(4) == 0 {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    format!("{name}=\"{quoted}\"")
}

fn twice(hops: &[Hop]) -> HeaderValue {
    let node = hops.first().map_or("unknown", |hop| NODES[hop.node].0);
    HeaderValue::from_str(&format!("for=\"{node}\";FOR=6.6.6.6")).expect("a value")
}

fn append(fields: &mut HeaderMap, name: &'static str, value: HeaderValue) {
    fields.append(HeaderName::from_static(name), value);
}

fn append_text(fields: &mut HeaderMap, name: &'static str, text: &str) {
    append(fields, name, HeaderValue::from_str(text).expect("a value"));
}
