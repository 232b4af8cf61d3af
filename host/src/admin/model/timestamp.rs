//! Points in time on the wire.

use std::{
    borrow::Cow,
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The last second that RFC 3339 can write: 9999-12-31T23:59:59Z.
const LAST: Duration = Duration::from_secs(253_402_300_799);

/// A point in time. On the wire and as text: RFC 3339 in UTC, to the millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(SystemTime);

impl Timestamp {
    /// The time that has passed since then; none where it is still to come.
    pub fn age(self, now: SystemTime) -> Duration {
        now.duration_since(self.0).unwrap_or_default()
    }
}

impl From<SystemTime> for Timestamp {
    /// A time that RFC 3339 cannot write becomes the first or last one that it can: a clock that
    /// is this wrong must not take the API down.
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default().min(LAST);
        Self(UNIX_EPOCH + since)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_rfc3339_millis(self.0).fmt(f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        humantime::parse_rfc3339(&text).map(Self::from).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_read() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_827_696_789, "2000-02-29T12:34:56.789Z"),
            (1_795_392_000_001, "2026-11-23T00:00:00.001Z"),
        ] {
            let time = Timestamp::from(UNIX_EPOCH + Duration::from_millis(millis));
            assert_eq!(time.to_string(), text);
            let quoted = format!("{text:?}");
            assert_eq!(serde_json::to_string(&time).unwrap(), quoted);
            assert_eq!(serde_json::from_str::<Timestamp>(&quoted).unwrap(), time);
        }
    }

    #[test]
    fn times_that_cannot_be_written_become_the_nearest() {
        let early = Timestamp::from(UNIX_EPOCH - Duration::from_secs(1));
        let late = Timestamp::from(UNIX_EPOCH + LAST + Duration::from_secs(1));
        assert_eq!(early.to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(late.to_string(), "9999-12-31T23:59:59.000Z");
    }

    #[test]
    fn an_age_is_never_negative() {
        let now = UNIX_EPOCH + Duration::from_secs(100);
        assert_eq!(Timestamp::from(now - Duration::from_secs(7)).age(now), Duration::from_secs(7));
        assert_eq!(Timestamp::from(now + Duration::from_secs(7)).age(now), Duration::ZERO);
    }
}
