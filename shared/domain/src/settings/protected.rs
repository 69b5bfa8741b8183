//! The resources and principals that the settings protect, and how they may be written.
//!
//! A name is no privilege: anyone who may make a bucket may give it any name. So `principals` and `break_glass` cover
//! users and roles alone, `resources` everything else, and each names ARNs whole, or under a path that IAM can guard.

use super::{Protected, SettingsError, pattern::matches};
use crate::ids::{AccountId, Target};

/// The types that `principals` and `break_glass` cover.
const PRINCIPALS: [(&str, &str); 2] = [("AWS::IAM::User", "user"), ("AWS::IAM::Role", "role")];

const PRINCIPAL: &str = "write the ARN of one user or role with its account, such as \
    arn:aws:iam::111122223333:user/ops/ann, or of all under a path, such as arn:aws:iam::111122223333:role/deploy/*";
const BREAK_GLASS: &str =
    "write the whole ARN of one user or role, such as arn:aws:iam::111122223333:user/break-glass-1, without wildcards";
const RESOURCE: &str = "write an ARN, such as arn:aws:s3:::phi-vendor, or <type>/<id>, such as AWS::S3::Bucket/phi-vendor; \
    users and roles belong to protected.principals";

impl Protected {
    /// The pattern that protects `target`, if any.
    #[must_use]
    pub fn pattern_for(&self, target: &Target) -> Option<&str> {
        if PRINCIPALS.iter().any(|(resource_type, _)| *resource_type == target.resource_type) {
            return self.pattern_for_principal(target.arn.as_deref()?);
        }
        let typed = format!("{}/{}", target.resource_type, target.id);
        let names =
            [Some(target.id.as_str()), target.arn.as_deref(), target.unique_id.as_deref(), Some(typed.as_str())];
        let covers = |pattern: &&str| names.iter().flatten().any(|name| matches(pattern, name));
        self.resources.iter().map(String::as_str).find(covers)
    }

    /// The pattern that protects the user or role of this ARN, if any.
    ///
    /// Settings that earlier releases stored hold patterns of names. They still protect, but only users and roles.
    #[must_use]
    pub fn pattern_for_principal(&self, arn: &str) -> Option<&str> {
        pattern_among(self.principals.iter().chain(&self.break_glass), arn)
    }

    /// Whether the user or role of this ARN is named as break-glass.
    #[must_use]
    pub fn opens_the_door(&self, arn: &str) -> bool {
        pattern_among(self.break_glass.iter(), arn).is_some()
    }

    /// Refuses patterns that a name alone would match. The error says what to write, and shows nothing of the settings.
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        all(&self.principals, is_principal, ("protected.principals", PRINCIPAL))?;
        all(&self.break_glass, is_one_principal, ("protected.break_glass", BREAK_GLASS))?;
        all(&self.resources, is_resource, ("protected.resources", RESOURCE))
    }
}

fn all(
    patterns: &[String],
    is_valid: fn(&str) -> bool,
    (member, write): (&'static str, &'static str),
) -> Result<(), SettingsError> {
    match patterns.iter().position(|pattern| !is_valid(pattern)) {
        Some(at) => Err(SettingsError::Pattern { member, at, write }),
        None => Ok(()),
    }
}

fn pattern_among<'a>(mut patterns: impl Iterator<Item = &'a String>, arn: &str) -> Option<&'a str> {
    let (_, resource) = arn.split_once(":iam::")?.1.split_once(':')?;
    let (kind, _) = resource.split_once('/')?;
    let (resource_type, _) = PRINCIPALS.iter().find(|(_, of_arn)| *of_arn == kind)?;
    let name = resource.rsplit('/').next()?;
    let typed = format!("{resource_type}/{name}");
    patterns
        .find(|pattern| [arn, name, typed.as_str()].iter().any(|called| matches(pattern, called)))
        .map(String::as_str)
}

