//! Layers: what is wrapped around an endpoint and sees each of its events first.

mod batches;

use crate::events::deliver;
use crate::{
    CloseEvent, Endpoint, EndpointConfig, Message, Messages, PartialEndpoint, Result,
    ServerEndpoint, Session, SessionError,
};

/// Something around an endpoint that sees each event before and after it: an interceptor.
///
/// Each function is given `next`, which hands the event to what is inside: the endpoint, or another
/// layer. A layer may do something before it and after it, hand on something else, or not call it
/// at all: then what is inside never hears of the event. Functions that are left out hand on what
/// they are given. As with an endpoint, there is one value for each session, and its fields are the
/// session's.
///
/// ```
/// use sockhop_guest::{
///     Endpoint, Layer, Layered, Message, Result, Session, endpoint, export, log,
/// };
///
/// /// Lets so many messages of a session through, and answers the others itself.
/// struct Limited<const N: u32>(u32);
///
/// impl<const N: u32> Layer for Limited<N> {
///     fn on_open<E>(
///         session: Session,
///         next: impl FnOnce(Session) -> Result<E>,
///     ) -> Result<(Self, E)> {
///         let id = session.id();
///         let endpoint = next(session)?;
///         log::info!("{id} has opened");
///         Ok((Self(0), endpoint))
///     }
///
///     fn on_message(
///         &mut self,
///         message: Message,
///         next: impl FnOnce(Message) -> Result<Option<Message>>,
///     ) -> Result<Option<Message>> {
///         self.0 += 1;
///         if self.0 > N { Ok(Some("enough".into())) } else { next(message) }
///     }
/// }
///
/// struct Echo;
///
/// #[endpoint("/echo")]
/// impl Endpoint for Echo {
///     fn on_open(_session: Session) -> Result<Self> {
///         Ok(Self)
///     }
///
///     fn on_message(&mut self, message: Message) -> Result<Message> {
///         Ok(message)
///     }
/// }
///
/// export!(Layered<Limited<2>, Echo>);
///
/// # fn main() -> Result {
/// use sockhop_guest::testing::Host;
///
/// let peer = Host::<Layered<Limited<2>, Echo>>::new().open("/echo")?;
/// for text in ["a", "b", "c"] {
///     peer.send(text);
/// }
/// assert_eq!(peer.read_all(), ["a", "b", "enough"].map(Message::from));
/// # Ok(())
/// # }
/// ```
///
/// Each kind of endpoint has its own events: around a [`BatchEndpoint`](crate::BatchEndpoint) a
/// layer hears of messages by `on_messages` alone, around a [`PartialEndpoint`] by `on_part` alone.
/// A layer that is to stop or change messages overrides all three, or is used where it belongs.
/// Tokens of timers and completions are one space for a layer and what is inside: it takes its own,
/// and hands on all others.
///
/// Layers of layers read from the outside in: in `Layered<Log, Layered<Limited<2>, Echo>>` the log
/// sees what the limit answers.
pub trait Layer: Sized + 'static {
    /// A session begins: makes the layer, and what is inside by `next`. To send by itself later, a
    /// layer keeps another handle, `OpenSessions::get(&session.id())`.
    ///
    /// # Errors
    ///
    /// As [`Endpoint::on_open`]. `next` fails where what is inside does.
    fn on_open<E>(session: Session, next: impl FnOnce(Session) -> Result<E>) -> Result<(Self, E)>;

    /// A whole message came; `next` answers what is to be sent, encoded already.
    ///
    /// # Errors
    ///
    /// As [`Endpoint::on_message`]. `next` fails where the message could not be decoded, the
    /// endpoint failed, or its answer could not be encoded.
    fn on_message(
        &mut self,
        message: Message,
        next: impl FnOnce(Message) -> Result<Option<Message>>,
    ) -> Result<Option<Message>> {
        next(message)
    }

    /// A piece of a message came, where what is inside is a [`PartialEndpoint`].
    ///
    /// # Errors
    ///
    /// As [`PartialEndpoint::on_part`].
    fn on_part(
        &mut self,
        piece: Message,
        last: bool,
        next: impl FnOnce(Message, bool) -> Result,
    ) -> Result {
        next(piece, last)
    }

    /// Messages came, where what is inside is a [`BatchEndpoint`](crate::BatchEndpoint): at least
    /// one. To hand on others, a layer makes a [`Batch`](crate::Batch) of them; where that is empty
    /// what is inside never hears of it.
    ///
    /// ```
    /// use sockhop_guest::{Batch, Layer, Messages, Result, Session};
    ///
    /// /// Lets no empty message through.
    /// struct NotEmpty;
    ///
    /// impl Layer for NotEmpty {
    ///     fn on_open<E>(
    ///         session: Session,
    ///         next: impl FnOnce(Session) -> Result<E>,
    ///     ) -> Result<(Self, E)> {
    ///         Ok((Self, next(session)?))
    ///     }
    ///
    ///     fn on_messages(
    ///         &mut self,
    ///         messages: Messages<'_>,
    ///         next: impl FnOnce(Messages<'_>) -> Result,
    ///     ) -> Result {
    ///         let batch: Batch = messages.filter(|it| !it.as_bytes().is_empty()).collect();
    ///         next(batch.messages())
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`BatchEndpoint::on_messages`](crate::BatchEndpoint::on_messages).
    fn on_messages(
        &mut self,
        messages: Messages<'_>,
        next: impl FnOnce(Messages<'_>) -> Result,
    ) -> Result {
        next(messages)
    }

    /// A pong came; see [`Endpoint::on_pong`].
    ///
    /// # Errors
    ///
    /// As [`Endpoint::on_pong`].
    fn on_pong(&mut self, data: Vec<u8>, next: impl FnOnce(Vec<u8>) -> Result) -> Result {
        next(data)
    }

    /// What was queued before a token has left; see [`Endpoint::on_sent`].
    ///
    /// # Errors
    ///
    /// As [`Endpoint::on_sent`].
    fn on_sent(&mut self, token: u64, next: impl FnOnce(u64) -> Result) -> Result {
        next(token)
    }

    /// A timer is due; see [`Endpoint::on_timer`].
    ///
    /// # Errors
    ///
    /// As [`Endpoint::on_timer`].
    fn on_timer(&mut self, token: u64, next: impl FnOnce(u64) -> Result) -> Result {
        next(token)
    }

    /// Something failed; see [`Endpoint::on_error`].
    fn on_error(&mut self, error: SessionError, next: impl FnOnce(SessionError)) {
        next(error);
    }

    /// The session has ended; see [`Endpoint::on_close`].
    ///
    /// # Errors
    ///
    /// As [`Endpoint::on_close`].
    fn on_close(&mut self, event: CloseEvent, next: impl FnOnce(CloseEvent) -> Result) -> Result {
        next(event)
    }
}

