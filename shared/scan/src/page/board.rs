//! Six numbers with their denominators, and the strip of all checks.

use remedy_domain::Timestamp;

use super::{
    head::{seen, would},
    permit::Administrators,
    state::{State, Tally},
    survey::Survey,
    text::{count, day, grouped, share},
};
use crate::Would;

/// A number of the board.
#[derive(Debug)]
pub(crate) struct Figure {
    pub(crate) label: &'static str,
    pub(crate) number: String,
    pub(crate) of: String,
    pub(crate) fill: &'static str,
    pub(crate) share: String,
    pub(crate) note: String,
}

/// A part of the strip.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) state: State,
    pub(crate) number: String,
    pub(crate) at: usize,
    pub(crate) width: usize,
}

pub(super) fn figures(survey: &Survey<'_>) -> Vec<Figure> {
    vec![checks(survey), drifted(survey), repaired(survey), held(&survey.total), exempt(survey), last(survey)]
}

fn figure(label: &'static str, (part, whole): (usize, usize), of: &str, fill: &'static str, note: &str) -> Figure {
    Figure {
        label,
        number: grouped(part),
        of: format!("of {of}"),
        fill,
        share: share(part, whole),
        note: note.to_owned(),
    }
}

fn checks(survey: &Survey<'_>) -> Figure {
    let total = &survey.total;
    let note = match total.unread() {
        0 => "All that were to be made.".to_owned(),
        some => format!("{} could not be made. They count as not read, never as no drift.", grouped(some)),
    };
    let least = if total.lists_unread > 0 { "at least " } else { "" };
    figure("Checks made", (total.looked(), total.all()), &format!("{least}{}", grouped(total.all())), "f-ink", &note)
}

fn drifted(survey: &Survey<'_>) -> Figure {
    let total = &survey.total;
    let looked = seen(survey).values().sum();
    let mut note = format!("On {} of {}.", grouped(survey.drifted()), count(looked, "resource"));
    let new = survey.scan.drift().filter(|finding| finding.seen == Some(crate::Seen::New)).count();
    if let Some(gone) = &survey.scan.gone {
        note = format!("{note} {} new since the earlier scan, {} gone.", grouped(new), grouped(gone.len()));
    }
    figure("Drifted", (total.drift, total.looked()), &count(total.looked(), "check"), "f-drift", &note)
}

fn repaired(survey: &Survey<'_>) -> Figure {
    let auto = would(survey, Would::Auto);
    let (ask, never, person) =
        (would(survey, Would::Ask), would(survey, Would::Withhold), would(survey, Would::Person));
    let for_good = survey.scan.drift().filter(|finding| {
        let would = finding.would();
        let is_reversible =
            survey.control(&finding.control).and_then(|control| control.about).is_none_or(|about| about.reversible);
        matches!(would, Some(Would::Auto | Would::Ask)) && !is_reversible
    });
    let mut note = format!(
        "{} ask first, {} it would not touch, {} only a person repairs.",
        grouped(ask),
        grouped(never),
        grouped(person)
    );
    let for_good = for_good.count();
    if for_good > 0 {
        note = format!("{note} {} cannot be reverted.", count(for_good, "repair"));
    }
    let of = format!("{} drifted", grouped(survey.total.drift));
    figure("Would be repaired without asking", (auto, survey.total.drift), &of, "f-ink", &note)
}

fn held(total: &Tally) -> Figure {
    let note = "Contained by Remedy’s own measure, or in effect for nobody: still in violation.";
    figure("Contained or dormant", (total.held(), total.looked()), &count(total.looked(), "check"), "f-fence", note)
}

fn exempt(survey: &Survey<'_>) -> Figure {
    let total = &survey.total;
    let exempted = || survey.scan.findings.iter().filter_map(|finding| finding.exempted.as_ref());
    let first: Option<Timestamp> = exempted().map(|exempted| exempted.until).min();
    let mut note = "Drift that people agreed to leave for a while.".to_owned();
    if let Some(first) = first {
        note = format!("{note} The first ends on {}.", day(first));
    }
    let proposed = exempted().filter(|exempted| exempted.approved_by.is_none()).count();
    if proposed > 0 {
        note = format!("{note} {} only proposed.", grouped(proposed));
    }
    figure("Exempt", (total.exempt, total.looked()), &count(total.looked(), "check"), "f-excuse", &note)
}

/// The administrators, if policies were analysed.
fn last(survey: &Survey<'_>) -> Figure {
    if let Some(policies) = &survey.scan.policies {
        let Administrators { are, can_become, looked } = Administrators::of(policies);
        let note = format!("{} more can make themselves one.", grouped(can_become));
        return figure("Administrators", (are, looked), &count(looked, "principal"), "f-drift", &note);
    }
    let (apply, covered) = survey.covered();
    let note = "The others need people, or records that AWS does not have.";
    figure("Paragraphs with a control", (covered, apply), &format!("{} that apply", grouped(apply)), "f-ink", note)
}

/// The strip, a thousand units wide.
pub(super) fn strip(total: &Tally) -> Vec<Segment> {
    let parts = [
        (State::NoDrift, total.no_drift),
        (State::Drift, total.drift),
        (State::Contained, total.contained),
        (State::Dormant, total.dormant),
        (State::Exempt, total.exempt),
        (State::Unread, total.unread()),
    ];
    let shown = parts.iter().filter(|(_, some)| *some > 0).count();
    let room = 1_000_usize.saturating_sub(7 * shown);
    let mut at = 0;
    let segment = |(state, some): (State, usize)| {
        let part = some.saturating_mul(room).checked_div(total.all()).unwrap_or_default();
        let width = if some > 0 { part + 4 } else { 0 };
        let segment = Segment { state, number: grouped(some), at, width };
        at += if some > 0 { width + 3 } else { 0 };
        segment
    };
    let always = |state| matches!(state, State::NoDrift | State::Drift | State::Unread);
    let mut strip: Vec<_> =
        parts.into_iter().filter(|(state, some)| *some > 0 || always(*state)).map(segment).collect();
    if let Some(last) = strip.iter_mut().rfind(|part| part.width > 0) {
        last.width = 1_000_usize.saturating_sub(last.at);
    }
    strip
}
