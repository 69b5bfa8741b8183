//! A control that was renamed: a version before the renaming and this one, on the same ledger (ADR 0052).

use std::time::Duration;

use remedy_domain::{
    Mode, Outcome, PlanId, Settings,
    ask::{Answer, Decision},
    evidence::Record,
    exemption::Exemption,
    guard::WriteAccess,
    hold::{self, Hold, HoldScope, Switch},
    trigger::Carried,
};
use remedy_engine::{
    LedgerBucket, Reach, Report, RunContext,
    asks::{self, Which},
    controls,
    draft::Task,
    ledger,
    prelude::*,
    pursue, registry,
};
use remedy_kms::{Key, Keys};
use remedy_testkit::{
    fake::{Mishap, Moment},
    laws::{Agreed, Case, FakeEnvironment, Scenario, released},
    memory::MemoryPorts,
    people::{agrees, deciders, person, undo},
};

use super::{Kind, Letting};
use crate::{Facts, KeyOpenPolicy, KeyPolicy};

const OLD: &str = "kms-key-shared";
const NEW: &str = "kms-key-open-policy";
/// No run has as many effects.
const EFFECTS: usize = 200;

/// The control as versions before the renaming run it.
#[derive(Debug)]
struct Earlier;

impl Remediation for Earlier {
    const CONTROL: Control = Control { id: ControlId(OLD), ..KeyOpenPolicy::CONTROL };
    type On = Key;
    type Facts = Facts;
    type Setting = KeyPolicy;
    type Step = Whole<KeyPolicy>;

    async fn observe(client: &Keys, target: &Target) -> Result<Observed<Facts, KeyPolicy>, Fault> {
        KeyOpenPolicy::observe(client, target).await
    }

    fn judge(facts: &Facts, setting: &KeyPolicy, context: &Context<'_>) -> Verdict<KeyPolicy> {
        KeyOpenPolicy::judge(facts, setting, context)
    }

    async fn perform(writer: &Writer<Keys>, key: &Target, step: &Whole<KeyPolicy>) -> Result<(), Fault> {
        KeyOpenPolicy::perform(writer, key, step).await
    }
}

type Clinic = Scenario<KeyOpenPolicy>;

/// A key that everybody may use.
async fn clinic() -> Clinic {
    let statements = [
        r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::ACCOUNT:root"},"Action":"kms:*","Resource":"*"}"#,
        r#"{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}"#,
    ];
    let policy = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
    let case = Case { other: KeyPolicy(policy.clone()), world: Letting { kind: Kind::Plain, policy }, mask: 0 };
    Scenario::open(&case, &FakeEnvironment::of::<KeyOpenPolicy>()).await.unwrap()
}

async fn run<C: Remediation<On = Key>>(clinic: &Clinic, task: Task<'_>) -> Result<Report, Fault> {
    let settings = Settings { people: deciders(), ..Settings::default() };
    let context = RunContext {
        function: "kms-keys",
        settings: &settings,
        digest: "digest",
        environment: Mode::Enforce,
        ceiling: None,
        own: &[],
        means: WriteAccess::WriteRole,
        reach: Reach::Account,
        carried: Carried::First,
        cause: "test",
        invocation: "test",
    };
    clinic.ports.begin(Duration::from_mins(5));
    pursue::run::<C, _>(&*clinic.ports, &clinic.target, task, &context).await
}

/// What a version before the renaming asks people for.
async fn asked_before(clinic: &Clinic) -> PlanId {
    let report = run::<Earlier>(clinic, Task::Repair).await.unwrap();
    assert_eq!((report.control.0, report.outcome), (OLD, Outcome::AwaitingApproval));
    report.plan.unwrap()
}

async fn ask(clinic: &Clinic, id: &str) -> asks::OnFile {
    asks::latest(&*clinic.ports, id).await.unwrap().unwrap()
}

/// The records of a kind, by key.
fn records(clinic: &Clinic, kind: &str) -> Vec<(String, Record)> {
    let all =
        clinic.ports.shelf(LedgerBucket::Evidence).into_iter().filter(|(key, _)| key.contains(&format!("-{kind}-")));
    all.map(|(key, body)| (key, serde_json::from_slice(&body).unwrap())).collect()
}

