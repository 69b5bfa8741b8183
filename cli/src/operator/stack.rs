//! The CloudFormation stack that Remedy is deployed by: its functions are called `<stack>-<function>`.

use std::str::FromStr;

use remedy_domain::{AccountId, deployment};

/// A stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stack {
    /// Its name.
    pub(super) name: String,
    /// Its Region, where its ARN says so.
    pub(super) region: Option<String>,
    /// Its account, if its ARN names it.
    pub(super) account: Option<AccountId>,
}

/// A text that names no stack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither the name of a stack (letters, digits and hyphens) nor the ARN of one")]
pub(crate) struct NotAStack(String);

impl Stack {
    fn named(name: &str) -> Self {
        Self { name: name.to_owned(), region: None, account: None }
    }

    /// The name of one of its functions.
    pub(super) fn function(&self, function: &str) -> String {
        format!("{}-{function}", self.name)
    }
}

impl FromStr for Stack {
    type Err = NotAStack;

    fn from_str(text: &str) -> Result<Self, NotAStack> {
        let wrong = || NotAStack(text.to_owned());
        let stack = if text.starts_with("arn:") { of_arn(text).ok_or_else(wrong)? } else { Self::named(text) };
        if deployment::is_stack(&stack.name) { Ok(stack) } else { Err(wrong()) }
    }
}

/// The stack of `arn:<partition>:cloudformation:<Region>:<account>:stack/<name>/<uuid>`.
fn of_arn(arn: &str) -> Option<Stack> {
    let mut parts = arn.splitn(6, ':').skip(2);
    let (service, region, account, stack) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let (name, _uuid) = stack.strip_prefix("stack/")?.split_once('/')?;
    let (region, account) = (Some(region.to_owned()), Some(AccountId::parse(account).ok()?));
    (service == "cloudformation").then(|| Stack { name: name.to_owned(), region, account })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_known_by_name_or_arn() {
        let named: Stack = "remedy-production".parse().unwrap();
        assert_eq!((named.function("operator").as_str(), named.region), ("remedy-production-operator", None));
        let arn = "arn:aws-us-gov:cloudformation:us-gov-west-1:111122223333:stack/remedy/0f0f-0f0f";
        let account = AccountId::parse("111122223333").ok();
        let known = Stack { name: "remedy".into(), region: Some("us-gov-west-1".into()), account };
        assert_eq!(arn.parse(), Ok(known));
    }

    #[test]
    fn what_names_no_stack_is_refused() {
        for wrong in [
            "",
            "1st",
            "a b",
            "a/b",
            "arn:aws:lambda:us-east-1:111122223333:function:remedy-operator",
            "arn:aws:cloudformation:us-east-1:111122223333:stack/remedy",
            "arn:aws:cloudformation:us-east-1::stack/remedy/0f0f",
            "arn:aws:cloudformation:us-east-1:111122223333:stack/a b/0f0f",
        ] {
            assert_eq!(wrong.parse::<Stack>(), Err(NotAStack(wrong.to_owned())), "{wrong}");
        }
    }
}
