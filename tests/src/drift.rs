//! Breaking things, for every control: one kind of drift each, made by genuine SDK calls past the proxy.

use remedy_testkit::world::World;

/// One control with a drift that it repairs without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drift {
    /// A bucket without Block Public Access.
    Bucket,
    /// A bucket that takes requests without TLS, with a partner's statement in its policy.
    Plaintext,
    /// A key that does not rotate.
    Rotation,
    /// A key that is scheduled for deletion.
    Dying,
    /// A console user without MFA.
    User,
    /// An account without a password policy.
    Password,
}

/// Every drift that is repaired without asking.
pub const ALL: [Drift; 6] =
    [Drift::Bucket, Drift::Plaintext, Drift::Rotation, Drift::Dying, Drift::User, Drift::Password];

impl Drift {
    /// The function that repairs it.
    pub fn function(self) -> &'static str {
        match self {
            Self::Bucket => "s3-public-access",
            Self::Plaintext => "s3-encryption",
            Self::Rotation | Self::Dying => "kms-keys",
            Self::User => "iam-mfa",
            Self::Password => "iam-password-policy",
        }
    }

    /// The control that sees it.
    pub fn control(self) -> &'static str {
        match self {
            Self::Bucket => "s3-bucket-public",
            Self::Plaintext => "s3-bucket-without-tls",
            Self::Rotation => "kms-key-unrotated",
            Self::Dying => "kms-key-pending-deletion",
            Self::User => "iam-user-without-mfa",
            Self::Password => "iam-password-policy-weak",
        }
    }

    /// The one write that repairs it.
    pub fn repair(self) -> &'static str {
        match self {
            Self::Bucket => "s3:PutPublicAccessBlock",
            Self::Plaintext => "s3:PutBucketPolicy",
            Self::Rotation => "kms:EnableKeyRotation",
            Self::Dying => "kms:CancelKeyDeletion",
            Self::User => "iam:AttachUserPolicy",
            Self::Password => "iam:UpdateAccountPasswordPolicy",
        }
    }

    /// How a repair ends, and how a run after it.
    pub fn outcomes(self) -> (&'static str, &'static str) {
        match self {
            Self::User => ("contained", "contained"),
            _ => ("repaired", "already-compliant"),
        }
    }

    /// The manual event for `resource`.
    pub fn event(self, resource: &str) -> Vec<u8> {
        serde_json::json!({"control": self.control(), "resource": resource}).to_string().into_bytes()
    }

    /// Creates the drift, anew for each `tag`, and returns the id that a person would type for the resource.
    pub async fn make(self, world: &World, tag: &str) -> String {
        match self {
            Self::Bucket => bucket(world, tag).await,
            Self::Plaintext => shared_bucket(world, tag).await,
            Self::Rotation => key(world).await,
            Self::Dying => dying_key(world).await,
            Self::User => user(world, tag).await,
            Self::Password => no_password_policy(world).await,
        }
    }
}

/// A bucket without Block Public Access.
pub async fn bucket(world: &World, tag: &str) -> String {
    let name = format!("phi-{}-{tag}", world.account.id);
    world.s3().create_bucket().bucket(&name).send().await.expect("a bucket is created");
    name
}

/// A partner's statement, spelled so that a rewrite would show.
pub fn partner(bucket: &str) -> String {
    format!(
        r#"{{"Sid":"Partner", "Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::444455556666:root"}},"Action":["s3:\u0047etObject"],"Resource":"arn:aws:s3:::{bucket}/shared/*"}}"#
    )
}

async fn shared_bucket(world: &World, tag: &str) -> String {
    let name = bucket(world, tag).await;
    let policy = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, partner(&name));
    world.s3().put_bucket_policy().bucket(&name).policy(policy).send().await.expect("a policy is put");
    name
}

/// The text of a bucket's policy, if it has one.
pub async fn policy_of(world: &World, bucket: &str) -> Option<String> {
    world.s3().get_bucket_policy().bucket(bucket).send().await.ok()?.policy
}

/// A symmetric key that does not rotate.
pub async fn key(world: &World) -> String {
    let kms = aws_sdk_kms::Client::new(&world.config());
    let made = kms.create_key().send().await.expect("a key is created");
    made.key_metadata.expect("a new key is described").key_id
}

/// Whether anything is wrong with a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// It is protected and private, and takes sign-in by IAM.
    Safe,
    /// It is none of that.
    Open,
}

