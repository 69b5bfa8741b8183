use super::*;
use crate::settings::{
    AdminPolicyRepair, Backlog, FirstExpiry, IdentityRepairs, Modes, Organization, Parameters, People, Protected,
    PutEncryption,
};

fn settings(json: &str) -> Settings {
    Settings::parse(json.as_bytes()).unwrap()
}

fn ways(from: &str, to: &str) -> Vec<Way> {
    let found = differences(&settings(from), &settings(to), Mode::Observe);
    let mut ways: Vec<_> = found.into_iter().flat_map(|one| one.ways).collect();
    ways.sort_unstable();
    ways.dedup();
    ways
}

/// Settings with a value for every member. A new member does not compile until it has one here.
fn whole() -> Settings {
    let account = AccountId::parse("111122223333").unwrap();
    let text = || "arn:aws:kms:us-east-1:111122223333:key/a".to_owned();
    Settings {
        modes: Modes {
            default: Some(Mode::Approve),
            controls: [("a".to_owned(), Mode::Enforce)].into(),
            accounts: [(account.clone(), Mode::Observe)].into(),
        },
        parameters: Parameters {
            kms_rotation_days: 100,
            password_minimum_length: 20,
            password_max_age_days: 30,
            password_first_expiry: FirstExpiry::Ask,
            mfa_new_user_days: 3,
            revert_exemption_days: 10,
            hourly_budget: 10,
            organization_hourly_budget: 10,
            identity_repairs: IdentityRepairs::Auto,
            admin_policy_repair: AdminPolicyRepair::Detach,
            permissions_boundary: Some("arn:aws:iam::111122223333:policy/b".to_owned()),
            policy_change_days: 10,
            approved_policies: vec!["a".repeat(64)],
            put_encryption: PutEncryption::Strict,
            default_key: Some(text()),
            phi_free_buckets: vec![text()],
            trusted_accounts: vec![account.clone()],
            approval_hours: 10,
            flap_limit: 2,
            backlog: Backlog::Waves,
            backlog_wave: 5,
            iac_tags: vec![text()],
            owner_tag: Some(text()),
        },
        protected: Protected { principals: vec![text()], resources: vec![text()], break_glass: vec![text()] },
        people: People { operators: vec![text()], approvers: vec![text()] },
        accounts: [account].into(),
        organization: [Organization::Clearinghouse, Organization::GroupHealthPlan].into(),
    }
}

#[test]
fn every_member_has_its_rule_and_every_rule_its_member() {
    let flat = flat(&whole());
    for member in flat.keys() {
        assert!(members::rule(member).is_some(), "{member} has no rule: its changes count as looser");
    }
    for (name, _) in members::all().filter(|(name, _)| *name != "modes") {
        let has = |member: &String| member == name || member.starts_with(&format!("{name}."));
        assert!(flat.keys().any(has), "{name} is no member");
    }
    let found = differences(&Settings::default(), &whole(), Mode::Observe);
    assert_eq!(found.len(), flat.len(), "each of them is told");
}

/// A change, its ways, and those of its opposite.
type Row = (&'static str, &'static str, &'static [Way], &'static [Way]);

use Way::{Looser, Neither, Stricter, Weaker};

