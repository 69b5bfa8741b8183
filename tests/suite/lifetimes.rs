//! How long what the templates make lives: what is kept works on, and what has expired is gone.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::template::{of_type, resources};

fn is_kept(resource: &Value) -> bool {
    resource["DeletionPolicy"].as_str().is_some_and(|policy| policy.starts_with("Retain"))
}

/// The bucket whose name or ARN this is.
fn bucket<'a>(resources: &'a BTreeMap<String, Value>, name: &str) -> &'a Value {
    let is_meant = |resource: &&Value| {
        let arn = resource["Arn"].as_str().unwrap_or_default();
        resource["Type"] == "AWS::S3::Bucket" && arn.ends_with(&format!(":::{name}"))
    };
    resources.values().find(is_meant).unwrap_or_else(|| panic!("no bucket is called {name}"))
}

/// A bucket that outlives its stack without its policy takes no logs any more, and its records can be deleted.
#[test]
fn a_policy_lives_as_long_as_its_bucket() {
    let resources = resources(&[]);
    let policies = of_type(&resources, "AWS::S3::BucketPolicy");
    assert!(policies.len() >= 3, "{policies:?}");
    for (name, policy) in policies {
        let bucket = bucket(&resources, policy["Bucket"].as_str().expect("a policy names its bucket"));
        for lifetime in ["DeletionPolicy", "UpdateReplacePolicy"] {
            assert_eq!(resources[name].get(lifetime), bucket.get(lifetime), "{name} {lifetime}");
        }
    }
}

/// What outlives its stack is encrypted by keys that do, too; and what nobody names any more is not kept.
#[test]
fn a_key_lives_as_long_as_what_it_encrypts() {
    let resources = resources(&[]);
    let mut encrypted = 0;
    for (name, resource) in resources.iter().filter(|(_, resource)| is_kept(resource)) {
        let text = resource["Properties"].to_string();
        for (key, of) in resources.iter().filter(|(_, key)| key["Type"] == "AWS::KMS::Key") {
            if text.contains(of["Arn"].as_str().expect("a key has an ARN")) && key != name {
                encrypted += 1;
                assert!(is_kept(of), "{name} is kept, and its key {key} is not");
            }
        }
    }
    assert!(encrypted >= 3, "{encrypted}");
}

/// In a versioned bucket, what expires becomes an old version under a delete marker: both are kept and paid for, unless they end.
#[test]
fn what_expires_in_a_versioned_bucket_is_gone() {
    let resources = resources(&[]);
    let mut expiring = 0;
    for (name, bucket) in of_type(&resources, "AWS::S3::Bucket") {
        let rules = bucket["LifecycleConfiguration"]["Rules"].as_array().cloned().unwrap_or_default();
        if !rules.iter().any(|rule| rule.get("ExpirationInDays").is_some()) {
            continue;
        }
        expiring += 1;
        assert_eq!(bucket["VersioningConfiguration"]["Status"], "Enabled", "{name}");
        // Without a prefix: a rule of one prefix leaves the old versions of all others.
        let of_all = rules.iter().filter(|rule| rule.get("Prefix").is_none() && rule["Status"] == "Enabled");
        let ends = |member: &str| of_all.clone().any(|rule| rule.get(member).is_some_and(|value| *value != false));
        for member in ["NoncurrentVersionExpiration", "ExpiredObjectDeleteMarker", "AbortIncompleteMultipartUpload"] {
            assert!(ends(member), "{name}: {member}");
        }
    }
    assert_eq!(expiring, 2, "the state, and the access logs");
}
