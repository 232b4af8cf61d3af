//! Several messages in one call.

use std::num::NonZeroU16;
use std::sync::Arc;

use sockhop_session::Batch;
use sockhop_session::outbound::Outgoing;
use sockhop_session::port::{Endpoint, Fault, TrapKind};

use super::wat::{component, guest, guest_with_batches};
use super::{asked, engine, guest_of, queued, seats, session, text, trap_kind};
use crate::{Instancing, LoadError, Program};

#[tokio::test]
async fn each_message_of_a_batch_reaches_the_guest_where_it_lies() {
    for instancing in [Instancing::Session, Instancing::Shared(NonZeroU16::MIN)] {
        let engine = engine(1);
        let guest = guest_of(&engine, &guest_with_batches());
        assert_eq!(guest.program().world(), "sockhop:websocket/batching-endpoints@0.1.0");
        let session = session(1);
        let seat = seats(&guest, instancing).take(&asked()).await.expect("a seat");
        let mut guest = seat.session(Arc::clone(&session));
        assert!(guest.takes_batches());
        guest.open().await.expect("opens");
        let words = ["one", "", "é", "last"].map(text);
        assert_eq!(guest.on_messages(Batch::join(&words)).await, Ok(()));
        assert_eq!(queued(&session), words.map(Outgoing::Message));
        assert_eq!(guest.on_messages(Batch::alone(text("alone"))).await, Ok(()));
        assert_eq!(queued(&session), [Outgoing::Message(text("alone"))]);
        let failing = Batch::join(&["e why", "x"].map(text));
        assert_eq!(guest.on_messages(failing).await, Err(Fault::Returned("e why".into())));
        let trapping = Batch::alone(text("t"));
        assert_eq!(trap_kind(guest.on_messages(trapping).await), TrapKind::Trapped);
        let late = Batch::alone(text("x"));
        assert_eq!(trap_kind(guest.on_messages(late).await), TrapKind::InstanceGone);
    }
}

#[tokio::test]
async fn who_exports_no_batches_takes_none() {
    let engine = engine(1);
    let guest = guest_of(&engine, &guest());
    let seat = seats(&guest, Instancing::Session).take(&asked()).await.expect("a seat");
    assert!(!seat.session(session(1)).takes_batches());
}

#[test]
fn pieces_and_batches_do_not_go_together() {
    let exports = ["deployment", "endpoint", "parts", "batches"];
    let exports =
        exports.map(|name| format!(r#"(export "sockhop:websocket/{name}@0.1.0" (instance $i))"#));
    let text = format!("(component (instance $i) {})", exports.concat());
    match Program::load(&engine(1), &component(&text)) {
        Err(error @ LoadError::PartsAndBatches) => {
            let told = error.to_string();
            assert!(told.contains("parts") && told.contains("batches"), "{told}");
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was taken"),
    }
}
