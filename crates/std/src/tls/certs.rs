//! tls_self_signed_cert and tls_locally_signed_cert.

use std::sync::Arc;

use async_trait::async_trait;
use sdt_provider::{ApplyRequest, Complaint, PlanAnswer, PlanRequest};
use sdt_schema::{Attribute, Block, Schema};
use sdt_value::{Path, Type, Value};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use x509_cert::Certificate;
use x509_cert::attr::Attribute as RequestAttribute;
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{BasicConstraints, SubjectAltName, SubjectKeyIdentifier};
use x509_cert::request::CertReq;

use super::keys::PrivateKey;
use super::names::{AltNames, Subject};
use super::template::{Issuer, Template, uses};
use super::{der, secret, subject_block, subject_of, without_empty};
use crate::helpers::{Set, at_least, attr, changed, complain, get, int, members, text};
use crate::random::decimal;
use crate::{Definition, Random};

const READY: &str = "ready_for_renewal";
/// Certificates that live longer than anybody's calendar are refused instead of computed.
const MOST_HOURS: i64 = 24 * 366 * 7000;

/// Plans what cannot be changed: `fixed` replaces when it changes, so does each of `pems`, unless the state has a digest in its
/// place as versions before 4 left it. What is in `defaults` and not configured takes its default.
pub(super) fn plan(
    request: &PlanRequest,
    pems: &[&str],
    fixed: &[&str],
    defaults: &[(&str, Value)],
    computed: &[(&str, Type)],
) -> PlanAnswer {
    let mut planned = members(&request.proposed);
    for (name, default) in defaults {
        if get(&request.config, name).is_null() {
            planned.insert((*name).into(), default.clone());
        }
    }
    let proposed = Value::object(planned.clone());
    let request = PlanRequest { proposed, ..request.clone() };
    let mut requires_replace: Vec<Path> = pems
        .iter()
        .filter(|n| get(&request.prior, n).as_str().is_some_and(|s| s.starts_with("-----BEGIN ")))
        .flat_map(|n| changed(&request, &[*n]))
        .collect();
    let alike = |n: &str| {
        without_empty(&get(&request.prior, n)).raw_equals(&without_empty(&get(&request.proposed, n)))
            || defaults.iter().any(|(d, v)| *d == n && get(&request.prior, n).is_null() && planned[*d].raw_equals(v))
    };
    requires_replace.extend(fixed.iter().filter(|n| !alike(n)).flat_map(|n| changed(&request, &[*n])));
    let anew = request.prior.is_null() || !requires_replace.is_empty();
    for (name, ty) in computed {
        if anew {
            planned.insert((*name).into(), Value::unknown(ty.clone()));
        }
    }
    PlanAnswer { planned: Some(Value::object(planned)), requires_replace, ..PlanAnswer::default() }
}

/// The private key in an attribute.
pub(super) fn signing_key(object: &Value, name: &str) -> Result<PrivateKey, Complaint> {
    PrivateKey::from_pem(&text(object, name)).map_err(|why| {
        let detail = format!("{name} is no private key that can be read: {why}.");
        complain("Failed to parse private key PEM", detail, Path::root().attr(name))
    })
}

/// The attributes of both types of certificate.
fn common() -> Vec<(&'static str, Attribute)> {
    let out = |doc| attr(Type::String, Set::Computed, doc);
    let flag = |doc| attr(Type::Bool, Set::OptionalComputed, doc);
    vec![
        ("validity_period_hours", attr(Type::Number, Set::Required, "How many hours the certificate is valid.")),
        ("allowed_uses", attr(Type::list(Type::String), Set::Required, "What the key may be used for.")),
        (
            "early_renewal_hours",
            attr(
                Type::Number,
                Set::OptionalComputed,
                "How many hours before its end a new certificate takes its place (default 0).",
            ),
        ),
        ("is_ca_certificate", flag("Whether it may sign other certificates (default false).")),
        ("set_subject_key_id", flag("Whether it has an identifier of its key (default false).")),
        ("cert_pem", out("The certificate as PEM.")),
        (READY, attr(Type::Bool, Set::Computed, "Whether the certificate has ended or will soon.")),
        ("validity_start_time", out("When it begins to be valid.")),
        ("validity_end_time", out("When it ends to be valid.")),
        ("id", out("The serial number.")),
    ]
}

