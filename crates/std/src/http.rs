//! hashicorp/http: the answer of a server.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use sdt_provider::{Complaint, Mode};
use sdt_schema::{Attribute, Block, NestedBlock, Nesting, Schema};
use sdt_value::{Path, Str, Type, Value};
use url::Url;

use crate::helpers::{Set, at_least, attr, complain, conflicts, get, int, members, one_of, requires, text};
use crate::net::{Answer, Failure, Proxy, Question, Trust, ask, canonical, client_config};
use crate::{Definition, LocalProvider};

/// The http provider.
#[must_use]
pub fn http() -> LocalProvider {
    LocalProvider::new("hashicorp/http", Some("3.5.0"), vec![Arc::new(Http)])
}

const METHODS: [&str; 3] = ["GET", "POST", "HEAD"];
const WAIT_MS: i64 = 1000;
const MOST_WAIT_MS: i64 = 30_000;

/// # data http
struct Http;

/// How often and when to ask again.
struct Retry {
    attempts: i64,
    wait: Duration,
    most: Duration,
}

impl Retry {
    fn of(config: &Value) -> Self {
        let block = get(config, "retry");
        let ms =
            |name: &str, usual: i64| Duration::from_millis(int(&block, name).unwrap_or(usual).max(0).unsigned_abs());
        Self {
            attempts: int(&block, "attempts").unwrap_or(0),
            wait: ms("min_delay_ms", WAIT_MS),
            most: ms("max_delay_ms", MOST_WAIT_MS),
        }
    }

    /// Twice as long each time, unless the server says when.
    fn pause(&self, tried: u32, answer: Option<&Answer>) -> Duration {
        let busy = answer.filter(|a| matches!(a.status.as_u16(), 429 | 503));
        let told = busy.and_then(|a| a.headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok());
        match told {
            Some(seconds) => Duration::from_secs(seconds),
            None => self.wait.saturating_mul(2u32.saturating_pow(tried)).min(self.most),
        }
    }
}

/// Answers that may be better later.
fn is_passing(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.as_u16() >= 500 && status != StatusCode::NOT_IMPLEMENTED
}

fn question(config: &Value) -> Result<Question, Complaint> {
    let fail = |detail: String, name: &str| complain("Error creating request", detail, Path::root().attr(name));
    let url = text(config, "url");
    let url = Url::parse(&url).map_err(|e| fail(format!("Error creating request: parse {url:?}: {e}"), "url"))?;
    let method = config.get("method").and_then(Value::as_str).unwrap_or("GET");
    let mut headers = HeaderMap::new();
    for (name, value) in get(config, "request_headers").as_members().into_iter().flatten() {
        let (Ok(name), Ok(value)) =
            (name.parse::<HeaderName>(), HeaderValue::from_str(value.as_str().unwrap_or_default()))
        else {
            return Err(fail(format!("Error creating request: invalid header field {name:?}"), "request_headers"));
        };
        headers.insert(name, value);
    }
    let method = method.parse().unwrap_or(Method::GET);
    Ok(Question { url, method, headers, body: config.get("request_body").and_then(Value::as_str).map(Into::into) })
}

async fn answer(config: &Value) -> Result<Answer, Complaint> {
    let question = question(config)?;
    let trust = match config.get("ca_cert_pem").and_then(Value::as_str) {
        _ if config.get("insecure").and_then(Value::as_bool) == Some(true) => Trust::Anyone,
        Some(pem) => Trust::Only(pem.to_owned()),
        None => Trust::System,
    };
    let (certificate, key) = (text(config, "client_cert_pem"), text(config, "client_key_pem"));
    let own = (!certificate.is_empty()).then_some((certificate.as_str(), key.as_str()));
    // Without TLS the machine's authorities need not be there.
    let trust = if question.url.scheme() == "http" && own.is_none() && matches!(trust, Trust::System) {
        client_config(&trust, None).or_else(|_| client_config(&Trust::Anyone, None))
    } else {
        client_config(&trust, own)
    };
    let tls = trust.map_err(|e| complain("Error configuring TLS client", format!("Error tls: {e}"), Path::root()))?;
    let tls = Arc::new(tls);
    let limit = int(config, "request_timeout_ms").map(|ms| Duration::from_millis(ms.max(0).unsigned_abs()));
    let retry = Retry::of(config);
    let mut tried = 0u32;
    loop {
        let asked = ask(&question, &Proxy::Environment, &tls);
        let outcome = match limit {
            None => asked.await,
            Some(limit) => tokio::time::timeout(limit, asked).await.unwrap_or_else(|_| {
                let why = format!("request exceeded the specified timeout: {}ms", limit.as_millis());
                Err(Failure { why, again: true })
            }),
        };
        let again = match &outcome {
            Ok(answer) => is_passing(answer.status),
            Err(failure) => failure.again,
        };
        if again && i64::from(tried) < retry.attempts {
            tokio::time::sleep(retry.pause(tried, outcome.as_ref().ok())).await;
            tried += 1;
            continue;
        }
        let what = format!("{} {}", question.method, without_password(&question.url));
        let why = match outcome {
            Ok(answer) if !again => return Ok(answer),
            Ok(answer) => format!("{what} giving up after {} attempt(s): it answered {}", tried + 1, answer.status),
            Err(failure) if again => format!("{what} giving up after {} attempt(s): {}", tried + 1, failure.why),
            Err(failure) => format!("{what}: {}", failure.why),
        };
        return Err(complain("Error making request", format!("Error making request: {why}"), Path::root().attr("url")));
    }
}

