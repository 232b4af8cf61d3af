//! URI templates of endpoints, and the request paths that they match (Jakarta `ServerEndpoint`).

mod error;
mod request_path;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use percent_encoding::percent_decode_str;

pub use error::TemplateError;
use request_path::normalised_segment;
pub use request_path::{MAX_REQUEST_PATH_BYTES, RequestPath, RequestPathError};

/// The longest template, in bytes. Generous for a path that a person writes; it bounds what one
/// component can make the host keep.
pub const MAX_TEMPLATE_BYTES: usize = 1024;

/// The most segments of a template; an empty last one counts. It bounds the depth of a lookup.
pub const MAX_TEMPLATE_SEGMENTS: usize = 32;

/// What the variables of a template stand for: name and percent-decoded value, in the path's order.
pub type PathParameters = Vec<(String, String)>;

/// The path of an endpoint: a URI template of level 1 (RFC 6570) with variables for whole segments,
/// and at its end perhaps a catch-all such as `{*rest}`, for all segments that follow.
///
/// A trailing slash is significant: it is an empty last segment, matched by nothing but itself and
/// a catch-all that has taken something else before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    text: String,
    segments: Vec<Segment>,
}

/// One segment of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// Matches these bytes, percent-decoded.
    Exact(Vec<u8>),
    /// Matches any value; holds the variable's name.
    Variable(String),
    /// Matches all segments that are left, at least one; holds the variable's name. The last of its
    /// template.
    Rest(String),
}

