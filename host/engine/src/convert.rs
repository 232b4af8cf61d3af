//! Between the contract's types and the core's: each kind in one place.

use std::time::Duration;

use bytes::Bytes;
use sockhop_session::batch::Entry;
use sockhop_session::handshake::{
    Acceptance, EndpointConfig, HandshakeDecision, HandshakeRequest, Principal,
};
use sockhop_session::port::SessionError;
use sockhop_session::properties::{Property, PropertyError};
use sockhop_session::{
    AwaitError, Batch, CloseCause, CloseError, CloseEvent, ControlError, Extension, Initiator,
    Kind, Message, NotifyError, QueueStatus, SendError, TimerError, TopicError, WriteError,
};

use crate::bindings::{
    batches, configurator, deployment, endpoint, session, timers, topics, types,
};

/// The longest limit in time that a guest sets: more is as good as none, and sums of times stay
/// within what clocks can tell.
const TIME_LIMIT_MAX: Duration = Duration::from_secs(365 * 24 * 60 * 60);

pub(crate) fn message_to_guest(message: &Message) -> endpoint::MessageParam<'_> {
    match message {
        Message::Text(text) => endpoint::MessageParam::Text(text),
        Message::Binary(data) => endpoint::MessageParam::Binary(data),
    }
}

pub(crate) fn message_from_guest(message: types::MessageResult) -> Message {
    match message {
        types::MessageResult::Text(text) => Message::Text(text.into()),
        types::MessageResult::Binary(data) => Message::Binary(data.into()),
    }
}

pub(crate) fn entries_to_guest(batch: &Batch) -> Vec<batches::Entry> {
    let entry = |entry: &Entry| batches::Entry {
        kind: match entry.kind {
            Kind::Text => batches::MessageKind::Text,
            Kind::Binary => batches::MessageKind::Binary,
        },
        offset: entry.offset,
        length: entry.length,
    };
    batch.entries().iter().map(entry).collect()
}

pub(crate) fn queue_status(status: QueueStatus) -> session::QueueStatus {
    session::QueueStatus {
        queued_bytes: status.queued_bytes as u64,
        limit_bytes: status.limit_bytes as u64,
        dropped: status.dropped,
    }
}

pub(crate) fn send_error(error: SendError) -> session::SendError {
    match error {
        SendError::Closed => session::SendError::Closed,
        SendError::QueueFull(status) => session::SendError::QueueFull(queue_status(status)),
    }
}

pub(crate) fn write_error(error: WriteError) -> session::WriteError {
    match error {
        WriteError::Closed => session::WriteError::Closed,
        WriteError::QueueFull(status) => session::WriteError::QueueFull(queue_status(status)),
        WriteError::WrongKind => session::WriteError::WrongKind,
    }
}

pub(crate) fn control_error(error: ControlError) -> session::ControlError {
    match error {
        ControlError::Send(SendError::Closed) => session::ControlError::Closed,
        ControlError::Send(SendError::QueueFull(status)) => {
            session::ControlError::QueueFull(queue_status(status))
        }
        ControlError::TooLong(bytes) => {
            session::ControlError::TooLong(u32::try_from(bytes).unwrap_or(u32::MAX))
        }
    }
}

pub(crate) fn wait_error(error: AwaitError) -> session::WaitError {
    match error {
        AwaitError::Closed => session::WaitError::Closed,
        AwaitError::QueueFull(status) => session::WaitError::QueueFull(queue_status(status)),
        AwaitError::Unfinished => session::WaitError::UnfinishedMessage,
    }
}

pub(crate) fn notify_error(error: NotifyError) -> session::NotifyError {
    match error {
        NotifyError::Closed => session::NotifyError::Closed,
        NotifyError::TooMany(most) => session::NotifyError::TooMany(most),
    }
}

pub(crate) fn timer_error(error: TimerError) -> timers::TimerError {
    let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    match error {
        TimerError::Closed => timers::TimerError::Closed,
        TimerError::TooMany(most) => timers::TimerError::TooMany(most),
        TimerError::TooShort(least) => timers::TimerError::TooShort(milliseconds(least)),
        TimerError::TooLong(most) => timers::TimerError::TooLong(milliseconds(most)),
    }
}

/// A limit in time as a guest sets it: 0 is none.
pub(crate) fn time_limit(milliseconds: Option<u64>) -> Option<Duration> {
    let milliseconds = milliseconds.filter(|milliseconds| *milliseconds > 0)?;
    Some(Duration::from_millis(milliseconds).min(TIME_LIMIT_MAX))
}

