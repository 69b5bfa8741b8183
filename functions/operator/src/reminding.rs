//! Reminding people of exemptions that end: 14 and 3 days before, once each.

use remedy_domain::{Fault, Region, exemption::Exemption, outcome::Alarm, redact};
use remedy_engine::{Clock, Notice, Notices, Place, Put, Shelf, Store, account, registry};

/// Sends the reminders that are due. Answers how many.
pub(crate) async fn remind(ports: &(impl Clock + Store + Notices)) -> Result<usize, Fault> {
    let mut reminded = 0;
    for exemption in registry::all_exemptions(ports).await? {
        let Some(days) = exemption.reminder_due(ports.now()) else { continue };
        let key = format!("reminded/{}-{}-{days}", exemption.id(), exemption.renewals);
        if ports.put_new(Shelf::State, &key, days.to_string().as_bytes()).await? == Put::Created {
            ports.tell(&notice(&exemption, days)).await;
            reminded += 1;
        }
    }
    Ok(reminded)
}

fn notice(exemption: &Exemption, days: u32) -> Notice {
    let place = Place { account: exemption.account.clone(), region: Region::global() };
    let owner = exemption.owner.as_deref().unwrap_or("nobody");
    let text = format!(
        "the exemption of {} from {} ends in {days} days or less (owner {owner}, renewed {} times): {}",
        exemption.resource, exemption.control, exemption.renewals, exemption.until
    );
    let text = redact::text(&text);
    Notice { alarm: Alarm::Notice, control: "operator".to_owned(), target: account::target(&place), plan: None, text }
}
