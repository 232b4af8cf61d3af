//! What the guests of the zoo share.

use sockhop_guest::{HandshakeRequest, InstanceKeys, Result};

/// The instances of who is deployed with `instancing = "keyed"`: one for the sessions whose path
/// says the same, and so one for all of them where the path has no variable.
#[derive(Debug)]
pub struct ByParameters;

impl InstanceKeys for ByParameters {
    fn instance_key(_endpoint_path: &str, request: HandshakeRequest) -> Result<String> {
        let values: Vec<_> = request.path_parameters.into_iter().map(|(_, value)| value).collect();
        Ok(values.join("/"))
    }
}
