//! The setting of the control: what stands of the MFA-deny policy at a user. Its content is in [`remedy_domain::fence`].

use percent_encoding::percent_decode_str;
pub(crate) use remedy_domain::fence::{MANAGED, NAME, arn_beside, is_fence, is_managed, managed_document, same, whose};
use remedy_domain::{Call, Conflict, Route, Setting, canonical};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ATTACH: Call = Call::same("iam:AttachUserPolicy");
pub(crate) const DETACH: Call = Call::same("iam:DetachUserPolicy");
pub(crate) const DELETE: Call = Call::same("iam:DeleteUserPolicy");

/// What stands of the MFA-deny policy at a user: the managed policy, the inline one of earlier versions, or both.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Fence {
    /// The text of the inline policy, which is exactly the MFA-deny policy of the user. Any other under its name is left
    /// to `iam-inline-policy`; plans of earlier versions may hold one.
    pub inline: Option<String>,
    /// Whether the managed policy is attached.
    pub attached: bool,
}

/// The stored forms. Earlier versions knew the inline policy alone, and their plans keep their digests.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stored {
    Inline(Option<String>),
    Any(Any),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Any {
    attached: bool,
    inline: Option<String>,
}

impl From<Stored> for Fence {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Inline(inline) => Self { inline, attached: false },
            Stored::Any(Any { attached, inline }) => Self { inline, attached },
        }
    }
}

impl From<Fence> for Stored {
    fn from(Fence { inline, attached }: Fence) -> Self {
        if attached { Self::Any(Any { attached, inline }) } else { Self::Inline(inline) }
    }
}

/// What a fence means for the user: both forms deny the same.
enum State<'f> {
    Down,
    Up,
    /// An inline policy that is nobody's MFA-deny policy, in a plan of an earlier version.
    Other(&'f str),
}

impl Fence {
    /// The managed policy alone.
    pub(crate) const ATTACHED: Self = Self { inline: None, attached: true };
    /// Nothing.
    pub(crate) const DOWN: Self = Self { inline: None, attached: false };

    fn state(&self) -> State<'_> {
        match &self.inline {
            _ if self.attached => State::Up,
            None => State::Down,
            Some(text) if whose(text).is_some() => State::Up,
            Some(text) => State::Other(text),
        }
    }

    /// Whether anything of it stands.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self.state(), State::Up)
    }
}

impl Setting for Fence {
    const NAME: &'static str = "the MFA-deny policy of the user";

    fn rebase(before: &Self, after: &Self, now: &Self) -> Result<Self, Conflict> {
        if before.agrees(after) || now.agrees(after) {
            Ok(now.clone())
        } else if now.agrees(before) {
            Ok(after.clone())
        } else {
            Err(Conflict { element: Self::NAME.to_owned() })
        }
    }

    /// Whether they mean the same.
    fn agrees(&self, other: &Self) -> bool {
        match (self.state(), other.state()) {
            (State::Other(a), State::Other(b)) => same(a, b),
            (a, b) => std::mem::discriminant(&a) == std::mem::discriminant(&b),
        }
    }

    fn show(&self) -> Value {
        let digest = |text: &String| canonical::sha256_hex(text.as_bytes());
        match (&self.inline, self.attached) {
            (None, false) => Value::Null,
            (None, true) => json!({"managed_policy": MANAGED}),
            (Some(text), false) => json!({"inline_policy": NAME, "sha256": digest(text)}),
            (Some(text), true) => {
                json!({"inline_policy": NAME, "managed_policy": MANAGED, "sha256": digest(text)})
            }
        }
    }
}

/// The writes of the MFA-deny policy of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Attaches the MFA-deny policy.
    Attach,
    /// Takes it off.
    Detach,
    /// Deletes the inline MFA-deny policy of earlier versions.
    DeleteInline,
}

impl remedy_domain::Step for Step {
    type Setting = Fence;

