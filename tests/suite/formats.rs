//! Stored forms of past versions: what was sealed once must verify for ever.

use std::process::Command;

use remedy_testkit::lambda::binary;
use serde_json::{Value, json};

const FORMATS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/formats");
/// When it was downloaded.
const AT: &str = "2026-11-25T19:20:00Z";
const MANIFESTS: usize = 5;

/// `evidence-1` was written and sealed by real functions of version 0.1.0 on the emulator: two repairs, then empty hours.
#[test]
fn evidence_of_the_first_form_verifies() {
    let (folder, key) = (format!("{FORMATS}/evidence-1"), format!("{FORMATS}/evidence-1.pem"));
    let mut command = Command::new(binary("remedy"));
    let output = command.args(["verify", &folder, "--key", &key, "--at", AT, "--json"]).env_clear().output();
    let output = output.expect("the binary starts");
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report is JSON");
    assert_eq!((output.status.code(), &report["findings"]), (Some(0), &json!([])), "{report:#}");
    assert_eq!((&report["sealed"], &report["manifests"]), (&json!(4), &json!(MANIFESTS)));
}
