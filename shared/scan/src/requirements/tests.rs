use std::{collections::BTreeSet, fs, path::Path};

use super::{mappings, *};

const GUARD: &str = "AWS's Guard rule set for HIPAA";
const CDK_NAG: &str = "cdk-nag's HIPAA rules";
const STEAMPIPE: &str = "Steampipe's HIPAA benchmark";
const PROWLER: &str = "Prowler's HIPAA framework";
const OWN: &str = "Remedy's own judgement";

/// The controls of today, as their pages describe them.
fn controls() -> Vec<About> {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/controls");
    let paths = fs::read_dir(pages).unwrap().map(|entry| entry.unwrap().path());
    let mut controls: Vec<_> = paths.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    controls.sort();
    controls.iter().map(|path| control(path)).collect()
}

fn control(page: &Path) -> About {
    let text = fs::read_to_string(page).unwrap();
    let line = |name: &str| -> Vec<String> {
        let start = format!("- **{name}:** ");
        let list =
            text.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_else(|| panic!("{name}: {page:?}"));
        list.split(", ").map(|item| item.trim_matches('`').to_owned()).filter(|item| item != "none").collect()
    };
    About {
        id: page.file_stem().unwrap().to_str().unwrap().to_owned(),
        title: String::new(),
        requirements: line("45 CFR"),
        config_rules: line("AWS Config rules"),
        resource_types: Vec::new(),
        reversible: true,
    }
}

fn named(id: &str) -> About {
    controls().into_iter().find(|control| control.id == id).unwrap()
}

/// A number, a Roman numeral or a letter of an id compares as the rule counts it.
fn place(id: &str) -> Vec<(usize, usize)> {
    const ROMAN: [&str; 4] = ["i", "ii", "iii", "iv"];
    let part = |(depth, part): (usize, &str)| {
        let roman = ROMAN.iter().position(|numeral| *numeral == part && depth > 1);
        let letter = || part.bytes().next().map(usize::from).unwrap_or_default();
        (depth, part.parse().ok().or(roman).unwrap_or_else(letter))
    };
    id.split(['.', '(', ')']).filter(|part| !part.is_empty()).skip(1).enumerate().map(part).collect()
}

#[test]
fn the_table_is_in_the_order_of_the_rule_and_says_each_once() {
    assert!(PARAGRAPHS.is_sorted_by(|one, next| place(one.id) < place(next.id)));
    for paragraph in PARAGRAPHS {
        assert_eq!(super::paragraph(paragraph.id), Some(paragraph));
        assert!(!paragraph.subject.is_empty() && !paragraph.subject.ends_with('.'), "{}", paragraph.id);
        if let Covered::ByOthers(who) = paragraph.covered {
            assert!(who.ends_with('.') && who.matches(". ").count() == 0, "one sentence: {who}");
            assert!(!who.contains("  "), "{who}");
        }
    }
    assert_eq!(paragraph("164.308(a)"), None);
    assert_eq!(paragraph("164.404"), None);
}

/// Appendix A to subpart C has 18 standards, and 36 implementation specifications: 14 required, 22 addressable.
#[test]
fn the_safeguards_are_those_of_appendix_a() {
    // The matrix has no row for 164.308(b)(2), which is the same standard for business associates.
    let safeguards = |paragraph: &&Paragraph| paragraph.id < "164.314" && paragraph.id != "164.308(b)(2)";
    let count = |kind: Kind| PARAGRAPHS.iter().filter(safeguards).filter(|one| one.kind == kind).count();
    assert_eq!([Kind::Standard, Kind::Required, Kind::Addressable].map(count), [18, 14, 22]);
    let others = |paragraph: &&Paragraph| paragraph.id > "164.314";
    let count = |kind: Kind| PARAGRAPHS.iter().filter(others).filter(|one| one.kind == kind).count();
    assert_eq!([Kind::Standard, Kind::Required, Kind::Addressable].map(count), [4, 13, 0]);
    assert_eq!(paragraph("164.312(a)(2)(iv)").unwrap().kind.word(), "addressable");
    assert_eq!(paragraph("164.308(a)(1)(ii)(A)").unwrap().kind.word(), "required");
    assert_eq!(paragraph("164.312(d)").unwrap().kind.word(), "standard");
}

