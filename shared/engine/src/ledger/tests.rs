use std::time::Duration;

use futures_util::FutureExt as _;
use remedy_domain::{Plan, guard::Purpose, settings::Mode};
use serde_json::json;

use super::*;
use crate::quiet::{Shelves, bucket, now};

fn at(minutes: i64) -> Timestamp {
    "2026-03-02T10:00:00Z".parse::<Timestamp>().unwrap() + Duration::from_mins(u64::try_from(minutes).unwrap())
}

fn target() -> Target {
    bucket("scans")
}

fn attempt(number: usize) -> AttemptId {
    AttemptId::parse(format!("{number:032x}")).unwrap()
}

fn stored() -> StoredPlan {
    let plan = Plan::new("s3-bucket-public", &target(), json!({"blocked": false}), json!({"blocked": true}));
    StoredPlan {
        plan,
        purpose: Purpose::Repair.into(),
        realized: None,
        function: "s3-public-access".to_owned(),
        attempt: None,
        at: at(0),
    }
}

/// A lock taken at `since`, in minutes, for a quarter of an hour.
fn lock(number: usize, since: i64) -> Lock {
    Lock {
        format: FORMAT,
        attempt: attempt(number),
        control: "s3-bucket-public".to_owned(),
        target: target(),
        plan: stored().plan.id().unwrap(),
        purpose: Purpose::Repair.into(),
        since: at(since),
        until: at(since + 15),
    }
}

/// A lock that nobody else holds, the attempts that were lost before it, and how the last one ended.
fn held((line, claim): (Line, Claim)) -> (Lease, Vec<AttemptId>, Option<Outcome>) {
    let Claim::Held { lease, lost } = claim else { panic!("somebody holds it: {claim:?}") };
    (lease, lost.into_iter().map(|lease| lease.lock.attempt).collect(), line.last.map(|last| last.counts_as()))
}

/// Reads the line of a lock and asks for the lock.
fn ask(shelves: &Shelves, lock: Lock, at: Timestamp) -> (Line, Claim) {
    let line = now(Line::read(shelves, &lock.control, &lock.target));
    let claimed = now(claim(shelves, &line, lock, at));
    (line, claimed)
}

fn take(shelves: &Shelves, number: usize, since: i64) -> (Lease, Vec<AttemptId>, Option<Outcome>) {
    held(ask(shelves, lock(number, since), at(since)))
}

#[test]
fn one_worker_holds_a_target_until_it_gives_it_back() {
    let shelves = Shelves::default();
    let (first, lost, last) = take(&shelves, 0, 0);
    assert_eq!((lost, last), (vec![], None));
    assert_eq!(first.key, format!("lock/s3-bucket-public/{}/0000000000", target().hash()));
    assert!(matches!(ask(&shelves, lock(1, 1), at(1)).1, Claim::Busy));
    now(release(&shelves, &first, Outcome::Repaired, at(2)));
    let (second, lost, last) = take(&shelves, 1, 3);
    assert_eq!((lost, last), (vec![], Some(Outcome::Repaired)));
    assert!(second.key.ends_with("/0000000001"), "{}", second.key);
    now(release(&shelves, &second, Outcome::Failed, at(4)));
    let (third, _, last) = take(&shelves, 2, 5);
    assert!(third.key.ends_with("/0000000002") && last == Some(Outcome::Failed));
    let other = bucket("reports");
    assert!(matches!(ask(&shelves, Lock { target: other, ..lock(9, 5) }, at(5)).1, Claim::Held { .. }));
    let other = Lock { control: "s3-bucket-without-tls".to_owned(), ..lock(9, 5) };
    assert!(matches!(ask(&shelves, other, at(5)).1, Claim::Held { .. }));
}

