//! The folder for what exists only while the host runs: the admin API's socket and its token.

use std::{
    fs::{self, DirBuilder, Metadata},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use super::{
    ConfigError, Environment, Machine, environment::XDG_RUNTIME_DIR, variables::base_folder,
};

/// Permissions of the folder: its owner's alone.
const MODE: u32 = 0o700;

/// The permissions of everybody but the owner.
const OTHERS: u32 = 0o077;

/// A folder that only its owner reaches. It holds what lets a user command a host, so both the
/// host and the verbs refuse one that somebody else could have prepared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeDir {
    path: PathBuf,
    owner: u32,
}

impl RuntimeDir {
    /// Where the folder is: `$XDG_RUNTIME_DIR/sockhop`; else `/run/user/UID/sockhop`, where
    /// `/run/user/UID` exists and is the user's; else `/tmp/sockhop-UID`. Makes nothing.
    ///
    /// # Errors
    ///
    /// Refuses an `XDG_RUNTIME_DIR` that is relative.
    pub fn locate(environment: &dyn Environment, machine: &Machine) -> Result<Self, ConfigError> {
        let owner = machine.user;
        let users = machine.run_user.join(owner.to_string());
        let path = if let Some(base) = base_folder(environment, XDG_RUNTIME_DIR)? {
            base.join("sockhop")
        } else if fs::symlink_metadata(&users).is_ok_and(|found| belongs(&found, owner)) {
            users.join("sockhop")
        } else {
            machine.temp.join(format!("sockhop-{owner}"))
        };
        Ok(Self { path, owner })
    }

    /// The folder's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The number of the user that it has to belong to.
    pub(super) fn owner(&self) -> u32 {
        self.owner
    }

    /// Makes the folder where it does not exist, with mode 0700, and checks it as
    /// [`verify`](Self::verify) does. The folder above must exist.
    ///
    /// # Errors
    ///
    /// Says why the folder cannot be made or is not to be trusted.
    pub fn ensure(&self) -> Result<(), RuntimeDirError> {
        match DirBuilder::new().mode(MODE).create(&self.path) {
            Ok(()) => self.verify(),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.verify(),
            Err(source) => Err(RuntimeDirError::Create { path: self.path.clone(), source }),
        }
    }

    /// Checks that the folder is one, is the user's, and that nobody else may enter it.
    ///
    /// # Errors
    ///
    /// Says why it is not to be trusted, or cannot be looked at.
    pub fn verify(&self) -> Result<(), RuntimeDirError> {
        let path = self.path.clone();
        // Not following links: one in `/tmp` could be anybody's.
        let found = match fs::symlink_metadata(&path) {
            Ok(found) => found,
            Err(source) => return Err(RuntimeDirError::Inspect { path, source }),
        };
        if !found.is_dir() {
            return Err(RuntimeDirError::NotAFolder(path));
        }
        if found.uid() != self.owner {
            return Err(RuntimeDirError::Foreign { path, owner: found.uid(), user: self.owner });
        }
        if found.mode() & OTHERS != 0 {
            return Err(RuntimeDirError::Open { path, mode: found.mode() & 0o7777 });
        }
        Ok(())
    }
}

fn belongs(found: &Metadata, user: u32) -> bool {
    found.is_dir() && found.uid() == user
}

/// Why the runtime folder is not to be used.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeDirError {
    /// It cannot be made.
    #[error("cannot create the runtime folder {}", path.display())]
    Create {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody else owns it.
    #[error(
        "the runtime folder {} belongs to user {owner}, not to user {user}; remove it or set \
         XDG_RUNTIME_DIR",
        path.display()
    )]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// Who it should belong to.
        user: u32,
    },
    /// It cannot be looked at.
    #[error("cannot look at the runtime folder {}", path.display())]
    Inspect {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is something else, such as a file or a link.
    #[error("the runtime folder {} is not a folder; remove it", .0.display())]
    NotAFolder(PathBuf),
    /// Others may enter it.
    #[error(
        "the runtime folder {} is open to other users (mode {mode:04o}); run chmod 700 on it",
        path.display()
    )]
    Open {
        /// The folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
}

#[cfg(test)]
mod tests;
