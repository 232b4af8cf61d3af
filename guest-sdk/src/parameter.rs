//! The variables of an endpoint's path, as values of a type.

use std::error::Error as StdError;
use std::str::FromStr;

/// A variable of the path that stands for something which is no value of the type that was asked
/// for (Jakarta `DecodeException` of a `@PathParam`); the source says why.
#[derive(Debug, thiserror::Error)]
#[error("the path parameter `{name}` cannot be {value:?}")]
pub struct PathParameterError {
    name: String,
    value: String,
    #[source]
    reason: Box<dyn StdError>,
}

impl PathParameterError {
    /// The variable's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it stands for, percent-decoded: the peer chose it.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// One of these parameters as a `T`, or nothing where none has this name.
pub(crate) fn parsed<T>(
    parameters: &[(String, String)],
    name: &str,
) -> Result<Option<T>, PathParameterError>
where
    T: FromStr<Err: Into<Box<dyn StdError>>>,
{
    let Some((name, value)) = parameters.iter().find(|(known, _)| known == name) else {
        return Ok(None);
    };
    value.parse().map(Some).map_err(|reason: T::Err| PathParameterError {
        name: name.clone(),
        value: value.clone(),
        reason: reason.into(),
    })
}

/// One of these parameters as a `T`, for the code that `#[endpoint]` writes: it has found the name
/// in the path.
///
/// # Errors
///
/// [`PathParameterError`], or that there is none of this name.
#[doc(hidden)]
pub fn path_parameter<T>(parameters: &[(String, String)], name: &str) -> crate::Result<T>
where
    T: FromStr<Err: Into<Box<dyn StdError>>>,
{
    Ok(parsed(parameters, name)?.ok_or_else(|| format!("the path has no variable `{name}`"))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    fn parameters() -> [(String, String); 2] {
        [("room", "7"), ("who", "Ada \"A\"")].map(|(name, value)| (name.into(), value.into()))
    }

    #[test]
    fn a_parameter_is_of_the_type_that_is_asked_for() {
        assert_eq!(parsed::<u32>(&parameters(), "room").unwrap(), Some(7));
        assert_eq!(parsed::<String>(&parameters(), "room").unwrap().as_deref(), Some("7"));
        assert_eq!(path_parameter::<u8>(&parameters(), "room").unwrap(), 7);
    }

    #[test]
    fn a_name_that_the_path_has_not_is_none() {
        assert_eq!(parsed::<u32>(&parameters(), "rooms").unwrap(), None);
        let told = path_parameter::<u8>(&parameters(), "rooms").unwrap_err().to_string();
        assert_eq!(told, "the path has no variable `rooms`");
    }

    #[test]
    fn a_value_of_another_type_is_told_with_its_name_and_the_reason() {
        let error = parsed::<u32>(&parameters(), "who").unwrap_err();
        assert_eq!((error.name(), error.value()), ("who", "Ada \"A\""));
        assert_eq!(
            Error::from(error).to_string(),
            "the path parameter `who` cannot be \"Ada \\\"A\\\"\": invalid digit found in string"
        );
    }
}
