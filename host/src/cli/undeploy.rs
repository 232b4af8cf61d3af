//! `sockhop undeploy`: ends a deployment.

use std::process::ExitCode;

use super::{args::UndeployArgs, output::print, remote::with_host};
use crate::admin::model::Undeployed;
use crate::telemetry::escaped;

/// Ends a deployment and says how many sessions that ends.
pub(super) fn undeploy(args: &UndeployArgs) -> ExitCode {
    with_host(&args.admin, async |client| Ok(print(&sentence(&client.undeploy(&args.name).await?))))
}

fn sentence(undeployed: &Undeployed) -> String {
    let name = escaped(&undeployed.name);
    match undeployed.sessions_closed {
        0 => format!("{name}: undeployed; it had no open sessions\n"),
        1 => format!("{name}: undeployed; its 1 open session is being closed\n"),
        many => format!("{name}: undeployed; its {many} open sessions are being closed\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_counted() {
        let told = |sessions_closed| sentence(&Undeployed { name: "echo".into(), sessions_closed });
        assert_eq!(told(0), "echo: undeployed; it had no open sessions\n");
        assert_eq!(told(1), "echo: undeployed; its 1 open session is being closed\n");
        assert_eq!(told(2), "echo: undeployed; its 2 open sessions are being closed\n");
    }
}
