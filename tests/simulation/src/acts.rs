//! The acts of others: outsiders change resources, operators undo, exempt and change the settings, the schedule sweeps.

use std::{rc::Rc, time::Duration};

use remedy_domain::{
    Mode, Settings, canonical,
    exemption::{Exemption, FORMAT},
    hold::Switch,
    settings::Written,
};
use remedy_engine::LedgerBucket;
use remedy_testkit::people;

use crate::{
    controls::{CONTROLS, MADE},
    queue::Dispatch,
    resource::Attribute,
    weather::Weather,
    world::{Due, Object, Rules, World},
};

/// Something that somebody does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    /// An outsider changes an element.
    Change { resource: usize, attribute: Attribute, element: usize, value: u8 },
    /// The schedule sweeps.
    Sweep { control: usize },
    /// An operator asks for an undo of the nth plan from the last.
    Undo { back: usize },
    /// An operator exempts a resource for an hour.
    Exempt { control: usize, resource: usize },
    /// A person agrees to the first plan that waits, if one does.
    Agree,
    /// The kill switch is turned.
    Turn { control: usize, switch: Switch },
    /// The settings change.
    Rule { control: usize, mode: Mode },
    /// The sealer's schedule.
    Seal,
    /// Nothing goes wrong any more.
    Calm,
}

/// How often a siege makes the same change.
const ASSAULTS: usize = 20;
/// AWS Config finds a change within so long.
const FOUND: Duration = Duration::from_secs(15);
/// The minutes in which the sealer runs: while calls fail, before the last sweeps, and after them.
const SEALED: [u64; 6] = [20, 35, 50, 95, 400, 401];
/// How long a history is restless, at most.
const RESTLESS: Duration = Duration::from_mins(10);
/// So long after its last act, all that was under way has ended, five deliveries and all.
const SETTLED: Duration = Duration::from_mins(45);
/// How often the schedule sweeps in the end.
const SWEEPS: u32 = 2;
/// The same where a budget is small. One an hour, with two resources and slots that were lost, needs as many.
const SWEEPS_ON_A_BUDGET: u32 = 4;

impl World {
    /// Thinks of a history, and puts it on the agenda.
    pub(crate) fn plot(&mut self) {
        let is_siege = self.chance.per_mille(100);
        self.lay_down(is_siege);
        let span = if self.chance.per_mille(500) { Duration::from_secs(20) } else { RESTLESS };
        for _ in 0..3 + self.chance.below(8) {
            let (act, at) = (self.conceive(), self.chance.up_to(span));
            self.after(at, Due::Act(act));
        }
        if is_siege {
            self.besiege();
        }
        self.after(RESTLESS + SETTLED, Due::Act(Act::Calm));
        self.is_sealed = self.chance.per_mille(10);
        if self.is_sealed {
            for minutes in SEALED {
                self.after(Duration::from_mins(minutes), Due::Act(Act::Seal));
            }
        }
        let parameters = &self.rules_in_force().settings.parameters;
        let is_small = parameters.hourly_budget.min(parameters.organization_hourly_budget) <= 4;
        for sweep in 0..if is_small { SWEEPS_ON_A_BUDGET } else { SWEEPS } {
            for control in 0..CONTROLS {
                let at = RESTLESS + SETTLED * 2 + Duration::from_hours(1) * sweep;
                self.after(at, Due::Act(Act::Sweep { control }));
            }
        }
    }

    /// Somebody undoes again and again what is repaired.
    fn besiege(&mut self) {
        let drifts: &[_] = self
            .chance
            .pick(&[&[(Attribute::Policy, 0, 1)][..], &[(Attribute::Flags, 0, 0), (Attribute::Flags, 1, 2)]]);
        for _ in 0..ASSAULTS {
            let at = self.chance.up_to(RESTLESS);
            for (attribute, element, value) in drifts.iter().copied() {
                self.after(at, Due::Act(Act::Change { resource: 0, attribute, element, value }));
            }
        }
    }

    /// The first settings. In a siege, no budget ends it.
    fn lay_down(&mut self, is_siege: bool) {
        let mut settings = Settings { people: people::deciders(), ..Settings::default() };
        settings.people.operators.push(people::person("ann").arn);
        settings.modes.default = Some(Mode::Enforce);
        settings.parameters.hourly_budget = self.chance.pick(&[1, 2, 3, 1000, 1000, 1000]);
        settings.parameters.organization_hourly_budget = self.chance.pick(&[2, 4, 1000, 1000]);
        settings.parameters.flap_limit = self.chance.pick(&[1, 3, 10, 10]);
        if is_siege {
            settings.parameters.hourly_budget = 1000;
            settings.parameters.organization_hourly_budget = 1000;
            settings.parameters.flap_limit = 10;
        }
        if self.chance.per_mille(150) {
            settings.protected.resources.push("AWS::S3::Bucket/bucket-0".to_owned());
        }
        if self.chance.per_mille(100) {
            self.choose(&mut settings);
        }
        let text = serde_json::to_string(&settings).expect("settings are JSON");
        self.document = Rc::new(Written::read(text.as_bytes()).expect("settings of this version"));
        self.rules.push(Rc::new(Rules::of(settings)));
    }

