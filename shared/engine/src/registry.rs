//! The stored holds and exemptions: `hold/<scope>/<number>` and `exemption/<control>/<name>` in the state bucket.
//!
//! A switch is never overwritten: each turn of it is an object of the next number, and the last one counts. A turn by
//! somebody who has not seen the last one fails. Versions before 0.1.0 overwrote `hold/<scope>`: there, the later of
//! the two counts.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use remedy_domain::{
    Fault, Target,
    exemption::{self, Exemption},
    hold::{Hold, HoldScope},
    renamed::filed,
};

use crate::{
    damage::{self, Damaged, Entries},
    ledger::{bytes, fetch, replace},
    ports::{Clock, LedgerBucket, Notices, Own, Put, Store},
};

const HOLDS: &str = "hold/";
/// The number of digits in keys, so that keys sort as numbers do.
const DIGITS: usize = 10;
/// A hold that is put on while others turn the same switch is tried again this often.
const TRIES: usize = 8;

/// The last turn of a switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turned {
    /// The state of the switch.
    pub hold: Hold,
    /// The number that the next turn has.
    pub next: u64,
}

/// The stored state of every switch. A damaged entry may be a hold: it stops everything in its key's scope, and people
/// are notified.
pub async fn holds(ports: &(impl Store + Clock + Notices + Own)) -> Result<Vec<Hold>, Fault> {
    let keys = ports.list(LedgerBucket::State, HOLDS).await?;
    let scopes: BTreeSet<_> = keys.iter().filter_map(|key| place(key)).map(|(scope, _)| scope.to_owned()).collect();
    last_of_each(ports, &keys, &scopes.into_iter().collect::<Vec<_>>()).await
}

/// The state of the switches that apply to this control and resource: of three scopes, however many there are, and of
/// scopes that only a later version knows, which stop everything.
pub async fn holds_on(
    ports: &(impl Store + Clock + Notices + Own),
    control: &str,
    target: &Target,
) -> Result<Vec<Hold>, Fault> {
    let keys = ports.list(LedgerBucket::State, HOLDS).await?;
    let own = HoldScope::of(control, target).map(|scope| scope.path());
    let named = keys.iter().filter_map(|key| place(key)).map(|(scope, _)| scope);
    let others = named.filter(|scope| HoldScope::of_path(scope).is_none()).map(str::to_owned);
    let scopes: BTreeSet<_> = own.into_iter().chain(others).collect();
    last_of_each(ports, &keys, &scopes.into_iter().collect::<Vec<_>>()).await
}

async fn last_of_each(
    ports: &(impl Store + Clock + Notices + Own),
    keys: &[String],
    scopes: &[String],
) -> Result<Vec<Hold>, Fault> {
    let found = try_join_all(scopes.iter().map(|scope| last(ports, keys, scope))).await?;
    Ok(found.into_iter().flatten().map(|turned| turned.hold).collect())
}

/// The last turn of one switch.
pub async fn switch(ports: &(impl Store + Clock + Notices + Own), scope: &HoldScope) -> Result<Option<Turned>, Fault> {
    let path = scope.path();
    let keys = ports.list(LedgerBucket::State, &format!("{HOLDS}{path}")).await?;
    last(ports, &keys, &path).await
}

/// The scope in a key, and the number of the turn.
fn place(key: &str) -> Option<(&str, Option<u64>)> {
    let path = key.strip_prefix(HOLDS)?;
    let numbered = path.rsplit_once('/').filter(|(_, end)| end.len() == DIGITS);
    let numbered = numbered.and_then(|(scope, end)| Some((scope, Some(end.parse().ok()?))));
    Some(numbered.unwrap_or((path, None)))
}

