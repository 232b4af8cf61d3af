//! Where the things are that the tests use: the host's binary, the guests, programs of others.

use std::env;
use std::path::{Path, PathBuf};

use crate::zoo::ZOO;

/// The project's folder.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Where cargo builds to: `CARGO_TARGET_DIR`, else `target` in the project's folder.
#[must_use]
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from)
}

/// The host: `SOCKHOP_BIN`, else `release/sockhop` in cargo's folder.
///
/// # Panics
///
/// Where there is none.
#[must_use]
pub fn host_binary() -> PathBuf {
    let built = || target().join("release/sockhop");
    present(env::var_os("SOCKHOP_BIN").map_or_else(built, PathBuf::from), "make build")
}

/// The component of a guest: one of the zoo, else one of the examples. The folder is
/// `SOCKHOP_GUESTS`, else `wasm32-wasip2/release` in cargo's folder.
///
/// # Panics
///
/// Where there is none.
#[must_use]
pub fn guest(name: &str) -> PathBuf {
    let built = || target().join("wasm32-wasip2/release");
    let mut path = env::var_os("SOCKHOP_GUESTS").map_or_else(built, PathBuf::from);
    if ZOO.contains(&name) {
        path.push("examples");
    }
    path.push(format!("{name}.wasm"));
    present(path, "make guests")
}

/// A Python that has `websockets`: `SOCKHOP_PYTHON`, else `venv/bin/python` in cargo's folder.
///
/// # Panics
///
/// Where there is none.
#[must_use]
pub fn python() -> PathBuf {
    let made = || target().join("venv/bin/python");
    present(env::var_os("SOCKHOP_PYTHON").map_or_else(made, PathBuf::from), "make clients")
}

/// The folder that has `ws` for Node.js: `SOCKHOP_NODE_MODULES`, else `node/node_modules` in
/// cargo's folder.
///
/// # Panics
///
/// Where there is none.
#[must_use]
pub fn node_modules() -> PathBuf {
    let made = || target().join("node/node_modules");
    let folder = env::var_os("SOCKHOP_NODE_MODULES").map_or_else(made, PathBuf::from);
    present(folder, "make clients")
}

/// Bun: `SOCKHOP_BUN`, else `bun/bun` in cargo's folder.
///
/// # Panics
///
/// Where there is none.
#[must_use]
pub fn bun() -> PathBuf {
    let made = || target().join("bun/bun");
    present(env::var_os("SOCKHOP_BUN").map_or_else(made, PathBuf::from), "make conformance")
}

/// The folder that has Debian's Tomcat 10 and what talks with it: `SOCKHOP_PEERS`, else `peers` in
/// cargo's folder.
///
/// # Panics
///
/// Where there is none.
#[must_use]
pub fn tomcat() -> PathBuf {
    let made = || target().join("peers");
    let folder = env::var_os("SOCKHOP_PEERS").map_or_else(made, PathBuf::from);
    present(folder.join("installed"), "make conformance");
    folder
}

fn present(path: PathBuf, made_by: &str) -> PathBuf {
    assert!(path.exists(), "{} is not there; run `{made_by}` first", path.display());
    path
}
