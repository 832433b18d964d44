//! A plain GET over the same connections and certificates as the AWS clients: for module packages and registries.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

use crate::http::{Proxies, Shared};

/// A server that says nothing for so long is given up.
const PATIENCE: Duration = Duration::from_secs(120);

/// Status, headers and body of an answer.
pub type Fetched = (u16, Vec<(String, String)>, Vec<u8>);

/// Sends a GET request; redirects are the caller's.
///
/// # Errors
/// When no answer comes, or its body is longer than `limit` bytes.
pub async fn fetch(url: &str, headers: &[(String, String)], limit: u64) -> Result<Fetched, String> {
    let ca_bundle = std::env::var_os("AWS_CA_BUNDLE").and_then(|path| std::fs::read(path).ok());
    let proxies = Proxies { http: ProxyConfig::from_env(), https: ProxyConfig::from_env() };
    let shared = Shared { ca_bundle, proxies, connectors: Mutex::new(HashMap::new()) };
    let connector = if url.starts_with("http://") {
        Connector::builder().proxy_config(shared.proxies.http.clone()).build_http()
    } else {
        shared.tls(Connector::builder().proxy_config(shared.proxies.https.clone()))?
    };
    let mut request = HttpRequest::new(SdkBody::empty());
    request.set_uri(url.to_owned()).map_err(|e| format!("this is no address: {e}"))?;
    request.headers_mut().insert("user-agent", concat!("sdt/", env!("CARGO_PKG_VERSION")));
    for (name, value) in headers {
        request
            .headers_mut()
            .try_insert(name.clone(), value.clone())
            .map_err(|_| "a header cannot be sent".to_owned())?;
    }
    let waiting = |_| "no answer in time".to_owned();
    let answer = tokio::time::timeout(PATIENCE, connector.call(request)).await.map_err(waiting)?;
    let answer = answer.map_err(|e| {
        let mut text = e.to_string();
        let mut source = std::error::Error::source(&e);
        while let Some(s) = source {
            text = format!("{text}: {s}");
            source = s.source();
        }
        text
    })?;
    let status = answer.status().as_u16();
    let found = answer.headers().iter().map(|(k, v)| (k.to_lowercase(), v.to_owned())).collect();
    let mut stream = ByteStream::new(answer.into_body());
    let mut body = Vec::new();
    while let Some(chunk) = tokio::time::timeout(PATIENCE, stream.next()).await.map_err(waiting)? {
        let chunk = chunk.map_err(|e| format!("the answer breaks off: {e}"))?;
        if (body.len() + chunk.len()) as u64 > limit {
            return Err(format!("the answer is longer than {limit} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((status, found, body))
}
