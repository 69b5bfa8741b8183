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

fn decision(by: &str, answer: Answer) -> Decision {
    Decision { format: FORMAT, answer, by: person(by), reason: None, at: at(10) }
}

#[test]
fn an_ask_is_decided_by_another_while_it_lasts_and_spent_once() {
    let by_ann = release(Some(person("ann")));
    let of = |decision, spent, now| Standing::of(&by_ann, decision, spent, at(now));
    let yes = decision("bob", Answer::Approved);
    assert_eq!(of(None, Spent::No, 50), Standing::Open);
    assert_eq!(of(Some(yes.clone()), Spent::No, 99), Standing::Approved(yes.clone()));
    assert_eq!(of(Some(yes.clone()), Spent::No, 100), Standing::Unasked, "an approval ends with the ask");
    assert_eq!(of(Some(yes.clone()), Spent::Yes, 50), Standing::Unasked);
    let no = decision("bob", Answer::Rejected);
    assert_eq!(of(Some(no.clone()), Spent::No, 50), Standing::Rejected(no));
    let own = decision("ann", Answer::Approved);
    assert_eq!(of(Some(own.clone()), Spent::No, 50), Standing::Open, "whoever asks does not decide");
    let of_remedy = Standing::of(&release(None), Some(own.clone()), Spent::No, at(50));
    assert_eq!(of_remedy, Standing::Approved(own));
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
    let settings = Settings::parse(br#"{"modes":{"default":"approve"},"people":{"approvers":["a"]}}"#).unwrap();
    let settings = Subject::Settings { settings: Box::new(settings), loosens: vec!["x".into()] };
    let of_settings = Ask { subject: settings, ..release(Some(person("ann"))) };
    for ask in [release(Some(person("ann"))), of_settings] {
        let bytes = canonical::to_bytes(&ask).unwrap();
        assert_eq!(serde_json::from_slice::<Ask>(&bytes).unwrap(), ask);
    }
}
