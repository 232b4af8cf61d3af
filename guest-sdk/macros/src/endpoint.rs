//! `#[endpoint]`: completes an `impl Endpoint` and writes its `ServerEndpoint`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    Error, FnArg, GenericArgument, ImplItem, ImplItemFn, ItemImpl, PathArguments, Result,
    ReturnType, Type, parse_quote,
};

use crate::arguments::Arguments;
use crate::opening;

/// Expands the attribute on `item`.
pub(crate) fn expand(arguments: &Arguments, item: ItemImpl) -> Result<TokenStream> {
    expand_as(arguments, item, false)
}

fn expand_as(arguments: &Arguments, mut item: ItemImpl, is_client: bool) -> Result<TokenStream> {
    if takes_whole_messages(&item)? {
        let inferred = inferred_types(&item)?;
        item.items.splice(0..0, inferred);
    }
    opening::expand(&mut item, &arguments.path)?;
    let config = config(arguments, &item, is_client);
    Ok(quote!(#item #config))
}

/// Expands the attribute of a client's endpoint on `item`.
pub(crate) fn expand_client(arguments: &Arguments, item: ItemImpl) -> Result<TokenStream> {
    let self_ty = item.self_ty.clone();
    let expanded = expand_as(arguments, item, true)?;
    Ok(quote!(#expanded impl ::sockhop_guest::ClientEndpoint for #self_ty {}))
}

/// The types that `on_message` gives away and nobody has written.
fn inferred_types(item: &ItemImpl) -> Result<Vec<ImplItem>> {
    let on_message = on_message(item)?;
    let mut inferred: Vec<ImplItem> = Vec::new();
    if !has_type(item, "Incoming") {
        let incoming = incoming(on_message)?;
        inferred.push(parse_quote!(type Incoming = #incoming;));
    }
    if !has_type(item, "Reply") {
        let reply = reply(on_message)?;
        inferred.push(parse_quote!(type Reply = #reply;));
    }
    Ok(inferred)
}

/// Whether this is an `Endpoint`; otherwise it is a `PartialEndpoint` or a `BatchEndpoint`.
fn takes_whole_messages(item: &ItemImpl) -> Result<bool> {
    let told = "`#[endpoint]` stands on an `impl Endpoint for …`, `impl PartialEndpoint for …` or \
                `impl BatchEndpoint for …`";
    let Some((path, _)) = &item.trait_ else {
        return Err(Error::new_spanned(&item.self_ty, told));
    };
    let name = path.segments.last().map(|segment| segment.ident.to_string());
    let whole = match name.as_deref() {
        Some("Endpoint") => true,
        Some("PartialEndpoint" | "BatchEndpoint") => false,
        _ => return Err(Error::new_spanned(path, told)),
    };
    if let Some(generic) = item.generics.params.first() {
        let told = "an endpoint has no generics: the host opens one type at one path";
        return Err(Error::new_spanned(generic, told));
    }
    Ok(whole)
}

fn on_message(item: &ItemImpl) -> Result<&ImplItemFn> {
    let functions = item.items.iter().filter_map(|item| match item {
        ImplItem::Fn(function) => Some(function),
        _ => None,
    });
    functions.into_iter().find(|function| function.sig.ident == "on_message").ok_or_else(|| {
        Error::new_spanned(
            &item.self_ty,
            "the endpoint has no `on_message`: `fn on_message(&mut self, message: Message) -> \
             Result<Option<Message>>`",
        )
    })
}

fn has_type(item: &ItemImpl, name: &str) -> bool {
    item.items.iter().any(|item| matches!(item, ImplItem::Type(known) if known.ident == name))
}

fn has_function(item: &ItemImpl, name: &str) -> bool {
    item.items.iter().any(|item| matches!(item, ImplItem::Fn(known) if known.sig.ident == name))
}

/// The type of the one parameter beside `self`.
fn incoming(on_message: &ImplItemFn) -> Result<&Type> {
    let mut typed = on_message.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed.ty.as_ref()),
        _ => None,
    });
    let (Some(only), None) = (typed.next(), typed.next()) else {
        return Err(Error::new_spanned(
            &on_message.sig,
            "`on_message` takes `&mut self` and one message",
        ));
    };
    Ok(only)
}

/// The `T` of the `Result<T>` or `Result<T, E>` that is returned. Any path that ends in `Result`
/// is taken for one; the compiler holds it against the trait.
fn reply(on_message: &ImplItemFn) -> Result<Type> {
    let told = "`on_message` returns a `Result`: `Result<Option<Message>>`, or `Result<()>`; \
                where it has another name, write `type Reply = …;` in the `impl`";
    let ReturnType::Type(_, returned) = &on_message.sig.output else {
        return Err(Error::new_spanned(&on_message.sig, told));
    };
    let Type::Path(path) = returned.as_ref() else {
        return Err(Error::new_spanned(returned, told));
    };
    let last = path.path.segments.last().filter(|segment| segment.ident == "Result");
    let Some(result) = last else {
        return Err(Error::new_spanned(returned, told));
    };
    match &result.arguments {
        // `sockhop_guest::Result` without arguments is a result of nothing.
        PathArguments::None => Ok(parse_quote!(())),
        PathArguments::AngleBracketed(arguments) => match arguments.args.first() {
            Some(GenericArgument::Type(reply)) => Ok(reply.clone()),
            _ => Err(Error::new_spanned(returned, told)),
        },
        PathArguments::Parenthesized(_) => Err(Error::new_spanned(returned, told)),
    }
}

fn config(arguments: &Arguments, item: &ItemImpl, is_client: bool) -> TokenStream {
    let Arguments { path, max_message_size, subprotocols, properties } = arguments;
    let self_ty = &item.self_ty;
    let size = max_message_size.as_ref().map_or_else(
        || quote!(None),
        // A constant, so that a number that does not fit is a compile error.
        |size| quote!(Some({ const BYTES: u64 = #size; BYTES })),
    );
    let subprotocols = subprotocols.as_ref().map_or_else(|| quote!([]), ToTokens::to_token_stream);
    let properties = properties.as_ref().map(|list| list.elems.iter().collect::<Vec<_>>());
    let properties = properties.unwrap_or_default();
    let root = quote!(::sockhop_guest);
    let [hears_pongs, hears_completions, hears_timers] =
        ["on_pong", "on_sent", "on_timer"].map(|name| has_function(item, name));
    let span = Span::mixed_site();
    let (known, name, value) = (
        syn::Ident::new("known", span),
        syn::Ident::new("name", span),
        syn::Ident::new("value", span),
    );
    quote! {
        impl #root::ServerEndpoint for #self_ty {
            const PATH: &'static str = #path;
            const HEARS_PONGS: bool = #hears_pongs;
            const IS_CLIENT: bool = #is_client;
            const HEARS_COMPLETIONS: bool = #hears_completions;
            const HEARS_TIMERS: bool = #hears_timers;

            fn config() -> #root::EndpointConfig {
                let #known: &[&str] = &#subprotocols;
                #root::EndpointConfig {
                    path: ::std::string::String::from(#path),
                    subprotocols: #known.iter().copied().map(::std::string::String::from).collect(),
                    max_message_size: #size,
                    properties: ::std::vec![#({
                        let (#name, #value) = #properties;
                        (
                            ::std::string::String::from(#name),
                            ::std::convert::AsRef::<[u8]>::as_ref(&#value).to_vec(),
                        )
                    }),*],
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(arguments: TokenStream, item: TokenStream) -> std::result::Result<String, String> {
        let arguments = syn::parse2(arguments).unwrap();
        let item = syn::parse2(item).unwrap();
        expand(&arguments, item).map(|tokens| tokens.to_string()).map_err(|e| e.to_string())
    }

    fn echo(on_message: TokenStream) -> std::result::Result<String, String> {
        expanded(quote!("/echo"), quote!(impl Endpoint for Echo { #on_message }))
    }

    #[test]
    fn the_types_are_read_off_the_signature() {
        let code = echo(quote! {
            fn on_message(&mut self, Json(a): Json<A>) -> Result<Option<Json<B>>, Error> {}
        })
        .unwrap();
        assert!(code.contains("type Incoming = Json < A > ;"), "{code}");
        assert!(code.contains("type Reply = Option < Json < B > > ;"), "{code}");
    }

    #[test]
    fn a_result_of_nothing_is_a_reply_of_nothing() {
        for result in [quote!(Result), quote!(sockhop_guest::Result<()>)] {
            let code = echo(quote!(fn on_message(&mut self, a: String) -> #result {})).unwrap();
            assert!(code.contains("type Reply = () ;"), "{code}");
        }
    }

    #[test]
    fn types_that_are_written_stay() {
        let code = echo(quote! {
            type Reply = Mine;
            type Incoming = Yours;
            fn on_message(&mut self, a: Self::Incoming) -> MyResult {}
        })
        .unwrap();
        assert_eq!(code.matches("type Reply").count(), 1, "{code}");
        assert_eq!(code.matches("type Incoming").count(), 1, "{code}");
    }

    #[test]
    fn the_configuration_is_what_was_asked() {
        let code = expanded(
            quote!(
                "/a/{b}",
                max_message_size = 4 * K,
                subprotocols = ["x"],
                properties = [("p", "v")]
            ),
            quote!(impl Endpoint for Echo { fn on_message(&mut self, a: String) -> Result {} }),
        )
        .unwrap();
        for part in [
            "const PATH : & 'static str = \"/a/{b}\" ;",
            "const BYTES : u64 = 4 * K ;",
            "= & [\"x\"] ;",
            "= (\"p\" , \"v\") ;",
        ] {
            assert!(code.contains(part), "{part} in {code}");
        }
    }

    #[test]
    fn every_mistake_is_told() {
        let message = quote!(
            fn on_message(&mut self, a: String) -> Result {}
        );
        for (item, told) in [
            (quote!(impl Echo { #message }), "stands on an `impl Endpoint for …`"),
            (quote!(impl Other for Echo { #message }), "stands on an `impl Endpoint for …`"),
            (quote!(impl<T> Endpoint for Echo<T> { #message }), "has no generics"),
            (quote!(impl Endpoint for Echo {}), "has no `on_message`"),
        ] {
            let what = item.to_string();
            let error = expanded(quote!("/echo"), item).expect_err(&what);
            assert!(error.contains(told), "{what}: {error}");
        }
    }

    #[test]
    fn a_signature_that_cannot_be_read_asks_for_the_types() {
        for (signature, told) in [
            (
                quote!(
                    fn on_message(&mut self) -> Result {}
                ),
                "one message",
            ),
            (
                quote!(
                    fn on_message(&mut self, a: A, b: B) -> Result {}
                ),
                "one message",
            ),
            (
                quote!(
                    fn on_message(&mut self, a: A) {}
                ),
                "returns a `Result`",
            ),
            (
                quote!(
                    fn on_message(&mut self, a: A) -> Answer {}
                ),
                "write `type Reply = …;`",
            ),
            (
                quote!(
                    fn on_message(&mut self, a: A) -> (A, B) {}
                ),
                "returns a `Result`",
            ),
        ] {
            let what = signature.to_string();
            let error = echo(signature).expect_err(&what);
            assert!(error.contains(told), "{what}: {error}");
        }
    }
}
