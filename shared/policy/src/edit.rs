//! Surgical edits: the offending statement, action, resource or principal goes, and every other byte stays.
//!
//! An edit is made in the text, not in a parsed form, so order, spelling and spacing of the rest are untouched. Each edit
//! is proven before it is handed out: the result parses, is within the size that AWS stores, and has nothing left of what
//! it was made for.

use crate::{
    Answer, Holder, Identity, Kind, Malformed, Policy, Resource,
    catalogue::every_action,
    document::{Effect, Element, Item, Principal, Statement},
    glob, identity,
    json::Span,
    variable,
    work::TooMuchWork,
};

pub use crate::rebase::{NotRebased, alike, rebase, same};

/// A policy after an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The document. None: no statement is left, and the policy itself must go.
    pub text: Option<String>,
    /// What changed, statement by statement.
    pub changes: Vec<Change>,
}

/// A statement that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its place before, or the place of one that was added.
    pub statement: usize,
    /// Its id.
    pub sid: Option<String>,
    /// Its text before. None: it was added.
    pub before: Option<String>,
    /// Its text after. None: it was removed.
    pub after: Option<String>,
}

/// Why there is no edit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotEdited {
    /// There is nothing of the kind in the policy.
    #[error("there is nothing to remove")]
    NothingToDo,
    /// No single element is at fault: a complement, or several statements together.
    #[error("no single element is at fault: a person must decide what is needed")]
    NoSingleElement,
    /// Finding the fault takes too much work.
    #[error(transparent)]
    TooMuchWork(#[from] TooMuchWork),
    /// The result would be longer than AWS stores.
    #[error("the policy would have {length} characters, {limit} are allowed")]
    TooLong {
        /// The characters that it would have, as AWS counts them.
        length: usize,
        /// Those that it may have.
        limit: usize,
    },
    /// The addition is no statement of this kind of policy.
    #[error("not a statement of this kind of policy: {0}")]
    Malformed(#[from] Malformed),
}

/// One element to take out of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    Statement,
    Items,
}

/// A part of the text and what takes its place.
type Splice = (Span, String);

impl Edited {
    fn unproven(policy: &Policy<'_>, mut splices: Vec<Splice>, gone: &[usize]) -> Self {
        let kept = policy.statements.iter().filter(|statement| !gone.contains(&statement.index)).count();
        let mut changes = Vec::new();
        for statement in &policy.statements {
            let before = statement.span.of(policy.text).to_owned();
            let sid = statement.sid.as_deref().map(str::to_owned);
            let inside: Vec<_> = splices.iter().filter(|(span, _)| within(*span, statement.span)).cloned().collect();
            let after = if gone.contains(&statement.index) {
                None
            } else if inside.is_empty() {
                continue;
            } else {
                Some(spliced(policy.text, statement.span, inside))
            };
            changes.push(Change { statement: statement.index, sid, before: Some(before), after });
        }
        if kept == 0 {
            return Self { text: None, changes };
        }
        let spans: Vec<_> = policy.statements.iter().map(|statement| statement.span).collect();
        splices.retain(|(span, _)| {
            !policy.statements.iter().any(|statement| gone.contains(&statement.index) && within(*span, statement.span))
        });
        splices.extend(removed(policy.text, &spans, |index| gone.contains(&index)));
        Self { text: Some(spliced(policy.text, policy.span, splices)), changes }
    }

