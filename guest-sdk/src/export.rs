//! `export!`: makes a component of endpoints.

/// Exports endpoints, and a configurator where there is one, as this component's own. Used once
/// in a component, in a crate that knows this one as `sockhop_guest`.
///
/// ```
/// # use sockhop_guest::*;
/// # struct Chat;
/// # struct Lobby;
/// # #[endpoint("/chat/{room}")]
/// # impl Endpoint for Chat {
/// #     fn on_open(_session: Session) -> Result<Self> { Ok(Chat) }
/// #     fn on_message(&mut self, _message: Message) -> Result { Ok(()) }
/// # }
/// # #[endpoint("/lobby")]
/// # impl Endpoint for Lobby {
/// #     fn on_open(_session: Session) -> Result<Self> { Ok(Lobby) }
/// #     fn on_message(&mut self, _message: Message) -> Result { Ok(()) }
/// # }
/// # struct Gate;
/// # impl Configurator for Gate {
/// #     fn handshake(_path: &str, request: HandshakeRequest) -> Decision {
/// #         Decision::accept(&request)
/// #     }
/// # }
/// // Two endpoints, each at its own path, and a configurator for both. A component with one
/// // endpoint and no configurator says `export!(Chat);`.
/// export!(Chat, Lobby; configurator = Gate);
/// # fn main() {}
/// ```
///
/// `export!(Upload; parts)` exports endpoints that are a
/// [`PartialEndpoint`](crate::PartialEndpoint), and
/// `export!(Upload; parts, configurator = Gate)` a configurator beside them.
///
/// `export!(Feed; batches)` exports endpoints that are a [`BatchEndpoint`](crate::BatchEndpoint). A
/// component has `parts` or `batches`, not both.
///
/// `export!(Chat; pongs)` exports endpoints that override
/// [`on_pong`](crate::Endpoint::on_pong), `export!(Chat; completions)` such as override
/// [`on_sent`](crate::Endpoint::on_sent), and `export!(Chat; timers)` such as override
/// [`on_timer`](crate::Endpoint::on_timer). `export!(Chat; keys = Rooms)` says which sessions share
/// an instance, by [`InstanceKeys`](crate::InstanceKeys). The words are given in any order, but
/// `keys = …` the first and `configurator = …` the last.
///
/// ```
/// # use sockhop_guest::*;
/// struct Watch(Session);
///
/// #[endpoint("/watch")]
/// impl Endpoint for Watch {
///     fn on_open(session: Session) -> Result<Self> {
///         session.ping("are you there?")?;
///         Ok(Watch(session))
///     }
///
///     fn on_message(&mut self, _message: Message) -> Result { Ok(()) }
///
///     fn on_pong(&mut self, _data: Vec<u8>) -> Result {
///         Ok(self.0.send("you are")?)
///     }
/// }
///
/// export!(Watch; pongs);
/// # fn main() {}
/// ```
///
/// A component whose `export!` names no configurator does not export one, and no handshake costs
/// it a call.
#[macro_export]
macro_rules! export {
    ($($endpoint:ty),+ $(,)?) => {
        const _: () = {
            struct Component;
            impl $crate::__private::Component for Component {
                const ENDPOINTS: &'static [$crate::__private::Entry] =
                    &[$($crate::__private::Entry::of::<$endpoint>()
                        .without_pongs()
                        .without_completions()
                        .without_timers()),+];
            }
            type Exported = $crate::__private::Exported<Component>;
            $crate::__private::bindings::export!(
                Exported with_types_in $crate::__private::bindings
            );
        };
    };
    ($($endpoint:ty),+ $(,)?; keys = $keys:ty $(,)?) => {
        $crate::export!($($endpoint),+);
        $crate::__private::export_keys!($keys);
    };
    ($($endpoint:ty),+ $(,)?; keys = $keys:ty, keys = $($rest:tt)+) => {
        compile_error!("`keys` is said twice");
    };
    ($($endpoint:ty),+ $(,)?; keys = $keys:ty, $($rest:tt)+) => {
        $crate::export!($($endpoint),+; $($rest)+);
        $crate::__private::export_keys!($keys);
    };
    ($($endpoint:ty),+ $(,)?; configurator = $configurator:ty $(,)?) => {
        $crate::export!($($endpoint),+);
        $crate::__private::export_configurator!($configurator);
    };
    ($($endpoint:ty),+ $(,)?; $($words:tt)+) => {
        $crate::__private::export_with!([$($endpoint),+] $($words)+);
    };
}
