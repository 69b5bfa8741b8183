use super::*;
use crate::ids::AccountId;

fn person(id: &str) -> Actor {
    let account = AccountId::parse("111122223333").unwrap();
    Actor { account, id: id.into(), arn: format!("arn:aws:iam::111122223333:user/{id}") }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn release(by: Option<Actor>) -> Ask {
    let subject = Subject::Release { scope: HoldScope::All, since: at(0) };
    Ask { format: FORMAT, subject, reason: String::new(), by, function: String::new(), at: at(0), until: at(100) }
}

fn deciders(names: &[&str]) -> People {
    let approvers = names.iter().map(|name| person(name).arn).collect();
    People { approvers, ..People::default() }
}

fn decision(by: &str, answer: Answer) -> Decision {
    Decision { format: FORMAT, answer: answer.into(), by: person(by), reason: None, at: at(10) }
}

#[test]
fn an_ask_is_decided_by_another_while_it_lasts_and_spent_once() {
    let by_ann = release(Some(person("ann")));
    let people = deciders(&["bob", "ann"]);
    let of = |decision, spent, now| ApprovalStatus::of(&by_ann, decision, spent, (at(now), &people));
    let yes = decision("bob", Answer::Approved);
    assert_eq!(of(None, Spent::No, 50), ApprovalStatus::Open);
    assert_eq!(of(Some(yes.clone()), Spent::No, 99), ApprovalStatus::Approved(yes.clone()));
    assert_eq!(of(Some(yes.clone()), Spent::No, 100), ApprovalStatus::Unasked, "an approval ends with the ask");
    assert_eq!(of(Some(yes.clone()), Spent::Yes, 50), ApprovalStatus::Unasked);
    let no = decision("bob", Answer::Rejected);
    assert_eq!(of(Some(no.clone()), Spent::No, 50), ApprovalStatus::Rejected(no));
    let own = decision("ann", Answer::Approved);
    assert_eq!(of(Some(own.clone()), Spent::No, 50), ApprovalStatus::Open, "whoever asks does not decide");
    let of_remedy = ApprovalStatus::of(&release(None), Some(own.clone()), Spent::No, (at(50), &people));
    assert_eq!(of_remedy, ApprovalStatus::Approved(own));
}

#[test]
fn another_answer_is_no_approval_and_stands_like_a_refusal() {
    let answer: Word<Answer> = serde_json::from_value(json!("approved-with-conditions")).unwrap();
    let decision = Decision { answer, ..decision("bob", Answer::Approved) };
    let standing = ApprovalStatus::of(
        &release(Some(person("ann"))),
        Some(decision.clone()),
        Spent::No,
        (at(50), &deciders(&["bob"])),
    );
    assert_eq!(standing, ApprovalStatus::Rejected(decision));
}

#[test]
fn nobody_approves_what_this_version_does_not_know() {
    let whole = serde_json::to_value(release(None)).unwrap();
    let id = release(None).subject.id().unwrap();
    let read = |subject: Value| {
        let mut ask = whole.clone();
        ask["subject"] = subject;
        let ask: Ask = serde_json::from_value(ask).unwrap();
        Ask { subject: ask.subject.understood(&id), ..ask }
    };
    let yes = decision("bob", Answer::Approved);
    let of = |ask: &Ask, decision: &Decision| {
        ApprovalStatus::of(ask, Some(decision.clone()), Spent::No, (at(50), &deciders(&["bob"])))
    };
    assert_eq!(of(&read(whole["subject"].clone()), &yes), ApprovalStatus::Approved(yes.clone()));
    let others = [
        json!("amnesty"),
        json!({"amnesty": {"days": 3}}),
        json!({"release": {"scope": {"region": "us-east-1"}, "since": at(0)}}),
        json!({"release": {"scope": {"account": "111122223333"}, "since": at(0)}}),
        json!({"exemption": {"terms": {"control": "kms-key-pending-deletion"}}}),
    ];
    for subject in others {
        let ask = read(subject);
        assert!(matches!(ask.subject, Subject::Other(_)), "{ask:?}");
        assert_eq!(of(&ask, &yes), ApprovalStatus::Open, "{ask:?}");
        let no = decision("bob", Answer::Rejected);
        assert_eq!(of(&ask, &no), ApprovalStatus::Rejected(no), "{ask:?}");
    }
}

#[test]
fn a_decision_counts_while_its_maker_may_decide() {
    let of_remedy = release(None);
    for answer in [Answer::Approved, Answer::Rejected] {
        let of = |people: &People| {
            ApprovalStatus::of(&of_remedy, Some(decision("bob", answer)), Spent::No, (at(50), people))
        };
        assert_ne!(of(&deciders(&["carol", "bob"])), ApprovalStatus::Unasked);
        assert_eq!(of(&deciders(&["carol"])), ApprovalStatus::Unasked, "bob was dismissed: somebody is asked again");
        assert_eq!(of(&People::default()), ApprovalStatus::Unasked, "nobody may decide");
        let asks = People { operators: vec![person("bob").arn], ..People::default() };
        assert_eq!(of(&asks), ApprovalStatus::Unasked, "bob may ask, and decide no more");
    }
}

#[test]
fn an_ask_for_settings_is_for_one_change_of_one_document() {
    let read = |text: &str| Written::read(text.as_bytes()).unwrap();
    let ask = |from: &str, to: &str| {
        let proposal = Proposal::new(read(to), &read(from).settings, Mode::Observe);
        Subject::Settings(Box::new(proposal)).id().unwrap()
    };
    let limit = r#"{"parameters":{"flap_limit":2}}"#;
    assert_eq!(ask("{}", limit), ask("{ }", limit));
    assert_ne!(ask("{}", limit), ask(r#"{"modes":{"default":"observe"}}"#, limit), "what it starts from is another");
}

#[test]
fn ids_follow_what_is_asked_for() {
    let release = |scope, since| Subject::Release { scope, since: at(since) }.id().unwrap();
    assert_eq!(release(HoldScope::All, 0), release(HoldScope::All, 0));
    assert_ne!(release(HoldScope::All, 0), release(HoldScope::All, 1), "a later hold is another");
    assert_ne!(release(HoldScope::All, 0), release(HoldScope::Control("all".into()), 0));
    let plan = PlanId::parse("a".repeat(64)).unwrap();
    assert_ne!(undo_id(&plan).unwrap(), plan.as_str(), "an approved plan is no approved undo");
}

#[test]
fn it_reads_back_as_it_was_written() {
    let written = Written::read(br#"{"modes":{"default":"approve"},"people":{"approvers":["a"]}}"#).unwrap();
    let settings = Subject::Settings(Box::new(Proposal::new(written, &Settings::default(), Mode::Observe)));
    let of_settings = Ask { subject: settings, ..release(Some(person("ann"))) };
    for ask in [release(Some(person("ann"))), of_settings] {
        let bytes = canonical::to_bytes(&ask).unwrap();
        assert_eq!(serde_json::from_slice::<Ask>(&bytes).unwrap(), ask);
    }
}

/// As versions before 0.1.0 stored it: without the settings that it starts from.
#[test]
fn an_ask_for_settings_of_the_first_form_is_read() {
    let ask = r#"{"format":1,"subject":{"settings":{"settings":{"modes":{"default":"approve"}},"loosens":["x"]}},"reason":"y",
        "at":"2026-03-02T10:00:00Z","until":"2026-03-05T10:00:00Z"}"#;
    let Subject::Settings(proposal) = serde_json::from_str::<Ask>(ask).unwrap().subject else { panic!("settings") };
    assert_eq!((proposal.text.as_str(), proposal.from.as_str(), proposal.loosens.len()), ("", "", 1));
    let later = r#"{"member":"parameters.x","ways":["sideways"],"before":1,"after":2,"why":"z"}"#;
    assert_eq!(serde_json::from_str::<Difference>(later).unwrap().ways, [settings::Way::Another]);
}
