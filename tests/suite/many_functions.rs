//! The templates with as many functions as are planned: they stay below the limits of AWS CloudFormation and of IAM. The functions are
//! made up of what the present ones say of themselves, under other names.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{
    authority::limits,
    template::{LOCK, ROOT, described, functions, logical, python},
};

/// With the operator and the sealer.
const PLANNED: usize = 21;
/// CloudFormation takes 500 resources and 1 MB: what is left is for growth.
const RESOURCES: usize = 400;
const BYTES: usize = 600_000;
const OF_A_FUNCTION: usize = 12;
const STACK: &str = "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr";

/// A folder with what the functions say of themselves.
pub struct Said(pub PathBuf);

impl Said {
    pub fn new(name: &str, functions: &BTreeMap<String, Value>) -> Self {
        let folder = std::env::temp_dir().join(format!("remedy-said-{name}-{}", std::process::id()));
        let _none_before = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder is made");
        for (function, said) in functions {
            fs::write(folder.join(format!("{function}.json")), said.to_string()).expect("a file is written");
        }
        Self(folder)
    }

    /// What a generator of `tools` writes of it, as a file of the same folder.
    pub fn written(&self, generator: &str) -> PathBuf {
        let text = python(&[&format!("tools/{generator}.py"), &self.0.display().to_string()]);
        let file = self.0.join(format!("{generator}.yaml"));
        fs::write(&file, text).expect("a template is written");
        file
    }
}

impl Drop for Said {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

/// The present functions, and copies of those with controls, with controls of other names, up to the planned number.
pub fn planned() -> BTreeMap<String, Value> {
    let mut said: BTreeMap<_, _> =
        functions().into_iter().map(|function| (function.clone(), described(&function))).collect();
    let models: Vec<_> =
        said.values().filter(|one| one["controls"].as_array().is_some_and(|all| !all.is_empty())).cloned().collect();
    for (number, model) in models.iter().cycle().enumerate().take(PLANNED.saturating_sub(said.len())) {
        let mut copy = model.clone();
        let name = format!("{}-{number:02}", model["function"].as_str().expect("a name"));
        copy["function"] = json!(name);
        for control in copy["controls"].as_array_mut().expect("a list") {
            control["id"] = json!(format!("{}-{number:02}", control["id"].as_str().expect("an id")));
        }
        said.insert(name, copy);
    }
    said
}

/// What is declared counts, whether or not a condition holds.
fn declared(file: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(file).expect("the template is there");
    let resources = text.split("\nResources:\n").nth(1).expect("it has resources");
    let resources = resources.split("\nOutputs:\n").next().expect("it has resources").lines();
    let is_name = |line: &&str| line.starts_with("  ") && line.as_bytes().get(2).is_some_and(u8::is_ascii_alphabetic);
    resources.filter(is_name).map(|line| line.trim().trim_end_matches(':').to_owned()).collect()
}

#[test]
fn the_templates_of_all_planned_functions_have_room_to_grow() {
    let functions = planned();
    assert_eq!(functions.len(), PLANNED.max(self::functions().len()));
    let said = Said::new("sizes", &functions);
    for generator in ["template", "template_members", "template_config"] {
        let file = said.written(generator);
        let (count, bytes) = (declared(&file).len(), fs::metadata(&file).expect("it is there").len());
        println!("{generator}: {} functions, {count} resources, {bytes} bytes", functions.len());
        assert!(count <= RESOURCES, "{generator}: {count} resources");
        assert!(bytes <= BYTES as u64, "{generator}: {bytes} bytes");
    }
}

#[test]
fn a_function_with_controls_is_few_resources() {
    let functions = planned();
    let said = Said::new("each", &functions);
    let declared = declared(&said.written("template"));
    let longest = |name: &String| {
        functions.keys().map(|function| logical(function)).filter(|of| name.starts_with(of)).max_by_key(String::len)
    };
    let mut of: BTreeMap<String, usize> = BTreeMap::new();
    // A rule for a service in other accounts is named after the service, and no part of a function of that name.
    for name in declared.iter().filter(|name| !name.ends_with("Elsewhere")) {
        *of.entry(longest(name).unwrap_or_default()).or_default() += 1;
    }
    for function in functions.keys() {
        let count = of[&logical(function)];
        assert!(count <= OF_A_FUNCTION, "{function}: {count} resources");
    }
}

#[test]
fn every_policy_and_pattern_of_all_planned_functions_fits() {
    let said = Said::new("limits", &planned());
    let file = said.written("template").display().to_string();
    let stack = format!("AWS::StackName={STACK}");
    let parameters = [
        "tools/template_resolve.py",
        &file,
        &stack,
        LOCK,
        "Writes=permitted",
        "OrganizationId=o-exampleorg1",
        "ExternalId=7f3a9c-4d21-8e5b",
        "AnchorBucket=anchor",
    ];
    let resources: BTreeMap<String, Value> = serde_json::from_slice(&python(&parameters)).expect("JSON");
    limits::policies_fit(&resources, STACK);
    for (name, rule) in crate::template::of_type(&resources, "AWS::Events::Rule") {
        assert!(rule["EventPattern"].to_string().len() <= 2_048, "{name}");
        assert!(rule["Targets"].as_array().is_some_and(|targets| (1..=5).contains(&targets.len())), "{name}");
    }
    for (name, alarm) in crate::template::of_type(&resources, "AWS::CloudWatch::Alarm") {
        assert!(alarm["Metrics"].as_array().is_none_or(|metrics| (2..=11).contains(&metrics.len())), "{name}");
    }
    assert!(Path::new(ROOT).is_dir());
}
