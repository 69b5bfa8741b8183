//! The outbox: a notice is stored before its event is recorded, so that it outlives its worker.
//!
//! State bucket: `notice/<id>` is the notice, `notice/<id>.sent` says that it was sent, `notice/<id>.lapsed` that it is
//! too old to be sent. A notice may be sent twice, and is not lost.

use std::time::Duration;

use remedy_domain::{AttemptId, Fault, Timestamp, evidence::FORMAT};
use serde::{Deserialize, Serialize};

use crate::{
    damage, ledger,
    ports::{Clock, LedgerBucket, Notice, Notices, Notified, Own, Put, Store},
};

const FOLDER: &str = "notice/";
const SENT: &str = ".sent";
const LAPSED: &str = ".lapsed";
/// A live worker has sent its notice by then.
const PATIENCE: Duration = Duration::from_mins(5);
/// A notice that could not be sent for so long lapses.
const STALE: Duration = Duration::from_hours(72);

/// A notice as it is stored. Another word for its alarm counts as a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Filed {
    /// The stored form.
    format: u32,
    /// When it was stored.
    at: Timestamp,
    /// Fresh for each letter, so that a worker knows its own.
    writer: AttemptId,
    /// The notice.
    notice: Notice,
}

/// The object that marks a letter as done.
#[derive(Debug, Serialize)]
struct Closed {
    format: u32,
    at: Timestamp,
}

/// Who sends a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    /// Ours.
    Ours,
    /// It was stored before: another worker sends it, or the sealer if that one crashed.
    Known,
}

/// The notice that this worker sends.
#[derive(Debug)]
#[must_use = "a letter that is not sent waits for the sealer"]
pub enum Letter {
    /// Nothing: there is no notice, or another worker stored its own before.
    None,
    /// A notice.
    Ours {
        /// Its id.
        id: String,
        /// The notice.
        notice: Box<Notice>,
    },
}

impl Letter {
    /// Sends it, and records that it was sent. If that fails, the sealer sends it again.
    pub(crate) async fn send(self, ports: &(impl Store + Clock + Notices)) -> Posted {
        self.mark(self.tell(ports).await, ports).await
    }

    /// Sends it.
    pub(crate) async fn tell(&self, ports: &impl Notices) -> Notified {
        match self {
            Self::Ours { notice, .. } => ports.tell(notice).await,
            Self::None => Notified::No,
        }
    }

    /// Records that it was sent, if it was.
    pub(crate) async fn mark(&self, told: Notified, ports: &(impl Store + Clock)) -> Posted {
        let Self::Ours { id, .. } = self else { return Posted::Known };
        if told == Notified::Yes {
            let _told_twice_at_worst = close(ports, &format!("{FOLDER}{id}"), SENT).await;
        }
        Posted::Ours
    }
}

/// Stores a notice, once under each id. One that cannot be stored is sent nevertheless: a notice never fails a run.
pub(crate) async fn post(ports: &(impl Store + Clock), id: &str, notice: Notice) -> Letter {
    match file(ports, id, &notice).await {
        Ok(Put::Exists) => Letter::None,
        Ok(Put::Created) | Err(_) => Letter::Ours { id: id.to_owned(), notice: Box::new(notice) },
    }
}

async fn file(ports: &(impl Store + Clock), id: &str, notice: &Notice) -> Result<Put, Fault> {
    let letter = Filed { format: FORMAT, at: ports.now(), writer: ports.attempt()?, notice: notice.clone() };
    ports.put_new(LedgerBucket::State, &format!("{FOLDER}{id}"), &ledger::bytes(&letter)?).await
}

/// Stores a notice and sends it, once under each id.
pub async fn tell(ports: &(impl Store + Clock + Notices), id: &str, notice: &Notice) -> Posted {
    post(ports, id, notice.clone()).await.send(ports).await
}

async fn close(ports: &(impl Store + Clock), key: &str, ending: &str) -> Result<Put, Fault> {
    let closed = Closed { format: FORMAT, at: ports.now() };
    ports.put_new(LedgerBucket::State, &format!("{key}{ending}"), &ledger::bytes(&closed)?).await
}

/// Sends the notices that crashed workers stored but did not send. Returns how many were sent.
pub async fn resend(ports: &(impl Store + Clock + Notices + Own)) -> Result<usize, Fault> {
    let keys = ports.list(LedgerBucket::State, FOLDER).await?;
    let is_open = |key: &&String| {
        let closed = [SENT, LAPSED].map(|ending| format!("{key}{ending}"));
        !key.ends_with(SENT)
            && !key.ends_with(LAPSED)
            && closed.iter().all(|closed| keys.binary_search(closed).is_err())
    };
    let mut told = 0;
    for key in keys.iter().filter(is_open) {
        let resent = damage::skipped(ports, resend_one(ports, key).await).await?;
        told += usize::from(resent == Some(Notified::Yes));
    }
    Ok(told)
}

async fn resend_one(ports: &(impl Store + Clock + Notices), key: &str) -> Result<Notified, Fault> {
    let Some(letter) = ledger::fetch::<Filed>(ports, LedgerBucket::State, key).await? else { return Ok(Notified::No) };
    let age = Duration::try_from(ports.now().duration_since(letter.at)).unwrap_or_default();
    if age > STALE {
        close(ports, key, LAPSED).await?;
        return Ok(Notified::No);
    }
    if age < PATIENCE || ports.tell(&letter.notice).await == Notified::No {
        return Ok(Notified::No);
    }
    close(ports, key, SENT).await?;
    Ok(Notified::Yes)
}
