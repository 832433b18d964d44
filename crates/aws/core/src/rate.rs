//! A token bucket for each service in front of the HTTP client, one for all objects and operations of a provider configuration. When the
//! service says that it is too much, the rate halves; each answer that does not brings it a little way back.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
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
    let bucket = Bucket::new(rate, burst);
    SharedHttpClient::new(LimitedClient { inner, bucket: Arc::new(bucket) })
}

/// However busy a service is, so many requests a second are tried.
const LEAST: f64 = 1.0;

/// Answers in a row without throttling that bring the full rate back from the least.
const RECOVERY: f64 = 100.0;

#[derive(Debug)]
struct Bucket {
    full: f64,
    burst: f64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Requests a second now.
    rate: f64,
    /// Tokens left (negative: promised to those who wait).
    tokens: f64,
    /// When they were counted.
    at: Instant,
    /// When the rate was last lowered: answers to what was sent before do not lower it again.
    lowered: Option<Instant>,
}

impl Bucket {
    fn new(full: f64, burst: f64) -> Self {
        let state = State { rate: full, tokens: burst, at: Instant::now(), lowered: None };
        Self { full, burst, state: Mutex::new(state) }
    }

    /// Takes a token and returns how long to wait for it.
    fn take(&self) -> Duration {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let refilled = state.tokens + now.duration_since(state.at).as_secs_f64() * state.rate;
        state.tokens = refilled.min(self.burst) - 1.0;
        state.at = now;
        Duration::from_secs_f64((-state.tokens / state.rate).max(0.0))
    }

    /// Hears of the answer to a request sent at `sent`.
    fn heard(&self, throttled: bool, sent: Instant) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !throttled {
            state.rate = (state.rate + (self.full - LEAST) / RECOVERY).min(self.full);
        } else if state.lowered.is_none_or(|at| sent >= at) {
            state.rate = (state.rate / 2.0).max(LEAST.min(self.full));
            state.tokens = state.tokens.min(0.0);
            state.lowered = Some(Instant::now());
            tracing::debug!(rate = state.rate, "the service throttles: fewer requests a second");
        }
    }
}

/// Tells whether an answer says that there were too many requests.
fn throttled(response: &HttpResponse) -> bool {
    let status = response.status().as_u16();
    let kind = response.headers().get("x-amzn-errortype").unwrap_or_default();
    let named = kind.contains("Throttl") || kind.contains("TooManyRequests") || kind.contains("LimitExceeded");
    // EC2 and S3 answer 503 with a code in the body; a service that is down is spared as well.
    matches!(status, 429 | 503) || status == 400 && named && !kind.starts_with("LimitExceeded")
}

/// Tells whether the request may have been carried out although nobody says so. Not after a 503: it means "not now".
fn unclear(answer: &Result<HttpResponse, ConnectorError>) -> bool {
    answer.as_ref().map_or(true, |response| matches!(response.status().as_u16(), 500 | 502 | 504))
}

/// Stands for a status that the SDK would answer by repeating the request.
pub(crate) const UNREPEATED: u16 = 599;

/// The same answer in a form that the SDK does not repeat.
fn not_to_be_repeated(answer: Result<HttpResponse, ConnectorError>) -> Result<HttpResponse, ConnectorError> {
    let mut response = answer.map_err(|error| ConnectorError::other(error.into(), None))?;
    if let Ok(status) = StatusCode::try_from(UNREPEATED) {
        *response.status_mut() = status;
    }
    Ok(response)
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
        let (inner, bucket) = (self.inner.clone(), self.bucket.clone());
        HttpConnectorFuture::new(async move {
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            let sent = Instant::now();
            let answer = inner.call(request).await;
            if let Ok(response) = &answer {
                bucket.heard(throttled(response), sent);
            }
            if unclear(&answer) && sdt_provider::reply_lost() { not_to_be_repeated(answer) } else { answer }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttling_halves_the_rate_and_answers_bring_it_back() {
        let bucket = Bucket::new(100.0, 200.0);
        let rate = || bucket.state.lock().map_or(0.0, |s| s.rate);
        let sent = Instant::now();
        bucket.heard(true, sent);
        assert!((rate() - 50.0).abs() < 1e-9);
        // What was under way then says nothing new.
        bucket.heard(true, sent);
        assert!((rate() - 50.0).abs() < 1e-9);
        for _ in 0..50 {
            bucket.heard(true, Instant::now());
        }
        assert!((rate() - LEAST).abs() < 1e-9);
        for _ in 0..100 {
            bucket.heard(false, Instant::now());
        }
        assert!((rate() - 100.0).abs() < 1e-6);
    }
}
