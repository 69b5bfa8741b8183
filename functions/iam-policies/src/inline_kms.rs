//! `iam-inline-kms`: an inline policy that permits decryption with every KMS key.
//!
//! **What drifts.** An inline policy allows `kms:Decrypt` or `kms:ReEncrypt*` on all keys, whatever its conditions say.
//!
//! **Why it matters.** A principal that may use every key can read all encrypted PHI: 45 CFR 164.312(a)(2)(iv)
//! (encryption and decryption).
//!
//! **What we read.** The inline policies of the user, group or role.
//!
//! **What we change.** Nothing: only a person knows which keys are needed.
//!
//! **What we never touch.** Everything.
//!
//! **What may break.** Nothing: nothing is changed.
//!
//! **Way back.** There is nothing to revert.
//!
//! **When a person decides.** Always: the statements should name the keys that are needed.

use remedy_engine::prelude::*;
use remedy_iam::{Iam, Principal};
use remedy_policy::{
    Kind as Document, Policy,
    document::{Effect, Element, Statement},
    glob,
};

use crate::{
    calls::{GET_INLINE, LIST_INLINE},
    principal,
};

/// The actions that turn ciphertext into something readable, in lower case.
const DECRYPTING: [&str; 3] = ["kms:decrypt", "kms:reencryptfrom", "kms:reencryptto"];
/// A key that nobody has: a pattern that covers it covers keys at large.
const ANY_KEY: &str = "arn:*:kms:*:*:key/00000000-0000-4000-8000-000000000000";

/// The control `iam-inline-kms`.
#[derive(Debug)]
pub struct InlineKms;

impl Remediation for InlineKms {
    const CONTROL: Control = Control {
        id: ControlId("iam-inline-kms"),
        title: "Inline policy that permits decryption with every key",
        hipaa: "164.312(a)(2)(iv)",
        config_rules: &["IAM_INLINE_POLICY_BLOCKED_KMS_ACTIONS"],
        events: &["PutGroupPolicy", "PutRolePolicy", "PutUserPolicy"],
        reads: &[&GET_INLINE, &LIST_INLINE],
        deviates: &["inline-policies"],
        reasons: &["name-the-keys"],
        ..Control::of(Self::KIND)
    };
    type On = Principal;
    /// How many inline policies are at fault.
    type Facts = usize;
    type Setting = ();
    type Step = NoStep;

    async fn observe(client: &Iam, target: &Target) -> Result<Observed<usize, ()>, Fault> {
        let inline = principal::inline(&client.client, target).await?;
        let Some(inline) = inline else { return Ok(Observed::Absent) };
        let facts = inline.values().filter(|text| decrypts_everything(text)).count();
        Ok(Observed::Present { facts, setting: () })
    }

    fn judge(count: &usize, (): &(), _: &Context<'_>) -> Verdict<()> {
        if *count == 0 {
            return Verdict::Compliant;
        }
        Verdict::NeedsHuman {
            violations: vec![Violation::new(
                "inline-policies",
                format!("inline policies permit decryption with every key: {count}"),
            )],
            reason: Reason::new(
                "name-the-keys",
                "name the keys that are needed in the statements that permit kms:Decrypt or kms:ReEncrypt*",
            ),
        }
    }
}

/// A document that cannot be read is reported, never passed.
fn decrypts_everything(text: &str) -> bool {
    let Ok(policy) = Policy::parse(Document::Identity, text) else { return true };
    policy.statements.iter().any(|statement| {
        statement.effect == Effect::Allow && is_decrypting(&statement.actions) && is_on_every_key(statement)
    })
}

fn is_decrypting(actions: &Element<'_>) -> bool {
    let is_named = |action: &str| actions.items.iter().any(|item| glob::matches(&item.text, action));
    DECRYPTING.iter().any(|action| is_named(action) != actions.negated)
}

fn is_on_every_key(statement: &Statement<'_>) -> bool {
    let Some(resources) = &statement.resources else { return true };
    let covers = resources.items.iter().any(|item| glob::intersect(&item.text, ANY_KEY));
    covers != resources.negated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_and_any_decrypting_action() {
        let found = |action: &str, resource: &str| {
            let text = format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow",{action},{resource}}}}}"#);
            decrypts_everything(&text)
        };
        let everywhere = r#""Resource":"*""#;
        for action in ["kms:*", "KMS:Decrypt", "kms:ReEncrypt*", "*", "kms:De?rypt", "k*:*"] {
            assert!(found(&format!(r#""Action":["s3:GetObject","{action}"]"#), everywhere), "{action}");
        }
        for action in ["kms:Encrypt", "kms:Describe*", "s3:*"] {
            assert!(!found(&format!(r#""Action":"{action}""#), everywhere), "{action}");
        }
        assert!(found(r#""NotAction":"iam:*""#, everywhere));
        assert!(!found(r#""NotAction":["kms:*"]"#, everywhere));
        let decrypt = r#""Action":"kms:Decrypt""#;
        for resource in ["arn:aws:kms:*:*:key/*", "arn:aws:kms:us-east-1:111122223333:key/*", "arn:aws:kms:*"] {
            assert!(found(decrypt, &format!(r#""Resource":"{resource}""#)), "{resource}");
        }
        let one = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        assert!(!found(decrypt, &format!(r#""Resource":"{one}""#)));
        assert!(found(decrypt, &format!(r#""NotResource":"{one}""#)));
        assert!(decrypts_everything("no policy at all"));
    }
}
