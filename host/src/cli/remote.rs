//! What the verbs that speak to a running host have in common.

use std::process::ExitCode;

use super::{args::AdminArgs, exit, output::fail};
use crate::{
    admin::{AdminClient, ClientError},
    config::{AdminAccess, AdminAccessError, Machine, ProcessEnvironment},
};

/// Finds the running host and speaks to it.
pub(super) fn with_host(
    args: &AdminArgs,
    talk: impl AsyncFnOnce(AdminClient) -> Result<ExitCode, ClientError>,
) -> ExitCode {
    let access = match AdminAccess::find(args, &ProcessEnvironment, &Machine::this()) {
        Ok(access) => access,
        Err(AdminAccessError::Config(errors)) => return exit::bad_config(&errors),
        Err(error) => return fail(&error),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    match runtime.block_on(talk(AdminClient::new(access))) {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}
