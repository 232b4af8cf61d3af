//! Addresses that are taken and addresses that are refused, each with its whole reason.

use super::*;

#[test]
fn listen_addresses_are_taken() {
    for (text, shown) in [
        ("127.0.0.1:8080", "127.0.0.1:8080"),
        ("0.0.0.0:0", "0.0.0.0:0"),
        ("[::1]:65535", "[::1]:65535"),
        ("[0:0::1]:80", "[::1]:80"),
        ("localhost:8080", "localhost:8080"),
        ("my-host_1.example.org:1", "my-host_1.example.org:1"),
    ] {
        assert_eq!(text.parse::<ListenAddress>().unwrap().as_str(), shown);
    }
}

#[test]
fn listen_addresses_are_refused() {
    let host = "is not a host; write a name, an IPv4 address, or an IPv6 address in brackets";
    for (text, error) in [
        ("", r#""" has no port; write HOST:PORT"#.to_owned()),
        ("localhost", r#""localhost" has no port; write HOST:PORT"#.to_owned()),
        ("[::1]", r#""[::1]" has no port; write HOST:PORT"#.to_owned()),
        (":8080", r#"":8080" has no host; write 0.0.0.0:8080 for every IPv4 interface"#.to_owned()),
        ("*:8080", format!(r#""*" {host}"#)),
        ("::1:8080", format!(r#""::1" {host}"#)),
        ("256.0.0.1:80", format!(r#""256.0.0.1" {host}"#)),
        ("127.0.0:80", format!(r#""127.0.0" {host}"#)),
        ("a..b:80", format!(r#""a..b" {host}"#)),
        ("ws://a:80", format!(r#""ws://a" {host}"#)),
        ("localhost:", r#""" is not a port; use 0 to 65535"#.to_owned()),
        ("localhost:+80", r#""+80" is not a port; use 0 to 65535"#.to_owned()),
        ("localhost:65536", r#""65536" is not a port; use 0 to 65535"#.to_owned()),
    ] {
        assert_eq!(text.parse::<ListenAddress>().unwrap_err().to_string(), error, "{text}");
    }
    let long = format!("{}:80", "a.".repeat(126) + "aa");
    assert_eq!(long.len(), HOST_NAME_MAX_BYTES + 1 + ":80".len());
    assert!(long.parse::<ListenAddress>().is_err());
    assert!(long[1..].replacen('.', "a", 1).parse::<ListenAddress>().is_ok());
}

#[test]
fn admin_addresses_are_taken() {
    for (text, shown) in [
        ("127.0.0.1:9000", "127.0.0.1:9000"),
        ("127.8.9.1:9000", "127.8.9.1:9000"),
        ("[::1]:0", "[::1]:0"),
        ("localhost:9000", "127.0.0.1:9000"),
        ("LocalHost:9000", "127.0.0.1:9000"),
        ("unix:/run/sockhop/admin.sock", "unix:/run/sockhop/admin.sock"),
    ] {
        assert_eq!(text.parse::<AdminAddress>().unwrap().to_string(), shown);
    }
}

#[test]
fn admin_addresses_are_refused() {
    let loopback = "is not a loopback address; use 127.0.0.1, [::1] or unix:PATH";
    for (text, error) in [
        ("0.0.0.0:9000", format!("0.0.0.0:9000 {loopback}")),
        ("[::]:9000", format!("[::]:9000 {loopback}")),
        ("10.0.0.1:9000", format!("10.0.0.1:9000 {loopback}")),
        ("[::ffff:10.0.0.1]:9000", format!("[::ffff:10.0.0.1]:9000 {loopback}")),
        (
            "localhost.example.org:9000",
            "the admin API is not served at a name, such as \"localhost.example.org\"; \
             use 127.0.0.1, [::1], localhost or unix:PATH"
                .to_owned(),
        ),
        ("9000", r#""9000" has no port; write HOST:PORT"#.to_owned()),
        ("unix:", r#"the socket's path "" is not absolute"#.to_owned()),
        ("unix:admin.sock", r#"the socket's path "admin.sock" is not absolute"#.to_owned()),
        ("unix:/a\0b", r#"the socket's path "/a\0b" contains a NUL"#.to_owned()),
    ] {
        assert_eq!(text.parse::<AdminAddress>().unwrap_err().to_string(), error, "{text}");
    }
}

#[test]
fn a_socket_path_has_a_longest_length() {
    let longest = format!("/{}", "s".repeat(SOCKET_PATH_MAX_BYTES - 1));
    assert!(AdminAddress::unix(&longest).is_ok());
    let error = AdminAddress::unix(format!("{longest}s")).unwrap_err();
    let text = format!("the socket's path \"{longest}s\" has 108 bytes; at most 107 fit");
    assert_eq!(error.to_string(), text);
}
