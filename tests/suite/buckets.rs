//! Buckets that are open by policy and ACL: closed without cutting anybody off, and opened again beside others' changes.

use aws_sdk_s3::types::{AccessControlPolicy, Grant, Grantee, ObjectOwnership, Permission, Type};
use remedy_testkit::{
    proxy::When,
    world::{World, only_run},
};
use serde_json::json;

use crate::drift::{self, Drift, block_of, partner, policy_of};

const PARTNER_ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";

fn everyone(bucket: &str) -> String {
    format!(
        r#"{{"Sid":"Open","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::{bucket}/*"}}"#
    )
}

fn document(statements: &[String]) -> String {
    format!(r#"{{ "Version":"2012-10-17",  "Statement":[{}] }}"#, statements.join(", "))
}

/// A bucket without Block Public Access, whose policy and ACL let in the public and a partner.
async fn opened(world: &World) -> String {
    let (s3, name) = (world.s3(), format!("phi-{}-open", world.account.id));
    let create = s3.create_bucket().bucket(&name).object_ownership(ObjectOwnership::BucketOwnerPreferred);
    create.send().await.expect("a bucket is created");
    let policy = document(&[everyone(&name), partner(&name)]);
    s3.put_bucket_policy().bucket(&name).policy(policy).send().await.expect("a policy is put");
    let acl = s3.get_bucket_acl().bucket(&name).send().await.expect("a bucket has an ACL");
    let grant = |grantee: Grantee| Grant::builder().grantee(grantee).permission(Permission::Read).build();
    let group = Grantee::builder().r#type(Type::Group).uri(ALL_USERS).build().expect("a group");
    let account = Grantee::builder().r#type(Type::CanonicalUser).id(PARTNER_ID).build().expect("an account");
    let grants = acl.grants.into_iter().flatten().chain([grant(group), grant(account)]).collect();
    let list = AccessControlPolicy::builder().set_owner(acl.owner).set_grants(Some(grants)).build();
    s3.put_bucket_acl().bucket(&name).access_control_policy(list).send().await.expect("an ACL is put");
    name
}

/// The grantees of a bucket's ACL.
async fn grantees(world: &World, bucket: &str) -> Vec<String> {
    let grants = world.s3().get_bucket_acl().bucket(bucket).send().await.expect("a bucket has an ACL").grants;
    let grantees = grants.into_iter().flatten().filter_map(|grant| grant.grantee);
    let mut names: Vec<_> = grantees.filter_map(|grantee| grantee.uri.or(grantee.id)).collect();
    names.sort();
    names
}

fn writes(world: &World) -> Vec<String> {
    world.repairs().into_iter().map(|call| call.operation).collect()
}

#[tokio::test]
async fn the_public_goes_first_and_a_partner_is_never_cut_off() {
    let world = World::new().await;
    let bucket = opened(&world).await;
    let (policy, acl) = (policy_of(&world, &bucket).await, grantees(&world, &bucket).await);
    let lambda = world.deploy("s3-public-access", "enforce");
    let run = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!(run["outcome"], "repaired", "{run:#}");
    assert!(!run.to_string().contains("GetObject"), "no text of the policy is told: {run:#}");
    assert_eq!(writes(&world), ["PutBucketPolicy", "PutBucketAcl", "PutPublicAccessBlock"]);
    assert_eq!(policy_of(&world, &bucket).await, Some(document(&[partner(&bucket)])), "byte for byte");
    assert_eq!(grantees(&world, &bucket).await.len(), 2, "the owner and the partner");
    assert_eq!(block_of(&world, &bucket).await, Some([true; 4]));

    world.proxy.clear();
    assert_eq!(only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await)["outcome"], "already-compliant");
    assert!(world.proxy.effects().is_empty(), "a second run writes nothing anywhere");

    assert_eq!(world.undo(&lambda, &run).await["outcome"], "reverted");
    assert_eq!(writes(&world), ["DeletePublicAccessBlock", "PutBucketAcl", "PutBucketPolicy"]);
    assert_eq!((policy_of(&world, &bucket).await, grantees(&world, &bucket).await), (policy, acl));
    assert_eq!(block_of(&world, &bucket).await, None);
}

