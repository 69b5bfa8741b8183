//! What stands in the sheets.

use remedy_domain::{AccountId, Region};

use super::{Table, Value};
use crate::{
    About, Finding, Policies, PolicyFinding, Scan, Subject, Would,
    requirements::{Covered, PARAGRAPHS, Paragraph, applies, covered, mapped_by},
    said::{self, Ends},
    tally::Tally,
};

/// A row of values of different types.
macro_rules! row {
    ($($value:expr),+ $(,)?) => { vec![$(Value::from($value)),+] };
}

/// The sheets, in their order.
pub(super) fn all(scan: &Scan) -> Vec<Table> {
    let policies = scan.policies.as_ref().map(of_policies);
    let first = [summary(scan), requirements(scan), drift(scan), exemptions(scan), gaps(scan)];
    first.into_iter().chain(policies).chain([not_covered(scan)]).collect()
}

fn table(name: &'static str, head: &[(&'static str, u8)], rows: Vec<Vec<Value>>) -> Table {
    Table { name, head: head.to_vec(), rows, below: Vec::new() }
}

/// Looked at, no drift, drift, exempt, not applicable, not read. Where nothing was looked at, a zero would look like no drift.
fn counts(tally: &Tally) -> Vec<Value> {
    let dash =
        |count: usize| if tally.looked() == 0 && tally.unread > 0 { Value::from("–") } else { Value::from(count) };
    let Tally { passes, fails, exempt, not_applicable, unread } = *tally;
    vec![tally.looked().into(), dash(passes), dash(fails), dash(exempt), dash(not_applicable), unread.into()]
}

const COUNTS: [(&str, u8); 6] =
    [("Looked at", 11), ("No drift", 11), ("Drift", 11), ("Exempt", 11), ("Not applicable", 15), ("Not read", 11)];

fn summary(scan: &Scan) -> Table {
    let tallies = Tally::by_control(scan);
    let rows = scan.controls.iter().map(|about| {
        let tally = tallies.get(about.id.as_str()).copied().unwrap_or_default();
        let paragraphs = said::paragraphs(scan, about).join(" ");
        row![about.id.as_str(), about.title.as_str(), paragraphs].into_iter().chain(counts(&tally)).collect()
    });
    let head = [&[("Control", 30), ("Title", 50), ("45 CFR", 40)][..], &COUNTS].concat();
    let sum: Tally = tallies.values().copied().sum();
    let all = row!["All", "", ""].into_iter().chain(counts(&sum)).collect();
    let below = [vec![], all, vec![]].into_iter().chain(of_scan(scan)).collect();
    Table { below, ..table("Summary", &head, rows.collect()) }
}

/// What was scanned, when and by whom.
fn of_scan(scan: &Scan) -> Vec<Vec<Value>> {
    let accounts: Vec<_> = scan.accounts.iter().map(AccountId::as_str).collect();
    let regions: Vec<_> = scan.regions.iter().map(Region::as_str).collect();
    let complete = match (scan.interrupted, scan.is_complete()) {
        (true, _) => "No: it was stopped before its end",
        (false, false) => "No: see the sheet Gaps",
        (false, true) => "Yes",
    };
    let mut rows = vec![
        row!["Remedy", scan.version.as_str()],
        row!["Begun", scan.begun.to_string()],
        row!["Ended", scan.ended.to_string()],
        row!["All looked at", complete],
        row!["Asked by", scan.caller.as_str()],
        row!["Accounts", accounts.join(" ")],
        row!["Regions", regions.join(" ")],
        row!["Settings (SHA-256)", scan.settings.as_deref().unwrap_or_default()],
        row!["Organization", scan.organization.join(" ")],
    ];
    rows.extend(scan.gone.as_ref().map(|gone| row!["Drift of the earlier scan that is gone", gone.len()]));
    rows
}

