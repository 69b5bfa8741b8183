//! Sealing: one manifest for every hour that has ended, also for one without records; several for a large one.

use std::{collections::BTreeSet, pin::pin, time::Duration};

use futures_util::{StreamExt as _, stream};
use remedy_domain::Fault;
use remedy_engine::{Clock, LedgerBucket, Store};
use remedy_evidence::{Contents, GRACE, Hour, Manifest, Name, name};
use serde::Serialize;

use crate::{
    chain::{Desk, End, Link, create},
    depot::{Depot, assure_access, read},
    mark,
    resume::Start,
    signer::Signer,
};

/// So far back from the last hour sealed, records that arrived late are looked for. A worker's last record comes at most
/// minutes after its hour, and what the sealer itself closes it knows.
const WINDOW: i64 = 48;
/// With less time than this left, no other manifest is begun.
const BEGIN: Duration = Duration::from_secs(15);
/// With less time than this left, reading ends, and the objects read so far are sealed as a part of their hour.
const END: Duration = Duration::from_secs(10);
/// So many objects are read at once.
const AT_ONCE: usize = 48;
/// The maximum number of objects in one manifest: that bounds its size, and the memory that it takes.
const PART: usize = 5000;

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
    /// How many objects were there and could not be read.
    pub unreadable: usize,
    /// How many numbers were skipped because of foreign objects.
    pub over: u64,
}

/// The result of a run.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// The sealed hours, in order.
    pub sealed: Vec<Sealed>,
    /// How many hours are due and were left for the next run.
    pub due: i64,
    /// The last number of the chain.
    pub last: Option<u64>,
    /// The SHA-256 of the first manifest of the chain, in hex.
    pub genesis: Option<String>,
    /// The fingerprint of the key that signs.
    pub key: String,
    /// How the chain was found.
    pub start: Start,
}

/// Seals every hour that is over, for as long as there is time. `closed` are records just written into old hours.
pub async fn seal<P, S>(ports: &P, signer: &S, origin: &str, closed: &[String]) -> Result<Run, Fault>
where
    P: Store + Clock + Depot,
    S: Signer,
{
    assure_access(ports).await?;
    let key = signer.public_key().await?;
    let pem = name::public_key(key.fingerprint());
    create(ports, &pem, key.pem().as_bytes()).await?;
    mark::keep_key(ports, &key).await?;
    let desk = Desk { ports, signer, key, origin };
    let (mut end, start) = desk.resume().await?;
    let mut again = Vec::new();
    if let Some((hour, contents)) = end.again.take() {
        let link = desk.add(&end, hour, &contents).await?;
        again.push(sealed(&link.manifest));
        end = End::at(link);
    }
    let mut late = late(&desk, end.link.as_ref(), closed).await?;
    let mut run = Run { sealed: again, start, key: desk.key.fingerprint().to_owned(), ..Run::default() };
    loop {
        let hour = next(ports, end.link.as_ref()).await?;
        run.due = due(ports, hour);
        run.last = end.link.as_ref().map(|link| link.manifest.number);
        run.genesis = end.link.as_ref().map(|link| link.genesis.manifest.clone());
        if run.due == 0 || ports.remaining() < BEGIN {
            return Ok(run);
        }
        let link = one(&desk, hour, &end, &late).await?;
        for key in link.manifest.keys() {
            late.remove(key);
        }
        run.sealed.push(sealed(&link.manifest));
        end = End::at(link);
    }
}

fn sealed(manifest: &Manifest) -> Sealed {
    Sealed {
        number: manifest.number,
        hour: manifest.hour,
        count: manifest.count,
        late: manifest.late.len(),
        invalid: manifest.invalid.len(),
        unreadable: manifest.unreadable.len(),
        over: manifest.over.map_or(0, |over| manifest.number.saturating_sub(over)),
    }
}

/// How many hours from `hour` on are over, and their last workers' writes with them.
fn due(ports: &impl Clock, hour: Hour) -> i64 {
    Hour::of(ports.now() - GRACE).since(hour).max(0)
}

