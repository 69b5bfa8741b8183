//! Exemptions that a scan applies: those of a file, or those of a deployed stack.
//!
//! A file holds what people ask for (`docs/schema/exemptions.schema.json`). It counts as if it were granted when the scan begins,
//! or at its `since`; only a stack knows what people agreed to.

use jiff::SignedDuration;
use remedy_domain::{Target, Timestamp, canonical, exemption::Exemption, redact};
use remedy_scan::Exempted;

use crate::operator::Wanted;

/// What is exempt.
#[derive(Debug, Default)]
pub(super) struct Exemptions {
    all: Vec<One>,
    digest: Option<String>,
}

#[derive(Debug)]
enum One {
    /// Granted by people.
    Granted(Exemption),
    /// As a file asks for it.
    Asked(Wanted),
}

impl Exemptions {
    /// Those that people agreed to.
    pub(super) fn granted(exemptions: Vec<Exemption>) -> Self {
        let digest = serde_json::to_vec(&exemptions).ok().map(|bytes| canonical::sha256_hex(&bytes));
        Self { all: exemptions.into_iter().map(One::Granted).collect(), digest }
    }

    /// Those of a file.
    pub(super) fn asked(wanted: Vec<Wanted>) -> Self {
        let members: Vec<_> = wanted.iter().map(|one| (&one.terms, one.since)).collect();
        let digest = serde_json::to_vec(&members).ok().map(|bytes| canonical::sha256_hex(&bytes));
        Self { all: wanted.into_iter().map(One::Asked).collect(), digest }
    }

    /// What identifies them, if there are any.
    pub(super) fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// The exemption that covers a resource at this time, and lasts longest.
    pub(super) fn of(&self, control: &str, target: &Target, now: Timestamp) -> Option<Exempted> {
        self.all.iter().filter_map(|one| one.of(control, target, now)).max_by_key(|exempted| exempted.until)
    }
}

impl One {
    fn of(&self, control: &str, target: &Target, now: Timestamp) -> Option<Exempted> {
        match self {
            Self::Granted(exemption) => exemption.holds(control, target, now).then(|| {
                let text = |text: &Option<String>| redact::text(text.as_deref().unwrap_or_default());
                Exempted {
                    owner: text(&exemption.owner),
                    reason: redact::text(&exemption.reason),
                    alternative: text(&exemption.alternative),
                    ticket: text(&exemption.ticket),
                    until: exemption.until,
                    approved_by: exemption.approved_by.as_ref().map(|by| redact::text(&by.arn)),
                }
            }),
            Self::Asked(Wanted { terms, since }) => {
                let since = since.unwrap_or(now);
                let until = since.saturating_add(SignedDuration::from_hours(24 * i64::from(terms.days))).ok()?;
                let holds = terms.cover(control, target) && since <= now && now < until;
                holds.then(|| Exempted {
                    owner: redact::text(&terms.owner),
                    reason: redact::text(&terms.reason),
                    alternative: redact::text(&terms.alternative),
                    ticket: redact::text(&terms.ticket),
                    until,
                    approved_by: None,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use remedy_domain::{AccountId, Region};
    use serde_json::{Value, json};

    use super::*;

    fn target(id: &str) -> Target {
        Target {
            account: AccountId::parse("111122223333").unwrap(),
            region: Region::parse("us-east-1").unwrap(),
            resource_type: "AWS::S3::Bucket".into(),
            id: id.into(),
            unique_id: None,
            arn: Some(format!("arn:aws:s3:::{id}")),
        }
    }

    fn of(members: &Value) -> Result<Exemptions, serde_json::Error> {
        let mut one = json!({"control": "s3-bucket-public", "account": "111122223333", "resource": "brochures-*", "owner": "web",
            "reason": "public on purpose", "ticket": "CHG-7", "alternative": "a scan before each upload", "days": 30});
        one.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        Ok(Exemptions::asked(vec![Wanted::of(one)?]))
    }

    #[test]
    fn an_exemption_covers_its_resources_until_its_end() {
        let now: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        let covered = |members: Value, id: &str| of(&members).unwrap().of("s3-bucket-public", &target(id), now);
        let exempted = covered(json!({}), "brochures-2026").unwrap();
        assert_eq!((exempted.owner.as_str(), exempted.until.to_string().as_str()), ("web", "2026-12-30T12:00:00Z"));
        assert!(exempted.approved_by.is_none(), "nobody agreed to a file");
        assert!(covered(json!({}), "records").is_none());
        assert!(covered(json!({"since": "2026-11-01T00:00:00Z"}), "brochures-1").is_some());
        assert!(covered(json!({"since": "2026-10-01T00:00:00Z"}), "brochures-1").is_none(), "it ended");
        assert!(covered(json!({"since": "2026-12-24T00:00:00Z"}), "brochures-1").is_none(), "it has not begun");
        assert!(covered(json!({"control": "s3-bucket-without-tls"}), "brochures-1").is_none());
    }

    #[test]
    fn what_is_no_exemption_is_refused() {
        assert!(of(&json!({"since": "yesterday"})).is_err());
        assert!(of(&json!({"surprise": 1})).is_err());
    }
}
