//! The manager of a resource: infrastructure as code would undo a repair, so a person repairs the resource's source.

use std::collections::BTreeMap;

use crate::redact;

/// The tag that CloudFormation puts on what it makes; nobody else may set tags that begin with `aws:`.
const STACK: &str = "aws:cloudformation:stack-name";
/// Its id, an ARN: anyone may choose the name of a stack.
const STACK_ID: &str = "aws:cloudformation:stack-id";
/// The prefix of the tags of StackSets and Service Catalog; the same holds for them.
const PRODUCT: &str = "aws:servicecatalog:provisioningPrincipalArn";

/// The manager of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manager {
    /// A CloudFormation stack.
    Stack {
        /// Its name.
        name: String,
        /// Its id.
        id: Option<String>,
    },
    /// Service Catalog.
    ServiceCatalog,
    /// The settings name it, by its tag's key.
    Tag(String),
}

impl Manager {
    /// The manager that the tags of a resource name. `keys` are the tag keys that the settings count as infrastructure
    /// as code.
    #[must_use]
    pub fn of(tags: &BTreeMap<String, String>, keys: &[String]) -> Option<Self> {
        if let Some(name) = tags.get(STACK) {
            return Some(Self::Stack { name: redact::text(name), id: tags.get(STACK_ID).cloned() });
        }
        if tags.contains_key(PRODUCT) {
            return Some(Self::ServiceCatalog);
        }
        keys.iter().find(|key| tags.contains_key(*key)).map(|key| Self::Tag(redact::text(key)))
    }

    /// The place where a person repairs it.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Stack { name, .. } => format!("the template of the CloudFormation stack `{name}`"),
            Self::ServiceCatalog => "the product in Service Catalog".to_owned(),
            Self::Tag(key) => format!("the code that sets the tag `{key}`"),
        }
    }
}

/// The owner that a tag's value names, if it may be shown: an address, a handle or a team. A value with four digits in a row
/// may be a number of a patient or a person and is not shown.
#[must_use]
pub fn owner(value: &str) -> Option<String> {
    let is_plain = value.chars().all(|c| c.is_ascii_alphanumeric() || "@._+-/ ".contains(c));
    let digits: Vec<_> = value.chars().map(|c| c.is_ascii_digit()).collect();
    let is_number = digits.windows(4).any(|four| four.iter().all(|digit| *digit));
    let few = digits.iter().filter(|digit| **digit).count() < 6;
    let is_short = (1..=64).contains(&value.len());
    (is_plain && is_short && few && !is_number).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_an_address_or_a_team_and_never_a_number() {
        for shown in ["imaging@clinic.example", "team/imaging", "Imaging 2", "night-shift-24"] {
            assert_eq!(owner(shown).as_deref(), Some(shown));
        }
        for hidden in
            ["", "123-45-6789", "MRN 00123456", "MRN-12 34 56", "a\u{202e}b", "Jane Doe, 1960", &"x".repeat(65)]
        {
            assert_eq!(owner(hidden), None, "{hidden}");
        }
    }

    fn stack(name: &str, id: Option<&str>) -> Manager {
        Manager::Stack { name: name.to_owned(), id: id.map(str::to_owned) }
    }

    fn of(tags: &[(&str, &str)], keys: &[&str]) -> Option<Manager> {
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Manager::of(&tags, &keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn what_aws_sets_counts_always_and_other_tags_where_settings_say_so() {
        assert_eq!(of(&[], &["terraform"]), None);
        assert_eq!(of(&[("team", "imaging")], &["terraform"]), None);
        assert_eq!(of(&[(STACK, "imaging")], &[]), Some(stack("imaging", None)));
        assert_eq!(of(&[(STACK, "imaging"), (STACK_ID, "arn")], &[]), Some(stack("imaging", Some("arn"))));
        assert_eq!(of(&[(PRODUCT, "arn")], &[]), Some(Manager::ServiceCatalog));
        assert_eq!(of(&[("terraform", "123-45-6789")], &["terraform"]), Some(Manager::Tag("terraform".into())));
        assert_eq!(of(&[("terraform", "yes"), (STACK, "imaging")], &["terraform"]), Some(stack("imaging", None)));
    }

    #[test]
    fn the_value_of_a_tag_that_anybody_sets_is_never_shown() {
        let manager = of(&[("terraform", "123-45-6789")], &["terraform"]).unwrap();
        assert!(!manager.place().contains("6789"));
    }
}
