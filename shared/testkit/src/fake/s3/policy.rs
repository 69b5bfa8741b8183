//! Bucket policies.

use remedy_policy::{Answer as Verdict, Kind, Policy, Resource};

use super::{
    super::{
        answer::{Answer, Answered, Refusal},
        call::Call,
        state::Cloud,
    },
    blocked, bucket,
};

pub(super) fn answer(cloud: &mut Cloud, call: &Call, account: &str) -> Answered {
    let [_, _, block_public_policy, _] = blocked(cloud, &call.bucket);
    let policy = &mut bucket(cloud, call, account)?.policy;
    match call.operation.as_str() {
        "GetBucketPolicy" => policy
            .clone()
            .map(Answer::of)
            .ok_or_else(|| Refusal::new(404, "NoSuchBucketPolicy", "The bucket policy does not exist")),
        "PutBucketPolicy" if serde_json::from_str::<serde_json::Value>(&call.body).is_err() => {
            Err(Refusal::new(400, "MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'"))
        }
        "PutBucketPolicy" if block_public_policy && is_public(&call.body) => {
            let why = "public policies are blocked by the BlockPublicPolicy setting in S3 Block Public Access.";
            Err(Refusal::new(
                403,
                "AccessDenied",
                format!("User is not authorized to perform: s3:PutBucketPolicy because {why}"),
            ))
        }
        "PutBucketPolicy" => {
            *policy = Some(call.body.clone());
            Ok(Answer::nothing())
        }
        _ => {
            *policy = None;
            Ok(Answer::nothing())
        }
    }
}

/// Whether S3 calls it public.
fn is_public(text: &str) -> bool {
    Policy::parse(Kind::Bucket, text).is_ok_and(|policy| Resource::of(&policy).public_literal != Verdict::No)
}
