//! The headline, the facts, and what was and was not looked at.

use std::collections::{BTreeMap, BTreeSet};

use remedy_domain::Region;

use super::{
    prose::Span,
    state::State,
    survey::Survey,
    text::{Text, count, day, grouped, kind, listed, minute, took},
    unread::{key, next, reasons},
};
use crate::{Scan, Would};

/// The head of the page.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) title: Text,
    pub(crate) headline: Vec<Piece>,
    pub(crate) lead: String,
    pub(crate) is_incomplete: &'static str,
    pub(crate) facts: Vec<Fact>,
    pub(crate) looked: Vec<Point>,
    pub(crate) not_looked: Vec<Point>,
}

/// A piece of the headline; underlined if it has a class.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) class: &'static str,
    pub(crate) text: String,
}

/// A fact on the scan.
#[derive(Debug)]
pub(crate) struct Fact {
    pub(crate) name: &'static str,
    pub(crate) value: Text,
    pub(crate) more: Text,
    pub(crate) class: &'static str,
}

/// A point of a list: what, and the rest of the sentence.
#[derive(Debug)]
pub(crate) struct Point {
    pub(crate) what: Text,
    pub(crate) rest: Vec<Span>,
}

impl Head {
    pub(super) fn of(survey: &Survey<'_>) -> Self {
        let scan = survey.scan;
        Self {
            title: Text::of(&format!("Remedy scan: {}, {}", accounts(scan), day(scan.begun))),
            headline: headline(survey),
            lead: lead(survey),
            is_incomplete: if scan.interrupted { "Incomplete: stopped before its end" } else { "" },
            facts: facts(scan),
            looked: looked(survey),
            not_looked: not_looked(survey),
        }
    }
}

fn accounts(scan: &Scan) -> String {
    match scan.accounts.as_slice() {
        [] => scan.account.to_string(),
        [one] => one.to_string(),
        several => count(several.len(), "account"),
    }
}

fn headline(survey: &Survey<'_>) -> Vec<Piece> {
    let piece = |class, text: &str| Piece { class, text: text.to_owned() };
    let (made, drift, unread) = (survey.total.looked(), survey.total.drift, survey.total.unread());
    let checks = count(made, "check");
    if made == 0 && unread == 0 {
        return vec![piece("u-unread", "Nothing"), piece("", " was looked at.")];
    }
    if made == 0 {
        let text =
            if unread == 1 { "The only check".to_owned() } else { format!("None of {}", count(unread, "check")) };
        let rest = if unread == 1 { " could not be made." } else { " could be made." };
        return vec![piece("u-unread", &text), piece("", rest)];
    }
    let (class, text) = match drift {
        0 if unread == 0 => ("u-ok", format!("None of {checks}")),
        0 => ("u-unread", format!("None of {checks}")),
        _ => ("u-drift", format!("{} of {checks}", grouped(drift))),
    };
    let mut pieces = vec![piece(class, &text), piece("", " found drift.")];
    if unread > 0 {
        pieces.extend([
            piece("", " "),
            piece("u-unread", &format!("{} more", grouped(unread))),
            piece("", " could not be made."),
        ]);
    }
    pieces
}

fn lead(survey: &Survey<'_>) -> String {
    let (scan, total) = (survey.scan, &survey.total);
    let regions = scan.regions.iter().filter(|region| !region.is_global()).count();
    let mut text = format!(
        "On {} Remedy looked at {} of {}, in {}, with {} that {} the HIPAA Security Rule.",
        day(scan.begun),
        count(seen(survey).values().sum(), "resource"),
        if scan.accounts.len() > 1 { accounts(scan) } else { format!("the account {}", accounts(scan)) },
        count(regions, "Region"),
        count(scan.controls.len(), "control"),
        if scan.controls.len() == 1 { "follows" } else { "follow" },
    );
    if total.drift > 0 {
        let would = |kind| would(survey, kind);
        let shares = [
            (would(Would::Auto), "it would repair by itself"),
            (would(Would::Ask), "it would ask a person about"),
            (would(Would::Withhold), "it would not touch as things are"),
            (would(Would::Person), "only a person can repair"),
        ];
        let shares: Vec<_> = shares
            .iter()
            .filter(|(some, _)| *some > 0)
            .map(|(some, what)| format!("{} {what}", grouped(*some)))
            .collect();
        text = format!("{text} Of the drift found, {}.", shares.join("; "));
    }
    if total.held() + total.exempt > 0 {
        let are = if total.held() == 1 { "is" } else { "are" };
        text = format!(
            "{text} {} {are} contained or dormant and {} exempt: still in violation.",
            grouped(total.held()),
            grouped(total.exempt)
        );
    }
    text
}

/// How much of the drift would end so.
pub(super) fn would(survey: &Survey<'_>, would: Would) -> usize {
    let does = survey.scan.findings.iter().filter_map(super::state::Does::of);
    does.filter(|does| does.would == would).count()
}

/// The resources that were looked at by at least one control, by kind.
pub(super) fn seen(survey: &Survey<'_>) -> BTreeMap<Text, usize> {
    let mut kinds = BTreeMap::new();
    for ((_, _, resource_type, _), findings) in &survey.resources {
        let mut states = findings.iter().filter_map(|place| survey.scan.findings.get(*place)).map(State::of);
        if states.any(|state| state != State::Unread && state != State::Outside) {
            *kinds.entry(kind(resource_type)).or_default() += 1;
        }
    }
    kinds
}

