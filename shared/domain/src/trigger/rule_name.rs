//! Names of AWS Config rules as they arrive, and as they were given.

/// The rule's own name, without what a conformance pack, Security Hub or an organisation adds to it:
/// `<rule>-conformance-pack-<9>`, `securityhub-<rule>-<5 to 8>`, `OrgConfigRule-<rule>-<8>`, the last part letters and
/// digits.
///
/// AWS documents none of the three; the shapes were seen in real events. A rule that somebody named in such a way by hand
/// looks the same, so this is only for where the rule itself, and with it the source identifier, cannot be found.
#[must_use]
pub fn undecorated(rule_name: &str) -> &str {
    let name = split_off(rule_name, "-conformance-pack-", 9..=9).unwrap_or(rule_name);
    let within = |prefix, digits| name.strip_prefix(prefix).and_then(|rest| split_off(rest, "-", digits));
    within("securityhub-", 5..=8).or_else(|| within("OrgConfigRule-", 8..=8)).unwrap_or(name)
}

/// What stands before the last `separator`, if what follows is a random part of such a length.
fn split_off<'a>(name: &'a str, separator: &str, digits: std::ops::RangeInclusive<usize>) -> Option<&'a str> {
    let (before, random) = name.rsplit_once(separator)?;
    let is_random = digits.contains(&random.len()) && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_random && !before.is_empty()).then_some(before)
}

#[cfg(test)]
mod tests {
    use super::undecorated;

    #[test]
    fn names() {
        let table = [
            ("s3-bucket-ssl-requests-only", "s3-bucket-ssl-requests-only"),
            ("s3-bucket-public-read-prohibited-conformance-pack-ab12cd34e", "s3-bucket-public-read-prohibited"),
            ("securityhub-cloud-trail-encryption-enabled-dadfg6", "cloud-trail-encryption-enabled"),
            ("securityhub-iam-user-mfa-enabled-0a1b2c3d", "iam-user-mfa-enabled"),
            ("OrgConfigRule-s3-bucket-versioning-enabled-abcd1234", "s3-bucket-versioning-enabled"),
            ("securityhub-enabled", "securityhub-enabled"),
            ("securityhub-enabled-conformance-pack-ab12cd34e", "securityhub-enabled"),
            ("securityhub-s3-bucket-ssl-requests-only-nv6rb", "s3-bucket-ssl-requests-only"),
            ("securityhub-vpc-flow-logs-1234", "securityhub-vpc-flow-logs-1234"),
            ("x-conformance-pack-ab12cd34é", "x-conformance-pack-ab12cd34é"),
            ("-conformance-pack-ab12cd34e", "-conformance-pack-ab12cd34e"),
            ("securityhub--abcdef", "securityhub--abcdef"),
            ("", ""),
        ];
        for (decorated, plain) in table {
            assert_eq!(undecorated(decorated), plain);
        }
    }
}