#[tokio::test]
async fn a_plan_that_was_approved_before_the_renaming_is_carried_out_once() {
    for is_event_lost in [true, false] {
        let clinic = clinic().await;
        let (before, old) = (clinic.setting().await, asked_before(&clinic).await);
        clinic.agree_to(&old).await.unwrap();
        let on_file = ask(&clinic, old.as_str()).await;
        let task = if is_event_lost { Task::Repair } else { Task::Approved(&on_file) };
        let mark = clinic.mark();
        let report = run::<KeyOpenPolicy>(&clinic, task).await.unwrap();
        assert_eq!((report.control.0, report.outcome), (NEW, Outcome::Repaired), "{report:?}");
        assert_eq!(report.plan.as_ref(), Some(&old));
        let [(_, outcome)] = records(&clinic, "outcome").try_into().unwrap();
        assert_eq!((outcome.control.as_str(), outcome.approved_by), (NEW, Some(person("bob"))));
        assert!(ask(&clinic, old.as_str()).await.spent_by.is_some());
        assert!(clinic.put(&clinic.setting().await, &before).await, "it drifts again");
        let on_file = ask(&clinic, old.as_str()).await;
        for task in [Task::Approved(&on_file), Task::Repair] {
            let again = run::<KeyOpenPolicy>(&clinic, task).await.unwrap();
            assert_eq!(again.outcome, Outcome::AwaitingApproval, "an approval is good for one repair: {again:?}");
        }
        let puts = clinic.since(mark).writes::<KeyOpenPolicy>().len();
        assert_eq!(puts, 2, "one by Remedy, one by whoever brought the drift back");
    }
}

#[tokio::test]
async fn a_plan_that_was_rejected_before_the_renaming_stays_rejected() {
    let clinic = clinic().await;
    let old = ask(&clinic, asked_before(&clinic).await.as_str()).await;
    let no = Decision { answer: Answer::Rejected.into(), ..agrees("bob", old.ask.at) };
    asks::decide(&*clinic.ports, &old, &no).await.unwrap();
    let report = run::<KeyOpenPolicy>(&clinic, Task::Repair).await.unwrap();
    assert_eq!((report.outcome, report.objection.unwrap().check), (Outcome::Blocked, "approval"));
}

#[tokio::test]
async fn a_plan_that_nobody_decided_before_the_renaming_waits_on_as_the_same_ask() {
    let clinic = clinic().await;
    let old = asked_before(&clinic).await;
    let report = run::<KeyOpenPolicy>(&clinic, Task::Repair).await.unwrap();
    assert_eq!((report.outcome, report.plan.as_ref()), (Outcome::AwaitingApproval, Some(&old)));
    let now = clinic.ports.time().now();
    for name in [OLD, NEW] {
        let which = Which { control: Some(name.to_owned()), account: None };
        let open = asks::open_asks(&*clinic.ports, &which, (now, &deciders())).await.unwrap();
        let listed: Vec<_> = open.iter().map(|one| (one.control.as_str(), one.id.as_str())).collect();
        assert_eq!(listed, [(NEW, old.as_str())], "of {name}");
    }
    clinic.agree_to(&old).await.unwrap();
    assert_eq!(run::<KeyOpenPolicy>(&clinic, Task::Repair).await.unwrap().outcome, Outcome::Repaired);
}

/// A deployment may go back.
#[tokio::test]
async fn what_the_renamed_control_asked_for_and_repaired_is_the_earlier_versions_too() {
    let clinic = clinic().await;
    let before = clinic.setting().await;
    let asked = run::<KeyOpenPolicy>(&clinic, Task::Repair).await.unwrap().plan.unwrap();
    clinic.agree_to(&asked).await.unwrap();
    let report = run::<Earlier>(&clinic, Task::Approved(&ask(&clinic, asked.as_str()).await)).await.unwrap();
    assert_eq!((report.outcome, report.plan), (Outcome::Repaired, Some(asked)));
    assert!(clinic.put(&clinic.setting().await, &before).await, "it drifts again");
    let plan = run::<Agreed<KeyOpenPolicy>>(&clinic, Task::Repair).await.unwrap().plan.unwrap();
    let stored = ledger::stored_plan(&*clinic.ports, &plan).await.unwrap().unwrap();
    assert_eq!(stored.plan.control, OLD, "that version looks for its own word");
}

