//! How the work of an analysis grows with the size of the policy, counted in steps: the same on every machine.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "the adversary is a tool of tests")]

mod adversary;

use adversary::{Dice, Entry, climbed, document, entries, shapes, steps};
use remedy_policy::{Answer, Holder, Identity, Kind, Policy, Resource, edit, work};

const KINDS: [Kind; 5] = [Kind::Identity, Kind::Bucket, Kind::Key, Kind::Trust, Kind::Resource];

/// An entry makes several analyses one after the other: an edit one before and one after, the demands two.
const ANALYSES: u64 = 3;

/// The work of one more step than is allowed: a comparison that was begun, or an operation on a set.
const OVERSHOOT: u64 = 200_000;

#[test]
fn twice_the_bytes_take_at_most_four_times_the_steps() {
    for kind in KINDS {
        for (name, genes) in shapes() {
            for entry in entries(kind) {
                let [half, whole] = [3_000, 6_000].map(|bytes| steps(kind, *entry, &document(kind, &genes, bytes)));
                let grown = whole * 10 <= half * 45 + 10 * 50_000;
                assert!(grown, "{kind:?} {entry:?} {name}: {half}, then {whole} steps");
            }
        }
    }
}

#[test]
fn no_policy_that_aws_stores_takes_more_than_its_allowance_and_neither_do_longer_ones() {
    for kind in KINDS {
        for (name, genes) in shapes() {
            // The command line accepts texts of 65 KB; policies of an identity or of any resource stand for the others.
            let longest = matches!(kind, Kind::Identity | Kind::Resource).then_some(65_000);
            for bytes in [kind.limit()].into_iter().chain(longest) {
                let text = document(kind, &genes, bytes);
                for entry in entries(kind) {
                    let taken = steps(kind, *entry, &text);
                    let most = ANALYSES * (work::allowance(text.len()) + OVERSHOOT);
                    assert!(taken <= most, "{kind:?} {entry:?} {name}: {taken} of {most} steps for {bytes} bytes");
                }
            }
        }
    }
}

#[test]
fn a_search_for_worse_policies_finds_none_that_breaks_the_bound() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for kind in KINDS {
        for (name, genes) in shapes().into_iter().step_by(3) {
            for entry in entries(kind) {
                let (taken, worst) = climbed(&mut dice, kind, *entry, &genes, 2_000, 12);
                let most = ANALYSES * (work::allowance(2_000) + OVERSHOOT);
                assert!(taken <= most, "{kind:?} {entry:?} from {name}: {taken} steps for {worst:?}");
            }
        }
    }
}

/// A policy that exceeds its steps: an administrator's, and one that admits everybody, with much else.
fn too_much(kind: Kind) -> String {
    let genes = [adversary::Gene::resources(1, 1).with(adversary::Long::Actions)];
    let text = document(kind, &genes, 60_000);
    let open = match kind {
        Kind::Identity => r#"{"Effect":"Allow","Action":"*","Resource":"*"},"#,
        Kind::Trust => r#"{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"},"#,
        Kind::Bucket | Kind::Key | Kind::Resource => {
            r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},"#
        }
    };
    let deny = match kind {
        Kind::Identity => "",
        Kind::Trust => r#"{"Effect":"Deny","Principal":"*","Action":"*:*e*t*a*o*"},"#,
        Kind::Bucket | Kind::Key | Kind::Resource => {
            r#"{"Effect":"Deny","Principal":"*","Action":"*:*e*t*a*o*","Resource":"*"},"#
        }
    };
    text.replacen(r#""Statement":["#, &format!(r#""Statement":[{open}{deny}"#), 1)
}

#[test]
fn what_takes_too_much_work_is_never_taken_for_harmless_and_never_edited() {
    let text = too_much(Kind::Identity);
    let policy = Policy::parse(Kind::Identity, &text).unwrap();
    assert!(Identity::of(&Holder::of(&policy)).is_err());
    assert!(matches!(edit::remove_admin(&policy), Err(edit::NotEdited::TooMuchWork(_))));
    for kind in [Kind::Bucket, Kind::Key, Kind::Trust, Kind::Resource] {
        let text = too_much(kind);
        let policy = Policy::parse(kind, &text).unwrap();
        let found = Resource::of(&policy);
        assert!(found.finished.is_err(), "{kind:?}");
        assert_eq!((found.public, found.public_literal), (Answer::Unknown, Answer::Unknown), "{kind:?}");
        let allows = policy.statements.len() - 1;
        assert_eq!(found.unknown_statements.len(), allows, "{kind:?}");
        assert!(!found.findings(&policy).is_empty(), "{kind:?}");
        assert!(matches!(edit::remove_public(&policy), Err(edit::NotEdited::TooMuchWork(_))), "{kind:?}");
    }
}

#[test]
fn a_policy_of_everyday_takes_a_five_hundredth_of_its_allowance() {
    let text = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":["s3:Get*","s3:List*","ec2:Describe*","logs:*"],"Resource":"*"},
        {"Effect":"Allow","Action":["iam:PassRole","lambda:CreateFunction"],"Resource":"arn:aws:iam::111122223333:role/r1"},
        {"Effect":"Deny","Action":["iam:*","organizations:*"],"Resource":"*"}]}"#;
    let taken = steps(Kind::Identity, Entry::Identity, text);
    assert!(taken < work::LEAST / 500, "{taken}");
}
