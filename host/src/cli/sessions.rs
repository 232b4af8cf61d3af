//! `sockhop sessions`: the open sessions of the running host.

use std::{process::ExitCode, time::SystemTime};

use super::{
    args::SessionsArgs,
    output::{print, print_json, say},
    remote::with_host,
    table::{Table, age},
};
use crate::admin::model::SessionList;

/// Prints a line for each session, or the host's answer as JSON.
pub(super) fn sessions(args: &SessionsArgs) -> ExitCode {
    with_host(&args.admin, async |client| {
        let list = client.sessions(args.deployment.as_ref()).await?;
        let (listed, total) = (list.sessions.len(), list.total);
        if listed < total {
            say(&format!("{listed} of {total} sessions are listed"));
        }
        Ok(if args.json { print_json(&list) } else { print(&table(&list, SystemTime::now())) })
    })
}

fn table(list: &SessionList, now: SystemTime) -> String {
    let mut table = Table::new([
        "ID",
        "DEPLOYMENT",
        "REVISION",
        "ENDPOINT",
        "PEER",
        "SUBPROTOCOL",
        "QUEUED",
        "AGE",
        "URI",
    ]);
    for session in &list.sessions {
        table.row([
            session.id.clone(),
            session.deployment.clone(),
            session.revision.to_string(),
            session.endpoint.clone(),
            session.peer.clone(),
            session.subprotocol.clone().unwrap_or_default(),
            session.queued_bytes.to_string(),
            age(session.opened_at.age(now)),
            session.uri.clone(),
        ]);
    }
    table.render()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::admin::model::Session;

    #[test]
    fn each_session_has_a_line() {
        let session = Session {
            id: "s1".into(),
            deployment: "echo".into(),
            revision: 2,
            endpoint: "/echo".into(),
            uri: "/echo?\u{1b}c".into(),
            peer: "127.0.0.1:5000".into(),
            subprotocol: None,
            principal: None,
            queued_bytes: 7,
            opened_at: UNIX_EPOCH.into(),
        };
        let list = SessionList { sessions: vec![session], total: 1 };
        let text = "\
ID  DEPLOYMENT  REVISION  ENDPOINT  PEER            SUBPROTOCOL  QUEUED  AGE  URI
s1  echo        2         /echo     127.0.0.1:5000  -            7       2s   /echo?\\u{1b}c
";
        assert_eq!(table(&list, UNIX_EPOCH + Duration::from_secs(2)), text);
    }
}
