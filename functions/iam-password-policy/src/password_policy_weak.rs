//! `iam-password-policy-weak`: an account password policy that is missing or too weak.
//!
//! **What drifts.** Passwords may be shorter than 14 characters, lack a class of characters, live longer than 90 days,
//! or be one of the last 24.
//!
//! **Why it matters.** 45 CFR 164.308(a)(5)(ii)(D) (password management), 164.312(d) (authentication),
//! 164.308(a)(4)(ii)(B) and (C).
//!
//! **What we read.** The account password policy.
//!
//! **What we change.** The elements that are too weak, in one `UpdateAccountPasswordPolicy` that sends all of them. If
//! passwords begin to expire or expire sooner, users may change them.
//!
//! **What we never touch.** Elements that are stricter already; hard expiry stays as it is.
//!
//! **What may break.** Nothing at once. Users must choose a stronger password at their next change; if passwords begin
//! to expire, users with an older password must change it at the next sign-in. Programs use access keys, which have no
//! passwords.
//!
//! **Way back.** The old policy is restored element by element; if there was none, it is deleted again.
//!
//! **When a person decides.** If passwords would expire sooner than now. If they would expire for the first time, and
//! hard expiry is on (an administrator must reset expired ones) or the settings say `password_first_expiry: ask`: every
//! password older than 90 days must then be changed at the next sign-in. And nothing is written while no break-glass
//! principal is named.

use aws_sdk_iam::types;
use remedy_aws::Reading as _;
use remedy_domain::Impact;
use remedy_engine::prelude::*;
use remedy_iam::{Account, Iam, NO_SUCH};

use crate::policy::PasswordPolicy;

const GET: Call = Call::same("iam:GetAccountPasswordPolicy");
const UPDATE: Call = Call::same("iam:UpdateAccountPasswordPolicy");
const DELETE: Call = Call::same("iam:DeleteAccountPasswordPolicy");

/// The control `iam-password-policy-weak`.
#[derive(Debug)]
pub struct PasswordPolicyWeak;

/// The present state: a policy, or none.
type Setting = Option<PasswordPolicy>;

impl Optional for PasswordPolicy {
    const NAME: &'static str = "the password policy";
    const BLANK: Self = Self::RESET;
    const SET: Call = UPDATE;
    const CLEAR: Call = DELETE;
}

impl Remediation for PasswordPolicyWeak {
    const CONTROL: Control = Control {
        id: ControlId("iam-password-policy-weak"),
        title: "Account password policy missing or too weak",
        hipaa: "164.308(a)(4)(ii)(B), (C), (5)(ii)(D); 164.312(d)",
        config_rules: &["IAM_PASSWORD_POLICY"],
        events: &["DeleteAccountPasswordPolicy", "UpdateAccountPasswordPolicy"],
        reads: &[&[GET]],
        writes: &[&[DELETE, UPDATE]],
        deviates: &[
            "password-policy",
            "minimum-length",
            "uppercase",
            "lowercase",
            "numbers",
            "symbols",
            "max-age",
            "reuse-prevention",
        ],
        reasons: &["hard-expiry", "shorter-life", "first-expiry"],
        ..Control::of(Self::KIND)
    };
    type On = Account;
    type Facts = ();
    type Setting = Setting;
    type Step = Whole<Setting>;

    async fn observe(iam: &Iam, _: &Target) -> Result<Observed<(), Setting>, Fault> {
        let answer = GET.found(&NO_SUCH, iam.client.get_account_password_policy().send().await)?;
        let setting = answer.and_then(|answer| answer.password_policy).as_ref().map(mirror);
        Ok(Observed::Present { facts: (), setting })
    }

    fn judge((): &(), setting: &Setting, context: &Context<'_>) -> Verdict<Setting> {
        let policy = setting.unwrap_or(PasswordPolicy::RESET);
        let mut violations = policy.violations(context.parameters);
        if violations.is_empty() {
            return Verdict::Compliant;
        }
        if setting.is_none() {
            violations = vec![Violation::new("password-policy", "the account has no password policy")];
        }
        let asks = policy.asks(context.parameters);
        let consent = asks.map_or(Consent::Auto, Consent::Ask);
        let desired = Some(policy.strengthened(context.parameters));
        Verdict::Drifted(Drift { violations, desired, consent, note: None })
    }

    /// No permission is taken from anybody, and no administrator lost; if passwords begin to expire, or expire sooner,
    /// every console user signs in differently.
    fn impact((): &(), from: &Setting, to: &Setting) -> Option<Impact> {
        let age = |setting: &Setting| setting.and_then(|policy| policy.max_age_days).unwrap_or(u32::MAX);
        (age(to) < age(from)).then(Impact::default)
    }