async fn last(
    ports: &(impl Store + Clock + Notices + Own),
    keys: &[String],
    scope: &str,
) -> Result<Option<Turned>, Fault> {
    let of_scope =
        || keys.iter().filter_map(|key| place(key).filter(|(of, _)| *of == scope).map(|(_, number)| (key, number)));
    let number = of_scope().filter_map(|(_, number)| number).max();
    let counting = of_scope().filter(|(_, of)| of.is_none() || *of == number).map(|(key, _)| key.clone());
    let entries: Entries<Hold> = damage::each(ports, counting).await?;
    let damaged = entries.damaged.first().map(|_| Hold::damaged(scope));
    let whole = entries.told(ports).await;
    let later = |hold: &Hold| (hold.at, hold.is_on());
    let hold = damaged.or_else(|| whole.into_iter().map(|(_, hold)| hold).max_by_key(later));
    Ok(hold.map(|hold| Turned { hold, next: number.map_or(0, |number| number + 1) }))
}

fn scope_of(hold: &Hold) -> Result<&HoldScope, Fault> {
    hold.scope.known().ok_or_else(|| Fault::defect("hold", "unknown-scope"))
}

/// Puts a hold on, whatever others do at the same time.
pub async fn hold(ports: &(impl Store + Clock + Notices + Own), hold: &Hold) -> Result<(), Fault> {
    let scope = scope_of(hold)?;
    for _ in 0..TRIES {
        let next = switch(ports, scope).await?.map_or(0, |last| last.next);
        if turn(ports, hold, next).await? == Put::Created {
            return Ok(());
        }
    }
    Err(Fault::transient("hold", "turned-by-others"))
}

/// Turns a switch, unless somebody turned it since `next` was read.
pub async fn turn(store: &impl Store, hold: &Hold, next: u64) -> Result<Put, Fault> {
    let key = format!("{HOLDS}{}/{next:010}", scope_of(hold)?.path());
    store.put_new(LedgerBucket::State, &key, &bytes(hold)?).await
}

/// Every stored exemption of a control that may be about a target, those that ended too. A damaged one exempts nothing;
/// if it may be about this target, this target waits. People are notified of each.
pub async fn exemptions(
    ports: &(impl Store + Clock + Notices + Own),
    control: &str,
    target: &Target,
) -> Result<Vec<Exemption>, Fault> {
    let keys = ports.list(LedgerBucket::State, &format!("exemption/{}/", filed(control))).await?;
    let entries: Entries<Exemption> = damage::each(ports, keys).await?;
    let own = entries.damaged.iter().find(|entry| may_cover(control, entry, target)).map(Damaged::fault);
    let whole = entries.told(ports).await;
    own.map_or_else(|| Ok(whole.into_iter().map(|(_, exemption)| exemption).collect()), Err)
}

fn may_cover(control: &str, entry: &Damaged, target: &Target) -> bool {
    let name = entry.key.rsplit('/').next().unwrap_or_default();
    exemption::may_cover(control, name, &entry.left, target)
}

/// Every stored exemption, those that ended too. People are notified of damaged ones.
pub async fn all_exemptions(ports: &(impl Store + Clock + Notices + Own)) -> Result<Vec<Exemption>, Fault> {
    let keys = ports.list(LedgerBucket::State, "exemption/").await?;
    let whole = damage::each(ports, keys).await?.told(ports).await;
    Ok(whole.into_iter().map(|(_, exemption)| exemption).collect())
}

/// The stored exemption under a name, for its renewal.
pub async fn exemption(store: &impl Store, control: &str, name: &str) -> Result<Option<Exemption>, Fault> {
    fetch(store, LedgerBucket::State, &exemption_key(control, name)).await
}

/// Stores an exemption.
pub async fn exempt(store: &impl Store, exemption: &Exemption) -> Result<(), Fault> {
    replace(store, &exemption_key(&exemption.control, &exemption.id()), exemption).await
}

fn exemption_key(control: &str, name: &str) -> String {
    format!("exemption/{}/{name}", filed(control))
}

#[cfg(test)]
mod tests;
