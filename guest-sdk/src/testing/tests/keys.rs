//! Keys, as far as a host without instances has them.

use super::super::{Host, NotOpened};
use crate::{
    Configurator, Decision, Endpoint, HandshakeRequest, INSTANCE_KEY_BYTES_MAX, InstanceKeys,
    Result, Session, endpoint,
};

struct Desk;

#[endpoint("/desk/{room}")]
impl Endpoint for Desk {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, _message: String) -> Result {
        Ok(())
    }
}

/// A room has its name for a key, in whatever case; `none` is none, and `long` a long one.
struct ByRoom;

impl InstanceKeys for ByRoom {
    fn instance_key(endpoint_path: &str, request: HandshakeRequest) -> Result<String> {
        assert_eq!(endpoint_path, "/desk/{room}");
        match request.path_parameter("room") {
            Some("none") => Err("there is no such room".into()),
            Some("long") => Ok("k".repeat(INSTANCE_KEY_BYTES_MAX + 1)),
            room => Ok(room.unwrap_or_default().to_lowercase()),
        }
    }
}

/// Lets nobody in.
struct Closed;

impl Configurator for Closed {
    fn handshake(_endpoint_path: &str, _request: HandshakeRequest) -> Decision {
        Decision::reject(403)
    }
}

#[test]
fn a_session_has_the_key_that_the_guest_says() {
    let host = Host::<Desk>::new().keys::<ByRoom>();
    let [one, two] = ["/desk/Tea", "/desk/tea"].map(|path| host.open(path).unwrap());
    assert_eq!(one.instance_key(), Some("tea"));
    assert_eq!(two.instance_key(), one.instance_key());
    let unasked = Host::<Desk>::new().open("/desk/tea").unwrap();
    assert_eq!(unasked.instance_key(), None);
}

#[test]
fn without_a_key_there_is_no_session() {
    let host = Host::<Desk>::new().keys::<ByRoom>();
    let refused = host.open("/desk/none").unwrap_err();
    assert_eq!(refused, NotOpened::NoKey("there is no such room".into()));
    let refused = host.open("/desk/long").unwrap_err().to_string();
    assert!(refused.contains("status 500: a key of 1025 bytes"), "{refused}");
}

#[test]
fn the_key_is_asked_for_before_the_configurator() {
    let host = Host::<Desk>::new().keys::<ByRoom>().configurator::<Closed>();
    assert!(matches!(host.open("/desk/none").unwrap_err(), NotOpened::NoKey(_)));
    assert!(matches!(host.open("/desk/tea").unwrap_err(), NotOpened::Rejected { status: 403, .. }));
}
