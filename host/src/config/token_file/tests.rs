//! Who may read the token, and which files are not to be believed.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::config::Machine;

struct Place {
    _base: tempfile::TempDir,
    folder: RuntimeDir,
}

impl Place {
    fn new() -> Self {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().display().to_string();
        let environment = BTreeMap::from([("XDG_RUNTIME_DIR".to_owned(), path)]);
        let folder = RuntimeDir::locate(&environment, &Machine::this()).unwrap();
        Self { _base: base, folder }
    }

    fn token_file(&self) -> TokenFile {
        TokenFile::new(&self.folder, &"127.0.0.1:9000".parse().unwrap())
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_the_host_leaves_the_verbs_find() {
    let place = Place::new();
    let token = place.token_file().create().unwrap();
    assert!(place.token_file().read().unwrap().matches(token.reveal().as_bytes()));
    assert_eq!(place.names(), ["tcp-127.0.0.1-9000.token"]);
}

#[test]
fn the_file_is_its_owners_alone() {
    let place = Place::new();
    place.token_file().create().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
    assert_eq!(mode(place.token_file().path()), 0o600);
    assert_eq!(mode(place.folder.path()), 0o700);
}

#[test]
fn a_new_token_takes_the_place_of_an_old_one() {
    let place = Place::new();
    let old = place.token_file().create().unwrap();
    set_mode(place.token_file().path(), 0o644);
    let new = place.token_file().create().unwrap();
    assert!(!new.matches(old.reveal().as_bytes()));
    assert!(place.token_file().read().unwrap().matches(new.reveal().as_bytes()));
    assert_eq!(place.names().len(), 1, "no draft is left");
}

#[test]
fn a_draft_that_was_left_behind_is_in_nobodys_way() {
    let place = Place::new();
    place.folder.ensure().unwrap();
    let draft = format!("tcp-127.0.0.1-9000.token.{}", std::process::id());
    fs::write(place.folder.path().join(draft), "left").unwrap();
    place.token_file().create().unwrap();
    assert_eq!(place.names(), ["tcp-127.0.0.1-9000.token"]);
}

#[test]
fn a_token_that_cannot_be_put_in_place_leaves_nothing() {
    let place = Place::new();
    place.folder.ensure().unwrap();
    let path = place.token_file().path().to_owned();
    fs::create_dir(&path).unwrap();
    let error = place.token_file().create().unwrap_err();
    let text = format!("cannot write the admin token's file {}", path.display());
    assert_eq!(error.to_string(), text);
    assert_eq!(place.names(), ["tcp-127.0.0.1-9000.token"]);
}

#[test]
fn a_file_that_others_may_touch_is_not_believed() {
    let place = Place::new();
    place.token_file().create().unwrap();
    let path = place.token_file().path().to_owned();
    for bits in [0o640, 0o604, 0o620, 0o666] {
        set_mode(&path, bits);
        let text = format!(
            "the admin token's file {} is not a file of this user alone (mode {bits:04o}); \
             remove it and restart the host",
            path.display()
        );
        assert_eq!(place.token_file().read().unwrap_err().to_string(), text);
    }
}

#[test]
fn a_folder_that_others_may_enter_is_not_believed() {
    let place = Place::new();
    place.token_file().create().unwrap();
    set_mode(place.folder.path(), 0o755);
    let is_open = |error: TokenFileError| {
        matches!(error, TokenFileError::Folder(RuntimeDirError::Open { mode: 0o755, .. }))
    };
    assert!(is_open(place.token_file().read().unwrap_err()));
    assert!(is_open(place.token_file().create().unwrap_err()));
}

#[test]
fn no_file_means_no_host() {
    let place = Place::new();
    place.folder.ensure().unwrap();
    let error = place.token_file().read().unwrap_err();
    let text = format!(
        "cannot read the admin token's file {}; is a host running at this address, as this user",
        place.token_file().path().display()
    );
    assert_eq!(error.to_string(), text);
}

#[test]
fn a_damaged_file_is_reported() {
    let place = Place::new();
    place.token_file().create().unwrap();
    let path = place.token_file().path().to_owned();
    for content in ["", "short", "0123456789abcdef\n", &"a".repeat(2000)] {
        fs::write(&path, content).unwrap();
        let error = place.token_file().read().unwrap_err();
        let text =
            format!("the admin token's file {} is damaged; restart the host", path.display());
        assert_eq!(error.to_string(), text, "{content:?}");
    }
}

#[test]
fn a_host_that_stops_removes_its_own_token_only() {
    let place = Place::new();
    let old = place.token_file().create().unwrap();
    let new = place.token_file().create().unwrap();
    place.token_file().remove(&old).unwrap();
    assert_eq!(place.names().len(), 1);
    place.token_file().remove(&new).unwrap();
    assert_eq!(place.names(), [""; 0]);
    place.token_file().remove(&new).unwrap();
}

#[test]
fn different_addresses_have_different_files() {
    let addresses = [
        "127.0.0.1:1",
        "127.0.0.1:11",
        "127.0.0.11:1",
        "[::1]:1",
        "unix:/a/b",
        "unix:/a-b",
        "unix:/a_-b",
        "unix:/a_/b",
        "unix:/a__b",
        "unix:/a/_b",
    ];
    let stems: BTreeSet<_> =
        addresses.iter().map(|address| file_stem(&address.parse().unwrap())).collect();
    assert_eq!(stems.len(), addresses.len(), "{stems:?}");
    assert!(stems.iter().all(|stem| !stem.contains('/')), "{stems:?}");
    let longest = AdminAddress::unix(format!("/{}", "-".repeat(106))).unwrap();
    assert!(file_stem(&longest).len() + ".token.4294967295".len() <= 255);
}
