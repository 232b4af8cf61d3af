//! Serves the imported interface `timers`.

use std::time::Duration;

use sockhop_session::timers::Repeat;
use tokio::time::Instant;
use wasmtime::component::Resource;

use crate::bindings::timers::{Host, TimerError};
use crate::convert;
use crate::ctx::{CtxView, SessionRef};
use crate::fault;

impl CtxView<'_> {
    fn start_timer(
        &self,
        session: &Resource<SessionRef>,
        token: u64,
        milliseconds: u64,
        repeat: Repeat,
    ) -> wasmtime::Result<Result<(), TimerError>> {
        let session = &self.table.get(session).map_err(fault::handles)?.0;
        if !session.is_served_in(self.id) {
            return Ok(Err(TimerError::NotOwn));
        }
        if !self.guest.program.hears_timers() {
            return Ok(Err(TimerError::NotExported));
        }
        // By the runtime's clock, as the connection's timers go.
        let now = Instant::now().into_std();
        let started = session.start_timer(now, token, Duration::from_millis(milliseconds), repeat);
        Ok(started.map_err(convert::timer_error))
    }
}

impl Host for CtxView<'_> {
    fn start(
        &mut self,
        session: Resource<SessionRef>,
        token: u64,
        delay: u64,
    ) -> wasmtime::Result<Result<(), TimerError>> {
        self.start_timer(&session, token, delay, Repeat::Never)
    }

    fn start_repeating(
        &mut self,
        session: Resource<SessionRef>,
        token: u64,
        period: u64,
    ) -> wasmtime::Result<Result<(), TimerError>> {
        self.start_timer(&session, token, period, Repeat::EachPeriod)
    }

    fn cancel(&mut self, session: Resource<SessionRef>, token: u64) -> wasmtime::Result<bool> {
        let session = &self.table.get(&session).map_err(fault::handles)?.0;
        Ok(session.is_served_in(self.id) && session.cancel_timer(token))
    }
}
