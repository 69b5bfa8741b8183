//! `s3-bucket-public`: a bucket that Block Public Access does not protect.
//!
//! **What drifts.** One of the four flags of Block Public Access is off, or there is no configuration.
//!
//! **Why it matters.** A policy or an ACL can then open PHI to the world: 45 CFR 164.312(a)(1) (access control),
//! 164.308(a)(4)(ii)(A) and (C) (isolation, access establishment), 164.312(e)(1) (transmission).
//!
//! **What we read.** The four flags; on drift, the bucket policy and the ACL, whether the bucket hosts a website, and its
//! tags.
//!
//! **What we change.** First the statements that make the bucket policy public are removed (from a list of principals,
//! only the public one), and the grants of the ACL to everyone or to every AWS account. Then the flags that are off are
//! set, in one `PutPublicAccessBlock`. In this order, because `RestrictPublicBuckets` also cuts off other accounts with
//! legitimate access, as long as any statement is public.
//!
//! **What we never touch.** Objects; every other statement, byte for byte; every other grant; flags that are on. A
//! bucket with all four flags on is closed, whatever its policy and its ACL say.
//!
//! **What may break.** Anonymous downloads and uploads, and AWS accounts whose access came from a grant to everybody.
//! Grants to an account by name stay.
//!
//! **Way back.** In the opposite order, the old flags, grants and statements are restored; if there was no
//! configuration, it is deleted again. Flags, grants and statements that somebody else changed since stay.
//!
//! **When a person decides.** The bucket hosts a website; S3 considers the bucket policy public and it is not certain
//! that it admits external callers; no single statement can be removed. If nothing makes the bucket public, a person is
//! asked first: the website would go dark, and accounts that the policy admits would be cut off. If the policy or the
//! ACL may make it public, the flags are set at once and nothing else is changed, and somebody is notified to check the
//! rest: a question would keep the bucket open until it is answered.

use aws_sdk_s3::types::PublicAccessBlockConfiguration;
use futures_util::future::join3;
use remedy_aws::Reading as _;
use remedy_domain::outcome::Alarm;
use remedy_engine::prelude::*;
use remedy_s3::{ACL, Bucket, Buckets, WEBSITE, Website, policy, website};

use crate::{
    access::{Access, DELETE_BLOCK, PUT_ACL, PUT_BLOCK, Step},
    block::{self, PublicAccessBlock},
    policy::opening,
    reads::{BLOCK, acl_of, block_of},
};

/// The repair if a person must check the rest.
const CLOSED_ONLY: &str =
    "the bucket is closed by its flags; its policy and its ACL are as they were, and somebody must look";

/// The control `s3-bucket-public`.
#[derive(Debug)]
pub struct BucketPublic;

impl Remediation for BucketPublic {
    const CONTROL: Control = Control {
        id: ControlId("s3-bucket-public"),
        title: "Bucket not protected by Block Public Access",
        hipaa: "164.308(a)(3)(i), (4)(ii)(A), (C); 164.312(a)(1), (e)(1)",
        config_rules: &[
            "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED",
            "S3_BUCKET_PUBLIC_READ_PROHIBITED",
            "S3_BUCKET_PUBLIC_WRITE_PROHIBITED",
        ],
        events: &[
            "CreateBucket",
            "DeleteBucketPublicAccessBlock",
            "PutBucketAcl",
            "PutBucketPolicy",
            "PutBucketPublicAccessBlock",
        ],
        reads: &[&[ACL, policy::GET, BLOCK, WEBSITE]],
        writes: &[&[policy::DELETE, DELETE_BLOCK, PUT_ACL, policy::PUT, PUT_BLOCK]],
        elements: &[
            "bucket policy: statements that admit external principals",
            "bucket ACL: grants to everybody",
            "Block Public Access of the bucket",
        ],
        deviates: &[
            "block-public-acls",
            "ignore-public-acls",
            "block-public-policy",
            "restrict-public-buckets",
            "public-statement",
            "public-grant",
            "left-open",
        ],
        reasons: &[
            "website",
            "closed-only",
            "policy-unreadable",
            "too-much-work",
            "no-single-statement",
            "policy-not-repairable",
            "principal-gone",
            "unknown-key",
            "public-to-s3",
        ],
        stops: Stops::Exposure,
        ..Control::of(Self::KIND)
    };
    type On = Bucket;
    type Facts = Website;
    type Setting = Access;
    type Step = Step;

    /// All four flags are on: policy and ACL open nothing.
    async fn at_a_glance(client: &Buckets, target: &Target) -> Result<Glance, Fault> {
        let block = block_of(client, target).await?;
        Ok(if block == Some(Some(PublicAccessBlock::ALL)) { Glance::Compliant } else { Glance::Unclear })
    }

    async fn observe(client: &Buckets, target: &Target) -> Result<Observed<Website, Access>, Fault> {
        let reads = join3(block_of(client, target), policy::read(client, target), acl_of(client, target)).await;
        let (Some(block), Some(policy), Some(acl)) = (reads.0?, reads.1?, reads.2?) else {
            return Ok(Observed::Absent);
        };
        let closed = block == Some(PublicAccessBlock::ALL);
        let facts = if closed { Website::None } else { website(client, target).await? };
        Ok(Observed::Present { facts, setting: Access { block, policy, acl } })
    }

