//! Guests that reach other sessions: broadcasts, rooms, lookups.

use serde_json::{Value, json};
use sockhop_tests::{Client, Closed, Frame, RawClient, TestHost, TestHostBuilder, eventually};
use tokio_tungstenite::tungstenite::Message;

/// Sessions at `/broadcast` that have all been opened: a handshake may be answered before that.
pub(crate) async fn join_broadcast<const N: usize>(host: &TestHost) -> Vec<Client> {
    let mut clients: Vec<Client> = Vec::new();
    for number in 0..N {
        let mut client = host.connect("/broadcast").await;
        client.send(format!("{number} is here")).await;
        clients.push(client);
        for client in &mut clients {
            assert_eq!(client.text().await, format!("{number} is here"));
        }
    }
    clients
}

async fn a_broadcast_reaches_all(builder: TestHostBuilder) {
    let host = builder.guest("broadcast").guest("echo").start().await;
    let mut stranger = host.connect("/echo").await;
    let mut clients = join_broadcast::<5>(&host).await;
    for (sender, message) in
        [Message::from("from the first"), Message::from(vec![1, 2, 3])].into_iter().enumerate()
    {
        clients[sender].send(message.clone()).await;
        for client in &mut clients {
            assert_eq!(client.next().await, message, "the sender gets it too");
        }
    }
    assert_eq!(stranger.ask("nothing else").await, "nothing else");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_reaches_all_sessions_of_the_endpoint() {
    a_broadcast_reaches_all(TestHost::builder()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_reaches_all_sessions_of_a_shared_instance() {
    a_broadcast_reaches_all(TestHost::builder().shared("broadcast")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broadcasts_of_one_session_arrive_everywhere_in_order() {
    const MESSAGES: usize = 500;
    let host = TestHost::with_guests(["broadcast"]).await;
    let mut clients = join_broadcast::<2>(&host).await;
    for number in 0..MESSAGES {
        clients[0].send(number.to_string()).await;
    }
    for client in &mut clients {
        for number in 0..MESSAGES {
            assert_eq!(client.text().await, number.to_string());
        }
    }
}

/// A member of a chat room, once the others have been told.
async fn join(host: &TestHost, room: &str, name: &str) -> (Client, Value) {
    let mut client = host.connect(&format!("/chat/{room}")).await;
    let welcome = event(&mut client, json!({ "type": "join", "name": name })).await;
    assert_eq!(welcome["type"], "welcome", "{welcome}");
    (client, welcome)
}

async fn event(client: &mut Client, say: Value) -> Value {
    let answer = client.ask(&say.to_string()).await;
    serde_json::from_str(&answer).expect("JSON")
}

async fn next_event(client: &mut Client) -> Value {
    serde_json::from_str(&client.text().await).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_rooms_are_kept_apart() {
    let host = TestHost::with_guests(["chat"]).await;
    let (mut ada, welcome) = join(&host, "tea", "Ada").await;
    assert_eq!(welcome["room"], "tea");
    assert_eq!(welcome["members"], json!([{ "id": welcome["id"], "name": "Ada" }]));
    let (mut elsewhere, _) = join(&host, "coffee", "Eve").await;
    let (mut bob, welcomed) = join(&host, "tea", "Bob").await;
    assert_eq!(welcomed["members"].as_array().map(Vec::len), Some(2), "{welcomed}");
    let joined = json!({ "type": "joined", "id": welcomed["id"], "name": "Bob" });
    assert_eq!(next_event(&mut ada).await, joined);

    let said = event(&mut ada, json!({ "type": "say", "text": "milk?" })).await;
    let expected = json!({ "type": "said", "id": welcome["id"], "name": "Ada", "text": "milk?" });
    assert_eq!(said, expected);
    assert_eq!(next_event(&mut bob).await, expected);

    bob.close(Some((1000, ""))).await;
    let left = json!({ "type": "left", "id": welcomed["id"], "name": "Bob" });
    assert_eq!(next_event(&mut ada).await, left);
    // Had anything of it come here, it would come first.
    let said = event(&mut elsewhere, json!({ "type": "say", "text": "sugar" })).await;
    assert_eq!(said["text"], "sugar", "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_counted_listed_and_found() {
    let host = TestHost::with_guests(["directory"]).await;
    let mut a = host.connect("/directory/tea").await;
    let mut b = host.connect("/directory/tea").await;
    let mut c = host.connect("/directory/coffee").await;
    let ids = [a.ask("id").await, b.ask("id").await, c.ask("id").await];
    assert_eq!(a.ask("count").await, "3");
    assert_eq!(a.ask("count tea").await, "2");
    assert_eq!(a.ask("count coffee").await, "1");
    assert_eq!(a.ask("count milk").await, "0");
    assert_eq!(c.ask("ids").await, ids.join(","), "oldest first");
    assert_eq!(c.ask("others").await, ids[..2].join(","));
    let listed = host.sessions().await;
    assert_eq!(listed.iter().map(|session| session.id.as_str()).collect::<Vec<_>>(), ids);

    assert_eq!(a.ask(&format!("tell {} hello there", ids[1])).await, "told");
    assert_eq!(b.text().await, "hello there");
    assert_eq!(a.ask("tell nobody-1 hello").await, "nobody");
    assert_eq!(c.ask("be Cleo").await, "so");
    assert_eq!(b.ask(&format!("who {}", ids[2])).await, "Cleo");

    assert_eq!(a.ask(&format!("close {}", ids[1])).await, "closed");
    assert_eq!(b.closed().await, Closed::new(4002, "by another"));
    assert_eq!(a.ask("count").await, "2");
    assert_eq!(a.ask(&format!("tell {} hello", ids[1])).await, "nobody");
    c.close(None).await;
    eventually("the other to be gone", async || (a.ask("count").await == "1").then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_closing_is_not_open() {
    let host = TestHost::with_guests(["directory"]).await;
    let mut a = host.connect("/directory/tea").await;
    let mut b = RawClient::connect(host.address(), "/directory/tea").await;
    b.send(0x81, b"id").await;
    let id = String::from_utf8(b.receive().await.payload).expect("an id is a text");
    assert_eq!(a.ask("count").await, "2");
    assert_eq!(a.ask(&format!("close {id}")).await, "closed");
    // The peer has not answered yet.
    assert_eq!(a.ask("count").await, "1");
    assert_eq!(a.ask(&format!("tell {id} hello")).await, "nobody");
    assert!(!a.ask("ids").await.contains(&id));
    assert_eq!(b.receive().await, Frame::close(4002, "by another"));
}

#[tokio::test(flavor = "multi_thread")]
async fn properties_are_bounded() {
    let host = TestHost::builder()
        .guest("directory")
        .config("[limits]\nproperties = \"1 KiB\"")
        .start()
        .await;
    let mut client = host.connect("/directory/tea").await;
    let id = client.ask("id").await;
    assert_eq!(client.ask(&format!("be {}", "a".repeat(900))).await, "so");
    client.send(format!("be {}", "b".repeat(1100))).await;
    let name = client.ask(&format!("who {id}")).await;
    assert_eq!(name, "a".repeat(900), "the properties are as they were");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_many_sessions_are_listed() {
    // More than one page of ids.
    const SESSIONS: usize = 1100;
    let host = TestHost::builder().guest("directory").shared("directory").start().await;
    let mut clients = Vec::new();
    for _ in 0..SESSIONS {
        clients.push(host.connect("/directory/tea").await);
    }
    let mut last = clients.pop().expect("there are many");
    let own = last.ask("id").await;
    eventually("all to be there", async || {
        (last.ask("count tea").await == SESSIONS.to_string()).then_some(())
    })
    .await;
    let ids = last.ask("ids").await;
    let ids: Vec<_> = ids.split(',').collect();
    assert_eq!(ids.len(), SESSIONS);
    assert_eq!(*ids.last().expect("there are many"), own, "the youngest comes last");
}