fn defaults() -> Vec<(&'static str, Value)> {
    vec![
        ("early_renewal_hours", Value::number(0)),
        ("is_ca_certificate", Value::FALSE),
        ("set_subject_key_id", Value::FALSE),
        (READY, Value::FALSE),
    ]
}

const COMPUTED: [(&str, Type); 4] = [
    ("id", Type::String),
    ("cert_pem", Type::String),
    ("validity_start_time", Type::String),
    ("validity_end_time", Type::String),
];

fn validate(config: &Value) -> Vec<Complaint> {
    let mut found: Vec<Complaint> =
        ["validity_period_hours", "early_renewal_hours"].iter().filter_map(|n| at_least(config, n, 0)).collect();
    let known = uses();
    for given in get(config, "allowed_uses").as_items().into_iter().flatten().filter_map(Value::as_str) {
        if !known.contains(&given) {
            let detail = format!("allowed_uses has {given:?}, which is none of: {}.", known.join(", "));
            found.push(complain("Invalid Attribute Value Match", detail, Path::root().attr("allowed_uses")));
        }
    }
    found
}

/// Tells whether a certificate has ended, or is as close to its end as it is to be renewed.
fn is_due(object: &Value) -> bool {
    let end = OffsetDateTime::parse(&text(object, "validity_end_time"), &Rfc3339).ok();
    let early = Duration::hours(int(object, "early_renewal_hours").unwrap_or_default());
    end.and_then(|end| end.checked_sub(early)).is_some_and(|at| OffsetDateTime::now_utc() >= at)
}

/// What is due for renewal is replaced.
fn renewing(mut answer: PlanAnswer) -> PlanAnswer {
    if let Some(planned) = answer.planned.as_ref().filter(|p| is_due(p)) {
        let mut planned = members(planned);
        planned.insert(READY.into(), Value::unknown(Type::Bool));
        for (name, ty) in COMPUTED {
            planned.insert(name.into(), Value::unknown(ty));
        }
        answer.planned = Some(Value::object(planned));
        answer.requires_replace.push(Path::root().attr(READY));
    }
    answer
}

fn read(prior: &Value) -> Value {
    if !is_due(prior) {
        return prior.clone();
    }
    let mut object = members(prior);
    object.insert(READY.into(), Value::TRUE);
    Value::object(object)
}

/// Makes the certificate and returns the object with it.
fn make(
    object: &Value,
    subject: Subject,
    names: AltNames,
    public: Vec<u8>,
    key: &PrivateKey,
    issuer: Option<Issuer<'_>>,
    random: &Random,
) -> Result<Value, Complaint> {
    let flag = |name: &str| object.get(name).and_then(Value::as_bool) == Some(true);
    let fail = |detail: String| complain("Failed to create certificate", detail, Path::root());
    if flag("is_ca_certificate") && issuer.is_none() && subject.is_empty() {
        let detail = "Must contain at least one Distinguished Name when creating Certificate Authority (CA)";
        return Err(complain("Invalid Certificate Subject", detail, Path::root().attr("subject")));
    }
    let hours = int(object, "validity_period_hours").unwrap_or_default();
    let from = OffsetDateTime::now_utc();
    let until = Some(hours).filter(|h| *h <= MOST_HOURS).and_then(|h| from.checked_add(Duration::hours(h)));
    let until = until.ok_or_else(|| fail(format!("A validity of {hours} hours ends beyond the year 9999.")))?;
    let mut serial = [0; 16];
    random.fill(&mut serial);
    // A serial number is positive.
    serial[15] |= u8::from(serial == [0; 16]);
    let uses = get(object, "allowed_uses");
    let template = Template {
        subject,
        names,
        public,
        uses: uses.as_items().into_iter().flatten().filter_map(|v| v.as_str().map(Into::into)).collect(),
        is_ca: flag("is_ca_certificate"),
        set_subject_key_id: flag("set_subject_key_id"),
        set_authority_key_id: flag("set_authority_key_id"),
        from,
        until,
        serial,
    };
    let signed = template.sign(key, issuer, random).map_err(fail)?;
    let mut out = members(object);
    let moment = |at: OffsetDateTime| Value::string(at.format(&Rfc3339).unwrap_or_default());
    out.insert("id".into(), Value::string(decimal(&serial)));
    out.insert("cert_pem".into(), Value::string(der::to_pem("CERTIFICATE", &signed)));
    out.insert("validity_start_time".into(), moment(from));
    out.insert("validity_end_time".into(), moment(until));
    Ok(Value::object(out))
}

