//! Serves the imported interface `container`.

use std::time::Duration;

use tokio::sync::oneshot::error::TryRecvError;
use wasmtime::component::Resource;

use crate::bindings::container as wit;
use crate::container::{
    ConnectOptions, ConnectRefusal, Opened, Pending, Seating, ServerAnswer, SessionDefaults,
};
use crate::ctx::{CtxView, SessionRef};
use crate::fault;

type Outcome = Result<Opened, ConnectRefusal>;

/// A connection on its way, as a guest holds it.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub enum Connecting {
    /// It is not known yet how it went.
    Pending(Pending),
    /// The guest has still to be told.
    Done(Outcome),
    /// It was told.
    Told,
}

impl Connecting {
    /// Looks whether it is known by now.
    fn look(&mut self) {
        let Self::Pending(pending) = self else { return };
        match pending.outcome.try_recv() {
            Ok(outcome) => *self = Self::Done(outcome),
            Err(TryRecvError::Closed) => *self = Self::Done(Err(ConnectRefusal::Ending)),
            Err(TryRecvError::Empty) => {}
        }
    }
}

impl wit::Host for CtxView<'_> {
    fn defaults(&mut self) -> wasmtime::Result<wit::SessionDefaults> {
        Ok(defaults(&self.around.container.defaults()))
    }

    fn installed_extensions(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(self.around.container.installed_extensions())
    }

    fn connect(
        &mut self,
        url: String,
        options: wit::ConnectOptions,
    ) -> wasmtime::Result<Result<Resource<Connecting>, wit::ConnectError>> {
        let seating = Seating {
            guest: self.guest.clone(),
            around: self.around.clone(),
            home: self.home.cloned(),
        };
        match self.around.container.connect(&url, connect_options(options), seating) {
            Ok(pending) => {
                let connecting = self.table.push(Connecting::Pending(pending));
                Ok(Ok(connecting.map_err(fault::handles)?))
            }
            Err(refusal) => Ok(Err(connect_error(refusal))),
        }
    }
}

impl wit::HostConnecting for CtxView<'_> {
    fn is_done(&mut self, handle: Resource<Connecting>) -> wasmtime::Result<bool> {
        let connecting = self.table.get_mut(&handle).map_err(fault::handles)?;
        connecting.look();
        Ok(!matches!(connecting, Connecting::Pending(_)))
    }

    async fn wait(
        &mut self,
        handle: Resource<Connecting>,
    ) -> wasmtime::Result<Result<wit::Connected, wit::ConnectError>> {
        let connecting = self.table.get_mut(&handle).map_err(fault::handles)?;
        let outcome = match std::mem::replace(connecting, Connecting::Told) {
            Connecting::Told => {
                Err(ConnectRefusal::InvalidOptions("its outcome was told already".to_owned()))
            }
            Connecting::Done(outcome) => outcome,
            Connecting::Pending(Pending { outcome, given_up: _held }) => {
                outcome.await.unwrap_or(Err(ConnectRefusal::Ending))
            }
        };
        match outcome {
            Ok(Opened { session, answer }) => {
                let session = self.table.push(SessionRef(session)).map_err(fault::handles)?;
                Ok(Ok(wit::Connected { session, response: response(answer) }))
            }
            Err(refusal) => Ok(Err(connect_error(refusal))),
        }
    }

    fn drop(&mut self, handle: Resource<Connecting>) -> wasmtime::Result<()> {
        self.table.delete(handle).map_err(fault::handles)?;
        Ok(())
    }
}

fn defaults(of: &SessionDefaults) -> wit::SessionDefaults {
    wit::SessionDefaults {
        max_message_size: of.message_bytes as u64,
        queue_bytes: of.queue_bytes as u64,
        property_bytes: of.property_bytes as u64,
        idle_timeout: of.idle_timeout.map(milliseconds),
        read_idle_timeout: of.read_idle_timeout.map(milliseconds),
        write_idle_timeout: of.write_idle_timeout.map(milliseconds),
        close_timeout: milliseconds(of.close_timeout),
        ping_interval: of.ping_interval.map(milliseconds),
        pong_timeout: milliseconds(of.pong_timeout),
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn connect_options(options: wit::ConnectOptions) -> ConnectOptions {
    let properties = options.properties.into_iter();
    ConnectOptions {
        endpoint: options.endpoint,
        subprotocols: options.subprotocols,
        headers: options.headers,
        compress: options.compress,
        timeout: options.timeout.map(Duration::from_millis),
        redirects: options.redirects,
        message_bytes: options.max_message_size,
        tls_profile: options.tls_profile,
        properties: properties.map(|(name, value)| (name, value.into())).collect(),
    }
}

fn response(answer: ServerAnswer) -> wit::Response {
    wit::Response { status: answer.status, headers: answer.headers, body: answer.body }
}

/// The one mapping of what keeps a connection from a guest.
fn connect_error(refusal: ConnectRefusal) -> wit::ConnectError {
    match refusal {
        ConnectRefusal::InvalidUrl(why) => wit::ConnectError::InvalidUrl(why),
        ConnectRefusal::InvalidOptions(why) => wit::ConnectError::InvalidOptions(why),
        ConnectRefusal::NotAllowed(why) => wit::ConnectError::NotAllowed(why),
        ConnectRefusal::NoRoom(why) => wit::ConnectError::NoRoom(why),
        ConnectRefusal::Unreachable(why) => wit::ConnectError::Unreachable(why),
        ConnectRefusal::TimedOut(why) => wit::ConnectError::TimedOut(why),
        ConnectRefusal::NotSecure(why) => wit::ConnectError::NotSecure(why),
        ConnectRefusal::Refused(why, answer) => wit::ConnectError::Refused((why, response(answer))),
        ConnectRefusal::Ending => wit::ConnectError::Ending,
    }
}