fn without_password(url: &Url) -> Url {
    let mut url = url.clone();
    if url.password().is_some() {
        let _ = url.set_password(Some("xxxxx"));
    }
    url
}

#[async_trait]
impl Definition for Http {
    fn name(&self) -> &'static str {
        "http"
    }

    fn mode(&self) -> Mode {
        Mode::Data
    }

    fn schema(&self) -> Arc<Schema> {
        let text = |doc| attr(Type::String, Set::Optional, doc);
        let out = |doc| attr(Type::String, Set::Computed, doc);
        let strings = || Type::map(Type::String);
        let mut block = Block { doc: "Asks a server by HTTP.", ..Block::default() };
        for (name, attribute) in [
            ("id", out("The URL.")),
            ("url", attr(Type::String, Set::Required, "Where to ask: http or https.")),
            ("method", text("GET (default), HEAD or POST.")),
            ("request_headers", attr(strings(), Set::Optional, "Headers of the request.")),
            ("request_body", text("The body of the request.")),
            ("request_timeout_ms", attr(Type::Number, Set::Optional, "How long one attempt may take.")),
            ("ca_cert_pem", text("The certificates of the only authorities to believe, as PEM.")),
            ("client_cert_pem", text("The certificate to show to the server, as PEM.")),
            ("client_key_pem", text("The private key of client_cert_pem, as PEM.")),
            ("insecure", attr(Type::Bool, Set::Optional, "Believe every server.")),
            ("response_body", out("The body of the answer.")),
            ("body", Attribute { deprecated: Some("Use response_body instead"), ..out("The body of the answer.") }),
            ("response_body_base64", out("The body of the answer in base64.")),
            ("response_headers", attr(strings(), Set::Computed, "The headers of the answer.")),
            ("status_code", attr(Type::Number, Set::Computed, "The status of the answer.")),
        ] {
            block.attributes.insert(name.into(), attribute);
        }
        let mut retry = Block { doc: "Whether to ask again when the server fails.", ..Block::default() };
        for (name, doc) in [
            ("attempts", "How often to ask again."),
            ("min_delay_ms", "The first pause; each is twice as long as the one before."),
            ("max_delay_ms", "The longest pause."),
        ] {
            retry.attributes.insert(name.into(), attr(Type::Number, Set::Optional, doc));
        }
        let retry = NestedBlock { nesting: Nesting::Single, block: Arc::new(retry), min: 0, max: 0 };
        block.blocks.insert("retry".into(), retry);
        Arc::new(Schema { version: 0, block, legacy_type_system: false })
    }

    fn validate(&self, config: &Value) -> Vec<Complaint> {
        let mut found = conflicts(config, "ca_cert_pem", &["insecure"]);
        found.extend(requires(config, "client_cert_pem", &["client_key_pem"]));
        found.extend(requires(config, "client_key_pem", &["client_cert_pem"]));
        found.extend(one_of(config, "method", &METHODS));
        found.extend(at_least(config, "request_timeout_ms", 1));
        let retry = get(config, "retry");
        for name in ["attempts", "min_delay_ms", "max_delay_ms"] {
            found.extend(at_least(&retry, name, 0));
        }
        found.extend(int(&retry, "min_delay_ms").and_then(|least| at_least(&retry, "max_delay_ms", least)));
        found
    }

    async fn read_data(&self, config: &Value) -> Result<Value, Vec<Complaint>> {
        let answer = answer(config).await.map_err(|c| vec![c])?;
        let mut headers: BTreeMap<Str, Vec<String>> = BTreeMap::new();
        for (name, value) in &answer.headers {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            headers.entry(canonical(name).into()).or_default().push(value);
        }
        let headers = headers.into_iter().map(|(k, v)| (k, Value::string(v.join(", ")))).collect();
        let body = Value::string(String::from_utf8_lossy(&answer.body));
        let mut object = members(config);
        object.insert("id".into(), get(config, "url"));
        object.insert("response_body".into(), body.clone());
        object.insert("body".into(), body);
        object.insert("response_body_base64".into(), Value::string(STANDARD.encode(&answer.body)));
        object.insert("response_headers".into(), Value::map(Type::String, headers));
        object.insert("status_code".into(), Value::number(i64::from(answer.status.as_u16())));
        Ok(Value::object(object))
    }
}
