//! `export_keys!`: the contract's `keys`, exported by the crate that has them. See
//! [`configurator`](crate::configurator).

use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

/// The contract: the files of the package, to be wrapped as one.
const CONTRACT: [&str; 2] =
    [include_str!("../../../wit/types.wit"), include_str!("../../../wit/keys.wit")];

/// The world that a crate with keys adds to the SDK's.
fn world() -> String {
    let contract = CONTRACT.concat();
    format!(
        "package sockhop:guest;\n\
         world keys {{ export sockhop:websocket/keys@0.1.0; }}\n\
         package sockhop:websocket@0.1.0 {{\n{contract}}}\n"
    )
}

/// Expands the macro for this type.
pub(crate) fn expand(keys: &Type) -> TokenStream {
    let world = world();
    quote! {
        #[doc(hidden)]
        #[allow(missing_docs, reason = "generated code")]
        mod __sockhop_keys {
            ::sockhop_guest::__private::wit_bindgen::generate!({
                inline: #world,
                world: "keys",
                with: {
                    "sockhop:websocket/types@0.1.0":
                        ::sockhop_guest::__private::bindings::sockhop::websocket::types,
                    "sockhop:websocket/keys@0.1.0": generate,
                },
                runtime_path: "::sockhop_guest::__private::wit_bindgen::rt",
            });
        }

        const _: () = {
            use __sockhop_keys::exports::sockhop::websocket::keys as wit;

            struct Exported;

            impl wit::Guest for Exported {
                fn instance_key(
                    endpoint_path: ::std::string::String,
                    request: wit::HandshakeRequest,
                ) -> ::std::result::Result<::std::string::String, ::std::string::String> {
                    ::sockhop_guest::__private::instance_key::<#keys>(&endpoint_path, request)
                }
            }

            __sockhop_keys::export!(Exported with_types_in __sockhop_keys);
        };
    }
}
