//! The calls to AWS that the proxies saw.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::stage::Stage;

/// How many calls there were, and how many of them changed something.
pub(crate) struct Counts {
    /// All calls.
    pub(crate) calls: usize,
    /// Writes that took effect.
    pub(crate) effects: usize,
    /// Writes that AWS refused.
    pub(crate) refused: usize,
    by_name: BTreeMap<String, usize>,
}

impl Counts {
    /// The calls since the last clearing, in both accounts.
    pub(crate) fn of(stage: &Stage) -> Self {
        let calls: Vec<_> = stage.sites().flat_map(|site| site.world.proxy.calls()).collect();
        let effects = calls.iter().filter(|call| call.write && call.took_effect()).count();
        let writes = calls.iter().filter(|call| call.write).count();
        let mut by_name = BTreeMap::new();
        for call in &calls {
            *by_name.entry(call.name()).or_default() += 1;
        }
        Self { calls: calls.len(), effects, refused: writes - effects, by_name }
    }

    /// For the summary.
    pub(crate) fn to_json(&self) -> Value {
        json!({"total": self.calls, "writes": self.effects, "refused_writes": self.refused, "by_name": self.by_name})
    }
}
