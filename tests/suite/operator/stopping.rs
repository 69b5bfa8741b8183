//! The kill switch: one person stops everything, two let it go on.

use remedy_testkit::world::only_run;

use crate::drift::{Drift, block_of};
use remedy_tests::clinic::Clinic;

#[tokio::test]
async fn nothing_is_written_from_the_next_invocation_on() {
    let clinic = Clinic::open("enforce").await;
    let (ann, bob) = (clinic.person("ann").await, clinic.person("bob").await);
    let bucket = Drift::Bucket.make(&clinic.world, "a").await;
    let lambda = clinic.deploy("s3-public-access");
    let account = clinic.world.account.id.clone();
    for scope in [&["--all"][..], &["--account", &account], &["--control", "s3-bucket-public"]] {
        ann.does(&[&["hold", "--reason", "images are gone"], scope].concat()).await;
        let run = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
        assert_eq!((&run["outcome"], &run["check"]), (&"blocked".into(), &"hold".into()), "{run:#}");
        assert_eq!(ann.does(&["status"]).await["holds"].as_array().map(Vec::len), Some(1));
        let asked = ann.does(&[&["release", "--reason", "found"], scope].concat()).await;
        let id = asked["id"].as_str().expect("an ask has an id");
        assert!(ann.is_refused(&["approve", id]).await.starts_with("denied"));
        bob.does(&["approve", id]).await;
    }
    assert!(clinic.world.repairs().is_empty());
    let run = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!(run["outcome"], "repaired", "{run:#}");
    assert_eq!(block_of(&clinic.world, &bucket).await, Some([true; 4]));
}

#[tokio::test]
async fn a_hold_elsewhere_stops_nothing_here() {
    let clinic = Clinic::open("enforce").await;
    let ann = clinic.person("ann").await;
    let bucket = Drift::Bucket.make(&clinic.world, "a").await;
    ann.does(&["hold", "--reason", "x", "--control", "kms-key-unrotated"]).await;
    ann.does(&["hold", "--reason", "x", "--account", "999988887777"]).await;
    let run = only_run(clinic.deploy("s3-public-access").invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!(run["outcome"], "repaired", "{run:#}");
}

#[tokio::test]
async fn who_holds_again_makes_a_pending_release_void() {
    let clinic = Clinic::open("enforce").await;
    let (ann, bob) = (clinic.person("ann").await, clinic.person("bob").await);
    ann.does(&["hold", "--all", "--reason", "x"]).await;
    let asked = ann.does(&["release", "--all", "--reason", "y"]).await;
    let id = asked["id"].as_str().expect("an ask has an id");
    ann.does(&["hold", "--all", "--reason", "z"]).await;
    let told = bob.is_refused(&["approve", id]).await;
    assert!(told.contains("outdated"), "{told}");
    assert_eq!(ann.does(&["status"]).await["holds"][0]["reason"], "z");
    let asked = ann.does(&["release", "--all", "--reason", "y"]).await;
    bob.does(&["approve", asked["id"].as_str().expect("an ask has an id")]).await;
    assert_eq!(ann.does(&["status"]).await["holds"], serde_json::json!([]));
}

#[tokio::test]
async fn a_hold_of_what_can_be_no_control_is_refused_and_of_what_may_be_none_is_doubted() {
    let clinic = Clinic::open("enforce").await;
    let ann = clinic.person("ann").await;
    for wrong in ["S3-Bucket", "../all", "*", "a b", "0000000000"] {
        let told = ann.is_refused(&["hold", "--control", wrong, "--reason", "x"]).await;
        assert!(told.contains("no-control"), "{wrong}: {told}");
    }
    let doubted = ann.does(&["hold", "--control", "s3-bucket-pubic", "--reason", "x"]).await;
    assert!(doubted["but"].as_str().is_some_and(|but| but.contains("docs/controls.md")), "{doubted:#}");
    assert_eq!(ann.does(&["hold", "--all", "--reason", "x"]).await["but"], serde_json::Value::Null);
}
