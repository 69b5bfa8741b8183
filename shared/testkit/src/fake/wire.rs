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
    call::{Call, Service},
};

impl HttpClient for FakeAws {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for FakeAws {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (call, turn) = (Call::read(&request), self.fate.turn());
        if let Some(mishap) = turn.mishap(Moment::Before) {
            return self.befall(mishap, call.service);
        }
        let response = self.carry_out(&call, turn);
        match turn.mishap(Moment::After) {
            Some(mishap) => self.befall(mishap, call.service),
            None => HttpConnectorFuture::new(async move {
                turn.wait().await;
                Ok(response)
            }),
        }
    }
}

impl FakeAws {
    fn befall(&self, mishap: Mishap, service: Service) -> HttpConnectorFuture {
        let refused = |refusal: Refusal| HttpConnectorFuture::ready(Ok(render(service, Err(refusal))));
        match mishap {
            Mishap::Throttled => refused(Refusal::throttled(service)),
            Mishap::Unavailable => refused(Refusal::unavailable(service)),
            Mishap::Dropped => HttpConnectorFuture::ready(Err(ConnectorError::io("the connection broke".into()))),
            Mishap::Crash => {
                self.fate.crash();
                HttpConnectorFuture::new(std::future::pending())
            }
        }
    }
}
