//! The arguments of the commands.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use remedy_domain::{AccountId, Timestamp};

use super::Sending;

/// A command that says nothing more.
#[derive(Debug, Args)]
pub(crate) struct Plain {
    #[command(flatten)]
    pub(super) sending: Sending,
}

/// A page of waiting asks.
#[derive(Debug, Args)]
pub(crate) struct Filter {
    /// Only asks about this control.
    #[arg(long)]
    pub(super) control: Option<String>,
    /// Only asks about this account.
    #[arg(long, value_parser = account)]
    pub(super) account: Option<AccountId>,
    /// The page.
    #[arg(long)]
    pub(super) page: Option<usize>,
    #[command(flatten)]
    pub(super) sending: Sending,
}

/// One ask.
#[derive(Debug, Args)]
pub(crate) struct Of {
    /// Its id: 64 hex digits.
    pub(super) id: String,
    #[command(flatten)]
    pub(super) sending: Sending,
}

/// A decision.
#[derive(Debug, Args)]
pub(crate) struct Decision {
    /// The asks to decide: ids of 64 hex digits.
    #[arg(required = true)]
    pub(super) ids: Vec<String>,
    /// Why.
    #[arg(long)]
    pub(super) reason: Option<String>,
    #[command(flatten)]
    pub(super) sending: Sending,
}

/// An approval.
#[derive(Debug, Args)]
pub(crate) struct Approval {
    #[command(flatten)]
    pub(super) decision: Decision,
    /// If the approved plan was not queued, invoke the function that carries it out.
    #[arg(long, conflicts_with = "print")]
    pub(super) carry_out: bool,
}

/// Who is responsible for a violation that stays, and why.
#[derive(Debug, Args)]
pub(crate) struct Answering {
    /// Who is responsible: a person or a team.
    #[arg(long)]
    pub(super) owner: String,
    /// Why.
    #[arg(long)]
    pub(super) reason: String,
    /// Where it is tracked.
    #[arg(long)]
    pub(super) ticket: String,
    /// The equivalent alternative measure (45 CFR 164.306(d)(3)).
    #[arg(long)]
    pub(super) alternative: String,
}

/// Repairs to revert.
#[derive(Debug, Args)]
pub(crate) struct Undo {
    /// The plan that was carried out: 64 hex digits.
    #[arg(required_unless_present = "resource", conflicts_with = "resource")]
    pub(super) plan: Option<String>,
    /// Instead, the resource: its id or ARN.
    #[arg(long)]
    pub(super) resource: Option<String>,
    /// Only repairs of this control.
    #[arg(long, requires = "resource")]
    pub(super) control: Option<String>,
    /// Only repairs in this account.
    #[arg(long, requires = "resource", value_parser = account)]
    pub(super) account: Option<AccountId>,
    /// Only repairs at this time or later, as in 2026-03-02T10:15:00Z.
    #[arg(long, requires = "resource")]
    pub(super) since: Option<Timestamp>,
    /// Only repairs before this time.
    #[arg(long, requires = "resource")]
    pub(super) until: Option<Timestamp>,
    /// For how many days it stays undone.
    #[arg(long)]
    pub(super) days: Option<u32>,
    #[command(flatten)]
    pub(super) answering: Answering,
    #[command(flatten)]
    pub(super) sending: Sending,
}

/// Exemptions.
#[derive(Debug, Subcommand)]
pub(crate) enum Exempt {
    /// Ask for one.
    Request(One),
    /// Ask for all in a file that docs/schema/exemptions.schema.json describes; stored exemptions stay.
    Apply(File),
}

/// One exemption.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// The control that is held back.
    #[arg(long)]
    pub(super) control: String,
    /// The account of the resources.
    #[arg(long, value_parser = account)]
    pub(super) account: AccountId,
    /// A pattern with `*` and `?` over ids, ARNs and `<resource type>/<id>`.
    #[arg(long)]
    pub(super) resource: String,
    /// For how many days, 1 to 90.
    #[arg(long, default_value_t = remedy_domain::exemption::LONGEST_DAYS)]
    pub(super) days: u32,
    #[command(flatten)]
    pub(super) answering: Answering,
    #[command(flatten)]
    pub(super) sending: Sending,
}

/// A file.
#[derive(Debug, Args)]
pub(crate) struct File {
    /// The file.
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) sending: Sending,
}

/// Other settings.
#[derive(Debug, Args)]
pub(crate) struct Propose {
    /// The whole document, as docs/schema/settings.schema.json describes it.
    pub(super) file: PathBuf,
    /// Why.
    #[arg(long)]
    pub(super) reason: String,
    #[command(flatten)]
    pub(super) sending: Sending,
}

/// A hold.
#[derive(Debug, Args)]
#[group(id = "scope", required = true, multiple = false, args = ["all", "account", "control"])]
pub(crate) struct Stop {
    /// Everything, everywhere.
    #[arg(long)]
    pub(super) all: bool,
    /// Everything in one account.
    #[arg(long, value_parser = account)]
    pub(super) account: Option<AccountId>,
    /// One control, in every account.
    #[arg(long)]
    pub(super) control: Option<String>,
    /// Why.
    #[arg(long)]
    pub(super) reason: String,
    #[command(flatten)]
    pub(super) sending: Sending,
}

pub(crate) fn account(text: &str) -> Result<AccountId, String> {
    AccountId::parse(text).map_err(|error| error.to_string())
}
