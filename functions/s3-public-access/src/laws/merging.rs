//! What an undo must make of what others have changed, said once more in the simplest words.

use std::collections::BTreeSet;

use remedy_policy::{Kind, Policy};
use remedy_testkit::laws::merged_whole;
use serde_json::{Map, Value, json};

use super::worlds::document;
use crate::{Access, Acl, PublicAccessBlock, policy::may_be_public};

/// Flag by flag. No flags at all are none on.
pub(super) fn flags([ours, wanted, now]: [&Value; 3]) -> Option<Value> {
    let flags = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let [o, w, n] = [ours, wanted, now].map(flags);
    let names: BTreeSet<_> = [&o, &w, &n].into_iter().flat_map(Map::keys).collect();
    let off = Value::Bool(false);
    let flag = |name: &&String| {
        let [o, w, n] = [&o, &w, &n].map(|flags| flags.get(*name).unwrap_or(&off));
        merged_whole([o, w, n]).map(|flag| ((*name).clone(), flag))
    };
    let merged: Map<_, _> = names.iter().map(flag).collect::<Option<_>>()?;
    let unchanged = merged_whole([ours, wanted, now]);
    let nothing_left = !merged.values().any(|flag| *flag == Value::Bool(true)) && (wanted.is_null() || now.is_null());
    Some(unchanged.unwrap_or_else(|| if nothing_left { Value::Null } else { merged.into() }))
}

/// Whether what is there is what an undo leaves that was cut short: a flag that both ends have on is off, because S3 would
/// refuse what is put back.
pub(super) fn half_way([ours, wanted, now]: [&Access; 3]) -> bool {
    let [o, w, n] = [ours, wanted, now].map(|access| access.block.unwrap_or_default());
    let puts_policy = ours.policy != wanted.policy && wanted.policy.as_deref().is_some_and(may_be_public);
    let puts_acl = ours.acl != wanted.acl && !wanted.acl.public().is_empty();
    let left = PublicAccessBlock {
        block_public_acls: o.block_public_acls && w.block_public_acls && !puts_acl,
        ignore_public_acls: o.ignore_public_acls && w.ignore_public_acls,
        block_public_policy: o.block_public_policy && w.block_public_policy && !puts_policy,
        restrict_public_buckets: o.restrict_public_buckets && w.restrict_public_buckets,
    };
    let only_ours =
        [&ours.policy, &wanted.policy].contains(&&now.policy) && [&ours.acl, &wanted.acl].contains(&&now.acl);
    n == left && n != o && n != w && now.block.is_some() && only_ours
}

/// Grant by grant.
pub(super) fn grants(ours_wanted_now: [&Value; 3]) -> Value {
    let [ours, wanted, now] = ours_wanted_now.map(|value| serde_json::from_value::<Acl>(value.clone()).unwrap());
    let mut grants = now.grants;
    grants.retain(|grant| wanted.grants.contains(grant) || !ours.grants.contains(grant));
    grants.extend(wanted.grants.into_iter().filter(|grant| !ours.grants.contains(grant)));
    json!({"owner": now.owner, "grants": grants})
}

/// Statement by statement; what is put back comes last. Nothing where one of ours was changed.
pub(super) fn statements(ours_wanted_now: [&Value; 3]) -> Option<Value> {
    if let Some(merged) = merged_whole(ours_wanted_now) {
        return Some(merged);
    }
    let [ours, wanted, now] = ours_wanted_now.map(listed);
    let (ours, wanted, mut merged) = (ours?, wanted?, now?);
    let gone: Vec<_> = ours.iter().filter(|one| !wanted.contains(one)).collect();
    let back: Vec<_> = wanted.iter().filter(|one| !ours.contains(one) && !merged.contains(one)).cloned().collect();
    let named = |list: &[Statement], sid: &Option<String>| sid.is_some() && list.iter().any(|(known, _)| known == sid);
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
    Some(document(&texts).map_or(Value::Null, Value::String))
}

/// A Sid, and the text.
type Statement = (Option<String>, String);

fn listed(policy: &Value) -> Option<Vec<Statement>> {
    let Some(text) = policy.as_str() else { return Some(vec![]) };
    let policy = Policy::parse(Kind::Bucket, text).ok()?;
    let one = |statement: &remedy_policy::document::Statement<'_>| {
        (statement.sid.as_deref().map(str::to_owned), statement.span.of(text).to_owned())
    };
    Some(policy.statements.iter().map(one).collect())
}
