//! A name is no privilege: whatever a resource is called, the same is thought of it and done about it.

use std::mem::discriminant;

use remedy_domain::{Scope, Verdict};

use super::{Bearing, Case, Lawful, Scene, Theatre};

/// How things are called that AWS, Remedy or settings spare.
const PRIVILEGED: [&str; 7] =
    ["AWSServiceRoleFor", "AWSReservedSSO_", "Remedy", "remedy-", "stacksets-exec-", "break-glass-", "deploy-"];

/// No name takes a resource out of sight: what has drifted has drifted, and is put right, under every name.
pub(super) async fn no_name_hides<C: Lawful>(case: &Case<C>, theatre: &dyn Theatre) -> Bearing {
    let Some(plain) = Scene::<C>::open(case, theatre).await else { return Bearing::Moot };
    let verdict = plain.verdict().await;
    if !matches!(verdict, Verdict::Drifted(_) | Verdict::NeedsHuman { .. }) {
        return Bearing::Moot;
    }
    let outcome = plain.repair().await.expect("a repair").outcome;
    for start in PRIVILEGED {
        let (mut stage, ports) = theatre.open();
        // Names of buckets have small letters only.
        stage.alias =
            if C::CONTROL.scope == Scope::Global { start.to_owned() } else { start.to_lowercase().replace('_', "-") };
        let Some(scene) = Scene::<C>::on(case, (stage, ports)).await else { return Bearing::Moot };
        let renamed = scene.verdict().await;
        assert_eq!(discriminant(&renamed), discriminant(&verdict), "`{}`: {renamed:?}", scene.target.id);
        let done = scene.repair().await.expect("a repair");
        assert_eq!(done.outcome, outcome, "`{}`: {done:?}", scene.target.id);
    }
    Bearing::Held
}
