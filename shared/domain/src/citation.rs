//! Citations of 45 CFR, as the CFR itself cites: `164.308(a)(3)(i), (ii)(A); 164.312(a)(1)`.

/// The paragraphs of a citation, each in full; none where it cannot be read.
///
/// Sections are parted by `; `, the paragraphs of one by `, `. A paragraph after the first begins at the level of its first
/// designator and shares what stands above that level with the one before.
#[must_use]
pub fn paragraphs(citation: &str) -> Option<Vec<String>> {
    let mut all = Vec::new();
    for cited in citation.split("; ") {
        let (section, rest) = cited.split_at(cited.find('(').unwrap_or(cited.len()));
        if section.is_empty() || !section.chars().all(|c| c.is_ascii_digit() || c == '.') {
            return None;
        }
        let mut path: Vec<&str> = Vec::new();
        for part in rest.split(", ") {
            let designators = designators(part)?;
            let level = level(designators.first()?, path.len())?;
            if level > path.len() {
                return None;
            }
            path.truncate(level);
            for designator in designators {
                (self::level(designator, path.len()) == Some(path.len())).then_some(())?;
                path.push(designator);
            }
            all.push(path.iter().fold(section.to_owned(), |text, designator| format!("{text}({designator})")));
        }
    }
    Some(all)
}

/// `(ii)(A)` is `ii` and `A`.
fn designators(text: &str) -> Option<Vec<&str>> {
    text.strip_prefix('(')?.strip_suffix(')').map(|inner| inner.split(")(").collect())
}

/// The level of a designator, from 0: `(a)`, `(1)`, `(i)`, `(A)`. Behind a paragraph of two levels or more, `i` is a numeral.
fn level(designator: &str, depth: usize) -> Option<usize> {
    let all = |is: fn(char) -> bool| !designator.is_empty() && designator.chars().all(is);
    let is_letter = designator.len() == 1 && all(|c| c.is_ascii_lowercase());
    if all(|c| c.is_ascii_digit()) {
        Some(1)
    } else if all(|c| c.is_ascii_uppercase()) {
        Some(3)
    } else if all(|c| "ivx".contains(c)) && (depth >= 2 || !is_letter) {
        Some(2)
    } else {
        is_letter.then_some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paragraph_shares_what_stands_above_it_with_the_one_before() {
        for (citation, expected) in [
            ("164.312(d)", vec!["164.312(d)"]),
            (
                "164.308(a)(3)(i), (ii)(A); 164.312(a)(1)",
                vec!["164.308(a)(3)(i)", "164.308(a)(3)(ii)(A)", "164.312(a)(1)"],
            ),
            (
                "164.308(a)(4)(ii)(A), (C), (5)(i)",
                vec!["164.308(a)(4)(ii)(A)", "164.308(a)(4)(ii)(C)", "164.308(a)(5)(i)"],
            ),
            (
                "164.312(a)(1), (2)(iv), (c)(1), (2)",
                vec!["164.312(a)(1)", "164.312(a)(2)(iv)", "164.312(c)(1)", "164.312(c)(2)"],
            ),
            ("164.310(i), (j)", vec!["164.310(i)", "164.310(j)"]),
        ] {
            let read = paragraphs(citation);
            assert_eq!(read, Some(expected.into_iter().map(str::to_owned).collect()), "{citation}");
        }
    }

    #[test]
    fn what_is_no_citation_is_none() {
        for text in [
            "",
            "164.308",
            "(a)(1)",
            "164.308(a)(A)",
            "164.308(a), (A)",
            "164.308(1)",
            "164.308(a)(1);164.312(d)",
            "164.308(a) and (b)",
            "164.308(a)()",
            "x(a)",
        ] {
            assert_eq!(paragraphs(text), None, "{text}");
        }
    }
}
