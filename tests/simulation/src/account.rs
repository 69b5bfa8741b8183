//! The simulated AWS account as a client sees it: looks may be old, writes replace, and there is no compare-and-set.

use remedy_domain::{Fault, Observed, PlanId, Target};

use crate::{
    Invariant, Planted,
    controls::MADE,
    ports::Hands,
    resource::{Attribute, Elements},
    world::{Look, World},
};

/// A client of the account. Only one of the write role has a session.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) hands: Hands,
    pub(crate) session: Option<PlanId>,
}

impl Account {
    pub(crate) async fn targets(&self) -> Result<Vec<Target>, Fault> {
        let list = |world: &mut World| world.resources.iter().map(|resource| resource.target.clone()).collect();
        self.hands.call("sim:List", list).await
    }

    pub(crate) async fn look(&self, target: &Target, attribute: Attribute) -> Result<Observed<(), Elements>, Fault> {
        let (worker, target) = (self.hands.worker(), target.clone());
        let seen = self.hands.call("sim:Get", move |world| seen(world, worker, &target, attribute)).await?;
        Ok(seen.map_or(Observed::Absent, |setting| Observed::Present { facts: (), setting }))
    }

    pub(crate) async fn write(
        &self,
        target: &Target,
        control: usize,
        flag: Option<usize>,
        setting: Elements,
    ) -> Result<(), Fault> {
        let pen = Pen { worker: self.hands.worker(), control, session: self.session.clone(), flag, setting };
        let (target, call) = (target.clone(), MADE[control].call.operation);
        self.hands.believe(&target, MADE[control].attribute, setting);
        self.hands.call(call, move |world| world.wrote(&target, &pen)).await
    }
}

/// A write as it arrives.
#[derive(Debug, Clone)]
pub(crate) struct Pen {
    pub(crate) worker: usize,
    pub(crate) control: usize,
    pub(crate) session: Option<PlanId>,
    /// The one flag that is written; none: the whole attribute.
    pub(crate) flag: Option<usize>,
    pub(crate) setting: Elements,
}

/// What a look gives. It may be old.
fn seen(world: &mut World, worker: usize, target: &Target, attribute: Attribute) -> Option<Elements> {
    let resource = world.resource(target)?;
    if let Some(believed) = world.workers[worker].believed.get(&(resource, attribute)) {
        return Some(*believed);
    }
    let at = world.seen_at(worker, attribute);
    let versions = world.resources[resource].versions(attribute);
    let version = versions.standing(at);
    let setting = versions.all()[version].setting;
    let look = Look { version, at: world.now };
    world.say(|| format!("worker {worker} sees {attribute:?} of {}: {:?} (version {version})", target.id, setting.0));
    world.workers[worker].looks.insert((resource, attribute), look);
    if world.planted == Some(Planted::SecondLookRemembered) {
        world.workers[worker].believed.insert((resource, attribute), setting);
    }
    Some(setting)
}

impl World {
    /// A write arrives: it is checked, then made.
    pub(crate) fn wrote(&mut self, target: &Target, pen: &Pen) {
        let Some(resource) = self.resource(target) else { return };
        let (made, worker) = (&MADE[pen.control], pen.worker);
        let Some(session) = pen.session.clone() else {
            return self.broke(Invariant::Intended, format!("worker {worker} writes outside of a session"));
        };
        let mut setting = pen.setting;
        if self.planted == Some(Planted::OthersLeftOut) {
            for element in (0..setting.0.len()).filter(|element| !made.owns(*element)) {
                setting.0[element] = 0;
            }
        }
        if let Some(flag) = pen.flag {
            let value = setting.0[flag];
            setting = self.resources[resource].versions(made.attribute).last().setting;
            setting.0[flag] = value;
        }
        self.say(|| format!("worker {worker} writes {:?} of {}: {:?}", made.attribute, target.id, setting.0));
        let times = if self.planted == Some(Planted::WrittenTwice) { 2 } else { 1 };
        for _ in 0..times {
            self.check_write(resource, pen, &session, &setting);
        }
        self.record_write(resource, pen.control, session, setting);
    }
}
