//! Connects to wherever a text says, and tells what comes of it: `open URL OPTION…`, `begin URL`,
//! `drop`, `send TEXT`, `ping DATA`, `close`, `defaults`. What a server says comes back behind
//! `server: `, and its pongs behind `pong: `.

use std::time::Duration;

use sockhop_guest::{
    CloseEvent, Connect, ConnectError, Connecting, Container, Endpoint, Message, OpenSessions,
    Result, Session, client_endpoint, endpoint, export,
};
use sockhop_zoo::ByParameters;

struct Dials {
    id: String,
    connecting: Option<Connecting>,
    server: Option<Session>,
}

#[endpoint("/dials")]
impl Endpoint for Dials {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self { id: session.id(), connecting: None, server: None })
    }

    fn on_message(&mut self, text: String) -> Result<String> {
        let (word, rest) = text.split_once(' ').unwrap_or((&text, ""));
        match word {
            "open" => Ok(self.open(rest)?),
            "begin" => {
                let connect = Connect::to(rest).property("of", &self.id);
                self.connecting = Some(connect.begin::<Dialled>()?);
                Ok("begun".to_owned())
            }
            "drop" => {
                self.connecting = None;
                Ok("dropped".to_owned())
            }
            "send" => {
                self.server.as_ref().ok_or("no server")?.send(rest)?;
                Ok("sent".to_owned())
            }
            "ping" => {
                self.server.as_ref().ok_or("no server")?.ping(rest)?;
                Ok("pinged".to_owned())
            }
            "close" => {
                self.server.as_ref().ok_or("no server")?.close()?;
                Ok("closing".to_owned())
            }
            "defaults" => {
                Ok(format!("{:?} {:?}", Container::installed_extensions(), Container::defaults()))
            }
            _ => Err(format!("what is {word}?").into()),
        }
    }
}

impl Dials {
    fn open(&mut self, line: &str) -> Result<String> {
        let mut words = line.split(' ');
        let url = words.next().unwrap_or_default();
        let mut connect = Connect::to(url).property("of", &self.id);
        for word in words {
            let (key, value) = word.split_once('=').unwrap_or((word, ""));
            connect = match key {
                "subprotocols" => connect.subprotocols(value.split(',')),
                "header" => connect.header("x-word", value),
                "timeout" => connect.timeout(Duration::from_millis(value.parse()?)),
                "redirects" => connect.redirects(value.parse()?),
                "max" => connect.max_message_size(value.parse()?),
                "profile" => connect.tls_profile(value),
                "plain" => connect.uncompressed(),
                _ => return Err(format!("what is {key}?").into()),
            };
        }
        match connect.open::<Dialled>() {
            Ok(connected) => {
                let subprotocol = connected.session.subprotocol();
                let told = format!(
                    "open {} {subprotocol:?} {:?}",
                    connected.answer.status,
                    connected.answer.header("x-answer")
                );
                self.server = Some(connected.session);
                Ok(told)
            }
            Err(ConnectError::Refused(told, answer)) => {
                let body = String::from_utf8_lossy(&answer.body);
                let header = answer.header("x-answer");
                Ok(format!("refused {} {header:?} {body:?} {told}", answer.status))
            }
            Err(error) => Ok(format!("{error:?}")),
        }
    }
}

struct Dialled {
    of: Option<Session>,
}

impl Dialled {
    fn tell(&self, text: &str) -> Result {
        if let Some(of) = &self.of {
            of.send(text)?;
        }
        Ok(())
    }
}

#[client_endpoint("dialled", subprotocols = ["own.v1"])]
impl Endpoint for Dialled {
    fn on_open(session: Session) -> Result<Self> {
        let of = session.text_property("of").and_then(|id| OpenSessions::get(&id));
        Ok(Self { of })
    }

    fn on_message(&mut self, message: Message) -> Result {
        let shown = match &message {
            Message::Text(text) => text.clone(),
            Message::Binary(data) => format!("{} bytes", data.len()),
        };
        self.tell(&format!("server: {shown}"))
    }

    fn on_pong(&mut self, data: Vec<u8>) -> Result {
        self.tell(&format!("pong: {}", String::from_utf8_lossy(&data)))
    }

    fn on_close(&mut self, event: CloseEvent) -> Result {
        self.tell(&format!("over: {} {:?} {}", event.code, event.phrase, event.clean))
    }
}

export!(Dials, Dialled; keys = ByParameters, pongs);
