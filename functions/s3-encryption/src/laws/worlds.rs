//! Buckets and their policies, made by genuine calls.

use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use aws_sdk_s3::{
    Client,
    types::{
        AccessControlPolicy, BucketLocationConstraint, CreateBucketConfiguration, Grant, Grantee, IndexDocument,
        ObjectOwnership, Permission, Tag, Tagging, Type, WebsiteConfiguration,
    },
};
use remedy_engine::Tags;
use remedy_policy::Upload;
use remedy_testkit::laws::{
    TestAccount,
    proptest::{
        option,
        prelude::{Just, Strategy, any, prop_oneof},
        sample::select,
    },
};

use remedy_s3::Buckets;

use crate::{
    BucketPolicy, Cipher, DefaultEncryption, S3AndKms, UploadPolicy, bucket_without_tls,
    default_encryption::{DSSE, KMS},
    logs::Logs,
    upload_policy,
};

pub(super) const ANY: &str = "arn:aws:s3:::*";

fn partner(account: u8) -> String {
    format!(
        r#"{{"Sid":"Partner","Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::4444555566{account:02}:root"}},"Action":"s3:GetObject","Resource":"{ANY}"}}"#
    )
}

fn document(statement: &str) -> String {
    format!(r#"{{ "Version": "2012-10-17", "Statement": [{statement}] }}"#)
}

/// Somebody else's statements, some of which say in words of their own what ours would.
fn rest(theirs: &str) -> impl Strategy<Value = Option<String>> + use<> {
    let everyone = r#"{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::*"}"#;
    let some = prop_oneof![
        5 => (0..100_u8).prop_map(|account| document(&partner(account))),
        1 => Just(document(everyone)),
        1 => Just(document(&format!("{},{theirs}", partner(7)))),
        1 => Just(document("").replace("[]", &partner(8))),
    ];
    option::weighted(0.8, some)
}

/// What stands under our Sid: nothing, our statement for some bucket, or a weaker one.
fn own(statement: String, weaker: String) -> impl Strategy<Value = Option<String>> {
    prop_oneof![3 => Just(None), 1 => Just(Some(statement)), 1 => Just(Some(weaker))]
}

/// Policies, as far as requests without TLS go.
pub(super) fn policies() -> impl Strategy<Value = BucketPolicy> {
    let ours = bucket_without_tls::statement(ANY);
    let theirs = ours.replace(crate::bucket_policy::SID, "Tls").replace("s3:*", "*");
    let own = own(ours.clone(), ours.replace("s3:*", "s3:GetObject"));
    (own, rest(&theirs)).prop_map(move |(own, rest)| {
        let joined = BucketPolicy { own, rest }.joined();
        joined.map_or_else(BucketPolicy::default, BucketPolicy::parted)
    })
}

/// Policies, as far as the encryption of uploads goes.
pub(super) fn upload_policies() -> impl Strategy<Value = UploadPolicy> {
    let ours = |upload| upload_policy::statement(upload, ANY);
    let own = |upload| own(ours(upload), ours(upload).replace("arn:aws:s3:::*/*", "arn:aws:s3:::*/phi/*"));
    let theirs = ours(Upload::NamingAnother).replace(upload_policy::UNENCRYPTED, "Encrypted");
    let parts = (own(Upload::NamingAnother), own(Upload::NamingNone), rest(&theirs));
    parts.prop_map(|(unencrypted, headerless, rest)| {
        let joined = UploadPolicy { unencrypted, headerless, rest }.joined();
        joined.map_or_else(UploadPolicy::default, UploadPolicy::parted)
    })
}

/// Whether logs are delivered to a bucket; mostly not.
pub(super) fn logs() -> impl Strategy<Value = Logs> {
    prop_oneof![6 => Just(Logs::None), 1 => Just(Logs::Delivered)]
}

/// Makes a bucket with a policy. A new bucket would take no public one.
pub(super) async fn make(stage: &TestAccount, policy: Option<String>) -> (Client, String) {
    let (client, name) = (stage.client::<Buckets>().0, stage.name("phi"));
    let region = stage.region.as_str();
    let place =
        CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::from(region)).build();
    let request = client.create_bucket().bucket(&name).object_ownership(ObjectOwnership::ObjectWriter);
    request.set_create_bucket_configuration((region != "us-east-1").then_some(place)).send().await.unwrap();
    client.delete_public_access_block().bucket(&name).send().await.unwrap();
    if let Some(text) = policy {
        client.put_bucket_policy().bucket(&name).policy(text).send().await.unwrap();
    }
    (client, name)
}

