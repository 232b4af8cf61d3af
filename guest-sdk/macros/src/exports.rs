//! `export_with!`: the exports of components that take messages in pieces or in batches, or hear of
//! pongs, of what has left or of timers.
//!
//! These exports name the resource that `endpoint` exports, so all are exported by the same
//! bindings; and the SDK's own must not export them, or every component would have to. See
//! [`configurator`](crate::configurator).

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, Result, Token, Type, bracketed};

/// The contract: the files of the package, to be wrapped as one.
const CONTRACT: [&str; 12] = [
    include_str!("../../../wit/types.wit"),
    include_str!("../../../wit/session.wit"),
    include_str!("../../../wit/sessions.wit"),
    include_str!("../../../wit/container.wit"),
    include_str!("../../../wit/deployment.wit"),
    include_str!("../../../wit/endpoint.wit"),
    include_str!("../../../wit/parts.wit"),
    include_str!("../../../wit/batches.wit"),
    include_str!("../../../wit/pongs.wit"),
    include_str!("../../../wit/completions.wit"),
    include_str!("../../../wit/timers.wit"),
    include_str!("../../../wit/timer-events.wit"),
];

/// Endpoints and what their component exports beside them.
pub(crate) struct Exports {
    endpoints: Vec<Type>,
    parts: bool,
    batches: bool,
    pongs: bool,
    completions: bool,
    timers: bool,
    configurator: Option<Type>,
}

impl Parse for Exports {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let listed;
        bracketed!(listed in input);
        let endpoints = Punctuated::<Type, Token![,]>::parse_terminated(&listed)?;
        let mut exports = Self {
            endpoints: endpoints.into_iter().collect(),
            parts: false,
            batches: false,
            pongs: false,
            completions: false,
            timers: false,
            configurator: None,
        };
        let mut words = Vec::new();
        while !input.is_empty() {
            let word: Ident = input.fork().parse()?;
            if words.contains(&word) {
                return Err(Error::new_spanned(
                    &word,
                    format!("`{word}` is said twice; once does"),
                ));
            }
            words.push(word);
            exports.word(input)?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(exports)
    }
}

impl Exports {
    /// One of the words behind the endpoints.
    fn word(&mut self, input: ParseStream<'_>) -> Result<()> {
        let name: Ident = input.parse()?;
        match name.to_string().as_str() {
            "parts" => self.parts = true,
            "batches" => self.batches = true,
            "pongs" => self.pongs = true,
            "completions" => self.completions = true,
            "timers" => self.timers = true,
            "configurator" => {
                input.parse::<Token![=]>()?;
                self.configurator = Some(input.parse()?);
            }
            "keys" => {
                let told = "`keys = …` comes first: `export!(Chat; keys = Rooms, pongs)`";
                return Err(Error::new_spanned(name, told));
            }
            _ => {
                let told =
                    "`parts`, `batches`, `pongs`, `completions`, `timers` or `configurator = …`";
                return Err(Error::new_spanned(name, told));
            }
        }
        if self.parts && self.batches {
            let told = "a message comes in pieces or with others: `parts` or `batches`, not both";
            return Err(Error::new_spanned(name, told));
        }
        Ok(())
    }

    /// The component as the SDK's dispatch knows it.
    fn component(&self) -> TokenStream {
        let of = match (self.parts, self.batches) {
            (true, _) => quote!(in_parts),
            (_, true) => quote!(in_batches),
            _ => quote!(of),
        };
        let without_pongs = (!self.pongs).then(|| quote!(.without_pongs()));
        let without_completions = (!self.completions).then(|| quote!(.without_completions()));
        let without_timers = (!self.timers).then(|| quote!(.without_timers()));
        let endpoints = &self.endpoints;
        quote! {
            struct Component;

            impl ::sockhop_guest::__private::Component for Component {
                const ENDPOINTS: &'static [::sockhop_guest::__private::Entry] = &[#(
                    ::sockhop_guest::__private::Entry::#of::<#endpoints>()
                        #without_pongs
                        #without_completions
                        #without_timers
                ),*];
            }
        }
    }
}