#[test]
fn a_lock_is_lost_from_the_moment_its_lease_ends_and_not_before() {
    let shelves = Shelves::default();
    take(&shelves, 0, 0);
    let just_before = at(15) - Duration::from_millis(1);
    assert!(matches!(ask(&shelves, lock(1, 14), just_before).1, Claim::Busy));
    assert_eq!(now(orphans(&shelves, "s3-bucket-public", just_before)).whole.len(), 0);
    assert_eq!(now(all_orphans(&shelves, just_before)).whole.len(), 0);
    let (lease, lost, last) = take(&shelves, 1, 15);
    assert_eq!((lost, last), (vec![attempt(0)], None));
    assert!(lease.key.ends_with("/0000000001"));
}

#[test]
fn orphans_are_the_lost_locks_of_a_control_and_no_released_ones() {
    let shelves = Shelves::default();
    let (first, ..) = take(&shelves, 0, 0);
    now(release(&shelves, &first, Outcome::Repaired, at(1)));
    take(&shelves, 1, 2);
    let other = Lock { control: "s3-bucket-without-tls".to_owned(), ..lock(2, 2) };
    held(ask(&shelves, other, at(2)));
    let found = |locks: Entries<Lock>| locks.whole.into_iter().map(|(_, lock)| lock.attempt).collect::<Vec<_>>();
    assert_eq!(found(now(orphans(&shelves, "s3-bucket-public", at(17)))), [attempt(1)]);
    assert_eq!(found(now(orphans(&shelves, "s3-bucket", at(17)))), []);
    assert_eq!(found(now(all_orphans(&shelves, at(17)))), [attempt(2), attempt(1)], "as the controls are sorted");
    assert_eq!(found(now(all_orphans(&shelves, at(16)))), []);
}

#[test]
fn locks_that_were_not_released_are_told_whoever_holds_them() {
    let shelves = Shelves::default();
    let told = || now(unreleased(&shelves, "s3-bucket-public", &target())).into_iter().map(|lease| lease.lock.attempt);
    let (first, ..) = take(&shelves, 0, 0);
    assert_eq!(told().collect::<Vec<_>>(), [attempt(0)], "its worker may be at work");
    take(&shelves, 1, 20);
    assert_eq!(told().collect::<Vec<_>>(), [attempt(0), attempt(1)]);
    now(release(&shelves, &first, Outcome::Repaired, at(21)));
    assert_eq!(told().collect::<Vec<_>>(), [attempt(1)]);
    assert_eq!(now(unreleased(&shelves, "s3-bucket-public", &bucket("reports"))).len(), 0);
}

#[test]
fn two_workers_that_see_the_same_line_do_not_both_get_in() {
    let shelves = Shelves::default();
    take(&shelves, 0, 0);
    shelves.earlier.replace(Some(vec![]));
    assert!(matches!(ask(&shelves, lock(1, 0), at(0)).1, Claim::Busy));
}

#[test]
fn the_place_in_the_line_is_read_from_the_key() {
    let lines = ["0000000000", "0000000000.done", "0000000012", "x", "x.done"];
    let generations: Vec<_> = lines.into_iter().map(|key| generation(&format!("lock/c/t/{key}"))).collect();
    assert_eq!(generations, [Some(0), Some(0), Some(12), None, None]);
}

/// Takes a slot, if one is left.
fn slot(shelves: &Shelves, budget: Budget, number: usize) -> Option<Slot> {
    now(budget.room(shelves)).and_then(|room| now(room.take(shelves, &attempt(number))))
}

#[test]
fn an_hour_has_so_many_slots_and_a_day_so_many_places_in_the_wave() {
    let shelves = Shelves::default();
    let slots = |since| slot(&shelves, Budget::account(&lock(0, since), 2), 0).is_some();
    assert_eq!([slots(0), slots(30), slots(59), slots(60)], [true, true, false, true]);
    let places = |since| slot(&shelves, Budget::wave(&lock(0, since), 2), 0).is_some();
    let day = 24 * 60;
    assert_eq!([places(0), places(60), places(120), places(day)], [true, true, false, true]);
    let keys = shelves.keys(LedgerBucket::State);
    let expected = [
        "budget/s3-bucket-public/111122223333/2026030210/0000",
        "budget/s3-bucket-public/111122223333/2026030210/0001",
        "budget/s3-bucket-public/111122223333/2026030211/0000",
        "wave/s3-bucket-public/111122223333/20260302/0000",
        "wave/s3-bucket-public/111122223333/20260302/0001",
        "wave/s3-bucket-public/111122223333/20260303/0000",
    ];
    assert_eq!(keys, expected);
    assert_eq!(slot(&shelves, Budget::account(&lock(0, 180), 0), 0), None, "a budget of nothing is none");
}

