//! Two people chat in a room, each with a browser.

use serde_json::json;
use sockhop_tests::{TestHost, WebDriver, artefacts};

/// What a log shows: of each entry its kind and its text.
const LOG: &str = "[...document.querySelectorAll('#log .entry')]\
    .map(entry => entry.dataset.kind + ': ' + entry.innerText.replace(/\\s+/g, ' '))";

/// Who is in the room, by the page's own list.
const MEMBERS: &str =
    "[...document.querySelectorAll('#members li')].map(li => li.innerText).sort()";

async fn join(browser: &WebDriver, host: &TestHost, name: &str, room: &str) {
    browser.open(&format!("http://{}/", host.address())).await;
    browser.type_into("#name", name).await;
    browser.type_into("#room", room).await;
    browser.click("#join").await;
    browser.until("document.querySelector('#status').dataset.state", &json!("connected")).await;
}

async fn say(browser: &WebDriver, text: &str) {
    browser.type_into("#message", text).await;
    browser.click("#send").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_browsers_chat_in_a_room() {
    let web = artefacts::workspace().join("examples/chat/web");
    let host = TestHost::builder().guest("chat").args(["--assets".into(), web]).start().await;
    let (ada, bob) = tokio::join!(WebDriver::start(), WebDriver::start());
    join(&ada, &host, "Ada", "tea").await;
    ada.until(MEMBERS, &json!(["Ada (you)"])).await;
    join(&bob, &host, "Bob", "tea").await;
    ada.until(MEMBERS, &json!(["Ada (you)", "Bob"])).await;
    bob.until(MEMBERS, &json!(["Ada", "Bob (you)"])).await;

    say(&ada, "Milk?").await;
    bob.until(&format!("{LOG}.at(-1)"), &json!("said: Ada Milk?")).await;
    say(&bob, "<b>No</b> & thanks").await;
    ada.until(&format!("{LOG}.at(-1)"), &json!("said: Bob <b>No</b> & thanks")).await;

    // One leaves; the other is told.
    bob.click("#join").await;
    ada.until(MEMBERS, &json!(["Ada (you)"])).await;
    ada.until(&format!("{LOG}.at(-1)"), &json!("left: Bob left")).await;
    // A revision later the page is back in its room by itself.
    host.deploy("chat", "chat", &["--strategy", "restart"]).await;
    ada.until(
        "document.querySelectorAll('#log .entry[data-kind=system]').length >= 3 \
         && document.querySelector('#status').dataset.state",
        &json!("connected"),
    )
    .await;
}
