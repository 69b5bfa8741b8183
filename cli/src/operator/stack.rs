//! The CloudFormation stack that Remedy is deployed by: its functions are called `<stack>-<function>`.

use std::str::FromStr;

/// A stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stack {
    /// Its name.
    pub(super) name: String,
    /// Its Region, where its ARN says so.
    pub(super) region: Option<String>,
}

/// What names no stack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither the name of a stack (letters, digits and hyphens) nor the ARN of one")]
pub(crate) struct NotAStack(String);

impl Stack {
    /// The name of one of its functions.
    pub(super) fn function(&self, function: &str) -> String {
        format!("{}-{function}", self.name)
    }
}

impl FromStr for Stack {
    type Err = NotAStack;

    fn from_str(text: &str) -> Result<Self, NotAStack> {
        let (name, region) = if text.starts_with("arn:") { of_arn(text).unwrap_or_default() } else { (text, None) };
        let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        is_name
            .then(|| Self { name: name.to_owned(), region: region.map(str::to_owned) })
            .ok_or_else(|| NotAStack(text.to_owned()))
    }
}

/// Name and Region of `arn:<partition>:cloudformation:<Region>:<account>:stack/<name>/<uuid>`.
fn of_arn(arn: &str) -> Option<(&str, Option<&str>)> {
    let mut parts = arn.splitn(6, ':').skip(2);
    let (service, region, _account, stack) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let (name, _uuid) = stack.strip_prefix("stack/")?.split_once('/')?;
    (service == "cloudformation").then_some((name, Some(region)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_known_by_name_or_arn() {
        let named: Stack = "remedy-production".parse().unwrap();
        assert_eq!((named.function("operator").as_str(), named.region), ("remedy-production-operator", None));
        let arn = "arn:aws-us-gov:cloudformation:us-gov-west-1:111122223333:stack/remedy/0f0f-0f0f";
        let known = Stack { name: "remedy".into(), region: Some("us-gov-west-1".into()) };
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
        ] {
            assert_eq!(wrong.parse::<Stack>(), Err(NotAStack(wrong.to_owned())), "{wrong}");
        }
    }
}
