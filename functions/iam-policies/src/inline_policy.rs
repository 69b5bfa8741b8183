//! `iam-inline-policy`: a user, group or role with policies written into it.
//!
//! **What drifts.** There is an inline policy, other than Remedy's own.
//!
//! **Why it matters.** Inline policies are seen by no review of policies, have no versions and no way back: 45 CFR
//! 164.308(a)(3)(i) and (ii), 164.308(a)(4)(i) and (ii) (access is authorised and reviewed), 164.312(a)(1).
//!
//! **What we read.** The principal's inline policies and the managed ones attached to it.
//!
//! **What we change.** Each becomes a customer-managed policy of the same document, `RemedyInline-…`, attached to the same
//! principal; then the inline one is deleted. Nobody may do more or less than before.
//!
//! **What we never touch.** What the documents say; other attached policies; `Remedy…` inline policies.
//!
//! **Way back.** The inline policies are written again, and the managed ones detached and deleted.
//!
//! **When a person decides.** Always, unless `identity_repairs` is `auto`. Where a document is longer than a managed policy
//! may be, or ten policies are attached, a person must make room.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, try_join_all};
use remedy_aws::{absent, fault, found};
use remedy_domain::{
    Call, Conflict, Context, Control, ControlId, Drift, Fault, Harm, Observed, Route, Scope, StopsDestruction, Target,
    Verdict, Violation, canonical, control::ApiEvent, merge,
};
use remedy_engine::{Page, Place, Remediation, Writer};
use remedy_policy::{Kind as Document, edit};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    calls::{
        ATTACH, CREATE_POLICY, DELETE_INLINE, DELETE_POLICY, DETACH, GET_INLINE, LIST, LIST_ATTACHED, LIST_INLINE,
        PUT_INLINE, VERSION, VERSIONS,
    },
    clients::Iam,
    consent, policy,
    principal::{self, Kind, NO_SUCH},
    write::Write,
};

const IAM: &str = "iam.amazonaws.com";
/// How the policies are called that inline ones become.
pub(crate) const PREFIX: &str = "RemedyInline-";
/// The managed policies that a principal may have attached, by default.
const ATTACHED: usize = 10;

/// The control `iam-inline-policy`.
#[derive(Debug)]
pub struct InlinePolicy;

/// What bears on the decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The principal's ARN.
    pub arn: String,
    /// How many managed policies are attached to it.
    pub attached: usize,
}

/// The policies written into a principal, and those that such ones became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// What kind of principal it is.
    pub kind: Kind,
    /// The inline policies by name.
    pub inline: BTreeMap<String, String>,
    /// The managed policies that inline ones became, by ARN.
    pub managed: BTreeMap<String, String>,
}

/// The writes of this control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Makes a customer-managed policy: its ARN and its document.
    CreatePolicy(String, String),
    /// Deletes it.
    DeletePolicy(String),
    /// Writes to the principal.
    Principal(Kind, Write),
}

impl remedy_domain::Step for Step {
    fn call(&self) -> Call {
        match self {
            Self::CreatePolicy(..) => CREATE_POLICY,
            Self::DeletePolicy(_) => DELETE_POLICY,
            Self::Principal(kind, write) => write.call(*kind),
        }
    }

