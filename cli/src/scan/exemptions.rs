//! Exemptions that a scan applies: those of a file, or those of a deployed stack.
//!
//! A file holds what people ask for (`docs/schema/exemptions.schema.json`). It counts as if it were granted when the scan begins,
//! or at its `since`; only a stack knows what people agreed to.

use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use remedy_domain::{
    Target, Timestamp, canonical,
    exemption::{BadTerms, Exemption, Terms},
    redact,
};
use remedy_scan::Exempted;
use serde::Deserialize;
use serde_json::Value;

/// Why a file holds no exemptions.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoExemptions {
    #[error("{} cannot be read: {source}; name a file with exemptions as docs/schema/exemptions.schema.json has them", file.display())]
    Unreadable { file: PathBuf, source: std::io::Error },
    #[error("{} holds no exemptions: {source}; see docs/schema/exemptions.schema.json", file.display())]
    NotExemptions { file: PathBuf, source: serde_json::Error },
    #[error("{}: exemption {number}: {source}", file.display())]
    Terms { file: PathBuf, number: usize, source: BadTerms },
}

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
    /// As a file asks for it, from then on.
    Asked { terms: Terms, since: Option<Timestamp> },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    exemptions: Vec<Value>,
}

impl Exemptions {
    pub(super) fn granted(exemptions: Vec<Exemption>) -> Self {
        let digest = serde_json::to_vec(&exemptions).ok().map(|bytes| canonical::sha256_hex(&bytes));
        Self { all: exemptions.into_iter().map(One::Granted).collect(), digest }
    }

    pub(super) fn read(file: &Path) -> Result<Self, NoExemptions> {
        let text = std::fs::read(file).map_err(|source| NoExemptions::Unreadable { file: file.to_owned(), source })?;
        let wrong = |source| NoExemptions::NotExemptions { file: file.to_owned(), source };
        let document: Document = serde_json::from_slice(&text).map_err(wrong)?;
        let mut all = Vec::new();
        for (index, one) in document.exemptions.into_iter().enumerate() {
            let one = asked(one).map_err(wrong)?;
            if let One::Asked { terms, .. } = &one {
                let bad = |source| NoExemptions::Terms { file: file.to_owned(), number: index + 1, source };
                terms.check().map_err(bad)?;
            }
            all.push(one);
        }
        Ok(Self { all, digest: Some(canonical::sha256_hex(&text)) })
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

/// `since` says from when on the days count: the day of a file is not known.
fn asked(mut value: Value) -> Result<One, serde_json::Error> {
    let since = value.as_object_mut().and_then(|members| members.remove("since"));
    let since = since.map(serde_json::from_value).transpose()?;
    Ok(One::Asked { terms: serde_json::from_value(value)?, since })
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
            Self::Asked { terms, since } => {
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
    use serde_json::json;

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
        Ok(Exemptions { all: vec![asked(one)?], digest: None })
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
        assert!(covered(json!({"control": "s3-bucket-plaintext"}), "brochures-1").is_none());
    }

    #[test]
    fn what_is_no_exemption_is_refused() {
        assert!(of(&json!({"since": "yesterday"})).is_err());
        assert!(of(&json!({"surprise": 1})).is_err());
    }
}
