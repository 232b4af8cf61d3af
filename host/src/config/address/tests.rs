//! Addresses that are taken and addresses that are refused, each with its whole reason.

use super::*;
use crate::config::SOCKET_PATH_MAX_BYTES;

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
