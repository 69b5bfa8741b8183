//! States of databases, and those that RDS keeps for other services.
//!
//! Source: Amazon RDS User Guide, "Viewing Amazon RDS DB instance status"; Amazon Aurora User Guide, "Viewing DB cluster status".

/// The meaning of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It can be judged and changed.
    Steady,
    /// It is being changed, and can be judged when that has ended.
    Changing,
    /// It can be judged, but not be changed, for this reason.
    Down(&'static str),
    /// It is being deleted.
    Gone,
}

const STEADY: [&str; 6] = [
    "available",
    "backing-up",
    "storage-config-upgrade",
    "storage-full",
    "storage-initialization",
    "storage-optimization",
];

const CHANGING: [&str; 20] = [
    "backtracking",
    "creating",
    "delete-precheck",
    "failing-over",
    "maintenance",
    "migrating",
    "modifying",
    "moving-to-vpc",
    "preparing-data-migration",
    "promoting",
    "rebooting",
    "renaming",
    "resetting-master-credentials",
    "scaling-compute",
    "scaling-storage",
    "starting",
    "stopping",
    "update-iam-db-auth",
    "upgrading",
    "storage-scaling",
];

/// Prefixes of statuses that name the thing that is being changed.
const CHANGING_WHAT: [&str; 2] = ["configuring-", "converting-"];

/// Returns the meaning of a status. An unknown one is never written to.
#[must_use]
pub fn state(status: &str) -> State {
    if STEADY.contains(&status) {
        State::Steady
    } else if CHANGING.contains(&status) || CHANGING_WHAT.iter().any(|begin| status.starts_with(begin)) {
        State::Changing
    } else if status == "deleting" {
        State::Gone
    } else if status == "stopped" {
        State::Down("it is stopped; start it, or wait: RDS starts it within seven days")
    } else if status.starts_with("inaccessible-encryption-credentials") {
        State::Down("RDS cannot use its KMS key: restore the key, or access to it")
    } else {
        State::Down("RDS reports a state in which it cannot be changed: see its status and events")
    }
}

/// Why no control of RDS is about databases of this engine, if none is.
#[must_use]
pub fn foreign(engine: &str) -> Option<&'static str> {
    if engine == "docdb" {
        Some("a database of Amazon DocumentDB, which answers to the same API")
    } else if engine == "neptune" {
        Some("a database of Amazon Neptune, which answers to the same API")
    } else if engine.starts_with("custom-") {
        Some("a database of RDS Custom: its owner manages it")
    } else {
        None
    }
}

/// Whether a text is a weekly window and nothing else: `sun:05:00-sun:05:30`.
pub(crate) fn is_window(text: &str) -> bool {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let is_time = |text: &str| {
        let mut parts = text.split(':');
        let is_day = parts.next().is_some_and(|day| DAYS.contains(&day));
        let mut is_number =
            || parts.next().is_some_and(|part| part.len() == 2 && part.bytes().all(|c| c.is_ascii_digit()));
        is_day && is_number() && is_number() && parts.next().is_none()
    };
    text.split_once('-').is_some_and(|(begin, end)| is_time(begin) && is_time(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_judged_awaited_or_shown_to_a_person() {
        for status in ["available", "storage-optimization", "storage-full", "backing-up"] {
            assert_eq!(state(status), State::Steady, "{status}");
        }
        for status in
            ["creating", "modifying", "configuring-iam-database-auth", "converting-to-vpc", "rebooting", "renaming"]
        {
            assert_eq!(state(status), State::Changing, "{status}");
        }
        assert_eq!(state("deleting"), State::Gone);
        for status in ["stopped", "failed", "inaccessible-encryption-credentials-recoverable", "incompatible-network"] {
            assert!(matches!(state(status), State::Down(_)), "{status}");
        }
        assert!(matches!(state("a-status-of-tomorrow"), State::Down(_)), "what is not known is never written to");
    }

    #[test]
    fn databases_of_other_services_are_told_apart() {
        for engine in ["docdb", "neptune", "custom-oracle-ee", "custom-sqlserver-se"] {
            assert!(foreign(engine).is_some(), "{engine}");
        }
        for engine in ["postgres", "aurora-mysql", "oracle-se2", "db2-se", "sqlserver-web"] {
            assert_eq!(foreign(engine), None, "{engine}");
        }
    }

    #[test]
    fn only_a_window_is_a_window() {
        assert!(is_window("sun:05:00-sun:05:30"));
        for text in ["", "sun:05:00", "sun:05:00-sun:05:3x", "sun:05:00-sun:05:30 Jane Doe", "day:05:00-sun:05:30"] {
            assert!(!is_window(text), "{text}");
        }
    }
}
