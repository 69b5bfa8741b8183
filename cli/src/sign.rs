//! `remedy sign`: a request to the operator function, with the proof of who makes it. Sends nothing.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use aws_credential_types::Credentials;
use clap::Args;
use remedy_aws::environment;
use remedy_domain::{Audience, Region};
use remedy_signing::{CannotSign, Unsigned};
use serde::de::IgnoredAny;

use crate::surroundings;

/// Sign a request to the operator function, and print the payload to invoke it with, good for five minutes.
///
/// The credentials are those of `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`. For a profile, or after
/// `aws sso login`, set them with: eval "$(aws configure export-credentials --format env)"
#[derive(Debug, Args)]
pub(crate) struct Command {
    /// The audience of the request: account, Region and stack of the operator function, as in
    /// `111122223333/us-east-1/remedy`. Without it, `REMEDY_AUDIENCE`.
    #[arg(long)]
    audience: Option<String>,
    /// The Region of the operator function. Without it, `AWS_REGION`, else `AWS_DEFAULT_REGION`.
    #[arg(long)]
    region: Option<String>,
    /// The request, as JSON. `-` is standard input.
    #[arg(default_value = "-")]
    request: PathBuf,
}

/// A request that was not signed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    #[error("the request cannot be read: {0}")]
    Unreadable(#[source] io::Error),
    #[error("the request is not JSON: line {line}, column {column}")]
    NotJson { line: usize, column: usize },
    #[error(
        "{0} is not set: eval \"$(aws configure export-credentials --format env)\" takes the credentials of a profile"
    )]
    Unset(&'static str),
    #[error("the Region is {0}: name that of the operator function with --region")]
    Region(&'static str),
    #[error(
        "the audience is none: name account, Region and stack with --audience, as in 111122223333/us-east-1/remedy"
    )]
    Audience,
    #[error("this machine gives no {0}")]
    Machine(&'static str),
    #[error("{0}")]
    Sign(#[from] CannotSign),
}

/// Run the command. The exit status is 2 if nothing was signed.
pub(crate) fn run(command: &Command) -> ExitCode {
    let told = match signed(command) {
        Ok(payload) => return written(&payload),
        Err(failed) => writeln!(io::stderr(), "remedy: {failed}"),
    };
    drop(told);
    ExitCode::from(2)
}

/// A reader that closes the pipe gets no payload, and we no success.
fn written(payload: &str) -> ExitCode {
    match writeln!(io::stdout(), "{payload}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(2),
    }
}

fn signed(command: &Command) -> Result<String, Failed> {
    let request = read(&command.request).map_err(Failed::Unreadable)?;
    let request = request.trim();
    if let Err(error) = serde_json::from_str::<IgnoredAny>(request) {
        return Err(Failed::NotJson { line: error.line(), column: error.column() });
    }
    payload(request, command.audience.as_deref(), command.region.clone())
}

/// The payload for a request. Without an audience, that of `REMEDY_AUDIENCE`.
pub(crate) fn payload(request: &str, audience: Option<&str>, named: Option<String>) -> Result<String, Failed> {
    let region = &region(named, surroundings::variable)?;
    let audience = audience.map(str::to_owned).or_else(|| surroundings::variable("REMEDY_AUDIENCE"));
    let audience = &Audience::parse(audience.unwrap_or_default()).map_err(|_| Failed::Audience)?;
    let nonce = &surroundings::nonce().ok_or(Failed::Machine("randomness"))?;
    let now = surroundings::now().ok_or(Failed::Machine("time"))?;
    let credentials = credentials(surroundings::variable)?;
    Ok(Unsigned { request, region, audience, nonce, now }.sign(&credentials)?)
}

fn read(file: &Path) -> io::Result<String> {
    if file == Path::new("-") { io::read_to_string(io::stdin()) } else { std::fs::read_to_string(file) }
}

/// The Region that is named, else that of the environment.
pub(crate) fn region(named: Option<String>, variable: impl Fn(&str) -> Option<String>) -> Result<Region, Failed> {
    let name = region_name(named, variable);
    Region::parse(name.ok_or(Failed::Region("not known"))?).map_err(|_| Failed::Region("not the name of one"))
}

/// The name of the Region that is named, else of that of the environment.
pub(crate) fn region_name(named: Option<String>, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    named.or_else(|| variable("AWS_REGION")).or_else(|| variable("AWS_DEFAULT_REGION"))
}

/// The credentials of the environment, as a session takes them.
pub(crate) fn of_session() -> Result<environment::Credentials, Failed> {
    let found = credentials(surroundings::variable)?;
    Ok(environment::Credentials {
        access_key_id: found.access_key_id().to_owned(),
        secret_access_key: found.secret_access_key().to_owned(),
        session_token: found.session_token().map(str::to_owned),
    })
}

/// The credentials of the environment.
pub(crate) fn credentials(variable: impl Fn(&str) -> Option<String>) -> Result<Credentials, Failed> {
    let one = |name: &'static str| variable(name).ok_or(Failed::Unset(name));
    let (key, secret) = (one("AWS_ACCESS_KEY_ID")?, one("AWS_SECRET_ACCESS_KEY")?);
    Ok(Credentials::new(key, secret, variable("AWS_SESSION_TOKEN"), None, "environment"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'a>(all: &'a [(&str, &str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| all.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn the_region_is_the_one_that_is_named_first() {
        let variables = [("AWS_REGION", "eu-west-1"), ("AWS_DEFAULT_REGION", "eu-west-2")];
        let found =
            |named: Option<&str>, from| region(named.map(str::to_owned), of(from)).map(|region| region.to_string());
        assert_eq!(found(Some("us-east-1"), &variables).unwrap(), "us-east-1");
        assert_eq!(found(None, &variables).unwrap(), "eu-west-1");
        assert_eq!(found(None, &variables[1..]).unwrap(), "eu-west-2");
        assert!(found(None, &[]).unwrap_err().to_string().contains("--region"));
    }

    #[test]
    fn a_missing_variable_is_named_with_the_way_to_set_it() {
        let without = credentials(of(&[("AWS_ACCESS_KEY_ID", "AKIA")])).unwrap_err().to_string();
        assert!(without.starts_with("AWS_SECRET_ACCESS_KEY is not set") && without.contains("export-credentials"));
        let with = [("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_SESSION_TOKEN", "t")];
        assert_eq!(credentials(of(&with)).unwrap().session_token(), Some("t"));
    }
}
