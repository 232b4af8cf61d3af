//! What stands in the parentheses of `#[endpoint(…)]`.

use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, ExprArray, ExprLit, Ident, Lit, LitStr, Result, Token};

use crate::template;

/// The keys, as an error lists them.
const KEYS: &str = "`max_message_size`, `properties`, `subprotocols`";

/// The longest name of a client's endpoint that the host takes, in bytes.
const CLIENT_NAME_BYTES_MAX: usize = 255;

/// The arguments: a path, then keys in any order, each at most once.
pub(crate) struct Arguments {
    /// A URI template that has been checked.
    pub(crate) path: LitStr,
    /// A number of bytes.
    pub(crate) max_message_size: Option<Expr>,
    /// Tokens of RFC 9110, each a text.
    pub(crate) subprotocols: Option<ExprArray>,
    /// Pairs of a name and a value.
    pub(crate) properties: Option<ExprArray>,
}

struct Setting {
    key: Ident,
    value: Expr,
}

impl Parse for Setting {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let key = input.call(Ident::parse_any)?;
        input.parse::<Token![=]>()?;
        Ok(Self { key, value: input.parse()? })
    }
}

/// The arguments of `#[client_endpoint(…)]`: a name in place of the path.
pub(crate) struct Client(pub(crate) Arguments);

impl Parse for Client {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name = parse_name(input)?;
        Arguments::parse_behind(name, input).map(Self)
    }
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let path = parse_path(input)?;
        Self::parse_behind(path, input)
    }
}

impl Arguments {
    fn parse_behind(path: LitStr, input: ParseStream<'_>) -> Result<Self> {
        let mut arguments =
            Self { path, max_message_size: None, subprotocols: None, properties: None };
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        for setting in Punctuated::<Setting, Token![,]>::parse_terminated(input)? {
            arguments.set(setting)?;
        }
        Ok(arguments)
    }

    fn set(&mut self, Setting { key, value }: Setting) -> Result<()> {
        let name = key.to_string();
        let repeated = match name.as_str() {
            "max_message_size" => self.max_message_size.replace(value).is_some(),
            "subprotocols" => {
                let list = array(&key, value)?;
                check_subprotocols(&list)?;
                self.subprotocols.replace(list).is_some()
            }
            "properties" => self.properties.replace(array(&key, value)?).is_some(),
            _ => {
                let told = format!("`#[endpoint]` has no key `{name}`; its keys are {KEYS}");
                return Err(Error::new(key.span(), told));
            }
        };
        if repeated {
            return Err(Error::new(key.span(), format!("`{name}` is set twice; keep one")));
        }
        Ok(())
    }
}

fn parse_path(input: ParseStream<'_>) -> Result<LitStr> {
    if input.is_empty() {
        return Err(input.error("the endpoint needs a path: `#[endpoint(\"/echo\")]`"));
    }
    let path: LitStr = input
        .parse()
        .map_err(|error| Error::new(error.span(), "the path comes first, as a text: \"/echo\""))?;
    template::check(&path.value()).map_err(|told| Error::new(path.span(), told))?;
    Ok(path)
}

fn parse_name(input: ParseStream<'_>) -> Result<LitStr> {
    let told = "the name comes first, as a text: `#[client_endpoint(\"feed\")]`";
    let name: LitStr = input.parse().map_err(|error| Error::new(error.span(), told))?;
    let text = name.value();
    if text.is_empty() || text.len() > CLIENT_NAME_BYTES_MAX || text.starts_with('/') {
        let told = format!(
            "a client's name has 1 to {CLIENT_NAME_BYTES_MAX} bytes and does not begin with `/`"
        );
        return Err(Error::new(name.span(), told));
    }
    Ok(name)
}

fn array(key: &Ident, value: Expr) -> Result<ExprArray> {
    match value {
        Expr::Array(list) => Ok(list),
        other => {
            let told = format!("`{key}` is a list: `{key} = [..]`");
            Err(Error::new_spanned(other, told))
        }
    }
}

