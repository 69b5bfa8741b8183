//! The queue, as SQS behaves: at least once, in no order, five deliveries at most; and how a function follows a message.

use std::{rc::Rc, time::Duration};

use remedy_domain::{
    Fault, FaultKind, Mode, PlanId, Settings,
    ask::{ApprovalStatus, Subject},
    guard::WriteAccess,
    request::Request,
    trigger::Carried,
};
use remedy_engine::{
    Clock as _, Place, Reach, Report, RunContext,
    asks::{self, OnFile},
    controls::every_target,
    draft::Task,
    ledger,
};

use crate::{
    Planted,
    controls::{self, MADE},
    offices,
    ports::Hands,
    world::{Copies, Due, World},
};

/// The task of a message. Controls and resources are numbers.
#[derive(Debug, Clone)]
pub(crate) enum Dispatch {
    /// Look at a resource.
    Look { control: usize, resource: usize },
    /// Close what lost workers left, and look at every resource.
    Sweep { control: usize },
    /// Revert a plan.
    Undo { plan: PlanId },
    /// Carry out a plan that a person approved.
    Approved { plan: PlanId },
    /// Do what a person asks of the operator.
    Operate { by: &'static str, request: Rc<Request> },
    /// Close, seal and send what is due.
    Seal,
}

/// How a delivery, and in the end its message, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It was followed.
    Done,
    /// It can never be followed.
    Refused,
    /// It may go better later.
    GivenBack,
    /// It was given back, or its worker was lost, too often.
    Dead,
}

/// One message.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) errand: Dispatch,
    pub(crate) receives: u32,
    /// Who took it, duplicates not counted.
    pub(crate) workers: Vec<usize>,
    pub(crate) end: Option<End>,
}

/// After so many deliveries a message is dead.
pub(crate) const DELIVERIES: u32 = 5;

impl World {
    /// Sends a message. It may arrive twice.
    pub(crate) fn send(&mut self, errand: Dispatch, latest: Duration) {
        let message = self.messages.len();
        self.say(|| format!("message {message}: {errand:?}"));
        self.messages.push(Message { errand, receives: 0, workers: Vec::new(), end: None });
        let wait = self.chance.up_to(latest);
        self.after(wait, Due::Receive(message, Copies::One));
        if self.chance.per_mille(self.weather.duplicate) {
            let wait = self.chance.up_to(latest * 2);
            self.after(wait, Due::Receive(message, Copies::Another));
        }
    }
}

/// Follows a message as the host does.
pub(crate) async fn follow(hands: Hands, (errand, carried): (Dispatch, Carried), roster: Controls) -> End {
    if let Dispatch::Seal = errand {
        return offices::seal(&hands).await;
    }
    let document = Rc::clone(&hands.world().document);
    let Ok(governing) = offices::governing(&hands, document).await else { return End::GivenBack };
    if let Dispatch::Operate { by, request } = &errand {
        return offices::operate(&hands, &governing, by, request).await;
    }
    let (settings, digest) = remembered(&hands).unwrap_or_else(|| of(&governing.written.settings));
    let (own, invocation) = ([], format!("worker {}", hands.worker()));
    let context = RunContext {
        function: "simulation",
        settings: &settings,
        digest: &digest,
        environment: Mode::Observe,
        ceiling: None,
        own: &own,
        means: WriteAccess::WriteRole,
        reach: Reach::Organization,
        carried,
        cause: "simulation",
        invocation: &invocation,
    };
    let followed = match errand {
        Dispatch::Look { control, resource } => roster.look(&hands, control, resource, &context).await,
        Dispatch::Sweep { control } => roster.sweep(&hands, control, &context).await,
        Dispatch::Undo { plan } => match ledger::stored_plan(&hands, &plan).await {
            Ok(None) => return End::Refused,
            Ok(Some(stored)) => roster.undo(&hands, &stored, &context).await,
            Err(fault) => Err(fault),
        },
        Dispatch::Approved { plan } => match asks::latest(&hands, plan.as_str()).await {
            Ok(None) => return End::Refused,
            Ok(Some(on_file)) if is_approved(&hands, &on_file, &settings) => {
                roster.approved(&hands, &on_file, Task::Approved(&on_file), &context).await
            }
            // As the host does: an earlier delivery may have used the approval up.
            Ok(Some(on_file)) if carried == Carried::Again => {
                roster.approved(&hands, &on_file, Task::Repair, &context).await
            }
            Ok(Some(_)) => return End::Refused,
            Err(fault) => Err(fault),
        },
        Dispatch::Operate { .. } | Dispatch::Seal => return End::Done,
    };
    match followed {
        Ok(Some(report)) if report.wants_redelivery() || !report.is_stored() => End::GivenBack,
        Ok(_) => End::Done,
        Err(fault) if fault.kind == FaultKind::Ledger && forgives(&hands) => End::Done,
        Err(_) => End::GivenBack,
    }
}

