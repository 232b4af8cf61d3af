//! Deployments: listed, made and ended.

use std::sync::Arc;

use hyper::{Request, Response, StatusCode, Uri, body::Incoming, header};
use tokio::{task::JoinHandle, time::timeout};

use super::{
    answer::{AnswerBody, json},
    body,
    error::{ApiError, ErrorCode},
    model::{Deployed, Deployment, DeploymentList, Undeployed},
    operator::OperatorError,
    query::Query,
    server::Context,
};
use crate::config::{DeploymentName, Strategy, StrategyError};

/// The query key that chooses what becomes of open sessions.
const STRATEGY: &str = "strategy";

/// The media type of components (RFC 6838 registration `application/wasm`).
const WASM: &str = "application/wasm";

pub(super) fn all(context: &Context, uri: &Uri) -> Result<Response<AnswerBody>, ApiError> {
    Query::read(uri, &[])?;
    let deployments = context.operator.deployments().into_iter().map(Deployment::from).collect();
    Ok(json(StatusCode::OK, &DeploymentList { deployments }))
}

pub(super) fn one(
    context: &Context,
    name: &DeploymentName,
    uri: &Uri,
) -> Result<Response<AnswerBody>, ApiError> {
    Query::read(uri, &[])?;
    let mut deployments = context.operator.deployments().into_iter();
    match deployments.find(|deployment| deployment.name == name.as_str()) {
        Some(found) => Ok(json(StatusCode::OK, &Deployment::from(found))),
        None => Err(unknown(name)),
    }
}

/// The error of a name that nothing is deployed under.
pub(super) fn unknown(name: &DeploymentName) -> ApiError {
    ApiError::new(ErrorCode::NotFound, format!("nothing is deployed as {:?}", name.as_str()))
}

pub(super) async fn deploy(
    context: &Arc<Context>,
    name: DeploymentName,
    request: &mut Request<Incoming>,
) -> Result<Response<AnswerBody>, ApiError> {
    let query = Query::read(request.uri(), &[STRATEGY])?;
    let refused = |error: StrategyError| ApiError::new(ErrorCode::BadRequest, format!("{error}"));
    let strategy: Option<Strategy> =
        query.value(STRATEGY).map(str::parse).transpose().map_err(refused)?;
    check_media_type(request)?;
    let turn = Arc::clone(&context.uploads).acquire_owned();
    let Ok(Ok(place)) = timeout(context.limits.upload_turn_timeout, turn).await else {
        let message = "too many components are being deployed at once; try again";
        return Err(ApiError::new(ErrorCode::AtCapacity, message));
    };
    let component = body::receive(request.body_mut(), &context.limits).await?;
    let operator = Arc::clone(&context.operator);
    // A task of its own: a caller that goes away does not leave a deploy half done. The place goes
    // with it, as it is for a component in memory.
    let task = context.tasks.spawn(async move {
        let done = operator.deploy(name, component, strategy).await;
        drop(place);
        done
    });
    let report = outcome(task).await?;
    let status = if report.replaced.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    Ok(json(status, &Deployed::from(report)))
}

pub(super) async fn undeploy(
    context: &Arc<Context>,
    name: DeploymentName,
    uri: &Uri,
) -> Result<Response<AnswerBody>, ApiError> {
    Query::read(uri, &[])?;
    let operator = Arc::clone(&context.operator);
    let task = context.tasks.spawn(async move { operator.undeploy(name).await });
    Ok(json(StatusCode::OK, &Undeployed::from(outcome(task).await?)))
}

fn check_media_type(request: &Request<Incoming>) -> Result<(), ApiError> {
    let field = request.headers().get(header::CONTENT_TYPE);
    let media_type = field.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(WASM) {
        return Ok(());
    }
    let message = format!("a component comes with `Content-Type: {WASM}`, not {media_type:?}");
    Err(ApiError::new(ErrorCode::UnsupportedMediaType, message))
}

async fn outcome<T>(task: JoinHandle<Result<T, OperatorError>>) -> Result<T, ApiError> {
    match task.await {
        Ok(result) => Ok(result?),
        Err(error) => {
            tracing::error!(%error, "an operation of the admin API has panicked");
            let message = "the host failed at this, by its own fault; its log says more";
            Err(ApiError::new(ErrorCode::Internal, message))
        }
    }
}
