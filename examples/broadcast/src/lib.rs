//! Broadcast: each message goes to everybody, the sender too.

use sockhop_guest::{
    Endpoint, Message, OpenSessions, Result, Session, close_code, endpoint, export,
};

struct Broadcast;

#[endpoint("/broadcast")]
impl Endpoint for Broadcast {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, message: Message) -> Result<()> {
        let outcome = OpenSessions::all().broadcast(message)?;
        // Whoever has missed a message would never know: better to be closed and connect again.
        for slow in outcome.refused_sessions() {
            slow.close_with(close_code::TRY_AGAIN_LATER, "too slow for this broadcast")?;
        }
        Ok(())
    }
}

export!(Broadcast);
