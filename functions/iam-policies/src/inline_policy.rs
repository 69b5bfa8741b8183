//! `iam-inline-policy`: a user, group or role with policies written into it.
//!
//! **What drifts.** There is an inline policy, other than the MFA-deny policy of `iam-mfa`, which is identified by its
//! content. One under another name that Remedy reserves for itself pages somebody.
//!
//! **Why it matters.** No review of policies sees inline policies, and they have no versions to return to: 45 CFR
//! 164.308(a)(3)(i) and (ii), 164.308(a)(4)(i) and (ii) (access is authorised and reviewed), 164.312(a)(1).
//!
//! **What we read.** The principal's inline policies and the managed ones attached to it; on drift, whether a managed
//! policy already exists in place of an inline one, and the principal's tags.
//!
//! **What we change.** Each becomes a customer-managed policy of the same document, `RemedyInline-…`, attached to the
//! same principal; then the inline one is deleted. Permissions stay exactly as before.
//!
//! **What we never touch.** The contents of the documents; other attached policies; the MFA-deny policy.
//!
//! **What may break.** Nothing is permitted or denied anew. Templates and scripts that manage the inline policy by its
//! name no longer find it, and may write it again.
//!
//! **Way back.** The inline policies are written again, and the managed ones detached and deleted.
//!
//! **When a person decides.** Always, unless `identity_repairs` is `auto`. If a document is longer than a managed
//! policy may be, or ten policies are attached, a person must make room; likewise if our name is taken.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, try_join_all};
use remedy_aws::{absent, fault, found};
use remedy_domain::{
    Conflict, Context, Control, ControlId, Drift, Fault, Identities, Observed, Route, Scope, Stops, Target, Verdict,
    Violation, canonical, control::ApiEvent, fence,
};
use remedy_engine::{Page, Place, Remediation, Tags, Writer};
use remedy_policy::{Kind as Document, edit};
use serde_json::{Value, json};

use crate::{
    calls::{
        ATTACH, CREATE_POLICY, DELETE_INLINE, DELETE_POLICY, DETACH, GET, GET_INLINE, LIST, LIST_ATTACHED, LIST_INLINE,
        PUT_INLINE, TAGS, VERSION, VERSIONS,
    },
    clients::Iam,
    consent,
    inline_setting::{self, Managed, PREFIX, Setting, Step, managed_arn},
    policy,
    principal::{self, Kind, NO_SUCH},
    tags,
};

const IAM: &str = "iam.amazonaws.com";
/// The managed policies that a principal may have attached, by default.
const ATTACHED: usize = 10;

/// The control `iam-inline-policy`.
#[derive(Debug)]
pub struct InlinePolicy;

/// Facts that affect the decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The principal's ARN.
    pub arn: String,
    /// How many managed policies are attached to it.
    pub attached: usize,
}

impl Remediation for InlinePolicy {
    const CONTROL: Control = Control {
        id: ControlId("iam-inline-policy"),
        title: "Policies written into a user, group or role",
        hipaa: &[
            "164.308(a)(1)(ii)(B)",
            "164.308(a)(3)(i)",
            "164.308(a)(3)(ii)(A)",
            "164.308(a)(3)(ii)(B)",
            "164.308(a)(4)(i)",
            "164.308(a)(4)(ii)(A)",
            "164.308(a)(4)(ii)(B)",
            "164.308(a)(4)(ii)(C)",
            "164.312(a)(1)",
        ],
        config_rules: &["IAM_NO_INLINE_POLICY_CHECK"],
        resource_types: principal::TYPES,
        scope: Scope::Global,
        api_events: &[
            ApiEvent::new(IAM, "PutGroupPolicy"),
            ApiEvent::new(IAM, "PutRolePolicy"),
            ApiEvent::new(IAM, "PutUserPolicy"),
        ],
        reads: &[
            LIST_INLINE[0],
            LIST_INLINE[1],
            LIST_INLINE[2],
            GET_INLINE[0],
            GET_INLINE[1],
            GET_INLINE[2],
            LIST_ATTACHED[0],
            LIST_ATTACHED[1],
            LIST_ATTACHED[2],
            GET[0],
            GET[1],
            GET[2],
            LIST[0],
            LIST[1],
            LIST[2],
            TAGS[0],
            TAGS[1],
            VERSION,
            VERSIONS,
        ],
        writes: &[
            ATTACH[0],
            ATTACH[1],
            ATTACH[2],
            CREATE_POLICY,
            DELETE_INLINE[0],
            DELETE_INLINE[1],
            DELETE_INLINE[2],
            DELETE_POLICY,
            DETACH[0],
            DETACH[1],
            DETACH[2],
            PUT_INLINE[0],
            PUT_INLINE[1],
            PUT_INLINE[2],
        ],
        elements: &["inline policies other than the fence", "policies named RemedyInline- and their attachments"],
        stops: Stops::Nothing,
        identities: Identities::Touched,
    };
    type Facts = Facts;
    type Setting = Setting;
    type Step = Step;
    type Client = Iam;

    async fn discover(client: &Iam, place: &Place, from: Option<String>) -> Result<Page, Fault> {
        principal::discover(client, place, &Kind::ALL, from).await
    }

    async fn find(client: &Iam, place: &Place, id: &str) -> Result<Vec<Target>, Fault> {
        principal::find(client, place, &Kind::ALL, id).await
    }