/// A database of one instance.
pub async fn database(world: &World, name: &str, how: Database) {
    let is_safe = how == Database::Safe;
    let rds = aws_sdk_rds::Client::new(&world.proxied_config());
    let create = rds.create_db_instance().db_instance_identifier(name).engine("postgres");
    let create = create.db_instance_class("db.t4g.micro").allocated_storage(20).master_username("root");
    let create = create.master_user_password("Correct-Horse-7").deletion_protection(is_safe);
    create.publicly_accessible(!is_safe).send().await.expect("the emulator makes a database");
    // moto forgets it where it is said at the creation.
    let sign_in = rds.modify_db_instance().db_instance_identifier(name).apply_immediately(true);
    sign_in.enable_iam_database_authentication(is_safe).send().await.expect("the emulator changes a database");
}

async fn dying_key(world: &World) -> String {
    let id = key(world).await;
    let kms = aws_sdk_kms::Client::new(&world.config());
    kms.schedule_key_deletion().key_id(&id).pending_window_in_days(7).send().await.expect("a deletion is scheduled");
    id
}

/// A console user without MFA.
pub async fn user(world: &World, tag: &str) -> String {
    let iam = iam(world);
    let name = format!("nurse-{tag}");
    iam.create_user().user_name(&name).send().await.expect("a user is created");
    iam.create_login_profile().user_name(&name).password("Correct-Horse-7").send().await.expect("a password is set");
    name
}

/// The ARNs of the managed policies attached to a user.
pub async fn attached_to(world: &World, user: &str) -> Vec<String> {
    let listed = iam(world).list_attached_user_policies().user_name(user).send().await.expect("a user is there");
    listed.attached_policies().iter().filter_map(|policy| policy.policy_arn().map(str::to_owned)).collect()
}

async fn no_password_policy(world: &World) -> String {
    match iam(world).delete_account_password_policy().send().await {
        Ok(_) => {}
        Err(error) => assert!(error.as_service_error().is_some_and(|error| error.is_no_such_entity_exception())),
    }
    world.account.id.clone()
}

/// A client for IAM, past the proxy.
pub fn iam(world: &World) -> aws_sdk_iam::Client {
    aws_sdk_iam::Client::new(&world.config())
}

/// The Block Public Access of a bucket as four flags, if it has one.
pub async fn block_of(world: &World, bucket: &str) -> Option<[bool; 4]> {
    let answer = world.s3().get_public_access_block().bucket(bucket).send().await.ok()?;
    let block = answer.public_access_block_configuration?;
    let flags =
        [block.block_public_acls, block.ignore_public_acls, block.block_public_policy, block.restrict_public_buckets];
    Some(flags.map(Option::unwrap_or_default))
}

/// A queue of the account, by its URL at the proxy.
pub async fn queue(world: &World, name: &str) -> String {
    let sqs = aws_sdk_sqs::Client::new(&world.proxied_config());
    let made = sqs.create_queue().queue_name(name).send().await.expect("a queue is created");
    made.queue_url.expect("a queue has a URL")
}

/// The bodies of all messages of a queue.
pub async fn messages(world: &World, name: &str) -> Vec<String> {
    let sqs = aws_sdk_sqs::Client::new(&world.config());
    let url = sqs.get_queue_url().queue_name(name).send().await.expect("the queue is there").queue_url;
    let url = url.expect("a queue has a URL");
    let mut bodies = Vec::new();
    loop {
        let answer = sqs.receive_message().queue_url(&url).max_number_of_messages(10).send().await;
        let messages = answer.expect("the queue answers").messages.unwrap_or_default();
        if messages.is_empty() {
            return bodies;
        }
        bodies.extend(messages.into_iter().filter_map(|message| message.body));
    }
}

/// A managed rule of AWS Config under a name of its own.
pub async fn config_rule(world: &World, name: &str, identifier: &str) {
    use aws_sdk_config::types::{ConfigRule, Owner, Source};
    let source = Source::builder().owner(Owner::Aws).source_identifier(identifier).build().expect("a source");
    let rule = ConfigRule::builder().config_rule_name(name).source(source).build();
    let put = aws_sdk_config::Client::new(&world.config()).put_config_rule().config_rule(rule);
    put.send().await.expect("the rule is put");
}

/// A topic, by its ARN.
pub async fn topic(world: &World, name: &str) -> String {
    let sns = aws_sdk_sns::Client::new(&world.config());
    sns.create_topic().name(name).send().await.expect("a topic is created").topic_arn.expect("a topic has an ARN")
}
