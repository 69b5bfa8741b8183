//! Serialises plans that share an effect which per-target locks do not cover.
//!
//! Two plans that remove administrators, each of which leaves enough, may together leave too few. Two controls that
//! write one document, each of which read it before the other wrote, revert each other's changes.

use std::time::Duration;

use futures_util::future::try_join_all;
use remedy_domain::{Fault, Outcome, Region, Target, evidence::Lock};

use crate::{
    account,
    ledger::{self, Claim, Lease, Line},
    ports::{Place, Ports, still_to_wait},
};

/// The shared effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SharedLock {
    /// The administrators of the account.
    Administrators,
    /// The documents of the target, of which several controls own elements.
    Document,
}

impl SharedLock {
    const ALL: [Self; 2] = [Self::Administrators, Self::Document];

    /// Whose lock it is: no control's, but that of all of them.
    fn word(self) -> &'static str {
        match self {
            Self::Administrators => "administrators",
            Self::Document => "document",
        }
    }

    /// So long after a turn, what is seen may be as it was before. IAM shows a change everywhere within seconds.
    fn settled(self) -> Duration {
        match self {
            Self::Administrators => Duration::from_secs(10),
            Self::Document => Duration::from_secs(5),
        }
    }

    fn lock(self, lock: &Lock) -> Lock {
        let target = match self {
            Self::Administrators => whole_account(&lock.target),
            Self::Document => lock.target.clone(),
        };
        Lock { control: self.word().to_owned(), target, ..lock.clone() }
    }
}

fn whole_account(target: &Target) -> Target {
    account::target(&Place { account: target.account.clone(), region: Region::global() })
}

/// A shared lock that a plan needs, and who had it before.
pub(crate) struct Wanted {
    turn: SharedLock,
    lock: Lock,
    line: Line,
}

/// Reads the lines of the shared locks that the plan of `lock` needs. Nothing is taken yet.
pub(crate) async fn lines(ports: &impl Ports, turns: &[SharedLock], lock: &Lock) -> Result<Vec<Wanted>, Fault> {
    try_join_all(turns.iter().map(|turn| async {
        let lock = turn.lock(lock);
        let line = Line::read(ports, &lock.control, &lock.target).await?;
        Ok(Wanted { turn: *turn, lock, line })
    }))
    .await
}

/// Takes the turns, and waits until the effects of the turns before can be seen. Returns them and the time waited. If one
/// cannot be taken, none is kept.
pub(crate) async fn take(
    ports: &impl Ports,
    wanted: Vec<Wanted>,
    reserve: Duration,
) -> Result<(Vec<Lease>, Duration), Fault> {
    let (mut taken, mut waited) = (Vec::new(), Duration::ZERO);
    for turn in wanted {
        match take_one(ports, turn, reserve, &mut taken).await {
            Ok(wait) => waited += wait,
            Err(fault) => {
                give_back(ports, &taken, Outcome::Superseded).await?;
                return Err(fault);
            }
        }
    }
    Ok((taken, waited))
}

async fn take_one(
    ports: &impl Ports,
    Wanted { turn, lock, line }: Wanted,
    reserve: Duration,
    taken: &mut Vec<Lease>,
) -> Result<Duration, Fault> {
    let Claim::Held { lease, lost } = ledger::claim(ports, &line, lock, ports.now()).await? else {
        return Err(Fault::transient("turn", "held-by-another-run"));
    };
    taken.push(lease);
    give_back(ports, &lost, Outcome::Failed).await?;
    // A superseded one wrote nothing.
    let last = line.last.filter(|last| !last.outcome.is(&Outcome::Superseded));
    let wait = last.map_or(Duration::ZERO, |last| still_to_wait(ports.now(), last.at, turn.settled()));
    if ports.remaining() < wait + reserve {
        return Err(Fault::transient("turn", "too-little-time-left"));
    }
    if !wait.is_zero() {
        ports.pause(wait).await;
    }
    Ok(wait)
}

/// Gives turns back.
pub(crate) async fn give_back(ports: &impl Ports, turns: &[Lease], outcome: Outcome) -> Result<(), Fault> {
    for turn in turns {
        ledger::release(ports, turn, outcome, ports.now()).await?;
    }
    Ok(())
}

/// Gives back the turns that lost workers kept.
pub(crate) async fn close_lost(ports: &impl Ports) -> Result<(), Fault> {
    for turn in SharedLock::ALL {
        let lost = ledger::orphans(ports, turn.word(), ports.now()).await?.told(ports).await;
        let lost: Vec<_> = lost.into_iter().map(|(key, lock)| Lease { key, lock }).collect();
        give_back(ports, &lost, Outcome::Failed).await?;
    }
    Ok(())
}
