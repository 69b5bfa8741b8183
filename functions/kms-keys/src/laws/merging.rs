//! What an undo must make of a key policy that others have changed, said once more in the simplest words.

use remedy_policy::{Kind, Policy};
use remedy_testkit::laws::merged_whole;
use serde_json::Value;

use super::worlds::document;

/// A Sid, which each statement of the worlds has, and the text.
type Statement = (String, String);

/// Statement by statement; what is put back comes last. Nothing where one of ours was changed.
pub(super) fn statements(ours_wanted_now: [&Value; 3]) -> Option<Value> {
    if let Some(merged) = merged_whole(ours_wanted_now) {
        return Some(merged);
    }
    let [ours, wanted, mut merged] = ours_wanted_now.map(listed);
    let gone: Vec<_> = ours.iter().filter(|one| !wanted.contains(one)).collect();
    let back: Vec<_> = wanted.iter().filter(|one| !ours.contains(one) && !merged.contains(one)).cloned().collect();
    let named = |list: &[Statement], sid: &str| list.iter().any(|(known, _)| known == sid);
    for one in gone {
        match merged.iter().position(|known| known == one) {
            Some(at) => drop(merged.remove(at)),
            None if back.is_empty() && !named(&merged, &one.0) => {}
            None => return None,
        }
    }
    if back.iter().any(|(sid, _)| named(&merged, sid)) {
        return None;
    }
    merged.extend(back);
    let texts: Vec<_> = merged.into_iter().map(|(_, text)| text).collect();
    Some(Value::String(document(&texts)))
}

fn listed(policy: &Value) -> Vec<Statement> {
    let text = policy.as_str().unwrap();
    let policy = Policy::parse(Kind::Key, text).unwrap();
    let one = |statement: &remedy_policy::document::Statement<'_>| {
        (statement.sid.as_deref().unwrap().to_owned(), statement.span.of(text).to_owned())
    };
    policy.statements.iter().map(one).collect()
}
