//! `kms-key-open-policy`: a key whose policy admits external principals.
//!
//! **What drifts.** The key policy admits any AWS account; or an account that `parameters.trusted_accounts` does not
//! name; or an AWS service on behalf of anybody (without `aws:SourceAccount`, `aws:SourceArn` or their like).
//!
//! **Why it matters.** Principals that may use the key may read the PHI under it: 45 CFR 164.308(a)(4)(ii)(B) (access
//! authorization), 164.312(a)(2)(iv) (encryption and decryption).
//!
//! **What we read.** The key policy; on drift, who manages the key, and its tags.
//!
//! **What we change.** `PutKeyPolicy`: from statements that admit any account, the external principal is removed from a
//! list of principals, or else the statement. KMS checks that the policy can still be changed; that check is never
//! bypassed.
//!
//! **What we never touch.** Every other statement, byte for byte. Grants. Keys that AWS manages.
//!
//! **What may break.** Callers that used the key by the removed statement: everybody, or anonymous callers. Principals
//! of the key's own account and trusted accounts keep what other statements and their own policies permit.
//!
//! **Way back.** The removed parts are restored, statement by statement. A statement that somebody else changed since
//! keeps their text.
//!
//! **When a person decides.** Always. Only a person can say which accounts and services are external: they are
//! reported, and as long as there are any, nothing is removed. The same holds for a policy of which no single statement
//! is at fault, or which nobody of the key's own account could change afterwards.
//!
//! Source: AWS KMS Developer Guide, "Key policies in AWS KMS", "Allowing users in other accounts to use a KMS key".

use aws_sdk_kms::types::KeyManagerType;
use remedy_aws::Reading as _;
use remedy_domain::{CLOCKS_DIFFER, canonical};
use remedy_engine::prelude::*;
use remedy_kms::{GONE, Key, Keys, describe};
use remedy_policy::{Kind, Policy, edit};
use serde_json::{Value, json};

use crate::{
    key_pending_deletion::Manager,
    sharing::{Sharing, closed},
};

const GET: Call = Call::same("kms:GetKeyPolicy");
const PUT: Call = Call::same("kms:PutKeyPolicy");
/// The only name that a key policy can have.
const NAME: &str = "default";

/// The control `kms-key-open-policy`.
#[derive(Debug)]
pub struct KeyOpenPolicy;

/// Facts that affect the decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The key's ARN.
    pub arn: String,
    /// The manager of the key; the customer, until it matters.
    pub manager: Manager,
}

/// A key policy, as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyPolicy(pub String);

impl Setting for KeyPolicy {
    const NAME: &'static str = "the key policy";

    /// Statement by statement.
    fn rebase(before: &Self, after: &Self, now: &Self) -> Result<Self, Conflict> {
        let merged = edit::rebase(Kind::Key, Some(&before.0), Some(&after.0), Some(&now.0));
        let merged = merged.map_err(|conflict| Conflict { element: conflict.to_string() })?;
        merged.map(Self).ok_or_else(|| Conflict { element: Self::NAME.to_owned() })
    }

    fn agrees(&self, other: &Self) -> bool {
        edit::same(&self.0, &other.0)
    }

    fn show(&self) -> Value {
        let statements = Policy::parse(Kind::Key, &self.0).map(|policy| policy.statements.len()).ok();
        json!({"policy": canonical::sha256_hex(self.0.as_bytes()), "statements": statements})
    }
}

/// The control always asks because the repair may stop a caller.
impl Put for KeyPolicy {
    fn call(&self) -> Call {
        PUT
    }
}

