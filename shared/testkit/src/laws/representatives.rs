//! Forms of repair, and the control of each that keeps the laws of the loop for all.
//!
//! The loop knows nothing of a control but what makes up its form, and so its laws are checked for one control of each
//! (ADR 0053). A control whose form has no representative fails, and becomes it.

use std::any::type_name;

use proptest::{
    strategy::{Strategy as _, ValueTree as _},
    test_runner::TestRunner,
};
use remedy_domain::{Consent, Identities, Stops, Whole};
use remedy_engine::Recall;
use serde_json::Value;

use super::{
    FakeEnvironment, Lawful, Part, Scenario, WayBack,
    runner::{block_on, cases},
};
use crate::depth::Depth;

/// Each form, and the id of its representative.
const REPRESENTATIVES: &[(&str, &str)] = &[
    ("nothing is written", "iam-root-without-mfa"),
    ("nothing is written, remembers", "iam-policy-unapproved"),
    ("one call", "kms-key-unrotated"),
    ("one call, asks always", "kms-key-open-policy"),
    ("one call, of a shared document", "s3-bucket-without-tls"),
    ("one call, of a shared document, asks always", "s3-bucket-unencrypted-put"),
    ("one call sets it, another takes it away, of identities", "iam-password-policy-weak"),
    ("one call sets it, another takes it away, stops exposure, asks always", "s3-account-public"),
    ("several calls, of a shared document, asks always", "db-instance-password-only"),
    ("several calls, of a shared document, of identities", "iam-policy-admin"),
    ("several calls, of a shared document, of identities, asks always", "iam-inline-policy"),
    ("several calls, of a shared document, stops exposure", "s3-bucket-public"),
    (
        "several calls, stops destruction, no way back, not cools_down, not waits_for_two, not stops_flapping",
        "kms-key-pending-deletion",
    ),
];

/// In so many worlds a control that asks a person now and then repairs without asking.
const WORLDS: usize = 40;

/// The ids of the controls that represent a form.
pub fn representatives() -> impl Iterator<Item = &'static str> {
    REPRESENTATIVES.iter().map(|(_, id)| *id)
}

/// How far the loop is to be looked at with a control: a representative does it for all of its form.
pub(super) fn depth_of<C: Lawful>() -> Depth {
    if representatives().any(|id| id == C::CONTROL.id.0) { Depth::Full } else { Depth::asked() }
}

/// Checks that the form of a control has a representative.
///
/// # Panics
///
/// If it has none, or if the control represents another form.
pub(super) fn check_represented<C: Lawful>() {
    let (own, form, file) = (C::CONTROL.id, form::<C>(), file!());
    let found = REPRESENTATIVES.iter().any(|(named, _)| *named == form);
    assert!(found, "no control represents the form `{form}`: name {own} in {file}");
    for (named, _) in REPRESENTATIVES.iter().filter(|(_, id)| *id == own.0) {
        assert_eq!(*named, form, "{own} represents another form than its own in {file}");
    }
}

/// What the loop knows of a control, in words.
fn form<C: Lawful>() -> String {
    let control = &C::CONTROL;
    let writes = control.all_writes().next().is_some();
    let words = [
        Some(if writes { steps::<C>() } else { "nothing is written" }),
        (writes && !control.elements.is_empty()).then_some("of a shared document"),
        (writes && control.identities == Identities::Touched).then_some("of identities"),
        match control.stops {
            Stops::Destruction => Some("stops destruction"),
            Stops::Exposure => Some("stops exposure"),
            Stops::Nothing => None,
        },
        (C::WAY_BACK == WayBack::Refused).then_some("no way back"),
        (C::RECALL == Recall::Last).then_some("remembers"),
        (writes && asks_always::<C>()).then_some("asks always"),
    ];
    // A law that says nothing of a representative would be checked for nobody.
    let moot = C::MOOT.iter().filter(|law| writes && law.part() == Part::Loop).map(|law| law.name());
    let moot = moot.map(|name| format!("not {name}"));
    words.into_iter().flatten().map(str::to_owned).chain(moot).collect::<Vec<_>>().join(", ")
}

/// How a setting is brought about.
fn steps<C: Lawful>() -> &'static str {
    let is_whole = type_name::<C::Step>() == type_name::<Whole<C::Setting>>();
    let may_be_absent = serde_json::from_value::<C::Setting>(Value::Null).is_ok();
    match (is_whole, may_be_absent) {
        (true, true) => "one call sets it, another takes it away",
        (true, false) => "one call",
        (false, _) => "several calls",
    }
}

/// Whether no repair is made without asking, in the same worlds at every run.
fn asks_always<C: Lawful>() -> bool {
    let (mut runner, mut asks) = (TestRunner::deterministic(), false);
    for _ in 0..WORLDS {
        let case = cases::<C>().new_tree(&mut runner).expect("the strategy makes cases").current();
        let drift = block_on(async { Scenario::<C>::open(&case, &FakeEnvironment::of::<C>()).await?.drift().await });
        match drift.map(|(_, drift)| drift.consent) {
            Some(Consent::Auto) => return false,
            Some(Consent::Ask(_)) => asks = true,
            None => {}
        }
    }
    asks
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{super::Law, *};

    #[test]
    fn a_form_has_one_representative_and_a_control_one_form() {
        let forms: BTreeSet<_> = REPRESENTATIVES.iter().map(|(form, _)| *form).collect();
        let ids: BTreeSet<_> = representatives().collect();
        assert_eq!((forms.len(), ids.len()), (REPRESENTATIVES.len(), REPRESENTATIVES.len()));
    }

    #[test]
    fn what_may_be_moot_for_all_is_of_writes() {
        assert!(Law::of(Part::Loop).all(|law| Law::OF_WRITES.contains(&law)));
    }
}
