//! What a control saw of a target when it was last in order: `seen/<control>/<account>/<target>` in the state bucket.
//!
//! Some drift shows only beside what was there before: which of a policy's versions counts has no date. A control that looks
//! for such drift names what it needs to know again ([`Remediation::memo`]); it is read side by side with the resource. An
//! entry stays until another takes its place.

use remedy_domain::{Fault, Target};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    ledger::{bytes, fetch},
    ports::{Shelf, Store},
    remediation::{Recall, Remediation},
};

/// The stored form of what was seen.
const FORMAT: u32 = 1;

/// What was seen, on file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Seen {
    format: u32,
    memo: Value,
}

fn key<R: Remediation>(target: &Target) -> String {
    format!("seen/{}/{}/{}", R::CONTROL.id.0, target.account, target.hash())
}

/// What was seen last; nothing where nothing was, and for a control that needs none of it.
pub(crate) async fn last<R: Remediation>(store: &impl Store, target: &Target) -> Result<Option<Value>, Fault> {
    if R::RECALL == Recall::Nothing {
        return Ok(None);
    }
    let seen: Option<Seen> = fetch(store, Shelf::State, &key::<R>(target)).await?;
    Ok(seen.map(|seen| seen.memo))
}

/// Keeps what is to be known at the next look, where it is not known yet.
pub(crate) async fn keep<R: Remediation>(store: &impl Store, target: &Target, facts: &R::Facts) -> Result<(), Fault> {
    let Some(memo) = R::memo(facts) else { return Ok(()) };
    store.put(&key::<R>(target), &bytes(&Seen { format: FORMAT, memo })?).await
}
