//! Looking: what waits for people, one ask whole, and the state of holds and exemptions.

use std::collections::BTreeMap;

use futures_util::future::try_join3;
use remedy_domain::{
    ask::{Answer, Subject},
    evidence::{self, Kind},
    exemption::Exemption,
    hold::Hold,
    redact, renamed,
    request::Looking,
    settings::{self, Difference, Protected},
};
use remedy_engine::{
    LedgerBucket,
    asks::{self, OnFile, Which},
    four_eyes::Deployed,
    registry,
};
use serde_json::{Value, json};

use crate::{
    asking::shown,
    desk::{Desk, Office},
    refused::Refused,
};

/// The number of asks on one page.
const PAGE: usize = 50;

impl<P: Office> Desk<'_, P> {
    /// One page of waiting asks, and the count for each control, so that a single one is not lost among thousands.
    pub(crate) async fn pending(&self, looking: &Looking) -> Result<Value, Refused> {
        let now = self.ports.now();
        let which = Which { control: looking.control.clone(), account: looking.account.clone() };
        let open = asks::open_asks(self.ports, &which, (now, &self.settings.people)).await?;
        let (page, pages) = (looking.page.unwrap_or(1).max(1), open.len().div_ceil(PAGE).max(1));
        let shown: Vec<_> = open.iter().skip((page - 1).saturating_mul(PAGE)).take(PAGE).cloned().collect();
        let pending = asks::read(self.ports, &shown, (now, &self.settings.people)).await?;
        let mut controls: BTreeMap<&str, usize> = BTreeMap::new();
        for one in &open {
            *controls.entry(one.control.as_str()).or_default() += 1;
        }
        let lines: Vec<_> = pending.asks.iter().map(line).collect();
        let mut answer =
            json!({"pending": lines, "controls": controls, "waiting": open.len(), "page": page, "pages": pages});
        if let (Some(members), false) = (answer.as_object_mut(), pending.damaged.is_empty()) {
            members.insert("damaged".to_owned(), json!(pending.damaged));
        }
        Ok(answer)
    }

    /// One whole ask. For a plan, the record of its draft: the setting before and after, redacted.
    pub(crate) async fn plan(&self, id: &str) -> Result<Value, Refused> {
        let on_file = asks::latest(self.ports, id).await?.ok_or(Refused::NothingWaits)?;
        let mut shown = line(&on_file);
        let Some(members) = shown.as_object_mut() else { return Ok(shown) };
        match &on_file.ask.subject {
            Subject::Plan { plan } => {
                members.insert("drafted".to_owned(), json!(plan.at));
                members.extend(self.recorded(&on_file, &plan.plan.control).await?);
            }
            Subject::Exemption { terms } => {
                members.insert("covers".to_owned(), json!({"waiting": self.covered(terms).await?}));
            }
            Subject::Settings(proposal) => {
                let is_current = proposal.from == self.settings.digest();
                members.insert("outdated".to_owned(), json!(!is_current));
            }
            Subject::Undo { .. } | Subject::Release { .. } | Subject::Other(_) => {}
        }
        Ok(shown)
    }

    /// The parts that the record of a waiting plan adds to it.
    async fn recorded(&self, on_file: &OnFile, control: &str) -> Result<Vec<(String, Value)>, Refused> {
        let Some((key, record)) = self.record_of(on_file, control).await? else {
            return Ok(vec![("recorded".to_owned(), Value::Null)]);
        };
        let told = ["violations", "before", "after", "forecast", "mode"]
            .map(|member| (member.to_owned(), redact::value(record.get(member).unwrap_or(&Value::Null))));
        Ok([("recorded".to_owned(), json!(key))].into_iter().chain(told).collect())
    }

    /// The record of a plan that waits: its key has the id that the control had when it was written.
    async fn record_of(&self, on_file: &OnFile, control: &str) -> Result<Option<(String, Value)>, Refused> {
        for id in [renamed::current(control)].iter().chain(renamed::former(control)) {
            let key = evidence::key(on_file.ask.at, id, Kind::Held, &on_file.id);
            let body = self.ports.get(LedgerBucket::Evidence, &key).await?;
            if let Some(record) = body.and_then(|body| serde_json::from_slice(&body).ok()) {
                return Ok(Some((key, record)));
            }
        }
        Ok(None)
    }

    /// Asks that wait or were rejected. Beyond some pages, the rest is counted without checking for decisions.
    async fn waiting(&self) -> Result<(Vec<OnFile>, usize), Refused> {
        let now = self.ports.now();
        let open = asks::open_asks(self.ports, &Which::default(), (now, &self.settings.people)).await?;
        let (read, rest) = open.split_at(open.len().min(PAGE * 4));
        let read = asks::read(self.ports, read, (now, &self.settings.people)).await?;
        let waiting = read.asks.iter().filter(|on_file| on_file.decision.is_none()).count();
        Ok((read.asks, waiting + read.damaged.len() + rest.len()))
    }

    pub(crate) async fn status(&self) -> Result<Value, Refused> {
        let (now, people) = (self.ports.now(), &self.settings.people);
        let on_file = try_join3(
            async { registry::holds(self.ports).await.map_err(Refused::from) },
            async { registry::all_exemptions(self.ports).await.map_err(Refused::from) },
            self.waiting(),
        );
        let (holds, exemptions, (open, waiting)) = on_file.await?;
        let holds = holds.into_iter().filter(Hold::is_on).map(Hold::current);
        let current: Vec<_> = exemptions.into_iter().map(Exemption::current).filter(|one| now < one.until).collect();
        let is_orphan = |one: &&Exemption| one.approved_by.as_ref().is_some_and(|by| !people.may_decide(&by.arn));
        let modes = &self.settings.modes;
        Ok(json!({
            "holds": holds.map(|hold| redact::value(&json!(hold))).collect::<Vec<_>>(),
            "exemptions": current.iter().map(|one| redact::value(&json!(one))).collect::<Vec<_>>(),
            "exemptions_of_former_approvers": current.iter().filter(is_orphan).map(orphan).collect::<Vec<_>>(),
            "pending": waiting,
            "rejected": open.iter().filter_map(rejected).collect::<Vec<_>>(),
            "protected": protected(&self.settings.protected),
            "modes": {"default": modes.default.unwrap_or(self.environment), "controls": modes.controls, "accounts": modes.accounts},
            "settings": self.settings.digest(),
            "document": self.document(),
        }))
    }

    /// The state of the deployed document.
    fn document(&self) -> Value {
        match self.deployed {
            Deployed::InForce => json!("in-force"),
            Deployed::Unreadable(fault) => json!({"unreadable": redact::text(&fault.to_string())}),
            Deployed::Waits(document) => {
                let differences = settings::differences(self.settings, &document.settings, self.environment);
                json!({"waits": differences.iter().map(Difference::shown).collect::<Vec<_>>()})
            }
        }
    }
}

