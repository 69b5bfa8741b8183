//! The settings in force while they name no approver: the deployed document. The functions record it.
//!
//! `settings/opening/<after>/<number>`, create-only, numbered from 0 on without a gap; `<after>` is `first`, or names
//! the settings in force that it follows, which name no approver. The first document in line that names one ends the
//! line: later ones do not count, so an attacker who takes over a function's role afterwards changes nothing.

use futures_util::future::{try_join, try_join_all, try_join4};
use remedy_domain::{
    Fault, Mode, Settings, Timestamp, canonical, evidence,
    outcome::Alarm,
    settings::{self, Written},
};

use super::{ADOPTED, Change, Deployment, Governing, IN_FORCE, InForce, Stored, Unread, can_be_decided, damaged};
use crate::{
    account,
    backlog::{self, Baseline},
    ledger::bytes,
    outbox,
    ports::{Clock, LedgerBucket, Notices, Put, Store},
};

const FOLDER: &str = "settings/";
/// If another function records a document at the same time, the line is read again this often.
const TRIES: usize = 4;
/// The code of the fault that settings in force are gone.
pub const LOST: &str = "settings-in-force-lost";

/// The name of the line that follows nothing.
pub(super) const FIRST: &str = "first";

/// A look at a line: the keys under `settings/`, and the first document in it. Mostly there is one.
type Look = Result<(Vec<String>, Option<Vec<u8>>), Fault>;

pub(super) async fn look(store: &impl Store, line: &str) -> Look {
    let first = key(line, 0);
    try_join(store.list(LedgerBucket::State, FOLDER), store.get(LedgerBucket::State, &first)).await
}

fn key(line: &str, number: usize) -> String {
    format!("{FOLDER}opening/{line}/{number:04}")
}

/// Where a document was recorded.
#[derive(Debug, Clone)]
pub(super) struct Opening {
    key: String,
    pub(super) at: Timestamp,
    /// The one before it.
    previous: Option<Written>,
}

impl Opening {
    /// The change by which the document came into force.
    pub(super) fn change(&self, written: &Written, environment: Mode) -> Change<'static> {
        let before = self.previous.as_ref().map(|previous| previous.settings.clone());
        let from = before.as_ref().map(Settings::digest).unwrap_or_default();
        let id = canonical::sha256_hex(format!("{} {}", self.key, written.sha256()).as_bytes());
        let differences = settings::differences(&before.unwrap_or_default(), &written.settings, environment);
        Change { from, differences, written: written.clone(), at: self.at, agreement: None, id }
    }
}

/// The settings in force if none that are stored name an approver: `stored` and `current` are the stored ones, if any.
pub(super) async fn governing(
    ports: &(impl Store + Clock + Notices),
    deployment: &Deployment<'_>,
    (stored, current): (Option<&[u8]>, Option<Written>),
    (document, mut early): (Result<Written, Unread>, Option<Look>),
) -> Result<Governing, Fault> {
    for _ in 0..TRIES {
        let line = match Line::read(ports, stored, current.clone(), early.take()).await {
            Err(fault) if fault.code == LOST => return Err(page(ports, deployment, fault).await),
            line => line?,
        };
        let document = match (line.last(), &document) {
            (Some(last), document) if can_be_decided(last) => return line.beside(document.clone()),
            (Some(last), Ok(written)) if written.settings != last.settings => written,
            (Some(_), document) => return line.beside(document.clone()),
            (None, Err(unread)) => return Err(unread.fault.clone()),
            (None, Ok(written)) => written,
        };
        if line.last().is_none() && was_in_force(ports).await? {
            let fault = unless_there(ports, &key(FIRST, 0)).await?;
            return Err(page(ports, deployment, fault).await);
        }
        if let Some(governing) = line.go_on(ports, deployment, document).await? {
            return Ok(governing);
        }
    }
    Err(Fault::transient("settings", "changed-by-others"))
}

/// The documents that were in force, in their order.
struct Line {
    name: String,
    /// The settings that they follow.
    after: Option<Written>,
    documents: Vec<(Written, Timestamp)>,
}

