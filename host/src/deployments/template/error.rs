//! The faults of a URI template.

use super::{MAX_TEMPLATE_BYTES, MAX_TEMPLATE_SEGMENTS};

/// Why a text is no path for an endpoint. The component's author mends it in the endpoint's path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A character that has no place in a path.
    #[error("the segment `{segment}` holds {character:?}; percent-encode it or leave it out")]
    BadCharacter {
        /// The segment as written.
        segment: String,
        /// The first such character; `?` and `#` are among them.
        character: char,
    },
    /// A `%` without two hexadecimal digits behind it.
    #[error("the segment `{segment}` has a `%` that no two hexadecimal digits follow; write `%25`")]
    BadPercentEncoding {
        /// The segment as written.
        segment: String,
    },
    /// A variable whose name is empty or has other characters than letters, digits and `_`.
    #[error("the name of the variable `{segment}` may hold ASCII letters, digits and `_` only")]
    BadVariableName {
        /// The segment as written.
        segment: String,
    },
    /// A catch-all that is not the last segment.
    #[error("the segment `{segment}` takes all that follows it; make it the last one")]
    CatchAllNotLast {
        /// The segment as written.
        segment: String,
    },
    /// A segment `.` or `..`, as such or percent-encoded.
    #[error("the segment `{segment}` is a dot segment, which no request has; leave it out")]
    DotSegment {
        /// The segment as written.
        segment: String,
    },
    /// An empty segment that is not the last one.
    #[error("segment {position} is empty; remove the second `/`")]
    EmptySegment {
        /// Which segment it is, from 1.
        position: usize,
    },
    /// A `/` inside a segment, as `%2F`.
    #[error("the segment `{segment}` holds an encoded `/`; write two segments")]
    EncodedSlash {
        /// The segment as written.
        segment: String,
    },
    /// The text does not start with `/`.
    #[error("the path `{path}` does not start with `/`")]
    NoLeadingSlash {
        /// The text.
        path: String,
    },
    /// A `{` or `}` that is not the first or last character of a variable's segment.
    #[error("the segment `{segment}` is not one variable; a variable is a whole segment: `/{{x}}`")]
    PartialVariable {
        /// The segment as written.
        segment: String,
    },
    /// A variable's name that an earlier segment has too.
    #[error("the variable `{{{name}}}` appears twice; give each variable its own name")]
    RepeatedVariable {
        /// The name.
        name: String,
    },
    /// The text is longer than [`MAX_TEMPLATE_BYTES`].
    #[error("the path has {bytes} bytes; at most {MAX_TEMPLATE_BYTES} are allowed")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The text has more segments than [`MAX_TEMPLATE_SEGMENTS`].
    #[error("the path has {segments} segments; at most {MAX_TEMPLATE_SEGMENTS} are allowed")]
    TooManySegments {
        /// How many it has.
        segments: usize,
    },
}
