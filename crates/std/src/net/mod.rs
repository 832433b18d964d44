//! Connections of the data sources that talk to servers: TCP, proxies, TLS, one HTTP exchange after the other.

mod exchange;
mod trust;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper_util::client::proxy::matcher::Matcher;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

pub(crate) use exchange::{Answer, Failure, Question, ask, canonical};
pub(crate) use trust::{Trust, client_config};

const CONNECT_TIME: Duration = Duration::from_secs(30);
/// What a proxy may answer to CONNECT before the connection is ours.
const MOST_PROXY_BYTES: usize = 16 * 1024;

/// A connection in either direction.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// How to get to servers.
#[derive(Clone, Default)]
pub(crate) enum Proxy {
    /// As `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` say.
    #[default]
    Environment,
    /// Through this one.
    Fixed(Url),
    /// Directly.
    Direct,
}

/// An open connection.
pub(crate) struct Connection {
    pub(crate) io: Box<dyn Io>,
    /// The certificates that the server has shown, its own first (DER).
    pub(crate) certificates: Vec<Vec<u8>>,
    /// Plain HTTP through a proxy, which wants whole addresses, and perhaps this in `Proxy-Authorization`.
    pub(crate) forwarded: Option<Option<String>>,
}

/// A proxy's address and what it takes to log in.
struct Via {
    url: Url,
    login: Option<String>,
}

impl Proxy {
    fn of(&self, to: &Url) -> Result<Option<Via>, String> {
        let url = match self {
            Self::Direct => return Ok(None),
            Self::Fixed(url) => url.clone(),
            Self::Environment => {
                // Never for this machine itself, as Go has it.
                let own = match to.host() {
                    Some(Host::Domain(name)) => name == "localhost",
                    Some(Host::Ipv4(ip)) => ip.is_loopback(),
                    Some(Host::Ipv6(ip)) => ip.is_loopback(),
                    None => true,
                };
                let to: Option<http::Uri> = to.as_str().parse().ok();
                let Some(found) = to.filter(|_| !own).and_then(|to| Matcher::from_env().intercept(&to)) else {
                    return Ok(None);
                };
                let url = Url::parse(&found.uri().to_string()).map_err(|e| format!("the proxy's address: {e}"))?;
                let login = found.basic_auth().and_then(|v| v.to_str().ok()).map(str::to_owned);
                return Ok(Some(Via { url, login }));
            }
        };
        let plain = |part: &str| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned();
        let login = (!url.username().is_empty()).then(|| {
            let pair = format!("{}:{}", plain(url.username()), plain(url.password().unwrap_or_default()));
            format!("Basic {}", STANDARD.encode(pair))
        });
        Ok(Some(Via { url, login }))
    }
}

/// Opens a connection to the server of a URL (`http`, `https`, `tls`), encrypted unless it is `http`.
pub(crate) async fn connect(to: &Url, proxy: &Proxy, tls: &Arc<rustls::ClientConfig>) -> Result<Connection, String> {
    let work = async {
        let host = to.host_str().ok_or("the address has no host")?;
        let port = port(to)?;
        let encrypted = to.scheme() != "http";
        let mut forwarded = None;
        let mut io = match proxy.of(to)? {
            None => dial(host, port).await?,
            Some(via) => {
                let io = dial_proxy(&via).await?;
                if encrypted {
                    tunnel(io, host, port, via.login.as_deref()).await?
                } else {
                    forwarded = Some(via.login);
                    io
                }
            }
        };
        let mut certificates = Vec::new();
        if encrypted {
            (io, certificates) = encrypt(io, host, tls.clone()).await?;
        }
        Ok(Connection { io, certificates, forwarded })
    };
    tokio::time::timeout(CONNECT_TIME, work).await.unwrap_or_else(|_| Err("connecting takes too long".into()))
}

fn port(url: &Url) -> Result<u16, String> {
    url.port_or_known_default().ok_or_else(|| format!("the address has no port: {url}"))
}

async fn dial(host: &str, port: u16) -> Result<Box<dyn Io>, String> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((bare, port)).await.map_err(|e| format!("dial tcp {host}:{port}: {e}"))?;
    // A question and its answer are small.
    let _ = stream.set_nodelay(true);
    Ok(Box::new(stream))
}

async fn dial_proxy(via: &Via) -> Result<Box<dyn Io>, String> {
    let host = via.url.host_str().ok_or("the proxy's address has no host")?;
    let failed = |e: String| format!("proxy {host}: {e}");
    let io = dial(host, port(&via.url)?).await.map_err(failed)?;
    match via.url.scheme() {
        "http" => Ok(io),
        "https" => {
            let config = client_config(&Trust::System, None).map_err(failed)?;
            Ok(encrypt(io, host, Arc::new(config)).await.map_err(failed)?.0)
        }
        other => Err(format!("the proxy's address begins with {other}://; http and https proxies are supported")),
    }
}

/// Asks a proxy to connect through.
async fn tunnel(mut io: Box<dyn Io>, host: &str, port: u16, login: Option<&str>) -> Result<Box<dyn Io>, String> {
    let failed = |e: std::io::Error| format!("proxy: {e}");
    let login = login.map(|l| format!("Proxy-Authorization: {l}\r\n")).unwrap_or_default();
    let question = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{login}\r\n");
    io.write_all(question.as_bytes()).await.map_err(failed)?;
    let mut answer = Vec::new();
    // One byte at a time: what follows the empty line is the server's.
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() > MOST_PROXY_BYTES {
            return Err("proxy: its answer has no end".into());
        }
        answer.push(io.read_u8().await.map_err(failed)?);
    }
    let line = String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned();
    match line.split(' ').nth(1) {
        Some("200") => Ok(io),
        _ => Err(format!("proxy: {line}")),
    }
}

async fn encrypt(
    io: Box<dyn Io>,
    host: &str,
    config: Arc<rustls::ClientConfig>,
) -> Result<(Box<dyn Io>, Vec<Vec<u8>>), String> {
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(bare).map_err(|e| format!("{host}: {e}"))?;
    let stream = TlsConnector::from(config).connect(name, io).await.map_err(|e| format!("tls: {host}: {e}"))?;
    let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let certificates = shown.iter().map(|c| c.as_ref().to_vec()).collect();
    Ok((Box::new(stream), certificates))
}
