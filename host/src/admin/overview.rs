//! The host as a whole, its sessions, and what the API is.

use hyper::{Response, StatusCode, Uri};

use super::{
    answer::{AnswerBody, JSON, answer, json, whole},
    deployments::unknown,
    error::ApiError,
    model::{Host, Session, SessionList},
    query::Query,
    route::deployment_name,
    server::Context,
};

/// The description of the API, in OpenAPI 3.1.
pub(super) const DOCUMENT: &str = include_str!("openapi.json");

/// The query key that chooses sessions of one deployment.
const DEPLOYMENT: &str = "deployment";

pub(super) fn document(uri: &Uri) -> Result<Response<AnswerBody>, ApiError> {
    Query::read(uri, &[])?;
    Ok(answer(StatusCode::OK, JSON, whole(DOCUMENT)))
}

pub(super) fn host(context: &Context, uri: &Uri) -> Result<Response<AnswerBody>, ApiError> {
    Query::read(uri, &[])?;
    Ok(json(StatusCode::OK, &Host::from(context.operator.host())))
}

pub(super) fn sessions(context: &Context, uri: &Uri) -> Result<Response<AnswerBody>, ApiError> {
    let query = Query::read(uri, &[DEPLOYMENT])?;
    let wanted = query.value(DEPLOYMENT).map(deployment_name).transpose()?;
    let sessions = context.operator.sessions(wanted.as_ref());
    // A deployment without sessions is not the same as a mistyped name.
    if let Some(name) = wanted.filter(|_| sessions.is_empty()) {
        let deployments = context.operator.deployments();
        if !deployments.iter().any(|deployment| deployment.name == name.as_str()) {
            return Err(unknown(&name));
        }
    }
    let total = sessions.len();
    let listed = sessions.into_iter().take(context.limits.sessions_listed_max);
    let sessions = listed.map(Session::from).collect();
    Ok(json(StatusCode::OK, &SessionList { sessions, total }))
}
