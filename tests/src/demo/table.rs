//! The table that a person reads.

use std::{
    collections::BTreeSet,
    env,
    fs::File,
    io::{IsTerminal, stdout},
    process::Command,
};

use super::{stage::Stage, told::Told};

const HEAD: [&str; 6] = ["control", "resource", "what was wrong", "what was done", "verified", "evidence"];
/// The columns that may be cut, in this order, and how short.
const CUTS: [(usize, usize); 4] = [(1, 19), (3, 26), (2, 20), (3, 20)];

const INDENT: &str = " ";

type Row = [String; 6];

/// A heading; bold on a terminal.
pub(crate) fn heading(text: &str) -> String {
    let plain = !stdout().is_terminal() || env::var_os("NO_COLOR").is_some();
    if plain { text.to_owned() } else { format!("\x1b[1m{text}\x1b[0m") }
}

/// Prints one line a place, account by account.
pub(crate) fn print(stage: &Stage, told: &[Told<'_>]) {
    let letters = letters(told);
    let rows: Vec<(&str, Row)> = told.iter().map(|one| (one.site.name, row(one, letters))).collect();
    let widths = widths(&rows, screen());
    for site in stage.sites() {
        println!("{INDENT}{} (account {})", site.name, site.world.account.id);
        println!("{INDENT}{}", line(&HEAD.map(str::to_owned), &widths));
        println!("{INDENT}{}", line(&widths.map(|width| "-".repeat(width)), &widths));
        for (_, row) in rows.iter().filter(|(name, _)| *name == site.name) {
            println!("{INDENT}{}", line(row, &widths));
        }
        println!();
    }
    println!("{INDENT}evidence: the first letters of the last record's id; the whole keys are in summary.json.\n");
}

fn row(one: &Told<'_>, letters: usize) -> Row {
    let verified = match one.verified() {
        Some(true) => "yes",
        Some(false) => "NO",
        None => "-",
    };
    let evidence = one.evidence().last().map_or("-", |key| id(key).get(..letters).unwrap_or(key));
    let control = if one.place.control.is_empty() { "-" } else { &one.place.control };
    [
        control.to_owned(),
        one.place.label.clone(),
        one.place.wrong.clone(),
        done(one),
        verified.to_owned(),
        evidence.to_owned(),
    ]
}

/// The outcome, and the calls or the reason.
fn done(one: &Told<'_>) -> String {
    let (outcome, calls) = (one.outcome(), one.performed());
    let why = if calls.is_empty() {
        one.text("reason").to_owned()
    } else {
        calls.iter().map(|call| bare(call)).collect::<Vec<_>>().join(", ")
    };
    let unexpected = if outcome == one.place.outcome { "" } else { "UNEXPECTED " };
    match (outcome, why.as_str()) {
        ("no-run", _) => "left alone: no control here is about it".to_owned(),
        (_, "") => format!("{unexpected}{outcome}"),
        (_, why) => format!("{unexpected}{outcome}: {why}"),
    }
}

/// A call without its service.
fn bare(call: &str) -> &str {
    call.split_once(':').map_or(call, |(_, name)| name)
}

/// The id of a record, from its key `<hour>/<time>-<control>-<kind>-<id>.json`.
fn id(key: &str) -> &str {
    key.trim_end_matches(".json").rsplit('-').next().unwrap_or_default()
}

/// How many letters of the ids tell all of them apart.
fn letters(told: &[Told<'_>]) -> usize {
    let ids: BTreeSet<&str> = told.iter().flat_map(Told::evidence).map(id).collect();
    let distinct =
        |letters: &usize| ids.iter().filter_map(|id| id.get(..*letters)).collect::<BTreeSet<_>>().len() == ids.len();
    (7..=64).find(distinct).unwrap_or(64)
}

/// The widths that the content wants, cut until the line fits.
fn widths(rows: &[(&str, Row)], screen: usize) -> [usize; 6] {
    let mut widths = HEAD.map(str::len);
    for (_, row) in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    while widths.iter().sum::<usize>() + INDENT.len() + 2 * (widths.len() - 1) > screen {
        let Some((at, _)) = CUTS.iter().find(|(at, least)| widths[*at] > *least) else { break };
        widths[*at] -= 1;
    }
    widths
}

fn line(row: &Row, widths: &[usize; 6]) -> String {
    let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{:width$}", cut(cell, *width))).collect();
    cells.join("  ").trim_end().to_owned()
}

/// A text, cut where it is too long.
pub(crate) fn cut(cell: &str, width: usize) -> String {
    if cell.chars().count() <= width {
        return cell.to_owned();
    }
    let kept: String = cell.chars().take(width - 1).collect();
    format!("{}…", kept.trim_end())
}

/// The columns of the terminal; where there is none, enough for a log.
fn screen() -> usize {
    let said = env::var_os("COLUMNS").and_then(|columns| columns.to_str()?.parse().ok());
    let measured = || stdout().is_terminal().then(terminal).flatten();
    said.or_else(measured).unwrap_or(160).clamp(120, 220)
}

fn terminal() -> Option<usize> {
    let tty = File::open("/dev/tty").ok()?;
    let size = Command::new("stty").arg("size").stdin(tty).output().ok()?.stdout;
    String::from_utf8(size).ok()?.split_whitespace().nth(1)?.parse().ok()
}
