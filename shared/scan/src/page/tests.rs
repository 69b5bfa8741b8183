//! What the page says, and what it must not let through.

mod sample;

use remedy_domain::Outcome;

use super::*;
use crate::{Unread, requirements::Organization};

fn page(scan: &Scan) -> String {
    let mut out = Vec::new();
    html(&mut out, scan).unwrap();
    String::from_utf8(out).unwrap()
}

/// The tags with the names of their attributes, and what lies between them.
fn parsed(page: &str) -> (Vec<String>, String) {
    let (mut tags, mut text) = (Vec::new(), String::new());
    let mut rest = page;
    while let Some((before, after)) = rest.split_once('<') {
        text += before;
        let (mut quoted, mut tag, mut end) = (false, String::new(), 0);
        for (place, char) in after.char_indices() {
            match char {
                '"' => quoted = !quoted,
                '>' if !quoted => {
                    end = place + 1;
                    break;
                }
                _ if quoted => {}
                _ => tag.push(char),
            }
        }
        rest = after.split_at(end).1;
        for raw in ["style", "script"] {
            if tag == raw {
                rest = rest.split_once(&format!("</{raw}>")).unwrap().1;
            }
        }
        tags.push(tag);
    }
    (tags, text + rest)
}

const HOSTILE: [&str; 4] = [
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "\"'& onload=alert(1) ' style=\"color:red\" --><!--",
    "\u{202e}evil\u{2066}\u{1b}[31m\u{0}\u{85}\r\n\t\u{feff}",
    "</style></script></title><svg/onload=alert(1)>{{ 7*7 }}",
];

#[test]
fn no_name_makes_an_element_or_an_attribute() {
    let tame = parsed(&page(&sample::named(|word| format!("x{word}")))).0;
    assert!(tame.len() > 1_000);
    for hostile in HOSTILE {
        let made = page(&sample::named(|word| format!("{hostile}{word}")));
        let (tags, text) = parsed(&made);
        for (place, tag) in tags.iter().enumerate() {
            assert_eq!(Some(tag), tame.get(place), "tag {place} with {hostile:?}");
        }
        assert_eq!(tags.len(), tame.len());
        assert!(
            !text.chars().any(|char| char.is_control() && char != '\n' || ('\u{202a}'..='\u{2069}').contains(&char))
        );
    }
    assert!(page(&sample::named(|word| format!("\u{202e}{word}"))).contains(r"\u{202e}control000"));
}

#[test]
fn long_names_are_shown_whole() {
    let long = "n".repeat(1_000);
    let made = page(&sample::named(|word| format!("{long}{word}")));
    assert!(made.contains(&format!("{long}id0000")));
}

#[test]
fn nothing_leaves_the_page() {
    let made = page(&sample::clinic());
    for (what, times) in [
        (" style=", 0),
        ("innerHTML", 0),
        ("http:", 0),
        ("https:", 0),
        ("url(", 1),
        ("src=", 0),
        ("data:", 0),
        ("<style", 1),
        ("<script", 1),
    ] {
        assert_eq!(made.matches(what).count(), times, "{what}");
    }
    assert!(parsed(&made).0.iter().all(|tag| !tag.split(' ').any(|attribute| attribute.starts_with("on"))));
    assert!(SCRIPT.lines().count() <= 200 && !STYLE.contains("@import"));
}

/// The hashes are of what stands between the tags, byte for byte.
#[test]
fn the_policy_names_the_style_and_the_script() {
    let made = page(&sample::empty());
    for (tag, kind) in [("style", "style-src"), ("script", "script-src")] {
        let between = made.split_once(&format!("<{tag}>")).unwrap().1.split_once(&format!("</{tag}>")).unwrap().0;
        assert!(made.contains(&format!("{kind} 'sha256-{}'", hash(between))), "{tag}");
    }
}

#[test]
fn each_finding_is_written_out_once_and_linked_once() {
    let scan = sample::clinic();
    let made = page(&scan);
    for (place, finding) in scan.findings.iter().enumerate() {
        let times = usize::from(State::of(finding).is_violation());
        let anchor = finding::anchor(place);
        assert_eq!(made.matches(&format!("id=\"{anchor}\"")).count(), times, "{anchor}");
        assert_eq!(made.matches(&format!("href=\"#{anchor}\"")).count(), times, "{anchor}");
    }
    let ids: Vec<_> = made.split(" id=\"").skip(1).map(|rest| rest.split_once('"').unwrap().0).collect();
    let unique: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(ids.len(), unique.len());
    for link in made.split("href=\"#").skip(1).map(|rest| rest.split_once('"').unwrap().0) {
        assert!(ids.contains(&link), "#{link} leads nowhere");
    }
}