    /// The same, if it leaves nothing of the fault that it was made for.
    fn proven(
        self,
        policy: &Policy<'_>,
        clean: impl Fn(&Policy<'_>) -> Result<bool, NotEdited>,
    ) -> Result<Self, NotEdited> {
        let is_clean = match &self.text {
            Some(text) => clean(&Policy::parse(policy.kind, text)?.as_of(policy.now))?,
            None => true,
        };
        if is_clean { Ok(self) } else { Err(NotEdited::NoSingleElement) }
    }

    fn checked(self, kind: Kind) -> Result<Self, NotEdited> {
        if let Some(text) = &self.text {
            Policy::parse(kind, text)?;
            within_limit(kind, text)?;
        }
        Ok(self)
    }
}

/// The characters of a document as AWS counts them: IAM does not count white space.
#[must_use]
pub fn length(kind: Kind, text: &str) -> usize {
    match kind {
        Kind::Identity | Kind::Trust => text.chars().filter(|character| !character.is_whitespace()).count(),
        Kind::Bucket | Kind::Key | Kind::Resource => text.len(),
    }
}

pub(crate) fn within_limit(kind: Kind, text: &str) -> Result<(), NotEdited> {
    let (length, limit) = (length(kind, text), kind.limit());
    if length > limit { Err(NotEdited::TooLong { length, limit }) } else { Ok(()) }
}

const fn within(inner: Span, outer: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// The text of a span with parts of it replaced.
pub(crate) fn spliced(text: &str, whole: Span, mut splices: Vec<Splice>) -> String {
    splices.sort_by_key(|(span, _)| span.start);
    let mut out = String::new();
    let mut at = whole.start;
    for (span, replacement) in splices {
        out.push_str(Span { start: at, end: span.start }.of(text));
        out.push_str(&replacement);
        at = span.end;
    }
    out.push_str(Span { start: at, end: whole.end }.of(text));
    out
}

/// The splices that remove items of a list together with one comma each; not for all of them.
pub(crate) fn removed(text: &str, items: &[Span], gone: impl Fn(usize) -> bool) -> Vec<Splice> {
    let mut splices = Vec::new();
    let mut kept_before = false;
    for (index, span) in items.iter().enumerate() {
        if !gone(index) {
            kept_before = true;
            continue;
        }
        // From the end of the last kept item, or to the start of the next.
        let before = items.get(index.wrapping_sub(1)).filter(|_| kept_before).map(|previous| previous.end);
        let after = items.get(index + 1).map(|next| next.start);
        let cut = match (before, after) {
            (Some(start), _) => Span { start, end: span.end },
            (None, Some(end)) => Span { start: span.start, end },
            (None, None) => *span,
        };
        debug_assert!(text.get(cut.start..cut.end).is_some());
        splices.push((cut, String::new()));
    }
    splices
}

fn spans(items: &[Item<'_>]) -> Vec<Span> {
    items.iter().map(|item| item.span).collect()
}

/// Remove whole statements.
pub fn remove_statements(policy: &Policy<'_>, indices: &[usize]) -> Result<Edited, NotEdited> {
    if !policy.statements.iter().any(|statement| indices.contains(&statement.index)) {
        return Err(NotEdited::NothingToDo);
    }
    Edited::unproven(policy, Vec::new(), indices).checked(policy.kind)
}

/// Take every-action-on-every-resource out of an identity policy: the pattern that means everything if the statement lists
/// other actions too, else the statement.
pub fn remove_admin(policy: &Policy<'_>) -> Result<Edited, NotEdited> {
    let found = Identity::of(&Holder::of(policy))?;
    if !found.admin && !found.admin_literal {
        return Err(NotEdited::NothingToDo);
    }
    let literal = identity::literal_admin(policy);
    let mut cuts = Cuts::default();
    for statement in policy.statements.iter().filter(|statement| statement.effect == Effect::Allow) {
        let wide = statement.resources.as_ref().is_some_and(|element| {
            let all = |item: &Item<'_>| variable::widened(policy.version, &item.text).is_everything();
            !element.negated && element.items.iter().any(all)
        });
        let grants = literal.contains(&statement.index) || crate::reach::unconditional(policy, statement);
        if wide && grants && !statement.actions.negated {
            cuts.items(policy.text, statement, &statement.actions, |item| every_action(&item.text));
        }
    }
    cuts.edited(policy)?.proven(policy, |policy| {
        let left = Identity::of(&Holder::of(policy))?;
        Ok(!left.admin && !left.admin_literal)
    })
}

/// Take full access to services out of an identity policy: the patterns `service:*` on every resource.
pub fn remove_full_services(policy: &Policy<'_>, services: &[&str]) -> Result<Edited, NotEdited> {
    let full = |policy: &Policy<'_>| {
        let found = Identity::of(&Holder::of(policy))?.full_service_access;
        Ok::<_, NotEdited>(found.iter().any(|service| services.contains(&service.as_str())))
    };
    if !full(policy)? {
        return Err(NotEdited::NothingToDo);
    }
    let mut cuts = Cuts::default();
    for statement in policy.statements.iter().filter(|statement| statement.effect == Effect::Allow) {
        let wide = statement
            .resources
            .as_ref()
            .is_some_and(|element| !element.negated && element.items.iter().any(|item| glob::everything(&item.text)));
        if wide && !statement.actions.negated {
            cuts.items(policy.text, statement, &statement.actions, |item| {
                let named = |(prefix, name): (&str, &str)| glob::everything(name) && services.contains(&prefix);
                item.text.split_once(':').is_some_and(named)
            });
        }
    }
    cuts.edited(policy)?.proven(policy, |policy| Ok(!full(policy)?))
}

/// Removes external callers from a resource policy: the wildcard principal if the statement names others too, else the
/// statement.
pub fn remove_public(policy: &Policy<'_>) -> Result<Edited, NotEdited> {
    let found = Resource::of(policy);
    found.finished?;
    if found.public_statements.is_empty() {
        return Err(NotEdited::NothingToDo);
    }
    let mut cuts = Cuts::default();
    for statement in policy.statements.iter().filter(|statement| found.public_statements.contains(&statement.index)) {
        cuts.strangers(policy.text, statement);
    }
    cuts.edited(policy)?.proven(policy, |policy| {
        let left = Resource::of(policy);
        left.finished?;
        Ok(left.public != Answer::Yes)
    })
}

/// Put one statement, known by its Sid, into a policy: it takes the place of the one with that Sid, or is the last.
///
/// Without a policy, the document is made of that statement alone.
pub fn put_statement(kind: Kind, policy: Option<&Policy<'_>>, sid: &str, statement: &str) -> Result<Edited, NotEdited> {
    let statements = policy.map(|policy| policy.statements.as_slice()).unwrap_or_default();
    let known = statements.iter().find(|known| known.sid.as_deref() == Some(sid));
    let before = known.zip(policy).map(|(known, policy)| known.span.of(policy.text));
    if before == Some(statement) {
        return Err(NotEdited::NothingToDo);
    }
    let change = Change {
        statement: known.map_or(statements.len(), |known| known.index),
        sid: Some(sid.to_owned()),
        before: before.map(str::to_owned),
        after: Some(statement.to_owned()),
    };
    Edited { text: Some(with_statement(policy, sid, statement)), changes: vec![change] }.checked(kind)
}

/// The document with its statements in a list, as it is after a statement was put in and taken out again.
#[must_use]
pub fn listed(policy: &Policy<'_>) -> String {
    if policy.listed {
        return policy.print().to_owned();
    }
    let at = |at: usize| Span { start: at, end: at };
    let Span { start, end } = policy.statements_span;
    spliced(policy.text, policy.span, vec![(at(start), "[".to_owned()), (at(end), "]".to_owned())])
}

/// The document with a statement put into it as [`put_statement`] does, unproven.
#[must_use]
pub fn with_statement(policy: Option<&Policy<'_>>, sid: &str, statement: &str) -> String {
    let Some(policy) = policy else { return format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#) };
    let here = |at: usize| Span { start: at, end: at };
    let known = policy.statements.iter().find(|known| known.sid.as_deref() == Some(sid));
    let last = policy.statements.last().map_or(policy.statements_span, |last| last.span);
    let splices = if let Some(known) = known {
        vec![(known.span, statement.to_owned())]
    } else if policy.listed {
        vec![(here(last.end), format!(",{statement}"))]
    } else {
        vec![(here(last.start), "[".to_owned()), (here(last.end), format!(",{statement}]"))]
    };
    spliced(policy.text, policy.span, splices)
}

/// The parts to remove from a policy.
#[derive(Debug, Default)]
struct Cuts {
    splices: Vec<Splice>,
    gone: Vec<usize>,
}

impl Cuts {
    fn items(
        &mut self,
        text: &str,
        statement: &Statement<'_>,
        element: &Element<'_>,
        at_fault: impl Fn(&Item<'_>) -> bool,
    ) {
        let faulty: Vec<_> = element.items.iter().map(at_fault).collect();
        match cut(&faulty) {
            Some(Cut::Statement) => self.gone.push(statement.index),
            Some(Cut::Items) => {
                let gone = |index: usize| faulty.get(index).copied().unwrap_or(false);
                self.splices.extend(removed(text, &spans(&element.items), gone));
            }
            None => {}
        }
    }

    /// Entries of one type stand in one list; where the list would be empty, or there are several types, the statement
    /// itself is at fault as far as this list goes, and goes.
    fn strangers(&mut self, text: &str, statement: &Statement<'_>) {
        let Some(principals) = &statement.principals else { return };
        let strange = |entry: &Principal<'_>| crate::public::lets_strangers_in(entry);
        let kinds: Vec<_> = principals.entries.iter().map(|entry| entry.kind).collect();
        let one_list = kinds.windows(2).all(|pair| pair.first() == pair.last());
        let faulty: Vec<_> = principals.entries.iter().map(strange).collect();
        match cut(&faulty) {
            Some(Cut::Items) if one_list && !principals.negated => {
                let gone = |index: usize| faulty.get(index).copied().unwrap_or(false);
                let spans: Vec<_> = principals.entries.iter().map(|entry| entry.span).collect();
                self.splices.extend(removed(text, &spans, gone));
            }
            _ => self.gone.push(statement.index),
        }
    }

    fn edited(self, policy: &Policy<'_>) -> Result<Edited, NotEdited> {
        if self.splices.is_empty() && self.gone.is_empty() {
            return Err(NotEdited::NoSingleElement);
        }
        Edited::unproven(policy, self.splices, &self.gone).checked(policy.kind)
    }
}

fn cut(faulty: &[bool]) -> Option<Cut> {
    if faulty.iter().all(|faulty| *faulty) {
        Some(Cut::Statement)
    } else if faulty.contains(&true) {
        Some(Cut::Items)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(text: &str) -> Policy<'_> {
        Policy::parse(Kind::Identity, text).unwrap()
    }

    fn bucket(text: &str) -> Policy<'_> {
        Policy::parse(Kind::Bucket, text).unwrap()
    }

    #[test]
    fn a_statement_goes_and_every_other_byte_stays() {
        let text = "{ \"Version\":\"2012-10-17\",\n \"Statement\": [\n  {\"Effect\":\"Allow\",\"Action\":\"s3:\\u0047et*\",\"Resource\":\"*\"},\n  {\"Sid\":\"Root\",\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"} ] }";
        let edited = remove_admin(&identity(text)).unwrap();
        let expected = "{ \"Version\":\"2012-10-17\",\n \"Statement\": [\n  {\"Effect\":\"Allow\",\"Action\":\"s3:\\u0047et*\",\"Resource\":\"*\"} ] }";
        assert_eq!(edited.text.as_deref(), Some(expected));
        assert_eq!(
            (edited.changes.len(), edited.changes[0].statement, edited.changes[0].after.is_none()),
            (1, 1, true)
        );
    }

