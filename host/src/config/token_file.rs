//! The file that hands the host's token to the verbs of the same user.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use super::{
    AdminAddress, AdminToken, RuntimeDir, TokenError, admin_token::TOKEN_MAX_CHARS,
    runtime_dir::RuntimeDirError,
};

/// Permissions of the file: for its owner to read and write.
const MODE: u32 = 0o600;

/// The permissions of everybody but the owner.
const OTHERS: u32 = 0o077;

/// The file with the token for one admin address, in the runtime folder. Its name is made from
/// the address, so several hosts of one user do not get in each other's way.
#[derive(Clone, Debug)]
pub struct TokenFile {
    folder: RuntimeDir,
    path: PathBuf,
}

impl TokenFile {
    /// The file for an address. For the host that is the address that it has bound, as port 0
    /// stands for another one.
    pub fn new(folder: &RuntimeDir, address: &AdminAddress) -> Self {
        let path = folder.path().join(format!("{}.token", file_stem(address)));
        Self { folder: folder.clone(), path }
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a token and leaves it in the file, in place of an older one; the runtime folder is
    /// made where it does not exist. Whoever reads the file meanwhile sees the old token or the
    /// new one, whole.
    ///
    /// Call it once the address is bound: the file then belongs to no other host.
    ///
    /// # Errors
    ///
    /// Says what cannot be written, or why the runtime folder is not to be trusted.
    pub fn create(&self) -> Result<AdminToken, TokenFileError> {
        self.folder.ensure()?;
        let failed = |source| TokenFileError::Write { path: self.path.clone(), source };
        let token = AdminToken::generate().map_err(failed)?;
        // The process's number keeps two hosts that start at once apart. What a killed host of
        // the same number has left behind is nobody's.
        let draft = self.path.with_extension(format!("token.{}", std::process::id()));
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => (),
        }
        let written =
            write_new(&draft, token.reveal()).and_then(|()| fs::rename(&draft, &self.path));
        if let Err(error) = written {
            // The first error is the one to tell; the draft is useless either way.
            drop(fs::remove_file(&draft));
            return Err(failed(error));
        }
        Ok(token)
    }

    /// Reads the token that a running host has left.
    ///
    /// # Errors
    ///
    /// Refuses a file or folder that another user could have prepared or read, and says what
    /// cannot be read.
    pub fn read(&self) -> Result<AdminToken, TokenFileError> {
        self.folder.verify()?;
        let path = || self.path.clone();
        let failed = |source| TokenFileError::Read { path: path(), source };
        let file = File::open(&self.path).map_err(failed)?;
        let found = file.metadata().map_err(failed)?;
        if !found.is_file() || found.uid() != self.folder.owner() || found.mode() & OTHERS != 0 {
            return Err(TokenFileError::Exposed { path: path(), mode: found.mode() & 0o7777 });
        }
        let mut text = String::new();
        file.take(TOKEN_MAX_CHARS as u64 + 1).read_to_string(&mut text).map_err(failed)?;
        text.parse().map_err(|source| TokenFileError::Content { path: path(), source })
    }

    /// Removes the file, if it still holds this token: a host that stops leaves nothing behind.
    ///
    /// # Errors
    ///
    /// Says what cannot be removed. A file that is gone, or is another host's, is no error.
    pub fn remove(&self, token: &AdminToken) -> Result<(), TokenFileError> {
        let removed = match fs::read(&self.path) {
            Ok(content) if token.matches(&content) => fs::remove_file(&self.path),
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        match removed {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(TokenFileError::Write { path: self.path.clone(), source })
            }
            _ => Ok(()),
        }
    }
}

/// Why there is no token to be had from the file.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// What the file holds is no token.
    #[error("the admin token's file {} is damaged; restart the host", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Why.
        source: TokenError,
    },
    /// The file is not this user's alone.
    #[error(
        "the admin token's file {} is not a file of this user alone (mode {mode:04o}); remove it \
         and restart the host",
        path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The folder is not to be used.
    #[error(transparent)]
    Folder(#[from] RuntimeDirError),
    /// The file cannot be read.
    #[error(
        "cannot read the admin token's file {}; is a host running at this address, as this user",
        path.display()
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file cannot be written or removed.
    #[error("cannot write the admin token's file {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A name for an address, different for different addresses. A path becomes one by `/` to `-`,
/// `-` to `_-` and `_` to `__`; twice the longest path of a socket is still a file's name.
fn file_stem(address: &AdminAddress) -> String {
    match address {
        AdminAddress::Tcp(address) => format!("tcp-{}-{}", address.ip(), address.port()),
        AdminAddress::Unix(path) => {
            let path = path.to_string_lossy();
            let escaped = path.replace('_', "__").replace('-', "_-").replace('/', "-");
            format!("unix{escaped}")
        }
    }
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)?;
    // A strict umask takes from what `open` is asked for, even the owner's part.
    file.set_permissions(fs::Permissions::from_mode(MODE))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests;
