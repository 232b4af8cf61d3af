//! Deploying to a host that runs: new names, and their end.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sockhop_tests::{Closed, TestHost, artefacts, eventually, http};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deployed_is_served() {
    let host = TestHost::builder().start().await;
    assert_eq!(http::handshake("/echo").send(host.address()).await.status, 404);
    assert!(host.list().await.is_empty());
    let printed = host.deploy("mine", "echo", &[]).await;
    assert!(printed.contains("mine") && printed.contains("/echo"), "{printed}");
    assert_eq!(host.connect("/echo").await.ask("hello").await, "hello");
    let [deployment] = &host.list().await[..] else { panic!("not one deployment") };
    assert_eq!(deployment.name, "mine");
    assert_eq!(deployment.revisions[0].endpoints, ["/echo"]);
    assert_eq!(deployment.states()[0].0, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undeploy_closes_with_1001_and_then_there_is_404() {
    let host = TestHost::with_guests(["echo", "observer"]).await;
    let mut log = host.follow("observer");
    log.containing("revision 1 deployed").await;
    let mut client = host.connect("/observer").await;
    let mut other = host.connect("/echo").await;
    host.cli(&["undeploy", "observer"]).await.succeeded();
    assert_eq!(client.closed().await.code, 1001);
    assert_eq!(http::handshake("/observer").send(host.address()).await.status, 404);
    let told = log.containing("closed initiator=").await;
    for part in ["initiator=Host", "cause=GoingAway", "sent=Some(1001)", "clean=true", "code=1001"]
    {
        assert!(told.contains(part), "{told}");
    }
    assert_eq!(other.ask("untouched").await, "untouched");
    let names: Vec<_> = host.list().await.into_iter().map(|deployment| deployment.name).collect();
    assert!(names.contains(&"echo".to_owned()), "{names:?}");
    // Its name and path are free again.
    host.deploy("observer", "observer", &[]).await;
    assert_eq!(host.connect("/observer").await.ask("count").await, "sessions=1 messages=1");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_cannot_be_undeployed() {
    let host = TestHost::with_guests(["echo"]).await;
    let told = host.cli(&["undeploy", "nothing"]).await.failed_in_one_line(1);
    assert!(told.contains("nothing"), "{told}");
    host.cli(&["undeploy", "echo"]).await.succeeded();
    host.cli(&["undeploy", "echo"]).await.failed_in_one_line(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_for_a_name_hold_for_what_is_deployed_later() {
    let host = TestHost::builder().shared("observer").config("message = \"1 KiB\"").start().await;
    host.deploy("observer", "observer", &[]).await;
    let mut first = host.connect("/observer").await;
    let mut second = host.connect("/observer").await;
    assert_eq!(first.ask("x").await, "x");
    assert_eq!(second.ask("count").await, "sessions=2 messages=2");
    second.send(vec![0; 1025]).await;
    assert_eq!(second.closed().await.code, 1009);
    assert_eq!(first.close(Some((1000, ""))).await, Closed::new(1000, ""));
}

/// What is in a folder and below it: paths and the times of the last change.
fn files_below(folder: &Path) -> BTreeMap<PathBuf, SystemTime> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("readable")) {
        let found = entry.metadata().expect("it is there");
        if found.is_dir() {
            files.extend(files_below(&entry.path()));
        } else {
            files.insert(entry.path(), found.modified().expect("a time"));
        }
    }
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_is_compiled_once() {
    let host = TestHost::builder().without_cache().start().await;
    // What is compiled has a name without an extension; beside it the cache keeps count of its use.
    let compiled = async |count: usize| {
        let what = format!("{count} compiled components on disk");
        eventually(&what, async || {
            let mut files = files_below(&host.folder().join("cache"));
            files.retain(|file, _| file.extension().is_none());
            (files.len() == count).then_some(files)
        })
        .await
    };
    host.deploy("echo", "echo", &[]).await;
    let first = compiled(1).await;
    host.cli(&["undeploy", "echo"]).await.succeeded();
    host.deploy("again", "echo", &[]).await;
    // The cache is written in turn: were the first written again, it would be by then.
    host.deploy("other", "observer", &[]).await;
    let both = compiled(2).await;
    for (file, changed) in first {
        assert_eq!(both.get(&file), Some(&changed), "it was compiled again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_deploys_files_beside_it() {
    let builder = TestHost::builder();
    let file = builder.folder().join("guest.wasm");
    fs::copy(artefacts::guest("revision_a"), file).expect("our own folder");
    let host = builder.config("[deployment.app]\nfile = \"guest.wasm\"").start().await;
    assert_eq!(host.connect("/revision").await.ask("x").await, "a: x");
    assert_eq!(host.deployment("app").await.revisions[0].endpoints, ["/revision"]);
}
