//! A program with the operator's settings: what a revision of a deployment runs.

use std::sync::Arc;
use std::time::Duration;

use sockhop_session::handshake::EndpointConfig;
use sockhop_session::port::{NoSessions, Trap};
use thiserror::Error;

use crate::caller::Caller;
use crate::container::{NoContainer, Surroundings};
use crate::engine::Engine;
use crate::output::GuestOutput;
use crate::pace::History;
use crate::program::Program;
use crate::seats::SeatError;

/// What the operator allows the instances of one deployment.
#[derive(Clone)]
pub struct GuestSettings {
    /// Memory for each instance, in bytes; at most what the engine's configuration allows.
    pub memory_bytes: usize,
    /// How long a guest may compute in one event. Counted at ticks of a clock, a few
    /// hundred microseconds from each other.
    pub event_cpu: Duration,
    /// How long a guest may wait in one event.
    pub event_wait: Duration,
    /// The environment variables that the guest sees.
    pub env: Vec<(String, String)>,
    /// Where its standard output and error go.
    pub output: Arc<dyn GuestOutput>,
}

/// Why a component's endpoints are not known. Its author is to act, but for
/// [`DescribeError::Seat`].
#[derive(Debug, Error)]
pub enum DescribeError {
    /// There was no instance to ask.
    #[error("the component could not be asked for its endpoints")]
    Seat(#[from] SeatError),
    /// It failed when it was asked.
    #[error("the component could not say what it serves")]
    Trap(#[from] Trap),
}

/// A program that can be instantiated. Cloning shares it.
#[derive(Clone)]
pub struct Guest {
    pub(crate) engine: Engine,
    pub(crate) program: Arc<Program>,
    pub(crate) settings: Arc<GuestSettings>,
    pub(crate) history: Arc<History>,
}

impl Guest {
    /// Joins a program with its settings.
    #[must_use]
    pub fn new(engine: &Engine, program: Program, settings: GuestSettings) -> Self {
        Self {
            engine: engine.clone(),
            program: Arc::new(program),
            settings: Arc::new(settings),
            history: Arc::default(),
        }
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Asks the component for its endpoints, in an instance of its own.
    ///
    /// # Errors
    /// [`DescribeError`] where there is no instance to be had or it traps.
    pub async fn describe(&self) -> Result<Vec<EndpointConfig>, DescribeError> {
        let permit = self.engine.asking_permit().await.ok_or(SeatError::AtCapacity)?;
        let around =
            Surroundings { directory: Arc::new(NoSessions), container: Arc::new(NoContainer) };
        let mut instance = Caller::new(self, &around, None, permit).await?;
        Ok(instance.describe().await?)
    }
}
