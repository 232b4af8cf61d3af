//! The tables `compression`: permessage-deflate (RFC 7692), by host, deployment and endpoint.

use std::{fmt, str::FromStr};

use super::{ByteSize, Setting, reader::Section};

/// How hard a message is compressed: 1 for speed, 9 for size. Every message costs computing time
/// that other sessions wait for, so the default is speed: the first level does most of what the
/// last does, for a fraction of its time.
pub const COMPRESSION_LEVEL: Setting<u32> = Setting { default: 1, min: 1, max: 9 };

/// Messages below this size are sent as they are. A short message fits into one packet either
/// way, and without context takeover there is little in it to save. 0 compresses all.
pub const COMPRESSION_THRESHOLD: Setting<ByteSize> = Setting {
    default: ByteSize::from_bytes(256),
    min: ByteSize::from_bytes(0),
    max: ByteSize::from_mib(1024),
};

/// The logarithm of the window of each direction (RFC 7692 §7.1.2), at most. The default is the
/// largest: without context takeover windows belong to workers, not to sessions, so that a small
/// one saves no memory worth a worse result. 8 is missing, as zlib cannot produce it.
pub const WINDOW_BITS: Setting<u32> = Setting { default: 15, min: 9, max: 15 };

/// Sessions of the host that may keep a context from message to message. Each costs up to 360 KiB
/// (a compressor of 312 and a decompressor of 47), so the default is below 100 MiB. Sessions
/// beyond it are compressed without context takeover. 0 allows none.
pub const TAKEOVER_CONTEXTS: Setting<u32> = Setting { default: 256, min: 0, max: 1_000_000 };

/// Whether an extension of the protocol is negotiated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extension {
    /// Where the peer offers it. The default.
    #[default]
    Allowed,
    /// Always: a handshake without an acceptable offer is refused with 400.
    Required,
    /// Never, whatever the peer offers.
    Forbidden,
}

impl Extension {
    /// The word for it in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Required => "required",
            Self::Forbidden => "forbidden",
        }
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Extension {
    type Err = ExtensionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut all = [Self::Allowed, Self::Required, Self::Forbidden].into_iter();
        all.find(|one| one.as_str() == text).ok_or_else(|| ExtensionError(text.to_owned()))
    }
}

/// A text does not say whether an extension is negotiated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not known; use \"allowed\", \"required\" or \"forbidden\"")]
pub struct ExtensionError(String);

/// How the messages of an endpoint are compressed.
///
/// # Defaults
///
/// Those of the constants of this room and of [`Extension`], and no context takeover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compression {
    /// Whether permessage-deflate is negotiated.
    pub permessage_deflate: Extension,
    /// How hard the host compresses, 1 to 9: [`COMPRESSION_LEVEL`].
    pub level: u32,
    /// The least size of a message that the host compresses: [`COMPRESSION_THRESHOLD`].
    pub threshold: ByteSize,
    /// Whether contexts go on from message to message, in either direction, where the peer agrees
    /// and [`Config::takeover_contexts`](super::Config::takeover_contexts) has one left. Default:
    /// no, since they are most of a connection's memory.
    pub context_takeover: bool,
    /// The host compresses with a window of at most this many bits, 9 to 15: [`WINDOW_BITS`].
    pub server_window_bits: u8,
    /// A peer that lets itself be told is asked to compress with a window of at most this many
    /// bits, 9 to 15: [`WINDOW_BITS`].
    pub client_window_bits: u8,
}

impl Compression {
    /// Reads the keys that an endpoint may have; what is absent or wrong is as in `base`.
    pub(super) fn read(section: &mut Section<'_, '_>, base: &Self) -> Self {
        Self {
            permessage_deflate: section
                .parsed("permessage_deflate")
                .unwrap_or(base.permessage_deflate),
            level: section.bounded("level", &COMPRESSION_LEVEL).unwrap_or(base.level),
            threshold: section
                .bounded("threshold", &COMPRESSION_THRESHOLD)
                .unwrap_or(base.threshold),
            context_takeover: section.flag("context_takeover").unwrap_or(base.context_takeover),
            server_window_bits: section
                .bounded("server_window_bits", &WINDOW_BITS)
                .map_or(base.server_window_bits, bits),
            client_window_bits: section
                .bounded("client_window_bits", &WINDOW_BITS)
                .map_or(base.client_window_bits, bits),
        }
    }
}

impl Default for Compression {
    fn default() -> Self {
        Self {
            permessage_deflate: Extension::default(),
            level: COMPRESSION_LEVEL.default,
            threshold: COMPRESSION_THRESHOLD.default,
            context_takeover: false,
            server_window_bits: bits(WINDOW_BITS.default),
            client_window_bits: bits(WINDOW_BITS.default),
        }
    }
}

/// The bounds of [`WINDOW_BITS`] fit.
fn bits(bits: u32) -> u8 {
    u8::try_from(bits).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_say_is_one_word() {
        for say in [Extension::Allowed, Extension::Required, Extension::Forbidden] {
            assert_eq!(say.to_string().parse(), Ok(say));
        }
        let error = "on".parse::<Extension>().unwrap_err().to_string();
        assert_eq!(error, r#""on" is not known; use "allowed", "required" or "forbidden""#);
    }
}
