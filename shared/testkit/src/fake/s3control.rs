//! S3 Control: Block Public Access of a whole account.

use remedy_domain::Timestamp;

use super::{
    answer::{Answer, Answered, Refusal},
    call::Call,
    dialect::Dialect,
    s3::{flags, get_block},
    service::Service,
    state::Cloud,
};

pub(super) static SERVICE: Service =
    Service::by_hand("s3control", Dialect::S3Control, answer).signed_for("s3", "x-amz-account-id");

fn answer(cloud: &mut Cloud, call: &Call, account: &str, _: Timestamp) -> Answered {
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
