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
