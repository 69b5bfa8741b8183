//! House rules that no lint knows.

use std::{fs, path::Path};

pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
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

pub(crate) fn of(folders: &[&str]) -> Vec<(String, String)> {
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

/// Crates that are pure, or fit to publish alone: they depend on no SDK.
const PURE: [&str; 6] = ["domain", "engine", "evidence", "policy", "scan", "signing"];

/// The names of what a crate depends on, but for its tests.
fn dependencies(name: &str) -> Vec<String> {
    let path = format!("{ROOT}/shared/{name}/Cargo.toml");
    let manifest = fs::read_to_string(&path).unwrap_or_else(|_| panic!("{path} is missing"));
    let (_, after) = manifest.split_once("\n[dependencies]\n").unwrap_or_else(|| panic!("{path} depends on nothing"));
    let lines = after.lines().take_while(|line| !line.starts_with('['));
    lines.filter_map(|line| line.split(['.', ' ']).next().filter(|name| !name.is_empty()).map(str::to_owned)).collect()
}

#[test]
fn no_sdk_comes_in_by_what_is_pure() {
    for name in PURE {
        for other in dependencies(name) {
            assert!(!other.starts_with("aws-sdk-"), "shared/{name} depends on {other}");
            let ours = other.strip_prefix("remedy-");
            assert!(
                ours.is_none_or(|ours| PURE.contains(&ours)),
                "shared/{name} depends on {other}, which may have one"
            );
        }
    }
}

/// Sources outside the room and the functions of a service that name it, each with its reason.
const NAMES_SERVICES: [(&str, &str); 17] = [
    ("cli/src/policy.rs", "a policy is told to be a key's by its actions"),
    ("cli/src/scan/policies/read.rs", "`scan --policies` reads those of IAM, KMS and S3"),
    ("cli/src/verify/source.rs", "evidence stands in S3"),
    ("shared/aws/src/environment.rs", "the settings stand in S3"),
    ("shared/aws/src/objects.rs", "the ledger stands in S3"),
    ("shared/aws/src/settings.rs", "the settings stand in S3"),
    ("shared/aws/src/store.rs", "the ledger stands in S3"),
    ("shared/domain/src/fence.rs", "the MFA-deny policy is Remedy's own"),
    ("shared/domain/src/settings/protected.rs", "Remedy's own principals and buckets are protected"),
    ("shared/domain/src/trigger/asff.rs", "findings of AWS name resources in their own way"),
    ("shared/domain/src/trigger/call_parameters.rs", "CloudTrail's events name resources in each service's way"),
    ("shared/domain/src/trigger/call_subjects.rs", "CloudTrail's events name resources in each service's way"),
    ("shared/domain/src/trigger/guard_duty.rs", "findings of AWS name resources in their own way"),
    ("shared/domain/src/trigger/kms.rs", "KMS has events of its own"),
    ("shared/domain/src/trigger/subject.rs", "people are users of IAM"),
    ("shared/scan/src/asff.rs", "the format of findings names some types in its own way"),
    ("shared/scan/src/results.rs", "`scan --policies` tells whose each policy is"),
];

/// Parts of the paths of sources that are compiled for tests alone.
const FOR_TESTS: [&str; 7] = ["/malformed", "/properties", "/quiet", "/refusals", "/sample", "/tests", "/variants"];

/// The names of a service: prefix of its actions, types of its resources, source of its events.
fn names_of(service: &str) -> [String; 3] {
    [format!("\"{service}:"), format!("aws::{service}::"), format!("\"{service}.amazonaws.com")]
}

/// The code of a source without comments and tests, in small letters.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.map(str::to_lowercase).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_service_is_named_in_its_room_and_in_its_functions() {
    let rooms = fs::read_dir(format!("{ROOT}/shared/services")).expect("the rooms are there");
    let rooms = rooms.map(|room| room.unwrap().file_name().into_string().unwrap());
    let names: Vec<_> = rooms.flat_map(|service| names_of(&service)).collect();
    let mut named = Vec::new();
    for (path, text) in
        of(&["cli/src", "shared/aws", "shared/domain", "shared/engine", "shared/evidence", "shared/scan"])
    {
        let path = path.split("/../").last().expect("a path").to_owned();
        let code = code(&text);
        if !FOR_TESTS.iter().any(|part| path.contains(part)) && names.iter().any(|name| code.contains(name)) {
            named.push(path);
        }
    }
    named.sort();
    let known = NAMES_SERVICES.map(|(path, _)| path);
    assert_eq!(named, known, "say here why a source names a service, or let the room say what it says");
}
