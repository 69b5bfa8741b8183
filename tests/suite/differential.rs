//! The analyser beside others: `remedy policy check`, cloudsplaining, policyuniverse and c7n on the same policies.
//!
//! The policies are cut into parts, which run side by side: no processor waits for the last one.

use std::{path::Path, process::Command};

use remedy_testkit::lambda::binary;

/// Into so many.
const PARTS: usize = 4;

#[test]
fn every_disagreement_with_other_analysers_is_explained_in_part_1() {
    compare(1);
}

#[test]
fn every_disagreement_with_other_analysers_is_explained_in_part_2() {
    compare(2);
}

#[test]
fn every_disagreement_with_other_analysers_is_explained_in_part_3() {
    compare(3);
}

#[test]
fn every_disagreement_with_other_analysers_is_explained_in_part_4() {
    compare(PARTS);
}

fn compare(part: usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let python = root.join(".venv-peers/bin/python");
    assert!(python.exists(), "the other analysers are not installed: run `make test`");
    let done = Command::new(python)
        .current_dir(root)
        .arg("tools/differential.py")
        .arg(binary("remedy"))
        .args(["--part", &format!("{part}/{PARTS}")])
        .args(["--json", &format!("target/differential-{part}.json")])
        .output()
        .expect("the comparison runs");
    let told = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{told}{}", String::from_utf8_lossy(&done.stderr));
    assert!(told.contains(" 0 disagreements unclassified"), "{told}");
}
