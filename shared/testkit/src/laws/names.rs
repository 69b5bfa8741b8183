//! A name is no privilege: whatever a resource is called, it is judged and treated the same.

use std::mem::discriminant;

use remedy_domain::{Scope, Verdict};

use super::{Bearing, Case, Environment, Lawful, Scenario};

/// Names of resources that AWS, Remedy or settings spare.
const PRIVILEGED: [&str; 7] =
    ["AWSServiceRoleFor", "AWSReservedSSO_", "Remedy", "remedy-", "stacksets-exec-", "break-glass-", "deploy-"];

/// No name hides a resource: drift is drift, and is repaired, under every name.
pub(super) async fn no_name_hides<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let Some(plain) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
    let verdict = plain.verdict().await;
    if !matches!(verdict, Verdict::Drifted(_) | Verdict::NeedsHuman { .. }) {
        return Bearing::Moot;
    }
    let outcome = plain.repair().await.expect("a repair").outcome;
    for start in PRIVILEGED {
        let (mut stage, ports) = environment.open();
        // Names of buckets have only lower-case letters.
        stage.alias = if C::CONTROL.kind.scope == Scope::Global {
            start.to_owned()
        } else {
            start.to_lowercase().replace('_', "-")
        };
        let Some(scenario) = Scenario::<C>::on(case, (stage, ports)).await else { return Bearing::Moot };
        let renamed = scenario.verdict().await;
        assert_eq!(discriminant(&renamed), discriminant(&verdict), "`{}`: {renamed:?}", scenario.target.id);
        let done = scenario.repair().await.expect("a repair");
        assert_eq!(done.outcome, outcome, "`{}`: {done:?}", scenario.target.id);
    }
    Bearing::Held
}