    fn judge(website: &Website, setting: &Access, _: &Context<'_>) -> Verdict<Access> {
        let mut violations = block::violations(&setting.block);
        if violations.is_empty() {
            return Verdict::Compliant;
        }
        let opening = opening(setting.policy.as_deref());
        let website = (*website == Website::Hosted)
            .then(|| Reason::new("website", "the bucket hosts a website, which goes dark"));
        let doubt = website.or(opening.doubt);
        let is_open = setting.is_open_to(opening.strangers);
        violations.extend(opening.violations);
        violations.extend(setting.acl.violations());
        let block = Some(PublicAccessBlock::ALL);
        let whole = Access { block, policy: opening.desired, acl: setting.acl.closed() };
        let (desired, consent, note) = match doubt {
            None => (whole, Consent::Auto, None),
            Some(doubt) if is_open => {
                violations.push(Violation::new("left-open", doubt.text.clone()).with_urgency(Alarm::Alarm));
                let note = Reason::new("closed-only", format!("{CLOSED_ONLY}: {doubt}"));
                (Access { block, ..setting.clone() }, Consent::Auto, Some(note))
            }
            Some(doubt) => (whole, Consent::Ask(doubt), None),
        };
        Verdict::Drifted(Drift { violations, desired, consent, note })
    }

    async fn perform(writer: &Writer<Buckets>, target: &Target, step: &Step) -> Result<(), Fault> {
        let (client, name, owner) = (writer.client(), &target.id, target.account.as_str());
        match step {
            Step::Block(Some(block)) => {
                let request = client.put_public_access_block().bucket(name).expected_bucket_owner(owner);
                PUT_BLOCK.done(request.public_access_block_configuration(configuration(block)).send().await)
            }
            Step::Block(None) => {
                let request = client.delete_public_access_block().bucket(name).expected_bucket_owner(owner);
                DELETE_BLOCK.done(request.send().await)
            }
            Step::Policy(text) => policy::write(client, target, text.as_deref()).await,
            Step::Acl(acl) => {
                let list = acl.request().map_err(|_| Fault::defect(PUT_ACL.operation, "request-not-built"))?;
                let request = client.put_bucket_acl().bucket(name).expected_bucket_owner(owner);
                PUT_ACL.done(request.access_control_policy(list).send().await)
            }
        }
    }
}

fn configuration(block: &PublicAccessBlock) -> PublicAccessBlockConfiguration {
    PublicAccessBlockConfiguration::builder()
        .block_public_acls(block.block_public_acls)
        .ignore_public_acls(block.ignore_public_acls)
        .block_public_policy(block.block_public_policy)
        .restrict_public_buckets(block.restrict_public_buckets)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_all_flags_on_a_bucket_is_closed_whatever_it_says() {
        let account = remedy_domain::AccountId::parse("111122223333").unwrap();
        let parameters = remedy_domain::Parameters::default();
        let context = Context { now: remedy_domain::Timestamp::UNIX_EPOCH, account: &account, parameters: &parameters };
        let policy = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}}"#.to_owned();
        let open = Access { policy: Some(policy), ..Access::default() };
        let closed = Access { block: Some(PublicAccessBlock::ALL), ..open.clone() };
        assert_eq!(BucketPublic::judge(&Website::None, &closed, &context), Verdict::Compliant);
        let Verdict::Drifted(drift) = BucketPublic::judge(&Website::None, &open, &context) else {
            panic!("not drifted")
        };
        assert_eq!((drift.violations.len(), drift.consent, drift.desired.policy), (5, Consent::Auto, None));
    }

    fn drift(website: Website, setting: &Access) -> Drift<Access> {
        let account = remedy_domain::AccountId::parse("111122223333").unwrap();
        let parameters = remedy_domain::Parameters::default();
        let context = Context { now: remedy_domain::Timestamp::UNIX_EPOCH, account: &account, parameters: &parameters };
        let Verdict::Drifted(drift) = BucketPublic::judge(&website, setting, &context) else { panic!("not drifted") };
        drift
    }

    #[test]
    fn what_a_person_must_look_at_keeps_no_bucket_open() {
        let unknown = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"aws:NoSuchKey":"x"}}}}"#;
        let open = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}}"#;
        for (website, policy) in [
            (Website::Hosted, open),
            (Website::Hosted, unknown),
            (Website::None, unknown),
            (Website::None, r#"{"Statement":[{"Effect":"Permit"}]}"#),
        ] {
            let setting = Access { policy: Some(policy.to_owned()), ..Access::default() };
            let drift = drift(website, &setting);
            assert_eq!(drift.consent, Consent::Auto, "{website:?} {policy}");
            assert_eq!(drift.desired, Access { block: Some(PublicAccessBlock::ALL), ..setting });
            assert!(drift.note.is_some() && drift.violations.iter().any(|one| one.urgency == Alarm::Alarm));
        }
        let cut = Some(PublicAccessBlock { block_public_acls: false, ..PublicAccessBlock::ALL });
        for setting in [Access::default(), Access { block: cut, policy: Some(open.to_owned()), ..Access::default() }] {
            assert!(
                matches!(drift(Website::Hosted, &setting).consent, Consent::Ask(_)),
                "nothing admits external principals"
            );
        }
    }
}
