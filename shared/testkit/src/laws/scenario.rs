//! A world on a stage, and an engine that works there.

use remedy_domain::Step as _;
use remedy_engine::Client;
use remedy_engine::Resource as _;
use std::{cell::Cell, rc::Rc, time::Duration};

use remedy_domain::{
    Consent, Context, Drift, Fault, Harm, Mode, Observed, PlanId, Settings, Target, Verdict,
    ask::ApprovalStatus,
    guard::{self, Age, Permit, Purpose, Ruling, Snapshot, WriteAccess},
    settings::Protected,
    trigger::Carried,
};
use remedy_engine::{Reach, Recall, Report, RunContext, Writer, asks, draft::Task, ledger, pursue, sweep};

use super::{Agreed, Case, Environment, Lawful, TestAccount, declared::assert_declared};
use crate::{
    fake::Seen,
    memory::{Entry, MemoryPorts},
    people,
};

/// How long an invocation may take.
const TIMEOUT: Duration = Duration::from_secs(300);

/// A world on a stage, and an engine that works there.
pub struct Scenario<C: Lawful> {
    /// The stage.
    pub stage: TestAccount,
    /// The engine's ports.
    pub ports: Rc<MemoryPorts>,
    /// The resource.
    pub target: Target,
    /// How far the engine may go.
    pub mode: Cell<Mode>,
    /// Whether it has a write role.
    pub means: Cell<WriteAccess>,
    settings: Settings,
    client: Client<C>,
}

/// A point in time.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    calls: usize,
    entries: usize,
}

/// The events since.
#[derive(Debug, Clone)]
pub struct Activity {
    /// The calls that AWS saw.
    pub calls: Vec<Seen>,
    /// The accesses to the ledger.
    pub ledger: Vec<Entry>,
}

impl<C: Lawful> Scenario<C> {
    /// Brings the world of a case about; nothing where the stage cannot show it.
    pub async fn open(case: &Case<C>, environment: &dyn Environment) -> Option<Self> {
        Self::on(case, environment.open()).await
    }

    /// The same on a given stage.
    pub async fn on(case: &Case<C>, (stage, ports): (TestAccount, Rc<MemoryPorts>)) -> Option<Self> {
        let id = C::arrange(&case.world, &stage).await?;
        ports.time().advance(C::age(&case.world));
        let client: Client<C> = stage.client();
        let found =
            C::On::find(&client, &stage.place(C::CONTROL.kind.scope), &id).await.expect("the target can be looked for");
        let [target] = found.try_into().unwrap_or_else(|found| panic!("`{id}` is one target, not {found:?}"));
        let settings = Settings {
            parameters: C::parameters(&case.world),
            protected: with_break_glass(),
            people: people::deciders(),
            ..Settings::default()
        };
        let (mode, means) = (Cell::new(Mode::Enforce), Cell::new(WriteAccess::WriteRole));
        Some(Self { stage, ports, target, mode, means, settings, client })
    }

