//! One drift in full: what is wrong, and what Remedy would do about it.

use std::io::{self, Write};

use remedy_domain::{Region, redact::visible as shown};
use remedy_scan::{Finding, Repair, Scan, Seen, Would};

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
    for (index, line) in repair.lines().iter().enumerate() {
        writeln!(out, "  {:<9}{}", if index == 0 { "change" } else { "" }, shown(line))?;
    }
    for (index, call) in repair.calls.iter().enumerate() {
        writeln!(out, "  {:<9}{}. {call}", if index == 0 { "calls" } else { "" }, index + 1)?;
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
