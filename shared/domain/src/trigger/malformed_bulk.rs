//! Payloads that are too deep, too wide or too large.

use super::malformed::with_member;

/// All of them.
pub(super) fn cases() -> Vec<(String, Vec<u8>)> {
    let mut cases = too_deep();
    cases.extend(oversize());
    cases
}

fn too_deep() -> Vec<(String, Vec<u8>)> {
    let nested = |open: &str, close: &str, depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
    let values = [
        ("arrays, 64 within an object", nested("[", "]", 64)),
        ("objects, 64 within an object", nested("{\"a\":", "}", 64)),
        ("arrays, 100000", nested("[", "]", 100_000)),
        ("objects, 100000", nested("{\"a\":", "}", 100_000)),
        ("arrays, 100000 that do not end", "[".repeat(100_000)),
        ("both, six megabytes", nested("[{\"\":", "}]", 800_000)),
    ];
    let named = |(name, value): (&str, String)| {
        (format!("too-deep/{name}"), with_member(r#"{"sweep":{}}"#, &format!("\"extra\":{value}")).into_bytes())
    };
    values.into_iter().map(named).collect()
}

#[rustfmt::skip]
fn oversize() -> Vec<(String, Vec<u8>)> {
    let record = r#"{"eventSource":"aws:sqs","messageId":"1","body":""},"#;
    let members = |count: usize| (0..count).fold(String::new(), |all, n| all + &format!("\"{n}\":0,"));
    let finding = r#"{"AwsAccountId":"111122223333","Resources":[]},"#;
    let mib = " ".repeat(1 << 20);
    let texts = [
        ("seven megabytes", format!("{{\"sweep\":{{}}{}}}", " ".repeat(7 << 20))),
        ("one event above a megabyte", format!("{{\"sweep\":{{}}{mib}}}")),
        ("10001 members", with_member(r#"{"sweep":{}}"#, &format!("\"extra\":{{{}\"\":0}}", members(10_000)))),
        ("six megabytes of members", with_member(r#"{"sweep":{}}"#, &format!("\"extra\":{{{}\"\":0}}", members(500_000)))),
        ("10001 records", format!("{{\"Records\":[{}]}}", record.repeat(10_001).trim_end_matches(','))),
        (
            "101 findings",
            format!(
                "{{\"detail-type\":\"Security Hub Findings - Imported\",\"source\":\"aws.securityhub\",\"account\":\"111122223333\",\"region\":\"us-east-1\",\"detail\":{{\"findings\":[{}]}}}}",
                finding.repeat(101).trim_end_matches(',')
            ),
        ),
        ("an invoking event above a megabyte", format!("{{\"invokingEvent\":\"{mib}\"}}")),
    ];
    texts.into_iter().map(|(name, text)| (format!("oversize/{name}"), text.into_bytes())).collect()
}
