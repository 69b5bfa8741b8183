//! The name of the AWS operation behind an S3 or S3 Control request, which only method, path and query tell.

use super::wire::{Ask, decode, pairs};

/// Sub-resources of a bucket, and what the API calls them after `Get`, `Put` and `Delete`.
const OF_BUCKET: [(&str, &str); 22] = [
    ("accelerate", "BucketAccelerateConfiguration"),
    ("acl", "BucketAcl"),
    ("analytics", "BucketAnalyticsConfiguration"),
    ("cors", "BucketCors"),
    ("encryption", "BucketEncryption"),
    ("intelligent-tiering", "BucketIntelligentTieringConfiguration"),
    ("inventory", "BucketInventoryConfiguration"),
    ("lifecycle", "BucketLifecycleConfiguration"),
    ("location", "BucketLocation"),
    ("logging", "BucketLogging"),
    ("metrics", "BucketMetricsConfiguration"),
    ("notification", "BucketNotificationConfiguration"),
    ("object-lock", "ObjectLockConfiguration"),
    ("ownershipControls", "BucketOwnershipControls"),
    ("policy", "BucketPolicy"),
    ("policyStatus", "BucketPolicyStatus"),
    ("publicAccessBlock", "PublicAccessBlock"),
    ("replication", "BucketReplication"),
    ("requestPayment", "BucketRequestPayment"),
    ("tagging", "BucketTagging"),
    ("versioning", "BucketVersioning"),
    ("website", "BucketWebsite"),
];

const OF_OBJECT: [(&str, &str); 6] = [
    ("acl", "ObjectAcl"),
    ("attributes", "ObjectAttributes"),
    ("legal-hold", "ObjectLegalHold"),
    ("retention", "ObjectRetention"),
    ("tagging", "ObjectTagging"),
    ("torrent", "ObjectTorrent"),
];

/// Names an S3 operation. `bucket` and `key` are those of the path; the SDK's own `x-id` wins where it is sent.
pub(super) fn of_s3(ask: &Ask, bucket: &str, key: &str) -> String {
    let query: Vec<String> = pairs(ask.query()).into_iter().map(|(name, _)| name).collect();
    let said = pairs(ask.query()).into_iter().find(|(name, _)| name == "x-id").map(|(_, id)| id);
    said.or_else(|| special(ask, bucket, key, &query))
        .or_else(|| sub_resource(ask, key, &query))
        .unwrap_or_else(|| plain(ask, bucket, key))
}

/// Requests whose name follows no rule.
fn special(ask: &Ask, bucket: &str, key: &str, query: &[String]) -> Option<String> {
    let has = |name: &str| query.iter().any(|sent| sent == name);
    let name = match ask.method.as_str() {
        "GET" if has("versions") => "ListObjectVersions",
        "GET" if has("uploads") => "ListMultipartUploads",
        "GET" if has("uploadId") => "ListParts",
        "GET" if has("list-type") => "ListObjectsV2",
        "PUT" if has("uploadId") => "UploadPart",
        "POST" if has("uploads") => "CreateMultipartUpload",
        "POST" if has("uploadId") => "CompleteMultipartUpload",
        "DELETE" if has("uploadId") => "AbortMultipartUpload",
        "POST" if has("delete") => "DeleteObjects",
        "POST" if has("restore") => "RestoreObject",
        "POST" if has("select") => "SelectObjectContent",
        "DELETE" if has("lifecycle") && key.is_empty() => "DeleteBucketLifecycle",
        "PUT" if !key.is_empty() && ask.header("x-amz-copy-source").is_some() => "CopyObject",
        "GET" if bucket.is_empty() => "ListBuckets",
        _ => return None,
    };
    Some(name.to_owned())
}

/// `GET /bucket?website` is `GetBucketWebsite`, and so on.
fn sub_resource(ask: &Ask, key: &str, query: &[String]) -> Option<String> {
    let table: &[(&str, &str)] = if key.is_empty() { &OF_BUCKET } else { &OF_OBJECT };
    let (_, noun) = table.iter().find(|(name, _)| query.iter().any(|sent| sent == name))?;
    Some(format!("{}{noun}", verb(ask)?))
}

