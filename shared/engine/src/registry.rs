//! Holds and exemptions on file: `hold/<scope>` and `exemption/<control>/<name>` in the state bucket.

use futures_util::future::try_join_all;
use remedy_domain::{Fault, exemption::Exemption, hold::Hold};
use serde::de::DeserializeOwned;

use crate::{
    ledger::{bytes, fetch},
    ports::{Shelf, Store},
};

/// The state of every switch on file.
pub async fn holds(store: &impl Store) -> Result<Vec<Hold>, Fault> {
    all(store, "hold/").await
}

/// Turns a switch.
pub async fn turn(store: &impl Store, hold: &Hold) -> Result<(), Fault> {
    store.put(&format!("hold/{}", hold.scope.path()), &bytes(hold)?).await
}

/// Every exemption of a control on file, those that ended too.
pub async fn exemptions(store: &impl Store, control: &str) -> Result<Vec<Exemption>, Fault> {
    all(store, &format!("exemption/{control}/")).await
}

/// Every exemption on file, those that ended too.
pub async fn all_exemptions(store: &impl Store) -> Result<Vec<Exemption>, Fault> {
    all(store, "exemption/").await
}

/// The exemption on file under a name, for what renews it.
pub async fn exemption(store: &impl Store, control: &str, name: &str) -> Result<Option<Exemption>, Fault> {
    fetch(store, Shelf::State, &exemption_key(control, name)).await
}

/// Puts an exemption on file.
pub async fn exempt(store: &impl Store, exemption: &Exemption) -> Result<(), Fault> {
    store.put(&exemption_key(&exemption.control, &exemption.id()), &bytes(exemption)?).await
}

fn exemption_key(control: &str, name: &str) -> String {
    format!("exemption/{control}/{name}")
}

/// An entry that cannot be read stops everything: it may be the one that forbids.
async fn all<T: DeserializeOwned>(store: &impl Store, prefix: &str) -> Result<Vec<T>, Fault> {
    let keys = store.list(Shelf::State, prefix).await?;
    let found = try_join_all(keys.iter().map(|key| fetch::<T>(store, Shelf::State, key))).await?;
    Ok(found.into_iter().flatten().collect())
}
