//! Remedy's own resources, by ARN. A name alone proves nothing: anybody may give it to another resource.

use remedy_domain::{AccountId, Region, fence};

use crate::environment::Environment;

/// The functions with controls. Each has a role to read and a role to write, in every account that Remedy works in.
pub const FUNCTIONS: [&str; 7] =
    ["iam-mfa", "iam-password-policy", "iam-policies", "kms-keys", "rds", "s3-encryption", "s3-public-access"];
/// The functions without: they have a role in Remedy's own account alone.
pub const SERVICES: [&str; 2] = ["operator", "sealer"];

/// Remedy's own resources by ARN; `{account}` stands for the account of a target. The id of its stack stands for
/// everything that CloudFormation marks as made by the stack.
pub(crate) fn resources(environment: &Environment, account: &AccountId) -> Vec<String> {
    let partition = environment.region.partition();
    let role = |account: &str, name: &str| format!("arn:{partition}:iam::{account}:role/{name}");
    let buckets = [&environment.evidence_bucket, &environment.state_bucket];
    let mut own = buckets.map(|name| bucket_arn(&environment.region, name)).to_vec();
    let named = environment.read_role.iter().chain(&environment.write_role);
    own.extend(named.filter_map(|name| name.rsplit('/').next()).map(|name| role("{account}", name)));
    if let Some(stack) = &environment.stack {
        let pairs = FUNCTIONS.iter().flat_map(|function| [format!("{function}-read"), format!("{function}-write")]);
        let forwarding = environment.regions.iter().map(|region| format!("forward-{region}"));
        own.extend(pairs.chain(forwarding).map(|name| role("{account}", &format!("{stack}-{name}"))));
        let deny = fence::managed_name(stack);
        own.push(format!("arn:{partition}:iam::{{account}}:policy/{deny}"));
        own.extend(SERVICES.iter().map(|service| role(account.as_str(), &format!("{stack}-{service}-read"))));
    }
    own.extend(environment.stack_id.clone());
    own.extend(environment.topic_arn.clone());
    own.extend(environment.queue_url.as_deref().and_then(|url| queue(partition, environment.region.as_str(), url)));
    own
}

/// The ARN of a bucket in a Region.
#[must_use]
pub fn bucket_arn(region: &Region, name: &str) -> String {
    format!("arn:{}:s3:::{name}", region.partition())
}

/// The ARN of a queue, from its URL: `https://sqs.<region>.amazonaws.com/<account>/<name>`.
fn queue(partition: &str, region: &str, url: &str) -> Option<String> {
    let mut parts = url.rsplit('/');
    let (name, account) = (parts.next()?, parts.next()?);
    Some(format!("arn:{partition}:sqs:{region}:{account}:{name}"))
}

/// The ARN of a principal. For a session, STS gives the name of its role, without the role's path.
pub(crate) fn principal(arn: &str) -> String {
    let of_role = || {
        let (before, session) = arn.split_once(":assumed-role/")?;
        Some(format!("{}:role/{}", before.replacen(":sts:", ":iam:", 1), session.split('/').next()?))
    };
    of_role().unwrap_or_else(|| arn.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_known_by_its_role() {
        let of = |resource: &str| principal(&format!("arn:aws:sts::111122223333:{resource}"));
        assert_eq!(
            of("assumed-role/remedy-iam-policies-read/2026"),
            "arn:aws:iam::111122223333:role/remedy-iam-policies-read"
        );
        assert_eq!(principal("arn:aws:iam::111122223333:user/ops/ann"), "arn:aws:iam::111122223333:user/ops/ann");
    }

    #[test]
    fn what_is_remedys_own_is_said_in_whole_arns() {
        let variables = [
            ("AWS_REGION", "us-gov-west-1"),
            ("AWS_ACCESS_KEY_ID", "a"),
            ("AWS_SECRET_ACCESS_KEY", "b"),
            ("REMEDY_EVIDENCE_BUCKET", "evidence"),
            ("REMEDY_STATE_BUCKET", "state"),
            ("REMEDY_STACK", "remedy"),
            ("REMEDY_STACK_ID", "arn:aws-us-gov:cloudformation:us-gov-west-1:111122223333:stack/remedy/5a7f"),
            ("REMEDY_WRITE_ROLE", "arn:aws-us-gov:iam::{account}:role/path/mine"),
            ("REMEDY_QUEUE_URL", "https://sqs.us-gov-west-1.amazonaws.com/111122223333/remedy-kms-keys"),
        ];
        let value =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let own = resources(&Environment::read(value).unwrap(), &AccountId::parse("111122223333").unwrap());
        for known in [
            "arn:aws-us-gov:s3:::state",
            "arn:aws-us-gov:iam::{account}:role/mine",
            "arn:aws-us-gov:iam::{account}:role/remedy-kms-keys-write",
            "arn:aws-us-gov:iam::{account}:role/remedy-forward-us-gov-west-1",
            "arn:aws-us-gov:iam::{account}:policy/remedy-iam-mfa-deny",
            "arn:aws-us-gov:iam::111122223333:role/remedy-operator-read",
            "arn:aws-us-gov:sqs:us-gov-west-1:111122223333:remedy-kms-keys",
            "arn:aws-us-gov:cloudformation:us-gov-west-1:111122223333:stack/remedy/5a7f",
        ] {
            assert!(own.iter().any(|arn| arn == known), "{known}: {own:?}");
        }
        assert!(own.iter().all(|arn| arn.starts_with("arn:") && !arn.contains('*')), "{own:?}");
    }
}