#[test]
fn a_slot_that_another_worker_took_in_between_is_skipped() {
    let shelves = Shelves::default();
    let budget = || Budget::account(&lock(0, 0), 3);
    let room = now(budget().room(&shelves)).unwrap();
    assert!(slot(&shelves, budget(), 8).is_some(), "another worker is first");
    assert!(now(room.take(&shelves, &attempt(0))).is_some());
    let mine = now(shelves.get(LedgerBucket::State, "budget/s3-bucket-public/111122223333/2026030210/0001"));
    assert_eq!(mine, Some(serde_json::to_vec(&attempt(0)).unwrap()), "it names the attempt it is counted for");
}

#[test]
fn a_slot_that_is_given_back_makes_room_for_one_more_and_for_no_two() {
    let shelves = Shelves::default();
    let budget = || Budget::account(&lock(0, 0), 2);
    let slots: Vec<_> = (0..2).map(|number| slot(&shelves, budget(), number).unwrap()).collect();
    let old = now(budget().room(&shelves));
    assert_eq!(old, None, "both are used");
    for times in 0..2 {
        now(slots[0].give_back(&shelves, &attempt(0)));
        assert_eq!(slot(&shelves, budget(), 2 + times).is_some(), times == 0, "given back twice is given back once");
    }
    now(slots[1].give_back(&shelves, &attempt(1)));
    let seen_by_both = now(budget().room(&shelves)).unwrap();
    let taken = [3, 4].map(|number| now(seen_by_both.take(&shelves, &attempt(number))).is_some());
    assert_eq!(taken, [true, false], "two workers that saw the same room do not both get in");
}

