//! Reaches for what is not its own, and says on any text, which is an address, what it got.

#![expect(clippy::disallowed_methods, reason = "whether there is an environment is the question")]

use std::fs::{self, File};
use std::io::{Read as _, stdin};
use std::net::{TcpListener, TcpStream, ToSocketAddrs as _, UdpSocket};

use serde_json::{Value, json};
use sockhop_guest::{Endpoint, Message, Result, Session, endpoint, export};

struct Grabs;

#[endpoint("/grabs")]
impl Endpoint for Grabs {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, address: String) -> Result<Message> {
        let mut input = Vec::new();
        let got = json!({
            "environment": std::env::vars().collect::<Vec<_>>(),
            "arguments": std::env::args().collect::<Vec<_>>(),
            "input": stdin().read_to_end(&mut input).ok(),
            "folder": got(fs::read_dir("/")),
            "here": got(fs::read_dir(".")),
            "file": got(fs::read("/etc/hostname")),
            "new file": got(File::create("/tmp/grabbed")),
            "connection": got(TcpStream::connect(&address)),
            "port": got(TcpListener::bind("127.0.0.1:0")),
            "datagrams": got(UdpSocket::bind("127.0.0.1:0")),
            "lookup": got("localhost:80".to_socket_addrs()),
        });
        Ok(got.to_string().into())
    }
}

fn got<T, E>(result: std::result::Result<T, E>) -> Value {
    json!(if result.is_ok() { "got it" } else { "denied" })
}

export!(Grabs);
