//! Serves the imported interface `sessions`.

use std::collections::HashSet;

use sockhop_session::{Handle, SessionId};
use wasmtime::component::Resource;

use crate::bindings::sessions::{BroadcastOutcome, Host, Message, Selection};
use crate::convert;
use crate::ctx::{CtxView, SessionRef};
use crate::delivery::Delivery;
use crate::fault;

/// The most ids that one call of `ids` answers with.
const IDS_MAX: u32 = 1000;

/// A selection that is ready to be asked about many sessions.
struct Filter {
    path_parameters: Vec<(String, String)>,
    except: HashSet<SessionId>,
}

impl Filter {
    fn new(selection: Selection) -> Self {
        // Each session is compared until the first that it lacks, with no interruption in between:
        // without repetitions that is at most one more than it has.
        let mut path_parameters = selection.path_parameters;
        path_parameters.sort_unstable();
        path_parameters.dedup();
        Self {
            path_parameters,
            // What is no id of a session cannot name one to leave out.
            except: selection.except.iter().filter_map(|id| id.parse().ok()).collect(),
        }
    }

    fn takes(&self, session: &Handle) -> bool {
        let parameters = &session.identity().request.path_parameters;
        session.is_open()
            && self.path_parameters.iter().all(|wanted| parameters.contains(wanted))
            && !self.except.contains(&session.id())
    }
}

impl CtxView<'_> {
    /// This run of the host, as its sessions' ids name it, where there is a session.
    fn host(&self) -> Option<u64> {
        let mut host = None;
        self.directory.visit(None, &mut |session| {
            host = Some(session.id().host);
            false
        });
        host
    }
}

impl Host for CtxView<'_> {
    fn count(&mut self, which: Selection) -> wasmtime::Result<u32> {
        let filter = Filter::new(which);
        let mut count = 0_u32;
        self.directory.visit(None, &mut |session| {
            count = count.saturating_add(u32::from(filter.takes(session)));
            true
        });
        Ok(count)
    }

    fn ids(
        &mut self,
        which: Selection,
        after: Option<String>,
        limit: u32,
    ) -> wasmtime::Result<Vec<String>> {
        let limit = usize::try_from(limit.min(IDS_MAX)).unwrap_or(usize::MAX);
        let filter = Filter::new(which);
        let mut ids = Vec::new();
        if limit > 0 {
            let after = after.and_then(|after| after.parse().ok());
            let after = after.filter(|after: &SessionId| self.host() == Some(after.host));
            self.directory.visit(after, &mut |session| {
                if filter.takes(session) {
                    ids.push(session.id().to_string());
                }
                ids.len() < limit
            });
        }
        Ok(ids)
    }

    fn get(&mut self, id: String) -> wasmtime::Result<Option<Resource<SessionRef>>> {
        let session = id.parse().ok().and_then(|id| self.directory.get(id));
        let Some(session) = session.filter(|session| session.is_open()) else { return Ok(None) };
        Ok(Some(self.table.push(SessionRef(session)).map_err(fault::handles)?))
    }

    fn broadcast(&mut self, message: Message, to: Selection) -> wasmtime::Result<BroadcastOutcome> {
        let mut delivery = Delivery::of(convert::message_from_guest(message));
        let filter = Filter::new(to);
        self.directory.visit(None, &mut |session| {
            if filter.takes(session) {
                delivery.to(session);
            }
            true
        });
        Ok(delivery.outcome())
    }
}

#[cfg(test)]
mod tests {
    use sockhop_session::handshake::HandshakeRequest;
    use sockhop_session::{Identity, QueueLimits, SlowReader};

    use super::*;

    fn parameter(value: &str) -> (String, String) {
        ("room".to_owned(), value.to_owned())
    }

    #[test]
    fn a_repeated_parameter_is_asked_about_once() {
        let session = Handle::new(
            Identity {
                id: SessionId { host: 1, number: 1 },
                endpoint_path: "/{room}".into(),
                request: HandshakeRequest {
                    path_parameters: vec![parameter("a")],
                    ..HandshakeRequest::default()
                },
                subprotocol: None,
                max_message_bytes: 1,
            },
            QueueLimits { bytes: 1, slow_reader: SlowReader::Wait },
            1,
        );
        let filter = |values: &[&str]| {
            let path_parameters = values.iter().copied().map(parameter).collect();
            Filter::new(Selection { path_parameters, except: Vec::new() })
        };
        let repeated = filter(&["a"; 1000]);
        assert_eq!(repeated.path_parameters.len(), 1);
        assert!(repeated.takes(&session));
        assert!(filter(&[]).takes(&session));
        assert!(!filter(&["a", "b", "a"]).takes(&session));
    }
}