fn plain(ask: &Ask, bucket: &str, key: &str) -> String {
    match (ask.method.as_str(), bucket, key) {
        ("PUT", _, "") => "CreateBucket".to_owned(),
        ("GET", _, "") => "ListObjects".to_owned(),
        ("HEAD", _, "") => "HeadBucket".to_owned(),
        ("DELETE", _, "") => "DeleteBucket".to_owned(),
        ("HEAD", ..) => "HeadObject".to_owned(),
        _ => verb(ask).map_or_else(|| of_rest(ask), |verb| format!("{verb}Object")),
    }
}

fn verb(ask: &Ask) -> Option<&'static str> {
    match ask.method.as_str() {
        "GET" => Some("Get"),
        "PUT" => Some("Put"),
        "DELETE" => Some("Delete"),
        _ => None,
    }
}

/// Names an S3 Control operation; of these only the account's public access block has a name of its own here.
pub(super) fn of_s3control(ask: &Ask) -> String {
    match verb(ask) {
        Some(verb) if ask.path().ends_with("/configuration/publicAccessBlock") => format!("{verb}PublicAccessBlock"),
        _ => of_rest(ask),
    }
}

/// Of Lambda only the invocation has a name of its own here; it is about the function in its path.
pub(super) fn of_lambda(ask: &Ask) -> Option<(String, Option<String>)> {
    let function = ask.path().strip_prefix("/2015-03-31/functions/")?.strip_suffix("/invocations")?;
    (ask.method.as_str() == "POST").then(|| ("Invoke".to_owned(), Some(decode(function))))
}

/// Services that speak REST with JSON keep their names in a model that is not at hand: method and path must do.
pub(super) fn of_rest(ask: &Ask) -> String {
    format!("{} {}", ask.method, ask.path())
}

/// Whether an operation changes anything. Names that begin like a question are reads, all others are writes.
pub(super) fn writes(operation: &str) -> bool {
    const READS: [&str; 8] = ["Get", "List", "Head", "Describe", "Assume", "BatchGet", "GET ", "HEAD "];
    !READS.iter().any(|start| operation.starts_with(start))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method};

    use super::*;

    fn name(method: Method, target: &str, bucket: &str, key: &str) -> String {
        let ask = Ask { method, target: target.to_owned(), headers: HeaderMap::new(), body: Default::default() };
        of_s3(&ask, bucket, key)
    }

    #[test]
    fn buckets_objects_and_sub_resources_have_their_names() {
        assert_eq!(name(Method::GET, "/", "", ""), "ListBuckets");
        assert_eq!(name(Method::GET, "/?max-buckets=5", "", ""), "ListBuckets");
        assert_eq!(name(Method::GET, "/b?publicAccessBlock", "b", ""), "GetPublicAccessBlock");
        assert_eq!(name(Method::PUT, "/b?publicAccessBlock=", "b", ""), "PutPublicAccessBlock");
        assert_eq!(name(Method::DELETE, "/b?website", "b", ""), "DeleteBucketWebsite");
        assert_eq!(name(Method::DELETE, "/b?lifecycle", "b", ""), "DeleteBucketLifecycle");
        assert_eq!(name(Method::GET, "/b?list-type=2&prefix=x", "b", ""), "ListObjectsV2");
        assert_eq!(name(Method::GET, "/b", "b", ""), "ListObjects");
        assert_eq!(name(Method::HEAD, "/b", "b", ""), "HeadBucket");
        assert_eq!(name(Method::PUT, "/b", "b", ""), "CreateBucket");
        assert_eq!(name(Method::GET, "/b/k?tagging", "b", "k"), "GetObjectTagging");
        assert_eq!(name(Method::PUT, "/b/k", "b", "k"), "PutObject");
        assert_eq!(name(Method::GET, "/b/k?x-id=GetObject", "b", "k"), "GetObject");
        assert_eq!(name(Method::POST, "/b?delete", "b", ""), "DeleteObjects");
    }

    #[test]
    fn questions_are_reads_and_everything_else_writes() {
        for read in ["GetUser", "ListKeys", "HeadObject", "DescribeKey", "AssumeRole", "BatchGetResourceConfig"] {
            assert!(!writes(read), "{read}");
        }
        for write in ["PutObject", "CreateBucket", "EnableKeyRotation", "TagResource", "PUT /x"] {
            assert!(writes(write), "{write}");
        }
    }
}
