//! SDK configurations: one for the function's own role, one for each permitted plan.

use std::{sync::OnceLock, time::Duration};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::client::{behavior_version::BehaviorVersion, http::SharedHttpClient};
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{SdkConfig, app_name::AppName};
use remedy_domain::Region;

use crate::{
    answers::Answers,
    emulator::{self, Behind},
    environment::{Access, Environment},
    gentle::Gate,
};

/// A way into one account and Region with one set of credentials.
#[derive(Debug, Clone)]
pub struct Session {
    config: SdkConfig,
    behind: Behind,
    stack: Option<String>,
    is_deployed: bool,
}

/// The name of the stack where the environment tells none.
const STACK: &str = "remedy";
/// How often somebody who only looks tries a call that AWS throttles.
const TRIES: u32 = 6;
/// Its first pause, which then doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// A client that can be made from a session.
pub trait Connect {
    /// Makes the client.
    fn connect(session: &Session) -> Self;
}

/// A client for answers that take long, made where it is first needed: an event about one resource needs none.
#[derive(Debug, Clone)]
pub struct Patient<C> {
    session: Session,
    make: fn(&SdkConfig) -> C,
    client: OnceLock<C>,
}

impl<C> Patient<C> {
    /// A client that `make` will make.
    pub fn new(session: &Session, make: fn(&SdkConfig) -> C) -> Self {
        Self { session: session.clone(), make, client: OnceLock::new() }
    }

    /// The client.
    pub fn get(&self) -> &C {
        self.client.get_or_init(|| (self.make)(self.session.patient().config()))
    }
}

impl Session {
    /// A session over a given configuration, for tests: as a template deploys it.
    #[must_use]
    pub fn over(config: SdkConfig) -> Self {
        let behind = emulator::behind(config.endpoint_url());
        Self { config, behind, stack: None, is_deployed: true }
    }

    /// The session of the function's own role, in its own Region.
    #[must_use]
    pub fn own(environment: &Environment) -> Self {
        let access = Access {
            region: environment.region.clone(),
            endpoint: environment.endpoint.clone(),
            credentials: environment.credentials.clone(),
            function: environment.function.clone(),
        };
        let session = Self::with_access(&access);
        let is_deployed = session.behind != Behind::Emulator || environment.stack_id.is_some();
        Self { stack: environment.stack.clone(), is_deployed, ..session }
    }

    /// A session with the credentials of an environment, in its Region.
    #[must_use]
    pub fn with_access(access: &Access) -> Self {
        let behind = emulator::behind(access.endpoint.as_deref());
        let credentials = Credentials::from(access.credentials.clone());
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(aws_types::region::Region::new(access.region.as_str().to_owned()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(http_client_for(access.endpoint.as_deref()))
            .sleep_impl(SharedAsyncSleep::new(aws_smithy_async::rt::sleep::TokioSleep::new()))
            .time_source(aws_smithy_async::time::SharedTimeSource::new(aws_smithy_async::time::SystemTimeSource::new()))
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(50)))
            .timeout_config(TIMEOUTS.config());
        config.set_endpoint_url(access.endpoint.clone());
        config.set_app_name(access.function.clone().and_then(|function| AppName::new(function).ok()));
        Self { config: config.build(), behind, stack: None, is_deployed: true }
    }

    /// The same session in another Region. What belongs to no Region is reached through the own one.
    #[must_use]
    pub fn in_region(&self, region: &Region) -> Self {
        if region.is_global() {
            return self.clone();
        }
        let region = aws_types::region::Region::new(region.as_str().to_owned());
        Self { config: self.config.clone().into_builder().region(region).build(), ..self.clone() }
    }

    /// The same session for answers that take long: AWS IAM needs ten seconds to return what a thousand principals hold.
    #[must_use]
    pub fn patient(&self) -> Self {
        if !self.config.timeout_config().is_some_and(TimeoutConfig::has_timeouts) {
            return self.clone();
        }
        Self { config: self.config.clone().into_builder().timeout_config(PATIENCE.config()).build(), ..self.clone() }
    }

    /// The same session for somebody who only looks: so many calls at once, patient, and slower where AWS throttles.
    #[must_use]
    pub fn gentle(&self, at_once: usize) -> Self {
        let gate = Gate::of(at_once);
        let http = self.config.http_client().map(|http| Answers::default().before(gate.before(http)));
        let mut config = self.config.clone().into_builder().timeout_config(PATIENCE.config());
        config.set_http_client(http);
        config
            .set_retry_config(Some(RetryConfig::standard().with_max_attempts(TRIES).with_initial_backoff(FIRST_PAUSE)));
        Self { config: config.build(), ..self.clone() }
    }

    /// The same session, asking AWS only what these answers do not hold.
    #[must_use]
    pub(crate) fn answered_by(&self, answers: &Answers) -> Self {
        let mut config = self.config.clone().into_builder();
        config.set_http_client(self.config.http_client().map(|http| answers.before(http)));
        Self { config: config.build(), ..self.clone() }
    }

    /// The same session with other credentials.
    pub(crate) fn with_credentials(&self, credentials: Credentials) -> Self {
        let provider = SharedCredentialsProvider::new(credentials);
        Self { config: self.config.clone().into_builder().credentials_provider(provider).build(), ..self.clone() }
    }

    /// The name of the stack that made Remedy: its resources are named after it, in every account.
    #[must_use]
    pub fn stack(&self) -> &str {
        self.stack.as_deref().unwrap_or(STACK)
    }

    /// Whether a template made what Remedy needs. Only a function behind an emulator of this machine, whose environment names
    /// no stack id, was started by hand; on AWS, this is always true.
    #[must_use]
    pub fn is_deployed(&self) -> bool {
        self.is_deployed
    }

    /// What is behind the endpoint.
    pub(crate) fn behind(&self) -> Behind {
        self.behind
    }

    /// The SDK's configuration.
    #[must_use]
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }
}

impl Connect for aws_sdk_s3::Client {
    fn connect(session: &Session) -> Self {
        let config = aws_sdk_s3::config::Builder::from(session.config());
        Self::from_conf(config.force_path_style(session.behind == Behind::Emulator).build())
    }
}

/// How long an attempt of a call may take, and all of its attempts together.
struct Timeouts {
    attempt: Duration,
    call: Duration,
}

/// One attempt is short and the whole call bounded: a Lambda must not wait on a lost packet.
const TIMEOUTS: Timeouts = Timeouts { attempt: Duration::from_secs(3), call: Duration::from_secs(12) };
const PATIENCE: Timeouts = Timeouts { attempt: Duration::from_secs(20), call: Duration::from_secs(45) };

impl Timeouts {
    fn config(&self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(Duration::from_millis(1_500))
            .operation_attempt_timeout(self.attempt)
            .operation_timeout(self.call)
            .build()
    }
}

/// The HTTP client for an endpoint; also for tests that reach an emulator as a function would.
///
/// Over plain HTTP there is no TLS to set up: reading the machine's root certificates is most of a cold start. ring is the
/// TLS provider: see docs/adr/0002-tls-provider.md.
#[must_use]
pub fn http_client_for(endpoint: Option<&str>) -> SharedHttpClient {
    let client = if endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")) {
        Builder::new().build_http()
    } else {
        Builder::new().tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring)).build_https()
    };
    match emulator::behind(endpoint) {
        Behind::Aws => client,
        Behind::Emulator => SharedHttpClient::new(emulator::Bridge(client)),
    }
}
