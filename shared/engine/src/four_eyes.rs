//! Settings with four eyes: once the settings in force name an approver, no other settings come into force without a
//! second person, whatever the difference. docs/adr/0025 says why, and how they are stored.
//!
//! `settings/in-force` holds the settings in force; the operator function alone writes it. Until it does, and while the
//! settings name no approver, the deployed document is in force: the functions record each one in `settings/opening/`,
//! create-only. A document that cannot be read leaves the last good one in force.

mod opening;
mod stored;

use std::future::Future;

use futures_util::future::{OptionFuture, join3};
use remedy_domain::{
    AccountId, Actor, Fault, Mode, Settings, Timestamp,
    ask::Proposal,
    canonical,
    evidence::{self, Changed, Kind},
    outcome::Alarm,
    settings::{self, Difference, Written},
};

use crate::{
    account,
    ledger::bytes,
    outbox::{self, Posted},
    ports::{Clock, LedgerBucket, Notices, Put, Store},
};
pub use opening::LOST;
use opening::Opening;
pub use stored::InForce;
use stored::{Stored, damaged};

const IN_FORCE: &str = "settings/in-force";
/// Marks that there is a `settings/in-force` from now on.
const ADOPTED: &str = "settings/adopted";

/// The deployment, as far as it affects settings.
#[derive(Debug, Clone, Copy)]
pub struct Deployment<'a> {
    /// The account.
    pub account: &'a AccountId,
    /// The mode in `REMEDY_MODE`.
    pub environment: Mode,
}

/// The reason why the deployed document cannot be used.
#[derive(Debug, Clone)]
pub struct Unread {
    /// The fault of reading it.
    pub fault: Fault,
    /// Its text, if there is one: a later version may be able to read it.
    pub text: Option<String>,
}

/// The settings in force.
#[derive(Debug, Clone)]
pub struct Governing {
    /// The document and its settings.
    pub written: Written,
    /// The state of the deployed document.
    pub deployed: Deployed,
    /// The objects that the next invocation should read ahead.
    pub ahead: Ahead,
    /// Where they were recorded, if no operator took them over yet.
    opening: Option<Opening>,
}

/// The objects read beside the settings in force, in case none are stored: it saves a round trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ahead {
    /// The documents that the functions recorded. So does a new instance, which knows nothing.
    #[default]
    Opening,
    /// Nothing: the settings in force were stored the last time.
    Nothing,
}

/// The state of the deployed document.
#[derive(Debug, Clone)]
pub enum Deployed {
    /// It is in force.
    InForce,
    /// It has other settings, and waits for two people.
    Waits(Box<Written>),
    /// It cannot be read; the settings in force stay.
    Unreadable(Fault),
}

impl Governing {
    /// The settings in force if no document is deployed: all defaults.
    #[must_use]
    pub fn by_default() -> Self {
        let written = Written { text: "{}".to_owned(), settings: Settings::default() };
        Self { written, deployed: Deployed::InForce, ahead: Ahead::default(), opening: None }
    }

    fn beside(current: Written, document: Result<Written, Unread>) -> Result<Self, Fault> {
        let deployed = match document {
            Ok(document) if document.settings == current.settings => Deployed::InForce,
            // Of a later version: its text was put in force, and this version reads the members that it knows.
            Err(unread) if unread.text.as_ref() == Some(&current.text) => Deployed::InForce,
            Ok(document) => Deployed::Waits(Box::new(document)),
            Err(unread) if unread.fault.is_transient() => return Err(unread.fault),
            Err(unread) => Deployed::Unreadable(unread.fault),
        };
        Ok(Self { written: current, deployed, ahead: Ahead::Opening, opening: None })
    }

    /// The notice about the deployed document, and its id: once for each document, and once an hour for one that cannot
    /// be read.
    #[must_use]
    pub fn news(&self, deployment: &Deployment<'_>, now: Timestamp) -> Option<(String, String)> {
        let current = &self.written.settings;
        match &self.deployed {
            Deployed::InForce => None,
            Deployed::Waits(document) => {
                let differs = settings::differences(current, &document.settings, deployment.environment);
                let text = format!(
                    "the settings that are deployed differ from those in force, which stay: {}. Ask for them: remedy settings <file>",
                    settings::told(&differs)
                );
                Some((format!("settings-{}-{}", current.digest(), document.settings.digest()), text))
            }
            Deployed::Unreadable(fault) => {
                let text = format!("the settings that are deployed cannot be read, and those in force stay: {fault}");
                let what = canonical::sha256_hex(fault.to_string().as_bytes());
                Some((format!("settings-unreadable-{}-{what}", evidence::hour(now)), text))
            }
        }
    }
}

/// Notifies people of the state of the deployed document.
pub async fn tell(ports: &(impl Store + Clock + Notices), account: &AccountId, (id, text): (&str, &str)) -> Posted {
    outbox::tell(ports, id, &account::notice("settings", account, Alarm::Alarm, text)).await
}

