use serde_json::json;

use super::*;

fn only_policy(before: &Value, after: &Value) -> PolicyDiff {
    let parts = changes(before, after);
    let [Part::Policy(policy)] = parts.as_slice() else { panic!("{parts:?}") };
    policy.clone()
}

fn only_members(before: &Value, after: &Value) -> Vec<(String, String, String)> {
    let parts = changes(before, after);
    let [Part::Members(members)] = parts.as_slice() else { panic!("{parts:?}") };
    let name = |member: &Member| member.names.iter().map(Text::as_str).collect::<Vec<_>>().join(" ");
    members.iter().map(|member| (name(member), member.before.to_string(), member.after.to_string())).collect()
}

fn titles(statements: &[Statement]) -> Vec<&str> {
    statements.iter().map(|statement| statement.title.as_str()).collect()
}

fn open() -> Value {
    json!({"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"})
}

fn ward() -> Value {
    json!({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/ward"}, "Action": "s3:*", "Resource": "*"})
}

fn text(statements: &[Value]) -> Value {
    json!(json!({"Version": "2012-10-17", "Statement": statements}).to_string())
}

#[test]
fn equal_settings_give_no_difference() {
    for value in [json!(null), json!({"a": [1, {"b": text(&[open()])}]}), json!("text")] {
        assert_eq!(changes(&value, &value), []);
    }
}

#[test]
fn only_members_that_change() {
    let found = only_members(
        &json!({"length": 8, "kept": 1, "symbols": false}),
        &json!({"length": 14, "kept": 1, "symbols": true}),
    );
    assert_eq!(found, [("length".into(), "8".into(), "14".into()), ("symbols".into(), "off".into(), "on".into())]);
}

#[test]
fn members_that_change_alike_are_one() {
    let found = only_members(&json!({"block": null}), &json!({"block": {"acls": true, "policy": true}}));
    assert_eq!(found, [("acls policy".into(), "none".into(), "on".into())]);
}

#[test]
fn names_are_whole_where_short_ones_are_not_enough() {
    let found =
        only_members(&json!({"a": {"x": 1}, "b": {"x": 2, "y": 1}}), &json!({"a": {"x": 3}, "b": {"x": 4, "y": 5}}));
    assert_eq!(found.into_iter().map(|(name, ..)| name).collect::<Vec<_>>(), ["a.x", "b.x", "y"]);
}

#[test]
fn a_statement_is_removed() {
    let diff = only_policy(&json!({"policy": text(&[ward(), open()])}), &json!({"policy": text(&[ward()])}));
    assert_eq!(diff.title.as_str(), "Policy, 2 statements");
    assert_eq!((titles(&diff.kept), titles(&diff.removed)), (vec!["statement 1"], vec!["statement 2, Open"]));
    assert_eq!((diff.added.as_slice(), diff.members.as_slice()), ([].as_slice(), [].as_slice()));
    let lines = signed('−', &diff.removed[0].text);
    assert!(lines.as_str().starts_with("− {\n−   \"Sid\": \"Open\",\n−   \"Effect\": \"Allow\","), "{lines}");
}

#[test]
fn a_statement_is_added_to_none() {
    let diff = only_policy(&json!(null), &json!(open().to_string()));
    assert_eq!((diff.title.as_str(), titles(&diff.added)), ("Policy statement, none yet", vec!["statement 1, Open"]));
}

#[test]
fn a_statement_that_changes_goes_and_comes() {
    let mut narrow = open();
    narrow["Principal"] = json!({"AWS": "111122223333"});
    let diff = only_policy(&text(&[open(), open()]), &text(&[open(), narrow]));
    assert_eq!(
        (titles(&diff.kept).len(), titles(&diff.removed), titles(&diff.added)),
        (1, vec!["statement 2, Open"], vec!["statement 2, Open"])
    );
}

#[test]
fn a_member_beside_the_statements_changes() {
    let before = json!({"Version": "2008-10-17", "Statement": ward()});
    let after = json!({"Version": "2012-10-17", "Statement": [ward()]});
    let diff = only_policy(&before, &after);
    assert_eq!(
        (diff.kept.len(), diff.members[0].before.as_str(), diff.members[0].after.as_str()),
        (1, "2008-10-17", "2012-10-17")
    );
}

#[test]
fn lists_by_entry() {
    let found = only_members(&json!({"grants": ["owner", "everyone"]}), &json!({"grants": ["owner"]}));
    assert_eq!(found, [("grants".into(), "everyone".into(), "removed".into())]);
}

#[test]
fn a_text_that_is_no_json_is_text() {
    let found = only_members(&json!("{not"), &json!({"a": 1}));
    assert_eq!(found, [("setting".into(), "{not".into(), r#"{"a": 1}"#.into())]);
}

#[test]
fn long_lists_are_laid_out_and_hostile_names_shown() {
    let long: Vec<_> = (0..20).map(|n| format!("s3:Action{n}")).collect();
    let text = laid_out(&json!({"Zed": 1, "Action": long, "Sid": "\u{202e}x"}));
    assert!(text.starts_with("{\n  \"Sid\"") && text.contains("[\n    \"s3:Action0\",\n"), "{text}");
    assert!(Text::lines(&text).as_str().contains(r"\u{202e}x"));
}
