//! S3, as far as access to buckets goes.

pub(super) mod acl;
pub(super) mod encryption;
mod policy;
mod tags;

use encryption::Encryption;

use remedy_domain::Timestamp;

use super::{
    answer::{Answer, Answered, Refusal, page},
    call::{Call, element},
    dialect::Dialect,
    service::Service,
    state::{Bucket, Cloud, Flags, Tags},
};

/// The elements of a public access block, in the order of [`Flags`].
const FLAGS: [&str; 4] = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];

pub(super) static SERVICE: Service = Service::by_hand("s3", Dialect::S3, answer);

fn answer(cloud: &mut Cloud, call: &Call, account: &str, _: Timestamp) -> Answered {
    match call.operation.as_str() {
        "CreateBucket" => create(cloud, call, account),
        "ListBuckets" => Ok(list(cloud, call, account)),
        "HeadBucket" => bucket(cloud, call, account).map(|bucket| {
            let region = bucket.region.clone();
            Answer::of("").with("x-amz-bucket-region", &region)
        }),
        "GetPublicAccessBlock" => get_block(bucket(cloud, call, account)?.block),
        "PutPublicAccessBlock" => {
            bucket(cloud, call, account)?.block = Some(flags(&call.body)?);
            Ok(Answer::of(""))
        }
        "DeletePublicAccessBlock" => {
            bucket(cloud, call, account)?.block = None;
            Ok(Answer::nothing())
        }
        operation if operation.ends_with("BucketPolicy") => policy::answer(cloud, call, account),
        operation if operation.ends_with("BucketAcl") => acl::answer(cloud, call, account),
        operation if operation.ends_with("BucketEncryption") => encryption::answer(cloud, call, account),
        operation if operation.ends_with("BucketTagging") => tags::answer(cloud, call, account),
        _ => website(cloud, call, account),
    }
}

fn website(cloud: &mut Cloud, call: &Call, account: &str) -> Answered {
    let website = &mut bucket(cloud, call, account)?.website;
    match call.operation.as_str() {
        "GetBucketWebsite" => website.clone().map(Answer::of).ok_or_else(|| {
            let message = "The specified bucket does not have a website configuration";
            Refusal::new(404, "NoSuchWebsiteConfiguration", message)
        }),
        "PutBucketWebsite" => {
            let tells =
                ["IndexDocument", "RedirectAllRequestsTo"].iter().any(|name| element(&call.body, name).is_some());
            if !tells {
                return Err(Refusal::new(400, "InvalidArgument", "A value for IndexDocument Suffix must be provided"));
            }
            *website = Some(call.body.clone());
            Ok(Answer::of(""))
        }
        "DeleteBucketWebsite" => {
            *website = None;
            Ok(Answer::nothing())
        }
        other => panic!("the fake S3 does not know `{other}`"),
    }
}

/// New buckets are blocked since April 2023, and have no ACLs but where the owner of objects is not to be the bucket's.
fn create(cloud: &mut Cloud, call: &Call, account: &str) -> Answered {
    let name = call.bucket.clone();
    match cloud.buckets.get(&name) {
        Some(bucket) if bucket.owner == account => {
            let message = "Your previous request to create the named bucket succeeded and you already own it.";
            return Err(Refusal::new(409, "BucketAlreadyOwnedByYou", message));
        }
        Some(_) => {
            let message = "The requested bucket name is not available.";
            return Err(Refusal::new(409, "BucketAlreadyExists", message));
        }
        None => {}
    }
    let region = element(&call.body, "LocationConstraint").unwrap_or("us-east-1").to_owned();
    let has_acls = call.headers.get("x-amz-object-ownership").is_some_and(|who| who != "BucketOwnerEnforced");
    let acl = has_acls.then(acl::private);
    cloud.buckets.insert(
        name,
        Bucket {
            owner: account.to_owned(),
            region,
            block: Some([true; 4]),
            website: None,
            policy: None,
            acl,
            encryption: Encryption::default(),
            tags: Tags::new(),
        },
    );
    Ok(Answer::of(""))
}

fn list(cloud: &Cloud, call: &Call, account: &str) -> Answer {
    let region = call.query.get("bucket-region");
    let seen = |bucket: &Bucket| bucket.owner == account && region.is_none_or(|region| *region == bucket.region);
    let all = cloud.buckets.iter().filter(|(_, bucket)| seen(bucket));
    let all: Vec<_> = all.map(|(name, bucket)| (name.clone(), bucket)).collect();
    let asked = call.query.get("max-buckets").and_then(|asked| asked.parse().ok());
    let from = call.query.get("continuation-token").map(String::as_str);
    let (some, next) = page(&all, from, cloud.page_size(asked, 10_000));
    let items: String = some
        .iter()
        .map(|(name, bucket)| {
            let region = &bucket.region;
            format!("<Bucket><Name>{name}</Name><CreationDate>2026-01-01T00:00:00.000Z</CreationDate><BucketRegion>{region}</BucketRegion></Bucket>")
        })
        .collect();
    let token = next.map_or(String::new(), |next| format!("<ContinuationToken>{next}</ContinuationToken>"));
    Answer::of(format!("<ListAllMyBucketsResult><Buckets>{items}</Buckets>{token}</ListAllMyBucketsResult>"))
}

/// The bucket of a request, if there is one, it is the caller's, and it was asked for in its Region.
fn bucket<'a>(cloud: &'a mut Cloud, call: &Call, account: &str) -> Result<&'a mut Bucket, Refusal> {
    let missing = || Refusal::new(404, "NoSuchBucket", "The specified bucket does not exist");
    let bucket = cloud.buckets.get_mut(&call.bucket).ok_or_else(missing)?;
    let expected = call.headers.get("x-amz-expected-bucket-owner");
    if bucket.owner != account || expected.is_some_and(|expected| *expected != bucket.owner) {
        return Err(Refusal::new(403, "AccessDenied", "Access Denied"));
    }
    if bucket.region != call.region {
        let message = "The bucket you are attempting to access must be addressed using the specified endpoint.";
        return Err(Refusal::new(301, "PermanentRedirect", message));
    }
    Ok(bucket)
}

/// The flags that hold: those of the bucket and those of its account together.
fn blocked(cloud: &Cloud, name: &str) -> Flags {
    let Some(bucket) = cloud.buckets.get(name) else { return [false; 4] };
    let of_account = cloud.accounts.get(&bucket.owner).and_then(|account| account.block).unwrap_or_default();
    let of_bucket = bucket.block.unwrap_or_default();
    std::array::from_fn(|flag| of_account[flag] || of_bucket[flag])
}

pub(super) fn get_block(block: Option<Flags>) -> Answered {
    let Some(flags) = block else {
        let message = "The public access block configuration was not found";
        return Err(Refusal::new(404, "NoSuchPublicAccessBlockConfiguration", message));
    };
    let elements: String = FLAGS.iter().zip(flags).map(|(name, on)| format!("<{name}>{on}</{name}>")).collect();
    Ok(Answer::of(format!("<PublicAccessBlockConfiguration>{elements}</PublicAccessBlockConfiguration>")))
}

/// The flags of a configuration; those that are left out are false, but one must be there.
pub(super) fn flags(xml: &str) -> Result<Flags, Refusal> {
    if FLAGS.iter().all(|name| element(xml, name).is_none()) {
        return Err(Refusal::new(400, "InvalidRequest", "Must specify at least one configuration."));
    }
    Ok(FLAGS.map(|name| element(xml, name) == Some("true")))
}
