//! The one HTTP client: plain and TLS connections kept apart, each set up when first used.
//!
//! Reading the system's root certificates costs tens of milliseconds; a run against a plain `http` endpoint never does.

use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Connector, ConnectorBuilder};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// Idle connections kept per host: as many as the largest useful parallelism.
const IDLE_PER_HOST: usize = 64;

/// What distinguishes connection pools: TLS or not, and the timeouts.
pub(crate) type Key = (bool, Option<Duration>, Option<Duration>);

/// Makes connectors and keeps them.
#[derive(Clone)]
pub(crate) struct LazyClient {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    /// PEM certificates to trust instead of the system's.
    pub(crate) ca_bundle: Option<Vec<u8>>,
    pub(crate) proxies: Proxies,
    pub(crate) connectors: Mutex<HashMap<Key, SharedHttpConnector>>,
}

/// Proxies by scheme of the request.
#[derive(Clone)]
pub(crate) struct Proxies {
    pub(crate) http: ProxyConfig,
    pub(crate) https: ProxyConfig,
}

impl LazyClient {
    pub(crate) fn new(ca_bundle: Option<Vec<u8>>, proxies: Proxies) -> Self {
        Self { shared: Arc::new(Shared { ca_bundle, proxies, connectors: Mutex::default() }) }
    }
}

impl fmt::Debug for LazyClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LazyClient")
    }
}

impl HttpClient for LazyClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(ByScheme {
            shared: self.shared.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    }
}

struct ByScheme {
    shared: Arc<Shared>,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl fmt::Debug for ByScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByScheme")
    }
}

impl HttpConnector for ByScheme {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let tls = !request.uri().starts_with("http://");
        match self.shared.connector(tls, &self.settings, &self.components) {
            Ok(connector) => connector.call(request),
            Err(message) => HttpConnectorFuture::ready(Err(ConnectorError::user(message.into()))),
        }
    }
}

impl Shared {
    fn connector(
        &self,
        tls: bool,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> Result<SharedHttpConnector, &'static str> {
        let key = (tls, settings.connect_timeout(), settings.read_timeout());
        let mut connectors = self.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connector) = connectors.get(&key) {
            return Ok(connector.clone());
        }
        let mut builder: ConnectorBuilder =
            Connector::builder().connector_settings(settings.clone()).pool_max_idle_per_host(IDLE_PER_HOST);
        builder.set_sleep_impl(components.sleep_impl());
        let built = match tls {
            false => builder.proxy_config(self.proxies.http.clone()).build_http(),
            true => self.tls(builder.proxy_config(self.proxies.https.clone()))?,
        };
        let connector = SharedHttpConnector::new(built);
        connectors.insert(key, connector.clone());
        Ok(connector)
    }

    pub(crate) fn tls(&self, builder: ConnectorBuilder) -> Result<Connector, &'static str> {
        let store = match &self.ca_bundle {
            Some(pem) => TrustStore::empty().with_pem_certificate(pem.clone()),
            None => TrustStore::default(),
        };
        // The TLS stack panics over certificates that it cannot use and, in debug builds, over a system without any.
        catch_unwind(AssertUnwindSafe(|| {
            let context = TlsContext::builder().with_trust_store(store).build().ok()?;
            Some(builder.tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(context).build())
        }))
        .ok()
        .flatten()
        .ok_or("no usable root certificates: install the system's CA certificates (package ca-certificates), or name a file of PEM certificates in AWS_CA_BUNDLE")
    }
}
