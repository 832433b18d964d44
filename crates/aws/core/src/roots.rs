//! Answers of S3's lookalikes whose XML has another root element than S3's.
//!
//! SDKs for other languages do not look at the root element of an answer; the one for Rust does. Some stores name it after the operation
//! (`GetBucketVersioningResponse` in place of `VersioningConfiguration`), and users of those SDKs never see it.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

/// Calls by their part of the query, with the root element that S3 answers with.
const ROOTS: &[(&str, &str)] = &[
    ("accelerate", "AccelerateConfiguration"),
    ("acl", "AccessControlPolicy"),
    ("cors", "CORSConfiguration"),
    ("delete", "DeleteResult"),
    ("lifecycle", "LifecycleConfiguration"),
    ("logging", "BucketLoggingStatus"),
    ("requestPayment", "RequestPaymentConfiguration"),
    ("tagging", "Tagging"),
    ("versioning", "VersioningConfiguration"),
    ("website", "WebsiteConfiguration"),
];

/// Puts the correction behind an HTTP client.
pub(crate) fn corrected(inner: SharedHttpClient) -> SharedHttpClient {
    SharedHttpClient::new(Client(inner))
}

#[derive(Debug)]
struct Client(SharedHttpClient);

impl HttpClient for Client {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector(self.0.http_connector(settings, components)))
    }
}

#[derive(Debug)]
struct Connector(SharedHttpConnector);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let root = if matches!(request.method(), "GET" | "POST") { root_of(request.uri()) } else { None };
        let answer = self.0.call(request);
        let Some(root) = root else { return answer };
        HttpConnectorFuture::new(async move {
            let mut response = answer.await?;
            if response.status().is_success() {
                let body = std::mem::replace(response.body_mut(), SdkBody::empty());
                let bytes =
                    ByteStream::new(body).collect().await.map_err(|e| ConnectorError::io(e.into()))?.into_bytes();
                let text = String::from_utf8_lossy(&bytes);
                let body = renamed(&text, root).map_or_else(|| bytes.clone(), |xml| xml.into_bytes().into());
                // The SDK compares the two.
                if response.headers().contains_key("content-length") {
                    response.headers_mut().insert("content-length", body.len().to_string());
                }
                *response.body_mut() = SdkBody::from(body);
            }
            Ok(response)
        })
    }
}

/// The root element of the answer to a call.
fn root_of(uri: &str) -> Option<&'static str> {
    let query = uri.split_once('?')?.1;
    let first = query.split(['&', '=']).next()?;
    ROOTS.iter().find(|(q, _)| *q == first).map(|(_, root)| *root)
}

/// The answer with the right root element, when it is named after the operation.
fn renamed(xml: &str, root: &str) -> Option<String> {
    let open = xml.match_indices('<').find(|(at, _)| !xml[at + 1..].starts_with(['?', '!']))?.0;
    let name = xml[open + 1..].split(|c: char| c.is_whitespace() || c == '>' || c == '/').next()?;
    if !(name.starts_with("Get")
        && (name.ends_with("Response") || name.ends_with("Result") || name.ends_with("Output")))
    {
        return None;
    }
    let head = &xml[..=open];
    let rest = &xml[open + 1 + name.len()..];
    Some(format!("{head}{root}{}", rest.replacen(&format!("</{name}>"), &format!("</{root}>"), 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_roots_named_after_the_operation_are_renamed() {
        let check = |xml: &str, want: Option<&str>| assert_eq!(renamed(xml, "R").as_deref(), want, "{xml}");
        check(
            "<?xml version=\"1.0\"?>\n<GetXResponse a=\"b\"><S>1</S></GetXResponse>",
            Some("<?xml version=\"1.0\"?>\n<R a=\"b\"><S>1</S></R>"),
        );
        check("<GetXResponse/>", Some("<R/>"));
        check("<VersioningConfiguration/>", None);
        check("<ListBucketResult></ListBucketResult>", None);
        check("", None);
    }

    #[test]
    fn settings_by_query() {
        assert_eq!(root_of("http://h/b?versioning"), Some("VersioningConfiguration"));
        assert_eq!(root_of("http://h/b?list-type=2&prefix=versioning"), None);
        assert_eq!(root_of("http://h/b/versioning"), None);
    }
}
