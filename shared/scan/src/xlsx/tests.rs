use remedy_domain::Outcome;

use super::*;
use crate::{requirements, sample};

fn bytes(scan: &Scan) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out, scan).unwrap();
    out
}

fn sheet_of<'a>(tables: &'a [Table], name: &str) -> &'a Table {
    tables.iter().find(|table| table.name == name).unwrap()
}

fn text(value: &Value) -> &str {
    if let Value::Text(text) = value { text } else { panic!("{value:?} is no text") }
}

#[test]
fn the_same_scan_gives_the_same_bytes() {
    assert_eq!(bytes(&sample::scan()), bytes(&sample::scan()));
    let later = Scan { begun: "2026-12-01T00:00:00Z".parse().unwrap(), ..sample::scan() };
    assert_ne!(bytes(&sample::scan()), bytes(&later));
}

#[test]
fn the_sheets_are_those() {
    let names = |scan: &Scan| tables::all(scan).iter().map(|table| table.name).collect::<Vec<_>>();
    let all = ["Summary", "Requirements", "Drift", "Exemptions", "Gaps", "Policies", "Not covered"];
    assert_eq!(names(&sample::scan()), all);
    let without = Scan { policies: None, ..sample::scan() };
    assert_eq!(names(&without), all.iter().copied().filter(|&name| name != "Policies").collect::<Vec<_>>());
}

#[test]
fn each_resource_that_is_not_in_order_has_a_row_in_one_sheet() {
    let scan = sample::scan();
    let tables = tables::all(&scan);
    let rows = |name: &str| sheet_of(&tables, name).rows.len();
    let fails = [Outcome::Drifted, Outcome::NeedsHuman, Outcome::Contained, Outcome::Dormant];
    assert_eq!(rows("Drift"), fails.map(|outcome| scan.count(outcome)).iter().sum::<usize>());
    assert_eq!(rows("Exemptions"), scan.count(Outcome::Exempt));
    assert_eq!(rows("Gaps"), scan.unread() + scan.count(Outcome::OutOfScope) + 1, "and policies that were not read");
    assert_eq!(rows("Policies"), 2);
}

#[test]
fn each_row_is_as_wide_as_its_head() {
    let scan = sample::scan();
    for table in tables::all(&scan) {
        for row in &table.rows {
            assert!(row.len() == table.head.len(), "{}: {row:?}", table.name);
        }
    }
}

#[test]
fn each_paragraph_that_concerns_the_organization_is_in_one_of_two_sheets() {
    let scan = sample::scan();
    let tables = tables::all(&scan);
    let listed = |name: &str| sheet_of(&tables, name).rows.iter().map(|row| text(&row[0])).collect::<Vec<_>>();
    let mut both = [listed("Requirements"), listed("Not covered")].concat();
    both.sort_unstable();
    let concerned = requirements::PARAGRAPHS.iter().map(|paragraph| paragraph.id);
    let mut all: Vec<_> = concerned.filter(|id| requirements::applies(id, &scan.organization)).collect();
    all.sort_unstable();
    assert_eq!(both, all);
    assert_eq!(listed("Requirements").len(), 6 - 1, "one of them is only for clearinghouses");
}

#[test]
fn no_zero_stands_for_what_was_not_looked_at() {
    let scan = sample::scan();
    let tables = tables::all(&scan);
    let dying =
        sheet_of(&tables, "Summary").rows.iter().find(|row| text(&row[0]) == "kms-key-pending-deletion").unwrap();
    assert_eq!(dying[3..], [Value::Count(0), "–".into(), "–".into(), "–".into(), "–".into(), Value::Count(2)]);
}

#[test]
fn a_text_is_one_that_xml_can_have_and_excel_takes() {
    assert_eq!(readable("a\u{fffe}b"), "a\u{fffd}b");
    assert_eq!(readable(&"x".repeat(TEXT + 1)).chars().count(), TEXT);
}
