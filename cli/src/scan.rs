//! `remedy scan`: what drifts in accounts, and what Remedy would do about it.
//!
//! It runs the functions' own controls with ports that cannot write. What could not be read is never called compliant.

mod access;
mod arguments;
mod cells;
mod exemptions;
mod journal;
mod judged;
mod output;
mod permissions;
mod policies;
mod print;
mod progress;
mod since;

use std::{
    collections::BTreeSet,
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use remedy_aws::{Controls, clock, onlooker::Onlooker};
use remedy_domain::{Control, Settings, Timestamp, redact};
use remedy_scan::{Cell, FORMAT, Finding, Scan, Seen};

use self::{
    access::{NoAccess, Way},
    arguments::{FailOn, What},
    cells::{Desk, Look},
    exemptions::Exemptions,
    journal::{Before, Head, Journal, NoJournal},
    output::{NotWritten, Writing},
    progress::Progress,
    since::NoEarlier,
};
use crate::operator::{self, NotKnown};

pub(crate) use self::arguments::Arguments;

/// Nothing drifted, and all was looked at.
const NO_DRIFT: u8 = 0;
const DRIFTED: u8 = 1;
const NOT_RUN: u8 = 2;
/// No drift was seen, but something was not looked at.
const INCOMPLETE: u8 = 3;

/// Why nothing was looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    #[error("no control is called `{id}`; `remedy scan --list` has all of them")]
    Unknown { id: String },
    #[error("no control supports `{paragraph}`; `remedy scan --list` has the paragraphs of each")]
    NoRequirement { paragraph: String },
    #[error("none of the chosen controls fits all that was asked for; `remedy scan --list` has all of them")]
    NoControl,
    #[error(
        "no resource of the chosen controls is called `{0}`; name its ARN, or its id, as `remedy scan --format csv` lists it"
    )]
    NoResource(String),
    #[error("{} cannot be read: {source}; name a file with settings as docs/schema/settings.schema.json has them", file.display())]
    Unreadable { file: PathBuf, source: io::Error },
    #[error("{} has no settings: {problem}; see docs/schema/settings.schema.json", file.display())]
    NotSettings { file: PathBuf, problem: String },
    #[error("--fail-on new needs an earlier scan: name it with --since")]
    NothingEarlier,
    #[error("{0}; see docs/schema/exemptions.schema.json")]
    NoExemptions(operator::Failed),
    #[error(transparent)]
    NotKnown(#[from] NotKnown),
    #[error(transparent)]
    NoEarlier(#[from] NoEarlier),
    #[error(transparent)]
    NoJournal(#[from] NoJournal),
    #[error(transparent)]
    NoAccess(#[from] NoAccess),
    #[error("this machine lets nothing wait for an answer ({})", .0.kind())]
    Machine(#[source] io::Error),
    #[error(transparent)]
    NotWritten(#[from] NotWritten),
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    match scanned(arguments) {
        Ok(status) => ExitCode::from(status),
        // A reader that has seen enough closes the pipe.
        Err(Failed::NotWritten(NotWritten::Closed)) => ExitCode::from(NOT_RUN),
        Err(failed) => {
            // Where even that cannot be written, the status says it.
            let _unsaid = writeln!(io::stderr(), "remedy: {failed}");
            ExitCode::from(NOT_RUN)
        }
    }
}

fn scanned(arguments: &Arguments) -> Result<u8, Failed> {
    let Arguments { what, instead, output, .. } = arguments;
    let roster = chosen(what)?;
    let described: Vec<_> = roster.iter().map(|control| control.control()).collect();
    if instead.list {
        return Ok(output::text(|out| print::list(out, &described)).map(|()| NO_DRIFT)?);
    }
    if instead.print_policy {
        let reads: &[_] = if what.policies { &policies::READS } else { &[] };
        return Ok(output::text(|out| permissions::print(out, &described, reads)).map(|()| NO_DRIFT)?);
    }
    // Whatever can be wrong with files is found before the first call.
    let writing = Writing::of(output)?;
    let earlier = what.since.as_deref().map(since::read).transpose()?;
    if output.fail_on == FailOn::New && earlier.is_none() {
        return Err(Failed::NothingEarlier);
    }
    let settings = settings(what.settings.as_ref())?;
    let exemptions = exemptions(arguments)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failed::Machine)?;
    let mut scan = runtime.block_on(looked(arguments, &roster, &settings, &exemptions))?;
    if let Some(earlier) = &earlier {
        since::compare(&mut scan, earlier);
    }
    if instead.check {
        output::text(|out| print::check(out, &scan))?;
        return Ok(if scan.is_complete() { NO_DRIFT } else { INCOMPLETE });
    }
    writing.write(&scan)?;
    Ok(status(&scan, output.fail_on))
}

/// Looks, and says what was found.
async fn looked(
    arguments: &Arguments,
    roster: &Controls<Onlooker>,
    settings: &Settings,
    exemptions: &Exemptions,
) -> Result<Scan, Failed> {
    let Arguments { places, what, output, pace, instead } = arguments;
    let way = access::open(places, pace).await?;
    let (journal, before, begun) = journal(arguments, &way, settings, exemptions)?;
    let desk = Desk::new(journal, before, Progress::of(output.progress));
    let look = Look {
        roster,
        ports: &way.ports,
        places: &way.places,
        settings,
        exemptions,
        resources: &what.resources,
        many: if instead.check { 1 } else { usize::MAX },
        at_once: usize::from(pace.concurrency),
        time: pace.timeout,
        begun,
    };
    let done = look.all(&desk).await;
    let is_nothing = |(cell, findings): &(Cell, Vec<Finding>)| cell.unread.is_none() && findings.is_empty();
    if let Some(first) = what.resources.first().filter(|_| done.iter().all(is_nothing)) {
        return Err(Failed::NoResource(redact::text(first)));
    }
    let mut scan = empty(&way, roster, begun);
    scan.settings = what.settings.is_some().then(|| settings.digest());
    scan.organization = settings.organization.iter().map(|one| one.word().to_owned()).collect();
    scan.interrupted = *desk.stop.borrow();
    for (cell, findings) in done {
        scan.cells.push(cell);
        scan.findings.extend(findings);
    }
    if what.policies && !scan.interrupted {
        scan.policies = tokio::select! {
            found = policies::all(&way.ports, &way.places, begun) => Some(found),
            _ = tokio::signal::ctrl_c() => None,
        };
        scan.interrupted = scan.policies.is_none();
    }
    scan.ended = clock::now();
    desk.journal.borrow_mut().end()?;
    Ok(scan)
}

fn empty(way: &Way, roster: &Controls<Onlooker>, begun: Timestamp) -> Scan {
    let regions: BTreeSet<_> = way.places.values().flatten().cloned().collect();
    Scan {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        begun,
        ended: begun,
        interrupted: false,
        account: way.home.clone(),
        caller: way.caller.clone(),
        accounts: way.places.keys().cloned().collect(),
        regions: regions.into_iter().collect(),
        settings: None,
        organization: Vec::new(),
        controls: roster.iter().map(|control| judged::about(control.control())).collect(),
        cells: Vec::new(),
        findings: Vec::new(),
        gone: None,
        policies: None,
    }
}

/// The journal, what it has already, and when the scan began.
fn journal(
    arguments: &Arguments,
    way: &Way,
    settings: &Settings,
    exemptions: &Exemptions,
) -> Result<(Journal, Before, Timestamp), Failed> {
    let output = &arguments.output;
    let begun = clock::now();
    let head = Head {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        begun,
        account: way.home.clone(),
        settings: settings.digest(),
        exemptions: exemptions.digest().map(str::to_owned),
        resources: arguments.what.resources.clone(),
    };
    match (&output.resume, &output.out) {
        _ if arguments.instead.check => Ok((Journal::none(), Before::default(), begun)),
        (Some(folder), _) => Ok(Journal::resume(folder, &head)?),
        (None, Some(folder)) => Ok((Journal::begin(folder, &head)?, Before::default(), begun)),
        (None, None) => Ok((Journal::none(), Before::default(), begun)),
    }
}

/// Drift weighs more than what was not looked at; that is never hidden behind order.
fn status(scan: &Scan, fail_on: FailOn) -> u8 {
    let fails = match fail_on {
        FailOn::Drift => scan.drift().next().is_some(),
        FailOn::New => scan.drift().any(|finding| finding.seen != Some(Seen::Unchanged)),
        FailOn::Incomplete => scan.drift().next().is_some() || !scan.is_complete(),
        FailOn::Never => false,
    };
    match (fails, scan.is_complete()) {
        (true, _) => DRIFTED,
        (false, false) => INCOMPLETE,
        (false, true) => NO_DRIFT,
    }
}

/// Every control of the functions, in their order.
fn every() -> Controls<Onlooker> {
    let mut all = s3_public_access::controls();
    all.extend(s3_encryption::controls());
    all.extend(kms_keys::controls());
    all.extend(rds::controls());
    all.extend(iam_mfa::controls());
    all.extend(iam_policies::controls());
    all.extend(iam_password_policy::controls());
    all
}

fn chosen(what: &What) -> Result<Controls<Onlooker>, Failed> {
    let all = every();
    if let Some(id) = what.controls.iter().find(|id| !all.iter().any(|known| known.control().is_called(id))) {
        return Err(Failed::Unknown { id: redact::text(id) });
    }
    let is_unknown = |paragraph: &&String| !all.iter().any(|known| supports(known.control(), paragraph));
    if let Some(paragraph) = what.requirements.iter().find(is_unknown) {
        return Err(Failed::NoRequirement { paragraph: redact::text(paragraph) });
    }
    let is_wanted = |control: &Control| {
        let named = what.controls.is_empty() || what.controls.iter().any(|id| control.is_called(id));
        named && (what.requirements.is_empty() || what.requirements.iter().any(|one| supports(control, one)))
    };
    let roster: Controls<Onlooker> = all.into_iter().filter(|known| is_wanted(known.control())).collect();
    if roster.is_empty() { Err(Failed::NoControl) } else { Ok(roster) }
}

/// Whether it supports the paragraph, or one below it: `164.312(a)` is also `164.312(a)(1)`.
fn supports(control: &Control, paragraph: &str) -> bool {
    let is_below = |rest: &str| rest.is_empty() || rest.starts_with('(');
    control.paragraphs().iter().any(|own| own.strip_prefix(paragraph).is_some_and(is_below))
}

fn settings(file: Option<&PathBuf>) -> Result<Settings, Failed> {
    let Some(file) = file else { return Ok(Settings::default()) };
    let text = std::fs::read(file).map_err(|source| Failed::Unreadable { file: file.clone(), source })?;
    Settings::parse(&text).map_err(|error| Failed::NotSettings { file: file.clone(), problem: error.to_string() })
}

fn exemptions(arguments: &Arguments) -> Result<Exemptions, Failed> {
    let Arguments { places, what, .. } = arguments;
    match (&what.exemptions, &what.stack) {
        (Some(file), _) => operator::wanted(file).map(Exemptions::asked).map_err(Failed::NoExemptions),
        (None, Some(stack)) => {
            Ok(Exemptions::granted(operator::exemptions_of(stack, places.regions.first().cloned())?))
        }
        (None, None) => Ok(Exemptions::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(controls: &[&str], requirements: &[&str]) -> What {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        What {
            controls: owned(controls),
            requirements: owned(requirements),
            resources: vec![],
            policies: false,
            settings: None,
            exemptions: None,
            stack: None,
            since: None,
        }
    }

    fn ids(controls: &[&str], requirements: &[&str]) -> Result<Vec<&'static str>, String> {
        let chosen = chosen(&what(controls, requirements)).map_err(|failed| failed.to_string())?;
        Ok(chosen.iter().map(|control| control.control().id.0).collect())
    }

    #[test]
    fn every_control_is_there_once_and_unknown_ones_are_told() {
        let ids_of_all: BTreeSet<_> = every().iter().map(|control| control.control().id.0).collect();
        assert_eq!(ids_of_all.len(), every().len());
        assert!(ids_of_all.contains("s3-bucket-public") && ids_of_all.contains("iam-password-policy-weak"));
        let one = every()[0].control().id.0;
        assert_eq!(ids(&[one], &[]).unwrap(), [one]);
        let told = ids(&["no-such"], &[]).unwrap_err();
        assert!(told.contains("`no-such`") && told.contains("--list"), "{told}");
    }

    #[test]
    fn controls_are_chosen_by_the_paragraph_that_they_support() {
        let all = every();
        let below = |prefix: &str| {
            let supports = |control: &&'static Control| control.paragraphs().iter().any(|own| own.starts_with(prefix));
            all.iter().map(|known| known.control()).filter(supports).map(|control| control.id.0).collect::<Vec<_>>()
        };
        assert_eq!(ids(&[], &["164.312(d)"]).unwrap(), below("164.312(d)"));
        assert_eq!(ids(&[], &["164.312"]).unwrap(), below("164.312("));
        for unknown in ["164.312(a)(", "164.31", "164.999", ""] {
            assert!(ids(&[], &[unknown]).is_err(), "{unknown}");
        }
        assert!(ids(&["s3-bucket-public"], &["164.312(d)"]).unwrap_err().contains("none of the chosen"));
    }
}
