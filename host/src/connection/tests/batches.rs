//! Messages that are handed on several at a time.

use std::sync::Arc;
use std::time::Duration;

use sockhop_session::{CloseCause, Message};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::close::by_guest;
use super::fake::{Call, Fake, returned, trapped};
use super::peer::{BINARY, CLOSE, PING, PONG, TEXT, frame, text_frame};
use super::{Setup, serve, settled, text};
use crate::connection::batching::{BATCH_BYTES_MAX, MESSAGES_IN_A_BATCH_MAX};

fn batches(calls: &[Call]) -> Vec<Vec<Message>> {
    let batch = |call: &Call| match call {
        Call::Batch(messages) => Some(messages.clone()),
        _ => None,
    };
    calls.iter().filter_map(batch).collect()
}

fn texts(words: &[&str]) -> Vec<Message> {
    words.iter().map(|word| text(word)).collect()
}

/// The frames of these texts, to be sent in one write.
fn frames(words: &[&str]) -> Vec<u8> {
    words.iter().flat_map(|word| frame(TEXT, word.as_bytes())).collect()
}

#[tokio::test(start_paused = true)]
async fn what_has_arrived_is_delivered_together_and_nothing_is_waited_for() {
    let mut served = serve(|_session| Fake::silent().takes_batches());
    served.peer.text("alone").await;
    settled().await;
    let mut bytes = frames(&["a", "", "c"]);
    bytes.extend(frame(BINARY, &[0xff]));
    let last = frame(TEXT, b"split");
    let (begin, end) = last.split_at(4);
    bytes.extend(begin);
    served.peer.bytes(&bytes).await;
    settled().await;
    let mut together = texts(&["a", "", "c"]);
    together.push(Message::Binary(vec![0xff].into()));
    assert_eq!(batches(&served.calls.all()), [texts(&["alone"]), together.clone()]);
    served.peer.bytes(end).await;
    settled().await;
    assert_eq!(batches(&served.calls.all()), [texts(&["alone"]), together, texts(&["split"])],);
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_bounded_in_messages_and_in_bytes() {
    let setup = Setup { wire_bytes: 1 << 20, ..Setup::default() };
    let mut served = setup.serve(|_session| Fake::silent().takes_batches());
    let sent = MESSAGES_IN_A_BATCH_MAX * 2 + 1;
    served.peer.bytes(&frame(TEXT, b"x").repeat(sent)).await;
    let large = "y".repeat(BATCH_BYTES_MAX / 3);
    served.peer.bytes(&frame(TEXT, large.as_bytes()).repeat(10)).await;
    let larger = "z".repeat(BATCH_BYTES_MAX + 1);
    served.peer.bytes(&frames(&["before", &larger, "behind"])).await;
    settled().await;
    let batches = batches(&served.calls.all());
    for batch in &batches {
        let bytes: usize = batch.iter().map(Message::payload_bytes).sum();
        assert!(batch.len() <= MESSAGES_IN_A_BATCH_MAX, "{}", batch.len());
        assert!(batch.len() == 1 || bytes <= BATCH_BYTES_MAX, "{bytes}");
    }
    assert!(batches.iter().any(|batch| batch.len() == MESSAGES_IN_A_BATCH_MAX));
    let all: Vec<_> = batches.concat();
    let mut expected = vec![text("x"); sent];
    expected.extend(vec![text(&large); 10]);
    expected.extend(texts(&["before", &larger, "behind"]));
    assert!(all == expected, "each once and in order, of {} messages", all.len());
}

#[tokio::test(start_paused = true)]
async fn a_pong_and_a_close_keep_their_places() {
    let mut served = serve(|_session| Fake::silent().takes_batches().hears_pongs());
    let mut bytes = frames(&["a", "b"]);
    bytes.extend(frame(PONG, b"pong"));
    bytes.extend(frames(&["c"]));
    bytes.extend(frame(CLOSE, &1000_u16.to_be_bytes()));
    bytes.extend(frames(&["unheard"]));
    served.peer.bytes(&bytes).await;
    let (event, calls, _notes) = served.ended().await;
    assert_eq!((event.code, event.clean), (1000, true));
    let calls = calls.all();
    let expected =
        [Call::Batch(texts(&["a", "b"])), Call::Pong("pong".into()), Call::Batch(texts(&["c"]))];
    assert_eq!(calls[1..4], expected);
    assert!(matches!(calls[4..], [Call::Close(_), Call::Finish]), "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn a_ping_between_messages_parts_no_batch() {
    let mut served = serve(|_session| Fake::silent().takes_batches());
    let mut bytes = frames(&["a"]);
    bytes.extend(frame(PING, b"ping"));
    bytes.extend(frames(&["b"]));
    served.peer.bytes(&bytes).await;
    settled().await;
    assert_eq!(batches(&served.calls.all()), [texts(&["a", "b"])]);
    assert_eq!(served.peer.read().await.map(|frame| frame.opcode), Some(PONG));
}

#[tokio::test(start_paused = true)]
async fn what_breaks_a_rule_ends_the_session_behind_what_came_before_it() {
    let setup = Setup { max_message_bytes: 10, ..Setup::default() };
    let mut served = setup.serve(|_session| Fake::silent().takes_batches());
    served.peer.bytes(&frames(&["a", "b", "longer than ten"])).await;
    let (event, calls, _notes) = served.ended().await;
    assert_eq!(event.cause, CloseCause::MessageTooBig);
    assert_eq!(batches(&calls.all()), [texts(&["a", "b"])]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_delivered_behind_a_close_of_the_guests() {
    let mut served = serve(|session| {
        let session = Arc::clone(session);
        Fake::silent().takes_batches().hears_pongs().on_message(move |_message| {
            session.close(by_guest(1000, ""));
            async { Ok(None) }
        })
    });
    let mut bytes = frames(&["a", "b"]);
    bytes.extend(frame(PONG, b"unheard"));
    bytes.extend(frames(&["unheard"]));
    // It has come already when this side's goes out, and is its answer.
    bytes.extend(frame(CLOSE, &1000_u16.to_be_bytes()));
    served.peer.bytes(&bytes).await;
    let (event, calls, _notes) = served.ended().await;
    assert!(event.clean, "{event:?}");
    let calls = calls.all();
    assert_eq!(calls[1], Call::Batch(texts(&["a", "b"])));
    assert!(matches!(calls[2..], [Call::Close(_), Call::Finish]), "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn an_error_is_told_once_and_a_trap_is_the_end() {
    let mut served = serve(|_session| {
        Fake::silent().takes_batches().on_message(|message| async move {
            if message == text("trap") {
                return Err(trapped("batches.on-messages").into());
            }
            Err(returned("no"))
        })
    });
    served.peer.bytes(&frames(&["a", "b"])).await;
    settled().await;
    assert!(matches!(served.calls.all()[1..], [Call::Batch(_), Call::Error(_)]));
    served.peer.text("trap").await;
    let (event, _calls, notes) = served.ended().await;
    assert_eq!(event.cause, CloseCause::GuestFailed);
    assert_eq!(notes.all()[0], "on-messages failed: no");
}

/// The answers of a guest that takes batches wait in the peer, not in the host.
#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_no_answers_is_not_read_from() {
    let setup = Setup { wire_bytes: 1 << 10, queue_bytes: 1 << 20, ..Setup::default() };
    let served = setup.serve(|session| {
        let session = Arc::clone(session);
        Fake::silent().takes_batches().on_message(move |message| {
            let sent = session.send(message);
            async move {
                assert_eq!(sent, Ok(()));
                Ok(None)
            }
        })
    });
    let mut io = served.peer.into_inner();
    let flood = frame(BINARY, &[0; 100]).repeat(100_000);
    let written = timeout(Duration::from_secs(60), io.write_all(&flood)).await;
    assert!(written.is_err(), "all was read though nothing was taken");
}

/// Tokens come one by one behind the batch that asked for them, and what came from the peer behind
/// the batch keeps its order in between.
#[tokio::test(start_paused = true)]
async fn tokens_of_a_batch_and_what_is_behind_it_take_turns() {
    let mut served = serve(|session| {
        let (session, mut token) = (Arc::clone(session), 0);
        let guest = Fake::silent().takes_batches().hears_completions().hears_pongs();
        guest.on_message(move |message| {
            token += 1;
            session.notify_sent(token).expect("few");
            session.send(message).expect("room");
            async { Ok(None) }
        })
    });
    let mut bytes = frames(&["a", "b", "c"]);
    bytes.extend(frame(PONG, b"p"));
    bytes.extend(frames(&["d"]));
    served.peer.bytes(&bytes).await;
    for word in ["a", "b", "c", "d"] {
        assert_eq!(served.peer.read().await, Some(text_frame(word)));
    }
    settled().await;
    let calls = served.calls.all();
    let (tokens, others): (Vec<_>, Vec<_>) =
        calls.into_iter().partition(|call| matches!(call, Call::Sent(_)));
    assert_eq!(tokens, [1, 2, 3, 4].map(Call::Sent));
    let pong = Call::Pong("p".into());
    let batches = [Call::Batch(texts(&["a", "b", "c"])), pong, Call::Batch(texts(&["d"]))];
    assert_eq!(others[1..], batches);
}
