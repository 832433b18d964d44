//! The data sources that ask servers, against servers of their own.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{create, random, read, strings, text};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sdt_value::{Type, Value};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Counts the questions that were answered with an error.
static REFUSED: AtomicUsize = AtomicUsize::new(0);

/// Reads one question and answers by its path.
async fn serve(io: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin) -> Option<()> {
    let mut io = BufReader::new(io);
    let mut line = String::new();
    io.read_line(&mut line).await.ok()?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        io.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let mut body = vec![0; headers.get("content-length").and_then(|n| n.parse().ok()).unwrap_or(0)];
    io.read_exact(&mut body).await.ok()?;
    let body = String::from_utf8_lossy(&body);
    let (status, more, answer): (&str, String, Vec<u8>) = match path.as_str() {
        "/text" => ("200 OK", "X-Seen: a\r\nX-Seen: b\r\n".into(), b"hello".to_vec()),
        "/echo" => {
            let header = headers.get("x-asked").cloned().unwrap_or_default();
            ("200 OK", String::new(), format!("{method} {header} {body}").into_bytes())
        }
        "/moved" => ("302 Found", "Location: /echo\r\n".into(), Vec::new()),
        "/kept" => ("307 Temporary Redirect", "Location: echo\r\n".into(), Vec::new()),
        "/circle" => ("302 Found", "Location: /circle\r\n".into(), Vec::new()),
        "/zip" => ("200 OK", "Content-Encoding: gzip\r\n".into(), sdt_funcs::deflate::gzip(b"packed", false)),
        "/missing" => ("404 Not Found", String::new(), b"no".to_vec()),
        "/weak" if REFUSED.fetch_add(1, Ordering::SeqCst) < 2 => ("503 Busy", String::new(), Vec::new()),
        "/weak" => ("200 OK", String::new(), b"at last".to_vec()),
        "/slow" => {
            tokio::time::sleep(std::time::Duration::from_secs(60)).await;
            return None;
        }
        _ => ("500 Wrong", String::new(), Vec::new()),
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{more}\r\n", answer.len());
    io.write_all(head.as_bytes()).await.ok()?;
    if method != "HEAD" {
        io.write_all(&answer).await.ok()?;
    }
    io.flush().await.ok()
}

async fn plain() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    format!("http://{address}")
}

#[tokio::test]
async fn questions_and_answers() {
    let provider = sdt_std::http();
    let base = plain().await;
    let url = |path: &str| ("url", Value::string(format!("{base}{path}")));
    let headers = |name: &str| {
        let map = BTreeMap::from([(name.into(), Value::string("v"))]);
        ("request_headers", Value::map(Type::String, map))
    };

    let answer = read(&provider, "http", [url("/text")]).await.expect("an answer");
    assert_eq!((text(&answer, "response_body"), text(&answer, "body")), ("hello".into(), "hello".into()));
    assert_eq!(text(&answer, "response_body_base64"), "aGVsbG8=");
    assert_eq!(text(&answer, "id"), format!("{base}/text"));
    let seen = answer.get("response_headers").expect("headers");
    assert_eq!((text(seen, "X-Seen"), text(seen, "Content-Length")), ("a, b".into(), "5".into()));
    assert_eq!(answer.get("status_code").and_then(Value::as_number).and_then(|n| n.as_i64()), Some(200));

    let body = ("request_body", Value::string("q"));
    let post = ("method", Value::string("POST"));
    let body_of = |answer: Value| text(&answer, "response_body");
    let answer = read(&provider, "http", [url("/echo"), post.clone(), headers("X-Asked"), body.clone()]).await;
    assert_eq!(body_of(answer.expect("an answer")), "POST v q");
    let answer = read(&provider, "http", [url("/moved"), post.clone(), headers("X-Asked"), body.clone()]).await;
    assert_eq!(body_of(answer.expect("an answer")), "GET v ");
    let answer = read(&provider, "http", [url("/kept"), post, body]).await;
    assert_eq!(body_of(answer.expect("an answer")), "POST  q");
    let answer = read(&provider, "http", [url("/zip")]).await.expect("an answer");
    assert_eq!(text(&answer, "response_body"), "packed");
    assert!(answer.get("response_headers").and_then(|h| h.get("Content-Encoding")).is_none());
    let answer = read(&provider, "http", [url("/text"), ("method", Value::string("HEAD"))]).await;
    assert_eq!(body_of(answer.expect("an answer")), "");
    let answer = read(&provider, "http", [url("/missing")]).await.expect("an answer");
    assert_eq!(answer.get("status_code").and_then(Value::as_number).and_then(|n| n.as_i64()), Some(404));
}

