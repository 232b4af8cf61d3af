//! Logs, kept and followed.

use sockhop_engine::{GuestOutput as _, Stream};
use tokio::time::timeout;

use super::harness::{PATIENCE, Served, code};
use crate::{
    admin::{
        ClientError, LogLines,
        limits::Limits,
        model::{LogEntry, LogSource},
    },
    config::DeploymentName,
};

fn echo() -> DeploymentName {
    "echo".parse().unwrap()
}

async fn next(lines: &mut LogLines) -> Option<LogEntry> {
    timeout(PATIENCE, lines.next()).await.unwrap().unwrap()
}

/// The source and text of an entry that has to be a line.
async fn next_line(lines: &mut LogLines) -> (LogSource, String) {
    match next(lines).await {
        Some(LogEntry::Line { source, text, .. }) => (source, text),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn kept_lines_come_as_they_were_written() {
    let served = Served::start().await;
    let log = served.host.echo_log();
    log.note("started");
    log.line(Stream::Stdout, "a\u{1b}[2J\n\"b\" 🦀");
    log.line(Stream::Stderr, "");
    let mut lines = served.client().log(&echo(), false).await.unwrap();
    for (source, text) in [
        (LogSource::Host, "started"),
        (LogSource::Stdout, "a\u{1b}[2J\n\"b\" 🦀"),
        (LogSource::Stderr, ""),
    ] {
        assert_eq!(next_line(&mut lines).await, (source, text.to_owned()));
    }
    assert_eq!(next(&mut lines).await, None);
}

#[tokio::test]
async fn a_follower_gets_lines_as_they_come_until_the_host_stops() {
    let served = Served::start().await;
    let log = served.host.echo_log();
    log.note("before");
    let mut lines = served.client().log(&echo(), true).await.unwrap();
    assert_eq!(next_line(&mut lines).await.1, "before");
    for number in 0..500 {
        log.note(number.to_string());
        assert_eq!(next_line(&mut lines).await.1, number.to_string());
    }
    served.stop().await;
    assert_eq!(next(&mut lines).await, None);
}

#[tokio::test]
async fn following_ends_when_the_host_forgets_the_log() {
    let served = Served::start().await;
    let mut lines = served.client().log(&echo(), true).await.unwrap();
    served.host.echo_log().note("last");
    *served.host.log.lock().unwrap() = None;
    assert_eq!(next_line(&mut lines).await.1, "last");
    assert_eq!(next(&mut lines).await, None);
}

#[tokio::test]
async fn a_slow_follower_is_told_how_many_lines_it_has_missed() {
    const WRITTEN: u64 = 20_000;
    let served = Served::start().await;
    let log = served.host.echo_log();
    let mut lines = served.client().log(&echo(), true).await.unwrap();
    // More than sockets and buffers hold, and at once: nothing is read or sent meanwhile.
    for number in 0..WRITTEN {
        log.note(format!("{number} {}", "x".repeat(100)));
    }
    log.note("end");
    let (mut read, mut missed) = (0, 0);
    loop {
        match next(&mut lines).await {
            Some(LogEntry::Line { text, .. }) if text == "end" => break,
            Some(LogEntry::Line { text, .. }) => {
                assert!(text.starts_with(&format!("{} ", read + missed)), "{text}");
                read += 1;
            }
            Some(LogEntry::Missed { missed: more }) => missed += more,
            None => panic!("the log has ended"),
        }
    }
    assert!(missed > 0);
    assert_eq!(read + missed, WRITTEN);
}

#[tokio::test]
async fn followers_are_bounded_and_give_their_place_back() {
    let served = Served::with_limits(Limits { followers_max: 1, ..Limits::default() }).await;
    let client = served.client();
    let first = client.log(&echo(), true).await.unwrap();
    let error = client.log(&echo(), true).await.unwrap_err();
    let ClientError::Refused { code, .. } = error else { panic!("{error:?}") };
    assert_eq!(code, "at_capacity");
    // Who only reads what is there needs no place.
    assert!(client.log(&echo(), false).await.is_ok());
    drop(first);
    let again = async {
        while client.log(&echo(), true).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, again).await.unwrap();
}

#[tokio::test]
async fn an_unknown_deployment_has_no_log() {
    let served = Served::start().await;
    let response =
        served.ask(hyper::Method::GET, "/v1/deployments/idle/logs?follow=true", "").await;
    assert_eq!((response.status().as_u16(), code(&response).as_str()), (404, "not_found"));
}
