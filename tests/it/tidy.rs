//! The zoo is in order: every animal is in the index, and every one is watched.

use std::collections::BTreeSet;
use std::fs;

use sockhop_tests::artefacts;
use sockhop_tests::zoo::ZOO;

/// The stems of the files with this extension in a folder of the tests.
fn stems(folder: &str, extension: &str) -> BTreeSet<String> {
    let folder = artefacts::workspace().join("tests").join(folder);
    let files = fs::read_dir(&folder).expect("the folder is there");
    let files = files.map(|file| file.expect("it can be read").path());
    let wanted = files.filter(|file| file.extension().is_some_and(|found| found == extension));
    wanted.map(|file| file.file_stem().expect("a name").to_string_lossy().into_owned()).collect()
}

#[test]
fn the_index_is_the_folder() {
    let index: BTreeSet<_> = ZOO.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(index, stems("zoo/examples", "rs"));
    assert!(ZOO.is_sorted(), "so that two people add to it without a conflict");
    let manifest = artefacts::workspace().join("tests/zoo/Cargo.toml");
    let manifest = fs::read_to_string(manifest).expect("it is there");
    for name in ZOO {
        let entry = format!("name = \"{name}\"\ncrate-type = [\"cdylib\"]");
        assert!(manifest.contains(&entry), "{name} is not built");
    }
}

#[test]
fn every_animal_is_watched() {
    let tests: String = ["it", "conformance/jakarta"]
        .into_iter()
        .flat_map(|folder| {
            let path = artefacts::workspace().join("tests").join(folder);
            stems(folder, "rs").into_iter().map(move |stem| path.join(format!("{stem}.rs")))
        })
        .map(|file| fs::read_to_string(file).expect("it is there"))
        .collect();
    let unwatched: Vec<_> =
        ZOO.iter().filter(|name| !tests.contains(&format!("\"{name}\""))).collect();
    assert!(unwatched.is_empty(), "no test uses {unwatched:?}");
}

#[test]
fn every_test_file_is_a_module() {
    let main = artefacts::workspace().join("tests/it/main.rs");
    let main = fs::read_to_string(main).expect("it is there");
    for stem in stems("it", "rs").iter().filter(|stem| *stem != "main") {
        assert!(main.contains(&format!("\nmod {stem};\n")), "{stem} is not compiled");
    }
}
