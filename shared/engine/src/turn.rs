//! Plans that take administrators away take turns in an account: two at once, each of which leaves enough, may together
//! leave too few.

use std::time::Duration;

use remedy_domain::{Fault, Outcome, Region, evidence::Lock};

use crate::{
    account,
    ledger::{self, Claim, Lease},
    ports::{Place, Ports},
};

/// Whose lock it is: no control's, but that of all of them.
pub(crate) const ADMINISTRATORS: &str = "administrators";
/// IAM shows a change everywhere within seconds: so long after a turn, what is seen may be as it was before.
const SETTLED: Duration = Duration::from_secs(10);

/// Takes the turn for the account of `lock`, and waits until the one before can be seen.
pub(crate) async fn take(ports: &impl Ports, lock: &Lock, reserve: Duration) -> Result<Lease, Fault> {
    let place = Place { account: lock.target.account.clone(), region: Region::global() };
    let turn = Lock { control: ADMINISTRATORS.to_owned(), target: account::target(&place), ..lock.clone() };
    let Claim::Held { lease, lost, last } = ledger::claim(ports, turn, ports.now()).await? else {
        return Err(Fault::transient("turn", "held-by-another-run"));
    };
    for lost in lost {
        ledger::release(ports, &lost, Outcome::Failed, ports.now()).await?;
    }
    let since = last.map(|last| Duration::try_from(ports.now().duration_since(last.at)).unwrap_or_default());
    let wait = since.map_or(Duration::ZERO, |since| SETTLED.saturating_sub(since));
    if ports.remaining() < wait + reserve {
        ledger::release(ports, &lease, Outcome::Superseded, ports.now()).await?;
        return Err(Fault::transient("turn", "too-little-time-left"));
    }
    if !wait.is_zero() {
        ports.pause(wait).await;
    }
    Ok(lease)
}

/// Gives back the turns that lost workers kept.
pub(crate) async fn close_lost(ports: &impl Ports) -> Result<(), Fault> {
    for lost in ledger::orphans(ports, ADMINISTRATORS, ports.now()).await? {
        ledger::release(ports, &lost, Outcome::Failed, ports.now()).await?;
    }
    Ok(())
}