    fn context(&self) -> RunContext<'_> {
        RunContext {
            function: "laws",
            settings: &self.settings,
            digest: "digest",
            environment: self.mode.get(),
            ceiling: None,
            own: &[],
            means: self.means.get(),
            reach: Reach::Account,
            carried: Carried::First,
            cause: "law",
            invocation: "law",
        }
    }

    /// A repair to which everybody agrees.
    pub async fn repair(&self) -> Result<Report, Fault> {
        self.ports.begin(TIMEOUT);
        self.go_on().await
    }

    /// The same in what is left of the invocation.
    pub async fn go_on(&self) -> Result<Report, Fault> {
        pursue::run::<Agreed<C>, _>(&*self.ports, &self.target, Task::Repair, &self.context()).await
    }

    /// A repair that may have to ask.
    pub async fn ask(&self) -> Result<Report, Fault> {
        self.ports.begin(TIMEOUT);
        pursue::run::<C, _>(&*self.ports, &self.target, Task::Repair, &self.context()).await
    }

    /// An evaluation.
    pub async fn evaluate(&self) -> Result<Report, Fault> {
        self.ports.begin(TIMEOUT);
        pursue::run::<C, _>(&*self.ports, &self.target, Task::Evaluate, &self.context()).await
    }

    /// Takes a plan back that was carried out, as the host does, once two people agreed to it.
    pub async fn revert(&self, plan: &PlanId) -> Result<Report, Fault> {
        self.ports.begin(TIMEOUT);
        self.agree_to_undo(plan).await?;
        self.revert_unasked(plan).await
    }

    /// One person asks for an undo, and another agrees.
    async fn agree_to_undo(&self, plan: &PlanId) -> Result<(), Fault> {
        let days = self.settings.parameters.revert_exemption_days;
        let ask = people::undo(plan, C::CONTROL.id.0, &self.target, days, self.ports.time().now());
        asks::open(&*self.ports, &ask, &self.settings.people).await?;
        let on_file = asks::latest(&*self.ports, &asks::id(&ask.subject)?).await?.expect("it was asked");
        if on_file.decision.is_none() {
            asks::decide(&*self.ports, &on_file, &people::agrees("bob", on_file.ask.at)).await?;
        }
        Ok(())
    }

    /// The person who is asked about a plan agrees to it.
    pub async fn agree_to(&self, plan: &PlanId) -> Result<(), Fault> {
        let on_file = asks::latest(&*self.ports, plan.as_str()).await?.expect("it was asked");
        asks::decide(&*self.ports, &on_file, &people::agrees("bob", on_file.ask.at)).await.map(|_| ())
    }

    /// The same without anybody's agreement.
    pub async fn revert_unasked(&self, plan: &PlanId) -> Result<Report, Fault> {
        self.ports.begin(TIMEOUT);
        let stored = ledger::stored_plan(&*self.ports, plan).await?.expect("the plan was carried out");
        pursue::run::<Agreed<C>, _>(&*self.ports, &self.target, Task::Revert(&stored), &self.context()).await
    }

    /// Closes what lost workers left behind.
    pub async fn close_orphans(&self) -> Result<Vec<Report>, Fault> {
        self.ports.begin(TIMEOUT);
        sweep::close_orphans::<Agreed<C>, _>(&*self.ports, &self.context()).await
    }

    /// Looks at the resource.
    pub async fn observe(&self) -> (C::Facts, C::Setting) {
        match C::observe(&self.client, &self.target).await.expect("the target can be observed") {
            Observed::Present { facts, setting } => {
                let consulted = C::consult(&self.client, &self.target, facts, &setting, &self.settings.parameters);
                (consulted.await.expect("what bears on the decision can be read"), setting)
            }
            Observed::Absent => panic!("{} is absent", self.target),
            Observed::Settling => panic!("{} is settling", self.target),
        }
    }

    /// Its setting.
    pub async fn setting(&self) -> C::Setting {
        self.observe().await.1
    }

    /// The control's verdict.
    pub fn judge(&self, facts: &C::Facts, setting: &C::Setting) -> Verdict<C::Setting> {
        let (now, parameters) = (self.ports.time().now(), &self.settings.parameters);
        let verdict = C::judge(facts, setting, &Context { now, account: &self.target.account, parameters });
        assert_declared(&C::CONTROL, &verdict);
        verdict
    }

    /// The control's verdict now.
    pub async fn verdict(&self) -> Verdict<C::Setting> {
        let (facts, setting) = self.observe().await;
        self.judge(&facts, &setting)
    }

    /// The setting and its drift, if it has drifted.
    pub async fn drift(&self) -> Option<(C::Setting, Drift<C::Setting>)> {
        let (facts, setting) = self.observe().await;
        match self.judge(&facts, &setting) {
            Verdict::Drifted(drift) => Some((setting, drift)),
            _ => None,
        }
    }

    /// Goes from one setting to another without the engine, as somebody else might. Returns whether there is a way.
    pub async fn put(&self, from: &C::Setting, to: &C::Setting) -> bool {
        put::<C>(&self.stage, &self.target, from, to).await
    }

    /// A point in time.
    pub fn mark(&self) -> Mark {
        let calls = self.stage.backstage.journal().map_or(0, |journal| journal.len());
        Mark { calls, entries: self.ports.log().len() }
    }

    /// The events since.
    pub fn since(&self, mark: Mark) -> Activity {
        let calls = self.stage.backstage.journal().unwrap_or_default().split_off(mark.calls);
        Activity { calls, ledger: self.ports.log().split_off(mark.entries) }
    }
}

