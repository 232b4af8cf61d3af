//! Serves the imported interface `session`.

use sockhop_session::outbound::CloseRequest;
use sockhop_session::{CloseReason, Handle, Message};
use wasmtime::component::Resource;

use crate::bindings::{session, types};
use crate::convert;
use crate::ctx::{CtxView, SessionRef};
use crate::fault;

type SessionHandle = Resource<SessionRef>;

impl CtxView<'_> {
    fn session(&self, handle: &SessionHandle) -> wasmtime::Result<&Handle> {
        Ok(&self.table.get(handle).map_err(fault::handles)?.0)
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

    fn is_open(&mut self, handle: SessionHandle) -> wasmtime::Result<bool> {
        Ok(self.session(&handle)?.is_open())
    }

    fn max_message_size(&mut self, handle: SessionHandle) -> wasmtime::Result<u64> {
        Ok(self.session(&handle)?.identity().max_message_bytes as u64)
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

    fn drop(&mut self, handle: SessionHandle) -> wasmtime::Result<()> {
        self.table.delete(handle).map_err(fault::handles)?;
        Ok(())
    }
}
