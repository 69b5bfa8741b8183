//! The analysis by its definition, without regard to work: the analyser's verdicts must be the same.

use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

use crate::{
    Holder, Kind, Policy,
    catalogue::{ActionSet, Catalogue},
    covered::Statements,
    document::{Effect, Item, Statement},
    glob,
    reach::{Conditions, Part, Reach, unconditional},
    resources,
    variable::Wild,
};

/// Whether a statement covers everything but these.
fn covers_all_but(part: &Part<'_>, excepted: &[Wild<'_>]) -> bool {
    if part.negated {
        return part.resources.iter().all(|own| excepted.iter().any(|other| other.covers(own)));
    }
    part.everywhere()
}

/// The actions that a statement with `NotResource` has everywhere because others have them on its exceptions.
fn filled_up(part: &Part<'_>, others: &[Part<'_>], matters: impl Fn(&Wild<'_>) -> bool) -> ActionSet {
    let mut actions = part.actions.clone();
    for excepted in part.resources.iter().filter(|excepted| matters(excepted)) {
        let mut elsewhere = Catalogue::get().none();
        for other in others.iter().filter(|other| other.covers(excepted)) {
            elsewhere.unite(&other.actions);
        }
        actions.intersect(&elsewhere);
    }
    actions
}

fn denied(denies: &[Part<'_>], covers: impl Fn(&Part<'_>) -> bool, excepted: impl Fn(&Wild<'_>) -> bool) -> ActionSet {
    let mut actions = Catalogue::get().none();
    for deny in denies {
        if covers(deny) {
            actions.unite(&deny.actions);
        } else if deny.negated {
            actions.unite(&filled_up(deny, denies, &excepted));
        }
    }
    actions
}

/// The actions that the denies leave to an allow on some resource.
fn left_by(allow: &Part<'_>, denies: &[Part<'_>]) -> ActionSet {
    let mut left = Catalogue::get().none();
    if allow.nowhere() {
        return left;
    }
    let mut take = |denied: ActionSet| {
        let mut actions = allow.actions.clone();
        actions.subtract(&denied);
        left.unite(&actions);
    };
    if allow.negated {
        let spared = |own: &Wild<'_>| allow.resources.iter().any(|other| other.covers(own));
        take(denied(denies, |deny| covers_all_but(deny, &allow.resources), |own| !spared(own)));
    } else {
        for resource in &allow.resources {
            let met = |own: &Wild<'_>| glob::intersect(&own.text, &resource.text);
            take(denied(denies, |deny| deny.covers(resource), met));
        }
    }
    left
}