fn facts(scan: &Scan) -> Vec<Fact> {
    let all = |some: &mut dyn Iterator<Item = String>| some.collect::<Vec<_>>().join(", ");
    let ids = all(&mut scan.accounts.iter().map(ToString::to_string));
    let regional = scan.regions.iter().filter(|region| !region.is_global());
    let regions = all(&mut regional.clone().map(Region::to_string));
    let short = scan.caller.rsplit(':').next().unwrap_or_default();
    let (settings, digest) = match &scan.settings {
        Some(digest) => ("from a file", format!("sha256 {}…", digest.chars().take(12).collect::<String>())),
        None => ("defaults", "no file was named".to_owned()),
    };
    let fact =
        |name, value: &str, more: &str, class| Fact { name, value: Text::of(value), more: Text::of(more), class };
    let one = if scan.accounts.len() > 1 { ids.as_str() } else { "" };
    vec![
        fact(if one.is_empty() { "Account" } else { "Accounts" }, &accounts(scan), one, "mono"),
        fact("Regions", if regions.is_empty() { "none" } else { &regions }, "and what is global: IAM, the account", ""),
        fact("When", &minute(scan.begun), &took(scan.begun, scan.ended), ""),
        fact("Asked as", short, &format!("with credentials of {}", scan.account), ""),
        fact("Settings", settings, &digest, "mono"),
        fact("Made by", &format!("Remedy {}", scan.version), "it read, and changed nothing", ""),
    ]
}

fn plain(text: &str) -> Span {
    Span::Plain(Text::of(text))
}

fn code(text: &str) -> Span {
    Span::Code(Text::of(text))
}

fn looked(survey: &Survey<'_>) -> Vec<Point> {
    let kinds = seen(survey);
    let resources = count(kinds.values().sum(), "resource");
    let words: Vec<_> = kinds.iter().map(|(kind, some)| count(*some, kind.as_str())).collect();
    let total = &survey.total;
    let rest = if words.is_empty() { ".".to_owned() } else { format!(": {}.", listed(&words)) };
    let all = if total.lists_unread > 0 { "at least " } else { "" };
    let checks = format!("{} of {all}{}.", grouped(total.looked()), count(total.all(), "check"));
    let mut points = vec![
        Point { what: Text::of(&resources), rest: vec![plain(&rest)] },
        Point { what: Text::of(&checks), rest: vec![plain(" A check is one control applied to one resource.")] },
    ];
    let (apply, covered) = survey.covered();
    let what = Text::of(&format!("{} of {}", grouped(covered), count(apply, "paragraph")));
    points.push(Point {
        what,
        rest: vec![plain(" of the Security Rule that apply have a control that speaks to them.")],
    });
    if total.outside > 0 {
        let what = Text::of(&format!("{} more", grouped(total.outside)));
        let rest = plain(" had nothing to judge: out of the control’s scope, or gone meanwhile. They count nowhere.");
        points.push(Point { what, rest: vec![rest] });
    }
    points
}

fn not_looked(survey: &Survey<'_>) -> Vec<Point> {
    let scan = survey.scan;
    let mut points = Vec::new();
    let mut all: Vec<_> = reasons(scan.findings.iter(), scan.cells.iter()).into_iter().collect();
    all.sort_by_key(|(_, reason)| std::cmp::Reverse(reason.findings.len() + reason.cells.len()));
    for (why, reason) in all {
        let mut rest = vec![plain(&format!(", in {}, under ", reason.places()))];
        rest.extend(named(&reason.controls()));
        rest.push(plain(". "));
        rest.extend(next(why));
        points.push(Point { what: Text::sentence(&reason.what()), rest });
    }
    let missing =
        survey.total.resources_unread - scan.findings.iter().filter(|one| State::of(one) == State::Unread).count();
    if missing > 0 {
        let rest = vec![
            plain(" that were listed, and not looked at before the end. Go on with "),
            code("--resume"),
            plain("."),
        ];
        points.push(Point { what: Text::of(&count(missing, "resource")), rest });
    }
    points.extend(policies_unread(scan));
    points.extend(standing(scan));
    points
}

/// Some names of controls, as code.
fn named(controls: &[&str]) -> Vec<Span> {
    let mut spans = Vec::new();
    for (place, control) in controls.iter().take(3).enumerate() {
        if place > 0 {
            spans.push(plain(", "));
        }
        spans.push(code(control));
    }
    if controls.len() > 3 {
        spans.push(plain(&format!(" and {} more", controls.len() - 3)));
    }
    spans
}

fn policies_unread(scan: &Scan) -> Vec<Point> {
    let mut whats: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for (what, unread) in scan.policies.iter().flat_map(|policies| &policies.unread) {
        whats.entry(key(unread)).or_default().insert(what);
    }
    let point = |(why, whats): (_, BTreeSet<&str>)| {
        let words: Vec<_> = whats.iter().take(6).map(ToString::to_string).collect();
        let more = if whats.len() > 6 { format!(" and {} more", whats.len() - 6) } else { String::new() };
        let mut rest = vec![plain(". ")];
        rest.extend(next(why));
        Point { what: Text::sentence(&(listed(&words) + &more)), rest }
    };
    whats.into_iter().map(point).collect()
}

/// What no scan of Remedy reads, or this one was not asked for.
fn standing(scan: &Scan) -> Vec<Point> {
    let point = |what: &str, rest| Point { what: Text::of(what), rest };
    let mut points = vec![point(
        "Other Regions",
        vec![
            plain(" than those above. "),
            code("--all-regions"),
            plain(" looks at each that the account has enabled."),
        ],
    )];
    if scan.policies.is_none() {
        points.push(point(
            "What policies permit.",
            vec![plain(" It was not asked for: "), code("--policies"), plain(" analyses it.")],
        ));
    }
    points.push(point(
        "Service control policies,",
        vec![plain(
            " the content of objects, and what an application lets its users see. No scan of Remedy reads these.",
        )],
    ));
    points
}
