//! People who ask and decide, where a test needs them.

use remedy_domain::{
    AccountId, Actor, PlanId, Target, Timestamp,
    ask::{self, Answer, Ask, Decision, Subject},
    exemption::Terms,
    settings::People,
};

/// A person by this name, whose identity is proven.
#[must_use]
pub fn person(name: &str) -> Actor {
    let account = AccountId::parse("111122223333").expect("an account id");
    Actor { account, id: format!("AIDA{name}"), arn: format!("arn:aws:iam::111122223333:user/{name}") }
}

/// People with Bob as the approver.
#[must_use]
pub fn deciders() -> People {
    People { approvers: vec![person("bob").arn], ..People::default() }
}

/// Ann asks to take a plan back.
#[must_use]
pub fn undo(plan: &PlanId, control: &str, target: &Target, days: u32, now: Timestamp) -> Ask {
    let terms = Terms {
        control: control.to_owned(),
        account: target.account.clone(),
        resource: target.id.clone(),
        owner: "ann".to_owned(),
        reason: "a workload needs it".to_owned(),
        ticket: "CHG-1".to_owned(),
        alternative: "a daily review".to_owned(),
        days,
    };
    Ask {
        format: ask::FORMAT,
        subject: Subject::Undo { plan: plan.clone(), function: "laws".to_owned(), terms },
        reason: "a workload needs it".to_owned(),
        by: Some(person("ann")),
        function: "laws".to_owned(),
        at: now,
        until: ask::lasts(now, 72),
    }
}

/// A person of this name agrees.
#[must_use]
pub fn agrees(name: &str, at: Timestamp) -> Decision {
    Decision { format: ask::FORMAT, answer: Answer::Approved.into(), by: person(name), reason: None, at }
}
