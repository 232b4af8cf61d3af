//! The environment variables that are read, and the seam through which they are.

use std::{collections::BTreeMap, ffi::OsString};

/// The configuration file, where `--config` names none. A path, relative to the working folder.
pub const SOCKHOP_CONFIG: &str = "SOCKHOP_CONFIG";

/// Where to accept connections, in place of the key `listen`: one `HOST:PORT`, or several with
/// commas between them.
pub const SOCKHOP_LISTEN: &str = "SOCKHOP_LISTEN";

/// Where the admin API is, in place of the key `admin`; for the host and for the verbs.
pub const SOCKHOP_ADMIN: &str = "SOCKHOP_ADMIN";

/// The token of the admin API, for the host and for the verbs. Without it the host makes one and
/// leaves it where only the same user's verbs find it; with it the host leaves none.
pub const SOCKHOP_ADMIN_TOKEN: &str = "SOCKHOP_ADMIN_TOKEN";

/// The watched deploy folder, in place of the key `deploy_dir`. A path, relative to the working
/// folder.
pub const SOCKHOP_DEPLOY_DIR: &str = "SOCKHOP_DEPLOY_DIR";

/// The folder of assets, in place of the key `assets`. A path, relative to the working folder.
pub const SOCKHOP_ASSETS: &str = "SOCKHOP_ASSETS";

/// What is logged: a filter such as `info` or `sockhop=debug,warn`.
pub const SOCKHOP_LOG: &str = "SOCKHOP_LOG";

/// The default of [`SOCKHOP_LOG`]: what an operator wants to read when nothing is wrong.
pub const DEFAULT_LOG_FILTER: &str = "info";

/// Where a user's sockets and other files of the running system are (XDG base directories).
pub(super) const XDG_RUNTIME_DIR: &str = "XDG_RUNTIME_DIR";

/// Where a user's caches are (XDG base directories).
pub(super) const XDG_CACHE_HOME: &str = "XDG_CACHE_HOME";

/// The user's home folder.
pub(super) const HOME: &str = "HOME";

/// Gives the values of environment variables.
///
/// Only variables that are asked for by name are read. An unknown `SOCKHOP_…` is no error:
/// orchestrators put variables such as `SOCKHOP_PORT` into every process beside a service of
/// that name.
pub trait Environment {
    /// The variable's value, or nothing where it is not set.
    fn var(&self, name: &str) -> Option<OsString>;
}

/// The environment of this process.
#[derive(Clone, Copy, Debug)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    fn var(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }
}

/// An environment that consists of these variables alone.
impl Environment for BTreeMap<String, String> {
    fn var(&self, name: &str) -> Option<OsString> {
        self.get(name).map(OsString::from)
    }
}
