//! Defects that show when many do something at once, or one does nothing.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sockhop_tests::{RawClient, eventually};
use tokio::io::AsyncReadExt as _;
use tokio::time::interval;
use tokio_tungstenite::tungstenite::Message;

use crate::jakarta::place::{Place, end, told};

const TEXT: u8 = 0x81;

pub(super) async fn concurrent_sends(place: &Place) {
    const SENDERS: usize = 8;
    const MESSAGES: usize = 50;
    let path = format!("/jakarta/{}", place.tag());
    let mut target = place.at(&path).await;
    let id = target.ask("id").await;
    let senders = (0..SENDERS).map(async |sender| {
        let mut client = place.at(&format!("/jakarta/{}", place.tag())).await;
        for number in 0..MESSAGES {
            client.send(format!("tell {id} {sender} {number}")).await;
        }
        // A send that failed would be told before.
        assert_eq!(client.ask("echo done").await, "done");
    });
    let received = async {
        let mut next = [0; SENDERS];
        for _ in 0..SENDERS * MESSAGES {
            let text = target.text().await;
            let (sender, number) = text.split_once(' ').expect("what was sent");
            let sender: usize = sender.parse().expect("a number");
            assert_eq!(number.parse(), Ok(next[sender]), "out of order: {text}");
            next[sender] += 1;
        }
    };
    tokio::join!(join_all(senders), received);
    assert_eq!(target.ask("echo that was all").await, "that was all");
}

pub(super) async fn broadcast_beside_slow(place: &Place) {
    const MESSAGES: usize = 300;
    let path = format!("/jakarta/{}", place.tag());
    let mut quick = place.at(&path).await;
    let mut slow = place.raw(&path).await;
    slow.send(TEXT, b"echo here").await;
    assert_eq!(slow.receive().await.payload, b"here");
    // Together more than the kernel's buffers and the queue hold.
    let payload = "x".repeat(64 << 10);
    for number in 0..MESSAGES {
        quick.send(format!("all {number} {payload}")).await;
        let text = quick.text().await;
        assert!(text.starts_with(&format!("{number} x")), "not message {number}");
    }
    // What was taken for the slow one arrives in order; the rest was refused, and nobody waited.
    let mut taken = 0;
    slow.send(TEXT, b"close 4001").await;
    loop {
        let frame = slow.receive().await;
        if frame.first != TEXT {
            assert_eq!(frame.payload[..2], 4001_u16.to_be_bytes());
            break;
        }
        let number: usize = String::from_utf8_lossy(&frame.payload)
            .split_once(' ')
            .and_then(|(number, _)| number.parse().ok())
            .expect("a message of the broadcast");
        assert!(number >= taken, "{number} comes behind {taken}");
        taken = number;
    }
    assert!(taken < MESSAGES - 1, "it got all of them, so nothing was tried");
}

pub(super) async fn held_back(place: &Place) {
    const MESSAGES: u32 = 30;
    const MESSAGE_BYTES: u32 = 4 << 20;
    const WORK: Duration = Duration::from_millis(50);
    /// What the kernel and the host may hold of it, in messages.
    const HELD: u32 = 13;
    let mut client = place.host.connect("/holds").await;
    assert_eq!(client.ask("count").await, "0 messages, 0 bytes");
    let begin = Instant::now();
    let payload = Message::from(vec![7; MESSAGE_BYTES as usize]);
    for _ in 0..MESSAGES {
        client.send(payload.clone()).await;
    }
    let worked = WORK * (MESSAGES - HELD);
    assert!(begin.elapsed() >= worked, "all were sent in {:?}", begin.elapsed());
    let counted = client.ask("count").await;
    assert_eq!(counted, format!("{MESSAGES} messages, {} bytes", MESSAGES * MESSAGE_BYTES));
}

pub(super) async fn closes_amid_sends(place: &Place) {
    const SENDERS: usize = 4;
    let path = format!("/jakarta/{}", place.tag());
    let mut witness = place.at(&path).await;
    for _ in 0..5 {
        let mut target = place.at(&path).await;
        let id = target.ask("id").await;
        let senders = (0..SENDERS).map(async |sender| {
            let mut client = place.at(&format!("/jakarta/{}", place.tag())).await;
            for number in 0..50 {
                client.send(format!("tell {id} {sender} {number}")).await;
            }
            // It is told of those that found nobody, and goes on.
            client.send("echo done").await;
            told(&mut client, "done").await;
            client.close(None).await;
        });
        let closing = async {
            let mut next = [0; SENDERS];
            for received in 0.. {
                if received == 20 {
                    target.send("close 4001").await;
                }
                match target.next_or_closed().await {
                    Ok(message) => {
                        let text = message.to_text().expect("a text");
                        let (sender, number) = text.split_once(' ').expect("what was sent");
                        let sender: usize = sender.parse().expect("a number");
                        assert_eq!(number.parse(), Ok(next[sender]), "out of order: {text}");
                        next[sender] += 1;
                    }
                    Err(closed) => return closed,
                }
            }
            unreachable!("there are no more messages")
        };
        let (_, closed) = tokio::join!(join_all(senders), closing);
        assert_eq!(closed.code, 4001);
        let event = end(&mut witness).await;
        assert!(event.ends_with(" clean=true code=4001"), "{event}");
    }
    assert_eq!(witness.ask("tagged").await, "1");
}