    async fn observe(client: &Iam, target: &Target) -> Result<Observed<Facts, Setting>, Fault> {
        let (kind, name) = (Kind::of(target), target.id.as_str());
        let (inline, attached) =
            join(principal::inline(&client.client, target), principal::attached(&client.client, kind, name)).await;
        let (Some(inline), Some(attached)) = (inline?, attached?) else { return Ok(Observed::Absent) };
        let facts = Facts { arn: target.arn.clone().unwrap_or_default(), attached: attached.len() };
        let managed = managed(client, &facts.arn, &inline, &attached).await?;
        Ok(Observed::Present { facts, setting: Setting { kind, inline, managed } })
    }

    async fn tags(client: &Iam, target: &Target) -> Result<Tags, Fault> {
        tags::of(client, target).await
    }

    fn judge(facts: &Facts, setting: &Setting, context: &Context<'_>) -> Verdict<Setting> {
        let count = setting.inline.len();
        if count == 0 {
            return Verdict::Compliant;
        }
        let mut violations = vec![Violation::new(format!("policies are written into the principal: {count}"))];
        let imitated = setting.inline.keys().filter(|name| fence::is_reserved(name)).count();
        if imitated > 0 {
            let words =
                format!("policies are written into the principal under names that it keeps for itself: {imitated}");
            violations.push(Violation::imitation(words));
        }
        if let Some(obstacle) = obstacle(facts, setting) {
            return Verdict::NeedsHuman { violations, reason: obstacle.to_owned() };
        }
        let Some(desired) = setting.converted(&facts.arn) else {
            violations.push(Violation::imitation(
                "a managed policy under a name that it keeps for itself says something else",
            ));
            let reason = "a policy under a name that Remedy reserves says something else: delete it".to_owned();
            return Verdict::NeedsHuman { violations, reason };
        };
        Verdict::Drifted(Drift { violations, desired, consent: consent::of_identities(context), note: None })
    }

    fn steps(from: &Setting, to: &Setting) -> Route<Step> {
        inline_setting::steps(from, to)
    }

    fn rebase(before: &Setting, after: &Setting, now: &Setting) -> Result<Setting, Conflict> {
        inline_setting::rebase(before, after, now)
    }

    fn agrees(a: &Setting, b: &Setting) -> bool {
        a.agrees(b)
    }

    fn show(setting: &Setting) -> Value {
        let Setting { kind, inline, managed } = setting;
        let digest = |text: &str| canonical::sha256_hex(text.as_bytes());
        let inline: BTreeMap<_, _> = inline.iter().map(|(name, text)| (name, digest(text))).collect();
        let managed: BTreeMap<_, _> = managed
            .iter()
            .map(|(arn, one)| (arn, json!({"sha256": digest(&one.document), "attached": one.attached})))
            .collect();
        json!({"kind": kind, "inline": inline, "managed": managed})
    }

    async fn perform(writer: &Writer<Iam>, target: &Target, step: &Step) -> Result<(), Fault> {
        let client = &writer.client().client;
        match step {
            Step::CreatePolicy(arn, text) => {
                let name = arn.rsplit('/').next().unwrap_or_default();
                match client.create_policy().policy_name(name).policy_document(text).send().await {
                    // Our own first try, or somebody else's: the next run looks what it says before it attaches it.
                    Err(error) if absent(&error, &["EntityAlreadyExists", "EntityAlreadyExistsException"]) => {
                        Err(Fault::transient(CREATE_POLICY.operation, "policy-exists"))
                    }
                    sent => sent.map(|_| ()).map_err(|error| fault(CREATE_POLICY.operation, &error)),
                }
            }
            Step::DeletePolicy(arn) => {
                let sent = client.delete_policy().policy_arn(arn).send().await;
                found(DELETE_POLICY.operation, &NO_SUCH, sent).map(|_| ())
            }
            Step::Principal(kind, write) => write.perform(client, *kind, &target.id).await,
        }
    }
}

/// The managed policies that inline ones became, and those that stand where the inline ones would go.
async fn managed(
    client: &Iam,
    principal: &str,
    inline: &BTreeMap<String, String>,
    attached: &BTreeSet<String>,
) -> Result<BTreeMap<String, Managed>, Fault> {
    let became = attached.iter().filter(|arn| arn.contains(&format!(":policy/{PREFIX}"))).cloned();
    let would = inline.keys().map(|name| managed_arn(principal, name));
    let arns: BTreeSet<String> = became.chain(would).collect();
    let documents = try_join_all(arns.iter().map(|arn| policy::default_document(&client.client, arn))).await?;
    let found = arns.into_iter().zip(documents).filter_map(|(arn, document)| {
        let attached = attached.contains(&arn);
        Some((arn, Managed { document: document?, attached }))
    });
    Ok(found.collect())
}

fn obstacle(facts: &Facts, setting: &Setting) -> Option<&'static str> {
    let is_long = |text: &String| edit::length(Document::Identity, text) > Document::Identity.limit();
    if setting.inline.values().any(is_long) {
        return Some("an inline policy is longer than a managed policy may be: split it");
    }
    let is_full = facts.attached + setting.inline.len() > ATTACHED;
    is_full.then_some("ten managed policies may be attached to a principal: make room first")
}
