//! What looks like a patient's number: a social security number (`987-65-4321`), or `MRN` and a number behind it.

const MASK: &str = "[number]";
/// The groups of a social security number.
const GROUPS: [usize; 3] = [3, 2, 4];
/// So many digits make a medical record number; `mrn-1` is a name.
const SHORTEST_RECORD: usize = 5;
/// So many characters stand between `MRN` and its number, as in `MRN: 00412345`.
const LONGEST_GAP: usize = 2;

/// `text` with a mask in place of each number, never longer than it was.
pub(super) fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut last) = (text, None::<char>);
    while let Some(next) = rest.chars().next() {
        let found = social_security(rest).filter(|_| !last.is_some_and(|last| last.is_ascii_digit()));
        let end = found.or_else(|| medical_record(rest));
        out.push_str(if end.is_some() { MASK } else { rest.get(..next.len_utf8()).unwrap_or_default() });
        rest = end.unwrap_or_else(|| rest.get(next.len_utf8()..).unwrap_or_default());
        last = Some(next);
    }
    out
}

/// What follows the social security number that `text` begins with.
fn social_security(text: &str) -> Option<&str> {
    let mut rest = text;
    for (place, digits) in GROUPS.into_iter().enumerate() {
        if place > 0 {
            rest = rest.strip_prefix(['-', ' '])?;
        }
        let (group, after) = rest.split_at_checked(digits)?;
        rest = group.bytes().all(|byte| byte.is_ascii_digit()).then_some(after)?;
    }
    Some(rest.trim_start_matches(|c: char| c.is_ascii_digit()))
}

/// What follows the medical record number that `text` begins with.
fn medical_record(text: &str) -> Option<&str> {
    let (word, rest) = text.split_at_checked("MRN".len())?;
    let gap = rest.bytes().take(LONGEST_GAP).take_while(|byte| b" :#-_=/.".contains(byte)).count();
    let number = rest.get(gap..).filter(|_| word.eq_ignore_ascii_case("MRN"))?;
    let after = number.trim_start_matches(|c: char| c.is_ascii_digit());
    (number.len() - after.len() >= SHORTEST_RECORD).then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn patients_numbers_are_masked() {
        let cases = [
            ("987-65-4321", "[number]"),
            ("ssn 987 65 4321.", "ssn [number]."),
            ("x987-65-4321y", "x[number]y"),
            ("987-65-43210", "[number]"),
            ("MRN00412345", "[number]"),
            ("MRN: 00412345, ward 3", "[number], ward 3"),
            ("scans-mrn-00412345-a", "scans-[number]-a"),
            ("987-65-4321 987-65-4321", "[number] [number]"),
        ];
        for (text, expected) in cases {
            assert_eq!(masked(text), expected, "{text}");
        }
    }

    #[test]
    fn the_numbers_of_aws_stay() {
        for text in [
            "arn:aws:iam::111122223333:role/clinic-it",
            "2026-03-02T10:15:30.123Z",
            "logs-2026-11-26-0001",
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "mrn-1",
            "mrn",
            "1987-65-4321",
            "987-65-432",
            "é987-65é",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    proptest! {
        #[test]
        fn nothing_is_left_and_nothing_grows(text in "([MmRrNn:0-9 é-]{0,9}){0,20}") {
            let once = masked(&text);
            prop_assert!(once.len() <= text.len());
            prop_assert_eq!(masked(&once), once);
        }

        #[test]
        fn wherever_a_number_stands_it_goes(
            before in "[a-z é-]{0,9}",
            groups in ("[0-9]{3}", "[0-9]{2}", "[0-9]{4}"),
            after in "[a-z é-]{0,9}",
        ) {
            let (area, group, serial) = groups;
            let told = masked(&format!("{before}{area}-{group}-{serial}{after}"));
            prop_assert!(!told.contains(&serial), "{}", told);
        }
    }
}
