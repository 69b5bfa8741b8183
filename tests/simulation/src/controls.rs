//! Three simulated controls: two own one element each of a document that is always written whole, one owns two flags
//! that are written one by one.

use remedy_domain::{
    Call, Conflict, Consent, Context, Control, ControlId, Drift, Fault, Harm, Identities, Observed, Route, Scope,
    Stops, Target, Verdict, Violation, merge::merge,
};
use remedy_engine::{Page, Place, Remediation, Runnable, Writer, enlist};

use crate::{
    Planted,
    account::Account,
    ports::Hands,
    resource::{Attribute, ELEMENTS, Setting},
};

/// How many controls there are.
pub(crate) const CONTROLS: usize = 3;

/// The parts of a control.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) id: &'static str,
    pub(crate) attribute: Attribute,
    /// The elements it owns, and what they should be.
    pub(crate) owned: &'static [(usize, u8)],
    pub(crate) call: Call,
    elements: &'static [&'static str],
}

const PUT_POLICY: Call = Call::same("sim:PutPolicy");
const PUT_FLAG: Call = Call::same("sim:PutFlag");

/// The controls, by number. Elements 2 and 3 of the policy belong to no control.
pub(crate) static MADE: [Made; CONTROLS] = [PUBLIC, PLAINTEXT, FLAGS];

const PUBLIC: Made = Made {
    id: "sim-public",
    attribute: Attribute::Policy,
    owned: &[(0, 0)],
    call: PUT_POLICY,
    elements: &["policy: element 0"],
};
const PLAINTEXT: Made = Made {
    id: "sim-plaintext",
    attribute: Attribute::Policy,
    owned: &[(1, 1)],
    call: PUT_POLICY,
    elements: &["policy: element 1"],
};
const FLAGS: Made =
    Made { id: "sim-flags", attribute: Attribute::Flags, owned: &[(0, 1), (1, 1)], call: PUT_FLAG, elements: &[] };

impl Made {
    /// The setting without a violation that is nearest.
    pub(crate) fn righted(&self, setting: &Setting) -> Setting {
        let mut righted = *setting;
        for (element, right) in self.owned {
            righted.0[*element] = *right;
        }
        righted
    }

    pub(crate) fn is_right(&self, setting: &Setting) -> bool {
        self.righted(setting) == *setting
    }

    pub(crate) fn owns(&self, element: usize) -> bool {
        self.owned.iter().any(|(owned, _)| *owned == element)
    }

    pub(crate) const fn described(&self) -> Control {
        Control {
            id: ControlId(self.id),
            title: "An element that has drifted",
            hipaa: &[],
            config_rules: &[],
            resource_types: &["AWS::S3::Bucket"],
            scope: Scope::Regional,
            api_events: &[],
            reads: &[],
            writes: match self.attribute {
                Attribute::Policy => &[PUT_POLICY],
                Attribute::Flags => &[PUT_FLAG],
            },
            elements: self.elements,
            stops: Stops::Nothing,
            identities: Identities::Untouched,
        }
    }
}

/// The number of the control with this id.
pub(crate) fn number(id: &str) -> Option<usize> {
    MADE.iter().position(|made| made.id == id)
}

/// A control as the host holds it.
pub(crate) fn enlisted(number: usize, planted: Option<Planted>) -> Box<dyn Runnable<Hands>> {
    if planted == Some(Planted::RebaseWhole) { listed::<true>(number) } else { listed::<false>(number) }
}

fn listed<const WHOLE: bool>(number: usize) -> Box<dyn Runnable<Hands>> {
    match number {
        0 => enlist::<Simulated<0, WHOLE>, Hands>(),
        1 => enlist::<Simulated<1, WHOLE>, Hands>(),
        _ => enlist::<Simulated<2, WHOLE>, Hands>(),
    }
}

/// One write.
#[derive(Debug)]
pub(crate) struct Step {
    call: Call,
    /// The one flag that is written; none: the whole document.
    flag: Option<usize>,
    setting: Setting,
}

impl remedy_domain::Step for Step {
    fn call(&self) -> Call {
        self.call
    }

    fn harm(&self) -> Harm {
        Harm::None
    }
}

/// The control of number `N`. `WHOLE`: the bug is planted that an undo puts the whole old document back.
struct Simulated<const N: usize, const WHOLE: bool>;

impl<const N: usize, const WHOLE: bool> Remediation for Simulated<N, WHOLE> {
    const CONTROL: Control = [PUBLIC, PLAINTEXT, FLAGS][N].described();
    type Facts = ();
    type Setting = Setting;
    type Step = Step;
    type Client = Account;

    async fn discover(client: &Account, _: &Place, _: Option<String>) -> Result<Page, Fault> {
        Ok(Page { targets: client.targets().await?, next: None })
    }

    async fn find(client: &Account, _: &Place, id: &str) -> Result<Vec<Target>, Fault> {
        Ok(client.targets().await?.into_iter().filter(|target| target.id == id).collect())
    }

    async fn observe(client: &Account, target: &Target) -> Result<Observed<(), Setting>, Fault> {
        client.look(target, MADE[N].attribute).await
    }

    fn judge((): &(), setting: &Setting, _: &Context<'_>) -> Verdict<Setting> {
        if MADE[N].is_right(setting) {
            return Verdict::Compliant;
        }
        let violations = vec![Violation::new("an element is not as it should be")];
        let desired = MADE[N].righted(setting);
        Verdict::Drifted(Drift { violations, desired, consent: Consent::Auto, note: None })
    }

    fn steps(from: &Setting, to: &Setting) -> Route<Step> {
        let call = MADE[N].call;
        let whole = || Step { call, flag: None, setting: *to };
        let differing = || (0..ELEMENTS).filter(|element| from.0[*element] != to.0[*element]);
        Route::of(match MADE[N].attribute {
            Attribute::Policy => (from != to).then(whole).into_iter().collect(),
            Attribute::Flags => differing().map(|flag| Step { call, flag: Some(flag), setting: *to }).collect(),
        })
    }

    fn rebase(before: &Setting, after: &Setting, now: &Setting) -> Result<Setting, Conflict> {
        if WHOLE {
            return Ok(*after);
        }
        let mut rebased = *now;
        for element in 0..ELEMENTS {
            let [before, after, now] = [before, after, now].map(|setting| setting.0[element]);
            rebased.0[element] = merge("an element", &before, &after, &now)?;
        }
        Ok(rebased)
    }

    async fn perform(writer: &Writer<Account>, target: &Target, step: &Step) -> Result<(), Fault> {
        writer.client().write(target, N, step.flag, step.setting).await
    }
}
