//! The calls that the whole suite saw functions make, that they declare, and that the template permits: all the same.

use std::collections::{BTreeMap, BTreeSet};

use remedy_testkit::proxy::recorded::{self, Form};
use serde_json::Value;

use crate::{
    authority::{How, Roles},
    template::{allowed, described, functions, logical, resources},
};

/// AWS refuses it to nobody: no permission is needed. Functions ask who they are, and the operator sends what a person signed.
const NEEDS_NO_PERMISSION: &str = "sts:GetCallerIdentity";

/// Where no template was deployed, which is on an emulator alone, `iam-mfa` makes its policy. Its role on AWS may not (ADR 0043).
const WITHOUT_A_TEMPLATE: (&str, &str) = ("iam-mfa", "iam:CreatePolicy");

/// The operations of a function, each with the action that permits it.
fn declared(function: &str) -> BTreeMap<String, String> {
    let described = described(function);
    let host = described["host"].as_object().expect("an object").values();
    let controls = described["controls"].as_array().expect("a list");
    let of_controls = controls.iter().flat_map(|control| [&control["reads"], &control["writes"]]);
    let calls = host.chain(of_controls).flat_map(|calls| calls.as_array().expect("a list of calls"));
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    calls.map(|call| (text(&call["operation"]), text(&call["action"]))).collect()
}

/// It runs when all other tests have ended (.config/nextest.toml).
#[test]
fn functions_call_what_they_declare_all_of_it_and_nothing_else() {
    let Some(recorded) = recorded::recorded().expect("the record can be read") else {
        println!("nothing was recorded: `make test` does");
        return;
    };
    let (stored, mut recorded) = (recorded.stored, recorded.calls);
    println!("{:<22}{:>10}{:>11}{:>10}", "operations", "declared", "permitted", "recorded");
    let (resources, mut differences) = (resources(&["Writes=permitted"]), Vec::new());
    for function in functions() {
        let policies = ["Read", "Write"].map(|policy| resources.get(&format!("{}{policy}", logical(&function))));
        let permitted: BTreeSet<_> = policies.into_iter().flatten().flat_map(allowed).collect();
        let (declared, mut made) = (declared(&function), recorded.remove(&function).unwrap_or_default());
        made.remove(NEEDS_NO_PERMISSION);
        made.retain(|call| (function.as_str(), call.as_str()) != WITHOUT_A_TEMPLATE);
        let granted = declared.iter().filter(|(_, action)| permitted.contains(*action)).count();
        println!("{function:<22}{:>10}{granted:>11}{:>10}", declared.len(), made.len());
        let undeclared = made.iter().filter(|call| !declared.contains_key(*call));
        differences.extend(undeclared.map(|call| format!("{function} makes {call}: it is not declared")));
        let unseen = declared.keys().filter(|call| !made.contains(*call));
        differences.extend(unseen.map(|call| format!("{function} declares {call}: no test sees it")));
        let denied = declared.iter().filter(|(_, action)| !permitted.contains(*action));
        differences
            .extend(denied.map(|(call, _)| format!("{function} declares {call}: the template does not permit it")));
    }
    let (roles, put) = (Roles::of(&["Writes=permitted"]), stored.values().map(BTreeSet::len).sum::<usize>());
    for (function, key) in stored.iter().flat_map(|(function, keys)| keys.iter().map(move |key| (function, key))) {
        let how = if key.form == Form::New { How::New } else { How::Over };
        if functions().contains(function) && !roles.may_put(function, &key.shape, how) {
            differences.push(format!("{function} puts {} ({how:?}): the template does not permit it", key.shape));
        }
    }
    println!("{put} shapes of keys were put into the state bucket");
    differences.extend(recorded.keys().map(|name| format!("{name} is no function of ours, and makes calls")));
    assert!(differences.is_empty(), "{differences:#?}");
}
