//! The figures of an account's summary.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::super::call::Call;
use super::super::wire::Reply;

/// AWS says in `GetAccountSummary` whether the root user has MFA (`AccountMFAEnabled`) and access keys
/// (`AccountAccessKeysPresent`). moto says 0 to both whatever happens, so a test sets the figures it needs.
#[derive(Default)]
pub struct AccountSummary(Mutex<BTreeMap<(String, String), u32>>);

impl AccountSummary {
    pub(in super::super) fn set(&self, account: &str, figure: &str, value: u32) {
        let key = (account.to_owned(), figure.to_owned());
        self.0.lock().expect("the figures are not poisoned").insert(key, value);
    }

    /// The emulator's answer with the figures that were set for this account.
    pub(super) fn corrected(&self, call: &Call, reply: Reply) -> Reply {
        if !reply.status.is_success() {
            return reply;
        }
        let figures = self.0.lock().expect("the figures are not poisoned");
        let own = figures.iter().filter(|((account, _), _)| *account == call.account);
        let text = own.fold(reply.text(), |text, ((_, figure), value)| with_figure(&text, figure, *value));
        reply.with_body(text)
    }
}

/// Replaces the value that follows a key, or adds the entry at the end of the map.
fn with_figure(text: &str, figure: &str, value: u32) -> String {
    let key = format!("<key>{figure}</key>");
    let replaced = text.split_once(&key).and_then(|(before, rest)| {
        let (_, after) = rest.split_once("</value>")?;
        Some(format!("{before}{key}<value>{value}</value>{after}"))
    });
    let added =
        || text.replacen("</SummaryMap>", &format!("<entry>{key}<value>{value}</value></entry></SummaryMap>"), 1);
    replaced.unwrap_or_else(added)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_replaced_or_added() {
        let map = "<SummaryMap><entry><key>A</key>\n <value>0</value></entry></SummaryMap>";
        assert_eq!(with_figure(map, "A", 1), "<SummaryMap><entry><key>A</key><value>1</value></entry></SummaryMap>");
        assert!(with_figure(map, "B", 2).ends_with("<entry><key>B</key><value>2</value></entry></SummaryMap>"));
    }
}
