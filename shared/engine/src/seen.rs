//! The memo of a target when it was last compliant: `seen/<control>/<account>/<target>` in the state bucket.
//!
//! Some drift shows only against the earlier state: the choice of a policy's default version has no date. A control
//! that looks for such drift names the facts to remember ([`Remediation::memo`]); they are read in parallel with the
//! resource. An entry stays until another replaces it.

use remedy_domain::{Fault, Target, renamed::filed};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    ledger::{bytes, fetch},
    ports::{LedgerBucket, Store},
    remediation::{Recall, Remediation},
};

/// The stored form of a memo.
const FORMAT: u32 = 1;

/// A stored memo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Seen {
    format: u32,
    memo: Value,
}

fn key<R: Remediation>(target: &Target) -> String {
    format!("seen/{}/{}/{}", filed(R::CONTROL.id.0), target.account, target.hash())
}

/// The last memo; absent if there was none, and for a control that needs none.
pub(crate) async fn last<R: Remediation>(store: &impl Store, target: &Target) -> Result<Option<Value>, Fault> {
    if R::RECALL == Recall::Nothing {
        return Ok(None);
    }
    let seen: Option<Seen> = fetch(store, LedgerBucket::State, &key::<R>(target)).await?;
    Ok(seen.map(|seen| seen.memo))
}

/// Stores the facts to remember for the next look, if they are not stored yet.
pub(crate) async fn keep<R: Remediation>(store: &impl Store, target: &Target, facts: &R::Facts) -> Result<(), Fault> {
    let Some(memo) = R::memo(facts) else { return Ok(()) };
    store.put(&key::<R>(target), &bytes(&Seen { format: FORMAT, memo })?).await
}
