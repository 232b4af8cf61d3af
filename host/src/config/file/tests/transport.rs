//! What stands between peers and HTTP: sockets, certificates, HTTP/2 and proxies.

use super::*;
use crate::config::{ClientAuth, ForwardedFields, Proxy};

#[test]
fn both_ends_of_a_range_are_taken() {
    for (key, min, max) in [
        ("socket_mode", "0o0", "0o777"),
        ("http2.streams", "0", "10000"),
        ("http2.stream_window", "'16 KiB'", "'16 MiB'"),
        ("http2.keep_alive", "'1s'", "'1h'"),
        ("http2.idle_timeout", "'100ms'", "'1h'"),
        ("tls.handshake_timeout", "'100ms'", "'5m'"),
    ] {
        accept(&format!("{key} = {min}"));
        accept(&format!("{key} = {max}"));
    }
}

#[test]
fn one_past_a_range_is_refused() {
    for (key, value, rest) in [
        ("socket_mode", "0o1000", "0o0 to 0o777, is 0o1000"),
        ("http2.streams", "10001", "0 to 10000, is 10001"),
        ("http2.stream_window", "16383", "16 KiB to 16 MiB, is 16383 B"),
        ("http2.keep_alive", "'0s'", "1s to 1h, is 0s"),
        ("http2.idle_timeout", "'99ms'", "100ms to 1h, is 99ms"),
        ("tls.handshake_timeout", "'301s'", "100ms to 5m, is 301s"),
    ] {
        refuse(&format!("{key} = {value}"), &format!("sockhop.toml:1: {key}: must be from {rest}"));
    }
}

#[test]
fn a_value_that_means_nothing_is_refused() {
    for (text, rest) in [
        (
            "socket_mode = 600",
            "socket_mode: expected an octal integer such as 0o600, found one of another base",
        ),
        ("listen = 'unix:a.sock'", "listen: the socket's path \"a.sock\" is not absolute"),
        ("listen = ['wss://a']", "listen[0]: \"a\" has no port; write HOST:PORT"),
        (
            "proxy.protocol_from = [1]",
            "proxy.protocol_from[0]: expected a string, found an integer",
        ),
        (
            "proxy.forwarded_from = ['10.0.0.1', '10.0.0.0/33']",
            "proxy.forwarded_from[1]: \"10.0.0.0/33\" has no number from 0 to 32 behind \
             the /; unix is for the peers of Unix sockets",
        ),
        (
            "proxy.forwarded_fields = 'both'",
            "proxy.forwarded_fields: \"both\" is not a kind of fields; use \"x-forwarded\" or \
             \"forwarded\"",
        ),
        ("tls.client_auth = 1", "tls.client_auth: expected a string, found an integer"),
        (
            "tls.client_auth = 'maybe'",
            "tls.client_auth: \"maybe\" is not a way to ask for certificates; use \"none\", \
             \"optional\" or \"required\"",
        ),
        ("tls.certificate = 'a'", "tls.certificate: needs tls.key beside it"),
        ("tls.key = 'a'", "tls.key: needs tls.certificate beside it"),
        ("tls.client_auth = 'required'", "tls.client_auth: needs tls.client_ca beside it"),
        (
            "tls.client_ca = 'a'",
            "tls.client_ca: only goes with client_auth = \"optional\" or \"required\"",
        ),
        ("tls.client_ca = ''\ntls.client_auth = 'required'", "tls.client_ca: must not be empty"),
    ] {
        refuse(text, &format!("sockhop.toml:1: {rest}"));
    }
}

#[test]
fn a_certificate_has_its_settings() {
    assert!(accept("tls.handshake_timeout = '1s'").tls.settings.is_none());
    let config = accept("[tls]\ncertificate = 'a.crt'\nkey = '/b.key'\nhandshake_timeout = '3s'");
    let tls = config.tls.settings.unwrap();
    assert_eq!(tls.certificate, Path::new("/etc/sockhop/a.crt"));
    assert_eq!(tls.key, Path::new("/b.key"));
    assert_eq!((tls.client_auth, tls.handshake_timeout.as_secs()), (ClientAuth::None, 3));
    let pair = "tls.certificate = 'a'\ntls.key = 'b'\ntls.client_ca = 'c'\n";
    for (word, expected) in [
        ("optional", ClientAuth::Optional("/etc/sockhop/c".into())),
        ("required", ClientAuth::Required("/etc/sockhop/c".into())),
    ] {
        let config = accept(&format!("{pair}tls.client_auth = '{word}'"));
        assert_eq!(config.tls.settings.unwrap().client_auth, expected);
    }
}

#[test]
fn proxies_are_named_by_their_networks() {
    assert_eq!(accept("").proxy, Proxy::default());
    let config = accept(
        "[proxy]\nprotocol_from = 'unix'\nforwarded_from = ['10.0.0.0/8', '::1']\n\
         forwarded_fields = 'forwarded'",
    );
    assert!(config.proxy.protocol_from.contain(None));
    assert!(config.proxy.forwarded_from.contain(Some("::1".parse().unwrap())));
    assert_eq!(config.proxy.forwarded_fields, ForwardedFields::Standard);
}