    fn harm(&self) -> Harm {
        Harm::None
    }
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
            LIST[0],
            LIST[1],
            LIST[2],
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
        elements: &["inline policies other than Remedy's", "policies named RemedyInline- and their attachments"],
        stops_destruction: StopsDestruction::No,
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
            join(principal::inline(&client.0, kind, name), principal::attached(&client.0, kind, name)).await;
        let (Some(inline), Some(attached)) = (inline?, attached?) else { return Ok(Observed::Absent) };
        let ours: Vec<_> = attached.iter().filter(|arn| arn.contains(&format!(":policy/{PREFIX}"))).collect();
        let documents = try_join_all(ours.iter().map(|arn| policy::default_document(&client.0, arn))).await?;
        let managed = ours.into_iter().zip(documents).filter_map(|(arn, text)| Some((arn.clone(), text?))).collect();
        let facts = Facts { arn: target.arn.clone().unwrap_or_default(), attached: attached.len() };
        Ok(Observed::Present { facts, setting: Setting { kind, inline, managed } })
    }

    fn judge(facts: &Facts, setting: &Setting, context: &Context<'_>) -> Verdict<Setting> {
        let count = setting.inline.len();
        if count == 0 {
            return Verdict::Compliant;
        }
        let violations = vec![Violation::new(format!("policies are written into the principal: {count}"))];
        if let Some(obstacle) = obstacle(facts, setting) {
            return Verdict::NeedsHuman { violations, reason: obstacle.to_owned() };
        }
        let mut managed = setting.managed.clone();
        managed.extend(setting.inline.iter().map(|(name, text)| (managed_arn(facts, name), text.clone())));
        let desired = Setting { kind: setting.kind, inline: BTreeMap::new(), managed };
        Verdict::Drifted(Drift { violations, desired, consent: consent::of_identities(context), note: None })
    }

    /// What comes is there before what goes: the principal may do the same all the time.
    fn steps(from: &Setting, to: &Setting) -> Route<Step> {
        let kind = from.kind;
        if kind != to.kind || changed(&from.managed, &to.managed) {
            return Route { steps: vec![], lost: vec!["what Remedy's own policies say".to_owned()] };
        }
        let mut steps = Vec::new();
        for (arn, text) in to.managed.iter().filter(|(arn, _)| !from.managed.contains_key(*arn)) {
            steps.push(Step::CreatePolicy(arn.clone(), text.clone()));
            steps.push(Step::Principal(kind, Write::Attach(arn.clone())));
        }
        for (name, text) in to.inline.iter().filter(|(name, text)| !is_same(from.inline.get(*name), text)) {
            steps.push(Step::Principal(kind, Write::PutInline(name.clone(), text.clone())));
        }
        let gone = from.inline.keys().filter(|name| !to.inline.contains_key(*name));
        steps.extend(gone.map(|name| Step::Principal(kind, Write::DeleteInline(name.clone()))));
        for arn in from.managed.keys().filter(|arn| !to.managed.contains_key(*arn)) {
            steps.push(Step::Principal(kind, Write::Detach(arn.clone())));
            steps.push(Step::DeletePolicy(arn.clone()));
        }
        Route::of(steps)
    }

    fn rebase(before: &Setting, after: &Setting, now: &Setting) -> Result<Setting, Conflict> {
        Ok(Setting {
            kind: now.kind,
            inline: rebased("inline policy", &before.inline, &after.inline, &now.inline)?,
            managed: rebased("policy", &before.managed, &after.managed, &now.managed)?,
        })
    }

    fn agrees(a: &Setting, b: &Setting) -> bool {
        let alike = |a: &BTreeMap<String, String>, b: &BTreeMap<String, String>| {
            a.len() == b.len() && a.iter().all(|(name, text)| is_same(b.get(name), text))
        };
        a.kind == b.kind && alike(&a.inline, &b.inline) && alike(&a.managed, &b.managed)
    }

    fn show(setting: &Setting) -> Value {
        let shown = |policies: &BTreeMap<String, String>| {
            let digest = |text: &String| canonical::sha256_hex(text.as_bytes());
            policies.iter().map(|(name, text)| (name.clone(), digest(text))).collect::<BTreeMap<_, _>>()
        };
        json!({"kind": setting.kind, "inline": shown(&setting.inline), "managed": shown(&setting.managed)})
    }

    async fn perform(writer: &Writer<Iam>, target: &Target, step: &Step) -> Result<(), Fault> {
        let client = &writer.client().0;
        match step {
            Step::CreatePolicy(arn, text) => {
                let name = arn.rsplit('/').next().unwrap_or_default();
                match client.create_policy().policy_name(name).policy_document(text).send().await {
                    // Our own first try, or that of a lost worker. What it says is looked at when the repair is verified.
                    Err(error) if absent(&error, &["EntityAlreadyExists", "EntityAlreadyExistsException"]) => Ok(()),
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

fn obstacle(facts: &Facts, setting: &Setting) -> Option<&'static str> {
    let is_long = |text: &String| edit::length(Document::Identity, text) > Document::Identity.limit();
    if setting.inline.values().any(is_long) {
        return Some("an inline policy is longer than a managed policy may be: split it");
    }
    let is_full = facts.attached + setting.inline.len() > ATTACHED;
    is_full.then_some("ten managed policies may be attached to a principal: make room first")
}

/// The ARN of the policy that an inline one becomes: always the same for the same principal and name.
fn managed_arn(facts: &Facts, inline: &str) -> String {
    let account = facts.arn.split(':').take(5).collect::<Vec<_>>().join(":");
    let digest = canonical::sha256_hex(format!("{}\n{inline}", facts.arn).as_bytes());
    let (name, digest): (String, String) = (inline.chars().take(64).collect(), digest.chars().take(16).collect());
    format!("{account}:policy/{PREFIX}{name}-{digest}")
}

fn is_same(known: Option<&String>, text: &str) -> bool {
    known.is_some_and(|known| edit::same(known, text))
}

fn changed(from: &BTreeMap<String, String>, to: &BTreeMap<String, String>) -> bool {
    to.iter().any(|(name, text)| from.get(name).is_some_and(|known| !edit::same(known, text)))
}

fn rebased(
    what: &str,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    now: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, Conflict> {
    let names: BTreeSet<_> = before.keys().chain(after.keys()).chain(now.keys()).collect();
    let mut merged = BTreeMap::new();
    for name in names {
        let text = merge(&format!("the {what} {name}"), &before.get(name), &after.get(name), &now.get(name))?;
        merged.extend(text.map(|text| (name.clone(), text.clone())));
    }
    Ok(merged)
}
