//! Opening handshakes: a request is read or refused as the letter of the standards has it, whatever
//! else stands in its head; over HTTP/2 as over HTTP/1.1; and what was read can be answered.

mod letter;

use std::collections::HashSet;

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Uri, Version};
use sockhop::server::handshake::{
    Form, Handshake, MAX_OFFERED_SUBPROTOCOLS, Refusal, choose_subprotocol, extra_headers,
    request_uri,
};
use sockhop::server::origin::OriginPolicy;

use crate::input::lines;

/// A key, and what answers it (RFC 6455 §1.3).
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The head of a request: the first line of the input is `METHOD URI VERSION`, each other one is
/// a header field. What the HTTP library would not let through is left out.
#[derive(Clone)]
struct Head {
    method: Method,
    uri: Uri,
    version: Version,
    headers: HeaderMap,
}

impl Head {
    fn of(data: &[u8]) -> Option<Self> {
        let mut lines = lines(data);
        let mut words = lines.next()?.split(|byte| *byte == b' ');
        let method = Method::from_bytes(words.next()?).ok()?;
        let uri = Uri::try_from(words.next()?).ok()?;
        let version = match words.next()? {
            b"1.0" => Version::HTTP_10,
            b"2" => Version::HTTP_2,
            _ => Version::HTTP_11,
        };
        let mut headers = HeaderMap::new();
        for line in lines {
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
            let name = HeaderName::from_bytes(&line[..colon]);
            let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
            if let (Ok(name), Ok(value)) = (name, value) {
                headers.append(name, value);
            }
        }
        Some(Self { method, uri, version, headers })
    }

    fn read(&self) -> Result<Handshake, Refusal> {
        Handshake::read(&self.method, &self.uri, self.version, &self.headers)
    }

    /// As a CONNECT, whatever its method is: there is none beside it over HTTP/2.
    fn read_http2(&self, protocol: Option<&str>) -> Result<Handshake, Refusal> {
        Handshake::read_http2(&Method::CONNECT, protocol, &self.uri, &self.headers)
    }
}

pub(crate) fn target(data: &[u8]) {
    let Some(mut head) = Head::of(data) else { return };
    adds_fields(&head.headers);
    let read = head.read();
    assert_eq!(read.is_ok(), letter::is_handshake(&head), "{read:?}");
    let over_http2 = head.read_http2(Some("websocket"));
    assert_eq!(over_http2.is_ok(), letter::is_http2_handshake(&head), "{over_http2:?}");
    is_the_same_over_both(&head, &read, &over_http2);

    // No field that is none of a handshake's makes a difference, nor where a list is cut.
    head.headers.append("x-other", HeaderValue::from_static("websocket, upgrade"));
    for name in [header::CONNECTION, header::UPGRADE, header::SEC_WEBSOCKET_PROTOCOL] {
        join(&mut head.headers, &name);
    }
    assert_eq!(
        (head.read(), head.read_http2(Some("websocket"))),
        (read.clone(), over_http2.clone())
    );

    for (handshake, is_http2) in [(read, false), (over_http2, true)] {
        match handshake {
            Ok(handshake) => {
                says_everything_once(&head, is_http2);
                can_be_answered(&handshake, &head);
                is_held_to_its_origin(&handshake);
            }
            Err(refusal) => {
                assert!(!refusal.to_string().is_empty());
                let status = refusal.status();
                assert!(status.is_client_error(), "{refusal:?} is answered {status}");
            }
        }
    }
}