impl Line {
    async fn read(
        store: &impl Store,
        stored: Option<&[u8]>,
        after: Option<Written>,
        early: Option<Look>,
    ) -> Result<Self, Fault> {
        let digest = |body| canonical::sha256_hex(body).chars().take(32).collect();
        let name = stored.map_or_else(|| FIRST.to_owned(), digest);
        let key = |number: usize| key(&name, number);
        let (keys, first) = match early {
            Some(look) => look?,
            None => look(store, &name).await?,
        };
        let folder = format!("{FOLDER}opening/{name}/");
        let listed: Vec<_> = keys.iter().filter(|key| key.starts_with(&folder)).collect();
        let has_gaps = listed.iter().enumerate().any(|(number, found)| **found != key(number));
        if has_gaps {
            return Err(lost());
        }
        if stored.is_none() && keys.iter().any(|key| key == ADOPTED) {
            return Err(unless_there(store, IN_FORCE).await?);
        }
        let first = match first {
            // It was put between the two reads.
            None if !listed.is_empty() => store.get(LedgerBucket::State, &key(0)).await?,
            first => first,
        };
        let others: Vec<_> = (1..listed.len()).map(key).collect();
        let others = try_join_all(others.iter().map(|key| store.get(LedgerBucket::State, key))).await?;
        let mut documents = Vec::new();
        for body in [first].into_iter().chain(others).flatten() {
            let Stored { written, at } = Stored::read(&body)?;
            let written = written.map_err(|error| damaged(&error))?;
            let ends = can_be_decided(&written);
            documents.push((written, at));
            if ends {
                break;
            }
        }
        Ok(Self { name, after, documents })
    }

    fn last(&self) -> Option<&Written> {
        self.documents.last().map(|(written, _)| written).or(self.after.as_ref())
    }

    /// The last one, compared with the deployed document.
    fn beside(self, document: Result<Written, Unread>) -> Result<Governing, Fault> {
        let Self { name, after, mut documents } = self;
        let is_first = after.is_none();
        let number = documents.len().saturating_sub(1);
        match (documents.pop(), after) {
            (Some((written, at)), after) => {
                let previous = documents.pop().map(|(written, _)| written).or(after);
                // Documents that follow stored settings stay with the functions until two people agree to others.
                let opening = is_first.then(|| Opening { key: key(&name, number), at, previous });
                Ok(Governing { opening, ..Governing::beside(written, document)? })
            }
            (None, Some(after)) => Governing::beside(after, document),
            (None, None) => Err(Fault::defect("settings", "nothing-in-force")),
        }
    }

    /// Records the document as the next. None: another function was faster.
    async fn go_on(
        &self,
        ports: &(impl Store + Clock + Notices),
        deployment: &Deployment<'_>,
        document: &Written,
    ) -> Result<Option<Governing>, Fault> {
        let (at, previous) = (ports.now(), self.last().cloned());
        let key = key(&self.name, self.documents.len());
        if ports.put_new(LedgerBucket::State, &key, &bytes(&InForce::of(document, at))?).await? == Put::Exists {
            return Ok(None);
        }
        let opening = Opening { key, at, previous };
        let change = opening.change(document, deployment.environment);
        change.record(ports).await?;
        // The very first is not notified, unless it names an approver from now on.
        if opening.previous.is_some() || can_be_decided(document) {
            change.tell(ports, deployment.account).await;
        }
        let opening = self.after.is_none().then_some(opening);
        Ok(Some(Governing { opening, ..Governing::beside(document.clone(), Ok(document.clone()))? }))
    }
}

/// Whether any stored object shows that settings were in force: a decision, a hold, or a baseline under them.
async fn was_in_force(store: &impl Store) -> Result<bool, Fault> {
    let lists = ["ask/", "hold/", "exemption/", "baseline/"].map(|prefix| store.list(LedgerBucket::State, prefix));
    let [asks, holds, exemptions, baselines] = lists;
    let (asks, holds, exemptions, baselines) = try_join4(asks, holds, exemptions, baselines).await?;
    let decided = asks.iter().any(|key| key.ends_with(".decision"));
    if decided || !holds.is_empty() || !exemptions.is_empty() {
        return Ok(true);
    }
    let drawn = baselines.iter().map(|key| backlog::baseline_at(store, key));
    let drawn = try_join_all(drawn).await?;
    Ok(drawn.into_iter().flatten().any(|baseline: Baseline| !baseline.settings.is_empty()))
}

/// The fault that settings are gone, unless others have only just put them there.
async fn unless_there(store: &impl Store, key: &str) -> Result<Fault, Fault> {
    match store.get(LedgerBucket::State, key).await? {
        Some(_) => Err(Fault::transient("settings", "changed-by-others")),
        None => Ok(lost()),
    }
}

fn lost() -> Fault {
    let next = "put settings/in-force and settings/opening/ back from the state bucket's old versions: see the runbook";
    Fault::rejected("settings", LOST, next)
}

async fn page(ports: &(impl Store + Clock + Notices), deployment: &Deployment<'_>, fault: Fault) -> Fault {
    let text = format!(
        "the settings in force are gone from the state bucket, and nothing is changed until they are back: {fault}"
    );
    let notice = account::notice("settings", deployment.account, Alarm::Page, &text);
    outbox::tell(ports, &format!("{LOST}-{}", evidence::hour(ports.now())), &notice).await;
    fault
}
