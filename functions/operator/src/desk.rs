//! The desk: it takes requests of people whose identity is proven, checks whether they may, and does what they ask.

use remedy_aws::Sent;
use remedy_domain::{
    Actor, Fault, Mode, Settings,
    evidence::{Deed, FORMAT, Kind},
    redact,
    request::Request,
};
use remedy_engine::{Clock, LedgerBucket, Notices, Own, Put, Store, four_eyes::Deployed};
use serde_json::{Value, json};

use crate::refused::Refused;

/// The way to the functions: what was approved is carried out by the one that asked.
#[expect(async_fn_in_trait, reason = "the desk works on one thread; no future crosses to another")]
pub trait Courier {
    /// Sends an event to a function. If it does not arrive, nothing is lost: the stored objects count, and the event
    /// can be sent again.
    async fn send(&self, function: &str, event: &Value) -> Result<Sent, Fault>;
}

/// What the desk needs from the world.
pub trait Office: Clock + Store + Notices + Own + Courier {}
impl<P: Clock + Store + Notices + Own + Courier> Office for P {}

/// The desk, for one request.
#[derive(Debug)]
pub struct Desk<'a, P> {
    /// The ports.
    pub ports: &'a P,
    /// The settings in force.
    pub settings: &'a Settings,
    /// The state of the deployed document.
    pub deployed: &'a Deployed,
    /// The mode in `REMEDY_MODE`.
    pub environment: Mode,
    /// Who asks; proven.
    pub actor: &'a Actor,
    /// The SHA-256 of the signed request.
    pub request: &'a str,
}

impl<P: Office> Desk<'_, P> {
    /// Does what is asked, or says why not.
    pub async fn serve(&self, request: &Request) -> Result<Value, Refused> {
        match request {
            Request::Approve(_) | Request::Reject(_) => self.may_decide()?,
            _ => self.may_ask()?,
        }
        match request {
            Request::Pending(looking) => self.pending(looking).await,
            Request::Plan(named) => self.plan(&named.id).await,
            Request::Status {} => self.status().await,
            Request::Approve(decide) => self.approve(decide).await,
            Request::Reject(decide) => self.reject(decide).await,
            Request::Revert(revert) => self.ask_for_undo(revert).await,
            Request::Exempt(terms) => self.ask_for_exemption(terms).await,
            Request::Settings(document) => self.ask_for_settings(document).await,
            Request::Hold(turn) => self.hold(turn).await,
            Request::Release(turn) => self.ask_for_release(turn).await,
        }
    }

    fn may_ask(&self) -> Result<(), Refused> {
        if self.settings.people.may_ask(&self.actor.arn) { Ok(()) } else { Err(self.not_allowed("ask")) }
    }

    fn may_decide(&self) -> Result<(), Refused> {
        if self.settings.people.may_decide(&self.actor.arn) { Ok(()) } else { Err(self.not_allowed("decide")) }
    }

    fn not_allowed(&self, what: &'static str) -> Refused {
        Refused::NotAllowed(redact::text(&self.actor.arn), what)
    }

    /// Records what a person does, before it takes effect. Returns the record's key.
    pub(crate) async fn record(&self, deed: &str, about: About<'_>) -> Result<String, Refused> {
        let deed = Deed {
            format: FORMAT,
            kind: Kind::Decision,
            at: self.ports.now(),
            by: self.actor.clone(),
            deed: deed.to_owned(),
            subject: about.subject.to_owned(),
            ask: about.ask.map(str::to_owned),
            about: redact::value(&about.shown),
            reason: about.reason.map(redact::text),
            settings: self.settings.digest(),
            request: self.request.to_owned(),
            attempt: self.ports.attempt()?,
        };
        let key = deed.key();
        let body = remedy_domain::canonical::to_bytes(&deed).map_err(|_| Fault::defect("record", "not-canonical"))?;
        match self.ports.put_new(LedgerBucket::Evidence, &key, &body).await? {
            Put::Created => Ok(key),
            Put::Exists => Err(Fault::defect("record", "key-taken").into()),
        }
    }
}

/// The subject of a deed.
pub(crate) struct About<'a> {
    pub(crate) subject: &'a str,
    pub(crate) ask: Option<&'a str>,
    pub(crate) shown: Value,
    pub(crate) reason: Option<&'a str>,
}

/// The answer of somebody who acts: what was done, and where it is written down.
pub(crate) fn done(what: &str, id: Option<&str>, evidence: &str) -> Value {
    let mut answer = json!({"done": what, "evidence": [evidence]});
    if let (Some(id), Some(members)) = (id, answer.as_object_mut()) {
        members.insert("id".to_owned(), json!(id));
    }
    answer
}
