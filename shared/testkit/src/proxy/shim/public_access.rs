//! Block Public Access of a bucket, when a policy or an ACL is put.

use http::Method;
use remedy_policy::{Answer, Kind, Policy, Resource, acl::Public};

use super::super::Front;
use super::super::call::Call;
use super::super::fault::error;
use super::super::wire::{Ask, Reply};

/// AWS refuses a public policy while `BlockPublicPolicy` is on, and a public ACL while `BlockPublicAcls` is on, with 403
/// `AccessDenied`. moto keeps the flags and heeds none. (Flags of the account, which hold too, are not looked at here.)
pub(super) async fn refusal(front: &Front, call: &Call, ask: &Ask) -> Option<Reply> {
    let flag = refused_by(call, &String::from_utf8_lossy(&ask.body))?;
    let bucket = call.resource.as_deref()?;
    let block = front.forward(call, &ask.instead(Method::GET, &format!("/{bucket}?publicAccessBlock"), "")).await;
    let on = block.text().to_lowercase().contains(&format!("<{flag}>true</{flag}>").to_lowercase());
    on.then(|| error(call, 403, "AccessDenied", &format!("Access Denied by the {flag} setting")))
}

/// The flag that refuses a document, whichever way it is set.
fn refused_by(call: &Call, body: &str) -> Option<&'static str> {
    let public_policy = |text: &str| {
        Policy::parse(Kind::Bucket, text).is_ok_and(|policy| Resource::of(&policy).public_literal != Answer::No)
    };
    let groups = |xml: &str| xml.split("<URI>").skip(1).any(|rest| rest.split('<').next().is_some_and(is_public));
    match call.name().as_str() {
        "s3:PutBucketPolicy" if public_policy(body) => Some("BlockPublicPolicy"),
        "s3:PutBucketAcl" if groups(body) => Some("BlockPublicAcls"),
        _ => None,
    }
}

fn is_public(uri: &str) -> bool {
    Public::of_group(uri).is_some()
}

#[cfg(test)]
mod tests {
    use super::super::super::call::tests::{ask, call};
    use super::*;

    #[test]
    fn only_what_is_public_is_refused() {
        let refused = |target, body: &str| refused_by(&call(&ask(Method::PUT, target, "s3", &[], body)), body);
        let policy = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}}"#;
        assert_eq!(refused("/b?policy", policy), Some("BlockPublicPolicy"));
        assert_eq!(refused("/b?policy", &policy.replace("Allow", "Deny")), None);
        let acl = "<Grantee><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee>";
        assert_eq!(refused("/b?acl", acl), Some("BlockPublicAcls"));
        assert_eq!(refused("/b?acl", &acl.replace("global/AllUsers", "s3/LogDelivery")), None);
        assert_eq!(refused("/b?website", policy), None);
    }
}
