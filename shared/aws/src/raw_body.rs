//! The payload as bytes.
//!
//! The runtime reads the payload before the handler sees it, and answers what is not JSON with an error of its own. A
//! layer around it sets the bytes aside and hands the runtime `null`: parsing, and refusing, is ours.

use std::{
    cell::RefCell,
    rc::Rc,
    task::{Context, Poll},
};

use lambda_runtime::{
    LambdaInvocation,
    tower::{Layer, Service},
};

/// The bytes of the invocation under way.
#[derive(Debug, Clone, Default)]
pub(crate) struct RawBody(Rc<RefCell<Vec<u8>>>);

impl RawBody {
    pub(crate) fn take(&self) -> Vec<u8> {
        self.0.take()
    }
}

impl<S> Layer<S> for RawBody {
    type Service = Aside<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Aside { inner, body: self.clone() }
    }
}

/// Sets the payload aside before the runtime reads it.
#[derive(Debug)]
pub(crate) struct Aside<S> {
    inner: S,
    body: RawBody,
}

impl<S: Service<LambdaInvocation>> Service<LambdaInvocation> for Aside<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut invocation: LambdaInvocation) -> Self::Future {
        self.body.0.replace(invocation.body.to_vec());
        invocation.body = "null".into();
        self.inner.call(invocation)
    }
}
