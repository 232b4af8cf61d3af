//! Guests that return errors: their sessions go on, and the guest is told.

use sockhop_tests::{Closed, TestHost};

#[tokio::test(flavor = "multi_thread")]
async fn a_session_outlives_an_error_and_on_error_is_told() {
    let host = TestHost::with_guests(["errs_in_message"]).await;
    let mut client = host.connect("/errs-in-message").await;
    client.send("err").await;
    client.send("err").await;
    assert_eq!(client.ask("go on").await, "go on", "an error is answered with nothing");
    let told = "this guest was told to fail";
    assert_eq!(client.ask("errors").await, format!("{told}\n{told}"));
    host.log_line("errs_in_message", |line| {
        line.contains("on-message failed") && line.contains(told)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_in_open_ends_the_session_with_1011() {
    let host = TestHost::with_guests(["fails_in_open"]).await;
    let mut client = host.connect("/fails-in-open").await;
    assert_eq!(client.closed().await.code, 1011);
    let mut log = host.follow("fails_in_open");
    log.line(|line| line.contains("open failed") && line.contains("not in the mood")).await;
    // Were it told of anything more, it would trap.
    let mut client = host.connect("/fails-in-open").await;
    client.send("hello").await;
    assert_eq!(client.closed().await.code, 1011);
    log.containing("open failed").await;
    assert!(!log.read().iter().any(|line| line.contains("trapped")), "{:#?}", log.read());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_in_on_close_is_told_once() {
    let host = TestHost::with_guests(["errs_in_close"]).await;
    let mut client = host.connect("/errs-in-close").await;
    assert_eq!(client.close(Some((1000, ""))).await, Closed::new(1000, ""));
    let mut log = host.follow("errs_in_close");
    log.containing("on-close failed: this guest cannot say goodbye").await;
    // The resource is dropped after its last call.
    log.containing("dropped").await;
    let told = log.read().iter().filter(|line| line.contains("told: ")).collect::<Vec<_>>();
    assert_eq!(told.len(), 1, "{:#?}", log.read());
    assert!(told[0].contains("this guest cannot say goodbye"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_after_a_close_is_refused_and_what_was_sent_before_it_arrives() {
    let host = TestHost::with_guests(["sends_after_close"]).await;
    let mut client = host.connect("/sends-after-close").await;
    client.send("close").await;
    assert_eq!(client.text().await, "before");
    client.closed().await;
    let seen = ["> text \"close\"", "< text \"before\"", "< close 1000 \"\""];
    assert_eq!(client.transcript(), seen);
    let mut log = host.follow("sends_after_close");
    let refused = "open=false send=Err(\"the session is not open\") close=Ok(()) \
                   property=Some(\"red\")";
    log.containing(&format!("after close: {refused}")).await;
    log.containing("told: the answer was not sent: the session is not open").await;
    log.containing(&format!("in on-close: {refused}")).await;
}
