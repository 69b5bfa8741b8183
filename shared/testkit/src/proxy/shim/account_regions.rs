//! The Regions that an account has enabled.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::json;

use super::super::call::Call;
use super::super::wire::Reply;

/// AWS Account Management says in `ListRegions` which Regions an account has enabled. moto does not have this operation. Here
/// a test names them; without that, only `us-east-1` is enabled.
#[derive(Default)]
pub struct AccountRegions(Mutex<BTreeMap<String, Vec<String>>>);

impl AccountRegions {
    /// Names the enabled Regions of an account.
    pub fn set(&self, account: &str, regions: &[&str]) {
        let regions = regions.iter().map(|region| (*region).to_owned()).collect();
        self.0.lock().expect("the Regions are not poisoned").insert(account.to_owned(), regions);
    }

    pub(super) fn list(&self, call: &Call) -> Reply {
        let known = self.0.lock().expect("the Regions are not poisoned");
        let own = known.get(&call.account).cloned().unwrap_or_else(|| vec!["us-east-1".to_owned()]);
        let status = |name: &str| if name.starts_with("us-") { "ENABLED_BY_DEFAULT" } else { "ENABLED" };
        let regions: Vec<_> =
            own.iter().map(|name| json!({"RegionName": name, "RegionOptStatus": status(name)})).collect();
        Reply::new(200, "application/json", json!({"Regions": regions}).to_string())
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::super::super::call::tests::{ask, call};
    use super::*;

    #[test]
    fn the_regions_of_an_account_are_those_that_were_named() {
        let regions = AccountRegions::default();
        let request = call(&ask(Method::POST, "/listRegions", "account", &[], "{}"));
        assert!(regions.list(&request).text().contains("us-east-1"));
        regions.set(&request.account, &["eu-west-1"]);
        let text = regions.list(&request).text();
        assert!(text.contains("eu-west-1") && text.contains("ENABLED") && !text.contains("us-east-1"), "{text}");
    }
}
