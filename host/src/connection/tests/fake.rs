//! A guest that does as the test says, and records what it is called with.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use sockhop_session::batch::Entry;
use sockhop_session::port::{Endpoint, Fault, SessionError, Trap, TrapKind};
use sockhop_session::{Batch, CloseEvent, Kind, Message};
use tokio::sync::{Mutex, watch};

type Answer<T> = Pin<Box<dyn Future<Output = T> + Send>>;

type OnMessage = Box<dyn FnMut(Message) -> Answer<Result<Option<Message>, Fault>> + Send>;

type OnTimer = Box<dyn FnMut(u64) -> Answer<Result<(), Fault>> + Send>;

/// One call, at its begin.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Call {
    Open,
    Message(Message),
    Part(Message, bool),
    Batch(Vec<Message>),
    Pong(Bytes),
    Sent(u64),
    Timer(u64),
    Error(SessionError),
    Close(CloseEvent),
    Finish,
}

/// All calls so far.
#[derive(Clone)]
pub(super) struct Calls(watch::Receiver<Vec<Call>>);

impl Calls {
    pub(super) fn all(&self) -> Vec<Call> {
        self.0.borrow().clone()
    }

    /// Waits for this many calls.
    pub(super) async fn reached(&self, count: usize) {
        let mut calls = self.0.clone();
        calls.wait_for(|calls| calls.len() >= count).await.expect("the guest is still there");
    }

    /// The messages among them.
    pub(super) fn messages(&self) -> Vec<Message> {
        let message = |call| if let Call::Message(message) = call { Some(message) } else { None };
        self.all().into_iter().filter_map(message).collect()
    }

    /// The one `on_close`, and that `finish` followed it, once and last.
    pub(super) fn close_and_finish(&self) -> CloseEvent {
        let calls = self.all();
        let count = |which: fn(&Call) -> bool| calls.iter().filter(|call| which(call)).count();
        assert_eq!(count(|call| matches!(call, Call::Open)), 1, "{calls:?}");
        assert_eq!(count(|call| matches!(call, Call::Close(_))), 1, "{calls:?}");
        assert_eq!(count(|call| matches!(call, Call::Finish)), 1, "{calls:?}");
        assert_eq!(calls.last(), Some(&Call::Finish), "{calls:?}");
        let close = calls.into_iter().find_map(|call| match call {
            Call::Close(event) => Some(event),
            _ => None,
        });
        close.expect("counted above")
    }
}

/// The guest.
pub(super) struct Fake {
    calls: watch::Sender<Vec<Call>>,
    /// Held during each call: a second call at the same time would not get it.
    busy: Arc<Mutex<()>>,
    open: Option<Answer<Result<(), Fault>>>,
    message: OnMessage,
    timer: OnTimer,
    takes_parts: bool,
    takes_batches: bool,
    hears_pongs: bool,
    hears_completions: bool,
    error: Option<Trap>,
    close: Result<(), Fault>,
    during_close: Box<dyn FnMut() + Send>,
    during_sent: Box<dyn FnMut(u64) + Send>,
    finish: Result<(), Trap>,
}

impl Fake {
    /// Accepts everything and answers nothing.
    pub(super) fn silent() -> Self {
        Self {
            calls: watch::channel(Vec::new()).0,
            busy: Arc::default(),
            open: None,
            message: Box::new(|_message| Box::pin(async { Ok(None) })),
            timer: Box::new(|_token| Box::pin(async { Ok(()) })),
            takes_parts: false,
            takes_batches: false,
            hears_pongs: false,
            hears_completions: false,
            error: None,
            close: Ok(()),
            during_close: Box::new(|| {}),
            during_sent: Box::new(|_token| {}),
            finish: Ok(()),
        }
    }

    /// Answers each message with itself.
    pub(super) fn echo() -> Self {
        Self::silent().on_message(|message| async move { Ok(Some(message)) })
    }

    pub(super) fn on_open<F>(mut self, answer: F) -> Self
    where
        F: Future<Output = Result<(), Fault>> + Send + 'static,
    {
        self.open = Some(Box::pin(answer));
        self
    }

