//! Echo: each message goes back as it came.

use sockhop_guest::{Endpoint, Message, Result, Session, endpoint, export};

struct Echo;

#[endpoint("/echo", max_message_size = 16 * 1024 * 1024)]
impl Endpoint for Echo {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        Ok(message)
    }
}

export!(Echo);

#[cfg(test)]
mod tests {
    use sockhop_guest::testing::Host;

    use super::*;

    #[test]
    fn each_message_comes_back_as_it_was() {
        let peer = Host::<Echo>::new().open("/echo").unwrap();
        for message in [Message::from("hello"), Message::from(""), Message::from(vec![0, 255])] {
            peer.send(message.clone());
            assert_eq!(peer.read(), Some(message));
        }
    }

    #[test]
    fn a_message_above_16_mib_ends_the_session() {
        // The operator would take more: the limit is this endpoint's own.
        let peer = Host::<Echo>::new().message_limit(32 << 20).open("/echo").unwrap();
        peer.send(vec![0; 16 << 20]);
        assert_eq!(peer.read().map(|message| message.len()), Some(16 << 20));
        peer.send(vec![0; (16 << 20) + 1]);
        assert_eq!(peer.closed().map(|event| event.code), Some(1009));
    }
}
