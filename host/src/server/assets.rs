//! Files that the host serves over HTTP beside its endpoints. Links in their folder that lead out
//! of it lead to nothing: what is served is what was put there.

use std::io;
use std::path::{Component, Path, PathBuf};

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};
use percent_encoding::percent_decode_str;
use tokio::task::spawn_blocking;
use tower_http::services::ServeDir;

use super::respond::{Body, text};

/// A folder of files.
pub(super) struct Assets {
    folder: PathBuf,
    files: ServeDir,
}

/// What is served of a folder within.
const INDEX: &str = "index.html";

impl Assets {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), files: ServeDir::new(folder) }
    }

    /// The file that a request asks for, or the answer that there is none.
    pub(super) async fn serve(&self, request: Request<Incoming>) -> Response<Body> {
        if !self.holds(request.uri().path()).await {
            return text(StatusCode::NOT_FOUND, "There is nothing at this path.");
        }
        match self.files.clone().try_call(request).await {
            Ok(response) => response.map(|body| body.map_err(io::Error::other).boxed_unsync()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                text(StatusCode::NOT_FOUND, "There is nothing at this path.")
            }
            Err(error) => {
                tracing::warn!(%error, "an asset cannot be read");
                text(StatusCode::INTERNAL_SERVER_ERROR, "The file cannot be read.")
            }
        }
    }
}

impl Assets {
    /// Whether what is at a path lies in the folder, links followed. What is not there does, as far
    /// as anybody is to know.
    async fn holds(&self, path: &str) -> bool {
        let Ok(path) = percent_decode_str(path).decode_utf8() else { return false };
        let mut file = self.folder.clone();
        for component in Path::new(path.trim_start_matches('/')).components() {
            match component {
                Component::Normal(name) => file.push(name),
                Component::CurDir => {}
                Component::ParentDir | Component::Prefix(_) | Component::RootDir => return false,
            }
        }
        let folder = self.folder.clone();
        let looked = spawn_blocking(move || {
            leads_inside(&folder, &file) && leads_inside(&folder, &file.join(INDEX))
        });
        looked.await.unwrap_or(false)
    }
}

/// The folder is looked at each time: it may be a link to the newest of several.
fn leads_inside(folder: &Path, file: &Path) -> bool {
    match (folder.canonicalize(), file.canonicalize()) {
        (Ok(folder), Ok(file)) => file.starts_with(folder),
        (Ok(_) | Err(_), Err(_)) => true,
        (Err(_), Ok(_)) => false,
    }
}