#[test]
fn numbers_add_up() {
    let scan = sample::clinic();
    let survey = Survey::of(&scan);
    let total = survey.total;
    assert_eq!((total.drift, total.unread()), (scan.drift().count(), scan.unread()));
    assert_eq!(total.looked() + total.resources_unread + total.outside, scan.findings.len());
    assert_eq!(
        (total.contained, total.dormant, total.exempt),
        (scan.count(Outcome::Contained), scan.count(Outcome::Dormant), scan.count(Outcome::Exempt))
    );
    for row in requirement::paragraphs(&survey) {
        let numbers: Vec<usize> =
            row.numbers.iter().map(|number| number.text.replace('–', "0").replace(',', "").parse().unwrap()).collect();
        assert_eq!(numbers[0], numbers[1..5].iter().sum::<usize>(), "{}", row.id);
    }
    let strip = board::strip(&total);
    assert!(strip.iter().all(|part| part.at + part.width <= 1_000));
}

#[test]
fn what_is_contained_or_dormant_is_not_without_drift() {
    for outcome in [Outcome::Contained, Outcome::Dormant, Outcome::Exempt, Outcome::Blocked] {
        let mut scan = sample::empty();
        scan.findings = vec![sample::finding("s3-bucket-public", ("AWS::S3::Bucket", "a"), outcome)];
        assert_eq!(Survey::of(&scan).total.no_drift, 0, "{outcome:?}");
    }
    let mut half = sample::finding("s3-bucket-public", ("AWS::S3::Bucket", "a"), Outcome::AlreadyCompliant);
    half.unread = Some(Unread::not_reached("time"));
    assert_eq!(State::of(&half), State::Unread);
}

#[test]
fn accounts_at_the_limits() {
    let text = |scan: &Scan| parsed(&page(scan)).1;
    assert!(text(&sample::empty()).contains("Nothing was looked at."));
    let mut none = sample::clinic();
    none.findings.retain(|finding| finding.outcome == Some(Outcome::AlreadyCompliant));
    none.cells.clear();
    let made = text(&none);
    assert!(
        made.contains(&format!("None of {} checks found drift.", none.findings.len()))
            && made.contains("No resource was found in violation."),
        "{made}"
    );
    let mut unread = sample::clinic();
    unread.interrupted = true;
    for finding in &mut unread.findings {
        (finding.outcome, finding.unread) = (None, Some(Unread::not_reached("the scan was stopped")));
    }
    let made = text(&unread);
    assert!(made.contains("could be made.") && made.contains("Incomplete: stopped before its end."), "{made}");
    assert!(!made.contains("found drift"));
}

#[test]
fn a_control_is_written_out_under_the_paragraph_it_is_made_for() {
    let mut scan = sample::clinic();
    let home = |scan: &Scan, control: &str| {
        let survey = Survey::of(scan);
        survey.paragraphs[survey.control(control).unwrap().home].id.to_owned()
    };
    assert_eq!(home(&scan, "s3-bucket-public"), "164.312(a)(1)");
    assert_eq!(home(&scan, "iam-user-without-mfa"), "164.312(d)");
    assert!(!page(&scan).contains("id=\"r-164.308(a)(4)(ii)(A)\""), "it is for clearinghouses");
    scan.organization = vec![Organization::Clearinghouse.word().to_owned()];
    assert!(page(&scan).contains("id=\"r-164.308(a)(4)(ii)(A)\""));
    scan.controls.iter_mut().for_each(|about| about.requirements.clear());
    assert!(page(&scan).contains("No paragraph"));
}

#[test]
fn it_says_no_word_that_promises() {
    let mut text = parsed(&page(&sample::clinic())).1.to_lowercase();
    // The documentation of a control is not the page's.
    text = text
        .replace("admits external principals", "")
        .replace("password", "")
        .replace("passed", "")
        .replace("passes", "")
        .replace("iam:passrole", "")
        .replace("passrole", "");
    for word in [" pass ", "secure ", "all good", "certified", "in order.", "put right", "strangers", "fence"] {
        assert!(!text.contains(word), "{word}");
    }
}

#[test]
fn the_same_scan_gives_the_same_bytes() {
    assert_eq!(page(&sample::clinic()), page(&sample::clinic()));
}

#[test]
fn ten_thousand_resources_stay_small() {
    let made = page(&sample::large());
    assert!(made.len() < 3_000_000, "{}", made.len());
    assert!(made.contains("9,700 resources without drift"));
    assert_eq!(made.matches("<details class=\"find\"").count(), 300);
}
