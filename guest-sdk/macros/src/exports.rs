//! `export_with!`: the exports of components that take messages in pieces or in batches, or hear of
//! pongs.
//!
//! `parts`, `batches` and `pongs` name the resource that `endpoint` exports, so all are exported by
//! the same bindings; and the SDK's own must not export them, or every component would have to. See
//! [`configurator`](crate::configurator).

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, Result, Token, Type};

/// The contract: the files of the package, to be wrapped as one.
const CONTRACT: [&str; 8] = [
    include_str!("../../../wit/types.wit"),
    include_str!("../../../wit/session.wit"),
    include_str!("../../../wit/sessions.wit"),
    include_str!("../../../wit/deployment.wit"),
    include_str!("../../../wit/endpoint.wit"),
    include_str!("../../../wit/parts.wit"),
    include_str!("../../../wit/batches.wit"),
    include_str!("../../../wit/pongs.wit"),
];

/// A component and what it exports beside its endpoints.
pub(crate) struct Exports {
    component: Type,
    parts: bool,
    batches: bool,
    pongs: bool,
}

impl Parse for Exports {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let component = input.parse()?;
        input.parse::<Token![;]>()?;
        let mut exports = Self { component, parts: false, batches: false, pongs: false };
        for name in Punctuated::<Ident, Token![,]>::parse_terminated(input)? {
            match name.to_string().as_str() {
                "parts" => exports.parts = true,
                "batches" => exports.batches = true,
                "pongs" => exports.pongs = true,
                _ => return Err(Error::new_spanned(name, "`parts`, `batches` or `pongs`")),
            }
        }
        Ok(exports)
    }
}

impl Exports {
    /// The interfaces of the contract, by name.
    fn interfaces(&self) -> Vec<&'static str> {
        let optional = [(self.parts, "parts"), (self.batches, "batches"), (self.pongs, "pongs")];
        let optional = optional.into_iter().filter(|(is_there, _)| *is_there);
        ["deployment", "endpoint"].into_iter().chain(optional.map(|(_, name)| name)).collect()
    }

    /// What the component exports.
    fn world(&self) -> String {
        let contract = CONTRACT.concat();
        let exports: String = self
            .interfaces()
            .iter()
            .map(|name| format!("export sockhop:websocket/{name}@0.1.0;\n"))
            .collect();
        format!(
            "package sockhop:guest;\nworld exports {{\n{exports}}}\n\
             package sockhop:websocket@0.1.0 {{\n{contract}}}\n"
        )
    }
}

/// Expands the macro for a component.
pub(crate) fn expand(exports: &Exports) -> TokenStream {
    let world = exports.world();
    let glue = glue(exports);
    let generated = exports.interfaces().into_iter().map(|name| {
        let name = format!("sockhop:websocket/{name}@0.1.0");
        quote!(#name: generate)
    });
    quote! {
        #[doc(hidden)]
        #[allow(missing_docs, reason = "generated code")]
        mod __sockhop_exports {
            ::sockhop_guest::__private::wit_bindgen::generate!({
                inline: #world,
                world: "exports",
                with: {
                    "sockhop:websocket/types@0.1.0":
                        ::sockhop_guest::__private::bindings::sockhop::websocket::types,
                    "sockhop:websocket/session@0.1.0":
                        ::sockhop_guest::__private::bindings::sockhop::websocket::session,
                    #(#generated),*
                },
                runtime_path: "::sockhop_guest::__private::wit_bindgen::rt",
            });
        }
        #glue
    }
}

/// What the optional interfaces do.
fn optional(exports: &Exports) -> TokenStream {
    let parts = exports.parts.then(|| {
        quote! {
            impl __sockhop_exports::exports::sockhop::websocket::parts::Guest for Exported {
                fn on_part(
                    endpoint: endpoint::EndpointBorrow<'_>,
                    piece: Message,
                    last: bool,
                ) -> ::std::result::Result<(), ::std::string::String> {
                    endpoint.get::<Opened>().0.on_part(piece, last)
                }
            }
        }
    });
    let batches = exports.batches.then(|| {
        quote! {
            use __sockhop_exports::exports::sockhop::websocket::batches;

            impl batches::Guest for Exported {
                fn on_messages(
                    endpoint: endpoint::EndpointBorrow<'_>,
                    data: ::std::vec::Vec<u8>,
                    entries: ::std::vec::Vec<batches::Entry>,
                ) -> ::std::result::Result<(), ::std::string::String> {
                    let span = |entry: batches::Entry| ::sockhop_guest::__private::Span {
                        is_text: ::std::matches!(entry.kind, batches::MessageKind::Text),
                        offset: entry.offset,
                        length: entry.length,
                    };
                    let spans: ::std::vec::Vec<_> = entries.into_iter().map(span).collect();
                    endpoint.get::<Opened>().0.on_messages(&data, &spans)
                }
            }
        }
    });
    let pongs = exports.pongs.then(|| {
        quote! {
            impl __sockhop_exports::exports::sockhop::websocket::pongs::Guest for Exported {
                fn on_pong(
                    endpoint: endpoint::EndpointBorrow<'_>,
                    data: ::std::vec::Vec<u8>,
                ) -> ::std::result::Result<(), ::std::string::String> {
                    endpoint.get::<Opened>().0.on_pong(data)
                }
            }
        }
    });
    quote!(#parts #batches #pongs)
}

/// From the exports to the SDK's dispatch.
fn glue(exports: &Exports) -> TokenStream {
    let component = &exports.component;
    let optional = optional(exports);
    quote! {
        const _: () = {
            use ::sockhop_guest::{__private::OpenSession, CloseEvent, Message, SessionError};
            use __sockhop_exports::exports::sockhop::websocket::{deployment, endpoint};

            struct Exported;

            struct Opened(OpenSession);

            impl deployment::Guest for Exported {
                fn describe() -> ::std::vec::Vec<::sockhop_guest::EndpointConfig> {
                    ::sockhop_guest::__private::describe::<#component>()
                }
            }

            impl endpoint::Guest for Exported {
                type Endpoint = Opened;
            }

            impl endpoint::GuestEndpoint for Opened {
                fn open(
                    session: endpoint::Session,
                ) -> ::std::result::Result<endpoint::Endpoint, ::std::string::String> {
                    let opened = OpenSession::open::<#component>(session)?;
                    Ok(endpoint::Endpoint::new(Opened(opened)))
                }

                fn on_message(
                    &self,
                    message: Message,
                ) -> ::std::result::Result<::std::option::Option<Message>, ::std::string::String> {
                    self.0.on_message(message)
                }

                fn on_error(&self, error: endpoint::SessionError) {
                    self.0.on_error(match error {
                        endpoint::SessionError::Handler(text) => {
                            SessionError::Handler(text.into())
                        }
                        endpoint::SessionError::ReplyNotSent(error) => {
                            SessionError::ReplyNotSent(error.into())
                        }
                    });
                }

                fn on_close(
                    &self,
                    event: CloseEvent,
                ) -> ::std::result::Result<(), ::std::string::String> {
                    self.0.on_close(event)
                }
            }

            #optional

            __sockhop_exports::export!(Exported with_types_in __sockhop_exports);
        };
    }
}
