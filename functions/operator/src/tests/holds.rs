//! Holds: a brake never refuses, and says where it may stop nothing.

use remedy_domain::AccountId;
use remedy_engine::Store as _;
use serde_json::{Value, json};

use super::{ACCOUNT, does, ports, says_under, settings, word};
use remedy_testkit::people::person;

fn held(scope: &Value) -> Value {
    json!({"hold": {"scope": scope, "reason": "images are gone"}})
}

#[tokio::test]
async fn only_what_can_be_no_control_is_refused() {
    let ports = ports();
    for id in ["", "S3-Bucket-Public", "../all", "3-s3", &"x".repeat(65)] {
        assert_eq!(word(&ports, "ann", &held(&json!({"control": id}))).await, "no-control", "{id}");
    }
    for scope in [json!("all"), json!({"account": "444455556666"}), json!({"control": "no-such-control"})] {
        assert_eq!(does(&ports, "ann", &held(&scope)).await["done"], "held", "{scope}");
    }
}

#[tokio::test]
async fn a_hold_of_what_nobody_knows_says_so() {
    let ports = ports();
    ports.put("baseline/kms-key-unrotated/x", b"{}").await.unwrap();
    let mut known = settings();
    known.accounts.insert(AccountId::parse("777788889999").unwrap());
    known.modes.controls.insert("s3-bucket-public".to_owned(), remedy_domain::Mode::Enforce);
    for (scope, doubt) in [
        (json!("all"), None),
        (json!({"account": ACCOUNT}), None),
        (json!({"account": "777788889999"}), None),
        (json!({"account": "444455556666"}), Some("the settings name no such account: check its number")),
        (json!({"control": "kms-key-unrotated"}), None),
        (json!({"control": "s3-bucket-public"}), None),
        (
            json!({"control": "kms-key-lost"}),
            Some("no sweep of such a control is recorded: check its id with docs/controls.md"),
        ),
    ] {
        let answer = says_under(&ports, &known, &person("ann"), &held(&scope)).await.unwrap();
        assert_eq!((&answer["done"], answer["but"].as_str()), (&json!("held"), doubt), "{scope}");
    }
}