/// Attempts that ended at these minutes, in this way.
fn ends(ended: &[(i64, Ending<'_>)]) -> Shelves {
    let shelves = Shelves::default();
    for (number, (minute, ending)) in ended.iter().enumerate() {
        let (lease, ..) = take(&shelves, number, *minute);
        now(release(&shelves, &lease, *ending, at(*minute)));
    }
    shelves
}

fn tried(outcome: Outcome) -> Ending<'static> {
    Ending { outcome, tried: Some(Tried::Intended), settings: None }
}

fn of_late(shelves: &Shelves, minute: i64) -> Recent {
    now(recent(shelves, &now(Line::read(shelves, "s3-bucket-public", &target())), at(minute)))
}

#[test]
fn what_was_written_within_a_day_is_counted() {
    let day = 24 * 60;
    let shelves =
        ends(&[(0, tried(Outcome::Repaired)), (10, tried(Outcome::Contained)), (20, tried(Outcome::Recovered))]);
    let all = Recent { repairs: 3, tried: 3, within_hour: 3, last: Some(2), ..Recent::default() };
    assert_eq!(of_late(&shelves, 30), all);
    assert_eq!(of_late(&shelves, 70).within_hour, 1);
    assert_eq!(of_late(&shelves, day - 1).repairs, 3);
    assert_eq!(of_late(&shelves, day).repairs, 2, "a day ago is not within the day");
    assert_eq!(of_late(&shelves, day + 19).repairs, 1);
    assert_eq!(of_late(&shelves, day + 20).repairs, 0);
    let other = bucket("reports");
    assert_eq!(
        now(recent(&shelves, &now(Line::read(&shelves, "s3-bucket-public", &other)), at(30))),
        Recent::default()
    );
}

#[test]
fn every_attempt_with_an_intent_counts_however_it_ends_and_only_what_arrives_is_not_in_vain() {
    use Outcome::{Blocked, Contained, Failed, Partial, Recovered, Repaired, Reverted, Superseded, Unverified};
    for outcome in [Repaired, Contained, Recovered, Reverted, Superseded, Failed, Partial, Blocked, Unverified] {
        let seen = of_late(&ends(&[(0, tried(outcome))]), 3);
        let arrived = [Repaired, Contained, Recovered, Reverted].contains(&outcome);
        assert_eq!((seen.tried, seen.within_hour, seen.in_vain), (1, 1, usize::from(!arrived)), "{outcome:?}");
        let written = [Repaired, Contained, Recovered, Unverified].contains(&outcome);
        assert_eq!(seen.repairs, usize::from(written), "{outcome:?}");
        let nothing = Ending { outcome, tried: Some(Tried::Nothing), settings: None };
        assert_eq!(of_late(&ends(&[(0, nothing)]), 3).tried, 0, "a lock without an intent: {outcome:?}");
        let seen = of_late(&ends(&[(0, outcome.into())]), 3);
        let known = written || [Failed, Partial].contains(&outcome);
        assert_eq!(seen.tried, usize::from(known), "what an earlier version released: {outcome:?}");
    }
}

#[test]
fn what_aws_refused_is_known_by_its_plan_and_the_settings() {
    let refused = Ending { outcome: Outcome::Blocked, tried: Some(Tried::Refused), settings: Some("s") };
    let seen = of_late(&ends(&[(0, refused), (1, tried(Outcome::Failed))]), 2);
    let plan = stored().plan.id().unwrap();
    assert!(seen.was_refused(&plan, "s") && !seen.was_refused(&plan, "t"));
    assert!(!seen.was_refused(&PlanId::parse("0".repeat(64)).unwrap(), "s"));
    assert!(!of_late(&ends(&[(0, refused)]), 60).was_refused(&plan, "s"), "the hour is over");
}

#[test]
fn all_ends_of_a_day_are_counted_however_many_are_read_at_once() {
    for count in [3, 4, 5, 20, 21, 36, 37, 67] {
        let shelves = ends(&(0..count).map(|minute| (minute, tried(Outcome::Repaired))).collect::<Vec<_>>());
        assert_eq!(of_late(&shelves, count).repairs, usize::try_from(count).unwrap());
    }
}

#[test]
fn more_locks_within_a_day_or_an_hour_than_can_be_looked_at_are_told() {
    let many = |count: i64| ends(&(0..count).map(|minute| (minute, Outcome::Superseded.into())).collect::<Vec<_>>());
    let extents = |count, minute| {
        let seen = of_late(&many(count), minute);
        (seen.of_hour, seen.of_day)
    };
    assert_eq!(extents(67, 59), (Extent::Read, Extent::Read));
    assert_eq!(extents(68, 70), (Extent::Read, Extent::Unread), "the first of them is older than the hour");
    assert_eq!(extents(68, 59), (Extent::Unread, Extent::Unread));
}

#[test]
fn attempts_whose_workers_were_lost_are_told_and_count() {
    let shelves = ends(&[(0, tried(Outcome::Repaired))]);
    take(&shelves, 1, 5);
    let seen = of_late(&shelves, 19);
    assert_eq!((seen.tried, seen.in_vain, seen.last, seen.lost), (1, 0, Some(1), vec![]));
    let seen = of_late(&shelves, 20);
    assert_eq!((seen.tried, seen.within_hour, seen.in_vain), (2, 2, 1));
    assert_eq!(seen.lost, [attempt(1)]);
}

#[test]
fn a_lock_that_was_given_back_without_an_intent_begins_nothing_new() {
    let shelves = ends(&[(0, tried(Outcome::Repaired)), (1, Outcome::Blocked.into()), (2, Outcome::Superseded.into())]);
    assert_eq!(of_late(&shelves, 3).last, Some(0));
    let (own, ..) = take(&shelves, 3, 4);
    let line = || now(Line::read(&shelves, "s3-bucket-public", &target()));
    assert_eq!(now(recent(&shelves, &line(), at(5))).last, Some(3), "it may have one");
    assert_eq!(now(recent(&shelves, &line().without(&own.lock.attempt), at(5))).last, Some(0));
    now(release(&shelves, &own, tried(Outcome::Failed), at(6)));
    assert_eq!(of_late(&shelves, 7).last, Some(3));
}

#[test]
fn a_record_is_written_once_and_an_intent_is_found_by_its_lock() {
    let shelves = Shelves::default();
    let intent = Record {
        format: FORMAT,
        kind: Kind::Intent,
        at: at(0),
        control: "s3-bucket-public".to_owned(),
        target: target(),
        plan: stored().plan.id().unwrap(),
        attempt: Some(attempt(0)),
        purpose: Purpose::Repair.into(),
        outcome: None,
        reason: None,
        reason_code: None,
        check: None,
        forecast: None,
        asked_by: None,
        approved_by: None,
        violations: vec![],
        elements: vec![],
        before: json!(null),
        after: json!(null),
        steps: vec![],
        mode: Mode::Enforce.into(),
        settings: String::new(),
        cause: String::new(),
        invocation: String::new(),
    };
    assert_eq!(now(intent_of(&shelves, &lock(0, 0))), None);
    assert_eq!(now(record(&shelves, &intent, &lock(0, 0).intent_key())), Put::Created);
    assert_eq!(now(record(&shelves, &intent, &lock(0, 0).intent_key())), Put::Exists);
    assert_eq!(now(intent_of(&shelves, &lock(0, 0))).as_ref(), Some(&intent));
    assert_eq!(now(intent_of(&shelves, &lock(1, 0))), None);
    let again = intend(&shelves, &intent, &lock(0, 0).intent_key()).now_or_never().unwrap();
    assert_eq!(again.unwrap_err().code, "intent-of-another", "it is no intent of this attempt");
    now(intend(&shelves, &intent, &lock(1, 0).intent_key()));
    assert_eq!(now(intent_of(&shelves, &lock(1, 0))), Some(intent));
    assert_eq!(shelves.keys(LedgerBucket::State), [""; 0], "records are evidence");
    let granted = exemption_record_key(at(0), "s3-bucket-public", &attempt(0));
    let expected = format!("2026/03/02/10/0000.000-s3-bucket-public-exemption-{}.json", attempt(0).as_str());
    assert_eq!(granted, expected);
}

#[test]
fn plans_are_kept_under_their_ids() {
    let shelves = Shelves::default();
    let (id, plan) = (stored().plan.id().unwrap(), stored());
    assert_eq!(now(stored_plan(&shelves, &id)).map(|plan| plan.at), None);
    assert_eq!(now(stored_plans(&shelves)).whole.len(), 0);
    now(keep_plan(&shelves, &id, &plan));
    now(keep_plan(&shelves, &id, &StoredPlan { realized: Some(json!({"blocked": true})), at: at(1), ..plan }));
    let found = now(stored_plan(&shelves, &id)).unwrap();
    assert_eq!((found.at, found.realized), (at(1), Some(json!({"blocked": true}))), "the last is kept");
    assert_eq!(shelves.keys(LedgerBucket::State), [format!("plan/{id}")]);
    let all = now(stored_plans(&shelves)).whole;
    assert_eq!(all.into_iter().map(|(key, plan)| (plan_of(&key), plan.at)).collect::<Vec<_>>(), [(Some(id), at(1))]);
}

#[test]
fn what_is_held_is_put_on_file_once_under_each_name() {
    let shelves = Shelves::default();
    let held = |reason: &str| HeldPlan {
        format: FORMAT,
        plan: stored(),
        reason: reason.to_owned(),
        outcome: Outcome::Planned.into(),
        forecast: None,
        at: at(0),
    };
    let told = |name: &str, reason: &str| {
        let (first, put) = now(hold(&shelves, name, &held(reason)));
        (first.reason, put)
    };
    assert_eq!(told("one", "first"), ("first".to_owned(), Put::Created));
    assert_eq!(told("one", "second"), ("first".to_owned(), Put::Exists), "what is on file");
    assert_eq!(told("two", "third"), ("third".to_owned(), Put::Created));
    let found = now(super::held(&shelves, "s3-bucket-public", "two")).map(|held| held.reason);
    assert_eq!(found.as_deref(), Some("third"));
    assert_eq!(now(super::held(&shelves, "s3-bucket-public", "three")).map(|held| held.reason), None);
    assert_eq!(shelves.keys(LedgerBucket::State), ["held/s3-bucket-public/one", "held/s3-bucket-public/two"]);
}

#[test]
fn a_damaged_entry_is_a_fault_and_not_an_absent_one() {
    let shelves = Shelves::default();
    let (lease, ..) = take(&shelves, 0, 0);
    now(shelves.put(&lease.key, b"{\"format\":"));
    let claimed = Line::read(&shelves, "s3-bucket-public", &target()).now_or_never().unwrap();
    assert!(claimed.unwrap_err().to_string().contains("damaged"));
}

#[test]
fn a_damaged_lock_holds_up_no_other_and_is_named() {
    let shelves = Shelves::default();
    let (lease, ..) = take(&shelves, 0, 0);
    let other = bucket("reports");
    held(ask(&shelves, Lock { target: other, ..lock(1, 0) }, at(0)));
    now(shelves.put(&lease.key, b"{\"format\":"));
    for orphans in [now(orphans(&shelves, "s3-bucket-public", at(60))), now(all_orphans(&shelves, at(60)))] {
        assert_eq!(orphans.whole.len(), 1);
        assert_eq!(orphans.damaged.into_iter().map(|damaged| damaged.key).collect::<Vec<_>>(), [lease.key.as_str()]);
    }
}

#[test]
fn another_outcome_counts_as_one_that_wrote() {
    let shelves = ends(&[(0, tried(Outcome::Repaired)), (1, tried(Outcome::Failed))]);
    let line = format!("lock/s3-bucket-public/{}/0000000001.done", target().hash());
    let mut done: Value = serde_json::from_slice(&now(shelves.get(LedgerBucket::State, &line)).unwrap()).unwrap();
    assert_eq!(of_late(&shelves, 2).repairs, 1);
    done["outcome"] = json!("sublimated");
    done["residue"] = json!({"grams": 3});
    now(shelves.put(&line, &serde_json::to_vec(&done).unwrap()));
    assert_eq!(of_late(&shelves, 2).repairs, 2);
    assert!(ask(&shelves, lock(2, 2), at(2)).0.last.is_some());
}

#[test]
fn what_another_version_added_outlives_an_entry_that_is_replaced() {
    let shelves = Shelves::default();
    let replaced = |there: &[u8]| {
        now(shelves.put("one", there));
        now(replace(&shelves, "one", &stored()));
        serde_json::from_slice::<Value>(&now(shelves.get(LedgerBucket::State, "one")).unwrap()).unwrap()
    };
    let plain = serde_json::to_value(stored()).unwrap();
    let mut there = plain.clone();
    there["at"] = json!("2020-01-01T00:00:00Z");
    there["plan"]["target"]["partition"] = json!("aws");
    there["lasts"] = json!(["long"]);
    let mut expected = plain.clone();
    expected["lasts"] = json!(["long"]);
    expected["plan"]["target"]["partition"] = json!("aws");
    let again = replaced(&serde_json::to_vec(&there).unwrap());
    // A plan keeps its own unknown members, so a replaced one is another plan as a whole.
    expected["plan"] = plain["plan"].clone();
    assert_eq!(again, expected);
    assert_eq!(replaced(b"{\"plan\":"), plain, "what is damaged goes");
    now(replace(&shelves, "new", &stored()));
    assert_eq!(now(shelves.get(LedgerBucket::State, "new")), Some(bytes(&stored()).unwrap()));
}
