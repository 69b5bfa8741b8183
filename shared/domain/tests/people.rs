//! Who may do what, and how far a word lets Remedy go.

use remedy_domain::{Mode, settings::People};

const ANN: &str = "arn:aws:iam::111122223333:user/ops/ann";
const BOB: &str = "arn:aws:iam::111122223333:user/ops/bob";
const EVE: &str = "arn:aws:iam::111122223333:user/eve";

fn people() -> People {
    People { operators: vec![ANN.to_owned()], approvers: vec![BOB.to_owned()] }
}

#[test]
fn operators_ask_and_approvers_ask_and_decide_and_others_do_neither() {
    let may = |arn| (people().may_ask(arn), people().may_decide(arn));
    assert_eq!(may(ANN), (true, false));
    assert_eq!(may(BOB), (true, true));
    assert_eq!(may(EVE), (false, false));
    assert!(!People::default().may_ask(ANN) && !People::default().may_decide(BOB), "nobody is named");
}

#[test]
fn a_mode_is_known_by_its_word_and_by_no_other() {
    for (word, mode) in [("observe", Mode::Observe), ("approve", Mode::Approve), ("enforce", Mode::Enforce)] {
        assert_eq!(Mode::named(word), Some(mode));
    }
    for word in ["", "Enforce", "enforced", "off"] {
        assert_eq!(Mode::named(word), None, "{word}");
    }
    assert!(Mode::Observe < Mode::Approve && Mode::Approve < Mode::Enforce);
}
