//! The contract of a control.

use std::{collections::BTreeMap, fmt::Debug};

use remedy_domain::{Conflict, Context, Control, Fault, Impact, Observed, Parameters, Route, Step, Target, Verdict};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{ports::Place, writer::Writer};

/// One control: what it looks at, what it thinks of it, and how it gets from one setting to another.
///
/// `judge`, `steps`, `rebase` and `agrees` are pure. `discover`, `find` and `observe` only read, with the calls of
/// [`Control::reads`]. `perform` makes exactly one write, idempotent, with a call of [`Control::writes`].
///
/// The laws that every control keeps are in `remedy_testkit::laws`.
#[expect(async_fn_in_trait, reason = "the loop runs on one thread; no future crosses to another")]
pub trait Remediation: 'static {
    /// The control's description of itself.
    const CONTROL: Control;
    /// Whether the decision depends on the state when the target was last compliant.
    const RECALL: Recall = Recall::Nothing;
    /// Facts that affect the decision and are never written.
    type Facts: Debug;
    /// What the control may write, mirrored whole, so that a PUT loses nothing; never data.
    type Setting: Debug + Clone + PartialEq + Serialize + DeserializeOwned;
    /// One variant per AWS write call, named after it.
    type Step: Step;
    /// The client it observes and performs with.
    type Client;

    /// One page of all targets in a place, for the sweep.
    async fn discover(client: &Self::Client, place: &Place, from: Option<String>) -> Result<Page, Fault>;

    /// Every live target that is called `id`: matched by equality with its id, name or ARN, never by the form of `id`.
    async fn find(client: &Self::Client, place: &Place, id: &str) -> Result<Vec<Target>, Fault>;

    /// Whether the target is compliant at a glance: with fewer calls than it takes to observe it, whatever else stands there
    /// and whatever the parameters say. Never asked where the whole setting matters: after a write, and for an undo.
    async fn at_a_glance(_client: &Self::Client, _target: &Target) -> Result<Glance, Fault> {
        Ok(Glance::Unclear)
    }

    /// Reads the live setting.
    async fn observe(client: &Self::Client, target: &Target) -> Result<Observed<Self::Facts, Self::Setting>, Fault>;

    /// Reads, with the calls of [`Control::reads`], further facts that affect the decision and depend on the
    /// organisation's parameters: whether the key that they name can be used. A compliant setting needs nothing more.
    async fn consult(
        _client: &Self::Client,
        _target: &Target,
        facts: Self::Facts,
        _setting: &Self::Setting,
        _parameters: &Parameters,
    ) -> Result<Self::Facts, Fault> {
        Ok(facts)
    }

    /// The tags of the target by key, read with the calls of [`Control::reads`]; their values may hold anything. Read
    /// only once a plan was drafted: the owner of the resource affects who must agree. Resources without tags have
    /// none.
    async fn tags(_client: &Self::Client, _target: &Target) -> Result<Tags, Fault> {
        Ok(Tags::new())
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

    /// The way from one setting to another.
    fn steps(from: &Self::Setting, to: &Self::Setting) -> Route<Self::Step>;

    /// Applies only the element-wise difference between `before` and `after` to what is there now.
    fn rebase(before: &Self::Setting, after: &Self::Setting, now: &Self::Setting) -> Result<Self::Setting, Conflict>;

    /// What stands in the way of an undo from one setting to another, read with the calls of [`Control::reads`]: something
    /// that `rebase` cannot know. A repair needs no such question: it is judged by its facts.
    async fn hindrance(
        _client: &Self::Client,
        _target: &Target,
        _from: &Self::Setting,
        _to: &Self::Setting,
    ) -> Result<Option<String>, Fault> {
        Ok(None)
    }

    /// Whether two settings are equal but for what AWS assigns.
    fn agrees(a: &Self::Setting, b: &Self::Setting) -> bool {
        a == b
    }

    /// The setting as answers, logs and records show it. Only a vocabulary of our own may be shown verbatim.
    fn show(setting: &Self::Setting) -> Value {
        serde_json::to_value(setting).unwrap_or(Value::Null)
    }

    /// Makes one AWS write call.
    async fn perform(writer: &Writer<Self::Client>, target: &Target, step: &Self::Step) -> Result<(), Fault>;
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

/// Tags: values by key.
pub type Tags = BTreeMap<String, String>;

/// One page of targets.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The targets.
    pub targets: Vec<Target>,
    /// Where the next page begins.
    pub next: Option<String>,
}