/// An endpoint `E` with a [`Layer`] `L` around it: an endpoint itself, at the same path.
#[derive(Debug)]
pub struct Layered<L, E> {
    layer: L,
    inner: E,
}

impl<L, E> Layered<L, E> {
    /// The layer.
    pub fn layer(&self) -> &L {
        &self.layer
    }

    /// What is inside.
    pub fn inner(&self) -> &E {
        &self.inner
    }
}

impl<L: Layer, E: Endpoint> Endpoint for Layered<L, E> {
    type Incoming = Message;
    type Reply = Option<Message>;

    fn on_open(session: Session) -> Result<Self> {
        let (layer, inner) = L::on_open(session, E::on_open)?;
        Ok(Self { layer, inner })
    }

    fn on_message(&mut self, message: Message) -> Result<Option<Message>> {
        self.layer.on_message(message, |message| deliver(&mut self.inner, message))
    }

    fn on_pong(&mut self, data: Vec<u8>) -> Result {
        self.layer.on_pong(data, |data| self.inner.on_pong(data))
    }

    fn on_sent(&mut self, token: u64) -> Result {
        self.layer.on_sent(token, |token| self.inner.on_sent(token))
    }

    fn on_timer(&mut self, token: u64) -> Result {
        self.layer.on_timer(token, |token| self.inner.on_timer(token))
    }

    fn on_error(&mut self, error: SessionError) {
        self.layer.on_error(error, |error| self.inner.on_error(error));
    }

    fn on_close(&mut self, event: CloseEvent) -> Result {
        self.layer.on_close(event, |event| self.inner.on_close(event))
    }
}

impl<L: Layer, E: PartialEndpoint> PartialEndpoint for Layered<L, E> {
    fn on_open(session: Session) -> Result<Self> {
        let (layer, inner) = L::on_open(session, E::on_open)?;
        Ok(Self { layer, inner })
    }

    fn on_part(&mut self, piece: Message, last: bool) -> Result {
        self.layer.on_part(piece, last, |piece, last| self.inner.on_part(piece, last))
    }

    fn on_pong(&mut self, data: Vec<u8>) -> Result {
        self.layer.on_pong(data, |data| self.inner.on_pong(data))
    }

    fn on_sent(&mut self, token: u64) -> Result {
        self.layer.on_sent(token, |token| self.inner.on_sent(token))
    }

    fn on_timer(&mut self, token: u64) -> Result {
        self.layer.on_timer(token, |token| self.inner.on_timer(token))
    }

    fn on_error(&mut self, error: SessionError) {
        self.layer.on_error(error, |error| self.inner.on_error(error));
    }

    fn on_close(&mut self, event: CloseEvent) -> Result {
        self.layer.on_close(event, |event| self.inner.on_close(event))
    }
}

impl<L: 'static, E: ServerEndpoint> ServerEndpoint for Layered<L, E> {
    const PATH: &'static str = E::PATH;

    // A layer that overrides `on_pong` alone hears of pongs where its component exports them; so it
    // is with completions and timers.
    const HEARS_PONGS: bool = E::HEARS_PONGS;
    const IS_CLIENT: bool = E::IS_CLIENT;

    const HEARS_COMPLETIONS: bool = E::HEARS_COMPLETIONS;
    const HEARS_TIMERS: bool = E::HEARS_TIMERS;

    fn config() -> EndpointConfig {
        E::config()
    }
}

#[cfg(test)]
mod tests;
