//! What only roles have: a trust policy.

use super::{Answered, Call, Principal, Refusal, document, done, encoded, text};

/// A role.
#[derive(Debug, Clone)]
pub(in super::super) struct Role {
    pub(in super::super) principal: Principal,
    /// Who may assume it.
    pub(in super::super) trust: String,
    pub(super) description: String,
    pub(super) seconds: u32,
}

impl Role {
    /// The role that a call to create one asks for.
    pub(super) fn asked(call: &Call, principal: Principal) -> Result<Self, Refusal> {
        let trust = text(call, "AssumeRolePolicyDocument");
        document::check_trust(&trust)?;
        let seconds = call.form.get("MaxSessionDuration").and_then(|seconds| seconds.parse().ok()).unwrap_or(3_600);
        Ok(Self { principal, trust, description: text(call, "Description"), seconds })
    }

    /// The role of a service, which only the service modifies.
    pub(super) fn of_service(service: &str, principal: Principal) -> Self {
        let trust = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"{service}"}},"Action":"sts:AssumeRole"}}]}}"#
        );
        Self { principal, trust, description: String::new(), seconds: 3_600 }
    }

    /// What an answer says of a role beyond what it says of every principal.
    pub(super) fn xml(&self) -> String {
        let (trust, seconds) = (self.trust_xml(), self.seconds);
        let told = match self.description.as_str() {
            "" => String::new(),
            said => format!("<Description>{said}</Description>"),
        };
        format!("{trust}{told}<MaxSessionDuration>{seconds}</MaxSessionDuration>")
    }

    /// Its trust policy.
    pub(super) fn trust_xml(&self) -> String {
        format!("<AssumeRolePolicyDocument>{}</AssumeRolePolicyDocument>", encoded(&self.trust))
    }

    pub(super) fn retrust(&mut self, call: &Call) -> Answered {
        let trust = text(call, "PolicyDocument");
        document::check_trust(&trust)?;
        self.trust = trust;
        done(call)
    }
}
