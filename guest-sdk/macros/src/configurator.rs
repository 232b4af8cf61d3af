//! `export_configurator!`: the contract's `configurator`, exported by the crate that has one.
//!
//! What is in the component type of a library must be exported by each component that links it.
//! So the bindings of an optional export are generated where `export!` asks for them, from the
//! contract's text, which travels in this macro.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

/// The contract: the files of the package, to be wrapped as one.
const CONTRACT: [&str; 2] =
    [include_str!("../../../wit/types.wit"), include_str!("../../../wit/configurator.wit")];

/// The world that a crate with a configurator adds to the SDK's.
fn world() -> String {
    let contract = CONTRACT.concat();
    format!(
        "package sockhop:guest;\n\
         world configurator {{ export sockhop:websocket/configurator@0.1.0; }}\n\
         package sockhop:websocket@0.1.0 {{\n{contract}}}\n"
    )
}

/// Expands the macro for this type.
pub(crate) fn expand(configurator: &Type) -> TokenStream {
    let world = world();
    quote! {
        #[doc(hidden)]
        #[allow(missing_docs, reason = "generated code")]
        mod __sockhop_configurator {
            ::sockhop_guest::__private::wit_bindgen::generate!({
                inline: #world,
                world: "configurator",
                with: {
                    "sockhop:websocket/types@0.1.0":
                        ::sockhop_guest::__private::bindings::sockhop::websocket::types,
                    "sockhop:websocket/configurator@0.1.0": generate,
                },
                runtime_path: "::sockhop_guest::__private::wit_bindgen::rt",
            });
        }

        const _: () = {
            use ::sockhop_guest::__private::{Parts, decide};
            use __sockhop_configurator::exports::sockhop::websocket::configurator as wit;

            struct Exported;

            impl wit::Guest for Exported {
                fn handshake(
                    endpoint_path: ::std::string::String,
                    request: wit::HandshakeRequest,
                ) -> wit::HandshakeDecision {
                    match decide::<#configurator>(&endpoint_path, request) {
                        Parts::Accept { accepted, headers } => {
                            wit::HandshakeDecision::Accept(wit::Acceptance {
                                subprotocol: accepted.subprotocol,
                                headers,
                                properties: accepted.properties,
                                extensions: accepted.extensions,
                                principal: accepted.principal,
                            })
                        }
                        Parts::Reject { status, headers, body } => {
                            wit::HandshakeDecision::Reject(wit::Rejection { status, headers, body })
                        }
                    }
                }
            }

            __sockhop_configurator::export!(
                Exported with_types_in __sockhop_configurator
            );
        };
    }
}
