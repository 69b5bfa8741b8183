//! What a change of the settings loosens: that takes effect only when a second person agrees.

use std::collections::BTreeSet;

use super::{AdminPolicyRepair, Backlog, FirstExpiry, IdentityRepairs, Mode, Parameters, PutEncryption, Settings};
use crate::ids::AccountId;

/// What `to` allows that `from` does not, each in words; empty where every difference only tightens.
///
/// `environment` is what `REMEDY_MODE` says. Whoever may decide is part of the protection: any change of the people counts.
#[must_use]
pub fn loosened(from: &Settings, to: &Settings, environment: Mode) -> Vec<String> {
    let mut loosened = raised(from, to, environment);
    loosened.extend(unprotected(from, to));
    if from.people != to.people {
        loosened.push("changes who may ask or decide".to_owned());
    }
    if from.accounts != to.accounts {
        loosened.push("changes which accounts are swept".to_owned());
    }
    loosened.extend(parameters(&from.parameters, &to.parameters).into_iter().map(str::to_owned));
    loosened
}

/// Where the mode is raised. What no settings name stands for all that they do not name.
fn raised(from: &Settings, to: &Settings, environment: Mode) -> Vec<String> {
    let both = [from, to];
    let controls: BTreeSet<&str> =
        both.iter().flat_map(|settings| settings.modes.controls.keys()).map(String::as_str).chain([""]).collect();
    let other = AccountId::parse("000000000000").ok();
    let accounts: BTreeSet<&AccountId> =
        both.iter().flat_map(|settings| settings.modes.accounts.keys()).chain(&other).collect();
    let mut raised = Vec::new();
    for control in &controls {
        for account in &accounts {
            let mode = |settings: &Settings| settings.mode(control, account, environment);
            if mode(from) < mode(to) {
                let control = if control.is_empty() { "every other control" } else { control };
                let account = if Some(*account) == other.as_ref() { "every other account" } else { account.as_str() };
                raised.push(format!("raises the mode of {control} in {account}"));
            }
        }
    }
    raised
}

fn unprotected(from: &Settings, to: &Settings) -> Vec<String> {
    let removed = |from: &[String], to: &[String]| from.iter().any(|pattern| !to.contains(pattern));
    let (from, to) = (&from.protected, &to.protected);
    let mut loosened = Vec::new();
    if removed(&from.principals, &to.principals) || removed(&from.resources, &to.resources) {
        loosened.push("takes something off the protected list".to_owned());
    }
    if removed(&from.break_glass, &to.break_glass) {
        loosened.push("takes a break-glass principal off the list".to_owned());
    }
    if from.break_glass.is_empty() && !to.break_glass.is_empty() {
        loosened.push("names the first break-glass principal, so that controls of identities may write".to_owned());
    }
    loosened
}

fn parameters(from: &Parameters, to: &Parameters) -> Vec<&'static str> {
    let gains = |from: &[String], to: &[String]| to.iter().any(|item| !from.contains(item));
    let loses = |from: &[String], to: &[String]| gains(to, from);
    let accounts = to.trusted_accounts.iter().any(|account| !from.trusted_accounts.contains(account));
    let weaker_password = to.password_minimum_length < from.password_minimum_length
        || to.password_max_age_days > from.password_max_age_days;
    let longer = to.kms_rotation_days > from.kms_rotation_days
        || to.revert_exemption_days > from.revert_exemption_days
        || to.approval_hours > from.approval_hours
        || to.policy_change_days < from.policy_change_days;
    let more = to.hourly_budget > from.hourly_budget
        || to.organization_hourly_budget > from.organization_hourly_budget
        || to.flap_limit > from.flap_limit
        || to.backlog_wave > from.backlog_wave;
    let rows = [
        (longer, "lengthens a limit"),
        (more, "allows more repairs"),
        (weaker_password, "weakens the password policy"),
        (fewer_questions(from, to), "asks people less often"),
        (other_repair(from, to), "changes how something is repaired"),
        (gains(&from.approved_policies, &to.approved_policies), "approves a policy"),
        (gains(&from.phi_free_buckets, &to.phi_free_buckets), "takes a bucket for free of PHI"),
        (accounts, "trusts another account"),
        (loses(&from.iac_tags, &to.iac_tags), "no longer takes a tag for infrastructure as code"),
    ];
    rows.into_iter().filter(|(is_so, _)| *is_so).map(|(_, words)| words).collect()
}