    pub(super) fn on_message<F>(
        mut self,
        mut answer: impl FnMut(Message) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Option<Message>, Fault>> + Send + 'static,
    {
        self.message = Box::new(move |message| Box::pin(answer(message)));
        self
    }

    pub(super) fn on_timer<F>(mut self, mut answer: impl FnMut(u64) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<(), Fault>> + Send + 'static,
    {
        self.timer = Box::new(move |token| Box::pin(answer(token)));
        self
    }

    /// Takes messages piece by piece, and does with each what `on_message` says.
    pub(super) fn takes_parts(mut self) -> Self {
        self.takes_parts = true;
        self
    }

    /// Takes several messages in one call, and does with each what `on_message` says.
    pub(super) fn takes_batches(mut self) -> Self {
        self.takes_batches = true;
        self
    }

    pub(super) fn hears_pongs(mut self) -> Self {
        self.hears_pongs = true;
        self
    }

    pub(super) fn hears_completions(mut self) -> Self {
        self.hears_completions = true;
        self
    }

    pub(super) fn traps_in_error(mut self) -> Self {
        self.error = Some(trapped("endpoint.on-error"));
        self
    }

    pub(super) fn on_close(mut self, answer: Result<(), Fault>) -> Self {
        self.close = answer;
        self
    }

    /// Runs while `on_close` does.
    pub(super) fn during_close(mut self, run: impl FnMut() + Send + 'static) -> Self {
        self.during_close = Box::new(run);
        self
    }

    /// Hears of tokens, and runs while it does.
    pub(super) fn during_sent(self, run: impl FnMut(u64) + Send + 'static) -> Self {
        Self { during_sent: Box::new(run), ..self.hears_completions() }
    }

    pub(super) fn traps_in_finish(mut self) -> Self {
        self.finish = Err(trapped("the endpoint's destructor"));
        self
    }

    pub(super) fn calls(&self) -> Calls {
        Calls(self.calls.subscribe())
    }

    fn begin(&self, call: Call) -> tokio::sync::OwnedMutexGuard<()> {
        self.calls.send_modify(|calls| calls.push(call));
        Arc::clone(&self.busy).try_lock_owned().expect("one call at a time")
    }
}

impl Endpoint for Fake {
    async fn open(&mut self) -> Result<(), Fault> {
        let _busy = self.begin(Call::Open);
        match self.open.take() {
            Some(answer) => answer.await,
            None => Ok(()),
        }
    }

    async fn on_message(&mut self, message: Message) -> Result<Option<Message>, Fault> {
        let _busy = self.begin(Call::Message(message.clone()));
        (self.message)(message).await
    }

    fn takes_parts(&self) -> bool {
        self.takes_parts
    }

    async fn on_part(&mut self, piece: Message, last: bool) -> Result<(), Fault> {
        let _busy = self.begin(Call::Part(piece.clone(), last));
        (self.message)(piece).await.map(|_| ())
    }

    fn takes_batches(&self) -> bool {
        self.takes_batches
    }

    async fn on_messages(&mut self, batch: Batch) -> Result<(), Fault> {
        let messages = messages_of(&batch);
        let _busy = self.begin(Call::Batch(messages.clone()));
        for message in messages {
            (self.message)(message).await?;
        }
        Ok(())
    }

    fn hears_pongs(&self) -> bool {
        self.hears_pongs
    }

    async fn on_pong(&mut self, data: Bytes) -> Result<(), Fault> {
        let _busy = self.begin(Call::Pong(data));
        Ok(())
    }

    fn hears_completions(&self) -> bool {
        self.hears_completions
    }

    async fn on_sent(&mut self, token: u64) -> Result<(), Fault> {
        let _busy = self.begin(Call::Sent(token));
        (self.during_sent)(token);
        Ok(())
    }

    async fn on_timer(&mut self, token: u64) -> Result<(), Fault> {
        let _busy = self.begin(Call::Timer(token));
        (self.timer)(token).await
    }

    async fn on_error(&mut self, error: &SessionError) -> Result<(), Trap> {
        let _busy = self.begin(Call::Error(error.clone()));
        self.error.clone().map_or(Ok(()), Err)
    }

    async fn on_close(&mut self, event: &CloseEvent) -> Result<(), Fault> {
        let _busy = self.begin(Call::Close(event.clone()));
        (self.during_close)();
        self.close.clone()
    }

    async fn finish(&mut self) -> Result<(), Trap> {
        let _busy = self.begin(Call::Finish);
        self.finish.clone()
    }
}

fn messages_of(batch: &Batch) -> Vec<Message> {
    let message = |entry: &Entry| {
        let data =
            batch.data().slice(entry.offset as usize..(entry.offset + entry.length) as usize);
        match entry.kind {
            Kind::Text => Message::Text(data.try_into().expect("UTF-8")),
            Kind::Binary => Message::Binary(data),
        }
    };
    batch.entries().iter().map(message).collect()
}

pub(super) fn returned(text: &str) -> Fault {
    Fault::Returned(text.to_owned())
}

pub(super) fn trapped(call: &'static str) -> Trap {
    Trap { kind: TrapKind::Trapped, call, detail: "unreachable".to_owned() }
}

pub(super) fn gone(call: &'static str) -> Trap {
    Trap { kind: TrapKind::InstanceGone, call, detail: "another session's doing".to_owned() }
}