    #[test]
    fn an_action_goes_where_there_are_others() {
        let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["*","s3:GetObject","*:*"],"Resource":["*"]}}"#;
        let edited = remove_admin(&identity(text)).unwrap();
        assert_eq!(
            edited.text.unwrap(),
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["*"]}}"#
        );
    }

    #[test]
    fn the_last_statement_takes_the_policy_with_it() {
        let text = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
        assert_eq!(remove_admin(&identity(text)).unwrap().text, None);
    }

    #[test]
    fn what_no_single_element_does_is_left_to_a_person() {
        let text = r#"{"Statement":[{"Effect":"Allow","NotAction":"iam:*","Resource":"*"},{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}"#;
        assert_eq!(remove_admin(&identity(text)), Err(NotEdited::NoSingleElement));
        let harmless = r#"{"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}"#;
        assert_eq!(remove_admin(&identity(harmless)), Err(NotEdited::NothingToDo));
    }

    #[test]
    fn strangers_go_and_partners_stay() {
        let partner = r#"{"Sid":"Partner","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}"#;
        let everyone =
            r#"{"Sid":"Open","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}"#;
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{everyone},{partner}]}}"#);
        let edited = remove_public(&bucket(&text)).unwrap();
        assert_eq!(edited.text.unwrap(), format!(r#"{{"Version":"2012-10-17","Statement":[{partner}]}}"#));
        let mixed = text.replace(r#""Principal":"*""#, r#""Principal":{"AWS":["*","arn:aws:iam::444455556666:root"]}"#);
        let edited = remove_public(&bucket(&mixed)).unwrap();
        assert!(edited.text.unwrap().contains(r#""Principal":{"AWS":["arn:aws:iam::444455556666:root"]}"#));
    }

    #[test]
    fn a_statement_is_put_by_its_sid() {
        let tls = r#"{"Sid":"RemedyTls","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#;
        let fresh = put_statement(Kind::Bucket, None, "RemedyTls", tls).unwrap().text.unwrap();
        assert_eq!(fresh, format!(r#"{{"Version":"2012-10-17","Statement":[{tls}]}}"#));
        assert_eq!(put_statement(Kind::Bucket, Some(&bucket(&fresh)), "RemedyTls", tls), Err(NotEdited::NothingToDo));
        let single = r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"s3:*","Resource":"arn:aws:s3:::b"}}"#;
        let both = put_statement(Kind::Bucket, Some(&bucket(single)), "RemedyTls", tls).unwrap().text.unwrap();
        assert_eq!(remove_statements(&bucket(&both), &[1]).unwrap().text, Some(listed(&bucket(single))));
        assert_eq!(bucket(&both).statements.len(), 2);
        let other = tls.replace("\"false\"", "false");
        let again = put_statement(Kind::Bucket, Some(&bucket(&both)), "RemedyTls", &other).unwrap();
        assert_eq!(again.changes[0].before.as_deref(), Some(tls));
        assert_eq!(bucket(&again.text.unwrap()).statements.len(), 2);
        let long = tls.replace("RemedyTls", &"x".repeat(20_480));
        assert!(matches!(put_statement(Kind::Bucket, None, "x", &long), Err(NotEdited::TooLong { limit: 20_480, .. })));
    }

    #[test]
    fn iam_counts_no_white_space() {
        assert_eq!(length(Kind::Identity, "{ }\n"), 2);
        assert_eq!(length(Kind::Bucket, "{ }\n"), 4);
    }
}
