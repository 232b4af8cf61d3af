//! Between the contract's types and the core's: each kind in one place.

use bytes::Bytes;
use sockhop_session::batch::Entry;
use sockhop_session::handshake::{EndpointConfig, HandshakeDecision, HandshakeRequest};
use sockhop_session::port::SessionError;
use sockhop_session::properties::{Property, PropertyError};
use sockhop_session::{
    Batch, CloseCause, CloseError, CloseEvent, ControlError, Initiator, Kind, Message, QueueStatus,
    SendError, WriteError,
};

use crate::bindings::{batches, configurator, deployment, endpoint, session, types};

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

/// A handshake, lowered into a guest from where it lies.
pub(crate) struct BorrowedRequest<'r> {
    request: &'r HandshakeRequest,
    path_parameters: Vec<(&'r str, &'r str)>,
    headers: Vec<(&'r str, &'r [u8])>,
    subprotocols: Vec<&'r str>,
    client_certificates: Vec<&'r [u8]>,
}

impl<'r> BorrowedRequest<'r> {
    pub(crate) fn new(request: &'r HandshakeRequest) -> Self {
        let parameters = request.path_parameters.iter();
        let headers = request.headers.iter();
        Self {
            request,
            path_parameters: parameters.map(|(name, value)| (&**name, &**value)).collect(),
            headers: headers.map(|(name, value)| (&**name, &**value)).collect(),
            subprotocols: request.subprotocols.iter().map(|name| &**name).collect(),
            client_certificates: request.client_certificates.iter().map(|der| &**der).collect(),
        }
    }

    pub(crate) fn param(&self) -> types::HandshakeRequestParam<'_> {
        types::HandshakeRequestParam {
            uri: &self.request.uri,
            query: self.request.query.as_deref(),
            path_parameters: &self.path_parameters,
            headers: &self.headers,
            subprotocols: &self.subprotocols,
            default_subprotocol: self.request.default_subprotocol.as_deref(),
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
        secure: request.secure,
        peer: request.peer.clone(),
        local: request.local.clone(),
        client_certificates: request.client_certificates.clone(),
    }
}

pub(crate) fn decision(decision: configurator::HandshakeDecision) -> HandshakeDecision {
    match decision {
        configurator::HandshakeDecision::Accept(acceptance) => HandshakeDecision::Accept {
            subprotocol: acceptance.subprotocol,
            headers: acceptance.headers,
            properties: properties_from_guest(acceptance.properties),
        },
        configurator::HandshakeDecision::Reject(rejection) => HandshakeDecision::Reject {
            status: rejection.status,
            headers: rejection.headers,
            body: rejection.body,
        },
    }
}
