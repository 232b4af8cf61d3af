//! What guests set for sessions.

use sockhop_session::limits::Limits;
use tokio::time::Instant;

use super::SessionHandle;
use crate::ctx::CtxView;

impl CtxView<'_> {
    /// What a session is held to.
    pub(super) fn limits(&self, handle: &SessionHandle) -> wasmtime::Result<Limits> {
        Ok(self.session(handle)?.limits())
    }

    /// Changes it, as far as the operator's limits let it.
    pub(super) fn tune(
        &self,
        handle: &SessionHandle,
        change: impl FnOnce(&mut Limits),
    ) -> wasmtime::Result<()> {
        // By the runtime's clock, as the connection's timers go.
        self.session(handle)?.tune(|| Instant::now().into_std(), change);
        Ok(())
    }
}
