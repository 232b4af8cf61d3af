//! Serves the imported interface `topics`.

use std::collections::HashSet;

use sockhop_session::SessionId;
use wasmtime::component::Resource;

use crate::bindings::topics::{BroadcastOutcome, Host, Message, TopicError};
use crate::convert;
use crate::ctx::{CtxView, SessionRef};
use crate::delivery::Delivery;
use crate::fault;

impl Host for CtxView<'_> {
    fn subscribe(
        &mut self,
        session: Resource<SessionRef>,
        topic: String,
    ) -> wasmtime::Result<Result<bool, TopicError>> {
        let session = &self.table.get(&session).map_err(fault::handles)?.0;
        Ok(self.directory.subscribe(session, &topic).map_err(convert::topic_error))
    }

    fn unsubscribe(
        &mut self,
        session: Resource<SessionRef>,
        topic: String,
    ) -> wasmtime::Result<bool> {
        let session = &self.table.get(&session).map_err(fault::handles)?.0;
        // One that is closing is subscribed to nothing, though it has its places still.
        Ok(session.is_open() && self.directory.unsubscribe(session.id(), &topic))
    }

    fn subscriptions(&mut self, session: Resource<SessionRef>) -> wasmtime::Result<Vec<String>> {
        let session = &self.table.get(&session).map_err(fault::handles)?.0;
        if !session.is_open() {
            return Ok(Vec::new());
        }
        let topics = self.directory.subscriptions(session.id());
        Ok(topics.iter().map(ToString::to_string).collect())
    }

    fn subscribers(&mut self, topic: String) -> wasmtime::Result<u32> {
        let mut count = 0_u32;
        self.directory.visit_topic(&topic, &mut |session| {
            count = count.saturating_add(u32::from(session.is_open()));
            true
        });
        Ok(count)
    }

    fn publish(
        &mut self,
        topic: String,
        message: Message,
        except: Vec<String>,
    ) -> wasmtime::Result<BroadcastOutcome> {
        // What is no id of a session cannot name one to leave out.
        let except: HashSet<SessionId> = except.iter().filter_map(|id| id.parse().ok()).collect();
        let mut delivery = Delivery::of(convert::message_from_guest(message));
        self.directory.visit_topic(&topic, &mut |session| {
            if !except.contains(&session.id()) {
                delivery.to(session);
            }
            true
        });
        Ok(delivery.outcome())
    }
}
