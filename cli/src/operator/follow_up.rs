//! What is done with an answer of the operator function.

use serde::Deserialize;
use serde_json::Value;

use super::{
    Command,
    invoking::{Answer, Line},
    sending::{Ended, NotSent, print, tell},
    status,
};

/// What follows an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sequel {
    /// A person is shown what is left to do.
    Tell,
    /// What is left to do is done.
    CarryOut,
    /// Every function is asked what would come of it.
    Forecast,
}

/// An event that the operator function could not queue.
#[derive(Debug, Deserialize)]
struct Next {
    /// The function that takes it.
    invoke: String,
    with: Value,
}

impl Sequel {
    pub(super) fn of(command: &Command) -> Self {
        match command {
            Command::Approve(approval) if approval.carry_out => Self::CarryOut,
            Command::Status(_) => Self::Forecast,
            _ => Self::Tell,
        }
    }

    /// Refuses to go without a stack where functions are to be invoked.
    pub(super) fn needs_no_stack(self) -> Result<(), NotSent> {
        if self == Self::CarryOut { Err(NotSent::NoStack) } else { Ok(()) }
    }

    /// Prints an answer, and does what follows it.
    pub(super) fn follow(self, line: &Line, answer: Answer) -> Result<Ended, NotSent> {
        if self == Self::Forecast {
            let (status, ended) = status::beside(answer, |function, event| line.invoke(function, event));
            print(status)?;
            return Ok(ended);
        }
        let next = match &answer {
            Answer::Done(body) => body.get("next").and_then(|next| Next::deserialize(next).ok()),
            Answer::Refused(..) => None,
        };
        let ended = printed(answer)?;
        Ok(next.map_or(Ok(Ended::Done), |next| self.carry_out(line, &next))?.max(ended))
    }

    fn carry_out(self, line: &Line, next: &Next) -> Result<Ended, NotSent> {
        if self != Self::CarryOut {
            tell(&next.hint(line));
            return Ok(Ended::Done);
        }
        // An approval counts even if this fails: what is left to do is shown all the same.
        let answer = line.invoke(&next.invoke, next.with.to_string()).inspect_err(|_| tell(&next.hint(line)))?;
        printed(answer)
    }
}

impl Next {
    /// What a person types to do it.
    fn hint(&self, line: &Line) -> String {
        let (function, region) = line.place(&self.invoke);
        let payload = self.with.to_string().replace('\'', r"'\''");
        format!(
            "not queued; what carries it out is --carry-out with the same command, or: aws lambda invoke --region {region} \
             --function-name {function} --cli-binary-format raw-in-base64-out --payload '{payload}' answer.json"
        )
    }
}

/// Prints what a function answers; why it refuses goes to standard error.
fn printed(answer: Answer) -> Result<Ended, NotSent> {
    match answer {
        Answer::Done(body) => print(body).map(|()| Ended::Done),
        Answer::Refused(kind, message) => {
            tell(&format!("{kind}: {message}"));
            Ok(Ended::Refused)
        }
    }
}