/// Goes from one setting to another without the engine. Returns whether there is a way.
pub(super) async fn put<C: Lawful>(stage: &TestAccount, target: &Target, from: &C::Setting, to: &C::Setting) -> bool {
    let route = C::Step::route(from, to);
    if !route.lost.is_empty() || route.harm() == Harm::DataLoss {
        return false;
    }
    let writer = Writer::open(&permit::<C>(target), stage.client::<Client<C>>());
    for step in &route.steps {
        C::perform(&writer, target, step)
            .await
            .unwrap_or_else(|fault| panic!("{step:?} from {from:?} to {to:?}: {fault}"));
    }
    true
}

/// Leave to do what the test wants, from the only one who gives it.
fn permit<C: Lawful>(target: &Target) -> Permit {
    let plan = PlanId::parse("0".repeat(64)).expect("a plan id");
    let ruling = guard::rule(&Snapshot {
        control: &C::CONTROL,
        target,
        plan: &plan,
        purpose: Purpose::Repair,
        consent: &Consent::Auto,
        impact: None,
        mode: Mode::Enforce,
        protected: &with_break_glass(),
        own: &[],
        holds: &[],
        exemptions: &[],
        manager: None,
        recent_repairs: 0,
        flap_limit: 3,
        age: Age::Fresh,
        standing: &ApprovalStatus::Unasked,
        means: WriteAccess::WriteRole,
        now: remedy_domain::Timestamp::UNIX_EPOCH,
    });
    match ruling {
        Ruling::Go(permit) => permit,
        Ruling::Stop(objection) => panic!("the guard objects to a test: {objection:?}"),
    }
}

fn with_break_glass() -> Protected {
    Protected { break_glass: vec!["arn:aws:iam::111122223333:user/break-glass".to_owned()], ..Protected::default() }
}

impl Activity {
    /// The operations that AWS saw, sorted: calls that are made side by side arrive in any order.
    pub fn operations(&self) -> Vec<String> {
        let mut operations: Vec<_> = self.calls.iter().map(|call| call.operation.clone()).collect();
        operations.sort();
        operations
    }

    /// Nothing was written at AWS, nor was a door to writing opened.
    pub fn assert_only_read<C: Lawful>(&self) {
        let reads = |call: &Seen| C::CONTROL.all_reads().any(|read| read.operation == call.operation);
        let beyond: Vec<_> = self.calls.iter().filter(|call| !reads(call)).collect();
        assert!(beyond.is_empty(), "more than reading was done at AWS: {beyond:?}");
    }

    /// Nothing was written in the ledger, but for what people said.
    pub fn assert_nothing_recorded(&self) {
        let said = |entry: &&Entry| entry.key.starts_with("ask/");
        let written: Vec<_> = self.ledger.iter().filter(|entry| entry.is_write() && !said(entry)).collect();
        assert!(written.is_empty(), "the ledger was written: {written:?}");
    }

    /// The ledger was not even read, except for the control's memo of earlier looks.
    pub fn assert_ledger_untouched<C: Lawful>(&self) {
        let recalls = |entry: &&Entry| C::RECALL == Recall::Last && entry.key.starts_with("seen/");
        let accessed: Vec<_> = self.ledger.iter().filter(|entry| !recalls(entry)).collect();
        assert!(accessed.is_empty(), "the ledger was accessed: {accessed:?}");
    }

    /// The calls that are writes of the control, carried out or not.
    pub fn writes<C: Lawful>(&self) -> Vec<&Seen> {
        let writes = |call: &&Seen| C::CONTROL.all_writes().any(|write| write.operation == call.operation);
        self.calls.iter().filter(writes).collect()
    }
}