/// The hour to seal next: the one after the last; at first, that of the oldest record.
async fn next(ports: &(impl Depot + Clock), last: Option<&Link>) -> Result<Hour, Fault> {
    if let Some(last) = last {
        return Ok(last.manifest.next_hour());
    }
    let current = Hour::of(ports.now() - GRACE);
    let (mut oldest, mut after) = (None, String::new());
    // Keys of hours begin with a digit, and sort before those of seals.
    while oldest.is_none() {
        let page = ports.page("", &after).await?;
        let Some(last) = page.keys.last() else { break };
        oldest = page.keys.iter().find_map(|key| Hour::of_key(key));
        after.clone_from(last);
    }
    Ok(oldest.unwrap_or_else(|| current.plus(-1)).min(current))
}

/// Seals an hour, or the next part of it.
async fn one<P, S>(desk: &Desk<'_, P, S>, hour: Hour, end: &End, late: &BTreeSet<String>) -> Result<Link, Fault>
where
    P: Store + Clock + Depot,
    S: Signer,
{
    let after = sealed_up_to(desk, end.link.as_ref()).await?;
    let mut keys: Vec<_> = late.iter().filter(|key| Hour::of_key(key).is_some_and(|of| of < hour)).cloned().collect();
    let mut from = after.unwrap_or_default();
    let mut more = true;
    while more && keys.len() <= PART {
        let page = desk.ports.page(&hour.folder(), &from).await?;
        from = page.keys.last().cloned().unwrap_or(from);
        more = page.more;
        keys.extend(page.keys);
    }
    let listed = keys.len();
    keys.truncate(PART);
    let (mut found, taken) = gather(desk.ports, &keys).await?;
    if taken < listed {
        found.goes_on();
    }
    desk.add(end, hour, &found).await
}

/// The last key of the hour that its parts so far list. None: it has no part yet.
async fn sealed_up_to<P, S>(desk: &Desk<'_, P, S>, last: Option<&Link>) -> Result<Option<String>, Fault>
where
    P: Store + Clock + Depot,
    S: Signer,
{
    let mut part = last.map(|link| link.manifest.clone()).filter(|manifest| manifest.more);
    while let Some(manifest) = part {
        if let Some(key) = manifest.last_of_hour() {
            return Ok(Some(key.to_owned()));
        }
        part = desk.before(&manifest).await?.filter(|before| before.more && before.hour == manifest.hour);
    }
    Ok(None)
}

/// Reads objects, several at once, for as long as there is time. Returns how many of the keys it read.
async fn gather(ports: &(impl Depot + Clock), keys: &[String]) -> Result<(Contents, usize), Fault> {
    let read = |key| async move { read(ports, key).await.map(|read| (key, read)) };
    let mut reads = pin!(stream::iter(keys.iter().map(String::as_str)).map(read).buffered(AT_ONCE));
    let (mut found, mut taken) = (Contents::default(), 0);
    while let Some(next) = reads.next().await {
        match next? {
            (key, Ok(reading)) => found.add_read(key, reading),
            (key, Err(why)) => found.add_unread(key, why),
        }
        taken += 1;
        if ports.remaining() < END {
            break;
        }
    }
    Ok((found, taken))
}

/// The objects in the folders of hours that were sealed without them.
async fn late<P, S>(desk: &Desk<'_, P, S>, last: Option<&Link>, closed: &[String]) -> Result<BTreeSet<String>, Fault>
where
    P: Store + Clock + Depot,
    S: Signer,
{
    let Some(last) = last else { return Ok(BTreeSet::new()) };
    let end = last.manifest.next_hour().plus(-1);
    let from = end.plus(1 - WINDOW);
    let mut late = BTreeSet::new();
    for day in (0..WINDOW).map(|n| from.plus(n).day_folder()).collect::<BTreeSet<_>>() {
        late.extend(desk.ports.list(LedgerBucket::Evidence, &day).await?);
    }
    let is_within = |key: &String| matches!(Name::of(key), Name::Record(hour) if (from..=end).contains(&hour));
    late.retain(is_within);
    late.extend(closed.iter().filter(|key| Hour::of_key(key).is_some_and(|hour| hour <= end)).cloned());
    let mut manifest = Some(last.manifest.clone());
    while let Some(sealed) = manifest.filter(|sealed| sealed.hour >= from && !late.is_empty()) {
        for key in sealed.keys() {
            late.remove(key);
        }
        manifest = desk.before(&sealed).await?;
    }
    Ok(late)
}
