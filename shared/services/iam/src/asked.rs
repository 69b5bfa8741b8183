//! How one principal of IAM is asked for by what an event calls it.

/// The longest names that IAM takes where it is asked for a user or a role, and for a group.
const LONGEST: [(&str, usize); 3] = [("user", 64), ("role", 64), ("group", 128)];
/// Unique ids have 16 letters and digits or more: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_User.html>.
const SHORTEST_ID: usize = 16;

/// How the principal is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked<'a> {
    /// By this name, with one call.
    ByName(&'a str),
    /// Among all of its kind: it may be a unique id, which no call takes, and the name of another.
    ByListing,
    /// Not at all: no principal of this kind is called so.
    Never,
}

/// How a `user`, `group` or `role` is asked for that an event calls by a name, an ARN or a unique id.
///
/// A listing of everybody at each message would use up the rate of calls that the account shares with its pipelines.
#[must_use]
pub(crate) fn asked<'a>(kind: &str, id: &'a str) -> Asked<'a> {
    let of_arn = id.starts_with("arn:").then(|| id.split_once(":iam::").and_then(|(_, rest)| rest.split_once(':')));
    let name = match of_arn {
        None => id,
        Some(Some((_, path))) => match path.strip_prefix(kind).and_then(|path| path.strip_prefix('/')) {
            Some(path) => path.rsplit('/').next().unwrap_or(path),
            None => return Asked::Never,
        },
        Some(None) => return Asked::Never,
    };
    let longest = LONGEST.iter().find(|(of, _)| *of == kind).map_or(0, |(_, longest)| *longest);
    let is_name = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
    if !name.chars().all(is_name) || name.is_empty() {
        return Asked::Never;
    }
    if of_arn.is_none() && name.len() >= SHORTEST_ID && name.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Asked::ByListing;
    }
    if name.len() > longest { Asked::Never } else { Asked::ByName(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_or_an_arn_is_asked_for_by_itself() {
        assert_eq!(asked("user", "bob.smith@clinic"), Asked::ByName("bob.smith@clinic"));
        assert_eq!(asked("user", "arn:aws:iam::111122223333:user/ops/night/bob"), Asked::ByName("bob"));
        assert_eq!(
            asked("user", "arn:aws:iam::111122223333:user/AIDACKCEVSQ6C2EXAMPLE"),
            Asked::ByName("AIDACKCEVSQ6C2EXAMPLE")
        );
        assert_eq!(
            asked("role", "arn:aws-us-gov:iam::111122223333:role/aws-reserved/x/Admins"),
            Asked::ByName("Admins")
        );
        let long = "g-".repeat(64);
        assert_eq!(asked("group", &long), Asked::ByName(&long), "names of groups have up to 128 characters");
    }

    #[test]
    fn what_may_be_a_unique_id_is_looked_for_among_all() {
        for id in ["AIDACKCEVSQ6C2EXAMPLE", "abcdefghijklmnop", &"A".repeat(128)] {
            assert_eq!(asked("user", id), Asked::ByListing, "{id}");
        }
    }

    #[test]
    fn nobody_is_asked_for_by_what_is_neither() {
        let long = "n-".repeat(33);
        for other in [
            "",
            "a b",
            "x/y",
            "arn:",
            "arn:aws:iam::1:user/",
            "arn:aws:iam::1:role/r",
            "arn:aws:iam::1:username/x",
            "arn:aws:s3:::user/bob",
            &long,
        ] {
            assert_eq!(asked("user", other), Asked::Never, "{other}");
        }
    }
}
