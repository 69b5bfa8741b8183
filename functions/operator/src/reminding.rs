//! Reminding people of exemptions that end: 14 and 3 days before, and once one has ended, once each.

use remedy_domain::{Fault, exemption::Exemption, outcome::Alarm, renamed};
use remedy_engine::{
    Clock, Notice, Notices, Own, Store, account,
    outbox::{self, Posted},
    registry,
};

/// Sends the reminders that are due. Returns how many.
pub(crate) async fn remind(ports: &(impl Clock + Store + Notices + Own)) -> Result<usize, Fault> {
    let mut reminded = 0;
    for exemption in registry::all_exemptions(ports).await? {
        let Some(days) = exemption.reminder_due(ports.now()) else { continue };
        let id = format!("reminder-{}-{}-{days}", exemption.id(), exemption.until.as_second());
        reminded += usize::from(outbox::tell(ports, &id, &notice(&exemption, days)).await == Posted::Ours);
    }
    Ok(reminded)
}

fn notice(exemption: &Exemption, days: u32) -> Notice {
    let owner = exemption.owner.as_deref().unwrap_or("nobody");
    let ends = match days {
        0 => "has ended, and the violation is put right again".to_owned(),
        days => format!("ends in {days} days or less"),
    };
    let control = renamed::current(&exemption.control);
    let text = format!(
        "the exemption of {} from {control} {ends} (owner {owner}, renewed {} times): {}",
        exemption.resource, exemption.renewals, exemption.until
    );
    account::notice("operator", &exemption.account, Alarm::Notice, &text)
}
