//! `#[derive(Decode)]` and `#[derive(Encode)]`: an enum of what several coders take.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Fields, Item, ItemEnum, Result, Type, Variant};

/// A variant and the type that it holds.
type Link<'a> = (&'a Variant, &'a Type);

/// Expands `#[derive(Decode)]`.
pub(crate) fn decode(item: &Item) -> Result<TokenStream> {
    let (item, links) = chain(item, "Decode")?;
    let name = &item.ident;
    let asked = links.iter().map(|(variant, of)| {
        let variant = &variant.ident;
        quote!(.ask::<#of>(Self::#variant))
    });
    let (generics, arguments, conditions) = item.generics.split_for_impl();
    let root = quote!(::sockhop_guest);
    Ok(quote! {
        impl #generics #root::Decode for #name #arguments #conditions {
            fn decode(
                message: #root::Message,
            ) -> ::std::result::Result<Self, #root::DecodeError> {
                #root::__private::Chain::of(message) #(#asked)* .end()
            }
        }
    })
}

/// Expands `#[derive(Encode)]`.
pub(crate) fn encode(item: &Item) -> Result<TokenStream> {
    let (item, links) = chain(item, "Encode")?;
    let name = &item.ident;
    let arms = links.iter().map(|(variant, of)| {
        let variant = &variant.ident;
        quote!(Self::#variant(value) => <#of as ::sockhop_guest::Encode>::encode(value),)
    });
    let (generics, arguments, conditions) = item.generics.split_for_impl();
    let root = quote!(::sockhop_guest);
    Ok(quote! {
        impl #generics #root::Encode for #name #arguments #conditions {
            fn encode(self) -> ::std::result::Result<#root::Message, #root::EncodeError> {
                match self { #(#arms)* }
            }
        }
    })
}

/// The enum, and what each of its variants holds.
fn chain<'a>(item: &'a Item, of: &str) -> Result<(&'a ItemEnum, Vec<Link<'a>>)> {
    let Item::Enum(item) = item else {
        let told = format!("`#[derive({of})]` stands on an enum; write `impl {of} for …` here");
        return Err(Error::new_spanned(item, told));
    };
    if item.variants.is_empty() {
        let told = format!("the enum has no variant; name a type that has `{of}` in each");
        return Err(Error::new_spanned(item, told));
    }
    let links: Result<_> = item.variants.iter().map(|variant| link(variant, of)).collect();
    Ok((item, links?))
}

fn link<'a>(variant: &'a Variant, of: &str) -> Result<Link<'a>> {
    if let Fields::Unnamed(fields) = &variant.fields
        && let (Some(only), 1) = (fields.unnamed.first(), fields.unnamed.len())
    {
        return Ok((variant, &only.ty));
    }
    let name = &variant.ident;
    let told = format!("the variant holds one type that has `{of}`: `{name}(String)`");
    Err(Error::new_spanned(variant, told))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(tokens: TokenStream) -> Item {
        syn::parse2(tokens).unwrap()
    }

    #[test]
    fn decoders_are_asked_in_the_order_of_the_variants() {
        let code = decode(&item(quote!(
            enum Incoming {
                Move(Json<Move>),
                Line(String),
            }
        )));
        let code = code.unwrap().to_string();
        let asked = ". ask :: < Json < Move > > (Self :: Move) . ask :: < String > (Self :: Line)";
        assert!(code.contains(asked), "{code}");
    }

    #[test]
    fn each_variant_is_encoded_by_its_own_type_and_generics_stay() {
        let code = encode(&item(quote!(
            enum Answer<T: Serialize> {
                Of(Json<T>),
            }
        )));
        let code = code.unwrap().to_string();
        assert!(code.contains("impl < T : Serialize > "), "{code}");
        assert!(code.contains("Encode for Answer < T >"), "{code}");
        assert!(code.contains("Self :: Of (value) => < Json < T > as "), "{code}");
    }

    #[test]
    fn every_mistake_is_told() {
        for (tokens, told) in [
            (
                quote!(
                    struct Incoming(String);
                ),
                "`#[derive(Decode)]` stands on an enum",
            ),
            (
                quote!(
                    enum Incoming {}
                ),
                "has no variant",
            ),
            (
                quote!(
                    enum Incoming {
                        Nothing,
                    }
                ),
                "holds one type that has `Decode`",
            ),
            (
                quote!(
                    enum Incoming {
                        Two(String, String),
                    }
                ),
                "`Two(String)`",
            ),
            (
                quote!(
                    enum Incoming {
                        Named { text: String },
                    }
                ),
                "`Named(String)`",
            ),
        ] {
            let what = tokens.to_string();
            let error = decode(&item(tokens)).expect_err(&what).to_string();
            assert!(error.contains(told), "{what}: {error}");
        }
    }
}