#[tokio::test]
async fn failures() {
    let provider = sdt_std::http();
    let base = plain().await;
    let url = |path: &str| ("url", Value::string(format!("{base}{path}")));
    let retry = |attempts: i64| {
        let wait = |n: i64| Value::number(n);
        ("retry", Value::object([("attempts", wait(attempts)), ("min_delay_ms", wait(1)), ("max_delay_ms", wait(2))]))
    };
    let why = |answer: Result<Value, String>| answer.expect_err("a failure");
    assert!(why(read(&provider, "http", [url("/weak")]).await).contains("giving up after 1 attempt(s)"));
    let answer = read(&provider, "http", [url("/weak"), retry(3)]).await.expect("an answer");
    assert_eq!(text(&answer, "response_body"), "at last");
    assert!(why(read(&provider, "http", [url("/wrong"), retry(1)]).await).contains("giving up after 2 attempt(s)"));
    assert!(why(read(&provider, "http", [url("/circle")]).await).contains("stopped after 10 redirects"));
    let slow = read(&provider, "http", [url("/slow"), ("request_timeout_ms", Value::number(50))]).await;
    assert!(why(slow).contains("exceeded the specified timeout"));
    let closed = read(&provider, "http", [("url", Value::string("http://127.0.0.1:1/"))]).await;
    assert!(why(closed).contains("127.0.0.1:1"));
    let ftp = read(&provider, "http", [("url", Value::string("ftp://example.com/"))]).await;
    assert!(why(ftp).contains("unsupported protocol scheme"));
    let wrong = read(&provider, "http", [url("/text"), ("method", Value::string("PUT"))]).await;
    assert!(why(wrong).contains("must be one of"));
    let alone = read(&provider, "http", [url("/text"), ("client_key_pem", Value::string("k"))]).await;
    assert!(why(alone).contains("client_cert_pem"));
}

#[tokio::test]
async fn encrypted() {
    let keys = sdt_std::tls(random());
    let key = create(
        &keys,
        "tls_private_key",
        [("algorithm", Value::string("ECDSA")), ("ecdsa_curve", Value::string("P256"))],
    );
    let key = key.await.expect("a key");
    let certificate = create(
        &keys,
        "tls_self_signed_cert",
        [
            ("private_key_pem", key.get("private_key_pem").cloned().expect("a key")),
            ("validity_period_hours", Value::number(1)),
            ("dns_names", strings(&["localhost"])),
            ("is_ca_certificate", Value::FALSE),
            ("allowed_uses", strings(&["digital_signature", "server_auth"])),
        ],
    );
    let pem = certificate.await.expect("a certificate").get("cert_pem").cloned().expect("PEM");
    let chain = CertificateDer::pem_slice_iter(pem.as_str().expect("text").as_bytes()).collect::<Result<Vec<_>, _>>();
    let secret = PrivateKeyDer::from_pem_slice(text(&key, "private_key_pem_pkcs8").as_bytes()).expect("a key");
    let crypto = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(crypto)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain.expect("certificates"), secret)
        .expect("a server");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move { serve(acceptor.accept(stream).await.ok()?).await });
        }
    });

    let provider = sdt_std::http();
    let url = |host: &str| ("url", Value::string(format!("https://{host}:{port}/text")));
    let trusted = read(&provider, "http", [url("localhost"), ("ca_cert_pem", pem.clone())]).await;
    assert_eq!(text(&trusted.expect("an answer"), "response_body"), "hello");
    let other_name = read(&provider, "http", [url("127.0.0.1"), ("ca_cert_pem", pem.clone())]).await;
    assert!(other_name.expect_err("another name").contains("certificate"));
    let anyone = read(&provider, "http", [url("127.0.0.1"), ("insecure", Value::TRUE)]).await;
    assert_eq!(text(&anyone.expect("an answer"), "response_body"), "hello");
    assert!(read(&provider, "http", [url("localhost")]).await.is_err());

    for scheme in ["https", "tls"] {
        let url = ("url", Value::string(format!("{scheme}://localhost:{port}")));
        let seen = read(&keys, "tls_certificate", [url.clone(), ("verify_chain", Value::FALSE)]).await;
        let seen = seen.expect("certificates");
        let all = seen.get("certificates").and_then(Value::as_items).expect("certificates");
        assert_eq!(all.iter().map(|c| text(c, "cert_pem")).collect::<Vec<_>>(), [pem.as_str().expect("text")]);
        let doubted = read(&keys, "tls_certificate", [url]).await;
        assert!(doubted.expect_err("an unknown authority").contains("certificate"), "{scheme}");
    }
}
