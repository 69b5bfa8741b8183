//! `iam-policy-full-service`: a customer-managed policy that permits everything of a service.
//!
//! **What drifts.** A statement allows `service:*`, as AWS Config's rule counts it, or all statements together permit every
//! action of a service on every resource.
//!
//! **Why it matters.** Nobody needs every action of a service: 45 CFR 164.308(a)(3)(i) and 164.308(a)(4)(i) and (ii)
//! (minimum necessary access), 164.312(a)(1) (access control).
//!
//! **What we read.** The policy's versions and the document of the default one.
//!
//! **What we change.** Nothing: narrowing blindly breaks workloads.
//!
//! **What we never touch.** Everything.
//!
//! **What may break.** Nothing: nothing is changed.
//!
//! **Way back.** There is nothing to revert.
//!
//! **When a person decides.** Always: the statements should list the actions that are used, which the service's
//! last-accessed data shows. Policies that permit everything of every service are `iam-policy-admin`'s.

use std::collections::BTreeSet;

use remedy_engine::prelude::*;
use remedy_iam::{CustomerPolicy, Iam};
use remedy_policy::{Holder, Identity, Kind as Document, Policy, document::Effect};

use crate::{
    calls::{VERSION, VERSIONS},
    policy,
};

/// How many services a report names.
const NAMED: usize = 10;

/// The control `iam-policy-full-service`.
#[derive(Debug)]
pub struct PolicyFullService;

/// The services of which a policy permits everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Full {
    /// These services.
    Services(BTreeSet<String>),
    /// Every service: another control's matter.
    Everything,
    /// It is none that we understand.
    Unreadable,
    /// Finding out takes too much work.
    TooMuchWork,
}

impl Remediation for PolicyFullService {
    const CONTROL: Control = Control {
        id: ControlId("iam-policy-full-service"),
        title: "Customer-managed policy that permits everything of a service",
        hipaa: "164.308(a)(3)(i), (ii)(A), (B), (4)(i), (ii)(A), (B), (C); 164.312(a)(1)",
        config_rules: &["IAM_POLICY_NO_STATEMENTS_WITH_FULL_ACCESS"],
        events: &["CreatePolicy", "CreatePolicyVersion", "SetDefaultPolicyVersion"],
        reads: &[&[VERSION, VERSIONS]],
        deviates: &["full-service", "document"],
        reasons: &["of-policy-admin", "list-actions"],
        ..Control::of(Self::KIND)
    };
    type On = CustomerPolicy;
    type Facts = Full;
    type Setting = ();
    type Step = NoStep;

    async fn observe(client: &Iam, target: &Target) -> Result<Observed<Full, ()>, Fault> {
        let text = policy::default_document(&client.client, target.arn.as_deref().unwrap_or_default()).await?;
        Ok(text.map_or(Observed::Absent, |text| Observed::Present { facts: full(&text), setting: () }))
    }

    fn judge(full: &Full, (): &(), _: &Context<'_>) -> Verdict<()> {
        let violation = match full {
            Full::Services(services) if services.is_empty() => return Verdict::Compliant,
            Full::Services(services) => {
                let named: Vec<_> = services.iter().take(NAMED).map(String::as_str).collect();
                let words = format!("every action is permitted of {} services: {}", services.len(), named.join(", "));
                Violation::new("full-service", words)
            }
            Full::Everything => {
                let other = Reason::new("of-policy-admin", "iam-policy-admin looks after this policy");
                return Verdict::OutOfScope(other);
            }
            Full::Unreadable => Violation::new("document", "the policy is none that Remedy understands"),
            Full::TooMuchWork => {
                Violation::new("document", "which services the policy permits takes too much work to tell")
            }
        };
        let list = "list the actions that are used; IAM's last-accessed data tells which";
        Verdict::NeedsHuman { violations: vec![violation], reason: Reason::new("list-actions", list) }
    }
}

fn full(text: &str) -> Full {
    let Ok(policy) = Policy::parse(Document::Identity, text) else { return Full::Unreadable };
    let Ok(found) = Identity::of(&Holder::of(&policy)) else { return Full::TooMuchWork };
    if found.admin || found.admin_literal {
        return Full::Everything;
    }
    let allows = policy.statements.iter().filter(|statement| statement.effect == Effect::Allow);
    let listed = allows.filter(|statement| !statement.actions.negated).flat_map(|statement| &statement.actions.items);
    let literal = listed.filter_map(|item| item.text.strip_suffix(":*").map(str::to_owned));
    Full::Services(literal.chain(found.full_service_access).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn services(statement: &str) -> Full {
        full(&format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#))
    }

    #[test]
    fn by_the_letter_or_by_meaning() {
        let some = |names: &[&str]| Full::Services(names.iter().map(|name| (*name).to_owned()).collect());
        let on_one = r#"{"Effect":"Allow","Action":"S3:*","Resource":"arn:aws:s3:::b/*"}"#;
        assert_eq!(services(on_one), some(&["s3"]), "as AWS Config counts it");
        let split = r#"{"Effect":"Allow","Action":["sqs:A*","sqs:C*","sqs:D*","sqs:G*","sqs:L*","sqs:P*","sqs:R*","sqs:S*","sqs:T*","sqs:U*"],"Resource":"*"}"#;
        assert_eq!(services(split), some(&["sqs"]), "by all patterns together");
        assert_eq!(services(r#"{"Effect":"Allow","Action":"ec2:Describe*","Resource":"*"}"#), some(&[]));
        assert_eq!(services(r#"{"Effect":"Deny","Action":"s3:*","Resource":"*"}"#), some(&[]));
        assert_eq!(services(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#), Full::Everything);
        assert_eq!(full("{}"), Full::Unreadable);
    }
}
