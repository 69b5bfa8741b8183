//! Rules that are asked to evaluate again.

use std::sync::Mutex;

use super::super::call::Call;
use super::super::fault::error;
use super::super::wire::Reply;

/// AWS takes up to 25 rule names in `StartConfigRulesEvaluation` and evaluates them some time later. moto has no such
/// operation; here the names are written down.
#[derive(Default)]
pub struct RuleEvaluation(Mutex<Vec<(String, String)>>);

impl RuleEvaluation {
    /// The rules that were asked for in an account, in order.
    pub fn of(&self, account: &str) -> Vec<String> {
        let asked = self.0.lock().expect("the rules are not poisoned");
        asked.iter().filter(|(of, _)| of == account).map(|(_, rule)| rule.clone()).collect()
    }

    pub(super) fn start(&self, call: &Call) -> Reply {
        let body = call.json();
        let rules: Vec<_> =
            body["ConfigRuleNames"].as_array().into_iter().flatten().filter_map(|name| name.as_str()).collect();
        if rules.is_empty() || rules.len() > 25 {
            return error(call, 400, "ValidationException", "ConfigRuleNames must have between 1 and 25 members.");
        }
        let mut asked = self.0.lock().expect("the rules are not poisoned");
        asked.extend(rules.into_iter().map(|rule| (call.account.clone(), rule.to_owned())));
        Reply::new(200, "application/x-amz-json-1.1", "{}")
    }
}
