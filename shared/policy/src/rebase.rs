//! The three-way merge of documents: the difference between two of them, statement by statement, applied to a third.
//!
//! An undo needs it if somebody else has changed the document since: only Remedy's own difference is reverted.
//! Statements are identified by their meaning, not by their spelling or position.

use std::collections::BTreeSet;

use crate::{
    Kind, Malformed, Policy,
    document::Statement,
    edit::{NotEdited, removed, spliced, within_limit},
    json::{self, Node, Span, Value},
};

/// Why a difference cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRebased {
    /// A statement of the difference was changed since.
    #[error("the statement {0} of the policy")]
    Changed(String),
    /// The documents are of two versions of the policy language, in which the same text means different things.
    #[error("the version of the policy")]
    Version,
    /// One of the documents is no policy.
    #[error("the policy, which is none any more ({0}),")]
    Malformed(#[from] Malformed),
    /// The result would be longer than AWS stores.
    #[error("the size of the policy ({0})")]
    TooLong(NotEdited),
}

/// Whether two documents say the same, however they are spaced, escaped or ordered within objects.
#[must_use]
pub fn same(a: &str, b: &str) -> bool {
    let said = |text: &str| json::parse(text).ok().map(|parsed| normal(&parsed.root));
    a == b || said(a).is_some_and(|a| said(b) == Some(a))
}

/// [`same`] of documents that may be absent.
#[must_use]
pub fn alike(a: Option<&str>, b: Option<&str>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same(a, b),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Applies the difference between `before` and `after` to `now`; none is a policy without statements.
///
/// A statement that `after` has and `before` has not is put in, one that `before` has and `after` has not is taken out; all
/// others, and every byte between them, stay as they are now.
pub fn rebase(
    kind: Kind,
    before: Option<&str>,
    after: Option<&str>,
    now: Option<&str>,
) -> Result<Option<String>, NotRebased> {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    if alike(before, after) || alike(now, after) {
        return Ok(owned(now));
    }
    if alike(now, before) {
        return Ok(owned(after));
    }
    let [before, after, now] =
        [Document::read(kind, before)?, Document::read(kind, after)?, Document::read(kind, now)?];
    let merged = merged(&before, &after, &now)?;
    if let Some(text) = &merged {
        Policy::parse(kind, text)?;
        within_limit(kind, text).map_err(NotRebased::TooLong)?;
    }
    Ok(merged)
}

fn merged(before: &Document<'_>, after: &Document<'_>, now: &Document<'_>) -> Result<Option<String>, NotRebased> {
    let (taken, added) = (before.without(after), after.without(before));
    let missing: Vec<_> = added.iter().copied().filter(|statement| !now.has(statement)).collect();
    let mut gone = BTreeSet::new();
    for statement in &taken {
        match now.place_of(statement, &gone) {
            Some(index) => _ = gone.insert(index),
            // Already taken out by somebody, unless it stands there in other words, or was to be replaced.
            None if missing.is_empty() && !now.names(statement, &gone) => {}
            None => return Err(statement.changed()),
        }
    }
    if let Some(statement) = missing.iter().find(|statement| now.names(statement, &gone)) {
        return Err(statement.changed());
    }
    let (Some(there), Some(wanted)) = (&now.policy, &after.policy) else {
        // Nothing is there, or nothing is wanted any more of what was ours.
        return Ok(now.policy.as_ref().or(after.policy.as_ref()).and_then(|policy| match &now.policy {
            Some(_) => cut(policy, |index| gone.contains(&index), &[]),
            None => cut(policy, |index| !missing.iter().any(|statement| statement.index == index), &[]),
        }));
    };
    if !missing.is_empty() && there.version != wanted.version {
        return Err(NotRebased::Version);
    }
    let texts: Vec<_> = missing.iter().map(|statement| statement.text).collect();
    Ok(cut(there, |index| gone.contains(&index), &texts))
}

/// A policy without some of its statements, and with others after the last. None: no statement is left.
fn cut(policy: &Policy<'_>, gone: impl Fn(usize) -> bool, added: &[&str]) -> Option<String> {
    let spans: Vec<_> = policy.statements.iter().map(|statement| statement.span).collect();
    let last = spans.iter().enumerate().rfind(|(index, _)| !gone(*index)).map(|(_, span)| *span);
    let added = added.join(",");
    let Some(last) = last else {
        let all = vec![(policy.statements_span, format!("[{added}]"))];
        return (!added.is_empty()).then(|| spliced(policy.text, policy.span, all));
    };
    let mut splices = removed(policy.text, &spans, gone);
    if !added.is_empty() {
        let at = |at: usize| Span { start: at, end: at };
        let (open, close) = if policy.listed { ("", "") } else { ("[", "]") };
        splices.push((at(last.start), open.to_owned()));
        splices.push((at(last.end), format!(",{added}{close}")));
    }
    Some(spliced(policy.text, policy.span, splices))
}

/// A document and what its statements say.
#[derive(Debug)]
struct Document<'a> {
    policy: Option<Policy<'a>>,
    statements: Vec<Stated<'a>>,
}

