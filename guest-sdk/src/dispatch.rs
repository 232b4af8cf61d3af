//! From the contract's functions to the endpoints of a component: what `export!` builds on.

use std::cell::RefCell;
use std::marker::PhantomData;

use crate::bindings::exports::sockhop::websocket::{deployment, endpoint};
use crate::bindings::sockhop::websocket::session as wit_session;
use crate::coder::{Decode, IntoReply};
use crate::endpoint::{Endpoint, EndpointConfig, PartialEndpoint, ServerEndpoint, SessionError};
use crate::{CloseEvent, Error, Message, Result, Session, logging};

/// A component: the endpoints that it serves. `export!` implements this.
pub trait Component: 'static {
    /// At least one.
    const ENDPOINTS: &'static [Entry];
}

/// One endpoint of a component, its type forgotten.
pub struct Entry {
    path: &'static str,
    config: fn() -> EndpointConfig,
    open: fn(Session) -> Result<Box<dyn Events>>,
}

impl Entry {
    /// The entry of an endpoint type.
    #[must_use]
    pub const fn of<E: Endpoint + ServerEndpoint>() -> Self {
        Self { path: E::PATH, config: E::config, open: open::<E> }
    }

    /// The entry of an endpoint type that takes messages piece by piece.
    #[must_use]
    pub const fn in_parts<E: PartialEndpoint + ServerEndpoint>() -> Self {
        Self { path: E::PATH, config: E::config, open: open_in_parts::<E> }
    }
}

/// The root of a component's exports.
pub struct Exported<C>(PhantomData<C>);

impl<C: Component> deployment::Guest for Exported<C> {
    fn describe() -> Vec<EndpointConfig> {
        describe::<C>()
    }
}

impl<C: Component> endpoint::Guest for Exported<C> {
    type Endpoint = Opened<C>;
}

/// One session's endpoint as the host holds it.
pub struct Opened<C> {
    session: OpenSession,
    component: PhantomData<C>,
}

impl<C: Component> endpoint::GuestEndpoint for Opened<C> {
    fn open(session: wit_session::Session) -> Result<endpoint::Endpoint, String> {
        let session = OpenSession::open::<C>(session)?;
        Ok(endpoint::Endpoint::new(Self { session, component: PhantomData }))
    }

    fn on_message(&self, message: Message) -> Result<Option<Message>, String> {
        self.session.on_message(message)
    }

    fn on_error(&self, error: endpoint::SessionError) {
        self.session.on_error(error.into());
    }

    fn on_close(&self, event: CloseEvent) -> Result<(), String> {
        self.session.on_close(event)
    }
}

/// What `deployment.describe` answers.
#[must_use]
pub fn describe<C: Component>() -> Vec<EndpointConfig> {
    logging::install();
    C::ENDPOINTS.iter().map(|entry| (entry.config)()).collect()
}

/// One session's endpoint, whichever bindings export it.
pub struct OpenSession(Box<dyn Events>);

impl OpenSession {
    /// What `endpoint.open` does.
    ///
    /// # Errors
    ///
    /// What the endpoint's own `on_open` says.
    pub fn open<C: Component>(session: wit_session::Session) -> Result<Self, String> {
        logging::install();
        let session = Session::new(session);
        let entry = entry_for(C::ENDPOINTS, || session.endpoint_path()).map_err(text)?;
        (entry.open)(session).map(Self).map_err(text)
    }

    /// What `endpoint.on-message` does.
    ///
    /// # Errors
    ///
    /// What the endpoint's own function says.
    pub fn on_message(&self, message: Message) -> Result<Option<Message>, String> {
        self.0.on_message(message).map_err(text)
    }

    /// What `parts.on-part` does.
    ///
    /// # Errors
    ///
    /// What the endpoint's own function says.
    pub fn on_part(&self, piece: Message, last: bool) -> Result<(), String> {
        self.0.on_part(piece, last).map_err(text)
    }

    /// What `endpoint.on-error` does.
    pub fn on_error(&self, error: SessionError) {
        self.0.on_error(error);
    }

    /// What `endpoint.on-close` does.
    ///
    /// # Errors
    ///
    /// What the endpoint's own function says.
    pub fn on_close(&self, event: CloseEvent) -> Result<(), String> {
        self.0.on_close(event).map_err(text)
    }
}

/// The events of one session, without the endpoint's own types: what a vtable can hold.
trait Events {
    fn on_message(&self, message: Message) -> Result<Option<Message>>;
    fn on_part(&self, piece: Message, last: bool) -> Result<()>;
    fn on_error(&self, error: SessionError);
    fn on_close(&self, event: CloseEvent) -> Result<()>;
}

/// The borrows below cannot fail. The host has one call in flight in an instance, an instance has
/// one thread, the component model lets no import call back into the component that called it,
/// and guest code has no way to its own endpoint other than the `&mut self` that it is given.
impl<E: Endpoint> Events for RefCell<E> {
    fn on_message(&self, message: Message) -> Result<Option<Message>> {
        let message = E::Incoming::decode(message)?;
        Ok(self.borrow_mut().on_message(message)?.into_reply()?)
    }

    fn on_part(&self, _piece: Message, _last: bool) -> Result<()> {
        Err("this endpoint takes whole messages".into())
    }