/// # tls_self_signed_cert
pub(super) struct SelfSigned {
    pub(super) random: Random,
}

#[async_trait]
impl Definition for SelfSigned {
    fn name(&self) -> &'static str {
        "tls_self_signed_cert"
    }

    fn schema(&self) -> Arc<Schema> {
        let strings = |doc| attr(Type::list(Type::String), Set::Optional, doc);
        let mut block = Block { doc: "A certificate signed with its own key.", ..Block::default() };
        let own = [
            ("private_key_pem", secret(Set::Required, "The private key that the certificate is for.")),
            ("dns_names", strings("DNS names that the certificate is for.")),
            ("ip_addresses", strings("IP addresses that the certificate is for.")),
            ("uris", strings("URIs that the certificate is for.")),
            ("key_algorithm", attr(Type::String, Set::Computed, "The algorithm of the private key.")),
            (
                "set_authority_key_id",
                attr(Type::Bool, Set::OptionalComputed, "Whether it names the key that signed it (default false)."),
            ),
        ];
        for (name, attribute) in common().into_iter().chain(own) {
            block.attributes.insert(name.into(), attribute);
        }
        block.blocks.insert("subject".into(), subject_block());
        Arc::new(Schema { version: 0, block, legacy_type_system: false })
    }

    fn validate(&self, config: &Value) -> Vec<Complaint> {
        validate(config)
    }

    fn plan(&self, request: &PlanRequest) -> PlanAnswer {
        let fixed = [
            "validity_period_hours",
            "allowed_uses",
            "dns_names",
            "ip_addresses",
            "uris",
            "is_ca_certificate",
            "set_subject_key_id",
            "set_authority_key_id",
            "subject",
        ];
        let mut defaults = defaults();
        defaults.push(("set_authority_key_id", Value::FALSE));
        let mut computed = COMPUTED.to_vec();
        computed.push(("key_algorithm", Type::String));
        renewing(plan(request, &["private_key_pem"], &fixed, &defaults, &computed))
    }

    async fn apply(&self, request: &ApplyRequest) -> Result<Value, Complaint> {
        let object = &request.planned;
        if object.is_wholly_known() {
            return Ok(object.clone());
        }
        let key = signing_key(object, "private_key_pem")?;
        let names = AltNames::of_object(object).map_err(|(summary, detail)| complain(summary, detail, Path::root()))?;
        let mut out = members(object);
        out.insert("key_algorithm".into(), Value::string(key.algorithm()));
        let public = key.public_der();
        make(&Value::object(out), subject_of(object), names, public, &key, None, &self.random)
    }

    fn read(&self, prior: &Value) -> Result<Value, Complaint> {
        Ok(read(prior))
    }
}

/// # tls_locally_signed_cert
pub(super) struct LocallySigned {
    pub(super) random: Random,
}

/// The block with this label in an attribute.
fn block(object: &Value, name: &str, label: &str) -> Result<Vec<u8>, Complaint> {
    match der::from_pem(&text(object, name)) {
        Some((found, bytes)) if found == label => Ok(bytes),
        Some((found, _)) => Err(unreadable(name, format!("it is a \"{found}\", not a \"{label}\""))),
        None => Err(unreadable(name, "it holds no PEM block".into())),
    }
}

fn unreadable(name: &str, why: String) -> Complaint {
    let detail = format!("{name} cannot be read: {why}.");
    complain("Failed to parse PEM", detail, Path::root().attr(name))
}

