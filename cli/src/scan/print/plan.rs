//! One drift in full: what is wrong, and what Remedy would do about it.

use std::io::{self, Write};

use remedy_domain::{Region, redact::visible as shown};
use remedy_scan::{Finding, Repair, Scan, Seen, Would};
use serde_json::Value;

/// Shows it.
pub(super) fn print(out: &mut impl Write, scan: &Scan, finding: &Finding) -> io::Result<()> {
    let place = if scan.accounts.len() > 1 { format!("  {}", finding.account) } else { String::new() };
    let region = if finding.region.is_global() { "" } else { Region::as_str(&finding.region) };
    let new = if finding.seen == Some(Seen::New) { "  new" } else { "" };
    writeln!(out, "{}  {}{place}  {region}{new}", finding.control, shown(&finding.resource))?;
    for violation in &finding.violations {
        writeln!(out, "  drift    {}", shown(violation))?;
    }
    if let Some(repair) = &finding.repair {
        change(out, repair)?;
    }
    would(out, scan, finding)?;
    writeln!(out)
}

fn change(out: &mut impl Write, repair: &Repair) -> io::Result<()> {
    let (before, after) = changed(&repair.before, &repair.after);
    writeln!(out, "  before   {}", shown(&before.to_string()))?;
    writeln!(out, "  after    {}", shown(&after.to_string()))?;
    for (index, call) in repair.calls.iter().enumerate() {
        let head = if index == 0 { "calls" } else { "" };
        writeln!(out, "  {head:<9}{}. {call}", index + 1)?;
    }
    Ok(())
}

fn would(out: &mut impl Write, scan: &Scan, finding: &Finding) -> io::Result<()> {
    let reason = shown(finding.reason.as_deref().unwrap_or_default());
    if let Some(exempted) = &finding.exempted {
        let until = exempted.until.strftime("%Y-%m-%d");
        let by = exempted
            .approved_by
            .as_deref()
            .map_or("not approved by anybody".to_owned(), |by| format!("approved by {by}"));
        let (owner, why, alternative) = (shown(&exempted.owner), shown(&exempted.reason), shown(&exempted.alternative));
        writeln!(out, "  exempt   until {until}, {}; owner {owner}", shown(&by))?;
        return writeln!(out, "           {why}; instead: {alternative}");
    }
    match finding.would() {
        Some(Would::Auto) => writeln!(out, "  Remedy   would repair it by itself")?,
        Some(Would::Ask) => writeln!(out, "  Remedy   would ask a person: {reason}")?,
        Some(Would::Withhold) => writeln!(out, "  Remedy   would not touch it: {reason}")?,
        Some(Would::Person) | None => writeln!(out, "  Remedy   leaves it to a person: {reason}")?,
    }
    let reversible = scan.about(&finding.control).is_none_or(|about| about.reversible);
    if finding.repair.is_some() && !reversible {
        writeln!(out, "           the repair cannot be reverted")?;
    }
    Ok(())
}

/// Of two settings, what differs.
fn changed(before: &Value, after: &Value) -> (Value, Value) {
    let (Value::Object(from), Value::Object(to)) = (before, after) else { return (before.clone(), after.clone()) };
    let differs = |name: &String| from.get(name) != to.get(name);
    let of = |members: &serde_json::Map<String, Value>| {
        members.iter().filter(|(name, _)| differs(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    (Value::Object(of(from)), Value::Object(of(to)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_shown() {
        let (before, after) = changed(&json!({"a": 1, "b": 2}), &json!({"a": 1, "b": 3, "c": 4}));
        assert_eq!((before, after), (json!({"b": 2}), json!({"b": 3, "c": 4})));
        assert_eq!(changed(&json!("x"), &json!("y")), (json!("x"), json!("y")));
    }
}
