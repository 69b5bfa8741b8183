//! Reading policies: of IAM all at once, of buckets and keys one by one.

use std::collections::BTreeMap;

use aws_sdk_iam::{
    operation::get_account_authorization_details::GetAccountAuthorizationDetailsOutput as Everybody,
    types::{AttachedPolicy, EntityType, GroupDetail, PolicyDetail, RoleDetail, UserDetail},
};
use futures_util::{StreamExt as _, stream};
use remedy_aws::{Reading as _, onlooker::Onlooker};
use remedy_domain::{Call, Fault, Target};
use remedy_engine::Place;
use remedy_policy::document::decoded;
use remedy_scan::Subject;

use super::{Document, Holding};

const AUTHORIZATIONS: Call = Call::same("iam:GetAccountAuthorizationDetails");
const POLICY: Call = Call::same("iam:GetPolicy");
const VERSION: Call = Call::same("iam:GetPolicyVersion");
const OF_BUCKET: Call = Call::same("s3:GetBucketPolicy");
const KEYS: Call = Call::same("kms:ListKeys");
const OF_KEY: Call = Call::same("kms:GetKeyPolicy");

/// Every call that reads policies.
pub(crate) const READS: [Call; 7] = [AUTHORIZATIONS, POLICY, VERSION, remedy_s3::LIST, OF_BUCKET, KEYS, OF_KEY];

/// The only name that a key policy can have.
const DEFAULT: &str = "default";
/// Policies that AWS manages are many: only those that are attached are read.
const READ: [EntityType; 4] = [EntityType::User, EntityType::Group, EntityType::Role, EntityType::LocalManagedPolicy];
const AT_ONCE: usize = 16;

/// What was read, and what failed.
pub(super) type Read = Result<(Vec<Holding>, Vec<Fault>), Fault>;

/// Users with what their groups give them, groups, roles, and who may assume them.
pub(super) async fn principals(ports: &Onlooker, place: &Place) -> Result<Vec<Holding>, Fault> {
    let client = aws_sdk_iam::Client::new(ports.reading(place).await?.config());
    let mut pages = Vec::new();
    let mut from = None;
    loop {
        let request = client.get_account_authorization_details().set_filter(Some(READ.to_vec())).max_items(1000);
        let page = request.set_marker(from).send().await.map_err(|error| AUTHORIZATIONS.fault(&error))?;
        from = page.marker.clone().filter(|_| page.is_truncated);
        pages.push(page);
        if from.is_none() {
            break;
        }
    }
    let managed = managed(&client, &pages).await?;
    Ok(holdings(&pages, &managed))
}

/// The default documents of all attached policies, by ARN.
async fn managed(client: &aws_sdk_iam::Client, pages: &[Everybody]) -> Result<BTreeMap<String, String>, Fault> {
    let mut known = BTreeMap::new();
    for policy in pages.iter().flat_map(Everybody::policies) {
        let version = policy.policy_version_list().iter().find(|version| version.is_default_version);
        let text = version.and_then(|version| version.document());
        known.extend(policy.arn().zip(text).map(|(arn, text)| (arn.to_owned(), plain(text))));
    }
    let of_aws: std::collections::BTreeSet<_> =
        pages.iter().flat_map(attached).filter(|arn| !known.contains_key(*arn)).map(str::to_owned).collect();
    for arn in of_aws {
        let sent = client.get_policy().policy_arn(&arn).send().await;
        let policy = POLICY.found(&["NoSuchEntity"], sent)?.and_then(|answer| answer.policy);
        let Some(version) = policy.and_then(|policy| policy.default_version_id) else { continue };
        let sent = client.get_policy_version().policy_arn(&arn).version_id(version).send().await;
        let answer = VERSION.found(&["NoSuchEntity"], sent)?.and_then(|answer| answer.policy_version);
        known.extend(answer.and_then(|version| version.document).map(|text| (arn, plain(&text))));
    }
    Ok(known)
}

fn attached(page: &Everybody) -> Vec<&str> {
    let users = page.user_detail_list().iter();
    let of_users = users.flat_map(UserDetail::attached_managed_policies).filter_map(AttachedPolicy::policy_arn);
    let groups = page.group_detail_list().iter();
    let of_groups = groups.flat_map(GroupDetail::attached_managed_policies).filter_map(AttachedPolicy::policy_arn);
    let roles = page.role_detail_list().iter();
    let of_roles = roles.flat_map(RoleDetail::attached_managed_policies).filter_map(AttachedPolicy::policy_arn);
    let boundaries = page.user_detail_list().iter().filter_map(|user| user.permissions_boundary());
    let boundaries = boundaries.chain(page.role_detail_list().iter().filter_map(|role| role.permissions_boundary()));
    let boundaries = boundaries.filter_map(|boundary| boundary.permissions_boundary_arn());
    of_users.chain(of_groups).chain(of_roles).chain(boundaries).collect()
}

fn plain(text: &str) -> String {
    decoded(text).map_or_else(|_| text.to_owned(), std::borrow::Cow::into_owned)
}

