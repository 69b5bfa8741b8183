//! Judging policies: what somebody may do, and who is let in.

use remedy_domain::{AccountId, Timestamp, redact};
use remedy_policy::{Holder, Identity, Kind, Policy, Resource, accounts, document::Effect, explain};
use remedy_scan::{Clue, Policies, PolicyFinding, Subject};

use super::{Document, Holding};

/// The places that are shown of one finding, and how much of each.
const SHOWN: usize = 5;
const CLAUSE: usize = 240;
const NOT_ANALYSED: &str = "not-analysed";

/// Adds what these permit.
pub(super) fn all(found: &mut Policies, account: &AccountId, holdings: &[Holding], now: Timestamp) {
    for holding in holdings {
        *found.looked.entry(holding.subject).or_default() += 1;
        let findings = match holding.subject {
            Subject::User | Subject::Group | Subject::Role => permits(holding, now),
            Subject::Trust => admits(holding, Kind::Trust, account, now),
            Subject::Bucket => admits(holding, Kind::Bucket, account, now),
            Subject::Key => admits(holding, Kind::Key, account, now),
        };
        found.findings.extend(findings.into_iter().map(|(verdict, says, clues)| PolicyFinding {
            account: account.clone(),
            subject: holding.subject,
            resource: redact::text(&holding.arn),
            verdict,
            says,
            clues,
        }));
    }
}

/// A verdict, what it says, and where it comes from.
type Said = (String, String, Vec<Clue>);

fn not_analysed(why: String) -> Said {
    (NOT_ANALYSED.to_owned(), why, Vec::new())
}

/// What somebody may do.
fn permits(holding: &Holding, now: Timestamp) -> Vec<Said> {
    let (mut said, mut policies, mut documents) = (Vec::new(), Vec::new(), Vec::new());
    for document in &holding.policies {
        match Policy::parse(Kind::Identity, &document.text) {
            Ok(policy) => {
                policies.push(policy.as_of(now));
                documents.push(document);
            }
            Err(error) => said.push(not_analysed(redact::text(&format!("{}: {error}", document.name)))),
        }
    }
    let boundary = holding.boundary.as_ref().map(|document| Policy::parse(Kind::Identity, &document.text));
    let boundary = match boundary.transpose() {
        Ok(boundary) => boundary.map(|policy| policy.as_of(now)),
        Err(error) => {
            said.push(not_analysed(redact::text(&format!("permissions boundary: {error}"))));
            None
        }
    };
    let holder = Holder { policies: policies.iter().collect(), boundary: boundary.as_ref(), ..Holder::default() };
    match Identity::of(&holder) {
        Ok(identity) => said.extend(identity.findings(&holder).into_iter().map(|one| with_clauses(one, &documents))),
        Err(error) => said.push(not_analysed(error.to_string())),
    }
    said
}

/// Who is let in.
fn admits(holding: &Holding, kind: Kind, own: &AccountId, now: Timestamp) -> Vec<Said> {
    let mut said = Vec::new();
    for document in &holding.policies {
        let policy = match Policy::parse(kind, &document.text) {
            Ok(policy) => policy.as_of(now),
            Err(error) => {
                said.push(not_analysed(redact::text(&format!("{}: {error}", document.name))));
                continue;
            }
        };
        said.extend(Resource::of(&policy).findings(&policy).into_iter().map(|one| with_clauses(one, &[document])));
        for statement in policy.statements.iter().filter(|one| one.effect == Effect::Allow && !policy.is_over(one)) {
            let mut foreign = accounts::named(statement);
            foreign.retain(|id| id != own.as_str());
            foreign.dedup();
            let clue = |id: &str| Clue {
                policy: document.name.clone(),
                statement: statement.index,
                sid: statement.sid.as_deref().map(redact::text),
                clause: excerpt(&document.text, statement.span.start, statement.span.end),
                restrict: format!("the principal {id}, if nobody there needs it"),
            };
            said.extend(
                foreign
                    .iter()
                    .map(|id| ("other-account".to_owned(), format!("account {id} is let in"), vec![clue(id)])),
            );
        }
    }
    said
}

fn with_clauses(finding: explain::Finding, documents: &[&Document]) -> Said {
    let clue = |clue: &explain::Clue| {
        let document = documents.get(clue.policy)?;
        Some(Clue {
            policy: redact::text(&document.name),
            statement: clue.statement,
            sid: clue.sid.as_deref().map(redact::text),
            clause: excerpt(&document.text, clue.span.start, clue.span.end),
            restrict: clue.missing.to_owned(),
        })
    };
    let clues = finding.clues.iter().filter_map(clue).take(SHOWN).collect();
    (finding.verdict.to_owned(), finding.says, clues)
}

fn excerpt(text: &str, start: usize, end: usize) -> String {
    let clause: String = text.get(start..end).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = clause.chars().take(CLAUSE).collect();
    redact::text(&if short.len() < clause.len() { format!("{short}…") } else { short })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(subject: Subject, text: &str) -> Vec<(String, String)> {
        let own = AccountId::parse("111122223333").unwrap();
        let document = Document { name: "p".into(), text: text.into() };
        let holding = Holding { subject, arn: "arn:aws:x".into(), policies: vec![document], boundary: None };
        let mut found = Policies::default();
        all(&mut found, &own, &[holding], "2026-11-30T00:00:00Z".parse().unwrap());
        assert_eq!(found.looked.get(&subject), Some(&1));
        found.findings.into_iter().map(|one| (one.verdict, one.says)).collect()
    }

    #[test]
    fn each_kind_of_subject_is_judged_by_its_policies() {
        let admin = r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
        assert_eq!(found(Subject::User, admin)[0].0, "admin");
        let trust = r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"sts:AssumeRole"}]}"#;
        let expected = ("other-account".to_owned(), "account 444455556666 is let in".to_owned());
        assert_eq!(found(Subject::Trust, trust), [expected]);
        let own = trust.replace("444455556666", "111122223333");
        assert!(found(Subject::Trust, &own).is_empty());
        let public = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]}"#;
        assert_eq!(found(Subject::Bucket, public)[0].0, "public");
    }

    #[test]
    fn what_cannot_be_analysed_says_so() {
        assert_eq!(found(Subject::Role, "{")[0].0, "not-analysed");
        assert_eq!(found(Subject::Key, "[]")[0].0, "not-analysed");
    }
}
