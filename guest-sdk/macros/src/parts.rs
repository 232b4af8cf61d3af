//! `export_in_parts!`: the exports of a component that takes messages piece by piece.
//!
//! `parts` names the resource that `endpoint` exports, so both are exported by the same bindings;
//! and the SDK's own must not export `parts`, or every component would have to. See
//! [`configurator`](crate::configurator).

use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

/// The contract: the files of the package, to be wrapped as one.
const CONTRACT: [&str; 6] = [
    include_str!("../../../wit/types.wit"),
    include_str!("../../../wit/session.wit"),
    include_str!("../../../wit/sessions.wit"),
    include_str!("../../../wit/deployment.wit"),
    include_str!("../../../wit/endpoint.wit"),
    include_str!("../../../wit/parts.wit"),
];

/// What such a component exports.
fn world() -> String {
    let contract = CONTRACT.concat();
    format!(
        "package sockhop:guest;\n\
         world parts {{\n\
         export sockhop:websocket/deployment@0.1.0;\n\
         export sockhop:websocket/endpoint@0.1.0;\n\
         export sockhop:websocket/parts@0.1.0;\n\
         }}\n\
         package sockhop:websocket@0.1.0 {{\n{contract}}}\n"
    )
}

/// Expands the macro for a component.
pub(crate) fn expand(component: &Type) -> TokenStream {
    let world = world();
    let glue = glue(component);
    quote! {
        #[doc(hidden)]
        #[allow(missing_docs, reason = "generated code")]
        mod __sockhop_parts {
            ::sockhop_guest::__private::wit_bindgen::generate!({
                inline: #world,
                world: "parts",
                with: {
                    "sockhop:websocket/types@0.1.0":
                        ::sockhop_guest::__private::bindings::sockhop::websocket::types,
                    "sockhop:websocket/session@0.1.0":
                        ::sockhop_guest::__private::bindings::sockhop::websocket::session,
                    "sockhop:websocket/deployment@0.1.0": generate,
                    "sockhop:websocket/endpoint@0.1.0": generate,
                    "sockhop:websocket/parts@0.1.0": generate,
                },
                runtime_path: "::sockhop_guest::__private::wit_bindgen::rt",
            });
        }
        #glue
    }
}

/// From the exports to the SDK's dispatch.
fn glue(component: &Type) -> TokenStream {
    quote! {
        const _: () = {
            use ::sockhop_guest::{__private::OpenSession, CloseEvent, Message, SessionError};
            use __sockhop_parts::exports::sockhop::websocket::{deployment, endpoint, parts};

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

            impl parts::Guest for Exported {
                fn on_part(
                    endpoint: endpoint::EndpointBorrow<'_>,
                    piece: Message,
                    last: bool,
                ) -> ::std::result::Result<(), ::std::string::String> {
                    endpoint.get::<Opened>().0.on_part(piece, last)
                }
            }

            __sockhop_parts::export!(Exported with_types_in __sockhop_parts);
        };
    }
}
