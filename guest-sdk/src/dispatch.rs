//! From the contract's functions to the endpoints of a component: what `export!` builds on.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;

use crate::batch::Span;
use crate::bindings::exports::sockhop::websocket::{deployment, endpoint};
use crate::bindings::sockhop::websocket::session as wit_session;
use crate::endpoint::{
    BatchEndpoint, Endpoint, EndpointConfig, PartialEndpoint, ServerEndpoint, SessionError,
};
use crate::events::{Events, InBatches, InParts};
use crate::{CloseEvent, Error, Message, Messages, Result, Session, host, logging};

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
    hears_pongs: bool,
    hears_completions: bool,
    hears_timers: bool,
    is_client: bool,
}

impl Entry {
    /// The entry of an endpoint type.
    #[must_use]
    pub const fn of<E: Endpoint + ServerEndpoint>() -> Self {
        Self {
            path: E::PATH,
            config: E::config,
            open: open::<E>,
            hears_pongs: E::HEARS_PONGS,
            hears_completions: E::HEARS_COMPLETIONS,
            hears_timers: E::HEARS_TIMERS,
            is_client: E::IS_CLIENT,
        }
    }

    /// The entry of an endpoint type that takes messages piece by piece.
    #[must_use]
    pub const fn in_parts<E: PartialEndpoint + ServerEndpoint>() -> Self {
        Self {
            path: E::PATH,
            config: E::config,
            open: open_in_parts::<E>,
            hears_pongs: E::HEARS_PONGS,
            hears_completions: E::HEARS_COMPLETIONS,
            hears_timers: E::HEARS_TIMERS,
            is_client: E::IS_CLIENT,
        }
    }

    /// The entry of an endpoint type that takes several messages in one call.
    #[must_use]
    pub const fn in_batches<E: BatchEndpoint + ServerEndpoint>() -> Self {
        Self {
            path: E::PATH,
            config: E::config,
            open: open_in_batches::<E>,
            hears_pongs: E::HEARS_PONGS,
            hears_completions: E::HEARS_COMPLETIONS,
            hears_timers: E::HEARS_TIMERS,
            is_client: E::IS_CLIENT,
        }
    }

    /// The same, in a component that exports no `pongs`.
    ///
    /// # Panics
    ///
    /// Where the endpoint waits for pongs: when the component is compiled.
    #[must_use]
    pub const fn without_pongs(self) -> Self {
        assert!(!self.hears_pongs, "an endpoint has `on_pong`: write `export!(…; pongs)`");
        self
    }

    /// The same, in a component that exports no `completions`.
    ///
    /// # Panics
    ///
    /// Where the endpoint waits for them: when the component is compiled.
    #[must_use]
    pub const fn without_completions(self) -> Self {
        assert!(
            !self.hears_completions,
            "an endpoint has `on_sent`: write `export!(…; completions)`"
        );
        self
    }

