//! The pharmacy: policies of which one statement is at fault, before and after, and back.

use std::{collections::BTreeMap, path::Path, process::Stdio};

use remedy_testkit::{
    lambda::Lambda,
    world::{TIMEOUT, World, only_run},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{folder, site::script, table, told::word};
use crate::workspace;

/// A policy at fault.
#[derive(Debug, Serialize, Deserialize)]
struct Fault {
    function: String,
    control: String,
    resource: String,
    wrong: String,
    /// As AWS returned it before the repair.
    document: Value,
}

/// The outcome of one.
struct Story<'a> {
    fault: &'a Fault,
    repair: Value,
    undo: Value,
    diff: Diff,
}

/// Statements that a plan takes out and puts in, and how many it leaves.
struct Diff {
    out: Vec<Value>,
    put: Vec<Value>,
    left: usize,
}

/// Repairs the policies of one more account, shows which statements changed, and takes it all back.
pub(crate) async fn play() -> Value {
    println!("\n{}", table::heading("9  A third account, a pharmacy: policies of which one statement is at fault …"));
    let world = World::new().await;
    let made = run(&world, &["tools/demo_policies.py", "make"]).await;
    world.proxy.clear();
    let path = folder().join("policies.json");
    let faults: Vec<Fault> = serde_json::from_slice(&made.1).expect("what was made is JSON");
    workspace::write_json(&path, &json!(faults));
    let functions = deploy(&world, &folder().join("pharmacy-settings.json"));
    let mut stories = Vec::new();
    for fault in &faults {
        stories.push(repair(&world, &functions[fault.function.as_str()], fault).await);
    }
    let repaired = check(&world, "repaired", &path).await;
    for story in &mut stories {
        let function = &functions[story.fault.function.as_str()];
        story.undo = world.undo(function, &story.repair).await;
        println!("   {} {}: {}", story.fault.control, story.fault.resource, word(&story.undo, "outcome"));
    }
    let undone = check(&world, "undone", &path).await;
    world.assert_conserved().await;
    json!({
        "account": world.account.id,
        "policies": stories.iter().map(Story::to_json).collect::<Vec<_>>(),
        "passed": repaired && undone && stories.iter().all(Story::ended_well),
    })
}

fn deploy(world: &World, settings: &Path) -> BTreeMap<&'static str, Lambda> {
    let parameters = json!({"identity_repairs": "auto"});
    let document = world.settings_with(&json!({"modes": {"default": "enforce"}, "parameters": parameters}));
    workspace::write_json(settings, &document);
    let mut env = world.environment("observe");
    env.insert("REMEDY_SETTINGS".to_owned(), settings.display().to_string());
    let names = ["iam-policies", "s3-public-access", "s3-encryption"];
    names.into_iter().map(|name| (name, world.deploy_with(name, env.clone(), TIMEOUT))).collect()
}

async fn repair<'a>(world: &World, function: &Lambda, fault: &'a Fault) -> Story<'a> {
    let event = json!({"control": fault.control, "resource": fault.resource}).to_string();
    let run = only_run(function.invoke(event.as_bytes()).await);
    let plans = world.state("plan/").await;
    let stored = &plans[&format!("plan/{}", word(&run, "plan"))]["plan"];
    let diff = Diff::between(&stored["before"], &stored["after"]);
    println!("   {} {}: {}: {}", fault.control, fault.resource, fault.wrong, word(&run, "outcome"));
    diff.out.iter().for_each(|statement| println!("     - {statement}"));
    diff.put.iter().for_each(|statement| println!("     + {statement}"));
    println!("       {} other statements stay as they are", diff.left);
    Story { fault, repair: run, undo: Value::Null, diff }
}

async fn check(world: &World, how: &str, made: &Path) -> bool {
    let made = made.display().to_string();
    let (held, said) = run(world, &["tools/demo_policies.py", "check", how, &made]).await;
    println!("{}", String::from_utf8_lossy(&said));
    held
}

/// Runs the pharmacy's script in the account. Returns whether it ended well, and what it printed.
async fn run(world: &World, arguments: &[&str]) -> (bool, Vec<u8>) {
    let output = script(world, arguments).stderr(Stdio::inherit()).output().await.expect("Python starts");
    (output.status.success(), output.stdout)
}

impl Story<'_> {
    fn ended_well(&self) -> bool {
        let one_statement = self.diff.out.len() + self.diff.put.len() == 1 && self.diff.left > 0;
        one_statement && self.repair["outcome"] == "repaired" && self.undo["outcome"] == "reverted"
    }

    fn to_json(&self) -> Value {
        json!({
            "control": self.fault.control,
            "resource": self.fault.resource,
            "wrong": self.fault.wrong,
            "outcome": self.repair["outcome"],
            "plan": self.repair["plan"],
            "taken_out": self.diff.out,
            "put_in": self.diff.put,
            "left": self.diff.left,
            "undo": self.undo["outcome"],
            "evidence": self.repair["evidence"],
        })
    }
}

impl Diff {
    fn between(before: &Value, after: &Value) -> Self {
        let (before, mut put) = (statements(before), statements(after));
        let mut out = Vec::new();
        let mut left = 0;
        for statement in before {
            match put.iter().position(|other| *other == statement) {
                Some(index) => {
                    put.remove(index);
                    left += 1;
                }
                None => out.push(statement),
            }
        }
        Self { out, put, left }
    }
}

/// Every statement of the policy texts in a setting, whatever its form.
fn statements(setting: &Value) -> Vec<Value> {
    match setting {
        Value::String(text) => serde_json::from_str(text).map_or(vec![], of_document),
        Value::Array(items) => items.iter().flat_map(statements).collect(),
        // A policy's old versions are kept, but do not count.
        Value::Object(members) => {
            members.iter().filter(|(name, _)| *name != "others").flat_map(|(_, value)| statements(value)).collect()
        }
        _ => vec![],
    }
}

fn of_document(document: Value) -> Vec<Value> {
    match document.get("Statement") {
        Some(Value::Array(statements)) => statements.clone(),
        Some(single) => vec![single.clone()],
        None if document.get("Effect").is_some() => vec![document],
        None => vec![],
    }
}
