//! Whose mapping of an AWS Config rule to paragraphs of 45 CFR it is.
//!
//! `citations.json` was made once of what is published: the HIPAA conformance pack of awslabs/aws-config-rules says which
//! rules; aws-guard-rules-registry, cdk-nag, the Steampipe mod for AWS compliance and Prowler say which paragraphs.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use crate::About;

/// What is said of a control whose rules nobody else maps to the paragraph.
const OWN: &str = "Remedy's own judgement";

/// By the source identifier of a rule.
static RULES: LazyLock<BTreeMap<String, Rule>> = LazyLock::new(|| {
    // That it can be read, a test shows. If not, everything would be called Remedy's own judgement: nobody's authority is
    // claimed in vain.
    serde_json::from_str::<Citations>(include_str!("citations.json")).map(|file| file.rules).unwrap_or_default()
});

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Citations {
    #[serde(rename = "comment")]
    _comment: Vec<String>,
    rules: BTreeMap<String, Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    paragraphs: Vec<String>,
    sources: Vec<Source>,
    /// The paragraphs of those sources that were compared one by one.
    #[serde(default)]
    only: BTreeMap<Source, Vec<String>>,
}

impl Rule {
    /// Whether somebody maps it to this paragraph, as far as is known.
    fn is_mapped_by(&self, source: Source, paragraph: &str) -> bool {
        let names = |paragraphs: &Vec<String>| paragraphs.iter().any(|id| id == paragraph);
        self.sources.contains(&source) && names(&self.paragraphs) && self.only.get(&source).is_none_or(names)
    }
}

/// Who published a mapping, in the order in which they are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Source {
    Guard,
    CdkNag,
    Steampipe,
    Prowler,
}

impl Source {
    const ALL: [Self; 4] = [Self::Guard, Self::CdkNag, Self::Steampipe, Self::Prowler];

    fn name(self) -> &'static str {
        match self {
            Self::Guard => "AWS's Guard rule set for HIPAA",
            Self::CdkNag => "cdk-nag's HIPAA rules",
            Self::Steampipe => "Steampipe's HIPAA benchmark",
            Self::Prowler => "Prowler's HIPAA framework",
        }
    }
}

/// Whose mapping it is that a control supports a paragraph of 45 CFR: those who map one of its AWS Config rules to it. If
/// nobody does, it is Remedy's own judgement.
///
/// In general the sources are known by rule and not by paragraph: each of those named maps the rule to paragraphs of the
/// Security Rule, and at least one of them to this one. All of AWS's, and the others' of most rules that a control follows
/// today, were compared paragraph by paragraph; there, each of those named maps the rule to this very paragraph.
///
/// Nobody's mapping says that a control fulfils a paragraph.
#[must_use]
pub fn mapped_by(about: &About, paragraph: &str) -> Vec<&'static str> {
    let rules = || about.config_rules.iter().filter_map(|rule| RULES.get(rule));
    let is_named = |source: &Source| rules().any(|rule| rule.is_mapped_by(*source, paragraph));
    let names: Vec<_> = Source::ALL.into_iter().filter(is_named).map(Source::name).collect();
    if names.is_empty() { vec![OWN] } else { names }
}

/// That the file can be read, and that it is sound.
#[cfg(test)]
pub(super) fn check() {
    let file: Citations = serde_json::from_str(include_str!("citations.json")).unwrap();
    assert_eq!(file.rules.len(), RULES.len());
    assert!(RULES.len() > 100);
    for (name, rule) in RULES.iter() {
        assert!(rule.only.keys().all(|source| rule.sources.contains(source)), "{name}");
        assert!(rule.only.values().flatten().all(|id| rule.paragraphs.contains(id)), "{name}");
        for id in &rule.paragraphs {
            assert!(super::paragraph(id).is_some(), "{name}: {id}");
            assert!(Source::ALL.into_iter().any(|source| rule.is_mapped_by(source, id)), "{name}: nobody says {id}");
        }
    }
}