#[tokio::test]
async fn an_undo_leaves_the_statement_of_another_control() {
    let world = World::new().await;
    let bucket = opened(&world).await;
    let lambda = world.deploy("s3-public-access", "enforce");
    let run = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    let other = world.deploy("s3-encryption", "enforce");
    assert_eq!(only_run(other.invoke(&Drift::Plaintext.event(&bucket)).await)["outcome"], "repaired");
    let between = policy_of(&world, &bucket).await.expect("a policy");
    assert!(between.contains("RemedyDenyPlaintext"));
    assert_eq!(world.undo(&lambda, &run).await["outcome"], "reverted");
    let undone = policy_of(&world, &bucket).await.expect("a policy");
    let kept = between.strip_suffix("] }").expect("a list of statements");
    assert_eq!(undone, format!("{kept},{}] }}", everyone(&bucket)), "both stay, ours comes back");
    assert_eq!(only_run(other.invoke(&Drift::Plaintext.event(&bucket)).await)["outcome"], "already-compliant");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_that_was_cut_short_is_completed_and_its_first_plan_undoes_all_of_it() {
    let world = World::new().await;
    let bucket = opened(&world).await;
    let (policy, acl) = (policy_of(&world, &bucket).await, grantees(&world, &bucket).await);
    let lambda = world.deploy("s3-public-access", "enforce");
    let breakpoint = world.proxy.stop_when(When::After, |call| call.operation == "PutBucketPolicy");
    let reached = breakpoint.reached_or(lambda.invoke(&Drift::Bucket.event(&bucket))).await;
    assert!(reached.is_ok(), "the repair begins with the policy");
    lambda.kill().await;
    breakpoint.release();
    world.proxy.quiet().await;
    let first = world.state("plan/").await.into_keys().next().expect("a plan is kept before the first write");
    world.age_locks().await;
    assert_eq!(only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await)["outcome"], "repaired");
    assert_eq!(writes(&world), ["PutBucketPolicy", "PutBucketAcl", "PutPublicAccessBlock"], "nothing is done twice");
    let plan = json!({"plan": first.trim_start_matches("plan/")});
    assert_eq!(world.undo(&lambda, &plan).await["outcome"], "reverted");
    assert_eq!((policy_of(&world, &bucket).await, grantees(&world, &bucket).await), (policy, acl));
    world.assert_conserved().await;
}

#[tokio::test]
async fn a_bucket_whose_policy_is_in_doubt_is_closed_by_its_flags_and_the_rest_is_told() {
    let world = World::new().await;
    let bucket = opened(&world).await;
    let ours = r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}}"#;
    let policy = document(&[everyone(&bucket), ours.to_owned()]);
    world.s3().put_bucket_policy().bucket(&bucket).policy(&policy).send().await.expect("a policy is put");
    let acl = grantees(&world, &bucket).await;
    let lambda = world.deploy("s3-public-access", "enforce");
    let run = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!(run["outcome"], "repaired", "{run:#}");
    assert_eq!(run["before"]["policy"], run["after"]["policy"]);
    assert_eq!(block_of(&world, &bucket).await, Some([true; 4]));
    assert_eq!((policy_of(&world, &bucket).await, grantees(&world, &bucket).await), (Some(policy), acl));
    assert_eq!(writes(&world), ["PutPublicAccessBlock"]);
    let notices = world.state("notice/").await;
    let is_told = |letter: &serde_json::Value| {
        let text = letter["notice"]["text"].as_str().unwrap_or_default();
        letter["notice"]["alarm"] == "alarm" && text.contains("S3 takes the bucket policy for public")
    };
    assert!(notices.values().any(is_told), "somebody must look at the rest: {notices:#?}");
}

#[tokio::test]
async fn a_policy_for_nobody_but_the_public_goes_as_a_whole() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let policy = document(&[everyone(&bucket)]);
    world.s3().put_bucket_policy().bucket(&bucket).policy(&policy).send().await.expect("a policy is put");
    let lambda = world.deploy("s3-public-access", "enforce");
    let run = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!(run["outcome"], "repaired", "{run:#}");
    assert_eq!(writes(&world), ["DeleteBucketPolicy", "PutPublicAccessBlock"]);
    assert_eq!(world.undo(&lambda, &run).await["outcome"], "reverted");
    assert_eq!(policy_of(&world, &bucket).await, Some(policy), "byte for byte");
}

#[tokio::test]
async fn an_account_is_closed_once_somebody_agreed_and_opened_again() {
    let world = World::new().await;
    let lambda = world.deploy("s3-public-access", "enforce");
    let event = json!({"control": "s3-account-public", "resource": world.account.id}).to_string();
    let held = only_run(lambda.invoke(event.as_bytes()).await);
    let repaired = world.approve(&lambda, &held).await;
    assert_eq!(repaired["outcome"], "repaired", "{repaired:#}");
    assert_eq!(only_run(lambda.invoke(event.as_bytes()).await)["outcome"], "already-compliant");
    let undone = world.undo(&lambda, &repaired).await;
    assert_eq!((&undone["outcome"], &undone["after"]), (&json!("reverted"), &repaired["before"]), "{undone:#}");
    let calls: Vec<_> = world.repairs().iter().map(|call| call.name()).collect();
    assert_eq!(calls, ["s3control:PutPublicAccessBlock", "s3control:DeletePublicAccessBlock"]);
}
