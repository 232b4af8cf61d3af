//! What every file of the repository keeps to.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The most lines of a file, tests included. Beyond it a file has a second job.
const LINES_MAX: usize = 400;

/// The most characters of a line.
const COLUMNS_MAX: usize = 100;

/// The folder of the workspace.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace holds this package")
}

/// All files that belong to the repository, those that are not committed yet among them.
fn files() -> Vec<PathBuf> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(workspace())
        .output()
        .expect("git runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).expect("file names are UTF-8");
    let files = names.lines().map(|name| workspace().join(name));
    files.filter(|file| file.is_file()).collect()
}

/// All Rust sources of the repository.
pub(crate) fn rust_files() -> Vec<PathBuf> {
    let files: Vec<_> = files().into_iter().filter(|file| has_extension(file, &["rs"])).collect();
    assert!(files.len() > 50, "{} sources are found", files.len());
    files
}

fn has_extension(file: &Path, extensions: &[&str]) -> bool {
    let extension = file.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| extensions.contains(&extension))
}

#[test]
fn every_source_begins_with_its_purpose() {
    for file in rust_files() {
        let text = std::fs::read_to_string(&file).expect("readable");
        assert!(text.starts_with("//! "), "{} does not say what it is for", file.display());
    }
}

#[test]
fn files_and_lines_are_short() {
    for file in rust_files() {
        let text = std::fs::read_to_string(&file).expect("readable");
        let lines = text.lines().count();
        assert!(lines <= LINES_MAX, "{} has {lines} lines", file.display());
        for (number, line) in text.lines().enumerate() {
            let columns = line.chars().count();
            assert!(columns <= COLUMNS_MAX, "{}:{}: {columns} columns", file.display(), number + 1);
        }
    }
}

#[test]
fn nothing_is_left_open() {
    let marks = ["TO", "FIX", "XX"].iter().zip(["DO", "ME", "X"]).map(|(a, b)| format!("{a}{b}"));
    let marks: Vec<_> = marks.chain([format!("{}!(", "todo"), format!("#[{}", "ignore")]).collect();
    for file in files() {
        if has_extension(&file, &["rs", "wit", "md", "js", "py", "html", "css", "sh"]) {
            let text = std::fs::read_to_string(&file).expect("readable");
            for mark in &marks {
                assert!(!text.contains(mark.as_str()), "{} holds {mark}", file.display());
            }
            if has_extension(&file, &["md"]) {
                let gap = text.split(|c: char| !is_of_a_name(c)).find(|word| is_gap(word));
                assert_eq!(gap, None, "{} waits for a measured time", file.display());
            }
        }
    }
}

fn is_of_a_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// Whether a word stands where a measured time is to be put in: capital words, joined, of which the
/// last says that it is a time.
fn is_gap(word: &str) -> bool {
    let capital = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_uppercase());
    word.strip_suffix("_TIME").is_some_and(|before| before.split('_').all(capital))
}

#[test]
fn gaps_are_told_from_words() {
    for gap in [["MAKE", "RUN", "TIME"].join("_"), ["START", "TIME"].join("_")] {
        assert!(is_gap(&gap), "{gap}");
    }
    for word in ["TIME", "_TIME", "TIMEOUT", "make_run_time", "CLOSE_TIMEOUT", "Make_TIME"] {
        assert!(!is_gap(word), "{word}");
    }
}

#[test]
fn lines_end_without_space() {
    for file in files() {
        if has_extension(&file, &["rs", "wit", "md", "toml", "js", "py", "html", "css"]) {
            let text = std::fs::read_to_string(&file).expect("readable");
            let trailing = text.lines().position(|line| line.ends_with([' ', '\t']));
            let number = trailing.map(|index| index + 1);
            assert_eq!(number, None, "{} has a line that ends with a space", file.display());
        }
    }
}

#[test]
fn no_file_is_larger_than_a_person_reads() {
    for file in files() {
        let bytes = std::fs::metadata(&file).expect("a file").len();
        assert!(bytes < 512 << 10, "{} has {bytes} bytes", file.display());
    }
}
