//! The contract of a control.

use std::fmt::Debug;

use remedy_domain::{
    Context, Control, Fault, Impact, Observed, Parameters, Reason, ResourceKind, Setting, Step, Target, Verdict,
};
use serde_json::Value;

use crate::{resource::Resource, writer::Writer};

/// The client of a control: that of its kind of resource.
pub type Client<R> = <<R as Remediation>::On as Resource>::Client;

/// One control: what it looks at, what it thinks of it, and how it gets from one setting to another.
///
/// `judge` is pure, and so are the setting and its steps. `observe` only reads, with the calls of [`Control::all_reads`].
/// `perform` makes exactly one write, idempotent, with a call of [`Control::all_writes`].
///
/// The laws that every control keeps are in `remedy_testkit::laws`.
#[expect(async_fn_in_trait, reason = "the loop runs on one thread; no future crosses to another")]
pub trait Remediation: 'static {
    /// The kind of resource of [`Self::On`]; not to be overridden.
    const KIND: ResourceKind = <Self::On as Resource>::KIND;
    /// The control's description of itself, which ends with `..Control::of(Self::KIND)`.
    const CONTROL: Control;
    /// Whether the decision depends on the state when the target was last compliant.
    const RECALL: Recall = Recall::Nothing;
    /// The kind of resource that it looks at.
    type On: Resource;
    /// Facts that affect the decision and are never written.
    type Facts: Debug;
    /// What it may write. A control that writes nothing has `()`.
    type Setting: Setting;
    /// Its writes. [`remedy_domain::Whole`] where one call brings the whole setting about, [`remedy_domain::NoStep`] where
    /// nothing is written.
    type Step: Step<Setting = Self::Setting>;

    /// Whether the target is compliant at a glance: with fewer calls than it takes to observe it, whatever else stands there
    /// and whatever the parameters say. Never asked where the whole setting matters: after a write, and for an undo.
    async fn at_a_glance(_client: &Client<Self>, _target: &Target) -> Result<Glance, Fault> {
        Ok(Glance::Unclear)
    }

    /// Reads the live setting.
    async fn observe(client: &Client<Self>, target: &Target) -> Result<Observed<Self::Facts, Self::Setting>, Fault>;

    /// Reads further facts that affect the decision and depend on the organisation's parameters: whether the key that they
    /// name can be used. A compliant setting needs nothing more.
    async fn consult(
        _client: &Client<Self>,
        _target: &Target,
        facts: Self::Facts,
        _setting: &Self::Setting,
        _parameters: &Parameters,
    ) -> Result<Self::Facts, Fault> {
        Ok(facts)
    }

    /// The part of the facts to remember for the next look, if it is not stored yet. Called while the target is
    /// compliant.
    fn memo(_facts: &Self::Facts) -> Option<Value> {
        None
    }

    /// The facts, with the stored memo of the last look.
    fn recalled(facts: Self::Facts, _last: Option<Value>) -> Self::Facts {
        facts
    }

    /// Says what it should be.
    fn judge(facts: &Self::Facts, setting: &Self::Setting, context: &Context<'_>) -> Verdict<Self::Setting>;

    /// The access to the account that getting from one setting to another removes. Controls of identities define it.
    fn impact(_: &Self::Facts, _from: &Self::Setting, _to: &Self::Setting) -> Option<Impact> {
        None
    }

    /// What stands in the way of an undo from one setting to another: something that `rebase` cannot know. A repair needs no
    /// such question: it is judged by its facts.
    async fn hindrance(
        _client: &Client<Self>,
        _target: &Target,
        _from: &Self::Setting,
        _to: &Self::Setting,
    ) -> Result<Option<Reason>, Fault> {
        Ok(None)
    }

    /// Makes one AWS write call. A control that writes nothing has no step to make.
    async fn perform(_writer: &Writer<Client<Self>>, _target: &Target, _step: &Self::Step) -> Result<(), Fault> {
        Err(Fault::defect(Self::CONTROL.id.0, "nothing-to-perform"))
    }
}

/// The memory of earlier looks that a control needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recall {
    /// Nothing: the present state is enough.
    Nothing,
    /// The state when the target was last compliant.
    Last,
}

/// The result of a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glance {
    /// The target is compliant.
    Compliant,
    /// It takes a look.
    Unclear,
}