impl Remediation for KeyOpenPolicy {
    const CONTROL: Control = Control {
        id: ControlId("kms-key-open-policy"),
        title: "Key whose policy admits external principals",
        hipaa: "164.308(a)(4)(ii)(B); 164.312(a)(2)(iv)",
        events: &["CreateKey", "PutKeyPolicy"],
        reads: &[&[GET]],
        writes: &[&[PUT]],
        deviates: &["public-statement", "unknown-statement", "confused-deputy", "foreign-account", "policy"],
        reasons: &[
            "managed-by-aws",
            "say-who",
            "callers-lose-key",
            "policy-unreadable",
            "no-single-statement",
            "unmanageable",
            "policy-not-repairable",
            "principal-gone",
        ],
        ..Control::of(Self::KIND)
    };
    type On = Key;
    type Facts = Facts;
    type Setting = KeyPolicy;
    type Step = Whole<KeyPolicy>;

    async fn observe(client: &Keys, target: &Target) -> Result<Observed<Facts, KeyPolicy>, Fault> {
        let answer = GET.found(&GONE, client.get_key_policy().key_id(&target.id).policy_name(NAME).send().await)?;
        let Some(text) = answer.and_then(|answer| answer.policy) else { return Ok(Observed::Absent) };
        let facts = Facts { arn: target.arn.clone().unwrap_or_default(), manager: Manager::Customer };
        Ok(Observed::Present { facts, setting: KeyPolicy(text) })
    }

    async fn consult(
        client: &Keys,
        target: &Target,
        facts: Facts,
        setting: &KeyPolicy,
        parameters: &Parameters,
    ) -> Result<Facts, Fault> {
        if Sharing::of(&setting.0, &target.account, parameters, None).is_none() {
            return Ok(facts);
        }
        let metadata = describe(client, &target.id).await?;
        let is_aws = metadata.is_some_and(|key| key.key_manager() == Some(&KeyManagerType::Aws));
        Ok(if is_aws { Facts { manager: Manager::Aws, ..facts } } else { facts })
    }

    fn judge(facts: &Facts, setting: &KeyPolicy, context: &Context<'_>) -> Verdict<KeyPolicy> {
        // AWS's clock may be behind ours: a grant is over only once it is over by either.
        let now = context.now.checked_sub(CLOCKS_DIFFER).unwrap_or(context.now);
        let sharing = Sharing::of(&setting.0, context.account, context.parameters, Some(now));
        if sharing.is_none() {
            return Verdict::Compliant;
        }
        if facts.manager == Manager::Aws {
            return Verdict::OutOfScope(Reason::new("managed-by-aws", "AWS manages this key"));
        }
        let desired = if sharing.doubtful.is_empty() {
            closed(&setting.0, &facts.arn, context.account, now)
        } else {
            let who = "say who of them is to use the key, in the key policy or in `parameters.trusted_accounts`";
            Err(Reason::new("say-who", who))
        };
        let violations = sharing.violations();
        match desired {
            Err(reason) => Verdict::NeedsHuman { violations, reason },
            Ok(text) => Verdict::Drifted(Drift {
                violations,
                desired: KeyPolicy(text),
                consent: Consent::ask(
                    "callers-lose-key",
                    "those who use the key by what is taken out could no longer decrypt",
                ),
                note: None,
            }),
        }
    }

    async fn perform(
        writer: &Writer<Keys>,
        key: &Target,
        Whole(KeyPolicy(text)): &Whole<KeyPolicy>,
    ) -> Result<(), Fault> {
        let request = writer.client().put_key_policy().key_id(&key.id).policy_name(NAME);
        PUT.done(request.policy(text).send().await)
    }
}

#[cfg(test)]
mod tests {
    use remedy_domain::{AccountId, Timestamp};

    use super::*;

    #[test]
    fn keys_of_aws_are_out_of_scope() {
        let (account, parameters) = (AccountId::parse("111122223333").unwrap(), Parameters::default());
        let context = Context { now: Timestamp::UNIX_EPOCH, account: &account, parameters: &parameters };
        let open = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}}"#;
        let judge = |manager| {
            KeyOpenPolicy::judge(&Facts { arn: String::new(), manager }, &KeyPolicy(open.to_owned()), &context)
        };
        assert!(matches!(judge(Manager::Aws), Verdict::OutOfScope(_)));
        assert!(matches!(judge(Manager::Customer), Verdict::NeedsHuman { .. }), "nobody could change it afterwards");
    }
}
