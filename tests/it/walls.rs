//! The dependency arrows of ARCHITECTURE.md, held against Cargo's own account and against the
//! sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::repository::{rust_files, workspace};

/// What each package of the workspace may depend on, itself and in the workspace; its other
/// dependencies are judged by [`ONLY_BY`].
const ARROWS: &[(&str, &[&str])] = &[
    ("sockhop-wire", &[]),
    ("sockhop-session", &["sockhop-wire"]),
    ("sockhop-yielding", &[]),
    ("sockhop-engine", &["sockhop-session", "sockhop-yielding"]),
    ("sockhop", &["sockhop-engine", "sockhop-session", "sockhop-wire", "sockhop-yielding"]),
    ("sockhop-guest", &["sockhop-guest-macros"]),
    ("sockhop-guest-macros", &[]),
    ("echo", &["sockhop-guest"]),
    ("broadcast", &["sockhop-guest"]),
    ("chat", &["sockhop-guest"]),
    ("relay", &["sockhop-guest"]),
    ("front-controller", &["sockhop"]),
    ("sockhop-zoo", &["sockhop-guest"]),
    ("sockhop-fuzz", &["sockhop", "sockhop-wire"]),
    ("sockhop-load", &[]),
    ("sockhop-native", &["sockhop", "sockhop-session"]),
    ("sockhop-tests", &["sockhop", "sockhop-engine", "sockhop-session"]),
];

/// Libraries that only these packages may name.
const ONLY_BY: &[(&str, &[&str])] = &[
    ("wasmtime", &["sockhop-engine"]),
    ("wasmtime-wasi", &["sockhop-engine"]),
    ("fastwebsockets", &["sockhop-load"]),
    ("h2", &["sockhop-tests"]),
    ("hyper", &["sockhop", "sockhop-fuzz", "sockhop-tests", "sockhop-load", "sockhop-native"]),
    ("libfuzzer-sys", &["sockhop-fuzz"]),
    ("miniz_oxide", &["sockhop-fuzz"]),
    ("ppp", &["sockhop"]),
    ("rustls-native-certs", &["sockhop"]),
    (
        "tokio",
        &[
            "front-controller",
            "sockhop",
            "sockhop-engine",
            "sockhop-tests",
            "sockhop-load",
            "sockhop-native",
            "sockhop-yielding",
        ],
    ),
    ("tokio-rustls", &["sockhop", "sockhop-tests"]),
    ("tokio-tungstenite", &["sockhop", "sockhop-tests", "sockhop-load"]),
    ("wit-bindgen", &["sockhop-guest", "sockhop-zoo"]),
];

/// Words that only files below these places may hold.
const NAMED_ONLY_IN: &[(&str, &[&str])] = &[
    ("wasmtime::", &["host/engine/", "tests/it/walls.rs"]),
    ("wasmtime_wasi::", &["host/engine/", "tests/it/walls.rs"]),
    ("tokio_tungstenite::", &["host/src/connect/handshake", "host/src/server/handshake", "tests/"]),
    ("ppp::", &["host/src/server/proxy", "tests/it/walls.rs"]),
    ("rustls::", &["host/src/connect/tls", "host/src/server/tls", "tests/"]),
    ("rustls_native_certs::", &["host/src/connect/tls", "tests/it/walls.rs"]),
    ("std::env::", &["host/src/config/", "tests/", "examples/", "guest-sdk/"]),
];

fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version=1", "--no-deps"])
        .current_dir(workspace())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let packages = metadata["packages"].as_array().expect("packages");
    let of_package = |package: &Value| {
        let dependencies = package["dependencies"].as_array().expect("dependencies");
        let shipped = dependencies.iter().filter(|dependency| dependency["kind"].is_null());
        (text(&package["name"]), shipped.map(|dependency| text(&dependency["name"])).collect())
    };
    packages.iter().map(of_package).collect()
}

#[test]
fn packages_depend_along_the_arrows() {
    let dependencies = dependencies();
    let members: BTreeSet<_> = dependencies.keys().map(String::as_str).collect();
    let known: BTreeSet<_> = ARROWS.iter().map(|(package, _)| *package).collect();
    assert_eq!(members, known, "a package without arrows, or arrows without a package");
    for (package, allowed) in ARROWS {
        for dependency in &dependencies[*package] {
            let inside = members.contains(dependency.as_str());
            assert!(
                !inside || allowed.contains(&dependency.as_str()),
                "{package} may not depend on {dependency}"
            );
        }
    }
}

#[test]
fn heavy_libraries_stay_in_their_rooms() {
    for (package, dependencies) in dependencies() {
        for (library, allowed) in ONLY_BY {
            assert!(
                !dependencies.contains(*library) || allowed.contains(&package.as_str()),
                "{package} may not depend on {library}"
            );
        }
    }
}

#[test]
fn the_core_depends_on_nothing_that_does_io() {
    let expected: BTreeSet<_> =
        ["bytes", "bytestring", "sockhop-wire", "thiserror"].map(String::from).into();
    assert_eq!(dependencies()["sockhop-session"], expected);
}

#[test]
fn words_stay_in_their_rooms() {
    for file in rust_files() {
        let relative = file.strip_prefix(workspace()).expect("below the workspace");
        let text = std::fs::read_to_string(&file).expect("readable");
        for (word, places) in NAMED_ONLY_IN {
            let allowed = places.iter().any(|place| below(relative, place));
            assert!(allowed || !text.contains(word), "{} names {word}", relative.display());
        }
    }
}

fn below(file: &Path, place: &str) -> bool {
    file.to_str().is_some_and(|file| file.starts_with(place))
}
