//! The expected owner of a bucket.

use std::collections::HashMap;
use std::sync::Mutex;

use http::Method;

use super::super::Front;
use super::super::call::Call;
use super::super::fault::error;
use super::super::wire::{Ask, Reply};

/// AWS refuses a request whose `x-amz-expected-bucket-owner` is not the account that owns the bucket with 403
/// `AccessDenied`, so that nobody is lured into a bucket of the same name in another account. moto ignores the header.
/// Owners are learnt from buckets that are created or listed; an unknown one is looked for in the caller's own list.
#[derive(Default)]
pub struct BucketOwner(Mutex<HashMap<String, String>>);

impl BucketOwner {
    /// Says who owns a bucket, where the proxy has had no chance to learn it.
    pub fn set(&self, bucket: &str, account: &str) {
        self.0.lock().expect("the owners are not poisoned").insert(bucket.to_owned(), account.to_owned());
    }

    fn of(&self, bucket: &str) -> Option<String> {
        self.0.lock().expect("the owners are not poisoned").get(bucket).cloned()
    }

    /// Takes note of buckets that come, go, or are listed: a list holds the caller's own buckets only.
    pub(in super::super) fn learn(&self, call: &Call, reply: &Reply) {
        if call.service != "s3" || !reply.status.is_success() {
            return;
        }
        match (call.operation.as_str(), &call.resource) {
            ("CreateBucket", Some(bucket)) => self.set(bucket, &call.account),
            ("DeleteBucket", Some(bucket)) => drop(self.0.lock().expect("the owners are not poisoned").remove(bucket)),
            ("ListBuckets", _) => names(&reply.text()).for_each(|bucket| self.set(bucket, &call.account)),
            _ => {}
        }
    }

    /// The refusal that AWS would give, if any.
    pub(super) async fn refusal(&self, front: &Front, call: &Call, ask: &Ask) -> Option<Reply> {
        let expected = ask.header("x-amz-expected-bucket-owner").filter(|_| call.service == "s3")?;
        let bucket = call.resource.as_deref()?.split('/').next()?;
        if self.of(bucket).is_none() {
            let list = front.forward(call, &ask.instead(Method::GET, "/", "")).await;
            names(&list.text()).for_each(|bucket| self.set(bucket, &call.account));
        }
        let owner = self.of(bucket)?;
        (owner != expected).then(|| error(call, 403, "AccessDenied", "Access Denied"))
    }
}

/// The names of buckets in a list; only buckets have names there.
fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split("<Name>").skip(1).filter_map(|rest| rest.split_once("</Name>")).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::super::super::call::tests::{ask, call};
    use super::*;

    #[test]
    fn owners_are_learnt_from_lists_and_forgotten_with_the_bucket() {
        let owners = BucketOwner::default();
        let list = "<Buckets><Bucket><Name>a</Name></Bucket><Bucket><Name>b</Name></Bucket></Buckets>";
        owners.learn(&call(&ask(Method::GET, "/", "s3", &[], "")), &Reply::new(200, "application/xml", list));
        assert_eq!(owners.of("b").as_deref(), Some("111122223333"));
        owners.learn(&call(&ask(Method::DELETE, "/b", "s3", &[], "")), &Reply::new(204, "application/xml", ""));
        assert_eq!(owners.of("b"), None);
    }
}