    /// The same, in a component that exports no `timer-events`.
    ///
    /// # Panics
    ///
    /// Where the endpoint waits for them: when the component is compiled.
    #[must_use]
    pub const fn without_timers(self) -> Self {
        assert!(!self.hears_timers, "an endpoint has `on_timer`: write `export!(…; timers)`");
        self
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

/// What `deployment.describe` answers: the endpoints that peers find at a path.
#[must_use]
pub fn describe<C: Component>() -> Vec<EndpointConfig> {
    logging::install();
    let served = C::ENDPOINTS.iter().filter(|entry| !entry.is_client);
    served.map(|entry| (entry.config)()).collect()
}

/// One session's endpoint, whichever bindings export it.
pub struct OpenSession {
    events: Box<dyn Events>,
    /// What the last event failed with. Its text goes to the host and comes back with `on-error`;
    /// the endpoint is to get the error itself, with all that it holds.
    failed: Cell<Option<Error>>,
}

impl OpenSession {
    /// What `endpoint.open` does.
    ///
    /// # Errors
    ///
    /// What the endpoint's own `on_open` says.
    pub fn open<C: Component>(session: wit_session::Session) -> Result<Self, String> {
        logging::install();
        let session = Session::new(host::given(session));
        let entry =
            entry_for(C::ENDPOINTS, || session.endpoint_path()).map_err(|e| e.to_string())?;
        (entry.open)(session).map(Self::of).map_err(|e| e.to_string())
    }

    pub(crate) fn of(events: Box<dyn Events>) -> Self {
        Self { events, failed: Cell::new(None) }
    }

    /// What `endpoint.on-message` does.
    ///
    /// # Errors
    ///
    /// What the endpoint's own function says.
    pub fn on_message(&self, message: Message) -> Result<Option<Message>, String> {
        self.events.on_message(message).map_err(|error| self.keep(error))
    }

    /// What `parts.on-part` does.
    ///
    /// # Errors
    ///
    /// What the endpoint's own function says.
    pub fn on_part(&self, piece: Message, last: bool) -> Result<(), String> {
        self.events.on_part(piece, last).map_err(|error| self.keep(error))
    }

    /// What `batches.on-messages` does.
    ///
    /// # Errors
    ///
    /// What the endpoint's own function says.
    pub fn on_messages(&self, data: &[u8], spans: &[Span]) -> Result<(), String> {
        let messages = Messages::new(data, spans);
        self.events.on_messages(messages).map_err(|error| self.keep(error))
    }

    /// What `pongs.on-pong` does.
    ///
    /// # Errors
    ///
    /// What the endpoint's own function says.
    pub fn on_pong(&self, data: Vec<u8>) -> Result<(), String> {
        self.events.on_pong(data).map_err(|error| self.keep(error))
    }

    /// What `completions.on-sent` does.
    ///
    /// # Errors
    ///
    /// What the endpoint's own function says.
    pub fn on_sent(&self, token: u64) -> Result<(), String> {
        self.events.on_sent(token).map_err(|error| self.keep(error))
    }

    /// What `timer-events.on-timer` does.
    ///
    /// # Errors
    ///
    /// What the endpoint's own function says.
    pub fn on_timer(&self, token: u64) -> Result<(), String> {
        self.events.on_timer(token).map_err(|error| self.keep(error))
    }

    /// What `endpoint.on-error` does.
    pub fn on_error(&self, error: SessionError) {
        self.events.on_error(match (error, self.failed.take()) {
            (SessionError::Handler(_), Some(error)) => SessionError::Handler(error),
            (error, _) => error,
        });
    }

    /// What `endpoint.on-close` does.
    ///
    /// # Errors
    ///
    /// What the endpoint's own function says.
    pub fn on_close(&self, event: CloseEvent) -> Result<(), String> {
        self.events.on_close(event).map_err(|error| self.keep(error))
    }

    fn keep(&self, error: Error) -> String {
        let text = error.to_string();
        self.failed.set(Some(error));
        text
    }
}

fn open<E: Endpoint>(session: Session) -> Result<Box<dyn Events>> {
    Ok(Box::new(RefCell::new(E::on_open(session)?)))
}

fn open_in_parts<E: PartialEndpoint>(session: Session) -> Result<Box<dyn Events>> {
    Ok(Box::new(InParts(RefCell::new(E::on_open(session)?))))
}

fn open_in_batches<E: BatchEndpoint>(session: Session) -> Result<Box<dyn Events>> {
    Ok(Box::new(InBatches(RefCell::new(E::on_open(session)?))))
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

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::DecodeError;

    /// Takes texts, fails, and keeps what it is told.
    struct Failing(Rc<RefCell<Vec<SessionError>>>);

    #[crate::endpoint("/failing")]
    impl Endpoint for Failing {
        fn on_open(_session: Session) -> Result<Self> {
            Ok(Self(Rc::default()))
        }

        fn on_message(&mut self, message: String) -> Result {
            Err(message.into())
        }

        fn on_error(&mut self, error: SessionError) {
            self.0.borrow_mut().push(error);
        }
    }

    const ELSEWHERE: Entry = Entry { path: "/else", ..Entry::of::<Failing>() };

    const CLIENT: Entry = Entry { path: "client", is_client: true, ..Entry::of::<Failing>() };

    #[test]
    fn what_peers_do_not_find_is_not_described() {
        struct Both;
        impl Component for Both {
            const ENDPOINTS: &'static [Entry] = &[CLIENT, Entry::of::<Failing>()];
        }
        let described = describe::<Both>();
        assert_eq!(described.len(), 1);
        assert_eq!(described[0].path, "/failing");
        let found = entry_for(Both::ENDPOINTS, || "client".to_owned()).map(|entry| entry.path);
        assert_eq!(found.unwrap(), "client");
    }

    #[test]
    fn the_endpoint_is_found_by_its_path() {
        static TWO: [Entry; 2] = [Entry::of::<Failing>(), ELSEWHERE];
        let found = |path: &str| entry_for(&TWO, || path.to_owned()).map(|entry| entry.path);
        assert_eq!(found("/failing").unwrap(), "/failing");
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
    fn the_error_that_comes_back_as_a_text_is_the_one_that_went() {
        let told = Rc::default();
        let session = OpenSession::of(Box::new(RefCell::new(Failing(Rc::clone(&told)))));
        let handler = |text: String| endpoint::SessionError::Handler(text).into();

        let text = session.on_message(vec![7].into()).unwrap_err();
        assert_eq!(text, "the peer sent a binary message where a text is expected");
        session.on_error(handler(text));
        let first = told.borrow_mut().pop().unwrap();
        let refused = first.find::<DecodeError>().and_then(DecodeError::message);
        assert_eq!(refused, Some(&vec![7].into()));

        session.on_error(handler("of the host's".to_owned()));
        let unsent = endpoint::SessionError::ReplyNotSent(wit_session::SendError::Closed);
        session.on_error(unsent.into());
        let texts: Vec<_> = told.borrow().iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["of the host's", "the answer was not sent"]);
    }
}
