//! The fake as the SDK's HTTP client: where requests come in, and where they can go wrong.

use aws_smithy_runtime_api::client::{
    http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
    orchestrator::HttpRequest,
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};

use super::{
    FakeAws, Mishap, Moment,
    answer::{Refusal, render},
    call::Call,
    dialect::Dialect,
};

impl HttpClient for FakeAws {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for FakeAws {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (call, turn) = (Call::read(&request, &self.services), self.fate.turn());
        if let Some(mishap) = turn.mishap(Moment::Before) {
            return self.befall(mishap, call.service.dialect);
        }
        let response = self.carry_out(&call, turn);
        match turn.mishap(Moment::After) {
            Some(mishap) => self.befall(mishap, call.service.dialect),
            None => HttpConnectorFuture::new(async move {
                turn.wait().await;
                Ok(response)
            }),
        }
    }
}

impl FakeAws {
    fn befall(&self, mishap: Mishap, dialect: Dialect) -> HttpConnectorFuture {
        let refused = |refusal: Refusal| HttpConnectorFuture::ready(Ok(render(dialect, Err(refusal))));
        match mishap {
            Mishap::Throttled => refused(dialect.throttled()),
            Mishap::Unavailable => refused(dialect.unavailable()),
            Mishap::Dropped => HttpConnectorFuture::ready(Err(ConnectorError::io("the connection broke".into()))),
            Mishap::Crash => {
                self.fate.crash();
                HttpConnectorFuture::new(std::future::pending())
            }
        }
    }
}
