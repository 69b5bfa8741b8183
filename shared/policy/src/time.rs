//! Conditions on the date, for a request that is made now or later.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators", "Date condition operators": dates by the W3C's
//! profile of ISO 8601, or seconds since 1970; "AWS global condition context keys", `aws:CurrentTime`, `aws:EpochTime`,
//! `aws:TokenIssueTime`.

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};

use crate::document::{Clause, Operator};

/// The keys of the time of a request, which every request has.
const NOW: [&str; 2] = ["aws:currenttime", "aws:epochtime"];
/// When the caller's session began. Long-term credentials have none.
const SESSION: &str = "aws:tokenissuetime";
/// The longest session: `GetSessionToken`.
const LONGEST: SignedDuration = SignedDuration::from_hours(36);

/// Whether a clause is about a date.
pub(crate) fn is_about(clause: &Clause<'_>) -> bool {
    NOW.contains(&&*clause.key) || clause.key == SESSION
}

/// Whether a clause on a date holds for every request from now on, or for none. None where it holds for some, or says no
/// date.
pub(crate) fn from_now_on(clause: &Clause<'_>, now: Timestamp) -> Option<bool> {
    let is_now = NOW.contains(&&*clause.key);
    if !is_now && (clause.key != SESSION || clause.holds_without_key()) {
        return None;
    }
    // The sessions that are still good began a while ago at the earliest.
    let now = if is_now { now } else { now.checked_sub(LONGEST).ok()? };
    let dates = clause.values.iter().map(|value| date(&value.text)).collect::<Option<Vec<_>>>()?;
    let (first, last) = (dates.iter().min()?, dates.iter().max()?);
    let holds = match clause.operator {
        Operator::DateLessThan | Operator::NumericLessThan => (now >= *last).then_some(false),
        Operator::DateLessThanEquals | Operator::NumericLessThanEquals => (now > *last).then_some(false),
        Operator::DateEquals | Operator::NumericEquals => (now > *last).then_some(clause.negated),
        Operator::DateGreaterThan | Operator::NumericGreaterThan => (now > *first).then_some(true),
        Operator::DateGreaterThanEquals | Operator::NumericGreaterThanEquals => (now >= *first).then_some(true),
        _ => None,
    };
    // Not every caller has a session.
    holds.filter(|holds| is_now || !holds)
}

/// A date as IAM reads it. What has no time is the first moment of the day, month or year, in UTC.
fn date(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let utc = |at: DateTime| TimeZone::UTC.to_timestamp(at).ok();
    match text.len() {
        // A year, and not the first hours of 1970.
        4 if text.bytes().all(|byte| byte.is_ascii_digit()) => date(&format!("{text}-01-01")),
        7 if text.as_bytes().get(4) == Some(&b'-') => date(&format!("{text}-01")),
        10 if text.contains('-') => utc(text.parse::<Date>().ok()?.at(0, 0, 0, 0)),
        _ if text.contains('-') => utc(text.parse::<DateTime>().ok()?),
        _ => {
            let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
            let whole = fraction.bytes().all(|byte| byte.is_ascii_digit()).then(|| seconds.parse().ok())??;
            Timestamp::from_second(whole).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, Policy};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn told(operator: &str, key: &str, values: &str) -> Option<bool> {
        let text = format!(
            r#"{{"Statement":{{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{{"{operator}":{{"{key}":{values}}}}}}}}}"#
        );
        let policy = Policy::parse(Kind::Identity, &text).unwrap();
        from_now_on(&policy.statements[0].clauses[0], at("2026-06-01T12:00:00Z"))
    }

    #[test]
    fn dates_are_read_in_every_form_that_iam_takes() {
        let first = at("2026-01-01T00:00:00Z");
        for text in
            ["2026", "2026-01", "2026-01-01", "2026-01-01T00:00Z", "2026-01-01T00:00:00", "2026-01-01T01:00:00+01:00"]
        {
            assert_eq!(date(text), Some(first), "{text}");
        }
        assert_eq!(date("1767225600"), Some(first));
        assert_eq!(date("1767225600.0"), Some(first));
        for text in ["", "soon", "2026-13-01", "20x6", "1e9", "1.x", "${aws:EpochTime}", "2026-01-01T"] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_that_is_over_holds_for_nobody_and_one_that_has_begun_for_everybody() {
        let (over, later) = (r#""2026-05-31T00:00:00Z""#, r#""2027-01-01""#);
        for (operator, holds) in [
            ("DateLessThan", Some(false)),
            ("DateLessThanEquals", Some(false)),
            ("DateLessThanIfExists", Some(false)),
            ("DateEquals", Some(false)),
            ("DateNotEquals", Some(true)),
            ("DateGreaterThan", Some(true)),
            ("DateGreaterThanEquals", Some(true)),
            ("StringEquals", None),
        ] {
            assert_eq!(told(operator, "aws:CurrentTime", over), holds, "{operator}");
            assert_eq!(told(operator, "aws:CurrentTime", later), None, "{operator}");
        }
        assert_eq!(told("NumericLessThan", "aws:EpochTime", "1767225600"), Some(false));
        assert_eq!(told("DateLessThan", "aws:EpochTime", r#""1767225600""#), Some(false));
        assert_eq!(told("DateLessThan", "aws:CurrentTime", &format!("[{over},{later}]")), None, "any of them");
        assert_eq!(told("DateLessThan", "aws:CurrentTime", r#"["2020-01-01","soon"]"#), None, "nobody can tell");
        assert_eq!(told("DateLessThan", "aws:RequestTag/until", over), None, "the caller says it");
    }

    #[test]
    fn a_session_outlives_the_date_of_its_beginning() {
        let key = "aws:TokenIssueTime";
        assert_eq!(told("DateLessThan", key, r#""2026-05-29""#), Some(false), "all of them have ended");
        assert_eq!(told("DateLessThan", key, r#""2026-06-01T00:00:00Z""#), None, "some are still good");
        assert_eq!(told("DateLessThanIfExists", key, r#""2026-05-29""#), None, "long-term credentials have none");
        assert_eq!(told("DateGreaterThan", key, r#""2026-05-29""#), None);
    }
}
