//! Speaks the admin API: what the command line's verbs are made of.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    client::conn::http1::SendRequest,
    header::{self, HeaderValue},
};
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::model::{
    Deployed, Deployment, DeploymentList, ErrorBody, Host, SessionList, Undeployed,
};
use crate::config::{AdminAccess, AdminAddress, AdminToken, DeploymentName, Strategy};

mod connect;
mod error;
mod log_lines;

pub use self::{error::ClientError, log_lines::LogLines};

/// How long a host may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a host may take to begin an answer about what it has: it has that at hand.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// The most bytes of an answer that is read as a whole.
const ANSWER_MAX_BYTES: usize = 256 << 20;

/// A client of one host. Each request takes a connection of its own.
#[derive(Clone, Debug)]
pub struct AdminClient {
    address: AdminAddress,
    token: AdminToken,
    /// The connections.
    tasks: TaskTracker,
}

impl AdminClient {
    /// A client of the host at this address. Connects to nothing yet.
    pub fn new(access: AdminAccess) -> Self {
        let AdminAccess { address, token } = access;
        Self { address, token, tasks: TaskTracker::new() }
    }

    /// The host itself.
    ///
    /// # Errors
    ///
    /// As [`ClientError`] lists them; so for all methods.
    pub async fn host(&self) -> Result<Host, ClientError> {
        self.ask("/v1/host").await
    }

    /// All deployments.
    ///
    /// # Errors
    ///
    /// See [`ClientError`].
    pub async fn deployments(&self) -> Result<DeploymentList, ClientError> {
        self.ask("/v1/deployments").await
    }

    /// One deployment.
    ///
    /// # Errors
    ///
    /// See [`ClientError`]; `not_found` where there is none of that name.
    pub async fn deployment(&self, name: &DeploymentName) -> Result<Deployment, ClientError> {
        self.ask(&format!("/v1/deployments/{name}")).await
    }

    /// The open sessions of one deployment, or of all.
    ///
    /// # Errors
    ///
    /// See [`ClientError`]; `not_found` where there is no such deployment.
    pub async fn sessions(
        &self,
        deployment: Option<&DeploymentName>,
    ) -> Result<SessionList, ClientError> {
        match deployment {
            Some(name) => self.ask(&format!("/v1/sessions?deployment={name}")).await,
            None => self.ask("/v1/sessions").await,
        }
    }

    /// Deploys a component. Waits as long as the host takes to compile it.
    ///
    /// # Errors
    ///
    /// See [`ClientError`].
    pub async fn deploy(
        &self,
        name: &DeploymentName,
        component: Bytes,
        strategy: Option<Strategy>,
    ) -> Result<Deployed, ClientError> {
        let query = strategy.map(|strategy| format!("?strategy={strategy}")).unwrap_or_default();
        let path = format!("/v1/deployments/{name}{query}");
        let mut request = self.request(Method::PUT, &path, component)?;
        let wasm = HeaderValue::from_static("application/wasm");
        request.headers_mut().insert(header::CONTENT_TYPE, wasm);
        self.read(self.send(request).await?).await
    }

    /// Ends a deployment. Waits as long as the host takes.
    ///
    /// # Errors
    ///
    /// See [`ClientError`]; `not_found` where there is none of that name.
    pub async fn undeploy(&self, name: &DeploymentName) -> Result<Undeployed, ClientError> {
        let path = format!("/v1/deployments/{name}");
        let request = self.request(Method::DELETE, &path, Bytes::new())?;
        self.read(self.send(request).await?).await
    }

    /// The log of a deployment: the lines that are kept and, for a follower, those that come.
    ///
    /// # Errors
    ///
    /// See [`ClientError`]; `not_found` where there is no such deployment.
    pub async fn log(&self, name: &DeploymentName, follow: bool) -> Result<LogLines, ClientError> {
        let path = format!("/v1/deployments/{name}/logs?follow={follow}");
        let response = self.send_in_time(self.request(Method::GET, &path, Bytes::new())?).await?;
        if response.status() == StatusCode::OK {
            return Ok(LogLines::new(self.address.clone(), response.into_body()));
        }
        Err(self.refusal(response).await)
    }

    async fn ask<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let request = self.request(Method::GET, path, Bytes::new())?;
        self.read(self.send_in_time(request).await?).await
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, ClientError> {
        let host = match &self.address {
            AdminAddress::Tcp(address) => address.to_string(),
            AdminAddress::Unix(_) => "localhost".to_owned(),
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, host)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token.reveal()))
            .body(Full::new(body));
        // Names and tokens have no characters that a path or a field cannot carry.
        request.map_err(|source| ClientError::Request { source })
    }

    async fn send_in_time(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, ClientError> {
        match timeout(ANSWER_TIMEOUT, self.send(request)).await {
            Ok(response) => response,
            Err(_late) => Err(ClientError::Silent {
                address: self.address.clone(),
                waited_secs: ANSWER_TIMEOUT.as_secs(),
            }),
        }
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, ClientError> {
        let mut sender: SendRequest<Full<Bytes>> =
            connect::connect(&self.address, &self.tasks).await?;
        sender.send_request(request).await.map_err(|error| self.broken(error))
    }

    async fn read<T: DeserializeOwned>(
        &self,
        response: Response<Incoming>,
    ) -> Result<T, ClientError> {
        if !response.status().is_success() {
            return Err(self.refusal(response).await);
        }
        let status = response.status();
        let text = self.text(response).await?;
        serde_json::from_slice(&text).map_err(|source| ClientError::Strange {
            address: self.address.clone(),
            status,
            source: Some(source),
        })
    }

    /// The error that an answer tells.
    async fn refusal(&self, response: Response<Incoming>) -> ClientError {
        let status = response.status();
        let text = match self.text(response).await {
            Ok(text) => text,
            Err(error) => return error,
        };
        match serde_json::from_slice::<ErrorBody>(&text) {
            Ok(_) if status == StatusCode::UNAUTHORIZED => {
                ClientError::Unauthorized { address: self.address.clone() }
            }
            Ok(ErrorBody { error }) => {
                ClientError::Refused { code: error.code, message: error.message }
            }
            Err(source) => {
                ClientError::Strange { address: self.address.clone(), status, source: Some(source) }
            }
        }
    }

    async fn text(&self, response: Response<Incoming>) -> Result<Bytes, ClientError> {
        let body = Limited::new(response.into_body(), ANSWER_MAX_BYTES);
        match body.collect().await {
            Ok(collected) => Ok(collected.to_bytes()),
            Err(source) => Err(ClientError::Broken { address: self.address.clone(), source }),
        }
    }

    fn broken(&self, error: hyper::Error) -> ClientError {
        ClientError::Broken { address: self.address.clone(), source: error.into() }
    }
}
