use remedy_domain::{Timestamp, hold::Switch};

use super::*;
use crate::quiet::{Shelves, account, bucket, now, person};

fn turned(scope: HoldScope, switch: Switch, second: i64) -> Hold {
    let (by, at) = (Some(person("ann")), Timestamp::from_second(second).unwrap());
    Hold { format: 1, scope: scope.into(), switch: switch.into(), reason: String::new(), by, at }
}

fn all() -> HoldScope {
    HoldScope::All
}

#[test]
fn a_release_that_did_not_see_the_last_hold_turns_nothing() {
    let state = Shelves::default();
    now(hold(&state, &turned(all(), Switch::Held, 1)));
    let seen = now(switch(&state, &all())).unwrap();
    now(hold(&state, &turned(all(), Switch::Held, 2)));
    let released = turned(all(), Switch::Released, 3);
    assert_eq!(now(turn(&state, &released, seen.next)), Put::Exists, "somebody held it in between");
    assert_eq!(now(switch(&state, &all())).unwrap().hold.at.as_second(), 2);
    let seen = now(switch(&state, &all())).unwrap();
    assert_eq!(now(turn(&state, &released, seen.next)), Put::Created);
    assert_eq!(now(holds(&state)).into_iter().map(|hold| hold.switch).collect::<Vec<_>>(), [Switch::Released.into()]);
}

#[test]
fn a_run_reads_the_holds_that_bear_on_it_and_no_others() {
    let state = Shelves::default();
    for number in 0..200 {
        now(hold(&state, &turned(HoldScope::Control(format!("c{number}")), Switch::Held, number)));
    }
    now(hold(&state, &turned(HoldScope::Control("c1".into()), Switch::Released, 300)));
    now(hold(&state, &turned(HoldScope::Account(account()), Switch::Held, 301)));
    state.read.borrow_mut().clear();
    let target = bucket("scans");
    let held = now(holds_on(&state, "c1", &target));
    assert_eq!(
        held.iter().map(|hold| hold.switch.clone()).collect::<Vec<_>>(),
        [Switch::Held.into(), Switch::Released.into()]
    );
    assert_eq!(state.read.borrow().len(), 2, "{:?}", state.read.borrow());
    assert_eq!(now(holds(&state)).len(), 201);
}

/// Versions before 0.1.0 overwrote one object: of both forms, the later turn counts.
#[test]
fn a_hold_of_the_first_form_counts_until_it_is_turned() {
    let state = Shelves::default();
    let put = |hold: &Hold| now(state.put(&format!("hold/{}", scope_of(hold).unwrap().path()), &bytes(hold).unwrap()));
    let is_held = || now(holds(&state)).iter().any(Hold::is_on);
    put(&turned(all(), Switch::Held, 1));
    assert!(is_held());
    let seen = now(switch(&state, &all())).unwrap();
    assert_eq!(now(turn(&state, &turned(all(), Switch::Released, 2), seen.next)), Put::Created);
    assert!(!is_held());
    put(&turned(all(), Switch::Held, 3));
    assert!(is_held(), "a version before 0.1.0 held it again");
}

#[test]
fn a_damaged_hold_stops_its_own_scope_only() {
    let state = Shelves::default();
    now(state.put("hold/control/c1/0000000000", b"{"));
    let target = bucket("scans");
    assert_eq!(now(holds_on(&state, "c2", &target)), []);
    let held = now(holds_on(&state, "c1", &target));
    assert!(held.iter().any(Hold::is_on), "it may be the one that forbids");
}

#[test]
fn a_hold_under_an_earlier_id_holds_the_control_and_is_released_under_either() {
    for (held, released) in
        [("kms-key-dying", "kms-key-pending-deletion"), ("kms-key-pending-deletion", "kms-key-dying")]
    {
        let (state, scope) = (Shelves::default(), |id: &str| HoldScope::Control(id.to_owned()));
        let control = remedy_domain::Control {
            id: remedy_domain::ControlId("kms-key-pending-deletion"),
            ..crate::quiet::CONTROL
        };
        now(hold(&state, &turned(scope(held), Switch::Held, 1)));
        let stops = || {
            now(holds_on(&state, control.id.0, &bucket("scans")))
                .iter()
                .any(|one| one.stops(&control, &bucket("scans")))
        };
        assert!(stops(), "{held}");
        let seen = now(switch(&state, &scope(released))).unwrap();
        assert_eq!(now(turn(&state, &turned(scope(released), Switch::Released, 2), seen.next)), Put::Created);
        assert!(!stops(), "{released}");
    }
}

#[test]
fn a_damaged_hold_under_an_earlier_id_stops_the_control() {
    let state = Shelves::default();
    now(state.put("hold/control/kms-key-dying/0000000000", b"{"));
    assert!(now(holds_on(&state, "kms-key-pending-deletion", &bucket("scans"))).iter().any(Hold::is_on));
    assert_eq!(now(holds_on(&state, "kms-key-open-policy", &bucket("scans"))), []);
}