#[tokio::test]
async fn a_repair_from_before_the_renaming_is_taken_back_by_the_renamed_control() {
    let clinic = clinic().await;
    let before = clinic.setting().await;
    let plan = run::<Agreed<Earlier>>(&clinic, Task::Repair).await.unwrap().plan.unwrap();
    let stored = ledger::stored_plan(&*clinic.ports, &plan).await.unwrap().unwrap();
    let controls = crate::controls::<MemoryPorts>();
    assert_eq!(controls::drafted_by(&controls, &stored).unwrap().control().id.0, NEW);
    let asked = undo(&plan, OLD, &clinic.target, 30, clinic.ports.time().now());
    asks::open(&*clinic.ports, &asked, &deciders()).await.unwrap();
    let on_file = ask(&clinic, &asks::id(&asked.subject).unwrap()).await;
    asks::decide(&*clinic.ports, &on_file, &agrees("bob", on_file.ask.at)).await.unwrap();
    let report = run::<KeyOpenPolicy>(&clinic, Task::Revert(&stored)).await.unwrap();
    assert_eq!((report.control.0, report.outcome), (NEW, Outcome::Reverted), "{report:?}");
    assert!(KeyPolicy::agrees(&clinic.setting().await, &before));
    let [(key, exempted)] = records(&clinic, "exemption").try_into().unwrap();
    assert!(key.contains(&format!("-{NEW}-")) && exempted.control == NEW, "{key}");
    assert!(exempted.reason.unwrap().contains(plan.as_str()), "it names the plan that was reverted");
    assert_eq!(run::<KeyOpenPolicy>(&clinic, Task::Repair).await.unwrap().outcome, Outcome::Exempt);
}

/// A worker of the version before is gone after any of its effects: nobody writes while its lock lasts, and what it left is closed.
#[tokio::test]
async fn what_a_worker_from_before_the_renaming_left_is_closed_wherever_it_was_lost() {
    for nth in 0..EFFECTS {
        let clinic = clinic().await;
        clinic.ports.fate().fail_at(nth, Moment::After, Mishap::Crash);
        let first = clinic.ports.until_crash(run::<Agreed<Earlier>>(&clinic, Task::Repair)).await;
        if clinic.ports.fate().spare() {
            assert!(nth > 10 && first.is_some(), "{nth} effects");
            return;
        }
        let state = clinic.ports.shelf(LedgerBucket::State);
        let is_locked = state.keys().any(|key| key.starts_with("lock/") && !state.contains_key(&format!("{key}.done")));
        let mark = clinic.mark();
        let second = run::<Agreed<KeyOpenPolicy>>(&clinic, Task::Repair).await;
        let is_refused =
            second.as_ref().map_or_else(Fault::is_transient, |run| run.outcome == Outcome::AlreadyCompliant);
        assert!(!is_locked || is_refused, "effect {nth}: {second:?}");
        assert!(!is_locked || clinic.since(mark).writes::<KeyOpenPolicy>().is_empty(), "effect {nth}");
        clinic.ports.outlive();
        clinic.close_orphans().await.unwrap();
        let last = run::<Agreed<KeyOpenPolicy>>(&clinic, Task::Repair).await.unwrap();
        assert!(last.is_stored(), "effect {nth}: {last:?}");
        released(&clinic.ports);
        let outcomes: Vec<_> = records(&clinic, "outcome").into_iter().map(|(key, _)| key).collect();
        for (key, _) in records(&clinic, "intent") {
            assert!(outcomes.contains(&key.replace("-intent-", "-outcome-")), "effect {nth}: {key} of {outcomes:?}");
        }
        let verdict = clinic.verdict().await;
        assert!(matches!(verdict, Verdict::Compliant), "effect {nth}: {verdict:?}");
    }
    panic!("the run has no end");
}

#[tokio::test]
async fn exemptions_and_holds_from_before_the_renaming_stop_the_renamed_control() {
    let clinic = clinic().await;
    let hold = Hold {
        format: hold::FORMAT,
        scope: HoldScope::Control(OLD.to_owned()).into(),
        switch: Switch::Held.into(),
        reason: String::new(),
        by: Some(person("ann")),
        at: clinic.ports.time().now(),
    };
    registry::hold(&*clinic.ports, &hold).await.unwrap();
    let held = run::<Agreed<KeyOpenPolicy>>(&clinic, Task::Repair).await.unwrap();
    assert_eq!(held.objection.unwrap().check, "hold");
    let released = Hold { switch: Switch::Released.into(), ..hold };
    let next = registry::switch(&*clinic.ports, &HoldScope::Control(NEW.to_owned())).await.unwrap().unwrap().next;
    registry::turn(&*clinic.ports, &released, next).await.unwrap();
    let terms = match undo(&held.plan.unwrap(), OLD, &clinic.target, 30, clinic.ports.time().now()).subject {
        remedy_domain::ask::Subject::Undo { terms, .. } => terms,
        other => panic!("{other:?}"),
    };
    let people = (&person("ann"), &person("bob"));
    let exemption =
        Exemption { control: OLD.to_owned(), ..Exemption::granted(&terms, people, clinic.ports.time().now(), None) };
    registry::exempt(&*clinic.ports, &exemption).await.unwrap();
    let exempt = run::<Agreed<KeyOpenPolicy>>(&clinic, Task::Repair).await.unwrap();
    assert_eq!(exempt.outcome, Outcome::Exempt);
}
