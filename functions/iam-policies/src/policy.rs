//! Customer-managed policies: their versions and their documents.

use aws_sdk_iam::{Client, types::PolicyVersion};
use remedy_aws::Reading as _;
use remedy_domain::{Fault, Timestamp};
use remedy_iam::NO_SUCH;

use crate::calls::{VERSION, VERSIONS};

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

/// The versions of a policy; none where there is no such policy.
pub(crate) async fn versions(client: &Client, arn: &str) -> Result<Option<Versions>, Fault> {
    let listed = VERSIONS.found(&NO_SUCH, client.list_policy_versions().policy_arn(arn).send().await)?;
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
    let version = VERSION.found(&NO_SUCH, answer)?.and_then(|answer| answer.policy_version);
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
