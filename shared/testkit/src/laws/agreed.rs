//! A control with which everybody agrees.

use std::marker::PhantomData;

use remedy_domain::{Conflict, Consent, Context, Control, Drift, Fault, Observed, Parameters, Route, Target, Verdict};
use remedy_engine::{Glance, Page, Place, Recall, Remediation, Tags, Writer};
use serde_json::Value;

/// The control `C`, but a person has agreed to whatever it asks about. So what comes after consent can be tested in every
/// world.
#[derive(Debug)]
pub struct Agreed<C>(PhantomData<C>);

impl<C: Remediation> Remediation for Agreed<C> {
    const CONTROL: Control = C::CONTROL;
    const RECALL: Recall = C::RECALL;
    type Facts = C::Facts;
    type Setting = C::Setting;
    type Step = C::Step;
    type Client = C::Client;

    async fn discover(client: &Self::Client, place: &Place, from: Option<String>) -> Result<Page, Fault> {
        C::discover(client, place, from).await
    }

    async fn find(client: &Self::Client, place: &Place, id: &str) -> Result<Vec<Target>, Fault> {
        C::find(client, place, id).await
    }

    async fn at_a_glance(client: &Self::Client, target: &Target) -> Result<Glance, Fault> {
        C::at_a_glance(client, target).await
    }

    async fn observe(client: &Self::Client, target: &Target) -> Result<Observed<Self::Facts, Self::Setting>, Fault> {
        C::observe(client, target).await
    }

    async fn consult(
        client: &Self::Client,
        target: &Target,
        facts: Self::Facts,
        setting: &Self::Setting,
        parameters: &Parameters,
    ) -> Result<Self::Facts, Fault> {
        C::consult(client, target, facts, setting, parameters).await
    }

    async fn tags(client: &Self::Client, target: &Target) -> Result<Tags, Fault> {
        C::tags(client, target).await
    }

    fn memo(facts: &Self::Facts) -> Option<Value> {
        C::memo(facts)
    }

    fn recalled(facts: Self::Facts, last: Option<Value>) -> Self::Facts {
        C::recalled(facts, last)
    }

    fn judge(facts: &Self::Facts, setting: &Self::Setting, context: &Context<'_>) -> Verdict<Self::Setting> {
        match C::judge(facts, setting, context) {
            Verdict::Drifted(drift) => Verdict::Drifted(Drift { consent: Consent::Auto, ..drift }),
            other => other,
        }
    }

    fn steps(from: &Self::Setting, to: &Self::Setting) -> Route<Self::Step> {
        C::steps(from, to)
    }

    fn rebase(before: &Self::Setting, after: &Self::Setting, now: &Self::Setting) -> Result<Self::Setting, Conflict> {
        C::rebase(before, after, now)
    }

    async fn hindrance(
        client: &Self::Client,
        target: &Target,
        from: &Self::Setting,
        to: &Self::Setting,
    ) -> Result<Option<String>, Fault> {
        C::hindrance(client, target, from, to).await
    }

    fn agrees(a: &Self::Setting, b: &Self::Setting) -> bool {
        C::agrees(a, b)
    }

    fn show(setting: &Self::Setting) -> Value {
        C::show(setting)
    }

    async fn perform(writer: &Writer<Self::Client>, target: &Target, step: &Self::Step) -> Result<(), Fault> {
        C::perform(writer, target, step).await
    }
}
