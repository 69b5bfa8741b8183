//! Contracts between what the binaries say of themselves and what is written elsewhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Command,
};

use remedy_domain::{citation, renamed};
use remedy_testkit::lambda::binary;
use serde_json::Value;

use crate::{template, tidy};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn functions() -> Vec<String> {
    let folders = fs::read_dir(format!("{ROOT}/functions")).expect("the functions are there");
    let mut names: Vec<_> = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn described(function: &str) -> Value {
    let output = Command::new(binary(function)).arg("--describe").env_clear().output().expect("the binary starts");
    assert!(output.status.success(), "{function} --describe needs no environment");
    serde_json::from_slice(&output.stdout).expect("--describe prints JSON")
}

fn controls(function: &str) -> Vec<Value> {
    described(function)["controls"].as_array().expect("a function has controls").clone()
}

#[test]
fn every_function_describes_its_controls() {
    let mut ids = BTreeSet::new();
    for function in functions() {
        assert_eq!(described(&function)["function"], function.as_str());
        for control in controls(&function) {
            let id = control["id"].as_str().unwrap().to_owned();
            assert!(id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{id}");
            assert!(control["hipaa"].as_array().is_some_and(|cited| !cited.is_empty()), "{id} cites 45 CFR");
            assert!(control["reads"].as_array().is_some_and(|reads| !reads.is_empty()), "{id}");
            assert!(ids.insert(id), "a control belongs to one function");
        }
    }
    assert!(!ids.is_empty());
}

/// An id that was given away once means that control for ever.
#[test]
fn a_renamed_control_is_there_and_no_control_has_an_earlier_id() {
    let controls: Vec<_> = functions().iter().flat_map(|function| controls(function)).collect();
    let ids: BTreeSet<_> = controls.iter().map(|control| control["id"].as_str().unwrap()).collect();
    for id in renamed::all() {
        assert!(ids.contains(id), "{id}");
        assert!(renamed::former(id).iter().all(|earlier| !ids.contains(earlier)), "{id}");
    }
    for control in &controls {
        assert_eq!(control["former"], serde_json::json!(renamed::former(control["id"].as_str().unwrap())));
    }
}

/// The laws of the loop are checked for the representatives of the forms of repair: each must be there.
#[test]
fn every_representative_is_a_control() {
    let all: BTreeSet<_> = functions()
        .iter()
        .flat_map(|function| controls(function))
        .map(|control| control["id"].as_str().unwrap().to_owned())
        .collect();
    let gone: Vec<_> = remedy_testkit::laws::representatives().filter(|id| !all.contains(*id)).collect();
    assert!(gone.is_empty(), "they represent forms of repair, and are no controls: {gone:?}");
}

/// What each control may write. Two controls that wrote the same attribute would fight; of a document that several
/// write, each must say which elements are its own.
#[test]
fn every_written_attribute_has_one_owner() {
    let (mut writers, mut owners) = (BTreeMap::<String, Vec<Value>>::new(), BTreeSet::new());
    for control in functions().iter().flat_map(|function| controls(function)) {
        for element in control["elements"].as_array().unwrap() {
            assert!(owners.insert(element.to_string()), "{element} has two owners");
        }
        for call in control["writes"].as_array().unwrap() {
            writers.entry(call["operation"].as_str().unwrap().to_owned()).or_default().push(control.clone());
        }
    }
    for (operation, controls) in writers.iter().filter(|(_, controls)| controls.len() > 1) {
        for control in controls {
            let owned = control["elements"].as_array().unwrap();
            assert!(!owned.is_empty(), "{} shares {operation} and must say what it owns", control["id"]);
        }
    }
}

/// Whoever writes to users, groups, roles or their policies may take permissions away.
#[test]
fn a_control_that_writes_to_identities_says_so() {
    let is_identity = |call: &Value| {
        let operation = call["operation"].as_str().unwrap();
        operation.starts_with("iam:") && !operation.ends_with("AccountPasswordPolicy")
    };
    for control in functions().iter().flat_map(|function| controls(function)) {
        let writes = control["writes"].as_array().unwrap().iter().any(is_identity);
        assert!(!writes || control["identities"] == "touched", "{} touches identities", control["id"]);
    }
}

#[test]
fn every_control_has_a_manual_event() {
    for function in functions() {
        for control in controls(&function) {
            let id = control["id"].as_str().unwrap();
            let path = format!("{ROOT}/events/{function}/{id}.json");
            let event: Value =
                serde_json::from_slice(&fs::read(&path).unwrap_or_else(|_| panic!("{path} is missing"))).unwrap();
            assert_eq!(event["control"], id);
            let parsed = remedy_domain::trigger::parse(event.to_string().as_bytes());
            assert!(parsed.is_ok(), "{path}: {parsed:?}");
        }
    }
}

/// The documentation of a control cites as the CFR does, in prose: `164.308(a)(4)(ii)(A) and (C)`.
fn cited(prose: &str) -> Vec<String> {
    let designator = |text: &str| {
        let end = text.strip_prefix('(')?.find(')')?;
        (1..=4).contains(&end).then_some(end + "()".len())
    };
    let prose = prose.replace(" and ", ", ");
    let mut all = Vec::new();
    for (start, _) in prose.match_indices("164.") {
        let text = &prose[start..];
        let mut end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        loop {
            let gap = if text[end..].starts_with(", (") { ", ".len() } else { 0 };
            let Some(length) = designator(&text[end + gap..]) else { break };
            end += gap + length;
        }
        let cited = &text[..end];
        all.extend(citation::paragraphs(cited).unwrap_or_else(|| panic!("`{cited}` is no citation")));
    }
    all
}

#[test]
fn a_citation_in_prose_is_read_whole() {
    let prose = "PHI: 45 CFR 164.312(e)(1) and (e)(2)(i) and (ii) (transmission security), 164.308(a)(5)(ii)(D).";
    let expected = ["164.312(e)(1)", "164.312(e)(2)(i)", "164.312(e)(2)(ii)", "164.308(a)(5)(ii)(D)"];
    assert_eq!(cited(prose), expected);
}

#[test]
fn what_a_control_says_why_it_matters_it_declares() {
    for (path, text) in tidy::of(&["functions"]) {
        // A trait of a family has a control, and no id.
        let is_control = text.contains("const CONTROL: Control") && !path.contains("/src/laws/");
        let Some((_, id)) = text.split_once("id: ControlId(\"").filter(|_| is_control) else { continue };
        let (id, _) = id.split_once('"').unwrap();
        let (_, citation) = text.split_once("hipaa: \"").unwrap_or_else(|| panic!("{path}: {id} cites 45 CFR"));
        let (citation, _) = citation.split_once('"').unwrap();
        let declared = citation::paragraphs(citation).unwrap_or_else(|| panic!("{id}: `{citation}` is no citation"));
        let lines = text.lines().filter_map(|line| line.strip_prefix("//!")).map(str::trim);
        let prose = lines.collect::<Vec<_>>().join(" ");
        let (_, why) = prose.split_once("**Why it matters.**").unwrap();
        let cited = cited(why.split("**What we read.**").next().unwrap());
        assert!(!cited.is_empty(), "{id} says why it matters");
        for paragraph in cited {
            let below = format!("{paragraph}(");
            let is_declared = declared.iter().any(|one| *one == paragraph || one.starts_with(&below));
            assert!(is_declared, "{id} says {paragraph}, and declares {declared:?}");
        }
    }
}

#[test]
fn the_published_controls_are_current() {
    let folder = binary("sealer").parent().expect("binaries are in a folder").display().to_string();
    template::python(&["tools/controls.py", "--check", &folder]);
}

#[test]
fn the_environment_contract_is_in_docs_environment() {
    let page = fs::read_to_string(format!("{ROOT}/docs/environment.md")).expect("the page is there");
    for function in functions() {
        let environment = described(&function)["environment"].clone();
        for name in ["required", "optional"].iter().flat_map(|kind| environment[kind].as_array().unwrap()) {
            assert!(page.contains(&format!("`{}`", name.as_str().unwrap())), "{name} is not in docs/environment.md");
        }
    }
}
