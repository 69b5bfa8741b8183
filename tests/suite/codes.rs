//! Codes are formats: each that a source makes is declared, and each that is declared is made.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use remedy_domain::FaultKind;
use remedy_testkit::lambda::binary;
use serde_json::Value;

use crate::tidy;

/// The functions that make a code, and its kind. The fields are private: nothing else makes one.
const MAKERS: [(&str, Of); 4] = [
    ("Violation::new", Of::Violation),
    ("Violation::imitation", Of::Violation),
    ("Reason::new", Of::Reason),
    ("Consent::ask", Of::Reason),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Violation,
    Reason,
}

type Codes = BTreeMap<Of, BTreeSet<String>>;

/// The codes that these sources make outside tests. A code that is no literal there could be any: that is refused.
fn made(folder: &str) -> Codes {
    let mut codes = Codes::from([(Of::Violation, BTreeSet::new()), (Of::Reason, BTreeSet::new())]);
    for (path, text) in tidy::of(&[folder]) {
        let place = path.strip_prefix(tidy::ROOT).unwrap_or(&path);
        let is_definition = place.ends_with("domain/src/verdict.rs") || place.ends_with("domain/src/reason.rs");
        if is_definition || ["/laws", "/tests", "/testkit/"].iter().any(|part| place.contains(part)) {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (maker, of) in MAKERS {
            for after in code.split(maker).skip(1) {
                let literal = after.strip_prefix('(').and_then(|inner| inner.trim_start().strip_prefix('"'));
                let literal = literal.and_then(|inner| inner.split_once('"'));
                let (made, _) = literal.unwrap_or_else(|| panic!("{path}: {maker} takes its code as a literal"));
                codes.entry(of).or_default().insert(made.to_owned());
            }
        }
    }
    codes
}

fn described(function: &str) -> Vec<Value> {
    let output = Command::new(binary(function)).arg("--describe").env_clear().output().expect("the binary starts");
    let described: Value = serde_json::from_slice(&output.stdout).expect("--describe prints JSON");
    described["controls"].as_array().expect("a function has controls").clone()
}

fn listed(control: &Value, member: &str) -> Vec<String> {
    let codes = control[member].as_array().expect("a list of codes");
    codes.iter().map(|code| code.as_str().expect("a code is text").to_owned()).collect()
}

fn is_kebab(code: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    code.starts_with(|c: char| c.is_ascii_lowercase()) && code.split('-').all(is_word)
}

/// The laws show that each control gives only its own.
#[test]
fn a_code_is_declared_by_a_control_of_the_function_that_makes_it() {
    let folders = fs::read_dir(Path::new(tidy::ROOT).join("functions")).expect("the functions are there");
    for folder in folders.map(|folder| folder.unwrap()) {
        let function = folder.file_name().into_string().unwrap();
        let controls = described(&function);
        let made = made(&format!("functions/{function}/src"));
        for (of, member) in [(Of::Violation, "deviates"), (Of::Reason, "reasons")] {
            let mut declared = BTreeSet::new();
            for control in &controls {
                let codes = listed(control, member);
                assert!(codes.iter().all(|code| is_kebab(code)), "{} of {function}: {codes:?}", control["id"]);
                assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len(), "{}: {codes:?}", control["id"]);
                declared.extend(codes);
            }
            assert_eq!(
                made.get(&of),
                Some(&declared),
                "`{member}` of the controls of {function}, and what its sources make"
            );
        }
        let silent: Vec<_> = controls.iter().filter(|control| listed(control, "deviates").is_empty()).collect();
        assert!(silent.is_empty(), "a control finds something: {silent:?}");
    }
}

/// The codes that no control gives: of the guard, of runs, of faults.
#[test]
fn a_code_of_a_run_is_in_docs_events() {
    let page = fs::read_to_string(Path::new(tidy::ROOT).join("docs/events.md")).expect("the page is there");
    let chapter = page.split("\n## ").find(|chapter| chapter.starts_with("Codes of a run")).expect("a chapter");
    let rows = chapter.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let listed: BTreeSet<_> = rows.map(|(code, _)| code.to_owned()).collect();
    let mut all: BTreeSet<_> =
        ["shared", "cli"].into_iter().flat_map(|folder| made(folder).into_values().flatten()).collect();
    let kinds = [
        FaultKind::Transient,
        FaultKind::Denied,
        FaultKind::Rejected,
        FaultKind::Ledger,
        FaultKind::Untrusted,
        FaultKind::Unverified,
        FaultKind::Defect,
    ];
    all.extend(kinds.map(|kind| kind.code().to_owned()));
    assert!(all.iter().all(|code| is_kebab(code)), "{all:?}");
    assert_eq!(listed, all, "docs/events.md, and what the sources make");
}

#[test]
fn what_is_no_kebab_case_is_no_code() {
    assert!(is_kebab("sse-c") && is_kebab("public-to-s3"));
    for code in ["", "-", "a-", "-a", "a--b", "Rotation", "max_age", "3-days", "a b"] {
        assert!(!is_kebab(code), "{code}");
    }
}
