//! Three simulated controls: two own one element each of a document that is always written whole, one owns two flags
//! that are written one by one.

use remedy_engine::{Runnable, control, prelude::*};

use crate::{
    Planted,
    account::Account,
    ports::Hands,
    resource::{Attribute, ELEMENTS, Elements},
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
    pub(crate) fn righted(&self, setting: &Elements) -> Elements {
        let mut righted = *setting;
        for (element, right) in self.owned {
            righted.0[*element] = *right;
        }
        righted
    }

    pub(crate) fn is_right(&self, setting: &Elements) -> bool {
        self.righted(setting) == *setting
    }

    pub(crate) fn owns(&self, element: usize) -> bool {
        self.owned.iter().any(|(owned, _)| *owned == element)
    }

    pub(crate) const fn described(&self) -> Control {
        Control {
            id: ControlId(self.id),
            title: "An element that has drifted",
            writes: match self.attribute {
                Attribute::Policy => &[&[PUT_POLICY]],
                Attribute::Flags => &[&[PUT_FLAG]],
            },
            elements: self.elements,
            deviates: &["element"],
            ..Control::of(Bucket::KIND)
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
        0 => control::<Simulated<0, WHOLE>, Hands>(),
        1 => control::<Simulated<1, WHOLE>, Hands>(),
        _ => control::<Simulated<2, WHOLE>, Hands>(),
    }
}

/// One write of the control of number `N`.
#[derive(Debug)]
pub(crate) struct Write<const N: usize, const WHOLE: bool> {
    /// The one flag that is written; none: the whole document.
    flag: Option<usize>,
    setting: Elements,
}

impl<const N: usize, const WHOLE: bool> Step for Write<N, WHOLE> {
    type Setting = Merged<WHOLE>;

    fn call(&self) -> Call {
        MADE[N].call
    }

    fn route(Merged(from): &Merged<WHOLE>, Merged(to): &Merged<WHOLE>) -> Route<Self> {
        let whole = || Self { flag: None, setting: *to };
        let differing = || (0..ELEMENTS).filter(|element| from.0[*element] != to.0[*element]);
        Route::of(match MADE[N].attribute {
            Attribute::Policy => (from != to).then(whole).into_iter().collect(),
            Attribute::Flags => differing().map(|flag| Self { flag: Some(flag), setting: *to }).collect(),
        })
    }
}

/// The elements, merged one by one. `WHOLE`: the bug is planted that an undo puts the whole old document back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Merged<const WHOLE: bool>(Elements);

impl<const WHOLE: bool> Setting for Merged<WHOLE> {
    const NAME: &'static str = "an element";

    fn rebase(before: &Self, after: &Self, now: &Self) -> Result<Self, Conflict> {
        if WHOLE {
            return Ok(*after);
        }
        let mut rebased = now.0;
        for element in 0..ELEMENTS {
            let [before, after, now] = [before, after, now].map(|setting| setting.0.0[element]);
            rebased.0[element] = merge(Self::NAME, &before, &after, &now)?;
        }
        Ok(Self(rebased))
    }
}

/// A bucket of the simulated world.
struct Bucket;

impl Resource for Bucket {
    const KIND: ResourceKind = ResourceKind { types: &["AWS::S3::Bucket"], ..ResourceKind::PLAIN };
    type Client = Account;

    async fn list(client: &Account, _: &Place, _: Option<String>) -> Result<Page, Fault> {
        Ok(Page { targets: client.targets().await?, next: None })
    }

    async fn find(client: &Account, _: &Place, id: &str) -> Result<Vec<Target>, Fault> {
        Ok(client.targets().await?.into_iter().filter(|target| target.id == id).collect())
    }
}

/// The control of number `N`.
struct Simulated<const N: usize, const WHOLE: bool>;

impl<const N: usize, const WHOLE: bool> Remediation for Simulated<N, WHOLE> {
    const CONTROL: Control = [PUBLIC, PLAINTEXT, FLAGS][N].described();
    type On = Bucket;
    type Facts = ();
    type Setting = Merged<WHOLE>;
    type Step = Write<N, WHOLE>;

    async fn observe(client: &Account, target: &Target) -> Result<Observed<(), Merged<WHOLE>>, Fault> {
        Ok(match client.look(target, MADE[N].attribute).await? {
            Observed::Present { facts, setting } => Observed::Present { facts, setting: Merged(setting) },
            Observed::Absent => Observed::Absent,
            Observed::Settling => Observed::Settling,
        })
    }

    fn judge((): &(), Merged(setting): &Merged<WHOLE>, _: &Context<'_>) -> Verdict<Merged<WHOLE>> {
        if MADE[N].is_right(setting) {
            return Verdict::Compliant;
        }
        let violations = vec![Violation::new("element", "an element is not as it should be")];
        let desired = Merged(MADE[N].righted(setting));
        Verdict::Drifted(Drift { violations, desired, consent: Consent::Auto, note: None })
    }

    async fn perform(writer: &Writer<Account>, target: &Target, write: &Write<N, WHOLE>) -> Result<(), Fault> {
        writer.client().write(target, N, write.flag, write.setting).await
    }
}
