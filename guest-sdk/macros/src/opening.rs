//! The parameters of `on_open` that are variables of the endpoint's path.

use proc_macro2::Span;
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{
    Error, FnArg, Ident, ImplItem, ImplItemFn, ItemImpl, LitStr, Pat, PatType, Result, Stmt,
    parse_quote,
};

use crate::template;

/// Turns `fn on_open(session: Session, room: u32)` into the trait's function, which asks the
/// session for the variable `{room}` first.
pub(crate) fn expand(item: &mut ItemImpl, path: &LitStr) -> Result<()> {
    let mut functions = item.items.iter_mut().filter_map(|item| match item {
        ImplItem::Fn(function) => Some(function),
        _ => None,
    });
    match functions.find(|function| function.sig.ident == "on_open") {
        Some(on_open) if on_open.sig.inputs.len() > 1 => rewrite(on_open, &path.value()),
        // What else may be wrong with it the compiler holds against the trait.
        Some(_) | None => Ok(()),
    }
}

fn rewrite(on_open: &mut ImplItemFn, path: &str) -> Result<()> {
    let mut inputs = on_open.sig.inputs.iter();
    let Some(FnArg::Typed(PatType { pat: bound, ty, .. })) = inputs.next() else {
        let told = "`on_open` makes the endpoint: it takes a `Session` first, and no `self`";
        return Err(Error::new_spanned(&on_open.sig, told));
    };
    let session = Ident::new("session", Span::mixed_site());
    let parameters = Ident::new("parameters", Span::mixed_site());
    let mut first: Vec<Stmt> = vec![parse_quote! {
        let #parameters = ::sockhop_guest::Session::path_parameters(&#session);
    }];
    for input in inputs {
        first.push(asked(input, &parameters, path)?);
    }
    first.push(parse_quote!(let #bound: #ty = #session;));
    let input = parse_quote!(#session: #ty);
    on_open.sig.inputs = std::iter::once::<FnArg>(input).collect();
    on_open.block.stmts.splice(0..0, first);
    Ok(())
}

/// The statement that asks for the variable that this parameter is named for.
fn asked(input: &FnArg, parameters: &Ident, path: &str) -> Result<Stmt> {
    let named = match input {
        FnArg::Typed(PatType { pat, ty, .. }) => match pat.as_ref() {
            Pat::Ident(pattern) if pattern.subpat.is_none() => Some((pattern, ty)),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    };
    let Some((pattern, ty)) = named else {
        let told = "this parameter is named for a variable of the path: `room: u32` for `{room}`";
        return Err(Error::new_spanned(input, told));
    };
    let name = pattern.ident.to_string();
    let variables: Vec<_> = template::variables(path).collect();
    if !variables.contains(&name.as_str()) {
        let known = match variables.as_slice() {
            [] => "it has none".to_owned(),
            some => format!("it has `{}`", some.join("`, `")),
        };
        let told = format!("the path has no variable `{name}`; {known}");
        return Err(Error::new_spanned(pattern, told));
    }
    // A type that cannot be parsed is marked where it stands.
    let call = quote_spanned! {ty.span()=>
        ::sockhop_guest::__private::path_parameter::<#ty>(&#parameters, #name)?
    };
    let pattern = pattern.to_token_stream();
    Ok(parse_quote!(let #pattern: #ty = #call;))
}

#[cfg(test)]
mod tests {
    use proc_macro2::TokenStream;
    use quote::quote;

    use super::*;

    fn expanded(path: &str, on_open: TokenStream) -> std::result::Result<String, String> {
        let mut item = parse_quote!(impl Endpoint for Chat { #on_open });
        let path = LitStr::new(path, Span::call_site());
        expand(&mut item, &path).map_err(|error| error.to_string())?;
        Ok(item.to_token_stream().to_string())
    }

    #[test]
    fn a_session_alone_stays_as_it_is() {
        let on_open = quote!(
            fn on_open(session: Session) -> Result<Self> {
                Ok(Self)
            }
        );
        let code = expanded("/chat/{room}", on_open.clone()).unwrap();
        assert!(code.contains(&on_open.to_string()), "{code}");
    }

    #[test]
    fn the_variables_of_the_path_are_asked_for_by_name_and_type() {
        let code = expanded(
            "/chat/{room}/{seat}",
            quote!(
                fn on_open(_: Session, seat: u8, mut room: Room) -> Result<Self> {
                    Ok(Self)
                }
            ),
        )
        .unwrap();
        for part in [
            "fn on_open (session : Session) -> Result < Self >",
            "let seat : u8 = :: sockhop_guest :: __private :: path_parameter :: < u8 > \
             (& parameters , \"seat\") ? ;",
            "let mut room : Room = ",
            "let _ : Session = session ; Ok (Self)",
        ] {
            assert!(code.contains(part), "{part} in {code}");
        }
    }

    #[test]
    fn every_mistake_is_told() {
        for (path, on_open, told) in [
            (
                "/chat/{room}",
                quote!(
                    fn on_open(s: Session, seat: u8) -> Result<Self> {}
                ),
                "the path has no variable `seat`; it has `room`",
            ),
            (
                "/chat",
                quote!(
                    fn on_open(s: Session, seat: u8) -> Result<Self> {}
                ),
                "the path has no variable `seat`; it has none",
            ),
            (
                "/chat/{room}",
                quote!(
                    fn on_open(s: Session, (a, b): (u8, u8)) -> Result<Self> {}
                ),
                "is named for a variable",
            ),
            (
                "/chat/{room}",
                quote!(
                    fn on_open(&self, room: u8) -> Result<Self> {}
                ),
                "takes a `Session` first",
            ),
        ] {
            let what = on_open.to_string();
            let error = expanded(path, on_open).expect_err(&what);
            assert!(error.contains(told), "{what}: {error}");
        }
    }
}