fn requirements(scan: &Scan) -> Table {
    let tallies = Tally::by_control(scan);
    let concerned = PARAGRAPHS.iter().filter(|paragraph| applies(paragraph.id, &scan.organization));
    let rows = concerned.filter_map(|paragraph| {
        let controls = covered(paragraph.id, &scan.controls);
        let ids: Vec<_> = controls.iter().map(|about| about.id.as_str()).collect();
        let tally = ids.iter().filter_map(|id| tallies.get(id)).copied().sum();
        let Paragraph { id, subject, kind, .. } = paragraph;
        let first = row![*id, *subject, kind.word(), ids.join(" "), mappings(&controls, id)];
        (!ids.is_empty()).then(|| first.into_iter().chain(counts(&tally)).collect())
    });
    let head = [("45 CFR", 22), ("Subject", 40), ("Kind", 12), ("Controls", 40), ("Mapped by", 50)];
    table("Requirements", &[&head[..], &COUNTS].concat(), rows.collect())
}

/// Whose mappings they are, each once.
fn mappings(controls: &[&About], paragraph: &str) -> String {
    let all: std::collections::BTreeSet<_> = controls.iter().flat_map(|about| mapped_by(about, paragraph)).collect();
    all.into_iter().collect::<Vec<_>>().join("; ")
}

fn drift(scan: &Scan) -> Table {
    let head = [
        ("Control", 30),
        ("Account", 15),
        ("Region", 15),
        ("Type", 18),
        ("Resource", 60),
        ("Outcome", 14),
        ("What is wrong", 60),
        ("Remedy would", 14),
        ("Calls", 40),
        ("Can be reverted", 16),
        ("Why", 40),
        ("Before", 40),
        ("After", 40),
        ("Seen", 12),
        ("Codes", 30),
    ];
    let rows = scan.findings.iter().filter(|finding| Ends::of(finding) == Ends::Fails).map(|finding| {
        let repair = finding.repair.as_ref();
        let of_repair = [
            finding.would().map_or("", Would::word).to_owned(),
            repair.map(|repair| repair.calls.join(", ")).unwrap_or_default(),
            repair
                .and(scan.about(&finding.control))
                .map_or("", |about| if about.reversible { "yes" } else { "no" })
                .to_owned(),
            finding.reason.clone().unwrap_or_default(),
            repair.map(|repair| repair.before.to_string()).unwrap_or_default(),
            repair.map(|repair| repair.after.to_string()).unwrap_or_default(),
            said::seen(finding.seen).to_owned(),
            said::codes(finding).join(", "),
        ];
        let first = place(finding).into_iter().chain(row![said::outcome(finding), finding.violations.join("; ")]);
        first.chain(of_repair.map(Value::from)).collect()
    });
    table("Drift", &head, rows.collect())
}

/// Control, account, Region, type, resource.
fn place(finding: &Finding) -> Vec<Value> {
    let Finding { control, account, region, resource_type, resource, .. } = finding;
    row![control.as_str(), account.as_str(), region.as_str(), resource_type.as_str(), resource.as_str()]
}

fn exemptions(scan: &Scan) -> Table {
    let head = [
        ("Control", 30),
        ("Account", 15),
        ("Region", 15),
        ("Type", 18),
        ("Resource", 60),
        ("What is wrong", 60),
        ("Why not reasonable and appropriate", 50),
        ("Alternative measure", 50),
        ("Owner", 20),
        ("Ticket", 14),
        ("Until", 24),
        ("Approved by", 20),
    ];
    let rows = scan.findings.iter().filter(|finding| Ends::of(finding) == Ends::Exempt).map(|finding| {
        let exempted = finding.exempted.as_ref().map(|exempted| {
            let approved = exempted.approved_by.as_deref().unwrap_or("nobody: only proposed");
            row![
                exempted.reason.as_str(),
                exempted.alternative.as_str(),
                exempted.owner.as_str(),
                exempted.ticket.as_str(),
                exempted.until.to_string(),
                approved
            ]
        });
        place(finding)
            .into_iter()
            .chain(row![finding.violations.join("; ")])
            .chain(exempted.unwrap_or_default())
            .collect()
    });
    table("Exemptions", &head, rows.collect())
}