fn is_wild(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// The account and what follows it, in the ARN of IAM.
fn of_iam(pattern: &str) -> Option<&str> {
    let (partition, rest) = pattern.strip_prefix("arn:")?.split_once(":iam::")?;
    let (account, resource) = rest.split_once(':')?;
    let is_partition = partition.starts_with("aws") && !is_wild(partition) && !partition.contains(':');
    (is_partition && AccountId::parse(account).is_ok()).then_some(resource)
}

fn after_kind(resource: &str) -> Option<&str> {
    resource.strip_prefix("user/").or_else(|| resource.strip_prefix("role/")).filter(|rest| !rest.is_empty())
}

fn is_one_principal(pattern: &str) -> bool {
    of_iam(pattern).and_then(after_kind).is_some_and(|name| !is_wild(name))
}

/// Wildcards cover what is under a path: IAM can control who makes something there.
fn is_principal(pattern: &str) -> bool {
    let under_path = |rest: &str| rest.split_once('/').is_some_and(|(path, below)| !is_wild(path) && !below.is_empty());
    is_one_principal(pattern) || of_iam(pattern).and_then(after_kind).is_some_and(under_path)
}

/// An ARN that names a service, or a type and an id; not of a user or a role.
fn is_resource(pattern: &str) -> bool {
    if let Some((resource_type, id)) = pattern.split_once('/')
        && resource_type.starts_with("AWS::")
    {
        let is_of_principals = PRINCIPALS.iter().any(|(of_principals, _)| *of_principals == resource_type);
        return !is_of_principals && !is_wild(resource_type) && !id.is_empty();
    }
    let parts: Vec<_> = pattern.splitn(6, ':').collect();
    let ["arn", partition, service, _, _, resource] = parts.as_slice() else { return false };
    let named = [partition, service].iter().all(|part| !part.is_empty() && !is_wild(part));
    let of_principals = *service == "iam" && ["user/", "role/", "*"].iter().any(|kind| resource.starts_with(kind));
    named && !resource.is_empty() && !of_principals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::Region, settings::Settings};

    const BREAK: &str = "arn:aws:iam::111122223333:user/ops/break-glass-1";

    fn target(resource_type: &str, id: &str, arn: &str) -> Target {
        Target {
            account: AccountId::parse("111122223333").unwrap(),
            region: Region::global(),
            resource_type: resource_type.into(),
            id: id.into(),
            unique_id: None,
            arn: Some(arn.into()),
        }
    }

    fn all_lists(pattern: &str) -> Protected {
        let list = vec![pattern.to_owned()];
        Protected { principals: list.clone(), resources: list.clone(), break_glass: list }
    }

    #[test]
    fn patterns_of_principals_cover_users_and_roles_and_nothing_else_of_that_name() {
        let user = target("AWS::IAM::User", "break-glass-1", BREAK);
        for pattern in [BREAK, "arn:aws:iam::111122223333:user/ops/*"] {
            let named = Protected { principals: vec![pattern.to_owned()], ..Protected::default() };
            assert_eq!(named.pattern_for(&user), Some(pattern));
        }
        let typed = |named: &str| Protected { break_glass: vec![named.to_owned()], ..Protected::default() };
        assert!(typed("AWS::IAM::User/break-glass-1").pattern_for(&user).is_some());
        assert!(typed("AWS::IAM::Role/break-glass-1").pattern_for(&user).is_none());
        let stored_before = Protected { break_glass: vec!["break-glass-*".to_owned()], ..Protected::default() };
        assert!(stored_before.pattern_for(&user).is_some());
        for (resource_type, arn) in [
            ("AWS::S3::Bucket", "arn:aws:s3:::break-glass-1"),
            ("AWS::IAM::Policy", "arn:aws:iam::111122223333:policy/break-glass-1"),
            ("AWS::IAM::Group", "arn:aws:iam::111122223333:group/break-glass-1"),
        ] {
            assert_eq!(stored_before.pattern_for(&target(resource_type, "break-glass-1", arn)), None, "{arn}");
        }
        let resources = Protected { resources: vec!["*break-glass*".to_owned()], ..Protected::default() };
        assert_eq!(resources.pattern_for(&user), None, "a pattern of resources spares no principal");
        assert!(resources.pattern_for(&target("AWS::S3::Bucket", "break-glass-1", "arn:aws:s3:::x")).is_some());
    }

    type List = fn(&mut Protected) -> &mut Vec<String>;

    #[test]
    fn a_name_alone_protects_nothing() {
        for refused in [
            "break-glass-*",
            "deploy-*",
            "*",
            "",
            "AIDACKCEVSQ6C2EXAMPLE",
            "*:*",
            "arn:*",
            "arn:aws:iam::*:user/break-glass-1",
            "arn:aws:iam::111122223333:*",
            "arn:aws:iam::111122223333:user/*",
            "arn:aws:iam::111122223333:role/deploy-*",
            "arn:aws:iam::111122223333:role/",
            "AWS::IAM::User/break-*",
            "AWS::*/phi",
            "arn:gcp:iam::111122223333:user/ops/break-glass-1",
            "arn:aws*:iam::111122223333:user/ops/break-glass-1",
            "arn:aws:iam::111122223333:role/*/deploy",
            "arn::s3:::phi",
            "arn:aws:*:::phi",
        ] {
            let lists: [List; 3] = [|p| &mut p.principals, |p| &mut p.break_glass, |p| &mut p.resources];
            let of = |list: List| {
                let mut protected = Protected::default();
                list(&mut protected).push(refused.to_owned());
                Settings::parse(serde_json::json!({"protected": protected}).to_string().as_bytes())
            };
            for list in lists {
                assert!(matches!(of(list), Err(SettingsError::Pattern { at: 0, .. })), "{refused}");
            }
        }
    }

    #[test]
    fn each_list_has_its_own_forms() {
        let refused_of = |pattern: &str| match all_lists(pattern).check() {
            Err(SettingsError::Pattern { member, .. }) => member,
            _ => "none",
        };
        assert_eq!(refused_of(BREAK), "protected.resources");
        assert_eq!(refused_of("arn:aws:iam::111122223333:role/deploy/*"), "protected.break_glass");
        for resource in ["arn:aws:s3:::phi-*-vendor", "AWS::S3::Bucket/vendor-dropzone"] {
            let named = Protected { resources: vec![resource.to_owned()], ..Protected::default() };
            assert!(named.check().is_ok(), "{resource}");
        }
    }

    #[test]
    fn a_refusal_says_what_to_write_and_shows_nothing_of_the_settings() {
        let settings = br#"{"protected":{"break_glass":["MRN-00123456"]}}"#;
        let told = Settings::parse(settings).unwrap_err().to_string();
        assert!(told.contains("protected.break_glass") && told.contains("whole ARN"), "{told}");
        assert!(!told.contains("MRN"), "{told}");
    }
}
