//! Echo servers with one fault each.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use sockhop_load::load::Target;
use tokio_tungstenite::tungstenite::{Message, WebSocket, accept};

/// The most connections that wait to be noticed by a test.
const NOTICED_CONNECTIONS: usize = 1024;

/// A server whose connections a test can count.
pub(crate) struct Fake {
    pub(crate) target: Target,
    pub(crate) connections: Receiver<()>,
}

/// Serves each connection with `serve`, which gets each message, its number from 1 and the socket,
/// and says whether to go on. The server lives as long as the test's process.
pub(crate) fn start(
    serve: impl Fn(&mut WebSocket<TcpStream>, u64, Message) -> bool + Send + Sync + 'static,
) -> Fake {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    let (noticed, connections) = sync_channel(NOTICED_CONNECTIONS);
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let serve = Arc::clone(&serve);
            let _ = noticed.try_send(());
            thread::spawn(move || {
                let Ok(mut socket) = accept(stream) else { return };
                let mut number = 0;
                while let Ok(message) = socket.read() {
                    number += u64::from(!message.is_close());
                    if !serve(&mut socket, number, message) {
                        return;
                    }
                }
            });
        }
    });
    Fake { target: Target { address, path: "/echo".to_owned() }, connections }
}

/// Sends a message back; a Close is answered by the library.
pub(crate) fn echo(socket: &mut WebSocket<TcpStream>, message: Message) -> bool {
    message.is_close() || socket.send(message).is_ok()
}
