//! House rules that no lint knows.

use std::{fs, path::Path};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const HEADINGS: [&str; 8] = [
    "What drifts",
    "Why it matters",
    "What we read",
    "What we change",
    "What we never touch",
    "What may break",
    "Way back",
    "When a person decides",
];

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder reads").map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            sources(&entry, found);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            found.push((entry.display().to_string(), fs::read_to_string(&entry).expect("a source reads")));
        }
    }
}

fn of(folders: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in folders {
        sources(&Path::new(ROOT).join(folder), &mut found);
    }
    found
}

#[test]
fn a_control_is_documented_under_the_fixed_headings() {
    let mut controls = 0;
    for (path, text) in of(&["functions"]) {
        // Among the laws of a function, a control is one of tests alone.
        if !text.contains("const CONTROL: Control = Control {") || path.contains("/src/laws/") {
            continue;
        }
        controls += 1;
        for heading in HEADINGS {
            assert!(text.contains(&format!("//! **{heading}.**")), "{path} does not say: {heading}");
        }
    }
    assert!(controls > 0);
}

#[test]
fn a_main_is_at_most_ten_lines() {
    for (path, text) in of(&["functions"]) {
        if path.ends_with("src/main.rs") {
            assert!(text.lines().count() <= 10, "{path}");
        }
    }
}

#[test]
fn nothing_is_left_unfinished_or_silenced() {
    // In two parts each: a search for them does not find this list.
    let words =
        [("todo", "!"), ("unimplemented", "!"), ("FIX", "ME"), ("HA", "CK"), ("#[", "ignore"), ("#[", "allow(")];
    let words = words.map(|(start, end)| format!("{start}{end}"));
    for (path, text) in of(&["cli", "functions", "shared", "tests/simulation", "tests/src"]) {
        for word in &words {
            assert!(!text.contains(word), "{path} has {word}");
        }
    }
}
