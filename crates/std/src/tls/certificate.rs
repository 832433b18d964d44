//! data tls_certificate: what a certificate, or a server's, says.

use std::sync::Arc;

use async_trait::async_trait;
use http::{HeaderMap, Method};
use sdt_provider::{Complaint, Mode};
use sdt_schema::Schema;
use sdt_value::{Path, Type, Value};
use sha1::{Digest as _, Sha1};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::Url;
use x509_cert::Certificate;
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::time::Time;

use super::certs::is_authority;
use super::names::Subject;
use super::{der, id_of, proxy};
use crate::Definition;
use crate::digests::hex;
use crate::helpers::{Set, attr, complain, conflicts, exactly_one, get, members, schema, text};
use crate::net::{Proxy, Question, Trust, ask, client_config, connect};
use crate::random::decimal;

/// # data tls_certificate
#[derive(Default)]
pub(super) struct CertificateData {
    proxy: Proxy,
}

const FIELDS: [(&str, Type); 11] = [
    ("signature_algorithm", Type::String),
    ("public_key_algorithm", Type::String),
    ("serial_number", Type::String),
    ("is_ca", Type::Bool),
    ("version", Type::Number),
    ("issuer", Type::String),
    ("subject", Type::String),
    ("not_before", Type::String),
    ("not_after", Type::String),
    ("sha1_fingerprint", Type::String),
    ("cert_pem", Type::String),
];

/// Algorithms by identifier, as Go names them.
const SIGNATURES: [(&str, &str); 13] = [
    ("1.2.840.113549.1.1.4", "MD5-RSA"),
    ("1.2.840.113549.1.1.5", "SHA1-RSA"),
    ("1.2.840.113549.1.1.11", "SHA256-RSA"),
    ("1.2.840.113549.1.1.12", "SHA384-RSA"),
    ("1.2.840.113549.1.1.13", "SHA512-RSA"),
    ("1.2.840.113549.1.1.10", "SHA256-RSAPSS"),
    ("1.2.840.10040.4.3", "DSA-SHA1"),
    ("2.16.840.1.101.3.4.3.2", "DSA-SHA256"),
    ("1.2.840.10045.4.1", "ECDSA-SHA1"),
    ("1.2.840.10045.4.3.2", "ECDSA-SHA256"),
    ("1.2.840.10045.4.3.3", "ECDSA-SHA384"),
    ("1.2.840.10045.4.3.4", "ECDSA-SHA512"),
    ("1.3.101.112", "Ed25519"),
];
const PUBLIC_KEYS: [(&str, &str); 4] = [
    ("1.2.840.113549.1.1.1", "RSA"),
    ("1.2.840.10040.4.1", "DSA"),
    ("1.2.840.10045.2.1", "ECDSA"),
    ("1.3.101.112", "Ed25519"),
];

