//! A component's file, read without trust in what it is.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use thiserror::Error;
use tokio::fs::{self, File};
use tokio::io::AsyncReadExt as _;

use crate::admin::COMPONENT_MAX_BYTES;

/// Why a component's file is not read. The operator is to act.
#[derive(Debug, Error)]
pub(crate) enum ComponentFileError {
    /// There is no such file, or it may not be read.
    #[error(
        "cannot read the component {}; see that it is there and that the host's user may read it",
        .path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is a folder, a pipe or a device: to open one may block for ever.
    #[error("{} is not a regular file; put the component there, or a link to it", .0.display())]
    Irregular(PathBuf),
    /// It has more than [`COMPONENT_MAX_BYTES`].
    #[error(
        "{} has more than {COMPONENT_MAX_BYTES} bytes, which no component may; strip it of debug \
         data",
        .0.display()
    )]
    TooLarge(PathBuf),
}

impl ComponentFileError {
    /// Whether nothing is there under the file's name, not even a link that leads nowhere.
    pub(crate) fn is_gone(&self) -> bool {
        match self {
            Self::Unreadable { path, source } => {
                source.kind() == io::ErrorKind::NotFound && !path.is_symlink()
            }
            Self::Irregular(_) | Self::TooLarge(_) => false,
        }
    }
}

/// The content of a regular file, or of the one that a link leads to: at most
/// [`COMPONENT_MAX_BYTES`].
///
/// # Errors
/// [`ComponentFileError`]; it names the file.
pub(crate) async fn read(path: &Path) -> Result<Bytes, ComponentFileError> {
    let failed = |source| ComponentFileError::Unreadable { path: path.to_owned(), source };
    // Before it is opened: to open a pipe waits for its writer.
    let metadata = fs::metadata(path).await.map_err(failed)?;
    if !metadata.is_file() {
        return Err(ComponentFileError::Irregular(path.to_owned()));
    }
    let too_large = || ComponentFileError::TooLarge(path.to_owned());
    let size = usize::try_from(metadata.len()).map_err(|_| too_large())?;
    if size > COMPONENT_MAX_BYTES {
        return Err(too_large());
    }
    let mut content = Vec::with_capacity(size);
    let file = File::open(path).await.map_err(failed)?;
    // The file may have grown since.
    let mut bounded = file.take(COMPONENT_MAX_BYTES as u64 + 1);
    bounded.read_to_end(&mut content).await.map_err(failed)?;
    if content.len() > COMPONENT_MAX_BYTES {
        return Err(too_large());
    }
    Ok(content.into())
}