/// A statement, and what it says however it is spelt.
#[derive(Debug)]
struct Stated<'a> {
    index: usize,
    sid: Option<String>,
    text: &'a str,
    said: String,
}

impl<'a> Document<'a> {
    fn read(kind: Kind, text: Option<&'a str>) -> Result<Self, NotRebased> {
        let policy = text.map(|text| Policy::parse(kind, text)).transpose()?;
        let statements = policy.iter().flat_map(|policy| policy.statements.iter().map(|one| stated(policy, one)));
        let statements = statements.collect();
        Ok(Self { policy, statements })
    }

    /// The statements that the other document has not, each counted as often as it stands there.
    fn without(&self, other: &Self) -> Vec<&Stated<'a>> {
        let mut matched = BTreeSet::new();
        let mut left = Vec::new();
        for statement in &self.statements {
            match other.place_of(statement, &matched) {
                Some(index) => _ = matched.insert(index),
                None => left.push(statement),
            }
        }
        left
    }

    fn has(&self, statement: &Stated<'_>) -> bool {
        self.place_of(statement, &BTreeSet::new()).is_some()
    }

    fn place_of(&self, statement: &Stated<'_>, but: &BTreeSet<usize>) -> Option<usize> {
        let same = |known: &&Stated<'_>| known.said == statement.said && !but.contains(&known.index);
        self.statements.iter().find(same).map(|known| known.index)
    }

    /// Whether a statement of the same Sid is there.
    fn names(&self, statement: &Stated<'_>, but: &BTreeSet<usize>) -> bool {
        let named = |known: &Stated<'_>| known.sid == statement.sid && !but.contains(&known.index);
        statement.sid.is_some() && self.statements.iter().any(named)
    }
}

impl Stated<'_> {
    fn changed(&self) -> NotRebased {
        NotRebased::Changed(self.sid.clone().unwrap_or_else(|| self.index.to_string()))
    }
}

fn stated<'a>(policy: &Policy<'a>, statement: &Statement<'a>) -> Stated<'a> {
    let text = statement.span.of(policy.text);
    let said = json::parse(text).map_or_else(|_| text.to_owned(), |parsed| normal(&parsed.root));
    Stated { index: statement.index, sid: statement.sid.as_deref().map(str::to_owned), text, said }
}

