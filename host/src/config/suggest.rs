//! "Did you mean": the known word nearest to one that is not known.

/// Words that differ in more letters than this are different words, not slips of the hand.
const MAX_EDITS: usize = 2;

/// The candidate nearest to `word`, if one is near enough to be what was meant: at most
/// [`MAX_EDITS`] letters added, left out or changed, and fewer than half of the word's.
pub(super) fn nearest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    candidates
        .into_iter()
        .map(|candidate| (edits(word, candidate), candidate))
        .filter(|(edits, _)| *edits <= MAX_EDITS && edits * 2 < word.chars().count())
        .min()
        .map(|(_, candidate)| candidate)
}

/// The Levenshtein distance, by rows.
fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, a) in left.chars().enumerate() {
        let mut diagonal = above;
        row[0] = above + 1;
        for (column, b) in right.iter().enumerate() {
            let change = diagonal + usize::from(a != *b);
            diagonal = row[column + 1];
            row[column + 1] = change.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_edits() {
        for (left, right, count) in
            [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("ab", "ba", 2)]
        {
            assert_eq!(edits(left, right), count, "{left} {right}");
        }
    }

    #[test]
    fn names_only_what_is_near() {
        let known = ["listen", "limits", "admin", "env"];
        for (word, near) in [
            ("listn", Some("listen")),
            ("limit", Some("limits")),
            ("addmin", Some("admin")),
            ("en", None),
            ("colour", None),
        ] {
            assert_eq!(nearest(word, known), near, "{word}");
        }
    }
}