/// Lets a bucket host a website.
pub(super) async fn host(client: &Client, name: &str) {
    let index = IndexDocument::builder().suffix("index.html").build().unwrap();
    let website = WebsiteConfiguration::builder().index_document(index).build();
    client.put_bucket_website().bucket(name).website_configuration(website).send().await.unwrap();
}

/// Lets S3 deliver access logs to a bucket, by its ACL.
pub(super) async fn deliver(client: &Client, name: &str) {
    let owner = client.get_bucket_acl().bucket(name).send().await.unwrap().owner;
    let group = Grantee::builder().r#type(Type::Group).uri("http://acs.amazonaws.com/groups/s3/LogDelivery");
    let grant = Grant::builder().grantee(group.build().unwrap()).permission(Permission::Write).build();
    let list = AccessControlPolicy::builder().set_owner(owner).grants(grant).build();
    client.put_bucket_acl().bucket(name).access_control_policy(list).send().await.unwrap();
}

/// What the settings say of a key, and what there is of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// They name none.
    None,
    /// A key that will do.
    Fit,
    /// A key that is disabled.
    Disabled,
    /// A key that is not for encryption.
    Asymmetric,
    /// A key that nobody made.
    Missing,
    /// A key in another Region.
    Elsewhere,
}

/// The keys that settings may want; mostly one that will do.
pub(super) fn wanted() -> impl Strategy<Value = Wanted> {
    let unfit = [Wanted::None, Wanted::Disabled, Wanted::Asymmetric, Wanted::Missing, Wanted::Elsewhere];
    prop_oneof![3 => Just(Wanted::Fit), 1 => select(unfit.to_vec())]
}

impl Wanted {
    /// The ARN in the settings. A world knows no ids of keys: it calls them by an alias of its own.
    pub(super) fn arn(self, serial: u64) -> Option<String> {
        let region = if self == Self::Elsewhere { "ap-southeast-9" } else { "{region}" };
        (self != Self::None).then(|| format!("arn:aws:kms:{region}:{{account}}:alias/phi-{serial}"))
    }

    /// Makes the key, unless it is there already.
    pub(super) async fn make(self, stage: &TestAccount, serial: u64) {
        let client = stage.client::<S3AndKms>().keys();
        let request = match self {
            Self::None | Self::Missing | Self::Elsewhere => return,
            Self::Asymmetric => client.create_key().key_spec(KeySpec::Rsa2048).key_usage(KeyUsageType::SignVerify),
            // The emulator reports a usage only if one was given.
            Self::Fit | Self::Disabled => client.create_key().key_usage(KeyUsageType::EncryptDecrypt),
        };
        let id = request.send().await.unwrap().key_metadata.unwrap().key_id;
        let named = client.create_alias().alias_name(format!("alias/phi-{serial}")).target_key_id(&id).send().await;
        if named.is_ok() && self == Self::Disabled {
            client.disable_key().key_id(&id).send().await.unwrap();
        }
    }
}

/// The key that a bucket has, where it has any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Present {
    /// Whatever the setting says.
    AsSaid,
    /// Another key of the customer's.
    Customers,
    /// A key that AWS manages, by its id.
    OfAws,
}