/// The same as a guest reads it.
pub(crate) fn milliseconds(limit: Option<Duration>) -> Option<u64> {
    limit.map(|limit| u64::try_from(limit.as_millis()).unwrap_or(u64::MAX))
}

pub(crate) fn close_error(error: CloseError) -> session::CloseError {
    match error {
        CloseError::InvalidCode(code) => session::CloseError::InvalidCode(code),
        CloseError::PhraseTooLong(bytes) => {
            session::CloseError::PhraseTooLong(u32::try_from(bytes).unwrap_or(u32::MAX))
        }
    }
}

pub(crate) fn property_error(error: PropertyError) -> session::PropertyError {
    match error {
        PropertyError::Closed => session::PropertyError::Closed,
        PropertyError::TooBig { needed_bytes, limit_bytes } => {
            session::PropertyError::TooBig((needed_bytes as u64, limit_bytes as u64))
        }
    }
}

pub(crate) fn topic_error(error: TopicError) -> topics::TopicError {
    let limit = |limit: usize| u32::try_from(limit).unwrap_or(u32::MAX);
    match error {
        TopicError::Closed => topics::TopicError::Closed,
        TopicError::EmptyName => topics::TopicError::EmptyName,
        TopicError::NameTooLong(bytes) => topics::TopicError::NameTooLong(limit(bytes)),
        TopicError::SessionFull(most) => topics::TopicError::SessionFull(limit(most)),
        TopicError::EndpointFull(most) => topics::TopicError::EndpointFull(limit(most)),
    }
}

pub(crate) fn session_error(error: &SessionError) -> endpoint::SessionError<'_> {
    match error {
        SessionError::Handler(text) => endpoint::SessionError::Handler(text),
        SessionError::ReplyNotSent(error) => {
            endpoint::SessionError::ReplyNotSent(send_error(*error))
        }
    }
}

/// Nothing where the guest has failed: there is no guest to tell, and the contract has no word for
/// it.
pub(crate) fn close_event(event: &CloseEvent) -> Option<endpoint::CloseEvent<'_>> {
    let cause = match event.cause {
        // To tell the two apart by a name of its own would make components of today unfit.
        CloseCause::Requested | CloseCause::Aborted => types::CloseCause::Requested,
        CloseCause::ProtocolError => types::CloseCause::ProtocolError,
        CloseCause::InvalidPayload => types::CloseCause::InvalidPayload,
        CloseCause::MessageTooBig => types::CloseCause::MessageTooBig,
        CloseCause::GoingAway => types::CloseCause::GoingAway,
        CloseCause::ServiceRestart => types::CloseCause::ServiceRestart,
        CloseCause::ConnectionLost => types::CloseCause::ConnectionLost,
        CloseCause::IdleTimeout => types::CloseCause::IdleTimeout,
        CloseCause::PongTimeout => types::CloseCause::PongTimeout,
        CloseCause::WriteTimeout => types::CloseCause::WriteTimeout,
        CloseCause::SlowReader => types::CloseCause::SlowReader,
        CloseCause::MessageAbandoned => types::CloseCause::MessageAbandoned,
        CloseCause::GuestFailed => return None,
    };
    Some(types::CloseEvent {
        initiator: match event.initiator {
            Initiator::Peer => types::Initiator::Peer,
            Initiator::Guest => types::Initiator::Guest,
            Initiator::Host => types::Initiator::Host,
            Initiator::Transport => types::Initiator::Transport,
        },
        cause,
        code_sent: event.code_sent,
        code_received: event.code_received,
        phrase: &event.phrase,
        clean: event.clean,
        code: event.code,
    })
}

pub(crate) fn properties_to_guest(properties: Vec<Property>) -> Vec<types::Property> {
    properties.into_iter().map(|(name, value)| (name, value.into())).collect()
}

fn properties_from_guest(properties: Vec<types::Property>) -> Vec<Property> {
    properties.into_iter().map(|(name, value)| (name, Bytes::from(value))).collect()
}

pub(crate) fn endpoint_config(config: deployment::EndpointConfig) -> EndpointConfig {
    EndpointConfig {
        path: config.path,
        subprotocols: config.subprotocols,
        max_message_bytes: config.max_message_size,
        properties: properties_from_guest(config.properties),
    }
}

/// The parameters of one extension, where they lie.
type Parameters<'a> = Vec<(&'a str, Option<&'a str>)>;

/// What [`extensions`] borrows.
pub(crate) fn parameters<'a>(extensions: &'a [Extension]) -> Vec<Parameters<'a>> {
    let of_one = |extension: &'a Extension| -> Parameters<'a> {
        let all = extension.parameters.iter();
        all.map(|(name, value)| (&**name, value.as_deref())).collect()
    };
    extensions.iter().map(of_one).collect()
}

