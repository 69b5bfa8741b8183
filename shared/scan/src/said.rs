//! What the machine formats say alike.

use std::collections::BTreeSet;

use remedy_domain::{Outcome, Region, canonical, outcome::Compliance};

use crate::{About, Clue, Exempted, Finding, PolicyFinding, Scan, Seen, State, Unread, Would, requirements};

/// What is cut off ends so.
const CUT: char = '…';

/// What becomes of a resource under a control, in a format that knows no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ends {
    /// It was looked at, and nothing is wrong.
    Passes,
    /// It violates the control: contained or dormant, too.
    Fails,
    /// It violates the control, and is exempt.
    Exempt,
    /// It is out of scope for the control.
    NotApplicable,
    /// Policies permit something that no control says it must not: a person judges that.
    Permits,
    /// It was not looked at: never a pass.
    Unread,
}

impl Ends {
    /// Of a resource under a control.
    pub(crate) fn of(finding: &Finding) -> Self {
        match (finding.outcome, &finding.unread) {
            (_, Some(_)) | (None, None) => Self::Unread,
            (Some(Outcome::Exempt), None) => Self::Exempt,
            (Some(outcome), None) => match outcome.compliance() {
                Compliance::Compliant => Self::Passes,
                Compliance::NonCompliant => Self::Fails,
                Compliance::NotApplicable => Self::NotApplicable,
            },
        }
    }
}

/// How severe it is, by what AWS says of its labels: HIGH must be addressed as a priority, MEDIUM not urgently, LOW does
/// not require action on its own, INFORMATIONAL means that no issue was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severity {
    Informational,
    Low,
    Medium,
    High,
}

impl Severity {
    /// Of a resource under a control. What was not looked at may be anything, so it is not "no issue".
    pub(crate) fn of(finding: &Finding) -> Self {
        match Ends::of(finding) {
            Ends::Passes | Ends::NotApplicable => Self::Informational,
            Ends::Exempt => Self::Low,
            Ends::Unread | Ends::Permits => Self::Medium,
            Ends::Fails if matches!(finding.outcome, Some(Outcome::Contained | Outcome::Dormant)) => Self::Low,
            Ends::Fails => Self::High,
        }
    }
}

/// Verdicts on policies that hand over an account, or let in everybody.
const WIDE: [&str; 6] =
    ["admin", "admin-under-condition", "near-admin", "admin-literal", "privilege-escalation", "public"];

impl Severity {
    /// Of what policies permit.
    pub(crate) fn of_policy(finding: &PolicyFinding) -> Self {
        if WIDE.contains(&finding.verdict.as_str()) { Self::Medium } else { Self::Low }
    }
}

/// What policies permit, and the first places where they say so.
pub(crate) fn permits(finding: &PolicyFinding) -> Vec<String> {
    let place = |clue: &Clue| {
        let sid = clue.sid.as_ref().map(|sid| format!(" ({sid})")).unwrap_or_default();
        format!(
            "{}, statement {}{sid}: {}; to restrict it: {}",
            clue.policy,
            clue.statement + 1,
            clue.clause,
            clue.restrict
        )
    };
    std::iter::once(finding.says.clone()).chain(finding.clues.iter().map(place)).collect()
}

/// What identifies it in every scan: a resource may have several of a verdict.
pub(crate) fn of_policy(finding: &PolicyFinding) -> String {
    let PolicyFinding { account, subject, resource, verdict, says, clues } = finding;
    let whole = format!("{account}\n{subject:?}\n{resource}\n{verdict}\n{says}");
    // Two statements may say the same.
    let places = clues.iter().map(|Clue { policy, statement, .. }| format!("{policy}\n{statement}"));
    let whole = std::iter::once(whole).chain(places).collect::<Vec<_>>().join("\n");
    canonical::sha256_hex(whole.as_bytes()).chars().take(32).collect()
}

/// The kind of reason, as in JSON.
pub(crate) fn state(state: State) -> &'static str {
    match state {
        State::Denied => "denied",
        State::UnsupportedRegion => "unsupported-region",
        State::Throttled => "throttled",
        State::Failed => "failed",
        State::NotReached => "not-reached",
    }
}

/// Whether an earlier scan had it, as in JSON.
pub(crate) fn seen(seen: Option<Seen>) -> &'static str {
    match seen {
        Some(Seen::New) => "new",
        Some(Seen::Unchanged) => "unchanged",
        None => "",
    }
}