/// Where a bucket's key is from.
pub(super) fn present() -> impl Strategy<Value = Present> {
    prop_oneof![4 => Just(Present::AsSaid), 2 => Just(Present::Customers), 1 => Just(Present::OfAws)]
}

impl Present {
    /// The id of the key, if it is not as said; nothing where this stage has no such key.
    pub(super) async fn make(self, stage: &TestAccount) -> Option<Option<String>> {
        match self {
            Self::AsSaid => Some(None),
            Self::OfAws => remedy_kms_testing::key_of_aws(stage).map(Some),
            Self::Customers => {
                let made = stage.client::<S3AndKms>().keys().create_key().send().await.unwrap();
                Some(Some(made.key_metadata.unwrap().key_id))
            }
        }
    }
}

/// Default encryptions, as somebody may set them.
pub(super) fn encryptions() -> impl Strategy<Value = DefaultEncryption> {
    let key = |id: &str| Some(format!("arn:aws:kms:us-east-1:{id}"));
    let keys = select(vec![
        None,
        key("111122223333:alias/aws/s3"),
        key("444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
        Some("1234abcd-12ab-34cd-56ef-1234567890ab".to_owned()),
        Some("alias/aws/s3".to_owned()),
    ]);
    let cipher = prop_oneof![
        2 => Just(DefaultEncryption::default().cipher),
        2 => keys.clone().prop_map(|key| Cipher { algorithm: KMS.to_owned(), key }),
        1 => keys.prop_map(|key| Cipher { algorithm: DSSE.to_owned(), key }),
    ];
    let list = |kinds: &[&str]| Some(kinds.iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>());
    let blocked = select(vec![None, list(&["SSE-C"]), list(&["NONE"]), list(&["SSE-X"]), list(&["SSE-X", "SSE-C"])]);
    (cipher, any::<bool>(), blocked).prop_map(|(cipher, bucket_key, blocked)| DefaultEncryption {
        cipher,
        bucket_key,
        blocked,
    })
}

/// Policies, as far as uploads with SSE-C go; mostly none.
pub(super) fn denials() -> impl Strategy<Value = Option<String>> {
    let deny = |condition: &str| {
        let statement = r#"{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::*/*","Condition":CONDITION}"#;
        Some(document(&statement.replace("CONDITION", condition)))
    };
    let header = "s3:x-amz-server-side-encryption";
    prop_oneof![
        6 => Just(None),
        1 => Just(deny(&format!(r#"{{"Null":{{"{header}-customer-algorithm":"false"}}}}"#))),
        1 => Just(deny(&format!(r#"{{"Null":{{"{header}-customer-algorithm":"true"}}}}"#))),
        1 => Just(deny(&format!(r#"{{"StringNotEquals":{{"{header}":"aws:kms"}}}}"#))),
    ]
}

/// Default encryptions that list what they block, be it nothing.
pub(super) fn listed() -> impl Strategy<Value = DefaultEncryption> {
    let nothing = || Some(vec!["NONE".to_owned()]);
    encryptions()
        .prop_map(move |encryption| DefaultEncryption { blocked: encryption.blocked.or_else(nothing), ..encryption })
}

/// Sets a bucket's default encryption.
pub(super) async fn encrypt(client: &Client, name: &str, encryption: &DefaultEncryption) {
    if *encryption != DefaultEncryption::default() {
        let told = encryption.configuration().unwrap();
        let request = client.put_bucket_encryption().bucket(name);
        request.server_side_encryption_configuration(told).send().await.unwrap();
    }
}

/// Tags a bucket. Returns whether it could.
pub(super) async fn tag(client: &Client, name: &str, tags: &Tags) -> bool {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build().unwrap();
    let tagging = Tagging::builder().set_tag_set(Some(tags.iter().map(tag).collect())).build().unwrap();
    client.put_bucket_tagging().bucket(name).tagging(tagging).send().await.is_ok()
}
