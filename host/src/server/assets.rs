//! Files that the host serves over HTTP beside its endpoints.

use std::io;
use std::path::Path;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};
use tower_http::services::ServeDir;

use super::respond::{Body, text};

/// A folder of files.
pub(super) struct Assets {
    files: ServeDir,
}

impl Assets {
    pub(super) fn new(folder: &Path) -> Self {
        Self { files: ServeDir::new(folder) }
    }

    /// The file that a request asks for, or the answer that there is none.
    pub(super) async fn serve(&self, request: Request<Incoming>) -> Response<Body> {
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