#[test]
fn what_controls_cite_is_in_the_table_and_configuration_can_support_it() {
    let controls = controls();
    assert!(controls.len() >= 19);
    for control in &controls {
        assert!(!control.requirements.is_empty(), "{}", control.id);
        for id in &control.requirements {
            let paragraph = paragraph(id).unwrap_or_else(|| panic!("{} cites {id}", control.id));
            assert_eq!(paragraph.covered, Covered::Controls, "{} cites {id}", control.id);
            assert!(covered(id, &controls).contains(&control));
        }
    }
}

#[test]
fn a_control_supports_what_it_cites_and_nothing_above_or_below() {
    let controls = [named("kms-key-unrotated"), named("iam-root-without-mfa")];
    let ids = |paragraph: &str| covered(paragraph, &controls).into_iter().map(|about| &about.id).collect::<Vec<_>>();
    assert_eq!(ids("164.312(a)(2)(iv)"), ["kms-key-unrotated"]);
    assert_eq!(ids("164.312(d)"), ["iam-root-without-mfa"]);
    assert!(ids("164.312(a)(1)").is_empty());
    assert!(covered("164.312(d)", &[]).is_empty());
}

#[test]
fn paragraphs_for_some_organizations_concern_no_others() {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let (clearinghouse, plan) = (words(&["health-care-clearinghouse"]), words(&["group-health-plan"]));
    assert!(applies("164.308(a)(4)(ii)(A)", &clearinghouse) && !applies("164.308(a)(4)(ii)(A)", &plan));
    assert!(!applies("164.308(a)(4)(ii)(A)", &[]) && !applies("164.308(a)(4)(ii)(A)", &words(&["hospital"])));
    let ids = PARAGRAPHS.iter().map(|paragraph| paragraph.id).filter(|id| !applies(id, &clearinghouse));
    let only_plans: Vec<_> = ids.collect();
    assert_eq!(only_plans.len(), 6);
    assert!(only_plans.iter().all(|id| id.starts_with("164.314(b)") && applies(id, &plan)));
    assert!(applies("164.312(d)", &[]) && applies("164.404", &[]), "everybody, or unknown");
    assert!(PARAGRAPHS.iter().all(|paragraph| applies(paragraph.id, &[&clearinghouse[..], &plan[..]].concat())));
}

#[test]
fn every_citation_of_a_control_is_somebodys() {
    let known = BTreeSet::from([GUARD, CDK_NAG, STEAMPIPE, PROWLER, OWN]);
    for control in controls() {
        for id in &control.requirements {
            let mapped = mapped_by(&control, id);
            assert!(!mapped.is_empty() && mapped.iter().all(|name| known.contains(name)), "{} {id}", control.id);
            assert!(mapped == [OWN] || !mapped.contains(&OWN), "{} {id}", control.id);
        }
    }
}

#[test]
fn a_few_are_known() {
    let of = |control: &str, paragraph: &str| mapped_by(&named(control), paragraph);
    assert_eq!(of("s3-bucket-public", "164.312(a)(1)"), [GUARD, CDK_NAG, STEAMPIPE, PROWLER]);
    assert_eq!(of("s3-bucket-default-key", "164.312(a)(2)(iv)"), [GUARD, CDK_NAG, STEAMPIPE]);
    assert_eq!(of("s3-bucket-default-key", "164.314(b)(1)"), [STEAMPIPE], "AWS maps the rule, and not to this");
    assert_eq!(of("kms-key-unrotated", "164.312(a)(2)(iv)"), [PROWLER]);
    assert_eq!(of("kms-key-pending-deletion", "164.308(a)(1)(ii)(B)"), [STEAMPIPE]);
    assert_eq!(of("kms-key-pending-deletion", "164.312(a)(2)(ii)"), [OWN], "its rule is mapped, but to something else");
    assert_eq!(of("iam-inline-policy", "164.308(a)(1)(ii)(B)"), [PROWLER]);
    assert_eq!(of("iam-policy-full-service", "164.308(a)(4)(i)"), [GUARD, CDK_NAG]);
    assert_eq!(of("iam-root-without-mfa", "164.312(d)"), [CDK_NAG, STEAMPIPE, PROWLER]);
    assert_eq!(of("iam-policy-unapproved", "164.316(b)(1)"), [OWN], "it has no rule");
}

#[test]
fn the_file_of_mappings_names_paragraphs_of_the_table_and_a_source_for_each() {
    mappings::check();
}
