//! The ages of principals in an account.

use std::{collections::BTreeSet, sync::Mutex};

use super::super::{call::Call, wire::Reply};

/// The administrators of a real account are years old; those of the emulator are as old as the test. Here all
/// principals are old in `GetAccountAuthorizationDetails`, except the newcomers that a test names.
#[derive(Default)]
pub struct Seniority(Mutex<BTreeSet<String>>);

const LONG_AGO: &str = "2015-06-01T00:00:00Z";

impl Seniority {
    /// The principal of this ARN keeps the date that the emulator gave it.
    pub fn newcomer(&self, arn: &str) {
        self.0.lock().expect("the newcomers are not poisoned").insert(arn.to_owned());
    }

    /// The emulator's description of all principals, with old dates.
    pub(super) fn told(&self, _: &Call, reply: Reply) -> Reply {
        let newcomers = self.0.lock().expect("the newcomers are not poisoned");
        let told = aged(&reply.text(), |arn| newcomers.contains(arn));
        reply.with_body(told)
    }
}

/// The date of an entry follows its ARN.
fn aged(text: &str, is_new: impl Fn(&str) -> bool) -> String {
    let mut entries = text.split("<CreateDate>");
    let mut out = entries.next().unwrap_or_default().to_owned();
    let mut arn = last_arn(&out).map(str::to_owned);
    for entry in entries {
        out.push_str("<CreateDate>");
        match entry.split_once("</CreateDate>") {
            Some((_, rest)) if !arn.as_deref().is_some_and(&is_new) => {
                out.push_str(LONG_AGO);
                out.push_str("</CreateDate>");
                out.push_str(rest);
            }
            _ => out.push_str(entry),
        }
        arn = last_arn(entry).map(str::to_owned).or(arn);
    }
    out
}

fn last_arn(text: &str) -> Option<&str> {
    text.rsplit_once("<Arn>")?.1.split_once("</Arn>").map(|(arn, _)| arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_but_newcomers_is_there_for_long() {
        let entry =
            |name: &str, date: &str| format!("<member><Arn>{name}</Arn><CreateDate>{date}</CreateDate></member>");
        let today = "2026-11-29T20:00:43.144980Z";
        let text = format!("<List>{}{}{}</List>", entry("ann", today), entry("sham", today), entry("bob", today));
        let expected =
            format!("<List>{}{}{}</List>", entry("ann", LONG_AGO), entry("sham", today), entry("bob", LONG_AGO));
        assert_eq!(aged(&text, |arn| arn == "sham"), expected);
        assert_eq!(aged("<List/>", |_| false), "<List/>");
    }
}
