//! Serves every path that nobody else does, and answers each message with what the path's catch-all
//! stands for.

use sockhop_guest::{Endpoint, Result, Session, endpoint, export};

struct CatchesAll {
    rest: String,
}

#[endpoint("/{*rest}")]
impl Endpoint for CatchesAll {
    fn on_open(session: Session, rest: String) -> Result<Self> {
        assert_eq!(session.endpoint_path(), "/{*rest}");
        Ok(Self { rest })
    }

    fn on_message(&mut self, _message: String) -> Result<String> {
        Ok(self.rest.clone())
    }
}

export!(CatchesAll);
