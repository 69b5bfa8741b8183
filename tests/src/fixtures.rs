//! `make formats`: the objects that this release stores, of every form, written by its real functions and put into the
//! tree. Later releases read them (`tests/suite/forms.rs`).

use std::{collections::BTreeMap, path::Path};

use remedy_engine::LedgerBucket;
use remedy_testkit::{
    forms::Form,
    world::{done, only_run},
};
use serde_json::{Value, json};

use crate::{
    drift::iam,
    history::{APPROVED, Ground, Release},
    skew,
};

/// The number of entries of each form of the state bucket that are kept. Evidence is kept whole, because it is one
/// chain.
const OF_EACH: usize = 2;

/// Runs a history, and keeps its objects in `folder`.
pub async fn write(folder: &Path) {
    let (ground, release) = (Ground::prepare().await, Release::new());
    let left = skew::begin(&ground, &release).await;
    skew::go_on(&ground, &release, &left).await;
    supersede(&ground, &release).await;
    see(&ground, &release).await;
    ground.world.age_locks().await;
    ground.sweep(&release, "s3-public-access", "s3-bucket-public").await;
    lapse(&ground).await;
    ground.age(2).await;
    done(ground.deploy(&release, "sealer").invoke(b"{}").await);
    let mut kept: BTreeMap<Form, usize> = BTreeMap::new();
    for (key, bytes) in ground.objects(&ground.world.state_bucket()).await {
        let Some(form) = Form::of(LedgerBucket::State, &key) else { continue };
        let count = kept.entry(form).or_default();
        // Asks differ by their subject, and notices by how they ended.
        let is_another = form == Form::Ask || key.ends_with(".lapsed");
        if *count < OF_EACH || is_another {
            *count += 1;
            keep(&folder.join("state").join(&key), &bytes);
        }
    }
    for (key, bytes) in ground.objects(&ground.world.evidence_bucket()).await {
        keep(&folder.join("evidence").join(&key), &bytes);
    }
    println!("{} holds what this release stores", folder.display());
}

fn keep(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder is made");
    std::fs::write(path, bytes).expect("a file is written");
}

/// A notice that could not be sent for days: the sealer lets it lapse.
async fn lapse(ground: &Ground) {
    let bucket = ground.world.state_bucket();
    let notices = ground.objects(&bucket).await;
    let (sent, _) = notices.iter().find(|(key, _)| key.ends_with(".sent")).expect("a notice was told");
    let key = sent.trim_end_matches(".sent");
    let mut notice: Value = serde_json::from_slice(&notices[key]).expect("a notice is JSON");
    notice["at"] = json!("2026-01-01T00:00:00Z");
    ground.put(&bucket, key, serde_json::to_vec(&notice).expect("a notice is JSON")).await;
    let delete = ground.world.s3().delete_object().bucket(&bucket).key(sent);
    delete.send().await.expect("an object is deleted");
}

/// A newer plan replaces one that waits.
async fn supersede(ground: &Ground, release: &Release) {
    let iam = iam(&ground.world);
    let account = ground.world.account.id.clone();
    let event = json!({"control": "iam-password-policy-weak", "resource": account}).to_string();
    for length in [8, 9] {
        let update = iam.update_account_password_policy().minimum_password_length(length);
        update.send().await.expect("a password policy is set");
        let run = only_run(ground.deploy(release, "iam-password-policy").invoke(event.as_bytes()).await);
        assert_eq!(run["outcome"], "awaiting-approval", "{run:#}");
    }
}

/// A control stores its memo of a compliant target.
async fn see(ground: &Ground, release: &Release) {
    let made = iam(&ground.world).create_policy().policy_name("reading").policy_document(APPROVED);
    let made = made.send().await.expect("a policy is created").policy.and_then(|policy| policy.arn);
    let event = json!({"control": "iam-policy-unapproved", "resource": made.expect("it has an ARN")}).to_string();
    let run = only_run(ground.deploy(release, "iam-policies").invoke(event.as_bytes()).await);
    assert_eq!(run["outcome"], "already-compliant", "{run:#}");
}
