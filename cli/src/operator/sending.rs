//! Signing a request and handing it over.

use std::io::{self, Write as _};

use clap::Args;
use remedy_domain::request::Request;

use crate::sign;

/// Whom a request is for.
#[derive(Debug, Args)]
pub(crate) struct Sending {
    /// Whom the request is for: what `REMEDY_AUDIENCE` of the operator function says. Without it, `REMEDY_AUDIENCE` here.
    #[arg(long)]
    audience: Option<String>,
    /// The Region of the operator function. Without it, `AWS_REGION`, else `AWS_DEFAULT_REGION`.
    #[arg(long)]
    region: Option<String>,
}

/// A request that was not handed over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotSent {
    #[error("the request is no JSON")]
    NotJson(#[source] serde_json::Error),
    #[error(transparent)]
    Sign(#[from] sign::Failed),
    #[error("standard output takes nothing")]
    Output(#[source] io::Error),
}

impl Sending {
    /// Prints the signed payload, one line, good for five minutes.
    pub(super) fn send(&self, request: &Request) -> Result<(), NotSent> {
        let text = serde_json::to_string(request).map_err(NotSent::NotJson)?;
        let payload = sign::payload(&text, self.audience.as_deref(), self.region.clone())?;
        writeln!(io::stdout(), "{payload}").map_err(NotSent::Output)
    }
}
