//! The macros of `sockhop-guest`, which re-exports them. Use that crate, not this one.

mod arguments;
mod coders;
mod configurator;
mod endpoint;
mod exports;
mod keys;
mod opening;
mod template;

use proc_macro::TokenStream;
use syn::{Error, Item, ItemImpl, Type, parse_macro_input};

/// Says where an endpoint is found and what it allows (Jakarta `@ServerEndpoint`).
///
/// Stands on an `impl Endpoint for …` and writes the `ServerEndpoint` that goes with it.
///
/// ```text
/// #[endpoint("/chat/{room}", max_message_size = 64 * 1024, subprotocols = ["chat.v1"])]
/// impl Endpoint for Chat { … }
/// ```
///
/// - The path is a URI template, and checked here: it starts with `/`, no segment is empty (but
///   the last, after a trailing slash), `.` or `..`, a variable is a whole segment, and a
///   variable's name appears once.
/// - `max_message_size`: the largest message, in bytes; a constant expression. The operator's
///   limit holds where it is lower, and where this is left out.
/// - `subprotocols`: a list of those that the endpoint speaks. Those that are written out are
///   checked here.
/// - `properties`: a list of pairs `("name", "value")` that each session starts with.
///
/// Any other key is a compile error. The types `Incoming` and `Reply` of the trait are read off
/// the signature of `on_message` where they are not written.
///
/// `on_open` may take variables of the path behind the session, by their names and of any type
/// that has `FromStr` (Jakarta `@PathParam`). One that cannot be parsed is an error of `on_open`,
/// which names it: the session is closed with 1011. A name that the path has not is a compile
/// error.
///
/// ```text
/// #[endpoint("/chat/{room}")]
/// impl Endpoint for Chat {
///     fn on_open(session: Session, room: u32) -> Result<Self> { … }
/// ```
///
/// The last segment may be a catch-all: the `rest: String` of `/files/{*rest}` is all that follows,
/// one segment or more, such as `a/b`. Every path without a catch-all comes before it.
#[proc_macro_attribute]
pub fn endpoint(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as arguments::Arguments);
    let item = parse_macro_input!(item as ItemImpl);
    endpoint::expand(&arguments, item).unwrap_or_else(Error::into_compile_error).into()
}

/// Says what serves connections that the component itself opens (Jakarta `@ClientEndpoint`).
///
/// Stands on an `impl Endpoint for …`, `impl PartialEndpoint for …` or `impl BatchEndpoint for …`,
/// as [`endpoint`](macro@endpoint) does, and is exported with the others.
///
/// ```text
/// #[client_endpoint("feed", subprotocols = ["feed.v1"])]
/// impl Endpoint for Feed { … }
/// ```
///
/// - The name is what sessions give as their endpoint's path: 1 to 255 bytes that do not begin with
///   a slash.
/// - `subprotocols`: those to offer, the preferred one first.
/// - `max_message_size` and `properties`: as for servers.
#[proc_macro_attribute]
pub fn client_endpoint(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments::Client(arguments) = parse_macro_input!(arguments as arguments::Client);
    let item = parse_macro_input!(item as ItemImpl);
    endpoint::expand_client(&arguments, item).unwrap_or_else(Error::into_compile_error).into()
}

/// Makes a chain of decoders of an enum: each variant holds one type that has `Decode`, and they
/// are asked in the order in which they stand.
#[proc_macro_derive(Decode)]
pub fn derive_decode(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as Item);
    coders::decode(&item).unwrap_or_else(Error::into_compile_error).into()
}

/// Encodes an enum: each variant holds one type that has `Encode`.
#[proc_macro_derive(Encode)]
pub fn derive_encode(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as Item);
    coders::encode(&item).unwrap_or_else(Error::into_compile_error).into()
}

/// Exports a configurator; `export!` uses this.
#[doc(hidden)]
#[proc_macro]
pub fn export_configurator(input: TokenStream) -> TokenStream {
    let configurator = parse_macro_input!(input as Type);
    configurator::expand(&configurator).into()
}

/// Exports who says which sessions share an instance; `export!` uses this.
#[doc(hidden)]
#[proc_macro]
pub fn export_keys(input: TokenStream) -> TokenStream {
    let keys = parse_macro_input!(input as Type);
    keys::expand(&keys).into()
}

/// Exports the endpoints of a component with optional exports that concern them; `export!` uses
/// this.
#[doc(hidden)]
#[proc_macro]
pub fn export_with(input: TokenStream) -> TokenStream {
    let exports = parse_macro_input!(input as exports::Exports);
    exports::expand(&exports).into()
}
