//! A scan as a page of HTML, in one file: it makes no request, and everything can be read without its script.
//!
//! A finding is written out once: under the paragraph of 45 CFR that its control touches most. That is the first one that
//! the documentation of the control gives as the reason ("Why it matters"), of those that the control cites and that apply
//! to the organization; without such, the first that applies. The other paragraphs link to the control.
//!
//! Text from data is a `text::Text`, which shows control characters, and is escaped by the templates.

mod board;
mod coverage;
mod diff;
mod exemption;
mod finding;
mod head;
mod permit;
mod prose;
mod requirement;
mod resource;
mod state;
mod survey;
#[cfg(test)]
mod tests;
mod text;
mod unread;

use std::io::{self, Write};

use askama::{Template, filters::HtmlSafe};
use base64::{Engine, prelude::BASE64_STANDARD};
use prose::Span;
use sha2::{Digest, Sha256};
use state::State;
use survey::Survey;
use text::Text;

use crate::Scan;

const STYLE: &str = include_str!("../templates/page.css");
const SCRIPT: &str = include_str!("../templates/page.js");

/// Writes the page of a scan.
///
/// The same scan gives the same bytes.
pub fn html(out: &mut impl Write, scan: &Scan) -> io::Result<()> {
    Page::of(scan).write_into(out)
}

pub(crate) use diff::lines as changed;

#[derive(Template)]
#[template(path = "scan.html", whitespace = "minimize")]
struct Page {
    style: Own,
    script: Own,
    style_hash: String,
    script_hash: String,
    head: head::Head,
    figures: Vec<board::Figure>,
    strip: Vec<board::Segment>,
    strip_says: String,
    paragraphs: Vec<requirement::Paragraph>,
    resources: resource::Resources,
    permits: Option<permit::Permits>,
    exemptions: Vec<exemption::Exemption>,
    gone: Option<Vec<exemption::Left>>,
    sections: Vec<coverage::Section>,
    coverage: String,
    command: Text,
    settings: Text,
    foot: Text,
    /// The number of the section on what is gone, and of those after it.
    numbers: [usize; 2],
}

/// The style or the script: our own text, and not to be escaped.
struct Own(&'static str);

impl std::fmt::Display for Own {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl HtmlSafe for Own {}

impl Page {
    fn of(scan: &Scan) -> Self {
        let survey = Survey::of(scan);
        let (sections, coverage) = coverage::sections(&survey);
        let gone = exemption::gone(&survey);
        let first = if gone.is_some() { 7 } else { 6 };
        Self {
            style: Own(STYLE),
            script: Own(SCRIPT),
            style_hash: hash(STYLE),
            script_hash: hash(SCRIPT),
            head: head::Head::of(&survey),
            figures: board::figures(&survey),
            strip: board::strip(&survey.total),
            strip_says: format!("{} by state", text::count(survey.total.all(), "check")),
            paragraphs: requirement::paragraphs(&survey),
            resources: resource::resources(&survey),
            permits: permit::permits(scan),
            exemptions: exemption::exemptions(&survey),
            gone,
            sections,
            coverage,
            settings: Text::of(scan.settings.as_deref().unwrap_or_default()),
            command: Text::lines(&command(scan)),
            foot: Text::of(&format!("Remedy {} · scan of {} at {}", scan.version, scan.account, scan.begun)),
            numbers: [first, first + 1],
        }
    }
}

fn hash(text: &str) -> String {
    BASE64_STANDARD.encode(Sha256::digest(text.as_bytes()))
}

/// The command that makes such a page, as far as the scan says.
fn command(scan: &Scan) -> String {
    let mut parts = vec!["remedy scan".to_owned()];
    let others = scan.accounts.iter().filter(|account| **account != scan.account || scan.accounts.len() > 1);
    parts.extend(others.map(|account| format!("--account {account}")));
    if scan.accounts.iter().any(|account| *account != scan.account) {
        parts.push("--role NAME".to_owned());
    }
    parts.extend(scan.regions.iter().filter(|region| !region.is_global()).map(|region| format!("--region {region}")));
    if scan.settings.is_some() {
        parts.push("--settings FILE".to_owned());
    }
    if scan.findings.iter().any(|finding| finding.exempted.is_some()) {
        parts.push("--exemptions FILE".to_owned());
    }
    if scan.policies.is_some() {
        parts.push("--policies".to_owned());
    }
    if scan.gone.is_some() {
        parts.push("--since FILE".to_owned());
    }
    parts.push("--out DIR".to_owned());
    let mut text = String::new();
    let mut width = 0;
    for (place, part) in parts.iter().enumerate() {
        if place > 0 && width + part.len() > 72 {
            text += " \\\n ";
            width = 0;
        }
        if place > 0 {
            text.push(' ');
        }
        text += part;
        width += part.len() + 1;
    }
    text
}
