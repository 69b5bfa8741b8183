//! What is measured: one control of each function, on a resource that is fine and on one that is not.

use aws_sdk_iam::Client as Iam;
use aws_sdk_kms::Client as Kms;
use aws_sdk_s3::types::PublicAccessBlockConfiguration;
use remedy_testkit::world::World;

/// One function, by one of its controls.
pub(crate) struct Subject {
    /// The function.
    pub(crate) function: &'static str,
    /// The control.
    pub(crate) control: &'static str,
}

/// Whether there is something to do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    /// The resource is as it should be.
    Compliant,
    /// It is not.
    Drifted,
}

impl Case {
    /// The case as a word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Compliant => "compliant",
            Self::Drifted => "drifted",
        }
    }
}

/// The functions.
pub(crate) const SUBJECTS: [Subject; 4] = [
    Subject { function: "s3-public-access", control: "s3-bucket-public" },
    Subject { function: "kms-keys", control: "kms-key-unrotated" },
    Subject { function: "iam-mfa", control: "iam-user-without-mfa" },
    Subject { function: "iam-password-policy", control: "iam-password-policy-weak" },
];

impl Subject {
    /// Makes a resource in a world, another for each tag, and gives its id.
    pub(crate) async fn make(&self, world: &World, case: Case, tag: &str) -> String {
        let fine = case == Case::Compliant;
        match self.function {
            "s3-public-access" => bucket(world, fine, tag).await,
            "kms-keys" => key(world, fine).await,
            "iam-mfa" => user(world, fine, tag).await,
            _ => password_policy(world, fine).await,
        }
    }

    /// Whether the answer of either contender says that the case was dealt with.
    pub(crate) fn is_answer(case: Case, outcome: &str) -> bool {
        match case {
            Case::Compliant => outcome == "already-compliant",
            Case::Drifted => matches!(outcome, "repaired" | "contained"),
        }
    }
}

async fn bucket(world: &World, fine: bool, tag: &str) -> String {
    let name = format!("bench-{}-{tag}", world.account.id);
    world.s3().create_bucket().bucket(&name).send().await.expect("the emulator makes a bucket");
    if fine {
        let all = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .ignore_public_acls(true)
            .block_public_policy(true)
            .restrict_public_buckets(true)
            .build();
        let put = world.s3().put_public_access_block().bucket(&name).public_access_block_configuration(all);
        put.send().await.expect("the emulator takes a block");
    }
    name
}

async fn key(world: &World, fine: bool) -> String {
    let kms = Kms::new(&world.config());
    let made = kms.create_key().send().await.expect("the emulator makes a key");
    let id = made.key_metadata().expect("a new key has metadata").key_id().to_owned();
    if fine {
        kms.enable_key_rotation().key_id(&id).send().await.expect("the emulator rotates a key");
    }
    id
}

async fn user(world: &World, fine: bool, tag: &str) -> String {
    let (iam, name) = (Iam::new(&world.config()), format!("bench.{tag}"));
    iam.create_user().user_name(&name).send().await.expect("the emulator makes a user");
    let profile = iam.create_login_profile().user_name(&name).password("Correct-Horse-7-Battery");
    profile.send().await.expect("the emulator makes a console password");
    if fine {
        let made = iam.create_virtual_mfa_device().virtual_mfa_device_name(&name).send().await;
        let device = made.expect("the emulator makes a device").virtual_mfa_device.expect("a new device is told");
        let enable = iam.enable_mfa_device().user_name(&name).serial_number(device.serial_number());
        let enable = enable.authentication_code1("123456").authentication_code2("654321");
        enable.send().await.expect("the emulator enrols a device");
    }
    name
}

async fn password_policy(world: &World, fine: bool) -> String {
    let update = Iam::new(&world.config()).update_account_password_policy();
    let update = update.minimum_password_length(if fine { 14 } else { 8 });
    let update = update.require_symbols(fine).require_numbers(fine).require_uppercase_characters(fine);
    let update = update.require_lowercase_characters(fine).allow_users_to_change_password(true);
    let update = if fine { update.max_password_age(90).password_reuse_prevention(24) } else { update };
    update.send().await.expect("the emulator takes a password policy");
    world.account.id.clone()
}
