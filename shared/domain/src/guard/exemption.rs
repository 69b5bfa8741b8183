//! A stored record says that the violation is to stay. It holds back repairs, not the undo that it was granted for.

use super::{Objection, Purpose, Snapshot};
use crate::{outcome::Outcome, reason::Reason, redact};

pub(super) fn check(snapshot: &Snapshot<'_>) -> Option<Objection> {
    let holds = |exemption: &&crate::exemption::Exemption| {
        exemption.holds(snapshot.control.id.0, snapshot.target, snapshot.now)
    };
    let exemption = snapshot.exemptions.iter().filter(holds).max_by_key(|exemption| exemption.until)?;
    let owner = exemption.owner.as_deref().map_or(String::new(), |owner| format!(", owner {}", redact::text(owner)));
    let why = format!("exempt until {}{owner} ({})", exemption.until, redact::text(&exemption.reason));
    let why = Reason::new("exempt", why);
    let change = "let the exemption expire";
    (snapshot.purpose == Purpose::Repair).then_some(Objection {
        check: "exemption",
        why,
        change,
        outcome: Outcome::Exempt,
    })
}