/// Checks what is written out; a constant is the host's to check.
fn check_subprotocols(list: &ExprArray) -> Result<()> {
    let mut known = Vec::new();
    for item in &list.elems {
        let Expr::Lit(ExprLit { lit, .. }) = item else { continue };
        let Lit::Str(text) = lit else {
            return Err(Error::new_spanned(lit, "a subprotocol is a text: \"chat.v1\""));
        };
        let name = text.value();
        if name.is_empty() || !name.bytes().all(is_token_byte) {
            let told = format!(
                "the subprotocol `{name}` is no token (RFC 6455 §4.1); use letters, digits, `.`, \
                 `-` and `_`"
            );
            return Err(Error::new(text.span(), told));
        }
        if known.contains(&name) {
            let told = format!("the subprotocol `{name}` is listed twice; keep one");
            return Err(Error::new(text.span(), told));
        }
        known.push(name);
    }
    Ok(())
}

/// RFC 9110 §5.6.2 `tchar`.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use quote::{ToTokens, quote};

    use super::*;

    fn parse(tokens: proc_macro2::TokenStream) -> std::result::Result<Arguments, String> {
        syn::parse2(tokens).map_err(|error| error.to_string())
    }

    #[test]
    fn a_path_alone_is_enough() {
        let arguments = parse(quote!("/echo")).unwrap();
        assert_eq!(arguments.path.value(), "/echo");
        assert!(arguments.max_message_size.is_none());
    }

    #[test]
    fn a_client_has_a_name_and_the_same_keys() {
        let Client(arguments) = syn::parse2(quote!("feed", subprotocols = ["feed.v1"])).unwrap();
        assert_eq!(arguments.path.value(), "feed");
        assert!(arguments.subprotocols.is_some());
        for (tokens, told) in [
            (quote!(), "the name comes first"),
            (quote!("/feed"), "does not begin with `/`"),
            (quote!(""), "1 to 255 bytes"),
            (quote!("feed", type = 1), "no key `type`"),
        ] {
            let what = tokens.to_string();
            let error = syn::parse2::<Client>(tokens).map(|_| ()).expect_err(&what).to_string();
            assert!(error.contains(told), "{what}: {error}");
        }
    }

    #[test]
    fn every_key_is_taken_in_any_order() {
        let arguments = parse(quote!(
            "/chat/{room}",
            properties = [("role", "guest")],
            subprotocols = ["chat.v1", CHAT_V2],
            max_message_size = 16 * 1024,
        ))
        .unwrap();
        let size = arguments.max_message_size.unwrap().to_token_stream().to_string();
        assert_eq!(size, "16 * 1024");
        assert_eq!(arguments.subprotocols.unwrap().elems.len(), 2);
        assert_eq!(arguments.properties.unwrap().elems.len(), 1);
    }

    #[test]
    fn every_mistake_is_told_by_its_name() {
        for (tokens, told) in [
            (quote!(), "the endpoint needs a path"),
            (quote!(max_message_size = 1), "the path comes first"),
            (quote!("echo"), "does not start with `/`"),
            (quote!("/a" max_message_size = 1), "expected `,`"),
            (quote!("/a", max_size = 1), "no key `max_size`; its keys are `max_message_size`"),
            (quote!("/a", type = 1), "no key `type`"),
            (quote!("/a", max_message_size = 1, max_message_size = 2), "is set twice"),
            (quote!("/a", subprotocols = "a"), "`subprotocols` is a list"),
            (quote!("/a", properties = 1), "`properties` is a list"),
            (quote!("/a", subprotocols = ["a b"]), "the subprotocol `a b` is no token"),
            (quote!("/a", subprotocols = [""]), "the subprotocol `` is no token"),
            (quote!("/a", subprotocols = [1]), "a subprotocol is a text"),
            (quote!("/a", subprotocols = ["a", "a"]), "`a` is listed twice"),
        ] {
            let what = tokens.to_string();
            let error = parse(tokens).err().expect(&what);
            assert!(error.contains(told), "{what}: {error}");
        }
    }
}