impl Exports {
    /// The interfaces of the contract, by name.
    fn interfaces(&self) -> Vec<&'static str> {
        let optional = [
            (self.parts, "parts"),
            (self.batches, "batches"),
            (self.pongs, "pongs"),
            (self.completions, "completions"),
            (self.timers, "timer-events"),
        ];
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
    let configurator = exports.configurator.as_ref().map(crate::configurator::expand);
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
        #configurator
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
    let completions = exports.completions.then(|| {
        quote! {
            impl __sockhop_exports::exports::sockhop::websocket::completions::Guest for Exported {
                fn on_sent(
                    endpoint: endpoint::EndpointBorrow<'_>,
                    token: u64,
                ) -> ::std::result::Result<(), ::std::string::String> {
                    endpoint.get::<Opened>().0.on_sent(token)
                }
            }
        }
    });
    let timers = exports.timers.then(|| {
        quote! {
            impl __sockhop_exports::exports::sockhop::websocket::timer_events::Guest for Exported {
                fn on_timer(
                    endpoint: endpoint::EndpointBorrow<'_>,
                    token: u64,
                ) -> ::std::result::Result<(), ::std::string::String> {
                    endpoint.get::<Opened>().0.on_timer(token)
                }
            }
        }
    });
    quote!(#parts #batches #pongs #completions #timers)
}

/// From the exports to the SDK's dispatch.
fn glue(exports: &Exports) -> TokenStream {
    let component = exports.component();
    let optional = optional(exports);
    quote! {
        const _: () = {
            use ::sockhop_guest::{__private::OpenSession, CloseEvent, Message, SessionError};
            use __sockhop_exports::exports::sockhop::websocket::{deployment, endpoint};

            #component

            struct Exported;

            struct Opened(OpenSession);

            impl deployment::Guest for Exported {
                fn describe() -> ::std::vec::Vec<::sockhop_guest::EndpointConfig> {
                    ::sockhop_guest::__private::describe::<Component>()
                }
            }

            impl endpoint::Guest for Exported {
                type Endpoint = Opened;
            }

            impl endpoint::GuestEndpoint for Opened {
                fn open(
                    session: endpoint::Session,
                ) -> ::std::result::Result<endpoint::Endpoint, ::std::string::String> {
                    let opened = OpenSession::open::<Component>(session)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn exports(input: TokenStream) -> std::result::Result<Exports, String> {
        syn::parse2(input).map_err(|error| error.to_string())
    }

    #[test]
    fn batches_are_one_of_the_words_in_any_order() {
        let words = [
            quote!([Feed] batches),
            quote!([Feed] batches, completions, pongs,),
            quote!([Feed, Other] pongs, batches, configurator = Gate),
        ];
        for words in words {
            let what = words.to_string();
            let exports = exports(words).expect(&what);
            let component = exports.component().to_string();
            assert!(component.contains("Entry :: in_batches :: < Feed >"), "{component}");
            assert!(exports.interfaces().contains(&"batches"), "{what}");
            assert!(exports.world().contains("export sockhop:websocket/batches@0.1.0;"), "{what}");
        }
    }

    #[test]
    fn timers_are_a_word_for_their_events() {
        let exports = exports(quote!([Feed] timers, pongs)).expect("two words");
        assert!(exports.interfaces().contains(&"timer-events"));
        assert!(!exports.component().to_string().contains("without_timers"));
    }

    #[test]
    fn pieces_and_batches_do_not_go_together() {
        for words in [quote!([Feed] parts, batches), quote!([Feed] batches, pongs, parts)] {
            let what = words.to_string();
            let told = exports(words).err().expect(&what);
            assert!(told.contains("`parts` or `batches`, not both"), "{what}: {told}");
        }
    }

    #[test]
    fn a_word_that_is_none_is_told_which_there_are() {
        let told = exports(quote!([Feed] bunches)).err().expect("no such word");
        assert!(told.contains("`batches`") && told.contains("`completions`"), "{told}");
    }

    #[test]
    fn a_word_is_said_once_and_keys_are_the_first() {
        for (words, expected) in [
            (quote!([Feed] pongs, batches, pongs), "`pongs` is said twice"),
            (quote!([Feed] configurator = A, configurator = B), "`configurator` is said twice"),
            (quote!([Feed] pongs, keys = Rooms), "`keys = …` comes first"),
        ] {
            let what = words.to_string();
            let told = exports(words).err().expect(&what);
            assert!(told.contains(expected), "{what}: {told}");
        }
    }
}
