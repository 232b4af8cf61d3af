//! Sends pings and pongs, hears pongs, and drops its connection: on the texts `ping DATA`,
//! `pong DATA`, `long`, `abort`, `close-abort` and `unfinished`. It needs no library but the
//! contract.

#![expect(missing_docs, unsafe_code, reason = "generated bindings, which are unsafe at the border")]
#![expect(clippy::print_stderr, reason = "standard error is the deployment's log")]

wit_bindgen::generate!({
    path: "../../wit",
    inline: "
        package zoo:controls;
        world controls {
            export sockhop:websocket/deployment@0.1.0;
            export sockhop:websocket/endpoint@0.1.0;
            export sockhop:websocket/pongs@0.1.0;
        }
    ",
    world: "zoo:controls/controls",
    generate_all,
});

use std::cell::RefCell;

use exports::sockhop::websocket::{deployment, endpoint, pongs};
use sockhop::websocket::session::{OutgoingMessage, Session};
use sockhop::websocket::types::{CloseEvent, Message};

struct Controls;

struct Opened {
    session: Session,
    unfinished: RefCell<Option<OutgoingMessage>>,
}

impl deployment::Guest for Controls {
    fn describe() -> Vec<deployment::EndpointConfig> {
        vec![deployment::EndpointConfig {
            path: "/controls".to_owned(),
            subprotocols: Vec::new(),
            max_message_size: None,
            properties: Vec::new(),
        }]
    }
}

impl endpoint::Guest for Controls {
    type Endpoint = Opened;
}

impl endpoint::GuestEndpoint for Opened {
    fn open(session: Session) -> Result<endpoint::Endpoint, String> {
        Ok(endpoint::Endpoint::new(Self { session, unfinished: RefCell::new(None) }))
    }

    fn on_message(&self, message: Message) -> Result<Option<Message>, String> {
        let Message::Text(text) = message else { return Ok(None) };
        let (word, data) = text.split_once(' ').unwrap_or((&text, ""));
        let done = match word {
            "ping" => self.session.ping(data.as_bytes()),
            "pong" => self.session.pong(data.as_bytes()),
            "long" => self.session.ping(&[0; 126]),
            "abort" => {
                self.session.abort();
                self.session.ping(b"")
            }
            "close-abort" => {
                self.session.close(None).map_err(|error| error.to_string())?;
                self.session.abort();
                Ok(())
            }
            "unfinished" => {
                let begun = self.session.start_message().map_err(|error| error.to_string())?;
                begun.write(&Message::Text("begun".into())).map_err(|error| error.to_string())?;
                self.unfinished.replace(Some(begun));
                self.session.ping(b"between")
            }
            "finish" => {
                if let Some(begun) = self.unfinished.take() {
                    begun.finish().map_err(|error| error.to_string())?;
                }
                Ok(())
            }
            _ => return Err(format!("what is {word}?")),
        };
        Ok(done.err().map(|error| Message::Text(format!("{error:?}"))))
    }

    fn on_error(&self, error: endpoint::SessionError) {
        eprintln!("error {error:?}");
    }

    fn on_close(&self, event: CloseEvent) -> Result<(), String> {
        eprintln!("closed {:?} code={} clean={}", event.cause, event.code, event.clean);
        Ok(())
    }
}

impl pongs::Guest for Controls {
    fn on_pong(endpoint: endpoint::EndpointBorrow<'_>, data: Vec<u8>) -> Result<(), String> {
        let text = String::from_utf8_lossy(&data);
        if text == "refuse" {
            return Err("do not like it".to_owned());
        }
        let session = &endpoint.get::<Opened>().session;
        session.send_text(&format!("pong: {text}")).map_err(|error| error.to_string())
    }
}

export!(Controls);
