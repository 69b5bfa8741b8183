//! Controls that were renamed: what was stored or sent under an earlier id counts for the control (ADR 0052).
//!
//! People, evidence, metrics and notices name a control as it is called now, [`current`]. The state bucket names it, in keys, plans, terms,
//! exemptions and holds, by its first id, [`filed`], which no version changes: so versions that work on the same buckets take the same
//! locks, draft the same plans, and mind the same holds, whichever of them is deployed after the other. Ids are compared by [`is_same`].

/// The controls that were renamed: the id, and the ids before, the newest first.
const RENAMED: [(&str, &[&str]); 3] = [
    ("kms-key-open-policy", &["kms-key-shared"]),
    ("kms-key-pending-deletion", &["kms-key-dying"]),
    ("s3-bucket-without-tls", &["s3-bucket-plaintext"]),
];

/// The id that the control of this name has now. An id that no control has stays as it is.
#[must_use]
pub fn current(id: &str) -> &str {
    RENAMED.iter().find(|(_, former)| former.contains(&id)).map_or(id, |(id, _)| id)
}

/// The ids that the control had before, the newest first.
#[must_use]
pub fn former(id: &str) -> &'static [&'static str] {
    let id = current(id);
    RENAMED.iter().find(|(renamed, _)| *renamed == id).map_or(&[], |(_, former)| former)
}

/// The control's name in the state bucket: its first id.
#[must_use]
pub fn filed(id: &str) -> &str {
    former(id).last().copied().unwrap_or(id)
}

/// Whether two ids are of one control.
#[must_use]
pub fn is_same(one: &str, other: &str) -> bool {
    current(one) == current(other)
}

/// The controls that were renamed, by the ids that they have now.
pub fn all() -> impl Iterator<Item = &'static str> {
    RENAMED.iter().map(|(id, _)| *id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Control, ControlId, ResourceKind};

    #[test]
    fn every_id_that_a_control_had_means_the_control() {
        for (id, earlier) in RENAMED {
            assert_eq!((current(id), former(id)), (id, earlier));
            for name in earlier {
                assert_eq!((current(name), former(name)), (id, earlier));
                assert!(is_same(name, id) && is_same(id, name));
            }
        }
        assert!(!is_same("kms-key-dying", "kms-key-shared"));
    }

    #[test]
    fn keys_name_a_control_by_its_first_id_for_ever() {
        for (id, earlier) in RENAMED {
            let first = earlier.last().copied();
            assert!([id].iter().chain(earlier).all(|name| Some(filed(name)) == first), "{id}");
        }
    }

    #[test]
    fn an_id_that_was_never_changed_is_itself() {
        for id in ["s3-bucket-public", "administrators", "", "KMS-KEY-DYING"] {
            assert_eq!((current(id), filed(id), former(id).len()), (id, id, 0));
        }
    }

    #[test]
    fn a_rule_of_aws_config_that_is_named_after_a_control_goes_on_to_mean_it() {
        let control = Control { id: ControlId("kms-key-open-policy"), ..Control::of(ResourceKind::PLAIN) };
        for name in ["kms-key-open-policy", "kms-key-shared"] {
            assert!(control.is_called(name) && control.is_named_by_rule(name), "{name}");
        }
        assert!(!control.is_named_by_rule("kms-key-dying"));
        assert_eq!(serde_json::to_value(control).unwrap()["former"], serde_json::json!(["kms-key-shared"]));
    }

    #[test]
    fn no_id_is_given_away_twice() {
        let mut ids: Vec<_> = RENAMED.iter().flat_map(|(id, earlier)| [id].into_iter().chain(*earlier)).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }
}