/// What one version of HTTP takes, the other takes too, once the fields that only one needs are
/// there; and both understand the same by it.
fn is_the_same_over_both(
    head: &Head,
    read: &Result<Handshake, Refusal>,
    over_http2: &Result<Handshake, Refusal>,
) {
    if let Ok(handshake) = read {
        let path = Some(head.uri.path()).filter(|path| path.starts_with('/')).unwrap_or("/");
        // Without an authority that the HTTP library takes there is no such request.
        if let Ok(uri) = Uri::try_from(format!("https://{}{path}", handshake.host)) {
            let other = Head { uri, ..head.clone() }.read_http2(Some("WebSocket"));
            assert_eq!(other, Ok(Handshake { form: Form::ExtendedConnect, ..handshake.clone() }));
        }
    }
    if let Ok(handshake) = over_http2 {
        let mut other = Head { method: Method::GET, version: Version::HTTP_11, ..head.clone() };
        other.headers.append(header::UPGRADE, HeaderValue::from_static("websocket"));
        other.headers.append(header::CONNECTION, HeaderValue::from_static("upgrade"));
        let needed = [
            (header::SEC_WEBSOCKET_KEY, KEY),
            (header::SEC_WEBSOCKET_VERSION, "13"),
            (header::HOST, "a"),
        ];
        for (name, value) in needed {
            other.headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
        let accept = handshake.accept.clone().or_else(|| Some(ACCEPT.to_owned()));
        let expected = Handshake { form: Form::Upgrade, accept, ..handshake.clone() };
        assert_eq!(other.read(), Ok(expected));
    }
}

/// Puts all fields of a name, each a list, into one.
fn join(headers: &mut HeaderMap, name: &HeaderName) {
    let lists: Vec<_> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
    if lists.len() > 1 {
        let joined = HeaderValue::from_bytes(&lists.join(&b" ,\t"[..]));
        headers.insert(name, joined.expect("lists make a list"));
    }
}

fn says_everything_once(head: &Head, is_http2: bool) {
    let once =
        [header::HOST, header::ORIGIN, header::SEC_WEBSOCKET_KEY, header::SEC_WEBSOCKET_VERSION];
    for name in once {
        let Some(value) = head.headers.get(&name) else { continue };
        let mut again = head.clone();
        again.headers.append(&name, value.clone());
        let again = if is_http2 { again.read_http2(Some("websocket")) } else { again.read() };
        assert!(again.is_err(), "{name} may stand twice");
    }
    assert!(head.read_http2(None).is_err() && head.read_http2(Some("websockets")).is_err());
}

fn can_be_answered(handshake: &Handshake, head: &Head) {
    assert!(handshake.accept.as_ref().is_none_or(|accept| accept.len() == 28));
    if head.headers.get(header::SEC_WEBSOCKET_KEY).is_some_and(|key| key == KEY) {
        assert_eq!(handshake.accept.as_deref(), Some(ACCEPT));
    }
    let offered = &handshake.subprotocols;
    assert!(offered.len() <= MAX_OFFERED_SUBPROTOCOLS);
    let different: HashSet<_> = offered.iter().collect();
    assert_eq!(different.len(), offered.len(), "two subprotocols are equal");

    let plain = handshake.accept_response_headers(None).expect("it can be accepted");
    let accept = plain.get(header::SEC_WEBSOCKET_ACCEPT).map(HeaderValue::as_bytes);
    assert_eq!(accept, handshake.accept.as_deref().map(str::as_bytes));
    assert_eq!(plain.contains_key(header::UPGRADE), handshake.form == Form::Upgrade);
    assert!(!plain.contains_key(header::SEC_WEBSOCKET_PROTOCOL));
    for subprotocol in offered {
        let fields = handshake.accept_response_headers(Some(subprotocol));
        let fields = fields.expect("what was offered can be chosen");
        assert_eq!(fields[header::SEC_WEBSOCKET_PROTOCOL], subprotocol.as_str());
    }
    assert!(handshake.accept_response_headers(Some("a, b")).is_err());
    assert_eq!(choose_subprotocol(offered, offered), offered.first().map(String::as_str));
    let uri = request_uri(&handshake.host, "/chat?a=b", true);
    assert!(uri.parse::<Uri>().is_ok_and(|uri| uri.path() == "/chat"), "{uri}");
}

fn is_held_to_its_origin(handshake: &Handshake) {
    let own = OriginPolicy::default();
    let any = OriginPolicy { any: true, ..OriginPolicy::default() };
    let named = OriginPolicy { required: true, ..any.clone() };
    assert_eq!(handshake.check_origin(&named, false).is_ok(), handshake.origin.is_some());
    assert_eq!(handshake.check_origin(&any, false), Ok(()));
    let Some(origin) = &handshake.origin else {
        return assert_eq!(handshake.check_origin(&own, true), Ok(()));
    };
    let (plain, secure) = (handshake.check_origin(&own, false), handshake.check_origin(&own, true));
    assert!(plain.is_err() || secure.is_err(), "{origin} is at home over both schemes");
    // A list that holds an origin lets in what is written so, and not what is no origin at all.
    match origin.parse() {
        Ok(one) => {
            let listed = OriginPolicy { allowed: vec![one], ..OriginPolicy::default() };
            assert_eq!(handshake.check_origin(&listed, false), Ok(()));
        }
        Err(_) => assert!(plain.is_err() && secure.is_err(), "{origin} is no origin"),
    }
}

/// The same fields, as if a guest had added them to an answer.
fn adds_fields(headers: &HeaderMap) {
    let fields: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect();
    if let Ok(checked) = extra_headers(&fields) {
        assert_eq!(checked.len(), fields.len());
        assert!(!checked.keys().any(|name| name.as_str().starts_with("sec-websocket-")));
        assert!(!checked.contains_key(header::CONNECTION));
        assert!(!checked.contains_key(header::UPGRADE));
    }
}
