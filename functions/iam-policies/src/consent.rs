//! Who must agree to a change of what identities may do.

use remedy_domain::{Consent, Context, IdentityRepairs};

/// A person, unless the settings say otherwise.
pub(crate) fn of_identities(context: &Context<'_>) -> Consent {
    match context.parameters.identity_repairs {
        IdentityRepairs::Ask => {
            Consent::ask("identities", "what identities may do is changed only with a person's approval")
        }
        IdentityRepairs::Auto => Consent::Auto,
    }
}
