//! What a newcomer sees of the clinic with `remedy scan`: before the functions run, and after.

use std::{collections::BTreeSet, path::PathBuf};

use remedy_testkit::lambda::binary;
use serde_json::{Value, json};
use tokio::process::Command;

use super::{folder, manifest::Place, site::Site, stage::Stage};

/// A control and a resource.
type Drift = BTreeSet<(String, String)>;

/// A scan of an account.
pub(crate) struct Scanned {
    folder: PathBuf,
    document: Value,
}

/// Shows the broken clinic. Whether the scan found what was broken, and nothing else.
pub(crate) async fn before(stage: &Stage) -> (Scanned, bool) {
    let site = stage.clinic();
    let scanned = Scanned::of(site, "scan-before", &[]).await;
    let (found, broken) = (scanned.drift(), broken(site));
    for (control, resource) in broken.difference(&found) {
        println!("   NOT FOUND: {control} {resource}");
    }
    for (control, resource) in found.difference(&broken) {
        println!("   FOUND, and nobody broke it: {control} {resource}");
    }
    println!("   It found all {} places that are wrong, and nothing else.\n", broken.len());
    (scanned, found == broken)
}

/// Shows the clinic after its repair. Whether all is gone that was repaired or contained.
pub(crate) async fn after(stage: &Stage, before: &Scanned) -> (Value, bool) {
    let site = stage.clinic();
    let earlier = before.folder.join("scan.json").display().to_string();
    let scanned = Scanned::of(site, "scan-after", &["--since", &earlier]).await;
    let left = scanned.drift();
    let repaired = site.manifest.places.iter().filter(|place| !place.undo && is_ended(place)).map(key);
    let still: Vec<_> = repaired.filter(|key| left.contains(key)).collect();
    for (control, resource) in &still {
        println!("   STILL THERE: {control} {resource}");
    }
    let (was, is) = (before.drift().len(), left.len());
    println!("   Of {was} drifted {is} are left: they wait for a person, are protected, or were reverted.");
    println!("   Pages: target/demo/scan-before/index.html, target/demo/scan-after/index.html\n");
    (json!({"drifted_before": was, "drifted_after": is, "passed": still.is_empty()}), still.is_empty())
}

fn is_ended(place: &Place) -> bool {
    matches!(place.outcome.as_str(), "repaired" | "contained")
}

fn key(place: &Place) -> (String, String) {
    (place.control.clone(), place.resource.clone())
}

/// Everything that is in violation, protected or not.
fn broken(site: &Site) -> Drift {
    let is_wrong = |place: &&Place| place.outcome == "blocked" || !place.is_decoy();
    site.manifest.places.iter().filter(|place| !place.control.is_empty()).filter(is_wrong).map(key).collect()
}

impl Scanned {
    async fn of(site: &Site, name: &str, more: &[&str]) -> Self {
        let out = folder().join(name);
        let account = &site.world.account;
        let mut remedy = Command::new(binary("remedy"));
        remedy.args(["scan", "--fail-on", "never", "--progress", "never", "--out"]).arg(&out).args(more);
        remedy.arg("--settings").arg(folder().join("settings.json"));
        remedy.args(super::site::CONTROLS.iter().flat_map(|control| ["--control", control]));
        remedy.env("AWS_ENDPOINT_URL", site.world.proxy.endpoint()).env("AWS_REGION", &account.region);
        remedy.env("AWS_ACCESS_KEY_ID", &account.access_key).env("AWS_SECRET_ACCESS_KEY", &account.secret_key);
        remedy.env("AWS_SESSION_TOKEN", &account.session_token).env_remove("AWS_PROFILE");
        let output = remedy.output().await.expect("remedy starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            println!("   {line}");
        }
        println!();
        let text = std::fs::read(out.join("scan.json")).expect("a scan leaves its document");
        Self { folder: out, document: serde_json::from_slice(&text).expect("a scan is JSON") }
    }

    fn drift(&self) -> Drift {
        let findings = self.document["findings"].as_array().expect("a scan has findings").iter();
        let drifted =
            findings.filter(|finding| ["drifted", "needs-human"].iter().any(|word| finding["outcome"] == *word));
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        drifted.map(|finding| (text(&finding["control"]), text(&finding["id"]))).collect()
    }
}
