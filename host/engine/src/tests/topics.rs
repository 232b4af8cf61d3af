//! What the host does for a guest that publishes, without a guest.

use std::sync::Arc;

use sockhop_session::outbound::Outgoing;
use sockhop_session::port::{Directory, NoSessions};
use sockhop_session::{Handle, SessionId, Shared, TopicError};
use wasmtime::component::ResourceTable;

use super::wat::{guest_that_imports, guest_with};
use super::{engine, guest_of, queued, session};
use crate::bindings::topics::{self, Host as _, Message};
use crate::ctx::{CtxView, SessionRef};
use crate::{Guest, NoContainer, Surroundings};

/// Sessions of which each is in the topic `tea`, and may be in no other.
struct Tea(Vec<Arc<Handle>>);

impl Directory for Tea {
    fn len(&self) -> usize {
        panic!("a publish does not look at the list of sessions")
    }

    fn get(&self, _id: SessionId) -> Option<Arc<Handle>> {
        panic!("a publish does not look at the list of sessions")
    }

    fn visit(&self, _after: Option<SessionId>, _visit: &mut dyn FnMut(&Arc<Handle>) -> bool) {
        panic!("a publish does not look at the list of sessions")
    }

    fn subscribe(&self, _session: &Arc<Handle>, topic: &str) -> Result<bool, TopicError> {
        match topic {
            "tea" => Ok(false),
            "" => Err(TopicError::EmptyName),
            "long" => Err(TopicError::NameTooLong(3)),
            _ => Err(TopicError::SessionFull(1)),
        }
    }

    fn unsubscribe(&self, _session: SessionId, topic: &str) -> bool {
        topic == "tea"
    }

    fn subscriptions(&self, _session: SessionId) -> Vec<Arc<str>> {
        vec!["tea".into()]
    }

    fn visit_topic(&self, topic: &str, visit: &mut dyn FnMut(&Arc<Handle>) -> bool) {
        assert!(topic != "tea" || self.0.iter().all(visit), "all are meant");
    }
}

/// An instance of a guest that is never called.
fn idle() -> (Guest, Surroundings) {
    let guest = guest_of(&engine(1), &guest_with(&[]));
    let container = Arc::new(NoContainer);
    (guest, Surroundings { directory: Arc::new(NoSessions), container })
}

fn view<'a>(
    (guest, around): &'a (Guest, Surroundings),
    table: &'a mut ResourceTable,
    directory: &'a Tea,
) -> CtxView<'a> {
    CtxView { id: 1, table, directory, around, guest, home: None }
}

fn shared(session: &Handle) -> Arc<Shared> {
    match &queued(session)[..] {
        [Outgoing::Shared(message)] => Arc::clone(message),
        other => panic!("not one shared message: {other:?}"),
    }
}

#[tokio::test]
async fn a_guest_may_import_topics() {
    let import = r#"(import "sockhop:websocket/topics@0.1.0" (instance
        (export "subscribers" (func (param "topic" string) (result u32)))))"#;
    let component = guest_that_imports(import);
    guest_of(&engine(1), &component).describe().await.expect("it fits the contract");
}

#[test]
fn a_publish_is_one_message_for_all_that_take_it() {
    let [a, b, left_out, slow, closed] = [1, 2, 3, 4, 5].map(session);
    slow.send(super::text(&"x".repeat(950))).expect("room");
    closed.shut();
    let tea = Tea([&a, &b, &left_out, &slow, &closed].map(Arc::clone).into());
    let (idle, mut table) = (idle(), ResourceTable::new());
    let mut view = view(&idle, &mut table, &tea);
    assert_eq!(view.subscribers("tea".into()).expect("counted"), 4, "one is not open");
    let message = || Message::Text("milk?".into());
    let except = vec![left_out.id().to_string(), "nobody".into()];
    let outcome = view.publish("tea".into(), message(), except).expect("published");
    assert_eq!((outcome.queued, outcome.refused), (2, vec![slow.id().to_string()]));
    assert!(Arc::ptr_eq(&shared(&a), &shared(&b)), "encoded once, whoever writes it first");
    assert!(queued(&left_out).is_empty());
    let nobody = view.publish("coffee".into(), message(), Vec::new()).expect("published");
    assert_eq!((nobody.queued, nobody.refused.len()), (0, 0));
}

#[test]
fn a_session_is_subscribed_while_it_is_open() {
    let member = session(1);
    let tea = Tea(vec![Arc::clone(&member)]);
    let mut table = ResourceTable::new();
    let handle = table.push(SessionRef(Arc::clone(&member))).expect("room");
    let idle = idle();
    let mut view = view(&idle, &mut table, &tea);
    let handle = || wasmtime::component::Resource::new_borrow(handle.rep());
    assert_eq!(view.subscriptions(handle()).expect("listed"), ["tea"]);
    for (topic, expected) in [
        ("tea", Ok(false)),
        ("", Err(topics::TopicError::EmptyName)),
        ("long", Err(topics::TopicError::NameTooLong(3))),
        ("milk", Err(topics::TopicError::SessionFull(1))),
    ] {
        let subscribed = view.subscribe(handle(), topic.into()).expect("a handle");
        assert_eq!(format!("{subscribed:?}"), format!("{expected:?}"), "{topic}");
    }
    assert!(view.unsubscribe(handle(), "tea".into()).expect("a handle"));
    member.shut();
    assert!(view.subscriptions(handle()).expect("listed").is_empty());
    assert!(!view.unsubscribe(handle(), "tea".into()).expect("a handle"));
}