/// The subject, names and public key of a request.
fn requested(bytes: &[u8]) -> x509_cert::der::Result<(Subject, AltNames, Vec<u8>)> {
    const EXTENSION_REQUEST: &str = "1.2.840.113549.1.9.14";
    const ALT_NAMES: &str = "2.5.29.17";
    let request = CertReq::from_der(bytes)?;
    let mut names = AltNames::default();
    let wanted = |a: &&RequestAttribute| a.oid.to_string() == EXTENSION_REQUEST;
    for value in request.info.attributes.iter().filter(wanted).flat_map(|a| a.values.iter()) {
        for extension in value.decode_as::<Vec<Extension>>()? {
            if extension.extn_id.to_string() == ALT_NAMES {
                names = AltNames::of_general_names(&SubjectAltName::from_der(extension.extn_value.as_bytes())?.0);
            }
        }
    }
    Ok((Subject::of_name(&request.info.subject), names, request.info.public_key.to_der()?))
}

#[async_trait]
impl Definition for LocallySigned {
    fn name(&self) -> &'static str {
        "tls_locally_signed_cert"
    }

    fn schema(&self) -> Arc<Schema> {
        let mut block = Block { doc: "A certificate for a request, signed with a key at hand.", ..Block::default() };
        let own = [
            ("ca_cert_pem", attr(Type::String, Set::Required, "The certificate of who signs, as PEM.")),
            ("ca_private_key_pem", secret(Set::Required, "The private key of who signs, as PEM.")),
            ("cert_request_pem", attr(Type::String, Set::Required, "The request, as PEM.")),
            ("ca_key_algorithm", attr(Type::String, Set::Computed, "The algorithm of who signs.")),
        ];
        for (name, attribute) in common().into_iter().chain(own) {
            block.attributes.insert(name.into(), attribute);
        }
        Arc::new(Schema { version: 0, block, legacy_type_system: false })
    }

    fn validate(&self, config: &Value) -> Vec<Complaint> {
        validate(config)
    }

    fn plan(&self, request: &PlanRequest) -> PlanAnswer {
        let pems = ["ca_cert_pem", "ca_private_key_pem", "cert_request_pem"];
        let fixed = ["validity_period_hours", "allowed_uses", "is_ca_certificate", "set_subject_key_id"];
        let mut computed = COMPUTED.to_vec();
        computed.push(("ca_key_algorithm", Type::String));
        renewing(plan(request, &pems, &fixed, &defaults(), &computed))
    }

    async fn apply(&self, request: &ApplyRequest) -> Result<Value, Complaint> {
        let object = &request.planned;
        if object.is_wholly_known() {
            return Ok(object.clone());
        }
        let (subject, names, public) = requested(&block(object, "cert_request_pem", "CERTIFICATE REQUEST")?)
            .map_err(|e| unreadable("cert_request_pem", e.to_string()))?;
        let key = signing_key(object, "ca_private_key_pem")?;
        let failed = |e: x509_cert::der::Error| unreadable("ca_cert_pem", e.to_string());
        let ca = Certificate::from_der(&block(object, "ca_cert_pem", "CERTIFICATE")?).map_err(failed)?;
        let ca = ca.tbs_certificate();
        if ca.subject_public_key_info().to_der().map_err(failed)? != key.public_der() {
            let detail = "The private key in ca_private_key_pem is not that of the certificate in ca_cert_pem.";
            return Err(complain("Failed to create certificate", detail, Path::root().attr("ca_private_key_pem")));
        }
        let key_id = ca.get_extension::<SubjectKeyIdentifier>().map_err(failed)?;
        let issuer = Issuer {
            name: ca.subject().to_der().map_err(failed)?,
            key_id: key_id.map(|(_, id)| id.0.as_bytes().to_vec()),
            key: &key,
        };
        if !is_authority(ca) {
            tracing::warn!("ca_cert_pem is not the certificate of an authority; who checks the new one may refuse it");
        }
        let mut out = members(object);
        out.insert("ca_key_algorithm".into(), Value::string(key.algorithm()));
        make(&Value::object(out), subject, names, public, &key, Some(issuer), &self.random)
    }

    fn read(&self, prior: &Value) -> Result<Value, Complaint> {
        Ok(read(prior))
    }
}

/// Tells whether a certificate may sign others.
pub(super) fn is_authority(certificate: &x509_cert::TbsCertificate) -> bool {
    matches!(certificate.get_extension::<BasicConstraints>(), Ok(Some((_, b))) if b.ca)
}
