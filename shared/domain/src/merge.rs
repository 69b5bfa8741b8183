//! The three-way merge that undo and late approvals go through: only our own difference is applied.

/// Somebody else changed the very element that was to be changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{element} has been changed by someone else since")]
pub struct Conflict {
    /// The element, as a person would name it.
    pub element: String,
}

/// Applies the difference between `before` and `after` to what is there `now`.
///
/// An element that the difference does not touch stays as it is now. One that it touches must still be what it was
/// before, or already be what it is to become; anything else is a [`Conflict`].
pub fn merge<T: PartialEq + Clone>(element: &str, before: &T, after: &T, now: &T) -> Result<T, Conflict> {
    if before == after || now == after {
        Ok(now.clone())
    } else if now == before {
        Ok(after.clone())
    } else {
        Err(Conflict { element: element.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_difference_is_applied() {
        assert_eq!(merge("x", &1, &1, &5), Ok(5), "untouched: as it is now");
        assert_eq!(merge("x", &1, &2, &1), Ok(2), "touched: becomes the new");
        assert_eq!(merge("x", &1, &2, &2), Ok(2), "already there");
        assert!(merge("x", &1, &2, &3).is_err(), "changed by someone else");
    }
}
