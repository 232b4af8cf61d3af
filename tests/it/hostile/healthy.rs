//! Clients that mean well: what becomes of them is how a host is judged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sockhop_tests::{Client, TestHost, within};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::interval;
use tokio_tungstenite::tungstenite::Message;

/// How many there are.
pub(super) const SESSIONS: usize = 200;

/// How often each says something. Unbridled they would take the whole machine, and what the host
/// does beside them would be measured by that.
const PACE: Duration = Duration::from_millis(100);

/// What each has heard before the others may begin: all sizes of its messages.
const WARM_ROUNDS: usize = 8;

/// Well-meaning clients at work, until they are called back.
pub(super) struct Healthy {
    stop: Arc<AtomicBool>,
    talkers: JoinSet<usize>,
}

impl Healthy {
    /// Connects them all, and waits until each has been answered a few times.
    pub(super) async fn begin(host: &TestHost) -> Self {
        let (begun, stop) =
            (Arc::new(Barrier::new(SESSIONS + 1)), Arc::new(AtomicBool::new(false)));
        let mut talkers = JoinSet::new();
        for session in 0..SESSIONS {
            let client = host.connect("/echo").await;
            talkers.spawn(talk(session, client, Arc::clone(&begun), Arc::clone(&stop)));
        }
        within("the first answers", begun.wait()).await;
        Self { stop, talkers }
    }

    /// Calls them back. How many messages have come back to them, in their turn and byte by byte.
    pub(super) async fn end(mut self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        let mut answered = 0;
        while let Some(talker) = within("the last answers", self.talkers.join_next()).await {
            answered += talker.expect("each message is answered in its turn");
        }
        answered
    }
}

/// Keeps two messages in flight, so that order can be broken; how many came back.
async fn talk(
    session: usize,
    mut client: Client,
    begun: Arc<Barrier>,
    stop: Arc<AtomicBool>,
) -> usize {
    let mut pace = interval(PACE);
    let mut rounds = 0;
    // One round at least after the word to stop, so that the last has seen it all.
    let mut last = false;
    while !last {
        if rounds == WARM_ROUNDS {
            begun.wait().await;
        }
        last = stop.load(Ordering::Relaxed);
        pace.tick().await;
        let said = [message(session, 2 * rounds), message(session, 2 * rounds + 1)];
        for message in &said {
            client.send(message.clone()).await;
        }
        for message in said {
            assert!(client.next().await == message, "not what session {session} has said");
        }
        rounds += 1;
    }
    assert_eq!(client.close(Some((1000, ""))).await.code, 1000);
    2 * rounds
}

/// A message that tells itself from all others, long or short.
fn message(session: usize, number: usize) -> Message {
    let repeated = [1, 40, 3000][number % 3];
    if number.is_multiple_of(2) {
        Message::from(format!("{session}: {number} \u{1f57a} ").repeat(repeated))
    } else {
        Message::from([session.to_be_bytes(), number.to_be_bytes()].concat().repeat(repeated))
    }
}
