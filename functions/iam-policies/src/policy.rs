//! Customer-managed policies: finding them, their versions and their documents.

use aws_sdk_iam::{
    Client,
    types::{Policy, PolicyScopeType, PolicyVersion},
};
use remedy_aws::{fault, found};
use remedy_domain::{Fault, Target, Timestamp};
use remedy_engine::{Page, Place};

use crate::{
    calls::{POLICIES, POLICY, VERSION, VERSIONS},
    clients::Iam,
    principal::NO_SUCH,
};

pub(crate) const TYPE: &str = "AWS::IAM::Policy";

/// The default version of a policy, and the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Versions {
    /// The one that counts: its id and its document.
    pub(crate) default: (String, String),
    /// Since when it is there.
    pub(crate) since: Timestamp,
    /// The ids of the others, oldest first.
    pub(crate) others: Vec<String>,
}

fn target(place: &Place, policy: &Policy) -> Option<Target> {
    Some(Target {
        account: place.account.clone(),
        region: place.region.clone(),
        resource_type: TYPE.to_owned(),
        id: policy.policy_name()?.to_owned(),
        unique_id: policy.policy_id().map(str::to_owned),
        arn: Some(policy.arn()?.to_owned()),
    })
}

/// One page of the policies that the customer manages.
pub(crate) async fn discover(client: &Iam, place: &Place, from: Option<String>) -> Result<Page, Fault> {
    let request = client.patient.get().list_policies().scope(PolicyScopeType::Local).max_items(1000);
    let answer = request.set_marker(from).send().await.map_err(|error| fault(POLICIES.operation, &error))?;
    let targets = answer.policies().iter().filter_map(|policy| target(place, policy)).collect();
    Ok(Page { targets, next: answer.marker.filter(|_| answer.is_truncated) })
}

/// By name, unique id or ARN. Only the ARN is something that IAM can be asked for; a policy of AWS is none of the account's.
pub(crate) async fn find(client: &Iam, place: &Place, id: &str) -> Result<Vec<Target>, Fault> {
    if id.starts_with("arn:") {
        let is_own = id.split_once(":iam::").and_then(|(_, rest)| rest.strip_prefix(place.account.as_str()));
        if !is_own.is_some_and(|rest| rest.starts_with(":policy/")) {
            return Ok(Vec::new());
        }
        let answer = found(POLICY.operation, &NO_SUCH, client.client.get_policy().policy_arn(id).send().await)?;
        let policy = answer.and_then(|answer| answer.policy);
        return Ok(policy
            .iter()
            .filter(|policy| policy.arn() == Some(id))
            .filter_map(|it| target(place, it))
            .collect());
    }
    let (mut found, mut from) = (Vec::new(), None);
    loop {
        let page = discover(client, place, from).await?;
        let called = |target: &Target| target.id == id || target.unique_id.as_deref() == Some(id);
        found.extend(page.targets.into_iter().filter(called));
        from = page.next;
        if from.is_none() {
            return Ok(found);
        }
    }
}

/// The versions of a policy; none where there is no such policy.
pub(crate) async fn versions(client: &Client, arn: &str) -> Result<Option<Versions>, Fault> {
    let listed = found(VERSIONS.operation, &NO_SUCH, client.list_policy_versions().policy_arn(arn).send().await)?;
    let Some(listed) = listed else { return Ok(None) };
    let id = |version: &PolicyVersion| version.version_id().unwrap_or_default().to_owned();
    let Some(default) = listed.versions().iter().find(|version| version.is_default_version()) else { return Ok(None) };
    let Some(text) = document(client, arn, &id(default)).await? else { return Ok(None) };
    let mut others: Vec<_> = listed.versions().iter().filter(|version| !version.is_default_version()).map(id).collect();
    others.sort_by_key(|id| number(id));
    let since = default.create_date().and_then(|date| Timestamp::from_second(date.secs()).ok()).unwrap_or_default();
    Ok(Some(Versions { default: (id(default), text), since, others }))
}

/// The document of one version; none where it is gone.
pub(crate) async fn document(client: &Client, arn: &str, version: &str) -> Result<Option<String>, Fault> {
    let answer = client.get_policy_version().policy_arn(arn).version_id(version).send().await;
    let version = found(VERSION.operation, &NO_SUCH, answer)?.and_then(|answer| answer.policy_version);
    Ok(version.and_then(|version| version.document).map(|text| decoded(&text)))
}

/// The document that counts; none where there is no such policy.
pub(crate) async fn default_document(client: &Client, arn: &str) -> Result<Option<String>, Fault> {
    Ok(versions(client, arn).await?.map(|versions| versions.default.1))
}

/// The number of a version: `v12` is 12. Numbers only grow, so the smallest is the oldest.
pub(crate) fn number(version: &str) -> u64 {
    version.trim_start_matches('v').parse().unwrap_or(u64::MAX)
}

/// A document as IAM returns it: percent-encoded. One that does not decode is kept as it came, and is then no policy.
pub(crate) fn decoded(text: &str) -> String {
    remedy_policy::document::decoded(text).map_or_else(|_| text.to_owned(), std::borrow::Cow::into_owned)
}
