//! A control with which everybody agrees.

use std::marker::PhantomData;

use remedy_domain::{Consent, Context, Control, Drift, Fault, Observed, Parameters, Reason, Target, Verdict};
use remedy_engine::{Client, Glance, Recall, Remediation, Writer};
use serde_json::Value;

/// The control `C`, but a person has agreed to whatever it asks about. So what comes after consent can be tested in every
/// world.
#[derive(Debug)]
pub struct Agreed<C>(PhantomData<C>);

impl<C: Remediation> Remediation for Agreed<C> {
    const CONTROL: Control = C::CONTROL;
    const RECALL: Recall = C::RECALL;
    type On = C::On;
    type Facts = C::Facts;
    type Setting = C::Setting;
    type Step = C::Step;

    async fn at_a_glance(client: &Client<C>, target: &Target) -> Result<Glance, Fault> {
        C::at_a_glance(client, target).await
    }

    async fn observe(client: &Client<C>, target: &Target) -> Result<Observed<Self::Facts, Self::Setting>, Fault> {
        C::observe(client, target).await
    }

    async fn consult(
        client: &Client<C>,
        target: &Target,
        facts: Self::Facts,
        setting: &Self::Setting,
        parameters: &Parameters,
    ) -> Result<Self::Facts, Fault> {
        C::consult(client, target, facts, setting, parameters).await
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

    async fn hindrance(
        client: &Client<C>,
        target: &Target,
        from: &Self::Setting,
        to: &Self::Setting,
    ) -> Result<Option<Reason>, Fault> {
        C::hindrance(client, target, from, to).await
    }

    async fn perform(writer: &Writer<Client<C>>, target: &Target, step: &Self::Step) -> Result<(), Fault> {
        C::perform(writer, target, step).await
    }
}
