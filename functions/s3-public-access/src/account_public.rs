//! `s3-account-public`: an account that Block Public Access does not protect as a whole.
//!
//! **What drifts.** One of the four account-wide flags of Block Public Access is off, or there is no configuration.
//!
//! **Why it matters.** The account's flags are the safety net under every bucket of every Region, also those made
//! tomorrow: 45 CFR 164.312(a)(1), 164.308(a)(3)(i), 164.308(a)(4)(ii)(A) and (C), 164.312(e)(1).
//!
//! **What we read.** The four flags of the account.
//!
//! **What we change.** The flags that are off are set, in one `PutPublicAccessBlock` of S3 Control.
//!
//! **What we never touch.** Buckets, policies, ACLs, flags that are on.
//!
//! **What may break.** Everything that is public in any bucket of the account, websites included, and access of other
//! accounts through a bucket policy that S3 considers public.
//!
//! **Way back.** The old flags are restored; if there was no configuration, it is deleted again.
//!
//! **When a person decides.** Always: it affects every bucket of the account at once. If the organisation manages the
//! flags, AWS denies the call and the run ends `blocked`.

use aws_sdk_s3control::types::PublicAccessBlockConfiguration;
use remedy_aws::Reading as _;
use remedy_engine::prelude::*;

use crate::{
    account::{Account, Accounts},
    block::{self, Flags, PublicAccessBlock},
};

const GET: Call = Call::new("s3control:GetPublicAccessBlock", "s3:GetAccountPublicAccessBlock");
const PUT: Call = Call::new("s3control:PutPublicAccessBlock", "s3:PutAccountPublicAccessBlock");
const DELETE: Call = Call::new("s3control:DeletePublicAccessBlock", "s3:PutAccountPublicAccessBlock");
/// The code for an account without a configuration.
const NONE: [&str; 1] = ["NoSuchPublicAccessBlockConfiguration"];

/// The control `s3-account-public`.
#[derive(Debug)]
pub struct AccountPublic;

impl Optional for PublicAccessBlock {
    const NAME: &'static str = "Block Public Access";
    const BLANK: Self = Self::NONE;
    const SET: Call = PUT;
    const CLEAR: Call = DELETE;
}

impl Remediation for AccountPublic {
    const CONTROL: Control = Control {
        id: ControlId("s3-account-public"),
        title: "Account not protected by Block Public Access",
        hipaa: "164.308(a)(1)(ii)(B), (3)(i), (4)(ii)(A), (C); 164.312(a)(1), (e)(1)",
        config_rules: &["S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS", "S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS_PERIODIC"],
        // https://docs.aws.amazon.com/config/latest/developerguide/s3-account-level-public-access-blocks.html
        reported_as: &["AWS::S3::AccountPublicAccessBlock"],
        events: &["DeleteAccountPublicAccessBlock", "PutAccountPublicAccessBlock"],
        reads: &[&[GET]],
        writes: &[&[DELETE, PUT]],
        deviates: &["block-public-acls", "ignore-public-acls", "block-public-policy", "restrict-public-buckets"],
        reasons: &["whole-account"],
        stops: Stops::Exposure,
        ..Control::of(Self::KIND)
    };
    type On = Account;
    type Facts = ();
    type Setting = Flags;
    type Step = Whole<Flags>;

    async fn observe(client: &Accounts, target: &Target) -> Result<Observed<(), Flags>, Fault> {
        let sent = client.get_public_access_block().account_id(target.account.as_str()).send().await;
        let setting = GET.found(&NONE, sent)?.and_then(|answer| answer.public_access_block_configuration);
        Ok(Observed::Present { facts: (), setting: setting.as_ref().map(mirror) })
    }

    fn judge((): &(), flags: &Flags, _: &Context<'_>) -> Verdict<Flags> {
        let reason = "it reaches every bucket of the account, in all Regions, at once";
        block::judge(flags, || Consent::ask("whole-account", reason))
    }

    async fn perform(writer: &Writer<Accounts>, target: &Target, Whole(flags): &Whole<Flags>) -> Result<(), Fault> {
        let (client, account) = (writer.client(), target.account.as_str());
        match flags {
            Some(flags) => {
                let request = client.put_public_access_block().account_id(account);
                PUT.done(request.public_access_block_configuration(configuration(flags)).send().await)
            }
            None => DELETE.done(client.delete_public_access_block().account_id(account).send().await),
        }
    }
}

fn mirror(configuration: &PublicAccessBlockConfiguration) -> PublicAccessBlock {
    PublicAccessBlock {
        block_public_acls: configuration.block_public_acls().unwrap_or_default(),
        ignore_public_acls: configuration.ignore_public_acls().unwrap_or_default(),
        block_public_policy: configuration.block_public_policy().unwrap_or_default(),
        restrict_public_buckets: configuration.restrict_public_buckets().unwrap_or_default(),
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