/// What was not read, and what is out of scope for a control.
fn gaps(scan: &Scan) -> Table {
    let head =
        [("Control", 30), ("Account", 15), ("Region", 15), ("Type", 18), ("Resource", 60), ("State", 20), ("Why", 60)];
    let cells = scan.cells.iter().filter_map(|cell| {
        let unread = cell.unread.as_ref()?;
        let place = row![
            cell.control.as_str(),
            cell.account.as_str(),
            cell.region.as_str(),
            "",
            "all: they could not be listed"
        ];
        Some(place.into_iter().chain(row![said::state(unread.state), unread.words()]).collect())
    });
    let findings = scan.findings.iter().filter_map(|finding| {
        let (state, why) = match (Ends::of(finding), &finding.unread) {
            (Ends::Unread, Some(unread)) => (said::state(unread.state), unread.words()),
            (Ends::Unread, None) => ("unread", String::new()),
            (Ends::NotApplicable, _) => (said::outcome(finding), finding.reason.clone().unwrap_or_default()),
            _ => return None,
        };
        Some(place(finding).into_iter().chain(row![state, why]).collect())
    });
    let policies =
        scan.policies.iter().flat_map(|policies| &policies.unread).map(|(what, unread)| {
            row!["policies", "", "", "", what.as_str(), said::state(unread.state), unread.words()]
        });
    table("Gaps", &head, cells.chain(findings).chain(policies).collect())
}

fn of_policies(policies: &Policies) -> Table {
    let head = [
        ("Account", 15),
        ("Subject", 10),
        ("Resource", 60),
        ("Verdict", 22),
        ("What it says", 60),
        ("Policy", 50),
        ("Statement", 10),
        ("Sid", 20),
        ("Clause", 40),
        ("What would restrict it", 50),
    ];
    let looked = policies.looked.iter().map(|(subject, count)| row!["Looked at", word(*subject), *count]);
    let below = std::iter::once(vec![]).chain(looked).collect();
    Table { below, ..table("Policies", &head, policies.findings.iter().flat_map(of_policy).collect()) }
}

/// A row for each clue, and one if there is none.
fn of_policy(finding: &PolicyFinding) -> Vec<Vec<Value>> {
    let PolicyFinding { account, subject, resource, verdict, says, clues } = finding;
    let first = || row![account.as_str(), word(*subject), resource.as_str(), verdict.as_str(), says.as_str()];
    if clues.is_empty() {
        return vec![first()];
    }
    let of_clue = |clue: &crate::Clue| {
        let sid = clue.sid.as_deref().unwrap_or_default();
        let last = row![clue.policy.as_str(), clue.statement, sid, clue.clause.as_str(), clue.restrict.as_str()];
        first().into_iter().chain(last).collect()
    };
    clues.iter().map(of_clue).collect()
}

fn word(subject: Subject) -> &'static str {
    match subject {
        Subject::User => "user",
        Subject::Group => "group",
        Subject::Role => "role",
        Subject::Trust => "trust",
        Subject::Bucket => "bucket",
        Subject::Key => "key",
    }
}

fn not_covered(scan: &Scan) -> Table {
    let concerned = PARAGRAPHS.iter().filter(|paragraph| applies(paragraph.id, &scan.organization));
    let rows = concerned.filter(|paragraph| covered(paragraph.id, &scan.controls).is_empty()).map(|paragraph| {
        let why = match paragraph.covered {
            Covered::ByOthers(who) => who,
            Covered::Controls => "No control of this scan supports it.",
        };
        row![paragraph.id, paragraph.subject, paragraph.kind.word(), why]
    });
    table("Not covered", &[("45 CFR", 22), ("Subject", 50), ("Kind", 12), ("Who acts on it", 100)], rows.collect())
}
