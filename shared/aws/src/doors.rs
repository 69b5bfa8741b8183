//! The way into an account: the own role reads, the write role writes, one session a plan.

use aws_credential_types::Credentials;
use remedy_domain::{Call, Fault, guard::Permit};
use remedy_engine::{Doors, Place, Writer};

use crate::{
    faults::fault,
    ports::AwsPorts,
    session::{Connect, Session},
};

/// The calls of the doors.
pub(crate) const CALLS: [Call; 1] = [Call::same("sts:AssumeRole")];

impl<C: Connect> Doors<C> for AwsPorts {
    async fn reader(&self, place: &Place) -> Result<C, Fault> {
        if place.account != self.own_account {
            let next = "invoke the function in the account of the resource";
            return Err(Fault::rejected("open", "foreign-account", next));
        }
        Ok(C::connect(&self.session.in_region(&place.region)))
    }

    /// The plan id is the session name, so that CloudTrail ties every write to its evidence.
    async fn writer(&self, permit: Permit, place: &Place) -> Result<Writer<C>, Fault> {
        let role = self.write_role(place)?;
        let sts = aws_sdk_sts::Client::new(self.session.config());
        let request = sts.assume_role().role_arn(role).role_session_name(permit.plan().as_str()).duration_seconds(900);
        let answer = request.send().await.map_err(|error| fault("sts:AssumeRole", &error))?;
        let given = answer.credentials().ok_or_else(|| Fault::transient("sts:AssumeRole", "no-credentials"))?;
        let token = Some(given.session_token().to_owned());
        let credentials = Credentials::new(given.access_key_id(), given.secret_access_key(), token, None, "write-role");
        let session: Session = self.session.with_credentials(credentials).in_region(&place.region);
        Ok(Writer::open(&permit, C::connect(&session)))
    }
}

impl AwsPorts {
    /// The ARN of the write role in an account.
    fn write_role(&self, place: &Place) -> Result<String, Fault> {
        let missing = || Fault::rejected("open", "no-write-role", "set REMEDY_WRITE_ROLE");
        let role = self.environment.write_role.as_deref().ok_or_else(missing)?;
        let account = place.account.as_str();
        if role.starts_with("arn:") {
            return Ok(role.replace("{account}", account));
        }
        Ok(format!("arn:{}:iam::{account}:role/{role}", self.environment.region.partition()))
    }
}
