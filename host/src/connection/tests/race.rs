//! Many threads at a session at once, in real time.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use sockhop_session::Message;
use tokio::time::timeout;

use super::close::by_guest;
use super::fake::Fake;
use super::peer::{BINARY, CLOSE};
use super::{Setup, text};

const ROUNDS: u32 = 300;
const SENDERS: u8 = 3;

/// However a close falls between what others send: what was taken is written, in order for each
/// sender, then the Close frame.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_close_among_many_senders_is_never_lost() {
    for round in 0..ROUNDS {
        let setup = Setup { wire_bytes: 1 << 10, queue_bytes: 4 << 10, ..Setup::default() };
        let mut served = setup.serve(|_session| Fake::echo());
        served.peer.text("keeps the guest busy").await;
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let session = Arc::clone(&served.session);
                thread::spawn(move || {
                    let mut taken = 0_u32;
                    while session.is_open() {
                        let payload = [&[sender][..], &taken.to_be_bytes()].concat();
                        taken += u32::from(session.send(Message::Binary(payload.into())).is_ok());
                    }
                    taken
                })
            })
            .collect();
        let closer = Arc::clone(&served.session);
        let closer = thread::spawn(move || {
            thread::sleep(Duration::from_micros(u64::from(round % 50) * 20));
            closer.close(by_guest(4000, ""));
        });
        let mut came = vec![0_u32; usize::from(SENDERS)];
        let all = async {
            loop {
                let frame = served.peer.read().await.expect("a Close frame before the end");
                match frame.opcode {
                    BINARY => {
                        let number = &mut came[usize::from(frame.payload[0])];
                        assert_eq!(frame.payload[1..], number.to_be_bytes());
                        *number += 1;
                    }
                    CLOSE => break,
                    _ => assert_eq!(frame.payload, b"keeps the guest busy"),
                }
            }
        };
        timeout(Duration::from_secs(4), all).await.expect("the Close frame is on its way");
        closer.join().expect("no panic");
        let taken: Vec<_> =
            senders.into_iter().map(|sender| sender.join().expect("no panic")).collect();
        assert_eq!(came, taken, "round {round}");
        served.peer.close(4000, "").await;
        let (event, calls, _notes) = served.ended().await;
        assert!(event.clean);
        assert_eq!(calls.close_and_finish(), event);
    }
}

/// The wake-up of a connection that has nothing to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_message_to_an_idle_session_is_forgotten() {
    let mut served = Setup::default().serve(|_session| Fake::silent());
    let session = Arc::clone(&served.session);
    for _ in 0..5_000 {
        let session = Arc::clone(&session);
        let sent = tokio::task::spawn_blocking(move || session.send(text("x")));
        let came = timeout(Duration::from_secs(10), served.peer.read()).await;
        assert!(came.expect("in time").is_some());
        sent.await.expect("no panic").expect("room");
    }
}
