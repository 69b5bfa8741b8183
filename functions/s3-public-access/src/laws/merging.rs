//! What an undo must make of what others have changed, said once more in the simplest words.

use remedy_policy::{Kind, Policy};
use remedy_testkit::laws::merged_whole;

use super::worlds::document;
use crate::{Access, Acl, PublicAccessBlock, block::Setting, policy::may_be_public};

/// Flag by flag. No flags at all are none on.
pub(super) fn flags(ours_wanted_now: [&Setting; 3]) -> Option<Setting> {
    if let Some(merged) = merged_whole(ours_wanted_now) {
        return Some(merged);
    }
    let [ours, wanted, now] = ours_wanted_now.map(|block| block.unwrap_or_default());
    let flag = |of: fn(&PublicAccessBlock) -> bool| merged_whole([&of(&ours), &of(&wanted), &of(&now)]);
    let merged = PublicAccessBlock {
        block_public_acls: flag(|block| block.block_public_acls)?,
        ignore_public_acls: flag(|block| block.ignore_public_acls)?,
        block_public_policy: flag(|block| block.block_public_policy)?,
        restrict_public_buckets: flag(|block| block.restrict_public_buckets)?,
    };
    let [_, wanted, now] = ours_wanted_now;
    let nothing_left = merged == PublicAccessBlock::default() && (wanted.is_none() || now.is_none());
    Some((!nothing_left).then_some(merged))
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
pub(super) fn grants([ours, wanted, now]: [&Acl; 3]) -> Acl {
    let mut merged = now.clone();
    merged.grants.retain(|grant| wanted.grants.contains(grant) || !ours.grants.contains(grant));
    merged.grants.extend(wanted.grants.difference(&ours.grants).cloned());
    merged
}

/// Statement by statement; what is put back comes last. An error where one of ours was changed.
pub(super) fn statements(ours_wanted_now: [&Option<String>; 3]) -> Result<Option<String>, Changed> {
    if let Some(merged) = merged_whole(ours_wanted_now) {
        return Ok(merged);
    }
    let [ours, wanted, now] = ours_wanted_now.map(|policy| listed(policy.as_deref()));
    let (ours, wanted, mut merged) = (ours?, wanted?, now?);
    let gone: Vec<_> = ours.iter().filter(|one| !wanted.contains(one)).collect();
    let back: Vec<_> = wanted.iter().filter(|one| !ours.contains(one) && !merged.contains(one)).cloned().collect();
    let named = |list: &[Statement], sid: &Option<String>| sid.is_some() && list.iter().any(|(known, _)| known == sid);
    for one in gone {
        match merged.iter().position(|known| known == one) {
            Some(at) => drop(merged.remove(at)),
            None if back.is_empty() && !named(&merged, &one.0) => {}
            None => return Err(Changed),
        }
    }
    if back.iter().any(|(sid, _)| named(&merged, sid)) {
        return Err(Changed);
    }
    merged.extend(back);
    let texts: Vec<_> = merged.into_iter().map(|(_, text)| text).collect();
    Ok(document(&texts))
}

/// One of our statements was changed, or cannot be told apart.
#[derive(Debug)]
pub(super) struct Changed;

/// A Sid, and the text.
type Statement = (Option<String>, String);

fn listed(policy: Option<&str>) -> Result<Vec<Statement>, Changed> {
    let Some(text) = policy else { return Ok(vec![]) };
    let policy = Policy::parse(Kind::Bucket, text).map_err(|_| Changed)?;
    let one = |statement: &remedy_policy::document::Statement<'_>| {
        (statement.sid.as_deref().map(str::to_owned), statement.span.of(text).to_owned())
    };
    Ok(policy.statements.iter().map(one).collect())
}
