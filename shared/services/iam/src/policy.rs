//! Customer-managed policies.

use aws_sdk_iam::types::{Policy, PolicyScopeType};
use remedy_aws::Reading as _;
use remedy_domain::{Call, Fault, Identities, ResourceKind, Scope, Target};
use remedy_engine::{Page, Place, Resource, Tags};

use crate::{GET_POLICY, Iam, NO_SUCH, SERVICE, SOURCE};

const TYPE: &str = "AWS::IAM::Policy";
const LIST: Call = Call::same("iam:ListPolicies");
const TAGS: Call = Call::same("iam:ListPolicyTags");

/// A policy that the customer manages.
#[derive(Debug)]
pub struct CustomerPolicy;

impl Resource for CustomerPolicy {
    const KIND: ResourceKind = ResourceKind {
        types: &[TYPE],
        scope: Scope::Global,
        service: SERVICE,
        source: SOURCE,
        reads: &[GET_POLICY, LIST],
        tags: &[TAGS],
        identities: Identities::Touched,
    };
    type Client = Iam;

    async fn list(iam: &Iam, place: &Place, from: Option<String>) -> Result<Page, Fault> {
        let request = iam.patient.get().list_policies().scope(PolicyScopeType::Local).max_items(1000);
        let answer = LIST.answer(request.set_marker(from).send().await)?;
        let targets = answer.policies().iter().filter_map(|policy| target(place, policy)).collect();
        Ok(Page { targets, next: answer.marker.filter(|_| answer.is_truncated) })
    }

    /// By name, unique id or ARN. Only the ARN is something that IAM can be asked for; a policy of AWS is none of the
    /// account's.
    async fn find(iam: &Iam, place: &Place, id: &str) -> Result<Vec<Target>, Fault> {
        if id.starts_with("arn:") {
            let is_own = id.split_once(":iam::").and_then(|(_, rest)| rest.strip_prefix(place.account.as_str()));
            if !is_own.is_some_and(|rest| rest.starts_with(":policy/")) {
                return Ok(Vec::new());
            }
            let answer = GET_POLICY.found(&NO_SUCH, iam.client.get_policy().policy_arn(id).send().await)?;
            let policy = answer.and_then(|answer| answer.policy).filter(|policy| policy.arn() == Some(id));
            return Ok(policy.iter().filter_map(|policy| target(place, policy)).collect());
        }
        let (mut found, mut from) = (Vec::new(), None);
        loop {
            let page = Self::list(iam, place, from).await?;
            let called = |target: &Target| target.id == id || target.unique_id.as_deref() == Some(id);
            found.extend(page.targets.into_iter().filter(called));
            from = page.next;
            if from.is_none() {
                return Ok(found);
            }
        }
    }

    /// Page by page; none where the policy is gone.
    async fn tags(iam: &Iam, policy: &Target) -> Result<Tags, Fault> {
        let arn = policy.arn.as_deref().unwrap_or_default();
        let (mut tags, mut from) = (Tags::new(), None);
        loop {
            let sent = iam.client.list_policy_tags().policy_arn(arn).set_marker(from).send().await;
            let Some(page) = TAGS.found(&NO_SUCH, sent)? else { return Ok(tags) };
            tags.extend(page.tags.into_iter().map(|tag| (tag.key, tag.value)));
            from = page.marker;
            if from.is_none() {
                return Ok(tags);
            }
        }
    }
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
