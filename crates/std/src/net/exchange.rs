//! One question by HTTP, its redirects, and its answer.

use std::io::Read as _;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use url::Url;

use super::{Proxy, connect};

/// How often an answer may send us elsewhere.
const REDIRECTS: usize = 10;
/// An answer ends up in the state; beyond this it is a mistake.
const MOST_BYTES: usize = 256 << 20;

/// What is asked.
#[derive(Clone)]
pub(crate) struct Question {
    pub(crate) url: Url,
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<String>,
}

/// What came back in the end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// The certificates of the server that answered.
    pub(crate) certificates: Vec<Vec<u8>>,
}

/// Why nothing came back.
pub(crate) struct Failure {
    pub(crate) why: String,
    /// The same may work later.
    pub(crate) again: bool,
}

impl Failure {
    fn lasting(why: impl Into<String>) -> Self {
        Self { why: why.into(), again: false }
    }
}

/// Asks, and follows redirects as Go's client does.
pub(crate) async fn ask(
    question: &Question,
    proxy: &Proxy,
    tls: &Arc<rustls::ClientConfig>,
) -> Result<Answer, Failure> {
    let mut question = question.clone();
    for _ in 0..=REDIRECTS {
        if !matches!(question.url.scheme(), "http" | "https") {
            return Err(Failure::lasting(format!("unsupported protocol scheme {:?}", question.url.scheme())));
        }
        let answer = once(&question, proxy, tls).await?;
        let Some(to) = answer.headers.get(header::LOCATION).filter(|_| answer.status.is_redirection()) else {
            return Ok(answer);
        };
        let to = to.to_str().map_err(|e| e.to_string()).and_then(|t| question.url.join(t).map_err(|e| e.to_string()));
        let to = to.map_err(|e| Failure::lasting(format!("failed to parse Location header: {e}")))?;
        match answer.status.as_u16() {
            301..=303 => {
                if question.method != Method::HEAD {
                    question.method = Method::GET;
                }
                question.body = None;
            }
            307 | 308 => {}
            _ => return Ok(answer),
        }
        if !same_site(&question.url, &to) {
            for secret in [header::AUTHORIZATION, header::COOKIE, header::WWW_AUTHENTICATE] {
                question.headers.remove(secret);
            }
        }
        question.headers.remove(header::HOST);
        question.url = to;
    }
    Err(Failure::lasting(format!("stopped after {REDIRECTS} redirects")))
}

/// The same host, or one below it.
fn same_site(from: &Url, to: &Url) -> bool {
    let (Some(from), Some(to)) = (from.host_str(), to.host_str()) else { return false };
    to == from || to.strip_suffix(from).is_some_and(|rest| rest.ends_with('.'))
}

async fn once(question: &Question, proxy: &Proxy, tls: &Arc<rustls::ClientConfig>) -> Result<Answer, Failure> {
    let url = &question.url;
    let open = connect(url, proxy, tls).await.map_err(|why| Failure {
        // A server that cannot be believed now will not be believed later.
        again: !why.contains("invalid peer certificate"),
        why,
    })?;
    let broken = |e: hyper::Error| Failure { why: e.to_string(), again: true };
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(open.io)).await.map_err(broken)?;
    let running = tokio::spawn(connection);

    let mut whole = url.clone();
    whole.set_fragment(None);
    let target = match &open.forwarded {
        Some(_) => whole.as_str().to_owned(),
        None => url[url::Position::BeforePath..url::Position::AfterQuery].to_owned(),
    };
    let mut request = Request::builder()
        .method(question.method.clone())
        .uri(target)
        .body(Full::new(Bytes::from(question.body.clone().unwrap_or_default())))
        .map_err(|e| Failure::lasting(e.to_string()))?;
    let headers = request.headers_mut();
    let own = |text: &str| HeaderValue::from_str(text).map_err(|e| Failure::lasting(e.to_string()));
    headers.insert(header::HOST, own(&url[url::Position::BeforeHost..url::Position::AfterPort])?);
    headers.insert(header::USER_AGENT, HeaderValue::from_static(concat!("sdt/", env!("CARGO_PKG_VERSION"))));
    if !url.username().is_empty() {
        use base64::Engine as _;
        let plain = |part: &str| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned();
        let pair = format!("{}:{}", plain(url.username()), plain(url.password().unwrap_or_default()));
        let login = base64::engine::general_purpose::STANDARD.encode(pair);
        headers.insert(header::AUTHORIZATION, own(&format!("Basic {login}"))?);
    }
    if let Some(Some(login)) = &open.forwarded {
        headers.insert(header::PROXY_AUTHORIZATION, own(login)?);
    }
    // Compression is our affair unless it was asked for.
    let compressed = question.method != Method::HEAD
        && !question.headers.contains_key(header::ACCEPT_ENCODING)
        && !question.headers.contains_key(header::RANGE);
    if compressed {
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    }
    for (name, value) in &question.headers {
        headers.insert(name.clone(), value.clone());
    }

    let answer = sender.send_request(request).await.map_err(broken)?;
    let (parts, body) = answer.into_parts();
    let body = Limited::new(body, MOST_BYTES).collect().await;
    running.abort();
    let mut body = body.map_err(|e| Failure { why: e.to_string(), again: true })?.to_bytes().to_vec();
    let mut headers = parts.headers;
    let zipped = headers.get(header::CONTENT_ENCODING).is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(b"gzip"));
    if compressed && zipped {
        let mut plain = Vec::new();
        let mut reader = flate2::read::MultiGzDecoder::new(body.as_slice()).take(MOST_BYTES as u64 + 1);
        reader.read_to_end(&mut plain).map_err(|e| Failure::lasting(format!("gzip: {e}")))?;
        if plain.len() > MOST_BYTES {
            return Err(Failure::lasting("the answer is too large"));
        }
        body = plain;
        headers.remove(header::CONTENT_ENCODING);
        headers.remove(header::CONTENT_LENGTH);
    }
    Ok(Answer { status: parts.status, headers, body, certificates: open.certificates })
}

/// A header's name as Go writes it: `Content-Type`.
pub(crate) fn canonical(name: &HeaderName) -> String {
    let parts = name.as_str().split('-').map(|part| {
        let mut chars = part.chars();
        chars.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(chars).collect::<String>()
    });
    parts.collect::<Vec<_>>().join("-")
}
