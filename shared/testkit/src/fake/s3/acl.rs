//! Access control lists.

use remedy_policy::acl::Public;

use super::{
    super::{
        answer::{Answer, Answered, Refusal},
        call::{Call, element},
        state::Cloud,
    },
    blocked, bucket,
};

/// The canonical id of every owner. (At AWS each account has one of its own; the emulator has this one for all.)
const OWNER: &str = "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a";

const PERMISSIONS: [&str; 5] = ["FULL_CONTROL", "READ", "READ_ACP", "WRITE", "WRITE_ACP"];

/// A grant: the type of the grantee, what it is called, and the permission.
pub(in super::super) type Grant = (String, String, String);

/// The list of a bucket nobody has opened.
pub(super) fn private() -> Vec<Grant> {
    vec![("CanonicalUser".to_owned(), OWNER.to_owned(), "FULL_CONTROL".to_owned())]
}

pub(super) fn answer(cloud: &mut Cloud, call: &Call, account: &str) -> Answered {
    let [block_public_acls, ..] = blocked(cloud, &call.bucket);
    let acl = &mut bucket(cloud, call, account)?.acl;
    if call.operation == "GetBucketAcl" {
        // If ACLs are off, the owner's grant is returned.
        return Ok(Answer::of(written(acl.as_deref().unwrap_or(&private()))));
    }
    let list = read(&call.body)?;
    let Some(acl) = acl else {
        return Err(Refusal::new(400, "AccessControlListNotSupported", "The bucket does not allow ACLs"));
    };
    if block_public_acls && list.iter().any(|(_, uri, _)| Public::of_group(uri).is_some()) {
        return Err(Refusal::new(403, "AccessDenied", "Access Denied"));
    }
    *acl = list;
    Ok(Answer::of(""))
}

fn written(list: &[Grant]) -> String {
    let grant = |(kind, name, permission): &Grant| {
        let tag = tag(kind);
        format!(
            "<Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"{kind}\">\
             <{tag}>{name}</{tag}></Grantee><Permission>{permission}</Permission></Grant>"
        )
    };
    let grants: String = list.iter().map(grant).collect();
    format!(
        "<AccessControlPolicy xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Owner><ID>{OWNER}</ID></Owner>\
         <AccessControlList>{grants}</AccessControlList></AccessControlPolicy>"
    )
}

fn read(xml: &str) -> Result<Vec<Grant>, Refusal> {
    let malformed = || {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        Refusal::new(400, "MalformedACLError", message)
    };
    let owner = element(xml, "Owner").and_then(|owner| element(owner, "ID")).ok_or_else(malformed)?;
    if owner != OWNER {
        return Err(Refusal::new(403, "AccessDenied", "Access Denied"));
    }
    let grants = xml.split("<Grant>").skip(1);
    grants.map(|grant| read_grant(grant).ok_or_else(malformed)).collect()
}

fn read_grant(xml: &str) -> Option<Grant> {
    let kind = xml.split_once("xsi:type=\"")?.1.split('"').next()?;
    let permission = element(xml, "Permission").filter(|permission| PERMISSIONS.contains(permission))?;
    Some((kind.to_owned(), element(xml, tag(kind))?.to_owned(), permission.to_owned()))
}

fn tag(kind: &str) -> &'static str {
    match kind {
        "Group" => "URI",
        "AmazonCustomerByEmail" => "EmailAddress",
        _ => "ID",
    }
}