/// The policies that a principal holds itself.
fn held(
    inline: &[PolicyDetail],
    attached: &[AttachedPolicy],
    managed: &BTreeMap<String, String>,
    of: &str,
) -> Vec<Document> {
    let inline = inline.iter().map(|policy| Document {
        name: format!("{of}/{}", policy.policy_name().unwrap_or_default()),
        text: policy.policy_document().map(plain).unwrap_or_default(),
    });
    let attached = attached.iter().filter_map(AttachedPolicy::policy_arn).filter_map(|arn| document(arn, managed));
    inline.chain(attached).collect()
}

fn document(arn: &str, managed: &BTreeMap<String, String>) -> Option<Document> {
    managed.get(arn).map(|text| Document { name: arn.to_owned(), text: text.clone() })
}

fn holdings(pages: &[Everybody], managed: &BTreeMap<String, String>) -> Vec<Holding> {
    let mut all = Vec::new();
    let mut groups = BTreeMap::new();
    for group in pages.iter().flat_map(Everybody::group_detail_list) {
        let name = group.group_name().unwrap_or_default();
        let policies =
            held(group.group_policy_list(), group.attached_managed_policies(), managed, &format!("group {name}"));
        groups.insert(name, policies.clone());
        all.push(Holding { subject: Subject::Group, arn: text(group.arn()), policies, boundary: None });
    }
    for user in pages.iter().flat_map(Everybody::user_detail_list) {
        let own = format!("user {}", user.user_name().unwrap_or_default());
        let mut policies = held(user.user_policy_list(), user.attached_managed_policies(), managed, &own);
        policies.extend(user.group_list().iter().filter_map(|name| groups.get(name.as_str())).flatten().cloned());
        let boundary = user.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn());
        let boundary = boundary.and_then(|arn| document(arn, managed));
        all.push(Holding { subject: Subject::User, arn: text(user.arn()), policies, boundary });
    }
    for role in pages.iter().flat_map(Everybody::role_detail_list) {
        let own = format!("role {}", role.role_name().unwrap_or_default());
        let policies = held(role.role_policy_list(), role.attached_managed_policies(), managed, &own);
        let boundary = role.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn());
        let boundary = boundary.and_then(|arn| document(arn, managed));
        all.push(Holding { subject: Subject::Role, arn: text(role.arn()), policies, boundary });
        let trust = role.assume_role_policy_document().map(plain).unwrap_or_default();
        let trust = Document { name: "trust policy".to_owned(), text: trust };
        all.push(Holding { subject: Subject::Trust, arn: text(role.arn()), policies: vec![trust], boundary: None });
    }
    all
}

fn text(arn: Option<&str>) -> String {
    arn.unwrap_or_default().to_owned()
}

/// The policies of buckets.
pub(super) async fn buckets(ports: &Onlooker, place: &Place) -> Read {
    let client: aws_sdk_s3::Client = remedy_aws::Connect::connect(&ports.reading(place).await?);
    let mut targets = Vec::new();
    let mut from = None;
    loop {
        let page = remedy_s3::list(&client, place, from).await?;
        targets.extend(page.targets);
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    let client = &client;
    let read = |target: Target| async move {
        let request = client.get_bucket_policy().bucket(&target.id).expected_bucket_owner(target.account.as_str());
        let sent = request.send().await;
        let answer = OF_BUCKET.found(&["NoSuchBucketPolicy", "NoSuchBucket"], sent)?;
        Ok(holding(Subject::Bucket, target.arn, "bucket policy", answer.and_then(|answer| answer.policy)))
    };
    Ok(parted(stream::iter(targets).map(read).buffered(AT_ONCE).collect().await))
}

/// The policies of keys.
pub(super) async fn keys(ports: &Onlooker, place: &Place) -> Read {
    let client = aws_sdk_kms::Client::new(ports.reading(place).await?.config());
    let mut pages = client.list_keys().limit(1000).into_paginator().send();
    let mut keys = Vec::new();
    while let Some(page) = pages.next().await {
        keys.extend(page.map_err(|error| KEYS.fault(&error))?.keys.unwrap_or_default());
    }
    let client = &client;
    let read = |key: aws_sdk_kms::types::KeyListEntry| async move {
        let request = client.get_key_policy().key_id(key.key_id().unwrap_or_default()).policy_name(DEFAULT);
        let answer = OF_KEY.found(&["NotFoundException"], request.send().await)?;
        Ok(holding(Subject::Key, key.key_arn, "key policy", answer.and_then(|answer| answer.policy)))
    };
    Ok(parted(stream::iter(keys).map(read).buffered(AT_ONCE).collect().await))
}

fn holding(subject: Subject, arn: Option<String>, name: &str, policy: Option<String>) -> Holding {
    let policies = policy.into_iter().map(|text| Document { name: name.to_owned(), text }).collect();
    Holding { subject, arn: arn.unwrap_or_default(), policies, boundary: None }
}

fn parted(read: Vec<Result<Holding, Fault>>) -> (Vec<Holding>, Vec<Fault>) {
    let (mut holdings, mut faults) = (Vec::new(), Vec::new());
    for one in read {
        match one {
            Ok(holding) => holdings.push(holding),
            Err(fault) => faults.push(fault),
        }
    }
    (holdings, faults)
}
