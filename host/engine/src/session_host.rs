//! Serves the imported interface `session`.

mod tuning;

use std::sync::Arc;

use sockhop_session::outbound::CloseRequest;
use sockhop_session::{CloseReason, Control, ControlKind, Handle, Message, WriteError};
use wasmtime::component::Resource;

use crate::bindings::{session, types};
use crate::convert;
use crate::ctx::{CtxView, OutgoingMessage, SessionRef};
use crate::fault;

type SessionHandle = Resource<SessionRef>;

impl CtxView<'_> {
    fn session(&self, handle: &SessionHandle) -> wasmtime::Result<&Handle> {
        Ok(&self.table.get(handle).map_err(fault::handles)?.0)
    }

    fn control(
        &self,
        handle: &SessionHandle,
        kind: ControlKind,
        data: Vec<u8>,
    ) -> wasmtime::Result<Result<(), session::ControlError>> {
        let sent = self.session(handle)?.send_control(Control { kind, payload: data.into() });
        Ok(sent.map_err(convert::control_error))
    }
}

impl types::Host for CtxView<'_> {}

impl session::Host for CtxView<'_> {}

impl session::HostSession for CtxView<'_> {
    fn id(&mut self, handle: SessionHandle) -> wasmtime::Result<String> {
        Ok(self.session(&handle)?.id().to_string())
    }

    fn endpoint_path(&mut self, handle: SessionHandle) -> wasmtime::Result<String> {
        Ok(self.session(&handle)?.identity().endpoint_path.clone())
    }

    fn request(
        &mut self,
        handle: SessionHandle,
    ) -> wasmtime::Result<types::HandshakeRequestResult> {
        Ok(convert::request_to_guest(&self.session(&handle)?.identity().request))
    }

    fn path_parameters(
        &mut self,
        handle: SessionHandle,
    ) -> wasmtime::Result<Vec<(String, String)>> {
        Ok(self.session(&handle)?.identity().request.path_parameters.clone())
    }

    fn subprotocol(&mut self, handle: SessionHandle) -> wasmtime::Result<Option<String>> {
        Ok(self.session(&handle)?.identity().subprotocol.clone())
    }

    fn extensions(
        &mut self,
        handle: SessionHandle,
    ) -> wasmtime::Result<Vec<types::ExtensionResult>> {
        Ok(convert::extensions_to_guest(&self.session(&handle)?.agreed().extensions))
    }

    fn principal(&mut self, handle: SessionHandle) -> wasmtime::Result<Option<types::Principal>> {
        let agreed = self.session(&handle)?.agreed();
        Ok(agreed.principal.as_ref().map(convert::principal_to_guest))
    }

    fn is_open(&mut self, handle: SessionHandle) -> wasmtime::Result<bool> {
        Ok(self.session(&handle)?.is_open())
    }

    fn max_message_size(&mut self, handle: SessionHandle) -> wasmtime::Result<u64> {
        Ok(self.limits(&handle)?.message_bytes as u64)
    }

    fn set_max_message_size(&mut self, handle: SessionHandle, bytes: u64) -> wasmtime::Result<()> {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        self.tune(&handle, |limits| limits.message_bytes = bytes)
    }

    fn idle_timeout(&mut self, handle: SessionHandle) -> wasmtime::Result<Option<u64>> {
        Ok(convert::milliseconds(self.limits(&handle)?.idle))
    }

    fn set_idle_timeout(&mut self, handle: SessionHandle, ms: Option<u64>) -> wasmtime::Result<()> {
        self.tune(&handle, |limits| limits.idle = convert::time_limit(ms))
    }

    fn read_idle_timeout(&mut self, handle: SessionHandle) -> wasmtime::Result<Option<u64>> {
        Ok(convert::milliseconds(self.limits(&handle)?.read_idle))
    }

    fn set_read_idle_timeout(
        &mut self,
        handle: SessionHandle,
        ms: Option<u64>,
    ) -> wasmtime::Result<()> {
        self.tune(&handle, |limits| limits.read_idle = convert::time_limit(ms))
    }

    fn write_idle_timeout(&mut self, handle: SessionHandle) -> wasmtime::Result<Option<u64>> {
        Ok(convert::milliseconds(self.limits(&handle)?.write_idle))
    }

    fn set_write_idle_timeout(
        &mut self,
        handle: SessionHandle,
        ms: Option<u64>,
    ) -> wasmtime::Result<()> {
        self.tune(&handle, |limits| limits.write_idle = convert::time_limit(ms))
    }

    fn send_timeout(&mut self, handle: SessionHandle) -> wasmtime::Result<Option<u64>> {
        Ok(convert::milliseconds(self.limits(&handle)?.send))
    }

    fn set_send_timeout(&mut self, handle: SessionHandle, ms: Option<u64>) -> wasmtime::Result<()> {
        self.tune(&handle, |limits| limits.send = convert::time_limit(ms))
    }

    fn properties(&mut self, handle: SessionHandle) -> wasmtime::Result<Vec<types::Property>> {
        Ok(convert::properties_to_guest(self.session(&handle)?.properties()))
    }

    fn property(
        &mut self,
        handle: SessionHandle,
        name: String,
    ) -> wasmtime::Result<Option<Vec<u8>>> {
        Ok(self.session(&handle)?.property(&name).map(Into::into))
    }

    fn set_property(
        &mut self,
        handle: SessionHandle,
        name: String,
        value: Option<Vec<u8>>,
    ) -> wasmtime::Result<Result<(), session::PropertyError>> {
        let set = self.session(&handle)?.set_property(name, value.map(Into::into));
        Ok(set.map_err(convert::property_error))
    }

    fn send_text(
        &mut self,
        handle: SessionHandle,
        text: String,
    ) -> wasmtime::Result<Result<(), session::SendError>> {
        let sent = self.session(&handle)?.send(Message::Text(text.into()));
        Ok(sent.map_err(convert::send_error))
    }

    fn send_binary(
        &mut self,
        handle: SessionHandle,
        data: Vec<u8>,
    ) -> wasmtime::Result<Result<(), session::SendError>> {
        let sent = self.session(&handle)?.send(Message::Binary(data.into()));
        Ok(sent.map_err(convert::send_error))
    }

    async fn send_and_wait(
        &mut self,
        handle: SessionHandle,
        message: types::MessageResult,
    ) -> wasmtime::Result<Result<(), session::WaitError>> {
        let message = convert::message_from_guest(message);
        match self.session(&handle)?.send_awaited(message) {
            Ok(receipt) => Ok(receipt.await.map_err(|_lost| session::WaitError::Closed)),
            Err(error) => Ok(Err(convert::wait_error(error))),
        }
    }

    fn notify_sent(
        &mut self,
        handle: SessionHandle,
        token: u64,
    ) -> wasmtime::Result<Result<(), session::NotifyError>> {
        Ok(self.session(&handle)?.notify_sent(token).map_err(convert::notify_error))
    }

    fn start_message(
        &mut self,
        handle: SessionHandle,
    ) -> wasmtime::Result<Result<Resource<OutgoingMessage>, session::SendError>> {
        let session = Arc::clone(&self.table.get(&handle).map_err(fault::handles)?.0);
        match session.start_stream() {
            Ok(stream) => {
                let message = OutgoingMessage { session, stream };
                Ok(Ok(self.table.push(message).map_err(fault::handles)?))
            }
            Err(error) => Ok(Err(convert::send_error(error))),
        }
    }

    fn set_batching(&mut self, handle: SessionHandle, allowed: bool) -> wasmtime::Result<()> {
        self.session(&handle)?.set_batching(allowed);
        Ok(())
    }

    fn batching(&mut self, handle: SessionHandle) -> wasmtime::Result<bool> {
        Ok(self.session(&handle)?.batching())
    }

    fn flush(&mut self, handle: SessionHandle) -> wasmtime::Result<()> {
        self.session(&handle)?.flush();
        Ok(())
    }

    fn ping(
        &mut self,
        handle: SessionHandle,
        data: Vec<u8>,
    ) -> wasmtime::Result<Result<(), session::ControlError>> {
        self.control(&handle, ControlKind::Ping, data)
    }

    fn pong(
        &mut self,
        handle: SessionHandle,
        data: Vec<u8>,
    ) -> wasmtime::Result<Result<(), session::ControlError>> {
        self.control(&handle, ControlKind::Pong, data)
    }

    fn queue(&mut self, handle: SessionHandle) -> wasmtime::Result<session::QueueStatus> {
        Ok(convert::queue_status(self.session(&handle)?.queue()))
    }

    fn close(
        &mut self,
        handle: SessionHandle,
        reason: Option<types::CloseReason>,
    ) -> wasmtime::Result<Result<(), session::CloseError>> {
        let session = self.session(&handle)?;
        let reason = match reason {
            None => Ok(CloseReason::normal()),
            Some(reason) => CloseReason::new(reason.code, reason.phrase),
        };
        Ok(reason
            .map(|reason| session.close(CloseRequest::by_guest(reason)))
            .map_err(convert::close_error))
    }

    fn abort(&mut self, handle: SessionHandle) -> wasmtime::Result<()> {
        self.session(&handle)?.abort();
        Ok(())
    }

    fn drop(&mut self, handle: SessionHandle) -> wasmtime::Result<()> {
        self.table.delete(handle).map_err(fault::handles)?;
        Ok(())
    }
}

impl session::HostOutgoingMessage for CtxView<'_> {
    fn write(
        &mut self,
        handle: Resource<OutgoingMessage>,
        piece: types::MessageResult,
    ) -> wasmtime::Result<Result<(), session::WriteError>> {
        let message = self.table.get(&handle).map_err(fault::handles)?;
        let piece = convert::message_from_guest(piece);
        let written = message.session.write_piece(message.stream, piece);
        Ok(written.map_err(convert::write_error))
    }

    fn finish(
        &mut self,
        handle: Resource<OutgoingMessage>,
    ) -> wasmtime::Result<Result<(), session::WriteError>> {
        let message = self.table.get(&handle).map_err(fault::handles)?;
        let finished: Result<(), WriteError> = message.session.finish_stream(message.stream);
        Ok(finished.map_err(convert::write_error))
    }

    fn drop(&mut self, handle: Resource<OutgoingMessage>) -> wasmtime::Result<()> {
        self.table.delete(handle).map_err(fault::handles)?;
        Ok(())
    }
}