fn of(settings: &Settings) -> (Settings, String) {
    (settings.clone(), settings.digest())
}

/// The settings of the first delivery, where the planted bug is that they are used for ever.
fn remembered(hands: &Hands) -> Option<(Settings, String)> {
    let world = hands.world();
    (world.planted == Some(Planted::SettingsRemembered)).then(|| of(&world.rules[0].settings))
}

fn is_approved(hands: &Hands, on_file: &OnFile, settings: &Settings) -> bool {
    let lost: Vec<_> = on_file.spender().cloned().into_iter().collect();
    matches!(on_file.standing(hands.now(), &settings.people, &lost), ApprovalStatus::Approved(_))
}

/// Whether the planted bug is that a fault of the ledger ends a run.
fn forgives(hands: &Hands) -> bool {
    hands.world().planted == Some(Planted::LedgerForgiven)
}

/// All controls.
pub(crate) struct Controls(pub(crate) Vec<Box<dyn remedy_engine::Runnable<Hands>>>);

type Followed = Result<Option<Report>, Fault>;

impl Controls {
    async fn look(&self, hands: &Hands, control: usize, resource: usize, context: &RunContext<'_>) -> Followed {
        let target = hands.target(resource);
        self.0[control].run(hands, &target, Task::Repair, context).await.map(Some)
    }

    async fn sweep(&self, hands: &Hands, control: usize, context: &RunContext<'_>) -> Followed {
        let closed = self.0[control].close_orphans(hands, context).await?;
        for report in &closed {
            hands.say(|| format!("{} is closed: {:?}", report.target.id, report.outcome));
        }
        let targets = every_target(self.0[control].as_ref(), hands, &Place::of(&hands.target(0))).await?;
        for resource in 0..targets.len() {
            let send =
                move |world: &mut World| world.send(Dispatch::Look { control, resource }, Duration::from_secs(2));
            hands.call("sqs:SendMessageBatch", send).await?;
        }
        Ok(None)
    }

    async fn approved(&self, hands: &Hands, on_file: &OnFile, task: Task<'_>, context: &RunContext<'_>) -> Followed {
        let Subject::Plan { plan } = &on_file.ask.subject else { return Ok(None) };
        let control = controls::number(&plan.plan.control).expect("a control of the simulation");
        self.0[control].run(hands, &plan.plan.target, task, context).await.map(Some)
    }

    async fn undo(
        &self,
        hands: &Hands,
        stored: &remedy_domain::evidence::StoredPlan,
        context: &RunContext<'_>,
    ) -> Followed {
        let control = controls::number(&stored.plan.control).expect("a control of the simulation");
        let target = &stored.plan.target;
        let report = self.0[control].run(hands, target, Task::Revert(stored), context).await?;
        hands.reported(control, &report);
        hands.say(|| format!("the undo of {} by {} ends {:?}", target.id, MADE[control].id, report.outcome));
        Ok(Some(report))
    }
}