fn fewer_questions(from: &Parameters, to: &Parameters) -> bool {
    let first_expiry = (from.password_first_expiry, to.password_first_expiry) == (FirstExpiry::Ask, FirstExpiry::Auto);
    let identities = (from.identity_repairs, to.identity_repairs) == (IdentityRepairs::Ask, IdentityRepairs::Auto);
    let backlog = (from.backlog, to.backlog) == (Backlog::Ask, Backlog::Waves);
    first_expiry || identities || backlog || to.mfa_new_user_days > from.mfa_new_user_days
}

fn other_repair(from: &Parameters, to: &Parameters) -> bool {
    let policy = |parameters: &Parameters| -> (AdminPolicyRepair, Option<String>, Option<String>) {
        (parameters.admin_policy_repair, parameters.permissions_boundary.clone(), parameters.default_key.clone())
    };
    let uploads = (from.put_encryption, to.put_encryption) == (PutEncryption::Strict, PutEncryption::Compatible);
    policy(from) != policy(to) || uploads
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(json: &str) -> Settings {
        Settings::parse(json.as_bytes()).unwrap()
    }

    fn loosens(from: &str, to: &str) -> bool {
        !loosened(&settings(from), &settings(to), Mode::Observe).is_empty()
    }

    #[test]
    fn each_way_of_loosening_is_seen_and_its_opposite_is_free() {
        for (tight, loose) in [
            ("{}", r#"{"modes":{"default":"approve"}}"#),
            (r#"{"modes":{"default":"approve"}}"#, r#"{"modes":{"default":"approve","controls":{"a":"enforce"}}}"#),
            (
                r#"{"modes":{"default":"enforce","accounts":{"111122223333":"observe"}}}"#,
                r#"{"modes":{"default":"enforce"}}"#,
            ),
            (r#"{"modes":{"default":"enforce","controls":{"a":"observe"}}}"#, r#"{"modes":{"default":"enforce"}}"#),
            (r#"{"protected":{"principals":["a"]}}"#, "{}"),
            (r#"{"protected":{"resources":["a","b"]}}"#, r#"{"protected":{"resources":["b"]}}"#),
            (r#"{"parameters":{"kms_rotation_days":90}}"#, "{}"),
            (r#"{"parameters":{"password_minimum_length":20}}"#, "{}"),
            (r#"{"parameters":{"password_max_age_days":30}}"#, "{}"),
            (r#"{"parameters":{"password_first_expiry":"ask"}}"#, "{}"),
            ("{}", r#"{"parameters":{"mfa_new_user_days":8}}"#),
            (r#"{"parameters":{"revert_exemption_days":7}}"#, "{}"),
            (r#"{"parameters":{"hourly_budget":7}}"#, "{}"),
            (r#"{"parameters":{"organization_hourly_budget":7}}"#, "{}"),
            ("{}", r#"{"parameters":{"identity_repairs":"auto"}}"#),
            ("{}", r#"{"parameters":{"policy_change_days":6}}"#),
            (r#"{"parameters":{"put_encryption":"strict"}}"#, "{}"),
            ("{}", r#"{"parameters":{"phi_free_buckets":["a"]}}"#),
            ("{}", r#"{"parameters":{"trusted_accounts":["111122223333"]}}"#),
            ("{}", r#"{"parameters":{"approval_hours":73}}"#),
            ("{}", r#"{"parameters":{"flap_limit":4}}"#),
            ("{}", r#"{"parameters":{"backlog":"waves"}}"#),
            ("{}", r#"{"parameters":{"backlog_wave":11}}"#),
            (r#"{"parameters":{"iac_tags":["terraform"]}}"#, "{}"),
        ] {
            assert!(loosens(tight, loose), "{tight} to {loose}");
            assert!(!loosens(loose, tight), "{loose} to {tight}");
            assert!(!loosens(loose, loose), "{loose}");
        }
    }

    #[test]
    fn some_changes_count_whichever_way_they_go() {
        let key = r#"{"parameters":{"default_key":"arn:aws:kms:us-east-1:111122223333:key/a"}}"#;
        for other in [
            r#"{"people":{"approvers":["a"]}}"#,
            r#"{"people":{"operators":["a"]}}"#,
            r#"{"protected":{"break_glass":["a"]}}"#,
            r#"{"accounts":["111122223333"]}"#,
            r#"{"parameters":{"admin_policy_repair":"detach"}}"#,
            key,
        ] {
            assert!(loosens("{}", other), "{other}");
            assert!(loosens(other, "{}"), "{other}");
        }
    }

    #[test]
    fn what_the_environment_allows_is_the_measure_where_settings_are_silent() {
        let (silent, observe) = (settings("{}"), settings(r#"{"modes":{"default":"observe"}}"#));
        assert!(loosened(&observe, &silent, Mode::Observe).is_empty());
        assert!(!loosened(&observe, &silent, Mode::Enforce).is_empty());
    }
}