pub(super) async fn nothing_left(place: &Place) {
    let path = format!("/jakarta/{}", place.tag());
    let mut witness = place.at(&path).await;
    let faults = (0..40).map(async |number| match number % 4 {
        0 => {
            let mut client = place.host.connect(&format!("{path}?open=fail")).await;
            // It hears of the ends of others before its own.
            while client.next_or_closed().await.is_ok_and(|message| message.is_text()) {}
        }
        1 => place.raw(&path).await.reset(),
        2 => {
            let mut client = place.raw(&path).await;
            client.send(0x83, b"").await;
            while client.receive().await.first == TEXT {}
        }
        _ => {
            let refused = format!("{path}/x/y");
            let answer = RawClient::connect_with(place.host.address(), &refused, "").await;
            assert!(answer.is_err());
        }
    });
    join_all(faults).await;
    // Two kinds of them had opened, and each of those had one end.
    for _ in 0..20 {
        end(&mut witness).await;
    }
    assert_eq!(witness.ask("tagged").await, "1");
    let uri = place.url(&path);
    eventually("the witness alone to be left", async || {
        let open = place.host.sessions().await.into_iter();
        let path = open.map(|session| session.uri.split('?').next().map(str::to_owned));
        (path.filter(|path| path.as_ref() == Some(&uri)).count() == 1).then_some(())
    })
    .await;
}

pub(super) async fn mass_resets(place: &Place) {
    const RESETS: usize = 300;
    let path = format!("/jakarta/{}", place.tag());
    let mut witness = place.at(&path).await;
    let clients = join_all((0..RESETS).map(|_| place.raw(&path))).await;
    eventually("all to be open", async || {
        (witness.ask("tagged").await == (RESETS + 1).to_string()).then_some(())
    })
    .await;
    clients.into_iter().for_each(RawClient::reset);
    // Whoever is still there hears of each, and is served meanwhile.
    for _ in 0..RESETS {
        let event = end(&mut witness).await;
        assert!(event.starts_with("Transport ConnectionLost "), "{event}");
    }
    assert_eq!(witness.ask("tagged").await, "1");
}

pub(super) async fn stuck_once(place: &Place) {
    let (mut witness, mut stuck) = place.two_raw("/jakarta-stuck").await;
    stuck.send(TEXT, b"id").await;
    let id = String::from_utf8(stuck.receive().await.payload).expect("an id");
    let payload = "x".repeat(64 << 10);
    // More than the kernel's buffers hold.
    for _ in 0..300 {
        witness.send(format!("tell {id} {payload}")).await;
    }
    let event = end(&mut witness).await;
    assert!(event.contains(" WriteTimeout sent=None received=None "), "{event}");
    assert!(event.ends_with(" clean=false code=1006"), "{event}");
    eventually("nothing more to be told of it", async || {
        (witness.ask("tagged").await == "1").then_some(())
    })
    .await;
}

pub(super) async fn send_timeout(place: &Place) {
    /// More than the kernel's buffers hold, and less than a queue does.
    const LARGE: usize = 12 << 20;
    let (mut witness, mut client) = place.two_raw("/jakarta").await;
    client.send(TEXT, b"set-limit send 400").await;
    client.receive().await;
    // Each is in time, and all of them take longer.
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_millis(1200) {
        client.send(TEXT, b"work 50").await;
        client.send(TEXT, b"echo in time").await;
        assert_eq!(client.receive().await.payload, b"in time");
    }
    client.send(TEXT, format!("large {LARGE}").as_bytes()).await;
    // It takes some of it again and again, and never enough.
    let mut tcp = client.into_tcp();
    let taking = async {
        let mut part = vec![0; 4096];
        let mut pauses = interval(Duration::from_millis(10));
        while tcp.read(&mut part).await.is_ok_and(|length| length > 0) {
            pauses.tick().await;
        }
    };
    let event = tokio::select! {
        event = end(&mut witness) => event,
        () = taking => end(&mut witness).await,
    };
    assert!(event.contains(" WriteTimeout sent=None "), "{event}");
    assert!(event.ends_with(" clean=false code=1006"), "{event}");
}

pub(super) async fn count_of_many(place: &Place) {
    const MANY: usize = 100;
    let path = format!("/jakarta/{}", place.tag());
    let mut witness = place.at(&path).await;
    let mut clients = join_all((0..MANY).map(|_| place.raw(&path))).await;
    eventually("all to be open", async || {
        (witness.ask("tagged").await == (MANY + 1).to_string()).then_some(())
    })
    .await;
    let ids = witness.ask("ids").await;
    assert_eq!(ids.split(',').count(), MANY + 1);
    witness.send("all hear me").await;
    assert_eq!(witness.text().await, "hear me");
    for client in &mut clients {
        assert_eq!(client.receive().await.payload, b"hear me");
    }
}

pub(super) async fn few_threads(place: &Place) {
    const MANY: usize = 200;
    /// What the runtime may start for files and compilations of other scenarios.
    const OTHERS: usize = 40;
    let path = format!("/jakarta/{}", place.tag());
    let mut witness = place.at(&path).await;
    let before = place.host.threads();
    let clients = join_all((0..MANY).map(|_| place.raw(&path))).await;
    eventually("all to be open", async || {
        (witness.ask("tagged").await == (MANY + 1).to_string()).then_some(())
    })
    .await;
    let grown = place.host.threads().saturating_sub(before);
    assert!(grown < OTHERS, "{MANY} sessions have brought {grown} threads");
    drop(clients);
}