/// A value in one spelling: members sorted, no spaces, no escapes but what Rust writes.
fn normal(node: &Node<'_>) -> String {
    let list = |items: Vec<String>| items.join(",");
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(text) => (*text).to_owned(),
        Value::String(text) => format!("{text:?}"),
        Value::Array(items) => format!("[{}]", list(items.iter().map(normal).collect())),
        Value::Object(members) => {
            let mut written: Vec<_> =
                members.iter().map(|member| format!("{:?}:{}", member.key, normal(&member.value))).collect();
            written.sort();
            format!("{{{}}}", list(written))
        }
        Value::TooDeep => format!("{:?}", node.span),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn statement(number: u8) -> String {
        let sid = if number.is_multiple_of(3) { format!(r#""Sid":"S{number}","#) } else { String::new() };
        format!(r#"{{{sid}"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b{number}"}}"#)
    }

    fn document(numbers: &[u8]) -> Option<String> {
        let statements: Vec<_> = numbers.iter().map(|number| statement(*number)).collect();
        let list = statements.join(", ");
        (!numbers.is_empty()).then(|| format!(r#"{{ "Version":"2012-10-17", "Statement":[ {list} ] }}"#))
    }

    fn merge(before: &[u8], after: &[u8], now: &[u8]) -> Result<Option<String>, NotRebased> {
        let [before, after, now] = [document(before), document(after), document(now)];
        rebase(Kind::Bucket, before.as_deref(), after.as_deref(), now.as_deref())
    }

    #[test]
    fn what_somebody_else_did_since_stays() {
        assert_eq!(merge(&[1, 2], &[2], &[2, 3]), Ok(document(&[2, 3])), "ours is gone already");
        assert_eq!(merge(&[1, 2], &[2], &[1, 2, 3]), Ok(document(&[2, 3])));
        assert!(alike(merge(&[2], &[1, 2], &[2, 3]).unwrap().as_deref(), document(&[2, 3, 1]).as_deref()));
        assert_eq!(merge(&[1], &[], &[1, 3]), Ok(document(&[3])));
        assert_eq!(merge(&[], &[1], &[]), Ok(document(&[1])));
        assert!(alike(merge(&[2], &[1, 2], &[]).unwrap().as_deref(), document(&[1]).as_deref()), "theirs stays gone");
        assert_eq!(merge(&[1], &[], &[]), Ok(None));
    }

    #[test]
    fn the_same_element_changed_by_two_is_a_conflict() {
        let theirs = document(&[3]).unwrap().replace("s3:*", "s3:Get*");
        let ours = [document(&[3]), document(&[1])];
        let [with, without] = ours.each_ref().map(Option::as_deref);
        assert_eq!(rebase(Kind::Bucket, with, without, Some(&theirs)), Err(NotRebased::Changed("S3".into())));
        assert_eq!(rebase(Kind::Bucket, without, with, Some(&theirs)), Err(NotRebased::Changed("0".into())));
        let old = theirs.replace("2012-10-17", "2008-10-17").replace("S3", "Theirs");
        assert_eq!(rebase(Kind::Bucket, None, with, Some(&old)), Err(NotRebased::Version));
        assert!(matches!(rebase(Kind::Bucket, with, without, Some("{}")), Err(NotRebased::Malformed(_))));
    }

    #[test]
    fn a_single_statement_gets_company_in_a_list() {
        let single = document(&[1]).unwrap().replace("[ ", "").replace(" ]", "");
        let merged = rebase(Kind::Bucket, Some(&single), document(&[1, 2]).as_deref(), document(&[1, 4]).as_deref());
        assert!(alike(merged.unwrap().as_deref(), document(&[1, 4, 2]).as_deref()));
        let merged = rebase(Kind::Bucket, document(&[4]).as_deref(), document(&[4, 2]).as_deref(), Some(&single));
        assert!(alike(merged.unwrap().as_deref(), document(&[1, 2]).as_deref()));
    }

    #[test]
    fn spelling_is_not_what_is_said() {
        assert!(same(r#"{"a":[1,"\u0062"],"c":{}}"#, r#"{ "c":{}, "a":[1,"b"] }"#));
        assert!(!same(r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#));
        assert!(!same(r#"{"a":"1"}"#, r#"{"a":1}"#));
        assert!(!same("not", "json"));
    }

    proptest! {
        #[test]
        fn there_and_back_is_where_it_began(
            a in proptest::sample::subsequence((0..8_u8).collect::<Vec<_>>(), 0..6),
            b in proptest::sample::subsequence((0..8_u8).collect::<Vec<_>>(), 0..6),
            more in proptest::sample::subsequence((20..24_u8).collect::<Vec<_>>(), 0..3),
        ) {
            let now = [b.clone(), more.clone()].concat();
            let back = merge(&b, &a, &now).unwrap();
            let sorted = |text: Option<&str>| {
                let read = Document::read(Kind::Bucket, text).unwrap();
                let mut said: Vec<_> = read.statements.iter().map(|one| one.said.clone()).collect();
                said.sort();
                said
            };
            prop_assert_eq!(sorted(back.as_deref()), sorted(document(&[a, more].concat()).as_deref()));
        }
    }
}