    fn on_error(&self, error: SessionError) {
        self.borrow_mut().on_error(error);
    }

    fn on_close(&self, event: CloseEvent) -> Result<()> {
        self.borrow_mut().on_close(event)
    }
}

/// An endpoint that takes messages piece by piece.
struct InParts<E>(RefCell<E>);

impl<E: PartialEndpoint> Events for InParts<E> {
    fn on_message(&self, _message: Message) -> Result<Option<Message>> {
        Err("this endpoint takes messages piece by piece".into())
    }

    fn on_part(&self, piece: Message, last: bool) -> Result<()> {
        self.0.borrow_mut().on_part(piece, last)
    }

    fn on_error(&self, error: SessionError) {
        self.0.borrow_mut().on_error(error);
    }

    fn on_close(&self, event: CloseEvent) -> Result<()> {
        self.0.borrow_mut().on_close(event)
    }
}

fn open<E: Endpoint>(session: Session) -> Result<Box<dyn Events>> {
    Ok(Box::new(RefCell::new(E::on_open(session)?)))
}

fn open_in_parts<E: PartialEndpoint>(session: Session) -> Result<Box<dyn Events>> {
    Ok(Box::new(InParts(RefCell::new(E::on_open(session)?))))
}

/// The endpoint that serves this path. Where there is only one the path is not asked for: that is
/// a call to the host.
fn entry_for(entries: &'static [Entry], path: impl FnOnce() -> String) -> Result<&'static Entry> {
    if let [only] = entries {
        return Ok(only);
    }
    let path = path();
    let unknown = || format!("this component has no endpoint at {path}");
    Ok(entries.iter().find(|entry| entry.path == path).ok_or_else(unknown)?)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` wants")]
fn text(error: Error) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::sockhop::websocket::types::{CloseCause, Initiator};

    /// Counts what is delivered to it and answers with the count; fails on "fail".
    #[derive(Default)]
    struct Counter {
        messages: usize,
        errors: Vec<String>,
    }

    impl Endpoint for Counter {
        type Incoming = String;
        type Reply = Option<String>;

        fn on_open(_session: Session) -> Result<Self> {
            Err("nobody may".into())
        }

        fn on_message(&mut self, message: String) -> Result<Option<String>> {
            self.messages += 1;
            match message.as_str() {
                "fail" => Err("asked to".into()),
                "hush" => Ok(None),
                _ => Ok(Some(self.messages.to_string())),
            }
        }

        fn on_error(&mut self, error: SessionError) {
            self.errors.push(error.to_string());
        }
    }

    impl ServerEndpoint for Counter {
        const PATH: &'static str = "/count";

        fn config() -> EndpointConfig {
            EndpointConfig {
                path: Self::PATH.to_owned(),
                subprotocols: Vec::new(),
                max_message_size: None,
                properties: Vec::new(),
            }
        }
    }

    const ELSEWHERE: Entry = Entry { path: "/else", ..Entry::of::<Counter>() };

    #[test]
    fn the_endpoint_is_found_by_its_path() {
        static TWO: [Entry; 2] = [Entry::of::<Counter>(), ELSEWHERE];
        let found = |path: &str| entry_for(&TWO, || path.to_owned()).map(|entry| entry.path);
        assert_eq!(found("/count").unwrap(), "/count");
        assert_eq!(found("/else").unwrap(), "/else");
        let told = found("/none").unwrap_err().to_string();
        assert_eq!(told, "this component has no endpoint at /none");
    }

    #[test]
    fn an_only_endpoint_is_found_without_asking_for_the_path() {
        static ONE: [Entry; 1] = [ELSEWHERE];
        let asked = || -> String { panic!("a call to the host that nobody needs") };
        assert_eq!(entry_for(&ONE, asked).unwrap().path, "/else");
    }

    #[test]
    fn messages_reach_the_endpoint_and_its_answers_come_back() {
        let events = RefCell::new(Counter::default());
        assert_eq!(events.on_message("a".into()).unwrap(), Some("1".into()));
        assert_eq!(events.on_message("hush".into()).unwrap(), None);
        assert_eq!(events.on_message("fail".into()).unwrap_err().to_string(), "asked to");
        assert_eq!(events.on_message("a".into()).unwrap(), Some("4".into()));
    }

    #[test]
    fn a_message_of_the_wrong_kind_is_an_error_and_not_delivered() {
        let events = RefCell::new(Counter::default());
        assert!(events.on_message(vec![1].into()).is_err());
        assert_eq!(events.borrow().messages, 0);
    }

    #[test]
    fn errors_and_the_close_reach_the_endpoint() {
        let events = RefCell::new(Counter::default());
        let told = |error: endpoint::SessionError| Events::on_error(&events, error.into());
        told(endpoint::SessionError::Handler("why".to_owned()));
        told(endpoint::SessionError::ReplyNotSent(wit_session::SendError::Closed));
        assert_eq!(events.borrow().errors, ["why", "the answer was not sent"]);
        let event = CloseEvent {
            initiator: Initiator::Peer,
            cause: CloseCause::Requested,
            code_sent: Some(1000),
            code_received: Some(1000),
            phrase: String::new(),
            clean: true,
            code: 1000,
        };
        assert!(Events::on_close(&events, event).is_ok());
    }
}