fn named(table: &[(&str, &'static str)], id: &str) -> &'static str {
    // What Go does not know has its number zero.
    table.iter().find(|(known, _)| *known == id).map_or("0", |(_, name)| name)
}

/// The hash of a PSS signature is in its parameters.
fn pss(parameters: Option<&[u8]>) -> &'static str {
    let holds = |hash: u8| {
        let id = [6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, hash];
        parameters.is_some_and(|p| p.windows(id.len()).any(|w| w == id))
    };
    if holds(3) {
        "SHA512-RSAPSS"
    } else if holds(2) {
        "SHA384-RSAPSS"
    } else {
        "SHA256-RSAPSS"
    }
}

fn moment(time: &Time) -> String {
    let seconds = time.to_unix_duration().as_secs();
    let at = i64::try_from(seconds).ok().and_then(|s| OffsetDateTime::from_unix_timestamp(s).ok());
    at.and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}

/// What a certificate says, in the order of [`FIELDS`].
fn describe(bytes: &[u8]) -> x509_cert::der::Result<[Value; 11]> {
    let certificate = Certificate::from_der(bytes)?;
    let tbs = certificate.tbs_certificate();
    let algorithm = certificate.signature_algorithm();
    let signature = match named(&SIGNATURES, &algorithm.oid.to_string()) {
        "SHA256-RSAPSS" => pss(algorithm.parameters.as_ref().and_then(|p| p.to_der().ok()).as_deref()),
        other => other,
    };
    Ok([
        Value::string(signature),
        Value::string(named(&PUBLIC_KEYS, &tbs.subject_public_key_info().algorithm.oid.to_string())),
        Value::string(decimal(tbs.serial_number().as_bytes())),
        Value::bool(is_authority(tbs)),
        Value::number(tbs.version() as i64 + 1),
        Value::string(Subject::of_name(tbs.issuer()).to_string()),
        Value::string(Subject::of_name(tbs.subject()).to_string()),
        Value::string(moment(&tbs.validity().not_before)),
        Value::string(moment(&tbs.validity().not_after)),
        Value::string(hex(&Sha1::digest(bytes))),
        Value::string(der::to_pem("CERTIFICATE", bytes)),
    ])
}

/// Text in quotes as Go writes them.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out + "\""
}

/// The id: a digest of what the public provider's own records look like when they are printed.
fn id(certificates: &[[Value; 11]]) -> String {
    let show = |v: &Value| match v.as_bool() {
        Some(b) => b.to_string(),
        None => match v.as_number() {
            Some(n) => n.to_string(),
            None => quoted(v.as_str().unwrap_or_default()),
        },
    };
    let all: Vec<String> =
        certificates.iter().map(|c| format!("{{{}}}", c.iter().map(show).collect::<Vec<_>>().join(" "))).collect();
    id_of(format!("[{}]", all.join(" ")).as_bytes())
}

/// The certificates that a server shows, its own first.
async fn shown(url: &Url, verify: bool, proxy: &Proxy) -> Result<Vec<Vec<u8>>, String> {
    let trust = if verify { Trust::System } else { Trust::Anyone };
    let tls = Arc::new(client_config(&trust, None)?);
    if url.scheme() == "tls" {
        return Ok(connect(url, &Proxy::Direct, &tls).await?.certificates);
    }
    let mut why = String::new();
    // Servers that are no web servers show theirs all the same; those that redirect are asked where they point to.
    for method in [Method::HEAD, Method::GET] {
        let question = Question { url: url.clone(), method, headers: HeaderMap::new(), body: None };
        match ask(&question, proxy, &tls).await {
            Ok(answer) if !answer.certificates.is_empty() => return Ok(answer.certificates),
            Ok(answer) => why = format!("the answer ({}) came without certificates", answer.status),
            Err(failure) => why = failure.why,
        }
    }
    Err(why)
}

#[async_trait]
impl Definition for CertificateData {
    fn name(&self) -> &'static str {
        "tls_certificate"
    }

    fn mode(&self) -> Mode {
        Mode::Data
    }

    fn configured(&self, provider: &Value) -> Option<Arc<dyn Definition>> {
        Some(Arc::new(Self { proxy: proxy::of_config(provider) }))
    }

    fn schema(&self) -> Arc<Schema> {
        let list = Type::list(Type::object(FIELDS));
        schema(
            0,
            [
                ("url", attr(Type::String, Set::Optional, "The server to ask: https://… or tls://host:port.")),
                ("content", attr(Type::String, Set::Optional, "A certificate as PEM.")),
                (
                    "verify_chain",
                    attr(Type::Bool, Set::Optional, "Whether the server must be believed (default true)."),
                ),
                ("certificates", attr(list, Set::Computed, "The certificates, the server's own last.")),
                ("id", attr(Type::String, Set::Computed, "A digest of the certificates.")),
            ],
            "What a certificate says.",
        )
    }

    fn validate(&self, config: &Value) -> Vec<Complaint> {
        let mut found = exactly_one(config, &["content", "url"]);
        found.extend(conflicts(config, "verify_chain", &["content"]));
        if let Some(url) = config.get("url").and_then(Value::as_str) {
            let path = Path::root().attr("url");
            match Url::parse(url) {
                Ok(u) if u.scheme() == "https" && u.has_host() => {}
                Ok(u) if u.scheme() == "tls" && u.has_host() => {
                    if u.port().is_none() {
                        found.push(complain("URL malformed", format!("Port missing from URL: {url}"), path));
                    }
                }
                _ => {
                    let detail = format!("{url:?} must be an address that begins with https:// or tls://.");
                    found.push(complain("Invalid URL scheme", detail, path));
                }
            }
        }
        found
    }

    async fn read_data(&self, config: &Value) -> Result<Value, Vec<Complaint>> {
        let fail =
            |detail: String, name: &str| vec![complain("Unable to read certificates", detail, Path::root().attr(name))];
        let content = get(config, "content");
        let (source, certificates) = match content.as_str() {
            Some(pem) => match der::from_pem(pem) {
                Some((label, bytes)) if label == "CERTIFICATE" => ("content", vec![bytes]),
                Some((label, _)) => {
                    return Err(fail(format!("Certificate PEM should be \"CERTIFICATE\", got {label:?}"), "content"));
                }
                None => return Err(fail("Value is not a valid PEM encoding of a certificate".into(), "content")),
            },
            None => {
                let verify = get(config, "verify_chain").as_bool() != Some(false);
                let text = text(config, "url");
                let url = Url::parse(&text).map_err(|e| fail(format!("{text}: {e}"), "url"))?;
                let mut shown =
                    shown(&url, verify, &self.proxy).await.map_err(|e| fail(format!("{text}: {e}"), "url"))?;
                shown.reverse();
                ("url", shown)
            }
        };
        let described: Result<Vec<_>, _> = certificates.iter().map(|c| describe(c)).collect();
        let described = described.map_err(|e| fail(format!("The certificate cannot be read: {e}."), source))?;
        let mut object = members(config);
        object.insert("id".into(), Value::string(id(&described)));
        if source == "content" || get(config, "verify_chain").is_null() {
            object.insert("verify_chain".into(), Value::TRUE);
        }
        let items = described.into_iter().map(|c| Value::object(FIELDS.into_iter().map(|(n, _)| n).zip(c))).collect();
        object.insert("certificates".into(), Value::list(Type::object(FIELDS), items));
        Ok(Value::object(object))
    }
}
