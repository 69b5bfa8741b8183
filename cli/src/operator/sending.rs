//! Signing a request and handing it over: to the operator function of a stack, or to standard output.

use std::{
    fmt::Display,
    io::{self, Write as _},
};

use clap::Args;
use remedy_domain::{AccountId, request::Request};

use super::{
    arguments,
    follow_up::Sequel,
    invoking::{Line, NoAnswer, NoLine},
    stack::{NotAStack, Stack},
};
use crate::{sign, surroundings};

/// Whom a request is for.
#[derive(Debug, Args)]
pub(crate) struct Sending {
    /// The audience of the request, `<account>/<Region>/<stack>`. Without it, `REMEDY_AUDIENCE`, else the stack, its
    /// Region and its account.
    #[arg(long)]
    audience: Option<String>,
    /// The account of the stack. Without it, that of the stack's ARN, else that of your credentials, which AWS STS
    /// returns.
    #[arg(long, value_parser = arguments::account)]
    hub: Option<AccountId>,
    /// The Region of the operator function. Without it, that of the stack's ARN, `AWS_REGION`, else `AWS_DEFAULT_REGION`.
    #[arg(long)]
    region: Option<String>,
    /// Send the request to the function `<stack>-operator` and print its answer: the CloudFormation stack's name or
    /// ARN. Without it, `REMEDY_STACK`; without that, the request is printed and not sent.
    #[arg(long)]
    stack: Option<Stack>,
    /// Print the signed request and send nothing.
    #[arg(long)]
    print: bool,
}

/// A request that was not handed over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotSent {
    #[error("the request is no JSON")]
    NotJson(#[source] serde_json::Error),
    #[error(transparent)]
    Sign(#[from] sign::Failed),
    #[error(transparent)]
    Stack(#[from] NotAStack),
    #[error("--carry-out invokes a function: name the stack with --stack")]
    NoStack,
    #[error(transparent)]
    Line(#[from] NoLine),
    #[error(transparent)]
    Answer(#[from] NoAnswer),
    #[error("standard output takes nothing")]
    Output(#[source] io::Error),
}

/// How a command ended. The worse comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ended {
    /// All was done.
    Done,
    /// A function refused something.
    Refused,
}

impl Sending {
    /// Sends requests one after the other, or prints them. What a refusal of one says, the next may still be granted.
    pub(super) fn hand_over(self, requests: &[Request], sequel: Sequel) -> Result<Ended, NotSent> {
        let stack = self.stack(surroundings::variable)?;
        let region = self.region.clone().or_else(|| stack.as_ref()?.region.clone());
        let line = stack.map(|stack| Line::open(stack, region.clone())).transpose()?;
        let audience = match self.audience(surroundings::variable) {
            Some(named) => Some(named),
            None => line.as_ref().map(|line| line.audience(self.hub.clone())).transpose()?,
        };
        let signed = |request| payload(request, audience.as_deref(), region.clone());
        let Some(line) = line.filter(|_| !self.print) else {
            sequel.needs_no_stack()?;
            return requests.iter().try_for_each(|request| print(&signed(request)?)).map(|()| Ended::Done);
        };
        requests.iter().try_fold(Ended::Done, |ended, request| {
            let answer = line.invoke("operator", signed(request)?)?;
            Ok(sequel.follow(&line, answer)?.max(ended))
        })
    }

    fn stack(&self, variable: impl Fn(&str) -> Option<String>) -> Result<Option<Stack>, NotAStack> {
        match &self.stack {
            Some(stack) => Ok(Some(stack.clone())),
            None => variable("REMEDY_STACK").map(|text| text.parse()).transpose(),
        }
    }

    /// The audience, if somebody names one.
    fn audience(&self, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
        self.audience.clone().or_else(|| variable("REMEDY_AUDIENCE"))
    }
}

/// The signed payload, one line, good for five minutes.
pub(super) fn payload(request: &Request, audience: Option<&str>, region: Option<String>) -> Result<String, NotSent> {
    let text = serde_json::to_string(request).map_err(NotSent::NotJson)?;
    Ok(sign::payload(&text, audience, region)?)
}

/// Prints a line, or a document: `{:#}` of one is indented.
pub(super) fn print(line: impl Display) -> Result<(), NotSent> {
    writeln!(io::stdout(), "{line:#}").map_err(NotSent::Output)
}

/// Shows a person something beside the printed output.
pub(super) fn tell(what: &str) {
    // Standard error may be closed: then nobody reads it.
    let _ = writeln!(io::stderr(), "remedy: {what}");
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::operator::Command;

    #[derive(Debug, Parser)]
    struct Alone {
        #[command(flatten)]
        sending: Sending,
    }

    #[derive(Debug, Parser)]
    struct Whole {
        #[command(subcommand)]
        command: Command,
    }

    fn sending(arguments: &[&str]) -> Sending {
        Alone::parse_from([&["remedy"], arguments].concat()).sending
    }

    fn of<'a>(all: &'a [(&str, &str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| all.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    }

    fn name(arguments: &[&str], variables: &[(&str, &str)]) -> Option<String> {
        sending(arguments).stack(of(variables)).unwrap().map(|stack| stack.name)
    }

    #[test]
    fn the_stack_is_the_one_that_is_named_first() {
        let arn = "arn:aws:cloudformation:eu-west-1:111122223333:stack/clinic/0f0f";
        assert_eq!(name(&[], &[]), None);
        assert_eq!(name(&[], &[("REMEDY_STACK", arn)]).as_deref(), Some("clinic"));
        assert_eq!(name(&["--stack", "trial"], &[("REMEDY_STACK", arn)]).as_deref(), Some("trial"));
        assert!(sending(&[]).stack(of(&[("REMEDY_STACK", "a b")])).unwrap_err().to_string().contains("`a b`"));
    }

    #[test]
    fn an_audience_that_somebody_names_comes_before_that_of_the_stack() {
        let audience = |arguments: &[&str], variables: &[_]| sending(arguments).audience(of(variables));
        let variables = [("REMEDY_AUDIENCE", "set")];
        assert_eq!(audience(&["--audience", "named"], &variables).as_deref(), Some("named"));
        assert_eq!(audience(&[], &variables).as_deref(), Some("set"));
        assert_eq!(audience(&[], &[]), None);
    }

    #[test]
    fn the_hub_is_an_account() {
        assert_eq!(sending(&["--hub", "111122223333"]).hub, AccountId::parse("111122223333").ok());
        assert!(Alone::try_parse_from(["remedy", "--hub", "1111"]).is_err());
    }

    #[test]
    fn only_an_approval_that_is_sent_is_carried_out() {
        let takes = |arguments: &[&str]| Whole::try_parse_from([&["remedy"], arguments].concat()).is_ok();
        assert!(takes(&["approve", "0f", "--carry-out", "--stack", "clinic"]));
        assert!(!takes(&["approve", "0f", "--carry-out", "--print"]));
        assert!(!takes(&["reject", "0f", "--carry-out"]));
        assert!(!takes(&["pending", "--stack", "a b"]));
        assert!(matches!(Sequel::CarryOut.needs_no_stack(), Err(NotSent::NoStack)));
    }
}
