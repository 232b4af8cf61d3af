//! Saying which sessions share an instance: the trait that user code implements where it wants to.

use crate::{HandshakeRequest, Result, logging};

/// The longest key that a host takes, in bytes of UTF-8.
pub const INSTANCE_KEY_BYTES_MAX: usize = 1024;

/// Says which sessions of an endpoint belong together: those with the same key share one instance,
/// and so its `static`s; others never do.
///
/// It is made the component's by `export!(Chat; keys = Rooms)`, and asked where the operator
/// deploys it with `instancing = "keyed"` and names no variable of the path to be the `key`.
///
/// ```
/// use sockhop_guest::{HandshakeRequest, InstanceKeys, Result};
///
/// struct Rooms;
///
/// impl InstanceKeys for Rooms {
///     fn instance_key(_endpoint_path: &str, request: HandshakeRequest) -> Result<String> {
///         Ok(request.query_parameter("room").unwrap_or_default().to_lowercase())
///     }
/// }
/// ```
pub trait InstanceKeys {
    /// The key of the session that a handshake to the endpoint with this path would begin, of at
    /// most [`INSTANCE_KEY_BYTES_MAX`].
    ///
    /// It is called in an instance that serves no session: no state is shared with any. Other
    /// handshakes wait meanwhile. Peers are refused by a [`Configurator`](crate::Configurator),
    /// which is asked afterwards, in the instance of the key.
    ///
    /// # Errors
    ///
    /// Whatever the guest likes; the handshake is answered with status 500, and the deployment's
    /// log says why. So it is after a panic, and with a key that is too long.
    fn instance_key(endpoint_path: &str, request: HandshakeRequest) -> Result<String>;
}

/// Asks for a key, for the code that `export!` writes.
///
/// # Errors
///
/// What the guest's own function says.
#[doc(hidden)]
pub fn instance_key<K: InstanceKeys>(
    endpoint_path: &str,
    request: HandshakeRequest,
) -> Result<String, String> {
    logging::install();
    K::instance_key(endpoint_path, request).map_err(|error| error.to_string())
}
