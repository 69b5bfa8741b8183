//! The calls of this function. Those in threes are about users, groups and roles.

use remedy_domain::Call;

pub(crate) const LIST_ATTACHED: [Call; 3] = [
    Call::same("iam:ListAttachedUserPolicies"),
    Call::same("iam:ListAttachedGroupPolicies"),
    Call::same("iam:ListAttachedRolePolicies"),
];
pub(crate) const LIST_INLINE: [Call; 3] =
    [Call::same("iam:ListUserPolicies"), Call::same("iam:ListGroupPolicies"), Call::same("iam:ListRolePolicies")];
pub(crate) const GET_INLINE: [Call; 3] =
    [Call::same("iam:GetUserPolicy"), Call::same("iam:GetGroupPolicy"), Call::same("iam:GetRolePolicy")];
pub(crate) const ATTACH: [Call; 3] =
    [Call::same("iam:AttachUserPolicy"), Call::same("iam:AttachGroupPolicy"), Call::same("iam:AttachRolePolicy")];
pub(crate) const DETACH: [Call; 3] =
    [Call::same("iam:DetachUserPolicy"), Call::same("iam:DetachGroupPolicy"), Call::same("iam:DetachRolePolicy")];
pub(crate) const PUT_INLINE: [Call; 3] =
    [Call::same("iam:PutUserPolicy"), Call::same("iam:PutGroupPolicy"), Call::same("iam:PutRolePolicy")];
pub(crate) const DELETE_INLINE: [Call; 3] =
    [Call::same("iam:DeleteUserPolicy"), Call::same("iam:DeleteGroupPolicy"), Call::same("iam:DeleteRolePolicy")];
pub(crate) const PUT_BOUNDARY: [Call; 2] =
    [Call::same("iam:PutUserPermissionsBoundary"), Call::same("iam:PutRolePermissionsBoundary")];
pub(crate) const DELETE_BOUNDARY: [Call; 2] =
    [Call::same("iam:DeleteUserPermissionsBoundary"), Call::same("iam:DeleteRolePermissionsBoundary")];

pub(crate) const VERSIONS: Call = Call::same("iam:ListPolicyVersions");
pub(crate) const VERSION: Call = Call::same("iam:GetPolicyVersion");
pub(crate) const CREATE_VERSION: Call = Call::same("iam:CreatePolicyVersion");
pub(crate) const SET_DEFAULT: Call = Call::same("iam:SetDefaultPolicyVersion");
pub(crate) const DELETE_VERSION: Call = Call::same("iam:DeletePolicyVersion");
pub(crate) const CREATE_POLICY: Call = Call::same("iam:CreatePolicy");
pub(crate) const DELETE_POLICY: Call = Call::same("iam:DeletePolicy");

pub(crate) const GROUPS_OF: Call = Call::same("iam:ListGroupsForUser");
pub(crate) const AUTHORIZATIONS: Call = Call::same("iam:GetAccountAuthorizationDetails");
pub(crate) const PROFILE: Call = Call::same("iam:GetLoginProfile");
pub(crate) const KEYS: Call = Call::same("iam:ListAccessKeys");
