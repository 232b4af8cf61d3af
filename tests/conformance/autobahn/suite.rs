//! The suite's own program, which is the client, and what it reports.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::json;
use sockhop_tests::artefacts;
use tokio::process::Command;
use tokio::time::timeout;

use super::cases::{Behaviour, Cases};

/// How many clients share the cases. Each works through its own one after another, on one core, and
/// is the slower end; it takes more than a gigabyte for the cases with compression.
const CLIENTS: usize = 2;

/// The name under which the suite reports.
const AGENT: &str = "sockhop";

/// A case as the suite's `index.json` tells of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reported {
    behavior: String,
    behavior_close: String,
}

/// Runs these cases against the endpoint at this address, for no longer than `deadline`. The
/// suite's reports are left in the folder, a page for each case.
///
/// # Panics
///
/// Where the suite is not installed, or does not come to an end.
pub(super) async fn run(
    server: SocketAddr,
    cases: &Cases,
    reports: &Path,
    deadline: Duration,
) -> Cases {
    let program = program();
    let parts: Vec<_> = (0..CLIENTS)
        .map(|client| {
            // Neighbours are of one kind, and take about as long as each other.
            let ids = cases.keys().skip(client).step_by(CLIENTS).cloned().collect();
            run_client(&program, server, ids, reports.join(client.to_string()))
        })
        .collect();
    let ended = timeout(deadline, join_all(parts)).await;
    let found = ended.unwrap_or_else(|_| panic!("the suite has not ended after {deadline:?}"));
    found.into_iter().flatten().collect()
}

/// Where `make autobahn` has installed it.
fn program() -> PathBuf {
    let folder = std::env::var_os("SOCKHOP_AUTOBAHN")
        .map_or_else(|| artefacts::target().join("autobahn"), PathBuf::from);
    let program = folder.join("wstest");
    assert!(program.is_file(), "{} is missing: run `make autobahn`", program.display());
    program
}

async fn run_client(
    program: &Path,
    server: SocketAddr,
    ids: Vec<String>,
    reports: PathBuf,
) -> Cases {
    if reports.exists() {
        fs::remove_dir_all(&reports).expect("nobody else uses it");
    }
    fs::create_dir_all(&reports).expect("cargo's folder can be written to");
    // `failByDrop` off: a connection that fails ends by a closing handshake, which is looked at.
    let spec = json!({
        "options": { "failByDrop": false },
        "outdir": reports,
        "servers": [{ "agent": AGENT, "url": format!("ws://{server}/echo") }],
        "cases": ids,
        "exclude-cases": [],
        "exclude-agent-cases": {},
    });
    let file = reports.join("spec.json");
    fs::write(&file, spec.to_string()).expect("our own folder");
    let log = fs::File::create(reports.join("wstest.log")).expect("our own folder");
    let mut command = Command::new(program);
    command
        .args(["--mode", "fuzzingclient", "--spec"])
        .arg(&file)
        .current_dir(&reports)
        .stdin(Stdio::null())
        .stderr(log.try_clone().expect("a file"))
        .stdout(log)
        .kill_on_drop(true);
    let status = command.status().await.expect("it is a program");
    let index = reports.join("index.json");
    assert!(
        status.success() && index.is_file(),
        "the suite ended with {status} and without a report; see {}/wstest.log",
        reports.display()
    );
    reported(&fs::read_to_string(index).expect("readable"))
}

fn reported(index: &str) -> Cases {
    let mut agents: BTreeMap<String, BTreeMap<String, Reported>> =
        serde_json::from_str(index).expect("the report is as this version of the suite writes it");
    let cases = agents.remove(AGENT).expect("a report of this server");
    let behaviour =
        |Reported { behavior: case, behavior_close: closing }| Behaviour { case, closing };
    cases.into_iter().map(|(id, reported)| (id, behaviour(reported))).collect()
}
