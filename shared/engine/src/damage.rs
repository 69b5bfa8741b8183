//! Entries of the ledger that cannot be read. A damaged one stops its own target, plan or hold, and nothing else;
//! people are notified, once (ADR 0040).

use futures_util::future::try_join_all;
use remedy_domain::{Fault, canonical, outcome::Alarm};
use serde::de::DeserializeOwned;

use crate::{
    account, outbox,
    ports::{Clock, LedgerBucket, Notices, Own, Store},
};

/// The code of the fault.
const CODE: &str = "unreadable-entry";
/// The number of entries that are read at once.
const AT_ONCE: usize = 30;

/// Entries of one kind.
#[derive(Debug)]
pub struct Entries<T> {
    /// Those that could be read, with their keys, in the order of the keys.
    pub whole: Vec<(String, T)>,
    /// Those that could not.
    pub damaged: Vec<Damaged>,
}

/// An entry that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damaged {
    /// Its key.
    pub key: String,
    /// The rest of it.
    pub left: Vec<u8>,
}

impl Damaged {
    /// The fault of a run that needs this entry.
    pub(crate) fn fault(&self) -> Fault {
        fault(&self.key)
    }
}

/// The fault of a damaged entry. The only names in keys that somebody chose are those of controls.
pub(crate) fn fault(key: &str) -> Fault {
    let next =
        format!("`{key}` of the ledger is damaged: look at it by hand, then delete it or put an earlier version back");
    Fault::rejected("ledger", CODE, next)
}

/// Whether the fault is about a damaged entry.
pub(crate) fn is_damage(fault: &Fault) -> bool {
    fault.code == CODE
}

/// Reads entries, several at once, and separates the damaged ones. Entries that are gone are left out.
pub(crate) async fn each<T: DeserializeOwned>(
    store: &impl Store,
    keys: impl IntoIterator<Item = String>,
) -> Result<Entries<T>, Fault> {
    let keys: Vec<_> = keys.into_iter().collect();
    let mut entries = Entries { whole: Vec::new(), damaged: Vec::new() };
    for keys in keys.chunks(AT_ONCE) {
        let bodies = try_join_all(keys.iter().map(|key| store.get(LedgerBucket::State, key))).await?;
        for (key, body) in keys.iter().zip(bodies) {
            let Some(body) = body else { continue };
            match serde_json::from_slice(&body) {
                Ok(entry) => entries.whole.push((key.clone(), entry)),
                Err(_) => entries.damaged.push(Damaged { key: key.clone(), left: body }),
            }
        }
    }
    Ok(entries)
}

impl<T> Entries<T> {
    /// Those that could be read. People are notified of the others, once.
    pub async fn told(self, ports: &(impl Store + Clock + Notices + Own)) -> Vec<(String, T)> {
        for damaged in &self.damaged {
            tell(ports, &damaged.fault()).await;
        }
        self.whole
    }
}

/// Notifies people of a damaged entry, once.
pub async fn tell(ports: &(impl Store + Clock + Notices + Own), fault: &Fault) {
    let text = format!("{}. What it is about waits; everything else goes on", fault.next);
    let id = format!("damaged-{}", canonical::sha256_hex(fault.next.as_bytes()));
    outbox::tell(ports, &id, &account::notice("ledger", &ports.home(), Alarm::Alarm, &text)).await;
}

/// The same result. If it failed because of a damaged entry, people are notified.
pub async fn noticed<T>(ports: &(impl Store + Clock + Notices + Own), done: Result<T, Fault>) -> Result<T, Fault> {
    if let Err(fault) = &done
        && is_damage(fault)
    {
        tell(ports, fault).await;
    }
    done
}

/// The result for one of many. If a damaged entry prevented it, people are notified, and the others go on.
pub(crate) async fn skipped<T>(
    ports: &(impl Store + Clock + Notices + Own),
    done: Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    match noticed(ports, done).await {
        Ok(done) => Ok(Some(done)),
        Err(fault) if is_damage(&fault) => Ok(None),
        Err(fault) => Err(fault),
    }
}
