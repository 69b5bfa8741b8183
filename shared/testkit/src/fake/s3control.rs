//! S3 Control: Block Public Access of a whole account.

use super::{
    answer::{Answer, Answered, Refusal},
    call::Call,
    s3::{flags, get_block},
    state::Cloud,
};

pub(super) fn answer(cloud: &mut Cloud, call: &Call, account: &str) -> Answered {
    if call.headers.get("x-amz-account-id").map(String::as_str) != Some(account) {
        return Err(Refusal::new(403, "AccessDenied", "Access Denied"));
    }
    let block = &mut cloud.account(account).block;
    match call.operation.as_str() {
        "GetPublicAccessBlock" => return get_block(*block),
        "PutPublicAccessBlock" => *block = Some(flags(&call.body)?),
        "DeletePublicAccessBlock" => *block = None,
        other => panic!("the fake S3 Control does not know `{other}`"),
    }
    Ok(Answer::of(""))
}
