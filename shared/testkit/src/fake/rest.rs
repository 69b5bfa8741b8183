//! The REST dialect of S3: the bucket stands in the host or in the path, the operation in method and query.

use std::collections::BTreeMap;

/// Sub-resources of a bucket that the fake knows.
const OF_BUCKET: [(&str, &str); 6] = [
    ("acl", "BucketAcl"),
    ("encryption", "BucketEncryption"),
    ("policy", "BucketPolicy"),
    ("publicAccessBlock", "PublicAccessBlock"),
    ("tagging", "BucketTagging"),
    ("website", "BucketWebsite"),
];

/// The bucket of a request, virtual-host style or path style.
pub(super) fn bucket(host: &str, path: &str) -> String {
    let in_host = host.split_once(".s3.").map(|(bucket, _)| bucket).filter(|_| host.ends_with(".amazonaws.com"));
    let in_path = path.split('/').next().unwrap_or_default();
    in_host.unwrap_or(in_path).to_owned()
}

/// The operation; `?` where the fake knows none.
pub(super) fn operation(method: &str, bucket: &str, query: &BTreeMap<String, String>) -> String {
    let verb = match method {
        "GET" => "Get",
        "PUT" => "Put",
        "DELETE" => "Delete",
        "HEAD" => "Head",
        other => other,
    };
    if bucket.starts_with("v20180820") {
        return format!("{verb}PublicAccessBlock");
    }
    let of_bucket = OF_BUCKET.iter().find(|(name, _)| query.contains_key(*name));
    match (of_bucket, verb) {
        (Some((_, noun)), _) => format!("{verb}{noun}"),
        (None, "Get") if bucket.is_empty() => "ListBuckets".to_owned(),
        (None, "Put") => "CreateBucket".to_owned(),
        (None, "Head") => "HeadBucket".to_owned(),
        (None, _) => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_stand_in_the_host_or_in_the_path() {
        assert_eq!(bucket("phi.s3.us-east-1.amazonaws.com", ""), "phi");
        assert_eq!(bucket("s3.us-east-1.amazonaws.com", "phi.example"), "phi.example");
        assert_eq!(bucket("127.0.0.1:4711", "phi"), "phi");
        assert_eq!(bucket("s3.us-east-1.amazonaws.com", ""), "");
    }
}