/// The outcome in a word; `unread` if there is none.
pub(crate) fn outcome(finding: &Finding) -> &'static str {
    match (finding.outcome, &finding.unread) {
        (Some(outcome), None) => outcome.word(),
        _ => "unread",
    }
}

/// The outcome in a word, or the kind of reason why there is none.
pub(crate) fn code(finding: &Finding) -> &'static str {
    finding.unread.as_ref().map_or_else(|| outcome(finding), |unread| state(unread.state))
}

/// Why it ends so: each a sentence or a few words; none if there is no drift.
pub(crate) fn why(finding: &Finding) -> Vec<String> {
    let note = match finding.outcome {
        Some(Outcome::Contained) => Some("It still violates the control; a measure of Remedy's own contains it."),
        Some(Outcome::Dormant) => Some("It violates the control, and is in effect for nobody."),
        Some(Outcome::OutOfScope) => Some("It is out of scope for this control."),
        Some(Outcome::Gone) => Some("It no longer exists."),
        _ => None,
    };
    let unread = finding.unread.as_ref().map(not_looked_at);
    let unknown = (finding.outcome.is_none() && unread.is_none()).then(|| "It was not looked at.".to_owned());
    let exempted = finding.exempted.as_ref().map(exemption);
    let violations = finding.violations.iter().cloned();
    violations
        .chain(note.map(str::to_owned))
        .chain(finding.reason.clone())
        .chain(exempted)
        .chain(unread)
        .chain(unknown)
        .collect()
}

/// The elements of what is wrong, as codes, each once.
pub(crate) fn elements(finding: &Finding) -> BTreeSet<&str> {
    finding.elements.iter().map(String::as_str).collect()
}

/// The same, and the reason.
pub(crate) fn codes(finding: &Finding) -> Vec<&str> {
    elements(finding).into_iter().chain(finding.reason_code.as_deref()).collect()
}

/// That something was not looked at, and why.
pub(crate) fn not_looked_at(unread: &Unread) -> String {
    format!("It was not looked at: {}.", unread.words())
}

/// An exemption in a sentence.
pub(crate) fn exemption(exempted: &Exempted) -> String {
    let Exempted { owner, reason, alternative, ticket, until, approved_by } = exempted;
    let approved = approved_by.as_ref().map_or_else(|| "only proposed".to_owned(), |by| format!("approved by {by}"));
    format!("Exempt until {until}, {approved}, owner {owner}, ticket {ticket}: {reason}. Instead: {alternative}.")
}

/// What Remedy would do, by which calls; nothing if it is no drift.
pub(crate) fn remedy(finding: &Finding) -> Option<String> {
    let calls = finding.repair.as_ref().map(|repair| repair.calls.join(", ")).unwrap_or_default();
    let would = match finding.would()? {
        Would::Auto => "Remedy would repair it by itself",
        Would::Ask => "Remedy would repair it once a person agreed",
        Would::Withhold => "Remedy would not touch it, as things are; the repair",
        Would::Person => "A person has to repair it",
    };
    Some(if calls.is_empty() { format!("{would}.") } else { format!("{would}: {calls}.") })
}

/// The paragraphs that the control supports and that concern the organization.
pub(crate) fn paragraphs<'a>(scan: &Scan, about: &'a About) -> Vec<&'a str> {
    let all = about.requirements.iter().map(String::as_str);
    all.filter(|paragraph| requirements::applies(paragraph, &scan.organization)).collect()
}

/// A Region under which to report what belongs to none: the scan's first, or else one that every account of the
/// partition has.
pub(crate) fn home<'a>(scan: &'a Scan, region: &'a Region) -> &'a str {
    let first = scan.regions.iter().find(|region| !region.is_global()).map(Region::as_str);
    let default = || match scan.caller.split(':').nth(1) {
        Some("aws-cn") => "cn-north-1",
        Some("aws-us-gov") => "us-gov-west-1",
        _ => "us-east-1",
    };
    if region.is_global() { first.unwrap_or_else(default) } else { region.as_str() }
}

/// The partition of AWS that it is in.
pub(crate) fn partition(scan: &Scan, region: &Region) -> &'static str {
    Region::parse(home(scan, region)).map_or("aws", |region| region.partition())
}

/// At most so many characters; `-` if there is nothing to read.
pub(crate) fn at_most(limit: usize, text: &str) -> String {
    if text.trim().is_empty() {
        return "-".to_owned();
    }
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some(_) => text.chars().take(limit.saturating_sub(1)).chain([CUT]).collect(),
    }
}
