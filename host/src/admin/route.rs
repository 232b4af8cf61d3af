//! The paths and methods of the admin API.

use hyper::Method;

use super::{
    error::{ApiError, ErrorCode},
    query::decode,
};
use crate::config::DeploymentName;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Deploy,
    Deployment,
    Deployments,
    Document,
    Host,
    Log,
    Sessions,
    Undeploy,
}

/// One path and what its methods do.
pub(super) struct Route {
    pub(super) path: &'static str,
    pub(super) methods: &'static [(Method, Action)],
}

/// The segment that stands for a deployment's name.
const NAME: &str = "{name}";

/// The whole API. `openapi.json` has the same paths and methods, as a test makes sure.
pub(super) static ROUTES: &[Route] = &[
    Route { path: "/v1/deployments", methods: &[(Method::GET, Action::Deployments)] },
    Route {
        path: "/v1/deployments/{name}",
        methods: &[
            (Method::DELETE, Action::Undeploy),
            (Method::GET, Action::Deployment),
            (Method::PUT, Action::Deploy),
        ],
    },
    Route { path: "/v1/deployments/{name}/logs", methods: &[(Method::GET, Action::Log)] },
    Route { path: "/v1/host", methods: &[(Method::GET, Action::Host)] },
    Route { path: "/v1/openapi.json", methods: &[(Method::GET, Action::Document)] },
    Route { path: "/v1/sessions", methods: &[(Method::GET, Action::Sessions)] },
];

/// What a request asks for, and of which deployment.
#[derive(Debug)]
pub(super) struct Target<'r> {
    pub(super) action: Action,
    name: &'r str,
}

impl<'r> Target<'r> {
    /// Finds what a request asks for.
    ///
    /// # Errors
    ///
    /// Refuses an unknown path with 404 and an unknown method with 405.
    pub(super) fn find(method: &Method, path: &'r str) -> Result<Self, ApiError> {
        let found = ROUTES.iter().find_map(|route| Some((route, matched(route.path, path)?)));
        let Some((route, name)) = found else {
            let message =
                format!("the admin API has no path {path}; GET /v1/openapi.json lists all");
            return Err(ApiError::new(ErrorCode::NotFound, message));
        };
        match route.methods.iter().find(|(other, _)| other == method) {
            Some((_, action)) => Ok(Self { action: *action, name }),
            None => {
                let allowed: Vec<_> = route.methods.iter().map(|(one, _)| one.clone()).collect();
                Err(ApiError::method_not_allowed(&allowed))
            }
        }
    }

    /// The deployment's name in the path.
    ///
    /// # Errors
    ///
    /// Refuses what is no name with 400.
    pub(super) fn name(&self) -> Result<DeploymentName, ApiError> {
        deployment_name(&decode(self.name)?)
    }
}

/// A deployment's name.
pub(super) fn deployment_name(text: &str) -> Result<DeploymentName, ApiError> {
    text.parse().map_err(|error| ApiError::new(ErrorCode::BadName, format!("{error}")))
}

/// Whether a path fits a template, and the name in it; empty where the template has none.
fn matched<'r>(template: &str, path: &'r str) -> Option<&'r str> {
    let mut segments = path.split('/');
    let mut name = "";
    for wanted in template.split('/') {
        let segment = segments.next()?;
        if wanted == NAME {
            name = segment;
        } else if wanted != segment {
            return None;
        }
    }
    segments.next().is_none().then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_and_a_method_make_an_action() {
        let target = Target::find(&Method::PUT, "/v1/deployments/ch%61t").unwrap();
        assert_eq!(target.action, Action::Deploy);
        assert_eq!(target.name().unwrap().as_str(), "chat");
        let target = Target::find(&Method::GET, "/v1/deployments/chat/logs").unwrap();
        assert_eq!((target.action, target.name), (Action::Log, "chat"));
    }

    #[test]
    fn other_paths_are_not_there() {
        for path in ["/", "/v1", "/v1/host/", "/v1//host", "/v1/deployments/a/b", "/v2/host", "*"] {
            assert!(Target::find(&Method::GET, path).is_err(), "{path}");
        }
    }
}