impl Template {
    /// Reads a template.
    ///
    /// A literal segment may hold what RFC 3986 allows in a path segment, and letters beyond ASCII,
    /// which stand for their percent-encoded UTF-8.
    ///
    /// # Errors
    /// The first fault of the text, with the segment that has it.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if text.len() > MAX_TEMPLATE_BYTES {
            return Err(TemplateError::TooLong { bytes: text.len() });
        }
        let path = text
            .strip_prefix('/')
            .ok_or_else(|| TemplateError::NoLeadingSlash { path: text.to_owned() })?;
        let count = path.split('/').count();
        if count > MAX_TEMPLATE_SEGMENTS {
            return Err(TemplateError::TooManySegments { segments: count });
        }
        let mut segments = Vec::with_capacity(count);
        let mut names = HashSet::new();
        for (index, raw) in path.split('/').enumerate() {
            let position = index + 1;
            if raw.is_empty() && position < count {
                return Err(TemplateError::EmptySegment { position });
            }
            let segment = Segment::parse(raw)?;
            if matches!(segment, Segment::Rest(_)) && position < count {
                return Err(TemplateError::CatchAllNotLast { segment: raw.to_owned() });
            }
            if let Some(name) = segment.variable()
                && !names.insert(name.to_owned())
            {
                return Err(TemplateError::RepeatedVariable { name: name.to_owned() });
            }
            segments.push(segment);
        }
        Ok(Self { text: text.to_owned(), segments })
    }

    /// The template as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The names of the variables, in the path's order.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(Segment::variable)
    }

    /// Whether it ends in a catch-all.
    #[must_use]
    pub fn is_catch_all(&self) -> bool {
        matches!(self.segments.last(), Some(Segment::Rest(_)))
    }

    /// Whether both match the same paths: they differ in nothing but variables' names and spelling.
    #[must_use]
    pub fn is_equivalent(&self, other: &Self) -> bool {
        self.segments.len() == other.segments.len()
            && self.segments.iter().zip(&other.segments).all(|pair| match pair {
                (Segment::Exact(one), Segment::Exact(two)) => one == two,
                (Segment::Variable(_), Segment::Variable(_))
                | (Segment::Rest(_), Segment::Rest(_)) => true,
                (Segment::Exact(_) | Segment::Variable(_) | Segment::Rest(_), _) => false,
            })
    }

    /// What the variables stand for in `path`, or nothing where the path does not match.
    ///
    /// Both must have the same number of segments. A variable takes no segment that is empty, and
    /// none whose percent-decoded value is not UTF-8 or holds a `/`.
    ///
    /// A catch-all takes one segment or more, each by the same rule but that an empty last one may
    /// follow, and joins them with `/`: so each `/` of its value stands between segments.
    #[must_use]
    pub fn matches(&self, path: &RequestPath) -> Option<PathParameters> {
        let sent = path.segments();
        let (before, rest) = match self.segments.split_last() {
            Some((Segment::Rest(name), before)) => (before, Some(name)),
            _ => (self.segments(), None),
        };
        let fits = match rest {
            Some(_) => rest_range(sent).contains(&before.len()),
            None => before.len() == sent.len(),
        };
        if !fits {
            return None;
        }
        let mut parameters = PathParameters::new();
        for (segment, sent) in before.iter().zip(sent) {
            match segment {
                Segment::Exact(literal) if literal == sent => {}
                Segment::Exact(_) => return None,
                Segment::Variable(name) => {
                    parameters.push((name.clone(), variable_value(sent)?.to_owned()));
                }
                Segment::Rest(_) => return None,
            }
        }
        if let Some(name) = rest {
            parameters.push((name.clone(), rest_value(sent.get(before.len()..)?)?));
        }
        Some(parameters)
    }

    /// The segments, at least one.
    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Segment {
    fn parse(raw: &str) -> Result<Self, TemplateError> {
        let segment = raw.to_owned();
        let inner = raw.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        if let Some(inner) = inner.filter(|name| !name.contains(['{', '}'])) {
            let name = inner.strip_prefix('*').unwrap_or(inner);
            let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            return if name.is_empty() || !name.bytes().all(is_name_byte) {
                Err(TemplateError::BadVariableName { segment })
            } else if name.len() < inner.len() {
                Ok(Self::Rest(name.to_owned()))
            } else {
                Ok(Self::Variable(name.to_owned()))
            };
        }
        if raw.contains(['{', '}']) {
            return Err(TemplateError::PartialVariable { segment });
        }
        if let Some(character) = raw.chars().find(|&character| !is_literal(character)) {
            return Err(TemplateError::BadCharacter { segment, character });
        }
        if normalised_segment(raw).is_none() {
            return Err(TemplateError::BadPercentEncoding { segment });
        }
        let literal: Vec<u8> = percent_decode_str(raw).collect();
        // A request's `%2E` is a dot before dot segments are removed, so that nothing could match.
        if matches!(literal.as_slice(), b"." | b"..") {
            return Err(TemplateError::DotSegment { segment });
        }
        if literal.contains(&b'/') {
            return Err(TemplateError::EncodedSlash { segment });
        }
        Ok(Self::Exact(literal))
    }

    fn variable(&self) -> Option<&str> {
        match self {
            Self::Exact(_) => None,
            Self::Variable(name) | Self::Rest(name) => Some(name),
        }
    }
}

/// The positions from which a catch-all may take the rest of these percent-decoded segments.
pub(super) fn rest_range(segments: &[Vec<u8>]) -> Range<usize> {
    let end = segments.len() - usize::from(segments.last().is_some_and(Vec::is_empty));
    let values = segments.iter().take(end).rev();
    end - values.take_while(|segment| variable_value(segment).is_some()).count()..end
}

/// What a catch-all stands for that takes these segments.
fn rest_value(segments: &[Vec<u8>]) -> Option<String> {
    let values: Result<Vec<_>, _> =
        segments.iter().map(|segment| str::from_utf8(segment)).collect();
    Some(values.ok()?.join("/"))
}

/// The value of a variable that stands for this percent-decoded segment, if it may.
pub(super) fn variable_value(segment: &[u8]) -> Option<&str> {
    let value = str::from_utf8(segment).ok()?;
    (!value.is_empty() && !value.contains('/')).then_some(value)
}

/// RFC 3986 `pchar`, and what lies beyond ASCII (RFC 6570 §2.1).
fn is_literal(character: char) -> bool {
    if character.is_ascii() {
        character.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@%".contains(character)
    } else {
        !character.is_control() && !character.is_whitespace()
    }
}