    fn choose(&mut self, settings: &mut Settings) {
        let (control, mode) = (self.chance.index(CONTROLS), self.chance.pick(&[Mode::Observe, Mode::Approve]));
        settings.modes.controls.insert(MADE[control].id.to_owned(), mode);
    }

    fn conceive(&mut self) -> Act {
        let (resource, control) = (self.chance.index(self.resources.len()), self.chance.index(CONTROLS));
        match self.chance.below(100) {
            0..60 => self.conceive_change(resource),
            60..70 => Act::Sweep { control },
            70..88 => Act::Undo { back: self.chance.index(3) },
            88..92 => Act::Exempt { control, resource },
            92..94 => Act::Agree,
            94 => Act::Turn { control, switch: Switch::Held },
            95 => Act::Turn { control, switch: Switch::Released },
            _ => Act::Rule {
                control,
                mode: self.chance.pick(&[Mode::Observe, Mode::Approve, Mode::Enforce, Mode::Enforce]),
            },
        }
    }

    fn conceive_change(&mut self, resource: usize) -> Act {
        let (attribute, element) = self.chance.pick(&[
            (Attribute::Policy, 0),
            (Attribute::Policy, 0),
            (Attribute::Policy, 1),
            (Attribute::Policy, 2),
            (Attribute::Policy, 3),
            (Attribute::Flags, 0),
            (Attribute::Flags, 1),
        ]);
        let value = u8::try_from(self.chance.below(3)).expect("a small number");
        Act::Change { resource, attribute, element, value }
    }

    /// Somebody does something.
    pub(crate) fn act(&mut self, act: Act) {
        match act {
            Act::Change { resource, attribute, element, value } => {
                let mut setting = self.resources[resource].versions(attribute).last().setting;
                setting.0[element] = value;
                self.changed(resource, attribute, setting);
                self.tell_controls(resource, attribute);
            }
            Act::Sweep { control } => self.send(Dispatch::Sweep { control }, Duration::from_secs(1)),
            Act::Undo { back } => self.undo(back),
            Act::Agree => self.agree(),
            Act::Turn { control, switch } => self.turn(control, switch),
            Act::Exempt { control, resource } if self.chance.per_mille(500) && self.keys("settings/").count() > 0 => {
                self.exempt(control, resource);
            }
            Act::Exempt { control, resource } => self.ask_to_exempt(control, resource),
            Act::Rule { control, mode } => self.ask_for_mode(control, mode),
            Act::Seal => self.send(Dispatch::Seal, Duration::from_secs(1)),
            Act::Calm => {
                self.say(|| "nothing goes wrong any more".to_owned());
                self.weather = Weather::fair();
                self.calm_since = self.messages.len();
                (0..CONTROLS).for_each(|control| self.release(control));
            }
        }
    }

    /// The event of a change, and the later finding of AWS Config, reach each control that reads the attribute, or are lost.
    fn tell_controls(&mut self, resource: usize, attribute: Attribute) {
        for (control, _) in MADE.iter().enumerate().filter(|(_, made)| made.attribute == attribute) {
            for latest in [Duration::from_secs(5), FOUND] {
                if !self.chance.per_mille(self.weather.lost_events) {
                    self.send(Dispatch::Look { control, resource }, latest);
                }
            }
        }
    }

    fn exempt(&mut self, control: usize, resource: usize) {
        let (id, resource) = (MADE[control].id, &self.resources[resource]);
        let exemption = Exemption {
            format: FORMAT,
            control: id.to_owned(),
            account: resource.target.account.clone(),
            resource: resource.target.id.clone(),
            reason: "an operator says so".to_owned(),
            since: self.now,
            until: self.now + Duration::from_hours(1),
            owner: None,
            ticket: None,
            alternative: None,
            requested_by: Some(people::person("ann")),
            approved_by: Some(people::person("bob")),
            renewals: 0,
        };
        let key = (LedgerBucket::State, format!("exemption/{id}/{}", exemption.id()));
        if !self.objects.contains_key(&key) {
            let body = canonical::to_bytes(&exemption).expect("an exemption is canonical");
            self.say(|| format!("{} is granted", key.1));
            self.objects.insert(key, Object { at: self.now, body });
        }
    }

    /// How many asks are in a folder.
    pub(crate) fn generations(&self, folder: &str) -> usize {
        self.keys(folder).filter(|key| !key.contains('.')).count()
    }
}
