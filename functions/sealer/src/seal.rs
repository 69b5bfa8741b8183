//! Sealing: one manifest for every hour that is over, also for one without records.

use std::{collections::BTreeSet, time::Duration};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use remedy_domain::Fault;
use remedy_engine::{Clock, Shelf, Store};
use remedy_evidence::{Contents, GRACE, Hour, Manifest, Name, Place, name};
use serde::Serialize;

use crate::{
    chain::{Desk, Link},
    signer::Signer,
};

/// So far back from the last hour sealed, records that arrived late are looked for. A worker's last record comes at most
/// minutes after its hour, and what the sealer itself closes it knows.
const WINDOW: i64 = 48;
/// What one more hour may take.
const RESERVE: Duration = Duration::from_secs(15);
/// So many objects are read at once.
const AT_ONCE: usize = 16;

/// One manifest that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sealed {
    /// Its number.
    pub number: u64,
    /// Its hour.
    pub hour: Hour,
    /// How many objects it lists.
    pub count: u64,
    /// How many of them are of earlier hours.
    pub late: usize,
    /// How many of them are no records.
    pub invalid: usize,
}

/// What a run came to.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// What was sealed, in order.
    pub sealed: Vec<Sealed>,
    /// How many hours are due and were left for the next run.
    pub due: i64,
    /// The last number of the chain.
    pub last: Option<u64>,
}

/// Seals every hour that is over, for as long as there is time. `closed` are records just written into old hours.
pub async fn seal<P, S>(ports: &P, signer: &S, origin: &str, closed: &[String]) -> Result<Run, Fault>
where
    P: Store + Clock,
    S: Signer,
{
    let key = signer.public_key().await?;
    let pem = name::public_key(key.fingerprint());
    ports.put_new(Shelf::Evidence, &pem, key.pem().as_bytes()).await?;
    let desk = Desk { ports, signer, key, origin };
    let mut last = desk.last().await?;
    let mut late = late(ports, last.as_ref(), closed).await?;
    let mut run = Run::default();
    loop {
        let hour = next(ports, last.as_ref()).await?;
        run.due = due(ports, hour);
        run.last = last.as_ref().map(|link| link.manifest.number);
        if run.due == 0 || ports.remaining() < RESERVE {
            return Ok(run);
        }
        let link = one(&desk, hour, last.as_ref(), &late).await?;
        for entry in &link.manifest.entries {
            late.remove(&entry.key);
        }
        run.sealed.push(sealed(&link.manifest));
        last = Some(link);
    }
}

fn sealed(manifest: &Manifest) -> Sealed {
    Sealed {
        number: manifest.number,
        hour: manifest.hour,
        count: manifest.count,
        late: manifest.late.len(),
        invalid: manifest.invalid.len(),
    }
}

/// How many hours from `hour` on are over, and their last workers' writes with them.
fn due(ports: &impl Clock, hour: Hour) -> i64 {
    Hour::of(ports.now() - GRACE).since(hour).max(0)
}

/// The hour to seal next: the one after the last; at first, that of the oldest record.
async fn next(ports: &(impl Store + Clock), last: Option<&Link>) -> Result<Hour, Fault> {
    if let Some(last) = last {
        return Ok(last.manifest.hour.plus(1));
    }
    let keys = ports.list(Shelf::Evidence, "").await?;
    let oldest = keys.iter().find_map(|key| Hour::of_key(key));
    let current = Hour::of(ports.now() - GRACE);
    Ok(oldest.unwrap_or_else(|| current.plus(-1)).min(current))
}

async fn one<P, S>(
    desk: &Desk<'_, P, S>,
    hour: Hour,
    last: Option<&Link>,
    late: &BTreeSet<String>,
) -> Result<Link, Fault>
where
    P: Store + Clock,
    S: Signer,
{
    let mut keys = desk.ports.list(Shelf::Evidence, &hour.folder()).await?;
    keys.extend(late.iter().filter(|key| Hour::of_key(key).is_some_and(|of| of < hour)).cloned());
    let listed = keys.len();
    let found = read(desk.ports, keys).await?;
    if found.len() != listed {
        return Err(Fault::transient("seal", "a-record-is-gone"));
    }
    let place = Place {
        origin: desk.origin.to_owned(),
        number: last.map_or(0, |last| last.manifest.number + 1),
        hour,
        at: desk.ports.now(),
        previous: last.map(|last| last.digests.clone()),
    };
    desk.add(place, found).await
}

/// Reads objects, several at once. One that is not there any more is left out.
pub(crate) async fn read(store: &impl Store, keys: Vec<String>) -> Result<Contents, Fault> {
    let read = |key: String| async move {
        let bytes = store.get(Shelf::Evidence, &key).await?;
        Ok(bytes.map(|bytes| (key, bytes)))
    };
    let reads = stream::iter(keys.into_iter().map(read)).buffered(AT_ONCE);
    let add = |mut found: Contents, object: Option<(String, Vec<u8>)>| async move {
        if let Some((key, bytes)) = object {
            found.add(&key, &bytes);
        }
        Ok(found)
    };
    reads.try_fold(Contents::default(), add).await
}

/// What lies in the folders of hours that were sealed without it.
async fn late(store: &impl Store, last: Option<&Link>, closed: &[String]) -> Result<BTreeSet<String>, Fault> {
    let Some(last) = last else { return Ok(BTreeSet::new()) };
    let (end, number) = (last.manifest.hour, last.manifest.number);
    let from = end.plus(1 - WINDOW);
    let mut late = BTreeSet::new();
    for day in (0..WINDOW).map(|n| from.plus(n).day_folder()).collect::<BTreeSet<_>>() {
        late.extend(store.list(Shelf::Evidence, &day).await?);
    }
    let is_within = |key: &String| matches!(Name::of(key), Name::Record(hour) if (from..=end).contains(&hour));
    late.retain(is_within);
    late.extend(closed.iter().filter(|key| Hour::of_key(key).is_some_and(|hour| hour <= end)).cloned());
    let window = u64::try_from(WINDOW).unwrap_or_default();
    for number in number.saturating_sub(window - 1)..=number {
        if late.is_empty() {
            break;
        }
        for entry in entries(store, number).await? {
            late.remove(&entry);
        }
    }
    Ok(late)
}

async fn entries(store: &impl Store, number: u64) -> Result<Vec<String>, Fault> {
    let bytes = store.get(Shelf::Evidence, &name::manifest(number)).await?;
    let manifest = bytes.as_deref().and_then(Manifest::parse);
    let next = "run `remedy verify` on the evidence bucket: it names what was tampered with";
    let manifest = manifest.ok_or_else(|| Fault::rejected("seal", "unreadable-manifest", next))?;
    Ok(manifest.entries.into_iter().map(|entry| entry.key).collect())
}
