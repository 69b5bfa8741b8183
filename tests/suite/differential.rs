//! The analyser beside others: `remedy policy check`, cloudsplaining, policyuniverse and c7n on the same policies.

use std::{path::Path, process::Command};

use remedy_testkit::lambda::binary;

#[test]
fn every_disagreement_with_other_analysers_is_explained() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let python = root.join(".venv-peers/bin/python");
    assert!(python.exists(), "the other analysers are not installed: run `make test`");
    let done = Command::new(python)
        .current_dir(root)
        .arg("tools/differential.py")
        .arg(binary("remedy"))
        .args(["--json", "target/differential.json"])
        .output()
        .expect("the comparison runs");
    let told = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{told}{}", String::from_utf8_lossy(&done.stderr));
    assert!(told.contains(" 0 disagreements unclassified"), "{told}");
}