fn reach(policies: &[&Policy<'_>], conditions: Conditions) -> [ActionSet; 3] {
    let (mut allows, mut denies) = (Vec::new(), Vec::new());
    for policy in policies {
        for statement in &policy.statements {
            let met = conditions == Conditions::Met && statement.effect == Effect::Allow;
            if met || unconditional(policy, statement) {
                let list = if statement.effect == Effect::Allow { &mut allows } else { &mut denies };
                list.push(Part::of(policy.version, statement));
            }
        }
    }
    let none = || Catalogue::get().none();
    let (mut everywhere, mut nearly, mut somewhere) = (none(), none(), none());
    for allow in &allows {
        if allow.everywhere() {
            everywhere.unite(&allow.actions);
        } else if allow.negated {
            everywhere.unite(&filled_up(allow, &allows, |_| true));
        }
        if allow.nearly_everywhere() {
            nearly.unite(&allow.actions);
        }
        let mut fitting = allow.clone();
        resources::fit(&mut fitting);
        somewhere.unite(&left_by(&fitting, &denies));
    }
    for deny in denies.iter().filter(|deny| !deny.nowhere()) {
        everywhere.subtract(&deny.actions);
        if deny.everywhere() {
            nearly.subtract(&deny.actions);
        }
    }
    [everywhere, nearly, somewhere]
}

/// Whether denies cover every action on every resource of an allow to a bucket.
fn covered(policy: &Policy<'_>, allow: &Statement<'_>, denies: &[&Statement<'_>]) -> bool {
    let catalogue = Catalogue::get();
    let mut granted = Part::of(policy.version, allow);
    granted.actions.intersect(&catalogue.matching(["s3:*"]));
    let parts: Vec<_> = denies.iter().map(|deny| Part::of(policy.version, deny)).collect();
    if !left_by(&granted, &parts).is_empty() {
        return false;
    }
    let whole = |part: &Part<'_>| {
        if granted.negated {
            return covers_all_but(part, &granted.resources);
        }
        granted.resources.iter().all(|resource| part.covers(resource))
    };
    let names = |deny: &Statement<'_>, item: &Item<'_>| {
        let covers = |denied: &Item<'_>| glob::covers(&denied.text, &item.text);
        let apart = |excepted: &Item<'_>| !glob::intersect(&excepted.text, &item.text);
        let items = &deny.actions.items;
        if deny.actions.negated { items.iter().all(apart) } else { items.iter().any(covers) }
    };
    let unknown = |item: &&Item<'_>| catalogue.matching([&*item.text]).is_empty();
    allow.actions.negated
        || allow
            .actions
            .items
            .iter()
            .filter(unknown)
            .all(|item| denies.iter().zip(&parts).filter(|(_, part)| whole(part)).any(|(deny, _)| names(deny, item)))
}

fn statements(principal: Option<&'static str>) -> impl Strategy<Value = Vec<Value>> {
    let actions = vec!["*", "s3:*", "s3:Get*", "s3:PutObject", "iam:*", "*:*Object*", "s3:Zz*", "s3:zzTop", "?*:*"];
    let resources = vec![
        "*",
        "arn:aws:s3:::b",
        "arn:aws:s3:::b/*",
        "arn:aws:s3:::b*",
        "arn:aws:s3:::b/x/*",
        "arn:aws:s3:::*/x/?*",
        "arn:aws:s3:::${aws:username}/*",
        "arn:aws:s3:::b/${aws:username}/*",
        "a*:*",
        "*:*x*",
    ];
    let list = |pool: Vec<&'static str>| prop::collection::vec(select(pool), 1..4);
    let one = (any::<bool>(), any::<bool>(), any::<bool>(), list(actions), list(resources), 0_u8..6);
    let one = one.prop_map(move |(allow, not_action, not_resource, actions, resources, conditional)| {
        let not = |negated: bool, name: &str| format!("{}{name}", if negated { "Not" } else { "" });
        let mut statement = json!({
            "Effect": if allow { "Allow" } else { "Deny" },
            not(not_action, "Action"): actions,
            not(not_resource, "Resource"): resources,
        });
        if let Some(principal) = principal {
            statement["Principal"] = json!(principal);
        }
        if conditional == 0 {
            statement["Condition"] = json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}});
        }
        statement
    });
    prop::collection::vec(one, 1..7)
}

fn document(statements: &[Value]) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases.max(256),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_principals_reach_is_what_the_definition_says(own in statements(None), more in statements(None)) {
        let texts = [document(&own), document(&more)];
        let policies = texts.each_ref().map(|text| Policy::parse(Kind::Identity, text).unwrap());
        let holder = Holder { policies: policies.iter().collect(), ..Holder::default() };
        for conditions in [Conditions::Met, Conditions::Unmet] {
            let found = Reach::of(&holder, conditions);
            let expected = reach(&holder.policies, conditions);
            prop_assert_eq!(Reach::everywhere(&holder, conditions), expected[0].clone());
            prop_assert_eq!([found.everywhere, found.nearly_everywhere, found.somewhere], expected);
        }
    }

    #[test]
    fn what_denies_cover_is_what_the_definition_says(statements in statements(Some("*")), some in any::<u8>()) {
        let text = document(&statements);
        let policy = Policy::parse(Kind::Bucket, &text).unwrap();
        let prepared = Statements::of(&policy);
        let of = |effect: Effect| policy.statements.iter().filter(move |statement| statement.effect == effect);
        let all: Vec<_> = of(Effect::Deny).collect();
        let part: Vec<_> = all.iter().copied().filter(|deny| some >> deny.index & 1 == 1).collect();
        let single = all.iter().map(|deny| vec![*deny]);
        for denies in [all.clone(), part].into_iter().chain(single) {
            for allow in of(Effect::Allow) {
                let found = prepared.covered(allow, &denies);
                prop_assert_eq!(found, covered(&policy, allow, &denies), "{:?}", denies.len());
            }
        }
    }
}