    fn call(&self) -> Call {
        match self {
            Self::Attach => ATTACH,
            Self::Detach => DETACH,
            Self::DeleteInline => DELETE,
        }
    }

    /// What an inline policy said is never written again: the managed one means the same.
    fn route(from: &Fence, to: &Fence) -> Route<Self> {
        if from.agrees(to) {
            return Route::of(vec![]);
        }
        match (from.state(), to.state()) {
            (State::Other(_), _) | (_, State::Other(_)) => {
                Route { steps: vec![], lost: vec!["an inline policy that is not the MFA-deny policy".to_owned()] }
            }
            (_, State::Up) => Route::of(vec![Self::Attach]),
            (_, State::Down) => {
                let detach = from.attached.then_some(Self::Detach);
                let delete = from.inline.as_ref().map(|_| Self::DeleteInline);
                Route::of(detach.into_iter().chain(delete).collect())
            }
        }
    }
}

/// A policy document as IAM returns it: percent-encoded by RFC 3986.
pub(crate) fn decoded(document: &str) -> String {
    percent_decode_str(document).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use remedy_domain::{Step as _, fence::document};

    use super::*;

    fn inline(text: impl Into<String>) -> Fence {
        Fence { inline: Some(text.into()), attached: false }
    }

    #[test]
    fn what_iam_returns_is_decoded() {
        assert_eq!(decoded("%7B%22a%22%3A%221%2B2%22%7D"), r#"{"a":"1+2"}"#);
    }

    #[test]
    fn the_forms_of_earlier_versions_read_and_stay_as_they_were() {
        let both = Fence { inline: Some("{}".into()), attached: true };
        let forms = [
            (json!(null), Fence::DOWN),
            (json!("{}"), inline("{}")),
            (json!({"attached": true, "inline": null}), Fence::ATTACHED),
            (json!({"attached": true, "inline": "{}"}), both),
        ];
        for (stored, fence) in forms {
            assert_eq!(serde_json::from_value::<Fence>(stored.clone()).unwrap(), fence);
            assert_eq!(serde_json::to_value(fence).unwrap(), stored);
        }
        for unknown in [json!({"attached": true, "inline": null, "group": 1}), json!({"attached": "x"}), json!(1)] {
            assert!(serde_json::from_value::<Fence>(unknown.clone()).is_err(), "{unknown}");
        }
    }

    #[test]
    fn an_inline_fence_comes_down_and_is_never_written_again() {
        let ours = inline(document("arn:aws:iam::111122223333:user/bob", "bob"));
        let both = Fence { attached: true, ..ours.clone() };
        let steps = |from: &Fence, to: &Fence| Step::route(from, to).steps;
        assert!(ours.agrees(&Fence::ATTACHED) && both.agrees(&ours) && !ours.agrees(&Fence::DOWN));
        assert_eq!(steps(&ours, &Fence::DOWN), [Step::DeleteInline]);
        assert_eq!(steps(&both, &Fence::DOWN), [Step::Detach, Step::DeleteInline]);
        assert_eq!(steps(&Fence::DOWN, &ours), [Step::Attach], "it means the same");
        assert_eq!(steps(&ours, &Fence::ATTACHED), []);
        assert_eq!(Fence::rebase(&Fence::DOWN, &ours, &Fence::DOWN), Ok(ours.clone()));
        assert_eq!(Fence::rebase(&ours, &Fence::DOWN, &Fence::ATTACHED), Ok(Fence::DOWN), "whichever form stands");
        let torn = inline(r#"{"Statement":[]}"#);
        assert!(
            !torn.agrees(&ours) && !torn.agrees(&Fence::DOWN) && Fence::rebase(&ours, &Fence::DOWN, &torn).is_err()
        );
        for (from, to) in [(&ours, &torn), (&torn, &Fence::DOWN), (&Fence::DOWN, &torn)] {
            let route = Step::route(from, to);
            assert!(route.steps.is_empty() && route.lost.len() == 1, "{route:?}");
        }
    }
}
