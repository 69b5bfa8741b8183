//! The commands of people in the loop: each makes one signed request to the operator function, or several.

mod arguments;
mod exemptions;
mod follow_up;
mod invoking;
mod sending;
mod stack;
mod status;

use std::{io, path::PathBuf, process::ExitCode};

use clap::Subcommand;
use remedy_domain::{
    Settings,
    exemption::{Exemption, Terms},
    hold::HoldScope,
    request::{Decide, Document, Looking, Named, Request, Revert, Turn},
};
use serde_json::value::RawValue;

pub(crate) use arguments::account;
use arguments::{Answering, Approval, Decision, Exempt, Filter, Of, One, Plain, Propose, Stop, Undo};
pub(crate) use exemptions::{Wanted, wanted};
use follow_up::Sequel;
use invoking::{Answer, Line};
use sending::{Ended, NotSent, Sending};
pub(crate) use stack::Stack;

/// The commands of people in the loop.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List waiting asks, a page at a time: those of people first, then the newest. For settings, every difference.
    Pending(Filter),
    /// Show one ask: for a plan, the setting before and after; for settings, every difference.
    Plan(Of),
    /// Agree to what somebody else, or Remedy, asks for.
    Approve(Approval),
    /// Refuse what is asked for.
    Reject(Decision),
    /// Ask to revert repairs: by plan, or by resource and time. Somebody else approves it.
    Revert(Undo),
    /// Ask for exemptions, one by one or from a reviewed file. Somebody else approves them.
    #[command(subcommand)]
    Exempt(Exempt),
    /// Ask for other settings, whatever differs from those in force. Somebody else approves them.
    Settings(Propose),
    /// Put a hold on: nothing is written from the next invocation on.
    Hold(Stop),
    /// Ask for a hold to be released. Somebody else approves it.
    Release(Stop),
    /// Show holds, exemptions, modes, what is protected, and whether the deployed settings are in force. With a stack
    /// also the forecast if every control were enforced today, by function; without one, invoke a function with
    /// {"status": {"control": "..."}}.
    Status(Plain),
}

/// Why nothing, or not everything, was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    #[error("{} cannot be read: {source}", file.display())]
    Unreadable { file: PathBuf, source: io::Error },
    #[error("{} is not JSON: {source}", file.display())]
    NotJson { file: PathBuf, source: serde_json::Error },
    #[error("{}: exemption {number}: {source}", file.display())]
    Terms { file: PathBuf, number: usize, source: remedy_domain::exemption::BadTerms },
    #[error("{} cannot be used: {source}", file.display())]
    Settings { file: PathBuf, source: remedy_domain::settings::SettingsError },
    #[error(transparent)]
    Sending(#[from] sending::NotSent),
}

/// Why the exemptions of a stack are not known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotKnown {
    #[error(transparent)]
    Sent(#[from] NotSent),
    #[error("the operator function does not return the exemptions ({kind}: {message})")]
    Refused { kind: String, message: String },
    #[error("the operator function returns no exemptions: see that it is of this version")]
    Strange,
}

/// The exemptions of a deployed stack.
pub(crate) fn exemptions_of(stack: &Stack, region: Option<String>) -> Result<Vec<Exemption>, NotKnown> {
    let region = region.or_else(|| stack.region.clone());
    let line = Line::open(stack.clone(), region.clone()).map_err(NotSent::from)?;
    let audience = line.audience(None).map_err(NotSent::from)?;
    let request = sending::payload(&Request::Status {}, Some(&audience), region)?;
    match line.invoke("operator", request).map_err(NotSent::from)? {
        Answer::Done(body) => {
            let exemptions = body.get("exemptions").cloned().ok_or(NotKnown::Strange)?;
            serde_json::from_value(exemptions).map_err(|_| NotKnown::Strange)
        }
        Answer::Refused(kind, message) => Err(NotKnown::Refused { kind, message }),
    }
}

/// Runs a command. The exit status is 0 if all was done, 1 if a function refused something, 2 if something was not sent.
pub(crate) fn run(command: Command) -> ExitCode {
    match done(command) {
        Ok(Ended::Done) => ExitCode::SUCCESS,
        Ok(Ended::Refused) => ExitCode::from(1),
        Err(failed) => {
            sending::tell(&failed.to_string());
            ExitCode::from(2)
        }
    }
}

fn done(command: Command) -> Result<Ended, Failed> {
    let sequel = Sequel::of(&command);
    let (requests, sending) = requests(command)?;
    Ok(sending.hand_over(&requests, sequel)?)
}

/// The requests that a command makes, and how they are sent.
fn requests(command: Command) -> Result<(Vec<Request>, Sending), Failed> {
    Ok(match command {
        Command::Pending(Filter { control, account, page, sending }) => {
            (vec![Request::Pending(Looking { control, account, page })], sending)
        }
        Command::Status(plain) => (vec![Request::Status {}], plain.sending),
        Command::Plan(of) => (vec![Request::Plan(Named { id: of.id })], of.sending),
        Command::Approve(approval) => decided(approval.decision, Request::Approve),
        Command::Reject(decision) => decided(decision, Request::Reject),
        Command::Revert(undo) => reverted(undo),
        Command::Exempt(Exempt::Request(one)) => exempted(one),
        Command::Exempt(Exempt::Apply(file)) => (exemptions::read(&file.file)?, file.sending),
        Command::Settings(propose) => (vec![proposed(&propose)?], propose.sending),
        Command::Hold(stop) => turned(stop, Request::Hold),
        Command::Release(stop) => turned(stop, Request::Release),
    })
}

fn decided(decision: Decision, answer: fn(Decide) -> Request) -> (Vec<Request>, Sending) {
    let Decision { ids, reason, sending } = decision;
    let requests = ids.into_iter().map(|id| answer(Decide { id, reason: reason.clone() }));
    (requests.collect(), sending)
}

fn reverted(undo: Undo) -> (Vec<Request>, Sending) {
    let Undo { plan, resource, control, account, since, until, days, answering, sending } = undo;
    let Answering { owner, reason, ticket, alternative } = answering;
    let revert = Revert { plan, resource, control, account, since, until, owner, reason, ticket, alternative, days };
    (vec![Request::Revert(revert)], sending)
}

fn exempted(one: One) -> (Vec<Request>, Sending) {
    let One { control, account, resource, days, answering, sending } = one;
    let Answering { owner, reason, ticket, alternative } = answering;
    let terms = Terms { control, account, resource, owner, reason, ticket, alternative, days };
    (vec![Request::Exempt(terms)], sending)
}

/// The document is checked here too: a mistake in it is nothing to sign.
fn proposed(propose: &Propose) -> Result<Request, Failed> {
    let file = &propose.file;
    let text = std::fs::read_to_string(file).map_err(|source| Failed::Unreadable { file: file.clone(), source })?;
    Settings::parse(text.as_bytes()).map_err(|source| Failed::Settings { file: file.clone(), source })?;
    let document = RawValue::from_string(text).map_err(|source| Failed::NotJson { file: file.clone(), source })?;
    Ok(Request::Settings(Document { document, reason: propose.reason.clone() }))
}

fn turned(stop: Stop, turn: fn(Turn) -> Request) -> (Vec<Request>, Sending) {
    let Stop { all: _, account, control, reason, sending } = stop;
    let scope = match (account, control) {
        (Some(account), _) => HoldScope::Account(account),
        (None, Some(control)) => HoldScope::Control(control),
        (None, None) => HoldScope::All,
    };
    (vec![turn(Turn { scope, reason })], sending)
}
