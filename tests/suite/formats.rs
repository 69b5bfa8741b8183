//! Stored forms of past versions: what was sealed once must verify for ever.

use std::process::Command;

use remedy_domain::evidence::StoredPlan;
use remedy_testkit::{lambda::binary, world::World};
use serde_json::{Value, json};

use crate::drift::block_of;

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

/// The first form of a plan: flags alone, and no word of the function that carried it out.
#[tokio::test]
async fn a_plan_of_the_first_form_is_taken_back() {
    let text =
        std::fs::read(format!("{FORMATS}/plans/s3-bucket-public-flags-alone.json")).expect("the plan is on file");
    let stored: StoredPlan = serde_json::from_slice(&text).expect("a plan of the first form loads");
    let (plan, target) = (stored.plan.id().expect("a plan has an id"), stored.plan.target);
    let world = World::in_account(target.account.as_str()).await;
    let s3 = world.s3();
    s3.create_bucket().bucket(&target.id).send().await.expect("a bucket is created");
    let block = aws_sdk_s3::types::PublicAccessBlockConfiguration::builder();
    let block = block.block_public_acls(true).ignore_public_acls(true).block_public_policy(true);
    let block = block.restrict_public_buckets(true).build();
    let put = s3.put_public_access_block().bucket(&target.id).public_access_block_configuration(block);
    put.send().await.expect("it is as the repair left it");
    let key = format!("plan/{plan}");
    let put = s3.put_object().bucket(world.state_bucket()).key(key).body(text.into());
    put.send().await.expect("the state bucket takes an entry");
    let run = world.undo(&world.deploy("s3-public-access", "enforce"), &json!({"plan": plan})).await;
    assert_eq!(run["outcome"], "reverted", "{run:#}");
    assert_eq!(block_of(&world, &target.id).await, Some([true, true, false, false]));
}
