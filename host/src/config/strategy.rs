//! What becomes of the open sessions of a revision that is replaced.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What becomes of the open sessions of a revision that is replaced. New sessions get the new
/// revision, either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// They go on with the old revision until they end, or until `limits.drain_timeout` has
    /// passed and they are closed with 1012. The default, as no peer notices.
    #[default]
    Drain,
    /// They are closed with 1012 at once.
    Restart,
}

impl Strategy {
    /// The word for it in the configuration, on the command line and in the admin API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Drain => "drain",
            Self::Restart => "restart",
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Strategy {
    type Err = StrategyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut all = [Self::Drain, Self::Restart].into_iter();
        all.find(|one| one.as_str() == text).ok_or_else(|| StrategyError(text.to_owned()))
    }
}

/// A text is no strategy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a strategy; use \"drain\" or \"restart\"")]
pub struct StrategyError(String);

#[cfg(test)]
mod tests {
    use serde::de::{IntoDeserializer as _, value::Error};

    use super::*;

    #[test]
    fn each_strategy_is_one_word_everywhere() {
        for (strategy, word) in [(Strategy::Drain, "drain"), (Strategy::Restart, "restart")] {
            assert_eq!(strategy.to_string(), word);
            assert_eq!(word.parse(), Ok(strategy));
            assert_eq!(Strategy::deserialize(word.into_deserializer()), Ok::<_, Error>(strategy));
        }
    }

    #[test]
    fn another_word_is_refused() {
        let error = "Drain".parse::<Strategy>().unwrap_err().to_string();
        assert_eq!(error, r#""Drain" is not a strategy; use "drain" or "restart""#);
    }
}
