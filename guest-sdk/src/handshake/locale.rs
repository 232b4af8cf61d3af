//! The languages that a peer wants to be spoken to in.

use super::HandshakeRequest;

/// What is looked at of the languages that a peer lists; a peer that lists more wants work done.
const LOCALES_MAX: usize = 32;

impl HandshakeRequest {
    /// The language that the peer likes best (Jakarta `getPreferredLocale`), as a tag of BCP 47:
    /// nothing where it names none.
    #[must_use]
    pub fn preferred_locale(&self) -> Option<String> {
        self.preferred_locales().into_iter().next()
    }

    /// The languages that the peer likes, the best first, from `Accept-Language` (RFC 9110
    /// §12.5.4): those without a weight count as 1, those with equal weights come in the peer's
    /// order, `*` and those of weight 0 are left out, and so is what is no language range. At most
    /// 32 are looked at.
    #[must_use]
    pub fn preferred_locales(&self) -> Vec<String> {
        let lines = self.header_values("accept-language");
        let lines = lines.filter_map(|line| std::str::from_utf8(line).ok());
        let listed = lines.flat_map(|line| line.split(',')).filter_map(weighed);
        let mut listed: Vec<_> =
            listed.take(LOCALES_MAX).filter(|(_, weight)| *weight > 0).collect();
        listed.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
        listed.into_iter().map(|(tag, _)| tag.to_owned()).collect()
    }
}

/// A language range and its weight in thousandths.
fn weighed(element: &str) -> Option<(&str, u16)> {
    let mut parts = element.split(';').map(str::trim);
    let tag = parts.next()?;
    let is_subtag = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    if !tag.split('-').all(is_subtag) {
        return None;
    }
    let weight = match parts.next() {
        None => 1000,
        Some(weight) => {
            thousandths(weight.strip_prefix(['q', 'Q'])?.trim_start().strip_prefix('=')?)?
        }
    };
    parts.next().is_none().then_some((tag, weight))
}

/// RFC 9110 §12.4.2: 0 to 1, with three digits at most.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, digits) = weight.trim().split_once('.').unwrap_or((weight.trim(), ""));
    if digits.len() > 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part: u16 = format!("{digits:0<3}").parse().ok()?;
    match (whole, part) {
        ("0", part) => Some(part),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::handshake::tests::request_with;

    fn locales(lines: &[&str]) -> Vec<String> {
        let headers = lines.iter().map(|line| ("accept-language", *line));
        request_with(headers.collect()).preferred_locales()
    }

    #[test]
    fn the_heaviest_is_first_and_equals_stay_in_order() {
        assert_eq!(
            locales(&["de-CH, fr;q=0.9", "en; q=1.0, it;q=0.95"]),
            ["de-CH", "en", "it", "fr"]
        );
        assert_eq!(locales(&[]), [""; 0]);
        let best = request_with(vec![("accept-language", "en;q=0.5, fr")]).preferred_locale();
        assert_eq!(best.as_deref(), Some("fr"));
    }

    #[test]
    fn what_is_no_language_or_not_wanted_is_left_out() {
        let odd = "*, en;q=0, d\u{e9}, fr;q=1.5, it;q=0.1234, es;q=.5, pt;x=1, a;q=1;q=1, , sv";
        assert_eq!(locales(&[odd]), ["sv"]);
    }
}
