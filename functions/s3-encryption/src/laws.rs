//! The worlds of this function's controls, and the laws in all of them.

use aws_sdk_s3::{
    Client,
    types::{BucketLocationConstraint, CreateBucketConfiguration, IndexDocument, WebsiteConfiguration},
};
use remedy_aws::buckets::Website;
use remedy_testkit::laws::{
    Lawful, Stage,
    proptest::{
        option,
        prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof},
    },
};

use crate::{
    BucketPlaintext, BucketPolicy, Buckets,
    bucket_plaintext::{SID, statement},
};

remedy_testkit::laws!(bucket_plaintext: BucketPlaintext);

const ANY: &str = "arn:aws:s3:::*";

/// A bucket: its policy, and whether it hosts a website.
#[derive(Debug, Clone)]
pub struct Bucket {
    policy: BucketPolicy,
    website: Website,
}

fn partner(account: u8) -> String {
    format!(
        r#"{{"Sid":"Partner","Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::4444555566{account:02}:root"}},"Action":"s3:GetObject","Resource":"{ANY}"}}"#
    )
}

fn document(statement: &str) -> String {
    format!(r#"{{ "Version": "2012-10-17", "Statement": [{statement}] }}"#)
}

/// Somebody else's statements, some of which deny plain text in words of their own.
fn rest() -> impl Strategy<Value = Option<String>> {
    let everyone = r#"{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::*"}"#;
    let tls = statement(ANY).replace(SID, "Tls").replace("s3:*", "*");
    let some = prop_oneof![
        5 => (0..100_u8).prop_map(|account| document(&partner(account))),
        1 => Just(document(everyone)),
        1 => Just(document(&format!("{},{tls}", partner(7)))),
        1 => Just(document("").replace("[]", &partner(8))),
    ];
    option::weighted(0.8, some)
}

/// What stands under our Sid: nothing, our statement for some bucket, or a weaker one.
fn own() -> impl Strategy<Value = Option<String>> {
    let weaker = statement(ANY).replace("s3:*", "s3:GetObject");
    prop_oneof![3 => Just(None), 1 => Just(Some(statement(ANY))), 1 => Just(Some(weaker))]
}

fn policies() -> impl Strategy<Value = BucketPolicy> {
    let stored = |policy: BucketPolicy| {
        policy.joined(SID).map_or(BucketPolicy::default(), |text| BucketPolicy::parted(SID, text))
    };
    (own(), rest()).prop_map(move |(own, rest)| stored(BucketPolicy { own, rest }))
}

impl Lawful for BucketPlaintext {
    type World = Bucket;
    const TOUCHES: &'static [&'static str] = &["/policy"];

    fn worlds() -> BoxedStrategy<Bucket> {
        let website = any::<bool>().prop_map(|hosted| if hosted { Website::Hosted } else { Website::None });
        (policies(), website).prop_map(|(policy, website)| Bucket { policy, website }).boxed()
    }

    fn settings() -> BoxedStrategy<BucketPolicy> {
        policies().boxed()
    }

    async fn arrange(world: &Bucket, stage: &Stage) -> Option<String> {
        let (client, name) = (stage.client::<Buckets>().0, stage.name("phi"));
        create(&client, &name, stage.region.as_str()).await;
        if world.website == Website::Hosted {
            let index = IndexDocument::builder().suffix("index.html").build().unwrap();
            let website = WebsiteConfiguration::builder().index_document(index).build();
            client.put_bucket_website().bucket(&name).website_configuration(website).send().await.unwrap();
        }
        // A new bucket takes no public policy.
        client.delete_public_access_block().bucket(&name).send().await.unwrap();
        if let Some(text) = world.policy.joined(SID) {
            client.put_bucket_policy().bucket(&name).policy(text).send().await.unwrap();
        }
        Some(name)
    }

    fn blank() -> Option<BucketPolicy> {
        Some(BucketPolicy::default())
    }

    fn grounds(element: &str) -> &'static [&'static str] {
        if element == "own" { &["without TLS"] } else { &[] }
    }
}

async fn create(client: &Client, name: &str, region: &str) {
    let place =
        CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::from(region)).build();
    let request = client.create_bucket().bucket(name);
    request.set_create_bucket_configuration((region != "us-east-1").then_some(place)).send().await.unwrap();
}
