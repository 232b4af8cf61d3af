//! `sockhop list`: the deployments of the running host.

use std::{process::ExitCode, time::SystemTime};

use super::{
    args::ListArgs,
    output::{print, print_json},
    remote::with_host,
    table::{SHORT_DIGEST_CHARS, Table, age},
};
use crate::admin::model::DeploymentList;

/// Prints a line for each revision, or the host's answer as JSON.
pub(super) fn list(args: &ListArgs) -> ExitCode {
    with_host(&args.admin, async |client| {
        let list = client.deployments().await?;
        Ok(if args.json { print_json(&list) } else { print(&table(&list, SystemTime::now())) })
    })
}

fn table(list: &DeploymentList, now: SystemTime) -> String {
    let mut table = Table::new([
        "NAME",
        "REVISION",
        "STATE",
        "SESSIONS",
        "INSTANCING",
        "DIGEST",
        "ENDPOINTS",
        "AGE",
    ]);
    for deployment in &list.deployments {
        for revision in &deployment.revisions {
            table.row([
                deployment.name.clone(),
                revision.number.to_string(),
                revision.state.as_str().to_owned(),
                revision.sessions.to_string(),
                revision.instancing.clone(),
                revision.digest.chars().take(SHORT_DIGEST_CHARS).collect(),
                revision.endpoints.join(","),
                age(revision.deployed_at.age(now)),
            ]);
        }
    }
    table.render()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::admin::model::{Deployment, Revision, RevisionState};

    #[test]
    fn each_revision_has_a_line() {
        let revision = |number, state, sessions| Revision {
            number,
            digest: "0123456789abcdef".into(),
            state,
            endpoints: vec!["/echo".into(), "/e".into()],
            instancing: "session".into(),
            sessions,
            deployed_at: (UNIX_EPOCH + Duration::from_secs(40)).into(),
        };
        let revisions = vec![
            revision(2, RevisionState::Current, 0),
            revision(1, RevisionState::Draining, 1000),
        ];
        let list =
            DeploymentList { deployments: vec![Deployment { name: "echo".into(), revisions }] };
        let text = "\
NAME  REVISION  STATE     SESSIONS  INSTANCING  DIGEST        ENDPOINTS  AGE
echo  2         current   0         session     0123456789ab  /echo,/e   1m
echo  1         draining  1000      session     0123456789ab  /echo,/e   1m
";
        assert_eq!(table(&list, UNIX_EPOCH + Duration::from_secs(100)), text);
    }
}