const ROWS: &[Row] = &[
    ("{}", r#"{"modes":{"default":"approve"}}"#, &[Looser], &[Weaker]),
    (
        r#"{"modes":{"default":"approve"}}"#,
        r#"{"modes":{"default":"approve","controls":{"a":"enforce"}}}"#,
        &[Looser],
        &[Weaker],
    ),
    (
        r#"{"modes":{"default":"enforce","accounts":{"111122223333":"observe"}}}"#,
        r#"{"modes":{"default":"enforce"}}"#,
        &[Looser],
        &[Weaker],
    ),
    (
        r#"{"modes":{"default":"enforce","controls":{"a":"observe"}}}"#,
        r#"{"modes":{"default":"enforce"}}"#,
        &[Looser],
        &[Weaker],
    ),
    (r#"{"protected":{"principals":["arn:aws:iam::111122223333:user/a"]}}"#, "{}", &[Looser], &[Weaker]),
    (
        r#"{"protected":{"resources":["arn:aws:s3:::a","arn:aws:s3:::b"]}}"#,
        r#"{"protected":{"resources":["arn:aws:s3:::b"]}}"#,
        &[Looser],
        &[Weaker],
    ),
    (
        r#"{"protected":{"break_glass":["arn:aws:iam::111122223333:user/a"]}}"#,
        r#"{"protected":{"break_glass":["arn:aws:iam::111122223333:user/a","arn:aws:iam::111122223333:user/b"]}}"#,
        &[Weaker],
        &[Looser],
    ),
    ("{}", r#"{"protected":{"break_glass":["arn:aws:iam::111122223333:user/a"]}}"#, &[Looser, Weaker], &[Looser]),
    (r#"{"parameters":{"kms_rotation_days":90}}"#, "{}", &[Looser], &[Stricter]),
    (r#"{"parameters":{"password_minimum_length":20}}"#, "{}", &[Looser], &[Stricter]),
    (r#"{"parameters":{"password_max_age_days":1}}"#, "{}", &[Looser], &[Stricter]),
    (r#"{"parameters":{"password_first_expiry":"ask"}}"#, "{}", &[Looser], &[Weaker]),
    (r#"{"parameters":{"mfa_new_user_days":0}}"#, "{}", &[Looser], &[Stricter]),
    (r#"{"parameters":{"revert_exemption_days":7}}"#, "{}", &[Looser], &[Stricter]),
    (r#"{"parameters":{"hourly_budget":1}}"#, "{}", &[Looser], &[Weaker]),
    (r#"{"parameters":{"organization_hourly_budget":7}}"#, "{}", &[Looser], &[Weaker]),
    ("{}", r#"{"parameters":{"identity_repairs":"auto"}}"#, &[Looser], &[Weaker]),
    ("{}", r#"{"parameters":{"admin_policy_repair":"detach"}}"#, &[Looser, Stricter], &[Looser, Stricter]),
    ("{}", r#"{"parameters":{"policy_change_days":6}}"#, &[Looser], &[Stricter]),
    (r#"{"parameters":{"put_encryption":"strict"}}"#, "{}", &[Looser], &[Stricter]),
    ("{}", r#"{"parameters":{"phi_free_buckets":["a"]}}"#, &[Looser, Weaker], &[Stricter]),
    ("{}", r#"{"parameters":{"trusted_accounts":["111122223333"]}}"#, &[Looser, Weaker], &[Stricter]),
    ("{}", r#"{"parameters":{"approval_hours":73}}"#, &[Looser], &[Weaker]),
    ("{}", r#"{"parameters":{"flap_limit":4}}"#, &[Looser], &[Weaker]),
    ("{}", r#"{"parameters":{"backlog":"waves"}}"#, &[Looser], &[Weaker]),
    ("{}", r#"{"parameters":{"backlog_wave":11}}"#, &[Looser], &[Weaker]),
    (r#"{"parameters":{"iac_tags":["terraform"]}}"#, "{}", &[Looser], &[Weaker]),
    ("{}", r#"{"parameters":{"owner_tag":"o"}}"#, &[Weaker], &[Weaker]),
    ("{}", r#"{"people":{"approvers":["a"]}}"#, &[Looser], &[Looser]),
    ("{}", r#"{"people":{"operators":["a"]}}"#, &[Looser], &[Looser]),
    ("{}", r#"{"accounts":["111122223333"]}"#, &[Looser], &[Weaker]),
    ("{}", r#"{"organization":["group-health-plan"]}"#, &[Neither], &[Neither]),
    (
        r#"{"organization":["group-health-plan"]}"#,
        r#"{"organization":["health-care-clearinghouse"]}"#,
        &[Neither],
        &[Neither],
    ),
];

#[test]
fn each_change_has_its_ways_and_so_has_its_opposite() {
    for (from, to, there, back) in ROWS {
        assert_eq!((ways(from, to).as_slice(), ways(to, from).as_slice()), (*there, *back), "{from} and {to}");
        assert!(ways(from, from).is_empty() && ways(to, to).is_empty());
    }
}

#[test]
fn what_changes_nothing_today_is_a_difference_nevertheless() {
    let silent = "{}";
    let observe = r#"{"modes":{"default":"observe"}}"#;
    assert_eq!(ways(silent, observe), [Way::Weaker], "it is pinned");
    assert_eq!(ways(observe, silent), [Way::Looser], "REMEDY_MODE decides");
    let order = [
        r#"{"protected":{"resources":["arn:aws:s3:::a","arn:aws:s3:::b"]}}"#,
        r#"{"protected":{"resources":["arn:aws:s3:::b","arn:aws:s3:::a"]}}"#,
    ];
    assert_eq!(ways(order[0], order[1]), [Way::Looser], "no rule tells: the worst");
}

#[test]
fn what_the_environment_allows_is_the_measure_where_settings_are_silent() {
    let (silent, observe) = (settings("{}"), settings(r#"{"modes":{"default":"observe"}}"#));
    let found = differences(&silent, &observe, Mode::Enforce);
    assert_eq!(found[0].ways, [Way::Weaker]);
    assert_eq!(differences(&observe, &silent, Mode::Enforce)[0].ways, [Way::Looser]);
}

#[test]
fn a_sentence_tells_before_and_after_and_how_many_more() {
    let from = settings("{}");
    let to = settings(
        r#"{"parameters":{"password_max_age_days":1},"protected":{"resources":["arn:aws:s3:::*","arn:aws:s3:::987-65-4321"]}}"#,
    );
    let sentence = told(&differences(&from, &to, Mode::Observe));
    assert!(sentence.contains("parameters.password_max_age_days 90 -> 1 (stricter)"), "{sentence}");
    assert!(
        sentence.contains(r#"protected.resources gains 2: ["arn:aws:s3:::*","arn:aws:s3:::[number]"] (weaker)"#),
        "{sentence}"
    );
    let many = (0..200).map(|n| (format!("c{n}"), Mode::Enforce)).collect();
    let to = Settings { modes: Modes { controls: many, ..Modes::default() }, ..Settings::default() };
    let found = differences(&from, &to, Mode::Observe);
    let sentence = told(&found);
    assert!(sentence.len() < 800 && sentence.ends_with("more of 200"), "{sentence}");
    assert_eq!(listed(&found).len(), LISTED);
    let long = Settings {
        accounts: (0..500).map(|n| AccountId::parse(format!("{n:012}")).unwrap()).collect(),
        ..Settings::default()
    };
    let listed = listed(&differences(&from, &long, Mode::Observe));
    assert_eq!(listed[0]["after"]["items"], 500);
    assert!(listed[0].to_string().len() < 400);
}

#[test]
fn a_line_says_what_moved_which_way_and_no_more_than_fits() {
    let of = |member: &str, ways: &[Way], before: Value, after: Value| Difference {
        member: member.to_owned(),
        ways: ways.to_vec(),
        before,
        after,
    };
    let line = |difference: &Difference| told(std::slice::from_ref(difference));
    let raised = of("modes.default", &[Way::Looser], json!("observe"), json!("enforce"));
    assert_eq!(line(&raised), r#"raises the mode: modes.default "observe" -> "enforce" (looser)"#);
    let lowered = of("modes.default", &[Way::Weaker], json!("enforce"), json!("observe"));
    assert_eq!(line(&lowered), r#"modes.default "enforce" -> "observe" (weaker)"#);
    let number = of("parameters.flap_limit", &[Way::Looser], json!(2), json!(3));
    assert_eq!(line(&number), "parameters.flap_limit 2 -> 3 (looser)");
    let named = of("people.approvers", &[Way::Looser], json!(null), json!(["bob"]));
    assert_eq!(line(&named), r#"people.approvers gains 1: ["bob"] (looser)"#);
    let turned = of("people.approvers", &[Way::Looser], json!(["a", "b"]), json!(["b", "a"]));
    assert_eq!(line(&turned), "people.approvers is in another order (looser)");
    let of_length = |length: usize| of("x", &[Way::Weaker], json!(0), json!("y".repeat(length - 7)));
    assert_eq!(line(&of_length(120)), format!("x 0 -> \"{}\" (weaker)", "y".repeat(113)));
    assert_eq!(line(&of_length(121)), format!("x 0 -> \"{}... (weaker)", "y".repeat(111)));
    assert_eq!(raised.shown()["member"], "modes.default");
    assert_eq!(raised.shown()["after"], "enforce");
}

#[test]
fn those_that_do_not_fit_are_counted() {
    let one = || Difference { member: "x".to_owned(), ways: vec![Way::Weaker], before: json!(1), after: json!(2) };
    for count in [1, 2, 30, 60] {
        let all: Vec<_> = (0..count).map(|_| one()).collect();
        let sentence = told(&all);
        let said = sentence.matches("x 1 -> 2 (weaker)").count();
        let rest = if said == count { String::new() } else { format!("; and {} more of {count}", count - said) };
        assert!(sentence.ends_with(&format!("x 1 -> 2 (weaker){rest}")), "{sentence}");
        assert_eq!(said == count, count <= 30, "{sentence}");
    }
}

/// The account that is named, and no other, is asked which mode it had.
#[test]
fn a_mode_of_an_account_is_compared_for_that_account() {
    let of = |mode: &str| format!(r#"{{"modes":{{"default":"approve","accounts":{{"111122223333":"{mode}"}}}}}}"#);
    assert_eq!(ways(&of("observe"), &of("enforce")), [Way::Looser]);
    assert_eq!(ways(&of("enforce"), &of("observe")), [Way::Weaker]);
}

#[test]
fn a_document_that_only_renames_a_control_differs_in_nothing() {
    let [old, new] = ["kms-key-dying", "kms-key-pending-deletion"]
        .map(|id| settings(&format!(r#"{{"modes":{{"default":"enforce","controls":{{"{id}":"observe"}}}}}}"#)));
    assert_eq!(differences(&old, &new, Mode::Observe), []);
    assert_eq!((&old, old.digest()), (&new, new.digest()));
}

#[test]
fn what_takes_a_restriction_under_an_earlier_id_away_is_looser() {
    let under = |controls: &str| format!(r#"{{"modes":{{"default":"enforce","controls":{controls}}}}}"#);
    let restricted = under(r#"{"kms-key-dying":"observe"}"#);
    for looser in ["{}", r#"{"kms-key-dying":"enforce"}"#, r#"{"kms-key-pending-deletion":"enforce"}"#] {
        assert_eq!(ways(&restricted, &under(looser)), [Way::Looser], "{looser}");
    }
    assert_eq!(ways(&under("{}"), &restricted), [Way::Weaker]);
}