pub(crate) fn extensions<'a>(
    extensions: &'a [Extension],
    parameters: &'a [Parameters<'a>],
) -> Vec<types::ExtensionParam<'a>> {
    let both = extensions.iter().zip(parameters);
    both.map(|(Extension { name, .. }, parameters)| types::ExtensionParam { name, parameters })
        .collect()
}

pub(crate) fn extensions_to_guest(extensions: &[Extension]) -> Vec<types::ExtensionResult> {
    let extension = |extension: &Extension| {
        let Extension { name, parameters } = extension.clone();
        types::ExtensionResult { name, parameters }
    };
    extensions.iter().map(extension).collect()
}

pub(crate) fn principal_to_guest(principal: &Principal) -> types::Principal {
    let Principal { name, roles } = principal.clone();
    types::Principal { name, roles }
}

/// A handshake, lowered into a guest from where it lies.
pub(crate) struct BorrowedRequest<'r> {
    request: &'r HandshakeRequest,
    path_parameters: Vec<(&'r str, &'r str)>,
    headers: Vec<(&'r str, &'r [u8])>,
    subprotocols: Vec<&'r str>,
    extensions: Vec<Parameters<'r>>,
    default_extensions: Vec<Parameters<'r>>,
    client_certificates: Vec<&'r [u8]>,
}

impl<'r> BorrowedRequest<'r> {
    pub(crate) fn new(request: &'r HandshakeRequest) -> Self {
        let of_path = request.path_parameters.iter();
        let headers = request.headers.iter();
        Self {
            request,
            path_parameters: of_path.map(|(name, value)| (&**name, &**value)).collect(),
            headers: headers.map(|(name, value)| (&**name, &**value)).collect(),
            subprotocols: request.subprotocols.iter().map(|name| &**name).collect(),
            extensions: parameters(&request.extensions),
            default_extensions: parameters(&request.default_extensions),
            client_certificates: request.client_certificates.iter().map(|der| &**der).collect(),
        }
    }

    /// The extensions that the peer offers, and those that the host would agree on: to be kept for
    /// [`param`](Self::param).
    pub(crate) fn extensions(&self) -> [Vec<types::ExtensionParam<'_>>; 2] {
        let HandshakeRequest { extensions: offered, default_extensions, .. } = self.request;
        [
            extensions(offered, &self.extensions),
            extensions(default_extensions, &self.default_extensions),
        ]
    }

    pub(crate) fn param<'s>(
        &'s self,
        [extensions, default_extensions]: &'s [Vec<types::ExtensionParam<'s>>; 2],
    ) -> types::HandshakeRequestParam<'s> {
        types::HandshakeRequestParam {
            uri: &self.request.uri,
            query: self.request.query.as_deref(),
            path_parameters: &self.path_parameters,
            headers: &self.headers,
            subprotocols: &self.subprotocols,
            default_subprotocol: self.request.default_subprotocol.as_deref(),
            extensions,
            default_extensions,
            secure: self.request.secure,
            peer: self.request.peer.as_deref(),
            local: self.request.local.as_deref(),
            client_certificates: &self.client_certificates,
        }
    }
}

pub(crate) fn request_to_guest(request: &HandshakeRequest) -> types::HandshakeRequestResult {
    types::HandshakeRequestResult {
        uri: request.uri.clone(),
        query: request.query.clone(),
        path_parameters: request.path_parameters.clone(),
        headers: request.headers.clone(),
        subprotocols: request.subprotocols.clone(),
        default_subprotocol: request.default_subprotocol.clone(),
        extensions: extensions_to_guest(&request.extensions),
        default_extensions: extensions_to_guest(&request.default_extensions),
        secure: request.secure,
        peer: request.peer.clone(),
        local: request.local.clone(),
        client_certificates: request.client_certificates.clone(),
    }
}

pub(crate) fn decision(decision: configurator::HandshakeDecision) -> HandshakeDecision {
    match decision {
        configurator::HandshakeDecision::Accept(acceptance) => {
            let principal = acceptance.principal;
            HandshakeDecision::Accept(Acceptance {
                subprotocol: acceptance.subprotocol,
                headers: acceptance.headers,
                properties: properties_from_guest(acceptance.properties),
                extensions: acceptance.extensions,
                principal: principal.map(|it| Principal { name: it.name, roles: it.roles }),
            })
        }
        configurator::HandshakeDecision::Reject(rejection) => HandshakeDecision::Reject {
            status: rejection.status,
            headers: rejection.headers,
            body: rejection.body,
        },
    }
}
