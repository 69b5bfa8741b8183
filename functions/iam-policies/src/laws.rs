//! The worlds of this function's controls, and the laws in all of them.

mod policies;
mod principals;
mod unapproved;
mod worlds;

use crate::{
    AdminAttached, InlineKms, InlinePolicy, PolicyAdmin, PolicyFullService, PolicyUnapproved, UserDirectPolicy,
};

remedy_testkit::laws!(policy_admin: PolicyAdmin);
remedy_testkit::laws!(admin_attached: AdminAttached);
remedy_testkit::laws!(policy_full_service: PolicyFullService);
remedy_testkit::laws!(user_direct_policy: UserDirectPolicy);
remedy_testkit::laws!(inline_policy: InlinePolicy);
remedy_testkit::laws!(inline_kms: InlineKms);
remedy_testkit::laws!(policy_unapproved: PolicyUnapproved);
