//! What policies permit: who is an administrator, who can become one, and what is open to whom.

use std::collections::{BTreeMap, BTreeSet};

use super::text::{Icon, Text, count, grouped, listed};
use crate::{Clue, Policies, PolicyFinding, Scan, Subject};

/// More places in policies than these are not shown for one verdict.
const CLUES: usize = 4;

/// What policies permit.
#[derive(Debug)]
pub(crate) struct Permits {
    pub(crate) lead: String,
    pub(crate) groups: Vec<Group>,
}

/// Findings of one kind.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) title: &'static str,
    pub(crate) says: &'static str,
    pub(crate) none: &'static str,
    pub(crate) rows: Vec<Who>,
}

/// What has the policies.
#[derive(Debug)]
pub(crate) struct Who {
    pub(crate) name: Text,
    pub(crate) kind: String,
    pub(crate) icon: Icon,
    pub(crate) class: &'static str,
    pub(crate) verdict: Text,
    pub(crate) ways: Vec<Way>,
}

/// One thing that they permit.
#[derive(Debug)]
pub(crate) struct Way {
    pub(crate) says: Text,
    pub(crate) clues: Vec<Shown>,
    pub(crate) more: String,
}

/// A place in a policy.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) policy: Text,
    pub(crate) statement: Text,
    pub(crate) clause: Text,
    pub(crate) restrict: Text,
}

/// How many principals are administrators, and how many can become one.
#[derive(Debug)]
pub(super) struct Administrators {
    pub(super) are: usize,
    pub(super) can_become: usize,
    pub(super) looked: usize,
}

impl Administrators {
    pub(super) fn of(policies: &Policies) -> Self {
        let with = |wanted: &str| -> BTreeSet<_> {
            let found = policies.findings.iter().filter(|finding| finding.verdict == wanted);
            found.map(|finding| (&finding.account, &finding.resource)).collect()
        };
        let (are, become_one) = (with("admin"), with("privilege-escalation"));
        let principals = [Subject::User, Subject::Group, Subject::Role];
        Self {
            are: are.len(),
            can_become: become_one.difference(&are).count(),
            looked: principals.iter().filter_map(|subject| policies.looked.get(subject)).sum(),
        }
    }
}

/// The kinds of verdicts, in their order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Administrator,
    CanBecome,
    Open,
    Wide,
}

impl Kind {
    fn of(finding: &PolicyFinding) -> Self {
        match (finding.subject, finding.verdict.as_str()) {
            (Subject::Trust | Subject::Bucket | Subject::Key, _) => Self::Open,
            (_, "admin" | "admin-under-condition" | "near-admin" | "admin-literal") => Self::Administrator,
            (_, "privilege-escalation") => Self::CanBecome,
            _ => Self::Wide,
        }
    }

    fn group(self, rows: Vec<Who>) -> Group {
        let (title, says, none) = match self {
            Self::Administrator => (
                "Administrators",
                "Who may do every action on every resource, or comes close to it, by the policies attached.",
                "No principal was found that may do everything.",
            ),
            Self::CanBecome => (
                "Who can become one",
                "Each way is a set of actions that AWS lets lead to more rights. One is enough.",
                "No principal was found that can give itself more rights.",
            ),
            Self::Open => (
                "What is open to whom",
                "Roles, buckets and keys whose own policy lets in principals from outside the account.",
                "No role, bucket or key was found that its policy opens.",
            ),
            Self::Wide => ("Other wide permissions", "Everything of a service, on every resource.", "None was found."),
        };
        Group { title, says, none, rows }
    }
}

/// By account, subject, resource and verdict.
type BySubject<'a> = BTreeMap<(&'a str, Subject, &'a str, &'a str), Vec<&'a PolicyFinding>>;

