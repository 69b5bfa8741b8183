//! A control that was renamed, while workers of both versions are at work: `OLD` is what one before the renaming stores.

use std::time::Duration;

use remedy_domain::{Plan, guard::Purpose, settings::Parameters};
use serde_json::json;

use super::*;
use crate::{
    backlog,
    ports::Place,
    quiet::{Shelves, bucket, now},
};

const OLD: &str = "kms-key-dying";
const NEW: &str = "kms-key-pending-deletion";

fn at(minutes: u64) -> Timestamp {
    "2026-03-02T10:00:00Z".parse::<Timestamp>().unwrap() + Duration::from_mins(minutes)
}

fn lock(control: &str, number: usize, since: u64) -> Lock {
    Lock {
        format: FORMAT,
        attempt: AttemptId::parse(format!("{number:032x}")).unwrap(),
        control: control.to_owned(),
        target: bucket("scans"),
        plan: Plan::new(control, &bucket("scans"), json!(1), json!(2)).id().unwrap(),
        purpose: Purpose::Repair.into(),
        since: at(since),
        until: at(since + 15),
    }
}

fn take(shelves: &Shelves, control: &str, number: usize, since: u64) -> Claim {
    let lock = lock(control, number, since);
    let line = now(Line::read(shelves, control, &lock.target));
    now(claim(shelves, &line, lock, at(since)))
}

#[test]
fn workers_of_both_versions_take_one_lock() {
    for (first, second) in [(OLD, NEW), (NEW, OLD)] {
        let shelves = Shelves::default();
        let Claim::Held { lease, .. } = take(&shelves, first, 0, 0) else { panic!("nobody holds it") };
        assert!(lease.key.starts_with("lock/kms-key-dying/"), "the key that the version before takes: {}", lease.key);
        assert!(matches!(take(&shelves, second, 1, 1), Claim::Busy), "{first} holds it");
        let Claim::Held { lost, .. } = take(&shelves, second, 2, 15) else { panic!("its worker is gone") };
        assert_eq!(lost.iter().map(|lease| lease.lock.control.as_str()).collect::<Vec<_>>(), [first]);
    }
}

#[test]
fn what_a_worker_of_the_version_before_left_is_found_and_its_records_keep_their_names() {
    let shelves = Shelves::default();
    take(&shelves, OLD, 0, 0);
    let found = now(orphans(&shelves, NEW, at(15))).whole;
    let [(_, left)] = found.as_slice() else { panic!("one lock: {found:?}") };
    assert!(left.outcome_key().contains("-kms-key-dying-outcome-"), "beside its intent: {}", left.outcome_key());
    assert_eq!(now(unreleased(&shelves, NEW, &bucket("scans"))).len(), 1);
    assert_eq!(now(recent(&shelves, &now(Line::read(&shelves, NEW, &bucket("scans"))), at(15))).lost.len(), 1);
}

#[test]
fn repairs_under_both_ids_count_as_repairs_of_one_control() {
    let shelves = Shelves::default();
    for (number, control) in [(0, OLD), (1, NEW), (2, OLD)] {
        let since = u64::try_from(number).unwrap();
        let Claim::Held { lease, .. } = take(&shelves, control, number, since) else { panic!("it was released") };
        now(release(&shelves, &lease, Outcome::Repaired, at(since)));
    }
    for control in [OLD, NEW] {
        assert_eq!(
            now(recent(&shelves, &now(Line::read(&shelves, control, &bucket("scans"))), at(3))).repairs,
            3,
            "{control}"
        );
    }
}

#[test]
fn both_versions_draw_on_the_same_budgets_waves_and_notes() {
    let budgets: [fn(&str) -> Budget; 4] = [
        |control| Budget::account(&lock(control, 0, 0), 1),
        |control| Budget::organization(&lock(control, 0, 0), 1),
        |control| Budget::wave(&lock(control, 0, 0), 1),
        |control| Budget::notes(control, &bucket("scans"), at(0), 1),
    ];
    for budget in budgets {
        assert_eq!(budget(OLD), budget(NEW));
    }
}

#[test]
fn the_backlog_and_what_was_held_under_the_earlier_id_stay() {
    let (shelves, target) = (Shelves::default(), bucket("scans"));
    now(backlog::enter(&shelves, OLD, &target, at(0)));
    assert_eq!(now(backlog::waiting(&shelves, NEW, &Place::of(&target), &[&target.hash()])).len(), 1);
    now(backlog::leave(&shelves, NEW, &target, at(1)));
    assert_eq!(now(backlog::age(&shelves, OLD, &target, &Parameters::default())), remedy_domain::guard::Age::Fresh);
    let baseline = backlog::Baseline { format: FORMAT, since: at(0), from: None, after: None, settings: String::new() };
    now(backlog::keep(&shelves, OLD, &Place::of(&target), &baseline));
    assert_eq!(now(backlog::baseline(&shelves, NEW, &Place::of(&target))), Some(baseline));
    assert_eq!(held_key(OLD, "blocked/x"), held_key(NEW, "blocked/x"));
}
