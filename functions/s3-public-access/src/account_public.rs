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
use remedy_aws::{absent, fault};
use remedy_domain::{
    Call, Conflict, Consent, Context, Control, ControlId, Fault, Identities, Observed, Route, Scope, Stops, Target,
    Verdict, control::ApiEvent,
};
use remedy_engine::{Page, Place, Remediation, Writer, account};

use crate::{
    block::{self, Calls, Change, PublicAccessBlock, Setting, Step},
    clients::Accounts,
};

const S3: &str = "s3.amazonaws.com";
const GET: Call = Call::new("s3control:GetPublicAccessBlock", "s3:GetAccountPublicAccessBlock");
const PUT: Call = Call::new("s3control:PutPublicAccessBlock", "s3:PutAccountPublicAccessBlock");
const DELETE: Call = Call::new("s3control:DeletePublicAccessBlock", "s3:PutAccountPublicAccessBlock");
const CALLS: Calls = Calls { put: PUT, delete: DELETE };

/// The control `s3-account-public`.
#[derive(Debug)]
pub struct AccountPublic;

impl Remediation for AccountPublic {
    const CONTROL: Control = Control {
        id: ControlId("s3-account-public"),
        title: "Account not protected by Block Public Access",
        hipaa: &[
            "164.308(a)(1)(ii)(B)",
            "164.308(a)(3)(i)",
            "164.308(a)(4)(ii)(A)",
            "164.308(a)(4)(ii)(C)",
            "164.312(a)(1)",
            "164.312(e)(1)",
        ],
        config_rules: &["S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS", "S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS_PERIODIC"],
        resource_types: &[account::TYPE],
        scope: Scope::Global,
        api_events: &[
            ApiEvent::new(S3, "DeleteAccountPublicAccessBlock"),
            ApiEvent::new(S3, "PutAccountPublicAccessBlock"),
        ],
        reads: &[GET],
        writes: &[DELETE, PUT],
        elements: &[],
        stops: Stops::Exposure,
        identities: Identities::Untouched,
    };
    type Facts = ();
    type Setting = Setting;
    type Step = Step;
    type Client = Accounts;

    async fn discover(_: &Accounts, place: &Place, _: Option<String>) -> Result<Page, Fault> {
        Ok(account::discover(place))
    }

    async fn find(_: &Accounts, place: &Place, id: &str) -> Result<Vec<Target>, Fault> {
        Ok(account::find(place, id))
    }

    async fn observe(client: &Accounts, target: &Target) -> Result<Observed<(), Setting>, Fault> {
        let answer = client.0.get_public_access_block().account_id(target.account.as_str()).send().await;
        let setting = match answer {
            Ok(answer) => answer.public_access_block_configuration().map(mirror),
            Err(error) if absent(&error, &["NoSuchPublicAccessBlockConfiguration"]) => None,
            Err(error) => return Err(fault(GET.operation, &error)),
        };
        Ok(Observed::Present { facts: (), setting })
    }

    fn judge((): &(), setting: &Setting, _: &Context<'_>) -> Verdict<Setting> {
        let reason = "it reaches every bucket of the account, in all Regions, at once";
        block::judge(setting, || Consent::Ask(reason.to_owned()))
    }

    fn steps(from: &Setting, to: &Setting) -> Route<Step> {
        block::steps(from, to, &CALLS)
    }

    fn rebase(before: &Setting, after: &Setting, now: &Setting) -> Result<Setting, Conflict> {
        block::rebase(before, after, now)
    }

    async fn perform(writer: &Writer<Accounts>, target: &Target, step: &Step) -> Result<(), Fault> {
        let (client, account) = (&writer.client().0, target.account.as_str());
        match &step.change {
            Change::Put(block) => {
                let request = client.put_public_access_block().account_id(account);
                let sent = request.public_access_block_configuration(configuration(block)).send().await;
                sent.map(|_| ()).map_err(|error| fault(PUT.operation, &error))
            }
            Change::Delete => {
                let sent = client.delete_public_access_block().account_id(account).send().await;
                sent.map(|_| ()).map_err(|error| fault(DELETE.operation, &error))
            }
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
