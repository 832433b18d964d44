//! Calls to CloudWatch in its JSON protocol: signed, retried, counted and configured as those of the SDK.

use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions};
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier};
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{
    AuthSchemeOptionResolverParams, SharedAuthScheme, SharedAuthSchemeOptionResolver,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::error::ErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SigningName;
use aws_types::region::SigningRegion;
use aws_types::service_config::ServiceConfigKey;
use sdt_aws_core::{Api, Parts};
use sdt_provider::Error;
use serde_json::{Value as Json, json};

/// In front of each operation's name.
const TARGET: &str = "GraniteServiceVersion20100801";

/// CloudWatch in one account and region.
#[derive(Clone)]
pub(crate) struct Client {
    parts: std::sync::Arc<Parts>,
}

impl Client {
    pub(crate) fn new(parts: Parts) -> Self {
        Self { parts: parts.into() }
    }

    /// Makes a call and returns what the service answers.
    ///
    /// # Errors
    /// What the service or the network said.
    pub(crate) async fn call(&self, operation: &'static str, input: Json) -> Result<Json, Error> {
        let config = &self.parts.config;
        let mut builder = Operation::builder()
            .service_name("CloudWatch")
            .operation_name(operation)
            .endpoint_url(&self.endpoint())
            .standard_retry(&config.retry_config().cloned().unwrap_or_else(RetryConfig::standard))
            .timeout_config(config.timeout_config().cloned().unwrap_or_else(TimeoutConfig::disabled))
            .retry_classifier(AwsErrorCodeClassifier::<ErrorMetadata>::new())
            .retry_classifier(HttpStatusCodeClassifier::default())
            .retry_classifier(TransientErrorClassifier::<ErrorMetadata>::new())
            .interceptor(self.parts.counter.clone())
            .runtime_plugin(self.signing());
        if let Some(sleep) = config.sleep_impl() {
            builder = builder.sleep_impl(sleep);
        }
        if let Some(time) = config.time_source() {
            builder = builder.time_source(time);
        }
        if let Some(http) = self.parts.http.clone().or_else(|| config.http_client()) {
            builder = builder.http_client(http);
        }
        let call = builder
            .serializer(move |input: Json| {
                let mut request = HttpRequest::new(SdkBody::from(input.to_string()));
                request.set_method("POST")?;
                request.set_uri("/")?;
                request.headers_mut().insert("content-type", "application/x-amz-json-1.0");
                request.headers_mut().insert("x-amz-target", format!("{TARGET}.{operation}"));
                Ok(request)
            })
            .deserializer(answer)
            .build();
        call.invoke(input).await.api()
    }

    /// The endpoint: the provider block's, the environment's, else AWS's own.
    fn endpoint(&self) -> String {
        let config = &self.parts.config;
        let named = || {
            let key = ServiceConfigKey::builder().service_id("CloudWatch");
            let key = key.env("AWS_ENDPOINT_URL").profile("endpoint_url").build().ok()?;
            config.service_config()?.load_config(key)
        };
        let set = self.parts.endpoint.clone().or_else(named).or_else(|| config.endpoint_url().map(str::to_owned));
        set.unwrap_or_else(|| {
            let region = config.region().map_or("", AsRef::as_ref);
            let host = if config.use_fips() == Some(true) { "monitoring-fips" } else { "monitoring" };
            let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
            format!("https://{host}.{region}.{suffix}")
        })
    }

    fn signing(&self) -> StaticRuntimePlugin {
        let config = &self.parts.config;
        let mut layer = Layer::new("signing");
        layer.store_put(AuthSchemeOptionResolverParams::new(()));
        layer.store_put(SigningName::from_static("monitoring"));
        if let Some(region) = config.region() {
            layer.store_put(SigningRegion::from(region.clone()));
        }
        let mut options = SigningOptions::default();
        options.double_uri_encode = true;
        options.normalize_uri_path = true;
        layer.store_put(SigV4OperationSigningConfig { signing_options: options, ..Default::default() });
        let mut components = RuntimeComponentsBuilder::new("signing");
        components.set_auth_scheme_option_resolver(Some(SharedAuthSchemeOptionResolver::new(
            StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID]),
        )));
        components.push_auth_scheme(SharedAuthScheme::new(SigV4AuthScheme::new()));
        if let Some(credentials) = config.credentials_provider() {
            components.set_identity_resolver(SCHEME_ID, credentials);
        }
        if let Some(cache) = config.identity_cache() {
            components.set_identity_cache(Some(cache));
        }
        StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components)
    }
}

/// The answer, or the error's code and message.
fn answer(response: &HttpResponse) -> Result<Json, OrchestratorError<ErrorMetadata>> {
    let body = response.body().bytes().unwrap_or_default();
    let parsed: Json = serde_json::from_slice(body).unwrap_or_else(|_| json!({}));
    if response.status().is_success() {
        return Ok(parsed);
    }
    let text = |names: &[&str]| names.iter().find_map(|n| parsed[n].as_str()).unwrap_or_default().to_owned();
    // "com.amazonaws.cloudwatch#ResourceNotFound", or the older code in a header: "ResourceNotFound;Sender".
    let older = response.headers().get("x-amzn-query-error").and_then(|h| h.split(';').next()).map(str::to_owned);
    let code = older.unwrap_or_else(|| text(&["__type", "code"]));
    let code = code.rsplit('#').next().unwrap_or_default().to_owned();
    let metadata = ErrorMetadata::builder().code(code).message(text(&["message", "Message"])).build();
    Err(OrchestratorError::operation(metadata))
}