/// Protected resources may stay in violation for ever: everybody who looks sees how much is protected.
fn protected(protected: &Protected) -> Value {
    let count = protected.principals.len() + protected.resources.len() + protected.break_glass.len();
    let mut shown = redact::value(&json!(protected));
    if let Some(members) = shown.as_object_mut() {
        members.insert("count".to_owned(), json!(count));
    }
    shown
}

fn orphan(exemption: &Exemption) -> Value {
    let Exemption { control, account, resource, until, approved_by, .. } = exemption;
    let by = approved_by.as_ref().map(|by| &by.arn);
    redact::value(
        &json!({"control": control, "account": account, "resource": resource, "until": until, "approved_by": by}),
    )
}

/// A repair that somebody rejected, and who is responsible.
fn rejected(on_file: &OnFile) -> Option<Value> {
    let (Subject::Plan { plan }, Some(decision)) = (&on_file.ask.subject, &on_file.decision) else { return None };
    let (control, target) = (renamed::current(&plan.plan.control), &plan.plan.target);
    let shown = json!({"id": on_file.id, "control": control, "target": target, "owner": decision.by.arn,
        "reason": decision.reason, "at": decision.at, "until": on_file.ask.until});
    decision.answer.is(&Answer::Rejected).then(|| redact::value(&shown))
}

fn line(on_file: &OnFile) -> Value {
    let ask = &on_file.ask;
    redact::value(&json!({
        "id": on_file.id,
        "what": ask.subject.word(),
        "about": shown(&ask.subject),
        "reason": ask.reason,
        "by": ask.by,
        "since": ask.at,
        "until": ask.until,
        "decision": on_file.decision,
    }))
}
