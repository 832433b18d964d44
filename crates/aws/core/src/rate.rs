//! A token bucket for each service in front of the HTTP client.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use tokio::time::Instant;

/// Requests a second and burst. Services that publish tighter limits stand here by name; the others are far from theirs.
fn limits(service: &str) -> (f64, f64) {
    match service {
        // Route 53 allows 5 a second per account.
        "route53" => (5.0, 5.0),
        "iam" => (20.0, 60.0),
        "efs" => (20.0, 60.0),
        "ec2" => (100.0, 200.0),
        _ => (50.0, 100.0),
    }
}

/// Puts a service's bucket before the shared client.
pub(crate) fn limited(inner: SharedHttpClient, service: &str) -> SharedHttpClient {
    let (rate, burst) = limits(service);
    let bucket = Bucket { rate, burst, state: Mutex::new((burst, Instant::now())) };
    SharedHttpClient::new(LimitedClient { inner, bucket: Arc::new(bucket) })
}

#[derive(Debug)]
struct Bucket {
    rate: f64,
    burst: f64,
    /// Tokens left (negative: promised to those who wait) and when they were counted.
    state: Mutex<(f64, Instant)>,
}

impl Bucket {
    /// Takes a token and returns how long to wait for it.
    fn take(&self) -> Duration {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let refilled = state.0 + now.duration_since(state.1).as_secs_f64() * self.rate;
        *state = (refilled.min(self.burst) - 1.0, now);
        Duration::from_secs_f64((-state.0 / self.rate).max(0.0))
    }
}

#[derive(Debug)]
struct LimitedClient {
    inner: SharedHttpClient,
    bucket: Arc<Bucket>,
}

impl HttpClient for LimitedClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(LimitedConnector { inner, bucket: self.bucket.clone() })
    }
}

#[derive(Debug)]
struct LimitedConnector {
    inner: SharedHttpConnector,
    bucket: Arc<Bucket>,
}

impl HttpConnector for LimitedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let wait = self.bucket.take();
        let inner = self.inner.clone();
        if wait.is_zero() {
            return inner.call(request);
        }
        HttpConnectorFuture::new(async move {
            tokio::time::sleep(wait).await;
            inner.call(request).await
        })
    }
}
