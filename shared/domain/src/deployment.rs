//! The audience of an operator's request: one deployment, `<account>/<Region>/<stack>`.
//!
//! A stack's name alone says too little: it is `remedy` in most accounts, and in every Region of one. A function learns
//! its own deployment from its ARN, which AWS Lambda gives it with each invocation, and not from a variable, which two
//! deployments can share.

use crate::ids::{AccountId, Audience, Region};

/// A text that names no deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the ARN of a function that is called `<stack>-<function>`, and no account, Region and stack")]
pub struct NotADeployment;

/// The audience of requests to the stack of this name.
pub fn audience(account: &AccountId, region: &Region, stack: &str) -> Result<Audience, NotADeployment> {
    if region.is_global() || !is_stack(stack) {
        return Err(NotADeployment);
    }
    Audience::parse(format!("{account}/{region}/{stack}")).map_err(|_| NotADeployment)
}

/// The same for `function`: `arn:<partition>:lambda:<Region>:<account>:function:<stack>-<function>`, with or without a
/// version or an alias at the end. All of them are the one function of the one deployment.
pub fn of_function(arn: &str, function: &str) -> Result<Audience, NotADeployment> {
    let parts = arn.split(':').collect::<Vec<_>>();
    let (["arn", partition, "lambda", region, account, "function", name]
    | ["arn", partition, "lambda", region, account, "function", name, _]) = *parts.as_slice()
    else {
        return Err(NotADeployment);
    };
    let region = Region::parse(region).map_err(|_| NotADeployment)?;
    let account = AccountId::parse(account).map_err(|_| NotADeployment)?;
    let stack = name.strip_suffix(function).and_then(|before| before.strip_suffix('-')).ok_or(NotADeployment)?;
    if partition == region.partition() { audience(&account, &region, stack) } else { Err(NotADeployment) }
}

/// Whether CloudFormation accepts this name of a stack
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html>).
#[must_use]
pub fn is_stack(name: &str) -> bool {
    name.len() <= 128
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(arn: &str) -> Option<String> {
        of_function(arn, "operator").ok().map(String::from)
    }

    #[test]
    fn a_function_knows_its_deployment_from_its_own_arn_whatever_its_version_or_alias() {
        let arn = "arn:aws:lambda:eu-west-1:111122223333:function:clinic-remedy-operator";
        for qualifier in ["", ":live", ":7", ":$LATEST"] {
            assert_eq!(of(&format!("{arn}{qualifier}")).as_deref(), Some("111122223333/eu-west-1/clinic-remedy"));
        }
        let gov = "arn:aws-us-gov:lambda:us-gov-west-1:111122223333:function:remedy-operator";
        assert_eq!(of(gov).as_deref(), Some("111122223333/us-gov-west-1/remedy"));
    }

    #[test]
    fn deployments_that_differ_in_account_region_or_stack_share_no_audience() {
        let arn = |account: &str, region: &str, stack: &str| {
            of(&format!("arn:aws:lambda:{region}:{account}:function:{stack}-operator")).unwrap()
        };
        let all = [
            arn("111122223333", "us-east-1", "remedy"),
            arn("444455556666", "us-east-1", "remedy"),
            arn("111122223333", "us-west-2", "remedy"),
            arn("111122223333", "us-east-1", "remedy-operator"),
            arn("111122223333", "us-east-1", "Remedy"),
        ];
        let apart: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(apart.len(), all.len());
    }

    #[test]
    fn what_is_no_arn_of_a_stacks_function_names_no_deployment() {
        for wrong in [
            "",
            "function-arn",
            "remedy-operator",
            "arn:aws:lambda:us-east-1:111122223333:function:operator",
            "arn:aws:lambda:us-east-1:111122223333:function:-operator",
            "arn:aws:lambda:us-east-1:111122223333:function:remedy-sealer",
            "arn:aws:lambda:us-east-1:111122223333:function:remedy%2Dx-operator",
            "arn:aws:lambda:us-east-1:111122223333:function:a/b-operator",
            "arn:aws:lambda:us-east-1:11112222333:function:remedy-operator",
            "arn:aws:lambda:global:111122223333:function:remedy-operator",
            "arn:aws:lambda:US-EAST-1:111122223333:function:remedy-operator",
            "arn:aws-cn:lambda:us-east-1:111122223333:function:remedy-operator",
            "arn:aws:iam:us-east-1:111122223333:function:remedy-operator",
            "arn:aws:lambda:us-east-1:111122223333:layer:remedy-operator",
            "arn:aws:lambda:us-east-1:111122223333:function:remedy-operator:live:more",
        ] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
