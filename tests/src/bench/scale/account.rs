//! A large account in the fake: made by genuine calls of the SDKs, one resource in a hundred drifted.

use std::{collections::BTreeSet, num::NonZeroUsize, thread};

use aws_sdk_iam::Client as Iam;
use aws_sdk_kms::Client as Kms;
use aws_sdk_s3::{
    Client as S3,
    types::{
        BlockedEncryptionTypes, EncryptionType, ServerSideEncryption, ServerSideEncryptionByDefault,
        ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
    },
};
use futures_util::{StreamExt as _, stream};
use remedy_testkit::fake::{Caller, FakeAws};
use serde_json::{Value, json};

/// The account.
pub(super) const ID: &str = "111122223333";
/// Its Region.
pub(super) const REGION: &str = "us-east-1";
/// One resource in so many has drifted.
const DRIFTED: usize = 100;
/// Policies of the account; each role has one.
const POLICIES: usize = 50;

/// How many of each there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) buckets: usize,
    pub(super) roles: usize,
    pub(super) keys: usize,
}

/// Drift that was planted: control, and id of the resource.
pub(super) type Planted = BTreeSet<(String, String)>;

/// The place of a resource among those that drift, if it does.
fn drifts(number: usize) -> Option<usize> {
    number.is_multiple_of(DRIFTED).then_some(number / DRIFTED)
}

/// The resources of an account with this number of each, and what drifts of them.
pub(super) async fn make(aws: &FakeAws, size: Size) -> Planted {
    let config = aws.config(ID, REGION, Caller::Test);
    let (s3, kms, iam) = (S3::new(&config), Kms::new(&config), Iam::new(&config));
    let mut planted = of_account(aws, &iam).await;
    let keys = all(size.keys, |number| key(kms.clone(), number)).await;
    let good: Vec<_> = keys.iter().filter(|(_, drift)| drift.is_empty()).map(|(id, _)| id.clone()).collect();
    let buckets = all(size.buckets, |number| {
        let key = good.get(number % good.len().max(1)).expect("a key of a hundred is good").clone();
        bucket(s3.clone(), number, key)
    });
    let buckets = buckets.await;
    let roles = all(size.roles, |number| role(iam.clone(), number)).await;
    for (id, controls) in keys.into_iter().chain(buckets).chain(roles) {
        planted.extend(controls.iter().map(|control| ((*control).to_owned(), id.clone())));
    }
    planted
}

/// A resource, and the controls under which it drifts.
type Made = (String, &'static [&'static str]);

/// Makes so many, on all processors.
async fn all<F: Future<Output = Made> + Send + 'static>(many: usize, make: impl Fn(usize) -> F) -> Vec<Made> {
    let at_once = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let making = stream::iter((0..many).map(|number| tokio::spawn(make(number))));
    making.buffered(at_once).map(|made| made.expect("it is made")).collect().await
}

/// What an account has once. Buckets are blocked one by one: that of the account would cover for them all.
async fn of_account(aws: &FakeAws, iam: &Iam) -> Planted {
    aws.plant_root_mfa(ID, true);
    let update = iam.update_account_password_policy().minimum_password_length(14).require_symbols(true);
    let update = update.require_numbers(true).require_uppercase_characters(true).require_lowercase_characters(true);
    let update = update.allow_users_to_change_password(true).max_password_age(90).password_reuse_prevention(24);
    update.send().await.expect("a password policy");
    for number in 0..POLICIES {
        let text = json!({
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "logs:GetLogEvents", "Resource": "*"}],
        });
        let made = iam.create_policy().policy_name(policy(number)).policy_document(text.to_string());
        made.send().await.expect("a policy");
    }
    Planted::from([("s3-account-public".to_owned(), ID.to_owned())])
}

fn policy(number: usize) -> String {
    format!("scale-{:02}", number % POLICIES)
}

async fn key(kms: Kms, number: usize) -> Made {
    let id = kms.create_key().send().await.expect("a key").key_metadata.expect("a new key is described").key_id;
    let drift = drifts(number).map(|which| which % 3);
    if drift != Some(0) {
        kms.enable_key_rotation().key_id(&id).send().await.expect("it rotates");
    }
    let controls: &[_] = match drift {
        Some(0) => &["kms-key-unrotated"],
        Some(1) => {
            let request = kms.schedule_key_deletion().key_id(&id).pending_window_in_days(30);
            request.send().await.expect("a deletion is scheduled");
            &["kms-key-pending-deletion"]
        }
        Some(_) => {
            let allow = |account: &str| {
                let who = format!("arn:aws:iam::{account}:root");
                json!({"Effect": "Allow", "Principal": {"AWS": who}, "Action": "kms:*", "Resource": "*"})
            };
            let text = json!({"Version": "2012-10-17", "Statement": [allow(ID), allow("999988887777")]});
            let put = kms.put_key_policy().key_id(&id).policy_name("default").policy(text.to_string());
            put.send().await.expect("a key policy");
            &["kms-key-open-policy"]
        }
        None => &[],
    };
    (id, controls)
}

