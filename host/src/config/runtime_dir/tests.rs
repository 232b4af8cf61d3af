//! Where the folder is, and which folders are not to be trusted.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    os::unix::fs::{PermissionsExt as _, symlink},
};

use super::*;

fn machine(base: &Path) -> Machine {
    Machine {
        user: rustix::process::geteuid().as_raw(),
        cores: NonZeroUsize::MIN,
        run_user: base.join("run"),
        temp: base.join("tmp"),
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn folder_at(path: &Path) -> RuntimeDir {
    RuntimeDir { path: path.to_owned(), owner: rustix::process::geteuid().as_raw() }
}

#[test]
fn the_folder_is_where_the_session_keeps_such_things() {
    let base = tempfile::tempdir().unwrap();
    let machine = machine(base.path());
    let locate = |variables: &[(&str, &str)], machine: &Machine| {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let environment: BTreeMap<_, _> = variables.iter().map(own).collect();
        RuntimeDir::locate(&environment, machine).map(|folder| folder.path().to_owned())
    };
    let user = machine.user;
    let temporary = base.path().join(format!("tmp/sockhop-{user}"));
    assert_eq!(locate(&[], &machine).unwrap(), temporary);
    let run = base.path().join(format!("run/{user}"));
    fs::create_dir_all(&run).unwrap();
    assert_eq!(locate(&[], &machine).unwrap(), run.join("sockhop"));
    assert_eq!(locate(&[("XDG_RUNTIME_DIR", "")], &machine).unwrap(), run.join("sockhop"));
    let xdg = locate(&[("XDG_RUNTIME_DIR", "/xdg")], &machine).unwrap();
    assert_eq!(xdg, Path::new("/xdg/sockhop"));
    let error = locate(&[("XDG_RUNTIME_DIR", "xdg")], &machine).unwrap_err().to_string();
    assert_eq!(error, "XDG_RUNTIME_DIR: \"xdg\" is not an absolute path");
}

#[test]
fn a_session_folder_of_another_user_is_passed_over() {
    let base = tempfile::tempdir().unwrap();
    let machine = Machine { user: 4711, ..machine(base.path()) };
    fs::create_dir_all(base.path().join("run/4711")).unwrap();
    let folder = RuntimeDir::locate(&BTreeMap::new(), &machine).unwrap();
    assert_eq!(folder.path(), base.path().join("tmp/sockhop-4711"));
}

#[test]
fn the_folder_is_made_for_its_owner_alone() {
    let base = tempfile::tempdir().unwrap();
    let folder = folder_at(&base.path().join("sockhop"));
    folder.ensure().unwrap();
    assert_eq!(mode(folder.path()), 0o700);
    folder.ensure().unwrap();
    folder.verify().unwrap();
}

#[test]
fn a_folder_without_a_place_is_refused() {
    let base = tempfile::tempdir().unwrap();
    let folder = folder_at(&base.path().join("none/sockhop"));
    let text = format!("cannot create the runtime folder {}", folder.path().display());
    assert_eq!(folder.ensure().unwrap_err().to_string(), text);
    let text = format!("cannot look at the runtime folder {}", folder.path().display());
    assert_eq!(folder.verify().unwrap_err().to_string(), text);
}

#[test]
fn a_folder_open_to_others_is_refused() {
    let base = tempfile::tempdir().unwrap();
    let folder = folder_at(&base.path().join("sockhop"));
    fs::create_dir(folder.path()).unwrap();
    for bits in [0o701, 0o710, 0o704, 0o755, 0o1777] {
        set_mode(folder.path(), bits);
        let text = format!(
            "the runtime folder {} is open to other users (mode {bits:04o}); run chmod 700 on it",
            folder.path().display()
        );
        assert_eq!(folder.ensure().unwrap_err().to_string(), text);
    }
    set_mode(folder.path(), 0o700);
    folder.ensure().unwrap();
}

#[test]
fn what_is_no_folder_is_refused() {
    let base = tempfile::tempdir().unwrap();
    let real = base.path().join("real");
    folder_at(&real).ensure().unwrap();
    let link = base.path().join("link");
    symlink(&real, &link).unwrap();
    let file = base.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [link, file] {
        let text = format!("the runtime folder {} is not a folder; remove it", path.display());
        assert_eq!(folder_at(&path).ensure().unwrap_err().to_string(), text);
    }
}

#[test]
fn a_folder_of_another_user_is_refused() {
    let base = tempfile::tempdir().unwrap();
    let path = base.path().join("sockhop");
    folder_at(&path).ensure().unwrap();
    let (own, other) = (rustix::process::geteuid().as_raw(), 4711);
    let folder = RuntimeDir { path: path.clone(), owner: other };
    let text = format!(
        "the runtime folder {} belongs to user {own}, not to user {other}; remove it or set \
         XDG_RUNTIME_DIR",
        path.display()
    );
    assert_eq!(folder.ensure().unwrap_err().to_string(), text);
}
