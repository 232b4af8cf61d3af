//! The endpoint's open sessions: counted, listed, looked up, and sent to all at once.

use std::vec;

use crate::coder::Encode;
use crate::host::sessions as wit;
use crate::send::SendError;
use crate::session::Session;

pub use crate::bindings::sockhop::websocket::sessions::BroadcastOutcome;

/// How many ids are asked of the host at a time: as many as the contract gives in one answer.
pub const PAGE_IDS_MAX: u32 = 1000;

/// Which of the open sessions of this endpoint are meant (Jakarta `getOpenSessions`).
///
/// The endpoint is the one that the calling instance serves: one path of one deployment, with the
/// sessions of all its instances and revisions. Every function asks the host anew.
///
/// ```no_run
/// use sockhop_guest::{OpenSessions, Result, Session};
///
/// fn announce(session: &Session, room: &str) -> Result {
///     let others = OpenSessions::all().with_parameter("room", room).except(session.id());
///     others.broadcast("somebody came in")?;
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct OpenSessions(wit::Selection);

impl OpenSessions {
    /// All open sessions of the endpoint, the caller's own among them.
    #[must_use]
    pub fn all() -> Self {
        Self(wit::Selection { path_parameters: Vec::new(), except: Vec::new() })
    }

    /// Only those whose path parameter `name` has this value, percent-decoded.
    #[must_use]
    pub fn with_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.path_parameters.push((name.into(), value.into()));
        self
    }

    /// Without the session that has this id.
    #[must_use]
    pub fn except(mut self, id: impl Into<String>) -> Self {
        self.0.except.push(id.into());
        self
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        wit::count(&self.0)
    }

    /// Their ids, oldest first. The host is asked for [`PAGE_IDS_MAX`] at a time, while the
    /// iterator runs: a session that opens meanwhile may be among them.
    pub fn ids(&self) -> impl Iterator<Item = String> {
        Pages::new(|after: Option<&str>| wit::ids(&self.0, after, PAGE_IDS_MAX))
    }

    /// Handles to them, oldest first; without those that close while the iterator runs.
    pub fn iter(&self) -> impl Iterator<Item = Session> {
        self.ids().filter_map(|id| Self::get(&id))
    }

    /// A handle to the open session of the endpoint that has this id, or nothing where there is
    /// none.
    #[must_use]
    pub fn get(id: &str) -> Option<Session> {
        wit::get(id).map(Session::new)
    }

    /// Queues a message for each of them. It is encoded once.
    ///
    /// Two broadcasts by the same instance arrive everywhere in the order in which they were
    /// made; those of different instances may arrive in different orders.
    ///
    /// # Errors
    ///
    /// [`SendError::Encode`] and no other: a session that is slow is in
    /// [`BroadcastOutcome::refused`], one that closes meanwhile is left out.
    pub fn broadcast(&self, message: impl Encode) -> Result<BroadcastOutcome, SendError> {
        Ok(wit::broadcast(&message.encode()?, &self.0))
    }
}

impl BroadcastOutcome {
    /// Handles to the sessions that refused the message and are open still.
    pub fn refused_sessions(&self) -> impl Iterator<Item = Session> {
        self.refused.iter().filter_map(|id| OpenSessions::get(id))
    }
}

/// The items of all pages, one after the other. A page begins behind the last item of the one
/// before; an empty page is the last.
struct Pages<F> {
    fetch: F,
    page: vec::IntoIter<String>,
    last: Option<String>,
    done: bool,
}

impl<F: FnMut(Option<&str>) -> Vec<String>> Pages<F> {
    fn new(fetch: F) -> Self {
        Self { fetch, page: Vec::new().into_iter(), last: None, done: false }
    }
}

impl<F: FnMut(Option<&str>) -> Vec<String>> Iterator for Pages<F> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        if self.page.len() == 0 && !self.done {
            let page = (self.fetch)(self.last.as_deref());
            self.done = page.is_empty();
            self.last = page.last().cloned();
            self.page = page.into_iter();
        }
        self.page.next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_holds_all_that_was_asked() {
        let chosen = OpenSessions::all().with_parameter("room", "tea").except("a").except("b");
        assert_eq!(chosen.0.path_parameters, [("room".to_owned(), "tea".to_owned())]);
        assert_eq!(chosen.0.except, ["a", "b"]);
    }

    #[test]
    fn pages_follow_each_other_until_an_empty_one() {
        let ids: Vec<String> = (10..17).map(|id| id.to_string()).collect();
        let mut asked = Vec::new();
        let fetch = |after: Option<&str>| {
            asked.push(after.map(str::to_owned));
            let behind = |id: &&String| after.is_none_or(|after| id.as_str() > after);
            ids.iter().filter(behind).take(3).cloned().collect()
        };
        assert_eq!(Pages::new(fetch).collect::<Vec<_>>(), ids);
        let expected = [None, Some("12"), Some("15"), Some("16")];
        assert_eq!(asked, expected.map(|after| after.map(str::to_owned)));
    }

    #[test]
    fn nothing_is_fetched_before_it_is_wanted_nor_after_the_end() {
        let mut fetches = 0;
        {
            let mut pages = Pages::new(|_: Option<&str>| {
                fetches += 1;
                Vec::new()
            });
            assert_eq!(pages.next(), None);
            assert_eq!(pages.next(), None);
        }
        assert_eq!(fetches, 1);
    }
}