    async fn perform(writer: &Writer<Iam>, _: &Target, Whole(setting): &Whole<Setting>) -> Result<(), Fault> {
        let client = &writer.client().client;
        match setting {
            Some(policy) => update(client, policy).await,
            None => DELETE.found(&NO_SUCH, client.delete_account_password_policy().send().await).map(|_| ()),
        }
    }
}

fn mirror(policy: &types::PasswordPolicy) -> PasswordPolicy {
    let positive = |number: Option<i32>| number.and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
    PasswordPolicy {
        minimum_length: positive(policy.minimum_password_length()).unwrap_or(PasswordPolicy::RESET.minimum_length),
        symbols: policy.require_symbols(),
        numbers: policy.require_numbers(),
        uppercase: policy.require_uppercase_characters(),
        lowercase: policy.require_lowercase_characters(),
        users_may_change: policy.allow_users_to_change_password(),
        max_age_days: positive(policy.max_password_age()),
        reuse_prevention: positive(policy.password_reuse_prevention()),
        hard_expiry: policy.hard_expiry().unwrap_or_default(),
    }
}

async fn update(client: &aws_sdk_iam::Client, policy: &PasswordPolicy) -> Result<(), Fault> {
    let number = |n: u32| i32::try_from(n).map_err(|_| Fault::defect(UPDATE.operation, "number-out-of-range"));
    let request = client
        .update_account_password_policy()
        .minimum_password_length(number(policy.minimum_length)?)
        .require_symbols(policy.symbols)
        .require_numbers(policy.numbers)
        .require_uppercase_characters(policy.uppercase)
        .require_lowercase_characters(policy.lowercase)
        .allow_users_to_change_password(policy.users_may_change)
        .set_max_password_age(policy.max_age_days.map(number).transpose()?)
        .set_password_reuse_prevention(policy.reuse_prevention.map(number).transpose()?)
        .hard_expiry(policy.hard_expiry);
    UPDATE.done(request.send().await)
}

#[cfg(test)]
mod tests {
    use remedy_domain::{AccountId, Parameters, Timestamp, settings::FirstExpiry};

    use super::*;

    fn consent(policy: PasswordPolicy, parameters: &Parameters) -> Option<Consent> {
        let account = AccountId::parse("111122223333").unwrap();
        let context = Context { now: Timestamp::UNIX_EPOCH, account: &account, parameters };
        match PasswordPolicyWeak::judge(&(), &Some(policy), &context) {
            Verdict::Drifted(drift) => Some(drift.consent),
            _ => None,
        }
    }

    #[test]
    fn nobody_is_locked_out_by_expiry_without_a_person() {
        let asked = Parameters::default();
        let strong = PasswordPolicy::RESET.strengthened(&asked);
        let with = |max_age_days, hard_expiry| PasswordPolicy { max_age_days, hard_expiry, ..strong };
        let asks = |policy, asked: &Parameters| matches!(consent(policy, asked), Some(Consent::Ask(_)));
        let auto = |policy, asked: &Parameters| consent(policy, asked) == Some(Consent::Auto);
        assert!(auto(with(None, false), &asked), "whoever's expired may change it");
        assert!(asks(with(None, true), &asked), "an administrator would have to reset it");
        assert!(asks(with(Some(365), false), &asked), "they live shorter");
        assert!(asks(with(Some(365), true), &asked));
        let sooner = Parameters { password_max_age_days: 1, ..Parameters::default() };
        assert!(asks(with(Some(90), false), &sooner) && asks(with(Some(90), true), &sooner));
        let first = Parameters { password_first_expiry: FirstExpiry::Ask, ..Parameters::default() };
        assert!(asks(with(None, false), &first));
        let longer = Parameters { password_minimum_length: 128, ..Parameters::default() };
        assert!(auto(with(Some(90), true), &longer), "a longer password is asked for at the next change only");
    }

    #[test]
    fn expiry_touches_identities_and_says_so() {
        let policy = |max_age_days| Some(PasswordPolicy { max_age_days, ..PasswordPolicy::RESET });
        let touches = |from, to| PasswordPolicyWeak::impact(&(), &from, &to).is_some();
        assert!(touches(None, policy(Some(90))) && touches(policy(None), policy(Some(90))));
        assert!(touches(policy(Some(90)), policy(Some(1))) && !touches(policy(Some(1)), policy(Some(90))));
        assert!(!touches(policy(Some(90)), policy(Some(90))) && !touches(policy(Some(90)), None));
        assert_eq!(PasswordPolicyWeak::CONTROL.identities, remedy_domain::Identities::Touched);
    }
}
