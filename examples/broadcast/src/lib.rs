//! Broadcast: each message goes to everybody, the sender too.

use sockhop_guest::{
    Endpoint, Message, OpenSessions, Result, Session, close_code, endpoint, export,
};

struct Broadcast;

#[endpoint("/broadcast")]
impl Endpoint for Broadcast {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, message: Message) -> Result<()> {
        let outcome = OpenSessions::all().broadcast(message)?;
        // Whoever has missed a message would never know: better to be closed and connect again.
        for slow in outcome.refused_sessions() {
            slow.close_with(close_code::TRY_AGAIN_LATER, "too slow for this broadcast")?;
        }
        Ok(())
    }
}

export!(Broadcast);

#[cfg(test)]
mod tests {
    use sockhop_guest::testing::Host;

    use super::*;

    #[test]
    fn a_message_goes_to_everybody_and_who_is_too_slow_is_closed() {
        // Room for two messages of two bytes.
        let host = Host::<Broadcast>::new().queue_limit(2 * (64 + 2));
        let [ada, bob] = [(); 2].map(|()| host.open("/broadcast").unwrap());
        for message in ["a1", "a2", "a3"] {
            ada.send(message);
            assert_eq!(ada.read(), Some(Message::from(message)));
        }
        let closed = bob.closed().expect("it has read nothing");
        assert_eq!((closed.code, closed.phrase.as_str()), (1013, "too slow for this broadcast"));
        assert_eq!(bob.read_all(), ["a1", "a2"].map(Message::from));
        assert!(ada.session().is_open());
    }
}
