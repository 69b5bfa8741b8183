//! Buckets to which AWS services deliver logs. Requiring another encryption would end the delivery silently: S3 server
//! access logs and most load balancer logs support SSE-S3 only. So a person is asked first. It takes no bucket out of
//! scope: anybody who may write a bucket's policy can admit such a service.
//!
//! Sources: S3 User Guide, "Enabling Amazon S3 server access logging"; Elastic Load Balancing, "Access logs for your
//! Application Load Balancer"; `CloudFront`, "Configure standard logging (legacy)"; CloudTrail, "Amazon S3 bucket policy for
//! CloudTrail"; AWS Config, "Permissions for the Amazon S3 Bucket".

use aws_sdk_s3::{Client, types::Grantee};
use remedy_domain::{Fault, Target};
use remedy_policy::{
    Kind, Policy,
    document::{Effect, Principal, PrincipalKind, Statement},
    glob,
};

/// The information for a person before the repair.
pub(crate) const REASON: &str = "AWS services are let in to deliver logs to this bucket: those that know SSE-S3 only would \
    stop without a word; let them deliver elsewhere, or ask for an exemption";

/// The services, as policies name them.
const SERVICES: [&str; 7] = [
    "cloudtrail.amazonaws.com",
    "config.amazonaws.com",
    "delivery.logs.amazonaws.com",
    "logdelivery.elasticloadbalancing.amazonaws.com",
    "logdelivery.elb.amazonaws.com",
    "logging.s3.amazonaws.com",
    "redshift.amazonaws.com",
];

/// The user of Redshift that delivers audit logs, in an account of Redshift's own for each Region; Redshift knows SSE-S3
/// only. Whoever else is called so is asked about, too (Amazon Redshift Management Guide, "Database audit logging").
const REDSHIFT: &str = ":user/logs";

/// The accounts from which Elastic Load Balancing delivers in Regions from before August 2022.
const LOAD_BALANCING: [&str; 24] = [
    "009996457667",
    "027434742980",
    "033677994240",
    "048591011584",
    "054676820928",
    "076674570225",
    "098369216593",
    "114774131450",
    "127311923021",
    "156460612806",
    "190560391635",
    "383597477331",
    "507241528517",
    "582318560864",
    "589379963580",
    "600734575887",
    "635631232127",
    "652711504416",
    "718504428378",
    "754344448648",
    "783225319266",
    "797873946194",
    "897822967062",
    "985666609251",
];

/// The group that delivers S3 server access logs, in an ACL.
const LOG_DELIVERY: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";

/// The account that delivers the logs of `CloudFront`, in an ACL: `awslogsdelivery`.
const CLOUDFRONT: &str = "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0";

/// Whether logs are delivered to a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logs {
    /// They are.
    Delivered,
    /// They are not, or it did not matter.
    None,
}

impl From<bool> for Logs {
    fn from(delivered: bool) -> Self {
        if delivered { Self::Delivered } else { Self::None }
    }
}

/// Whether the policy of the bucket of this ARN permits a service to deliver logs there.
pub(crate) fn let_in_by(policy: Option<&str>, bucket: &str) -> Logs {
    let objects = format!("{bucket}/*");
    let applies = |statement: &Statement<'_>| lets_a_service_upload(statement) && is_about(statement, &objects);
    let lets = |text: &str| Policy::parse(Kind::Bucket, text).is_ok_and(|policy| policy.statements.iter().any(applies));
    policy.is_some_and(lets).into()
}

/// Whether a statement can apply to objects of the bucket.
fn is_about(statement: &Statement<'_>, objects: &str) -> bool {
    let Some(resources) = &statement.resources else { return true };
    resources.negated || resources.items.iter().any(|item| glob::intersect(&item.text, objects))
}

fn lets_a_service_upload(statement: &Statement<'_>) -> bool {
    let uploads = statement.actions.items.iter().any(|item| glob::matches(&item.text, "s3:putobject"));
    let principals = statement.principals.as_ref().filter(|principals| !principals.negated);
    statement.effect == Effect::Allow
        && uploads != statement.actions.negated
        && principals.is_some_and(|principals| principals.entries.iter().any(delivers))
}

fn delivers(principal: &Principal<'_>) -> bool {
    let account = |text: &str| text.split(':').nth(4).unwrap_or(text).to_owned();
    let is_redshift = |text: &str| text.starts_with("arn:") && text.ends_with(REDSHIFT);
    match principal.kind {
        PrincipalKind::Service => SERVICES.contains(&&*principal.text),
        PrincipalKind::Aws => {
            is_redshift(&principal.text) || LOAD_BALANCING.contains(&account(&principal.text).as_str())
        }
        PrincipalKind::CanonicalUser => principal.text == CLOUDFRONT,
        PrincipalKind::Federated => false,
    }
}

/// Reads whether the ACL of a bucket lets a service deliver logs.
pub(crate) async fn let_in_by_acl(client: &Client, target: &Target) -> Result<Logs, Fault> {
    let Some(answer) = remedy_s3::acl(client, target).await? else { return Ok(Logs::None) };
    let delivers = |grantee: &Grantee| grantee.uri() == Some(LOG_DELIVERY) || grantee.id() == Some(CLOUDFRONT);
    Ok(answer.grants().iter().filter_map(|grant| grant.grantee()).any(delivers).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logs(principal: &str, action: &str) -> Logs {
        on("b/AWSLogs/*", principal, action)
    }

    fn on(resource: &str, principal: &str, action: &str) -> Logs {
        let text = format!(
            r#"{{"Statement":{{"Effect":"Allow","Principal":{principal},"Action":"{action}","Resource":"arn:aws:s3:::{resource}"}}}}"#
        );
        let_in_by(Some(&text), "arn:aws:s3:::b")
    }

    #[test]
    fn a_statement_about_other_buckets_lets_nobody_deliver_here() {
        let service = r#"{"Service":"delivery.logs.amazonaws.com"}"#;
        for (resource, expected) in [
            ("b/*", Logs::Delivered),
            ("*", Logs::Delivered),
            ("other/*", Logs::None),
            ("b", Logs::None),
            ("b2/*", Logs::None),
        ] {
            assert_eq!(on(resource, service, "s3:PutObject"), expected, "{resource}");
        }
    }

    #[test]
    fn services_that_deliver_logs_are_known() {
        for principal in [
            r#"{"Service":"logging.s3.amazonaws.com"}"#,
            r#"{"Service":["x.amazonaws.com","delivery.logs.amazonaws.com"]}"#,
            r#"{"AWS":"arn:aws:iam::127311923021:root"}"#,
            r#"{"AWS":"054676820928"}"#,
            r#"{"AWS":"arn:aws:iam::193672423079:user/logs"}"#,
            r#"{"AWS":["111122223333","arn:aws-us-gov:iam::665727464434:user/logs"]}"#,
        ] {
            assert_eq!(logs(principal, "s3:PutObject"), Logs::Delivered, "{principal}");
            assert_eq!(logs(principal, "s3:GetBucketAcl"), Logs::None, "{principal} only looks");
        }
        for principal in [
            r#"{"Service":"sns.amazonaws.com"}"#,
            r#"{"AWS":"arn:aws:iam::444455556666:root"}"#,
            r#"{"AWS":"arn:aws:iam::444455556666:user/x/logs"}"#,
            r#""*""#,
        ] {
            assert_eq!(logs(principal, "s3:*"), Logs::None, "{principal}");
        }
    }
}
