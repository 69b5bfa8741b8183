//! The outbox: a notice is on file before what it tells of is recorded, so that it outlives its worker.
//!
//! State bucket: `notice/<id>` is what is to be told, `notice/<id>.sent` says that it was, `notice/<id>.lapsed` that it is
//! too old to be told. A notice may be told twice, and is not lost.

use std::time::Duration;

use remedy_domain::{AttemptId, Fault, Timestamp, evidence::FORMAT};
use serde::{Deserialize, Serialize};

use crate::{
    damage, ledger,
    ports::{Clock, Notice, Notices, Own, Put, Shelf, Store, Told},
};

const FOLDER: &str = "notice/";
const SENT: &str = ".sent";
const LAPSED: &str = ".lapsed";
/// A worker that is alive has told its notice by then.
const PATIENCE: Duration = Duration::from_mins(5);
/// What could not be told for so long is no news.
const STALE: Duration = Duration::from_hours(72);

/// A notice as it is kept. Another word for its alarm is told as a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Filed {
    /// The stored form.
    format: u32,
    /// When it was put on file.
    at: Timestamp,
    /// Fresh for each letter, so that a worker knows its own.
    writer: AttemptId,
    /// What is to be told.
    notice: Notice,
}

/// What is left when a letter is done with.
#[derive(Debug, Serialize)]
struct Closed {
    format: u32,
    at: Timestamp,
}

/// Whose notice it is to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    /// Ours.
    Ours,
    /// It was on file before: another worker's, or the sealer's if that one was lost.
    Known,
}

/// What is to be told by this worker.
#[derive(Debug)]
#[must_use = "a letter that is not sent waits for the sealer"]
pub enum Letter {
    /// Nothing: there is no notice, or another worker's was on file before.
    None,
    /// A notice.
    Ours {
        /// Its id.
        id: String,
        /// What is to be told.
        notice: Box<Notice>,
    },
}

impl Letter {
    /// Tells it, and notes that it was told. Where that fails, the sealer tells it again.
    pub(crate) async fn send(self, ports: &(impl Store + Clock + Notices)) -> Posted {
        let Self::Ours { id, notice } = self else { return Posted::Known };
        if ports.tell(&notice).await == Told::Yes {
            let _told_twice_at_worst = close(ports, &format!("{FOLDER}{id}"), SENT).await;
        }
        Posted::Ours
    }
}

/// Puts a notice on file, once under each id. One that cannot be is told nevertheless: a notice never fails a run.
pub(crate) async fn post(ports: &(impl Store + Clock), id: &str, notice: Notice) -> Letter {
    match file(ports, id, &notice).await {
        Ok(Put::Exists) => Letter::None,
        Ok(Put::Created) | Err(_) => Letter::Ours { id: id.to_owned(), notice: Box::new(notice) },
    }
}

async fn file(ports: &(impl Store + Clock), id: &str, notice: &Notice) -> Result<Put, Fault> {
    let letter = Filed { format: FORMAT, at: ports.now(), writer: ports.attempt()?, notice: notice.clone() };
    ports.put_new(Shelf::State, &format!("{FOLDER}{id}"), &ledger::bytes(&letter)?).await
}

/// Puts a notice on file and tells it, once under each id.
pub async fn tell(ports: &(impl Store + Clock + Notices), id: &str, notice: &Notice) -> Posted {
    post(ports, id, notice.clone()).await.send(ports).await
}

async fn close(ports: &(impl Store + Clock), key: &str, ending: &str) -> Result<Put, Fault> {
    let closed = Closed { format: FORMAT, at: ports.now() };
    ports.put_new(Shelf::State, &format!("{key}{ending}"), &ledger::bytes(&closed)?).await
}

/// Tells what lost workers left untold. Answers how many notices were told.
pub async fn resend(ports: &(impl Store + Clock + Notices + Own)) -> Result<usize, Fault> {
    let keys = ports.list(Shelf::State, FOLDER).await?;
    let is_open = |key: &&String| {
        let closed = [SENT, LAPSED].map(|ending| format!("{key}{ending}"));
        !key.ends_with(SENT)
            && !key.ends_with(LAPSED)
            && closed.iter().all(|closed| keys.binary_search(closed).is_err())
    };
    let mut told = 0;
    for key in keys.iter().filter(is_open) {
        let resent = damage::skipped(ports, resend_one(ports, key).await).await?;
        told += usize::from(resent == Some(Told::Yes));
    }
    Ok(told)
}

async fn resend_one(ports: &(impl Store + Clock + Notices), key: &str) -> Result<Told, Fault> {
    let Some(letter) = ledger::fetch::<Filed>(ports, Shelf::State, key).await? else { return Ok(Told::No) };
    let age = Duration::try_from(ports.now().duration_since(letter.at)).unwrap_or_default();
    if age > STALE {
        close(ports, key, LAPSED).await?;
        return Ok(Told::No);
    }
    if age < PATIENCE || ports.tell(&letter.notice).await == Told::No {
        return Ok(Told::No);
    }
    close(ports, key, SENT).await?;
    Ok(Told::Yes)
}
