//! What the documentation of a control says, from `docs/controls`: a new control needs no edit here.

use include_dir::{Dir, include_dir};

use super::text::Text;

static PAGES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../docs/controls");

/// A piece of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Span {
    Plain(Text),
    Code(Text),
}

/// A paragraph under its heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) head: &'static str,
    pub(crate) spans: Vec<Span>,
}

const WHY: &str = "Why it matters";

/// The headings of a page, and as what they are shown.
const HEADS: [(&str, &str); 4] = [
    (WHY, WHY),
    ("What may break", "What the repair may break"),
    ("Way back", "Way back"),
    ("When a person decides", "When a person decides"),
];

/// What the page of a control says; nothing if it has none.
pub(crate) fn of(control: &str) -> Vec<Said> {
    let said = |&(heading, head): &(&str, &'static str)| {
        let text = paragraph(page(control)?, heading)?;
        let text = if heading == WHY { without_citations(&text) } else { Text::of(&text) };
        Some(Said { head, spans: spans(text.as_str()) })
    };
    HEADS.iter().filter_map(said).collect()
}

/// The paragraphs of 45 CFR that the page gives as the reason, the most important first.
pub(crate) fn reasons(control: &str) -> Vec<String> {
    let why = page(control).and_then(|page| paragraph(page, WHY)).unwrap_or_default();
    let cited = |word: &str| word.trim_end_matches([',', '.', ';', ':']).to_owned();
    why.split_whitespace().filter(|word| word.starts_with("164.")).map(cited).collect()
}

fn page(control: &str) -> Option<&'static str> {
    PAGES.get_file(format!("{control}.md"))?.contents_utf8()
}

/// The paragraph that begins with the heading, on one line.
fn paragraph(page: &str, heading: &str) -> Option<String> {
    let begin = format!("**{heading}.**");
    let found = page.split("\n\n").find_map(|paragraph| paragraph.trim_start().strip_prefix(&begin))?;
    Some(found.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The reason without the paragraphs of 45 CFR before or after it: they are listed beside it, each with its source.
fn without_citations(text: &str) -> Text {
    const CITATION: &str = "45 CFR ";
    match text.split_once(CITATION) {
        Some(("", citation)) => Text::sentence(citation.split_once(": ").map_or(text, |(_, reason)| reason)),
        Some((reason, _)) => Text::of(&format!("{}.", reason.trim_end().trim_end_matches(':'))),
        None => Text::of(text),
    }
}

fn spans(text: &str) -> Vec<Span> {
    let piece = |(place, piece): (usize, &str)| {
        let text = Text::of(piece);
        if place.is_multiple_of(2) { Span::Plain(text) } else { Span::Code(text) }
    };
    text.split('`').enumerate().map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_controls_are_read() {
        let said = of("s3-bucket-public");
        assert_eq!(said.iter().map(|said| said.head).collect::<Vec<_>>(), HEADS.map(|(_, head)| head));
        assert_eq!(reasons("s3-bucket-public").first().map(String::as_str), Some("164.312(a)(1)"));
        assert_eq!(of("none-such"), []);
    }

    #[test]
    fn every_page_has_its_headings() {
        for file in PAGES.files() {
            let page = file.contents_utf8().unwrap();
            for (heading, _) in HEADS {
                assert!(paragraph(page, heading).is_some(), "{heading} in {}", file.path().display());
            }
        }
    }

    #[test]
    fn citations_are_listed_elsewhere() {
        let without = |text| without_citations(text).to_string();
        assert_eq!(without("PHI is open: 45 CFR 164.312(a)(1) (access control)."), "PHI is open.");
        assert_eq!(without("45 CFR 164.312(d) (x), 164.308(a)(7)(i): lost PHI."), "Lost PHI.");
        assert_eq!(without("45 CFR 164.312(d)."), "45 CFR 164.312(d).");
    }

    #[test]
    fn code_is_kept_apart() {
        let plain = |text: &str| Span::Plain(Text::of(text));
        assert_eq!(spans("a `b` c"), [plain("a "), Span::Code(Text::of("b")), plain(" c")]);
    }
}
