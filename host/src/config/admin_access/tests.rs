//! How a verb finds its host, and when it refuses to look further.

use std::collections::BTreeMap;

use super::*;

struct Bench {
    base: tempfile::TempDir,
    environment: BTreeMap<String, String>,
}

impl Bench {
    fn new() -> Self {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().display().to_string();
        let environment = BTreeMap::from([("XDG_RUNTIME_DIR".to_owned(), path)]);
        Self { base, environment }
    }

    fn var(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    fn folder(&self) -> RuntimeDir {
        RuntimeDir::locate(&self.environment, &Machine::this()).unwrap()
    }

    /// Leaves a token as a host at this address would.
    fn host(&self, address: &AdminAddress) -> AdminToken {
        TokenFile::new(&self.folder(), address).create().unwrap()
    }

    fn find(&self, flag: Option<&str>) -> Result<AdminAccess, AdminAccessError> {
        let args = AdminArgs { admin: flag.map(|address| address.parse().unwrap()) };
        AdminAccess::find(&args, &self.environment, &Machine::this())
    }
}

#[test]
fn nothing_has_to_be_set_on_one_machine() {
    let bench = Bench::new();
    let address = default_admin(&bench.folder()).unwrap();
    let token = bench.host(&address);
    let access = bench.find(None).unwrap();
    assert_eq!(access.address, address);
    assert_eq!(address.unix_path().unwrap(), bench.base.path().join("sockhop/admin.sock"));
    assert!(access.token.matches(token.reveal().as_bytes()));
}

#[test]
fn the_flag_is_before_the_environment() {
    let bench = Bench::new().var("SOCKHOP_ADMIN", "127.0.0.1:1");
    let of_variable = bench.host(&"127.0.0.1:1".parse().unwrap());
    let of_flag = bench.host(&"127.0.0.1:2".parse().unwrap());
    let access = bench.find(None).unwrap();
    assert_eq!(access.address.to_string(), "127.0.0.1:1");
    assert!(access.token.matches(of_variable.reveal().as_bytes()));
    let access = bench.find(Some("127.0.0.1:2")).unwrap();
    assert_eq!(access.address.to_string(), "127.0.0.1:2");
    assert!(access.token.matches(of_flag.reveal().as_bytes()));
}

#[test]
fn a_token_that_is_given_needs_no_file() {
    let bench = Bench::new().var("SOCKHOP_ADMIN_TOKEN", "0123456789abcdef");
    let access = bench.find(Some("127.0.0.1:1")).unwrap();
    assert_eq!(access.token.reveal(), "0123456789abcdef");
}

#[test]
fn a_token_does_not_go_to_a_folder_that_is_not_trusted() {
    let bench = Bench::new().var("SOCKHOP_ADMIN_TOKEN", "0123456789abcdef");
    let error = bench.find(None).unwrap_err();
    assert!(matches!(error, AdminAccessError::Folder(RuntimeDirError::Inspect { .. })));
    assert_eq!(
        error.to_string(),
        "no host of this user is found at the default address; start one or give --admin"
    );
    std::os::unix::fs::symlink(bench.base.path(), bench.folder().path()).unwrap();
    let error = bench.find(None).unwrap_err();
    assert!(matches!(error, AdminAccessError::Folder(RuntimeDirError::NotAFolder(_))));
}

#[test]
fn all_that_is_wrong_with_the_environment_is_reported() {
    let bench = Bench::new()
        .var("SOCKHOP_ADMIN", "host:1")
        .var("SOCKHOP_ADMIN_TOKEN", "short")
        .var("XDG_RUNTIME_DIR", "run")
        .var("SOCKHOP_LISTEN", "is the host's business");
    assert_eq!(
        bench.find(None).unwrap_err().to_string(),
        "SOCKHOP_ADMIN: the admin API is not served at a name, such as \"host\"; \
         use 127.0.0.1, [::1], localhost or unix:PATH\n\
         SOCKHOP_ADMIN_TOKEN: the admin token has 5 characters; use 16 to 1024\n\
         XDG_RUNTIME_DIR: \"run\" is not an absolute path"
    );
}
