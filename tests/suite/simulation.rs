//! Histories of the production engine in a simulated world: messages late, doubled and out of order, faults, crashed
//! workers. `make simulate` runs as many as one likes.

use remedy_domain::evidence;
use remedy_simulation::{Planted, Tally, play, tell};
use remedy_testkit::depth::Depth;
use remedy_tests::simulate::search;

/// Histories that run with every run of the tests: half of them always the same, half of them new every day. At the
/// full depth a hundred thousand in all.
fn seeds() -> u64 {
    Depth::asked().of(2500, 50_000) as u64
}

/// The day whose seeds are run, such as 20261129. `make test DAY=20261129` runs those of another day again.
const DAY: &str = "REMEDY_TEST_DAY";
/// Seeds that belong to a day: more than are ever played in one.
const OF_A_DAY: u64 = 1_000_000;

/// A planted bug is found within so many.
const PATIENCE: u64 = 4000;

/// Runs so many seeds; a breach prints the seed, which `make simulate SEED=` runs again.
fn played(first: u64) -> Tally {
    match search(first, seeds()) {
        Ok(tally) => tally,
        Err((seed, broken)) => {
            panic!("{}\nseed {seed}: {broken}\nsee it again: make simulate SEED={seed}", tell(seed, None))
        }
    }
}

fn today() -> u64 {
    let asked = std::env::var(DAY).ok().filter(|day| !day.is_empty());
    let now = || evidence::day(std::time::SystemTime::now().try_into().expect("a time that computers show"));
    let day = asked.unwrap_or_else(now);
    day.parse().unwrap_or_else(|_| panic!("{DAY} is `{day}`: write a day as 20261129"))
}

#[test]
fn no_history_of_the_day_breaks_an_invariant() {
    let first = today() * OF_A_DAY;
    println!("seeds {first} to {}", first + seeds());
    println!("{}", played(first));
}

#[test]
fn no_history_breaks_an_invariant() {
    let tally = played(0);
    for outcome in ["failed", "partial", "recovered", "repaired", "reverted", "superseded", "unverified"] {
        assert!(tally.outcomes.contains_key(outcome), "no history ends {outcome}: {tally}");
    }
    let rare = [tally.refused, tally.dead, tally.lost_workers, tally.lost_updates, tally.settings, tally.sealed];
    assert!(rare.iter().all(|count| *count > 0), "the histories are too quiet: {tally}");
}

#[test]
fn a_history_follows_from_its_seed_alone() {
    for seed in 0..50 {
        assert_eq!(tell(seed, None), tell(seed, None), "seed {seed}");
    }
    assert_ne!(tell(1, None), tell(2, None));
}

/// The bug is found by the invariant that it breaks, in a history that is without fault where the bug is not planted.
fn is_found(bug: Planted) {
    let breach = |seed: &u64| play(*seed, Some(bug)).is_err_and(|broken| broken.invariant == bug.breaks());
    let found = (0..PATIENCE).find(breach);
    let seed = found.unwrap_or_else(|| panic!("{bug:?} does not break {:?} in {PATIENCE} seeds", bug.breaks()));
    assert!(play(seed, None).is_ok(), "seed {seed} is broken without {bug:?} too");
    println!("seed {seed}: {bug:?} breaks {:?}", bug.breaks());
}

macro_rules! planted {
    ($($name:ident: $bug:ident,)*) => {
        $(
            #[test]
            fn $name() {
                is_found(Planted::$bug);
            }
        )*

        #[test]
        fn every_planted_bug_has_its_test() {
            assert_eq!(Planted::ALL, [$(Planted::$bug),*]);
        }
    };
}

planted! {
    a_lock_that_is_not_exclusive_is_found: LockShared,
    a_lease_that_is_too_short_is_found: LeaseTooShort,
    clocks_that_are_taken_for_one_are_found: ClocksTrusted,
    a_turn_that_is_not_exclusive_is_found: TurnShared,
    an_intent_that_is_not_kept_is_found: IntentLost,
    two_writes_for_one_step_are_found: WrittenTwice,
    a_second_look_that_is_none_is_found: SecondLookRemembered,
    a_write_that_leaves_others_out_is_found: OthersLeftOut,
    an_undo_of_the_whole_document_is_found: RebaseWhole,
    a_write_that_is_believed_is_found: WriteBelieved,
    an_outcome_that_is_written_twice_is_found: OutcomeTwice,
    lost_workers_that_nobody_sees_are_found: OrphansUnlisted,
    an_exemption_that_is_not_read_is_found: ExemptionUnread,
    an_exemption_that_is_not_kept_is_found: ExemptionLost,
    a_budget_that_is_not_exclusive_is_found: BudgetShared,
    slots_that_are_given_back_after_a_write_are_found: SlotsReturned,
    attempts_that_are_not_counted_are_found: AttemptsForgotten,
    a_ledger_fault_that_is_acknowledged_is_found: LedgerForgiven,
    a_redelivery_that_is_not_seen_is_found: RedeliveryUnseen,
    settings_that_are_out_of_date_are_found: SettingsRemembered,
    settings_that_are_not_recorded_are_found: SettingsUnrecorded,
    records_that_the_sealer_does_not_see_are_found: RecordUnlisted,
    holds_that_are_not_seen_are_found: HoldsUnlisted,
    a_release_that_is_not_read_is_found: ReleaseUnread,
    a_hold_that_is_told_again_is_found: HeldAnew,
}
