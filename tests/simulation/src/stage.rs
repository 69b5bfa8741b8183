//! Plays a history: takes what is to happen from the agenda, and lets one worker at a time go on.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use remedy_domain::{Outcome, Target, trigger::Carried};
use remedy_engine::Report;

use crate::{
    Invariant, Planted,
    chance::Chance,
    controls::{CONTROLS, enlisted},
    ports::Hands,
    queue::{Controls, DELIVERIES, End, follow},
    world::{Copies, Due, Worker, World},
};

/// So many deliveries at once.
const CONCURRENCY: usize = 4;
/// How long a message waits for a free worker before it asks again.
const QUEUED: Duration = Duration::from_secs(1);
/// A message that is not acknowledged is seen again after so long.
const VISIBLE: Duration = Duration::from_secs(390);

/// A delivery under way.
struct Running {
    message: usize,
    copies: Copies,
    began: remedy_domain::Timestamp,
    future: Pin<Box<dyn Future<Output = End>>>,
}

struct Stage {
    world: Rc<RefCell<World>>,
    running: BTreeMap<usize, Running>,
}

/// Plays the history of a seed to its end, or to its first breach.
pub(crate) fn played(seed: u64, planted: Option<Planted>, trace: Option<Vec<String>>) -> World {
    let mut world = World::right(Chance::of(seed), planted, trace);
    world.plot();
    let mut stage = Stage { world: Rc::new(RefCell::new(world)), running: BTreeMap::new() };
    while stage.go_on() {}
    stage.running.clear();
    let mut world = Rc::into_inner(stage.world).expect("all workers are gone").into_inner();
    if world.broken.is_none() {
        world.check_rest();
    }
    world
}

impl Stage {
    /// Lets the next thing happen, if there is one.
    fn go_on(&mut self) -> bool {
        let due = self.world.borrow_mut().next();
        match due {
            None => return false,
            Some(Due::Resume(worker)) => self.resume(worker),
            Some(Due::End(worker)) => self.lose(worker),
            Some(Due::Receive(message, copies)) => self.receive(message, copies),
            Some(Due::Late(arrive)) => arrive(&mut self.world.borrow_mut()),
            Some(Due::Act(act)) => self.world.borrow_mut().act(act),
        }
        self.world.borrow().broken.is_none()
    }

    fn resume(&mut self, worker: usize) {
        let Some(running) = self.running.get_mut(&worker) else { return };
        let polled = running.future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        if let Poll::Ready(end) = polled {
            self.world.borrow_mut().say(|| format!("worker {worker} ends: {end:?}"));
            self.end(worker, end);
        }
    }

    /// A worker is gone, and its message comes back.
    fn lose(&mut self, worker: usize) {
        if self.running.contains_key(&worker) {
            let mut world = self.world.borrow_mut();
            world.tally.lost_workers += 1;
            world.say(|| format!("worker {worker} is lost"));
            drop(world);
            self.end(worker, End::GivenBack);
        }
    }

    fn receive(&mut self, message: usize, copies: Copies) {
        let mut world = self.world.borrow_mut();
        if world.messages[message].end.is_some() && copies == Copies::One {
            return;
        }
        if self.running.len() >= CONCURRENCY {
            return world.after(QUEUED, Due::Receive(message, copies));
        }
        let (worker, latest) = (world.workers.len(), world.rules.len() - 1);
        let (ahead, behind) = world.of_worker();
        world.workers.push(Worker { rules: latest, ahead, behind, ..Worker::default() });
        let planted = world.planted;
        world.messages[message].receives += u32::from(copies == Copies::One);
        let timeout = Duration::from_secs(20 + world.chance.below(40));
        let (began, errand) = (world.now, world.messages[message].errand.clone());
        if copies == Copies::One {
            world.messages[message].workers.push(worker);
        }
        let is_seen = world.messages[message].receives > 1 && planted != Some(Planted::RedeliveryUnseen);
        let carried = if is_seen { Carried::Again } else { Carried::First };
        world.say(|| format!("worker {worker} receives message {message}: {errand:?}"));
        world.after(Duration::ZERO, Due::Resume(worker));
        world.after(timeout, Due::End(worker));
        drop(world);
        let roster = Controls((0..CONTROLS).map(|control| enlisted(control, planted)).collect());
        let hands = Hands::of(&self.world, worker, began + timeout);
        let future = Box::pin(follow(hands, (errand, carried), roster));
        self.running.insert(worker, Running { message, copies, began, future });
    }

    fn end(&mut self, worker: usize, end: End) {
        let Some(running) = self.running.remove(&worker) else { return };
        let mut world = self.world.borrow_mut();
        let (number, is_calm) = (running.message, running.message >= world.calm_since);
        let message = &mut world.messages[number];
        if message.end.is_some() || (running.copies == Copies::Another && end == End::GivenBack) {
            return;
        }
        if end != End::GivenBack {
            message.end = Some(end);
            if running.copies == Copies::One {
                world.check_stored(number);
            }
        } else if message.receives >= DELIVERIES {
            message.end = Some(End::Dead);
            if is_calm {
                world.broke(Invariant::Delivered, format!("message {number} dies though nothing fails"));
            }
        } else {
            let passed = Duration::try_from(world.now.duration_since(running.began)).unwrap_or_default();
            world.after(VISIBLE.saturating_sub(passed), Due::Receive(number, Copies::One));
        }
    }
}

impl Hands {
    pub(crate) fn target(&self, resource: usize) -> Target {
        self.world().resources[resource].target.clone()
    }

    /// The report of an undo: a repair reported as reverted must not be repeated from now on.
    pub(crate) fn reported(&self, control: usize, report: &Report) {
        let mut world = self.world();
        if let (Outcome::Reverted, Some(resource)) = (report.outcome, world.resource(&report.target)) {
            let now = world.now;
            world.undone.entry((control, resource)).or_insert(now);
        }
    }
}