async fn bucket(s3: S3, number: usize, key: String) -> Made {
    let name = format!("scale-{number:05}");
    s3.create_bucket().bucket(&name).send().await.expect("a bucket");
    let drift = drifts(number).map(|which| which % 5);
    let text = bucket_policy(&name, drift);
    s3.put_bucket_policy().bucket(&name).policy(text.to_string()).send().await.expect("a bucket policy");
    let put = s3.put_bucket_encryption().bucket(&name);
    put.server_side_encryption_configuration(encryption(&key, drift)).send().await.expect("default encryption");
    let controls: &[_] = match drift {
        Some(0) => {
            s3.delete_public_access_block().bucket(&name).send().await.expect("it is open");
            &["s3-bucket-public"]
        }
        Some(1) => &["s3-bucket-without-tls"],
        Some(2) => &["s3-bucket-unencrypted-put"],
        Some(3) => &["s3-bucket-default-key"],
        Some(_) => &["s3-bucket-ssec-allowed"],
        None => &[],
    };
    (name, controls)
}

/// A partner's statement, and against requests without TLS and uploads under another encryption.
fn bucket_policy(name: &str, drift: Option<usize>) -> Value {
    let (arn, header) = (format!("arn:aws:s3:::{name}"), "s3:x-amz-server-side-encryption");
    let partner = json!({
        "Sid": "Partner", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
        "Action": "s3:GetObject", "Resource": format!("{arn}/shared/*"),
    });
    let tls = json!({
        "Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, format!("{arn}/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    });
    let encrypted = json!({
        "Sid": "Encrypted", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": format!("{arn}/*"),
        "Condition": {"StringNotEquals": {header: ["aws:kms", "aws:kms:dsse"]}, "Null": {header: "false"}},
    });
    let statements: Vec<_> = match drift {
        Some(1) => vec![partner, encrypted],
        Some(2) => vec![partner, tls],
        _ => vec![partner, tls, encrypted],
    };
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn encryption(key: &str, drift: Option<usize>) -> ServerSideEncryptionConfiguration {
    let with_key = drift != Some(3);
    let algorithm = if with_key { ServerSideEncryption::AwsKms } else { ServerSideEncryption::Aes256 };
    let key = with_key.then(|| format!("arn:aws:kms:{REGION}:{ID}:key/{key}"));
    let default = ServerSideEncryptionByDefault::builder().sse_algorithm(algorithm).set_kms_master_key_id(key).build();
    let blocked = BlockedEncryptionTypes::builder().encryption_type(EncryptionType::from("SSE-C")).build();
    let rule = ServerSideEncryptionRule::builder().bucket_key_enabled(with_key);
    let rule = rule.apply_server_side_encryption_by_default(default.expect("a default"));
    let rule = rule.set_blocked_encryption_types((drift != Some(4)).then_some(blocked)).build();
    ServerSideEncryptionConfiguration::builder().rules(rule).build().expect("a configuration")
}

async fn role(iam: Iam, number: usize) -> Made {
    let name = format!("scale-{number:05}");
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    });
    let made = iam.create_role().role_name(&name).assume_role_policy_document(trust.to_string());
    made.send().await.expect("a role");
    let attach = async |arn: String| {
        iam.attach_role_policy().role_name(&name).policy_arn(arn).send().await.expect("it is attached");
    };
    let write = async |action: &str| {
        let statement = json!({"Effect": "Allow", "Action": action, "Resource": "*"});
        let text = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        iam.put_role_policy().role_name(&name).policy_name("own").policy_document(text).send().await.expect("written");
    };
    attach(format!("arn:aws:iam::{ID}:policy/{}", policy(number))).await;
    let controls: &[_] = match drifts(number).map(|which| which % 3) {
        Some(0) => {
            attach("arn:aws:iam::aws:policy/AdministratorAccess".to_owned()).await;
            &["iam-admin-attached"]
        }
        Some(1) => {
            write("logs:PutLogEvents").await;
            &["iam-inline-policy"]
        }
        Some(_) => {
            write("kms:Decrypt").await;
            &["iam-inline-policy", "iam-inline-kms"]
        }
        None => &[],
    };
    (name, controls)
}