/// The settings in force. The deployed document is read in parallel with the stored settings in force.
pub async fn governing(
    ports: &(impl Store + Clock + Notices),
    deployment: &Deployment<'_>,
    document: impl Future<Output = Result<Written, Unread>>,
    ahead: Ahead,
) -> Result<Governing, Fault> {
    let early = OptionFuture::from((ahead == Ahead::Opening).then(|| opening::look(ports, opening::FIRST)));
    let (document, stored, early) = join3(document, ports.get(LedgerBucket::State, IN_FORCE), early).await;
    let stored = stored?;
    let current = stored.as_deref().map(Stored::read).transpose()?.map(|stored| stored.written).transpose();
    let current = current.map_err(|error| damaged(&error))?;
    match current {
        Some(current) if can_be_decided(&current) => {
            Ok(Governing { ahead: Ahead::Nothing, ..Governing::beside(current, document)? })
        }
        current => {
            let early = early.filter(|_| stored.is_none());
            opening::governing(ports, deployment, (stored.as_deref(), current), (document, early)).await
        }
    }
}

fn can_be_decided(written: &Written) -> bool {
    !written.settings.people.approvers.is_empty()
}

/// The agreement of two people.
#[derive(Debug, Clone, Copy)]
pub struct Agreement<'a> {
    /// Who asked, and who agreed.
    pub people: (&'a Actor, &'a Actor),
    /// The ask.
    pub ask: &'a str,
    /// When they agreed.
    pub at: Timestamp,
}

/// Puts other settings in force, as two people agreed. It is recorded first, and notified afterwards; a repetition adds
/// nothing.
pub async fn put(
    ports: &(impl Store + Clock + Notices),
    (proposal, written): (&Proposal, &Written),
    agreement: &Agreement<'_>,
) -> Result<(), Fault> {
    let (asker, approver) = agreement.people;
    let change = Change {
        from: proposal.from.clone(),
        differences: proposal.differences.clone(),
        written: written.clone(),
        at: agreement.at,
        agreement: Some(agreement),
        id: canonical::sha256_hex(format!("{} {}", agreement.ask, agreement.at).as_bytes()),
    };
    change.record(ports).await?;
    let people = serde_json::to_value((asker, approver)).unwrap_or_default();
    let form = InForce { people, ask: Some(agreement.ask.to_owned()), ..InForce::of(written, agreement.at) };
    ports.put(IN_FORCE, &bytes(&form)?).await?;
    adopted(ports).await?;
    change.tell(ports, &approver.account).await;
    Ok(())
}

/// Takes over the document that the functions recorded: from now on the settings in force are where only the operator
/// writes. Settings that name no approver stay with the functions.
pub async fn adopt(
    ports: &(impl Store + Clock + Notices),
    deployment: &Deployment<'_>,
    governing: &Governing,
) -> Result<(), Fault> {
    let Some(opening) = governing.opening.as_ref().filter(|_| can_be_decided(&governing.written)) else {
        return Ok(());
    };
    // The function that recorded them may have crashed before it wrote the record, or sent the notice.
    let change = opening.change(&governing.written, deployment.environment);
    change.record(ports).await?;
    change.tell(ports, deployment.account).await;
    let form = InForce::of(&governing.written, opening.at);
    // Somebody may have put others in force in between: those stay.
    ports.put_new(LedgerBucket::State, IN_FORCE, &bytes(&form)?).await?;
    adopted(ports).await
}

async fn adopted(ports: &(impl Store + Clock)) -> Result<(), Fault> {
    ports.put_new(LedgerBucket::State, ADOPTED, &bytes(&ports.now())?).await.map(|_| ())
}

/// Other settings come into force.
struct Change<'a> {
    /// The digest of the settings before; empty if there were none.
    from: String,
    differences: Vec<Difference>,
    written: Written,
    at: Timestamp,
    agreement: Option<&'a Agreement<'a>>,
    id: String,
}

impl Change<'_> {
    async fn record(&self, ports: &impl Store) -> Result<(), Fault> {
        let people = self.agreement.map(|agreement| agreement.people);
        let record = Changed {
            format: evidence::FORMAT,
            kind: Kind::Settings.into(),
            at: self.at,
            from: self.from.clone(),
            to: self.written.settings.digest(),
            document: self.written.sha256(),
            count: self.differences.len(),
            differences: settings::listed(&self.differences),
            asked_by: people.map(|(asker, _)| asker.clone()),
            approved_by: people.map(|(_, approver)| approver.clone()),
            ask: self.agreement.map(|agreement| agreement.ask.to_owned()),
            change: self.id.clone(),
        };
        match ports.put_new(LedgerBucket::Evidence, &record.key(), &bytes(&record)?).await? {
            // The key is the change's own: the first writer wrote the same.
            Put::Created | Put::Exists => Ok(()),
        }
    }

    async fn tell(&self, ports: &(impl Store + Clock + Notices), account: &AccountId) {
        let by = self.agreement.map_or_else(
            || "as they are deployed, for those before named nobody who decides".to_owned(),
            |agreement| format!("asked for by {}, approved by {}", agreement.people.0, agreement.people.1),
        );
        let text = format!("other settings are in force ({by}): {}", settings::told(&self.differences));
        let notice = account::notice("settings", account, Alarm::Alarm, &text);
        outbox::tell(ports, &format!("settings-changed-{}", self.id), &notice).await;
    }
}

#[cfg(test)]
mod tests;
