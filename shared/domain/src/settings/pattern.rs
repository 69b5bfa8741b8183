//! Patterns of names, as settings and exemptions use them.

/// Whether `name` has the form of `pattern`: `*` is any run of characters, `?` any one.
#[must_use]
pub fn matches(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern.chars(), name.chars());
    let mut retry: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let (rest_of_pattern, rest_of_name) = (pattern.clone(), name.clone());
        match (pattern.next(), name.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                retry = Some((pattern.clone(), rest_of_name.clone()));
                name = rest_of_name;
            }
            (Some(p), Some(n)) if p == '?' || p == n => {}
            _ => {
                drop(rest_of_pattern);
                let Some((after_star, mut longer)) = retry.take() else { return false };
                if longer.next().is_none() {
                    return false;
                }
                retry = Some((after_star.clone(), longer.clone()));
                (pattern, name) = (after_star, longer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_pattern_without_wildcards_is_equality(a in "[a-c]{0,4}", b in "[a-c]{0,4}") {
            prop_assert_eq!(matches(&a, &b), a == b);
        }

        #[test]
        fn a_star_takes_any_run(head in "[a-c]{0,3}", middle in "[a-c]{0,3}", tail in "[a-c]{0,3}") {
            let (pattern, name) = (format!("{head}*{tail}"), format!("{head}{middle}{tail}"));
            prop_assert!(matches(&pattern, &name));
        }
    }
}
