//! The commands of people in the loop: each makes one signed request to the operator function, or several.

mod exemptions;
mod sending;

use std::{
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Subcommand};
use remedy_domain::{
    AccountId, Settings, Timestamp,
    exemption::Terms,
    hold::HoldScope,
    request::{Decide, Document, Named, Request, Revert, Turn},
};
use serde_json::value::RawValue;

pub(crate) use sending::Sending;

/// The commands of people in the loop.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List what waits for people.
    Pending(Plain),
    /// Show one of it.
    Plan(Of),
    /// Agree to what somebody else, or Remedy, asks for.
    Approve(Decision),
    /// Refuse what is asked for.
    Reject(Decision),
    /// Ask for repairs to be taken back: by plan, or by resource and time. Somebody else approves it.
    Revert(Undo),
    /// Ask for exemptions, one by one or from a reviewed file. Somebody else approves them.
    #[command(subcommand)]
    Exempt(Exempt),
    /// Ask for settings that loosen those in force. Somebody else approves them.
    Settings(Propose),
    /// Put a hold on: nothing is written from the next invocation on.
    Hold(Stop),
    /// Ask for a hold to be released. Somebody else approves it.
    Release(Stop),
    /// Show holds, exemptions and modes. What would come of it if a control were enforced today says its function, invoked
    /// with {"status": {"control": "..."}}.
    Status(Plain),
}

/// A command that says nothing more.
#[derive(Debug, Args)]
pub(crate) struct Plain {
    #[command(flatten)]
    sending: Sending,
}

/// One ask.
#[derive(Debug, Args)]
pub(crate) struct Of {
    /// Its id: 64 hex digits.
    id: String,
    #[command(flatten)]
    sending: Sending,
}

/// A decision.
#[derive(Debug, Args)]
pub(crate) struct Decision {
    /// What is decided: ids of 64 hex digits.
    #[arg(required = true)]
    ids: Vec<String>,
    /// Why.
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    sending: Sending,
}

/// Who answers for a violation that stays, and why.
#[derive(Debug, Args)]
pub(crate) struct Answering {
    /// Who answers for it: a person or a team.
    #[arg(long)]
    owner: String,
    /// Why.
    #[arg(long)]
    reason: String,
    /// Where it is tracked.
    #[arg(long)]
    ticket: String,
    /// The equivalent alternative measure (45 CFR 164.306(d)(3)).
    #[arg(long)]
    alternative: String,
}

/// Repairs to take back.
#[derive(Debug, Args)]
pub(crate) struct Undo {
    /// The plan that was carried out: 64 hex digits.
    #[arg(required_unless_present = "resource", conflicts_with = "resource")]
    plan: Option<String>,
    /// Instead, the resource: its id or ARN.
    #[arg(long)]
    resource: Option<String>,
    /// Only repairs of this control.
    #[arg(long, requires = "resource")]
    control: Option<String>,
    /// Only repairs in this account.
    #[arg(long, requires = "resource", value_parser = account)]
    account: Option<AccountId>,
    /// Only repairs at this time or later, as in 2026-03-02T10:15:00Z.
    #[arg(long, requires = "resource")]
    since: Option<Timestamp>,
    /// Only repairs before this time.
    #[arg(long, requires = "resource")]
    until: Option<Timestamp>,
    /// For how many days it stays undone.
    #[arg(long)]
    days: Option<u32>,
    #[command(flatten)]
    answering: Answering,
    #[command(flatten)]
    sending: Sending,
}

/// Exemptions.
#[derive(Debug, Subcommand)]
pub(crate) enum Exempt {
    /// Ask for one.
    Request(One),
    /// Ask for all in a file that docs/schema/exemptions.schema.json describes; what is on file already stays.
    Apply(File),
}

/// One exemption.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// The control that is held back.
    #[arg(long)]
    control: String,
    /// The account of the resources.
    #[arg(long, value_parser = account)]
    account: AccountId,
    /// A pattern with `*` and `?` over ids, ARNs and `<resource type>/<id>`.
    #[arg(long)]
    resource: String,
    /// For how many days, 1 to 90.
    #[arg(long, default_value_t = remedy_domain::exemption::LONGEST_DAYS)]
    days: u32,
    #[command(flatten)]
    answering: Answering,
    #[command(flatten)]
    sending: Sending,
}

/// A file.
#[derive(Debug, Args)]
pub(crate) struct File {
    /// The file.
    file: PathBuf,
    #[command(flatten)]
    sending: Sending,
}

/// Other settings.
#[derive(Debug, Args)]
pub(crate) struct Propose {
    /// The whole document, as docs/schema/settings.schema.json describes it.
    file: PathBuf,
    /// Why.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    sending: Sending,
}

/// A hold.
#[derive(Debug, Args)]
#[group(id = "scope", required = true, multiple = false, args = ["all", "account", "control"])]
pub(crate) struct Stop {
    /// Everything, everywhere.
    #[arg(long)]
    all: bool,
    /// Everything in one account.
    #[arg(long, value_parser = account)]
    account: Option<AccountId>,
    /// One control, in every account.
    #[arg(long)]
    control: Option<String>,
    /// Why.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    sending: Sending,
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

fn account(text: &str) -> Result<AccountId, String> {
    AccountId::parse(text).map_err(|error| error.to_string())
}

/// Runs a command. The exit status is 0 if all was done, 2 if not.
pub(crate) fn run(command: Command) -> ExitCode {
    match done(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            // Who closed standard error reads no reason.
            let _ = writeln!(io::stderr(), "remedy: {failed}");
            ExitCode::from(2)
        }
    }
}

fn done(command: Command) -> Result<(), Failed> {
    let (requests, sending) = requests(command)?;
    for request in &requests {
        sending.send(request)?;
    }
    Ok(())
}

/// The requests that a command makes, and how they are sent.
fn requests(command: Command) -> Result<(Vec<Request>, Sending), Failed> {
    Ok(match command {
        Command::Pending(plain) => (vec![Request::Pending {}], plain.sending),
        Command::Status(plain) => (vec![Request::Status {}], plain.sending),
        Command::Plan(of) => (vec![Request::Plan(Named { id: of.id })], of.sending),
        Command::Approve(decision) => decided(decision, Request::Approve),
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