pub(super) fn permits(scan: &Scan) -> Option<Permits> {
    let policies = scan.policies.as_ref()?;
    let mut kinds: BTreeMap<Kind, BySubject<'_>> = BTreeMap::new();
    for kind in [Kind::Administrator, Kind::CanBecome, Kind::Open, Kind::Wide] {
        kinds.entry(kind).or_default();
    }
    for finding in &policies.findings {
        let key = (finding.account.as_str(), finding.subject, finding.resource.as_str(), finding.verdict.as_str());
        kinds.entry(Kind::of(finding)).or_default().entry(key).or_default().push(finding);
    }
    let is_many = scan.accounts.len() > 1;
    let group = |(kind, some): (Kind, BySubject<'_>)| {
        let rows = some.iter().map(|((account, subject, resource, verdict), found)| {
            who(if is_many { account } else { "" }, (*subject, resource, verdict), found)
        });
        kind.group(rows.collect())
    };
    Some(Permits { lead: lead(policies), groups: kinds.into_iter().map(group).collect() })
}

fn lead(policies: &Policies) -> String {
    let looked: Vec<_> = policies.looked.iter().map(|(subject, some)| count(*some, noun(*subject))).collect();
    let Administrators { are, can_become, looked: principals } = Administrators::of(policies);
    let mut text = format!(
        "{} of {} can do everything today, and {} more can make themselves able to.",
        grouped(are),
        count(principals, "principal"),
        grouped(can_become)
    );
    if looked.is_empty() {
        text += " No policy was looked at.";
    } else {
        text = format!("{text} Looked at: the policies of {}.", listed(&looked));
    }
    text + " The list errs towards more: service control policies are not read."
}

fn noun(subject: Subject) -> &'static str {
    match subject {
        Subject::User => "user",
        Subject::Group => "group",
        Subject::Role => "role",
        Subject::Trust => "trust policy",
        Subject::Bucket => "bucket",
        Subject::Key => "key",
    }
}

fn who(account: &str, (subject, resource, verdict): (Subject, &str, &str), found: &[&PolicyFinding]) -> Who {
    let (class, icon, words) = match verdict {
        "admin" => ("s-drift", "drift", "is one"),
        "admin-under-condition" => ("s-drift", "drift", "is one, under a condition"),
        "near-admin" => ("s-drift", "drift", "nearly is one"),
        "admin-literal" => ("s-drift", "drift", "is one to AWS Config"),
        "privilege-escalation" => ("", "step", "can become one"),
        "public" | "public-literal" => ("s-drift", "drift", "open"),
        "confused-deputy" => ("s-drift", "drift", "open through a service"),
        "public-unknown" => ("s-unread", "unread", "not known"),
        "full-service-access" => ("", "step", "a whole service"),
        other => ("", "step", other),
    };
    let kind = if subject == Subject::Trust { "role, by its trust policy" } else { noun(subject) };
    let separator = if account.is_empty() { "" } else { ", " };
    let short = resource.rsplit(':').next().unwrap_or(resource);
    let name = short.split_once('/').map_or(short, |(_, name)| name);
    Who {
        name: Text::of(name),
        kind: format!("{kind}{separator}{account}"),
        icon: Icon(icon),
        class,
        verdict: Text::of(words),
        ways: found.iter().map(|finding| way(finding)).collect(),
    }
}

fn way(finding: &PolicyFinding) -> Way {
    let more = finding.clues.len().saturating_sub(CLUES);
    Way {
        says: Text::sentence(&finding.says),
        clues: finding.clues.iter().take(CLUES).map(shown).collect(),
        more: if more > 0 { format!("and {} more in scan.json", count(more, "statement")) } else { String::new() },
    }
}

fn shown(clue: &Clue) -> Shown {
    let sid = clue.sid.as_ref().filter(|sid| !sid.is_empty()).map(|sid| format!(", {sid}")).unwrap_or_default();
    Shown {
        policy: Text::of(&clue.policy),
        statement: Text::of(&format!("statement {}{sid}", clue.statement + 1)),
        clause: Text::of(&clue.clause),
        restrict: Text::of(&clue.restrict),
    }
}
