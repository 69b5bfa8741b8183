//! The paragraphs of the HIPAA Security Rule, and whose mapping it is that a control supports one.
//!
//! The paragraphs are those of 45 CFR 164.308, 164.310, 164.312, 164.314 and 164.316. Each subject is a paragraph's
//! content in a few words; the rule itself is what counts.

mod mappings;
mod rule;

pub use mappings::mapped_by;
pub use remedy_domain::settings::Organization;
pub use rule::PARAGRAPHS;

use crate::About;

/// What a paragraph is: 45 CFR 164.306(c) and (d).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A standard: everybody must comply, 45 CFR 164.306(c).
    Standard,
    /// An implementation specification that everybody must implement: 45 CFR 164.306(d)(2).
    Required,
    /// An implementation specification that must be implemented where that is reasonable and appropriate; where it is not,
    /// the reason is documented, and an equivalent alternative measure taken: 45 CFR 164.306(d)(3).
    Addressable,
}

/// Who acts on a paragraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Covered {
    /// The configuration of AWS can support it, so a control may; [`covered`] returns those that do. Even then the organization
    /// has to act: no setting fulfils a paragraph of the rule alone.
    Controls,
    /// Others: one plain sentence on who must do it, or on what Remedy cannot see.
    ByOthers(&'static str),
}

/// A standard or an implementation specification of the HIPAA Security Rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paragraph {
    /// Its place in 45 CFR, such as `164.308(a)(1)(ii)(B)`.
    pub id: &'static str,
    /// What it is about, in the words of its heading, or in a few words where it has none.
    pub subject: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Who acts on it.
    pub covered: Covered,
    /// The only kind of organization that it concerns; absent if it concerns every one.
    pub only_for: Option<Organization>,
}

impl Kind {
    /// In a word: `standard`, `required` or `addressable`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Required => "required",
            Self::Addressable => "addressable",
        }
    }
}

/// The paragraph of 45 CFR at this place, such as `164.312(d)`.
#[must_use]
pub fn paragraph(id: &str) -> Option<&'static Paragraph> {
    PARAGRAPHS.iter().find(|paragraph| paragraph.id == id)
}

/// Whether a paragraph of 45 CFR concerns an organization that is this beside a covered entity or business associate.
///
/// Only 164.308(a)(4)(ii)(A) (health care clearinghouses) and 164.314(b) (group health plans) do not concern everybody.
/// What is no paragraph here is taken to concern everybody: rather shown in vain than hidden.
#[must_use]
pub fn applies(id: &str, organization: &[String]) -> bool {
    let only_for = paragraph(id).and_then(|paragraph| paragraph.only_for);
    only_for.is_none_or(|only| organization.iter().any(|word| word == only.word()))
}

/// Those of the controls that support this very paragraph of 45 CFR, in their order.
///
/// A control that supports an implementation specification is not counted for its standard, nor the other way round.
#[must_use]
pub fn covered<'a>(paragraph: &str, controls: &'a [About]) -> Vec<&'a About> {
    controls.iter().filter(|about| about.requirements.iter().any(|id| id == paragraph)).collect()
}

#[cfg(test)]
mod tests;
