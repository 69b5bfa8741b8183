//! What reads were answered earlier, so that an eventually consistent service can be imitated.

use std::collections::HashMap;

use hyper::body::Bytes;

use super::call::Call;
use super::wire::{Ask, Reply};

/// Everything that makes two reads the same read; credentials change, so the account stands for them.
type Identity = (String, Bytes);

struct Write {
    at: u64,
    account: String,
    service: String,
    resource: Option<String>,
}

impl Write {
    /// Whether a read may show this write: same account and service, and the same resource where both name one.
    fn concerns(&self, read: &Call) -> bool {
        let same = match (&self.resource, &read.resource) {
            (Some(written), Some(read)) => overlaps(written, read),
            _ => true,
        };
        self.account == read.account && self.service == read.service && same
    }
}

/// A bucket and an object in it overlap, two objects do not.
fn overlaps(one: &str, other: &str) -> bool {
    let within = |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
    one == other || within(one, other) || within(other, one)
}

/// The past answers of reads, and when something was written.
#[derive(Default)]
pub(super) struct History {
    now: u64,
    writes: Vec<Write>,
    answers: HashMap<Identity, Vec<(u64, Reply)>>,
}

impl History {
    /// Notes a call that the emulator has answered.
    pub(super) fn note(&mut self, call: &Call, ask: &Ask, reply: &Reply) {
        self.now += 1;
        if call.write && reply.status.is_success() {
            let (account, service) = (call.account.clone(), call.service.clone());
            self.writes.push(Write { at: self.now, account, service, resource: call.resource.clone() });
        } else if !call.write && !reply.status.is_server_error() {
            self.keep(identity(call, ask), reply);
        }
    }

    /// Keeps an answer unless it says what the one before it said.
    fn keep(&mut self, identity: Identity, reply: &Reply) {
        let answers = self.answers.entry(identity).or_default();
        let known = answers.last().is_some_and(|(_, last)| last.status == reply.status && last.body == reply.body);
        if !known {
            answers.push((self.now, reply.clone()));
        }
    }

    /// What this read was answered before the last write that it may show.
    pub(super) fn before_last_write(&self, call: &Call, ask: &Ask) -> Option<Reply> {
        let written = self.writes.iter().rev().find(|write| write.concerns(call))?.at;
        let answers = self.answers.get(&identity(call, ask))?;
        answers.iter().rev().find(|(at, _)| *at < written).map(|(_, reply)| reply.clone())
    }
}

fn identity(call: &Call, ask: &Ask) -> Identity {
    let Call { account, region, service, operation, .. } = call;
    (format!("{account} {region} {service} {operation} {} {}", ask.method, ask.target), ask.body.clone())
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::super::call::tests::{ask, call};
    use super::*;

    fn reply(body: &'static str) -> Reply {
        Reply::new(200, "text/plain", body)
    }

    #[test]
    fn a_stale_read_is_the_one_before_the_last_write_to_the_same_bucket() {
        let (read, write) =
            (ask(Method::GET, "/b?website", "s3", &[], ""), ask(Method::PUT, "/b?website", "s3", &[], ""));
        let elsewhere = ask(Method::PUT, "/ledger/entry", "s3", &[], "");
        let mut history = History::default();
        assert!(history.before_last_write(&call(&read), &read).is_none(), "nothing was ever written");
        history.note(&call(&read), &read, &reply("old"));
        history.note(&call(&write), &write, &reply(""));
        history.note(&call(&read), &read, &reply("new"));
        history.note(&call(&elsewhere), &elsewhere, &reply(""));
        assert_eq!(history.before_last_write(&call(&read), &read).unwrap().text(), "old");
    }
}
