//! tls_private_key and data tls_public_key.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use sdt_provider::{ApplyRequest, Complaint, Mode, PlanAnswer, PlanRequest};
use sdt_schema::Schema;
use sdt_value::{Path, Str, Type, Value};

use super::der::to_pem;
use super::keys::{Curve, NO_P224, PrivateKey};
use super::{id_of, secret, ssh};
use crate::helpers::{Set, attr, complain, exactly_one, int, members, one_of, plan_by_replacement, schema, text};
use crate::{Definition, Random};

const ALGORITHMS: [&str; 3] = ["RSA", "ECDSA", "ED25519"];
const CURVES: [&str; 4] = ["P224", "P256", "P384", "P521"];
const PRIVATE: [&str; 3] = ["private_key_pem", "private_key_pem_pkcs8", "private_key_openssh"];
const PUBLIC: [&str; 5] =
    ["id", "public_key_pem", "public_key_openssh", "public_key_fingerprint_md5", "public_key_fingerprint_sha256"];

/// What is told of a key in public, in the order of [`PUBLIC`].
fn public(key: &PrivateKey) -> [String; 5] {
    let der = key.public_der();
    [
        id_of(&der),
        to_pem("PUBLIC KEY", &der),
        ssh::authorized_key(key),
        ssh::fingerprint_md5(key),
        ssh::fingerprint_sha256(key),
    ]
}

fn set_public(key: &PrivateKey, object: &mut BTreeMap<Str, Value>) {
    for (name, value) in PUBLIC.iter().zip(public(key)) {
        object.insert(Str::from(*name), Value::string(value));
    }
}

fn set_defaults(object: &mut BTreeMap<Str, Value>, config: &Value) {
    for (name, default) in [("rsa_bits", Value::number(2048)), ("ecdsa_curve", Value::string("P224"))] {
        if config.get(name).is_none_or(Value::is_null) {
            object.insert(name.into(), default);
        }
    }
}

/// # tls_private_key
pub(super) struct PrivateKeyResource {
    pub(super) random: Random,
}

impl PrivateKeyResource {
    fn make(&self, object: &Value) -> Result<PrivateKey, String> {
        match text(object, "algorithm").as_str() {
            "RSA" => PrivateKey::make_rsa(int(object, "rsa_bits").unwrap_or(2048), &self.random),
            "ECDSA" => match text(object, "ecdsa_curve").as_str() {
                "P256" => Ok(PrivateKey::make_ec(Curve::P256, &self.random)),
                "P384" => Ok(PrivateKey::make_ec(Curve::P384, &self.random)),
                "P521" => Ok(PrivateKey::make_ec(Curve::P521, &self.random)),
                _ => Err(NO_P224.into()),
            },
            _ => Ok(PrivateKey::make_ed25519(&self.random)),
        }
    }

    /// Makes a key and fills in all that is told of it.
    fn fill(&self, object: &mut BTreeMap<Str, Value>) -> Result<(), Complaint> {
        let key = self
            .make(&Value::object(object.clone()))
            .map_err(|why| complain("Unable to generate Key from configuration", why, Path::root()))?;
        for (name, value) in PRIVATE.iter().zip(self.private(&key)) {
            object.insert(Str::from(*name), Value::string(value));
        }
        set_public(&key, object);
        Ok(())
    }

    /// The three forms of the secret, in the order of [`PRIVATE`].
    fn private(&self, key: &PrivateKey) -> [String; 3] {
        [key.to_pem(), key.to_pkcs8_pem(), ssh::to_openssh(key, &self.random)]
    }
}

#[async_trait]
impl Definition for PrivateKeyResource {
    fn name(&self) -> &'static str {
        "tls_private_key"
    }

    fn schema(&self) -> Arc<Schema> {
        let out = |doc| attr(Type::String, Set::Computed, doc);
        schema(
            1,
            [
                ("algorithm", attr(Type::String, Set::Required, "RSA, ECDSA or ED25519.")),
                ("rsa_bits", attr(Type::Number, Set::OptionalComputed, "Size of an RSA key (default 2048).")),
                (
                    "ecdsa_curve",
                    attr(Type::String, Set::OptionalComputed, "Curve of an ECDSA key: P256, P384 or P521."),
                ),
                ("private_key_pem", secret(Set::Computed, "The private key as PEM.")),
                ("private_key_pem_pkcs8", secret(Set::Computed, "The private key as PEM of PKCS#8.")),
                ("private_key_openssh", secret(Set::Computed, "The private key as OpenSSH has it.")),
                ("public_key_pem", out("The public key as PEM.")),
                ("public_key_openssh", out("The public key as a line of authorized_keys.")),
                ("public_key_fingerprint_md5", out("The MD5 fingerprint that OpenSSH shows.")),
                ("public_key_fingerprint_sha256", out("The SHA-256 fingerprint that OpenSSH shows.")),
                ("id", out("The SHA-1 checksum of the public key.")),
            ],
            "A private key, kept in the state.",
        )
    }

    fn validate(&self, config: &Value) -> Vec<Complaint> {
        let mut found: Vec<Complaint> = one_of(config, "algorithm", &ALGORITHMS)
            .into_iter()
            .chain(one_of(config, "ecdsa_curve", &CURVES))
            .collect();
        let curve = config.get("ecdsa_curve");
        let usual = curve.is_none_or(|c| c.is_null() || c.as_str() == Some("P224"));
        if text(config, "algorithm") == "ECDSA" && usual {
            found.push(complain("Unsupported elliptic curve", NO_P224, Path::root().attr("ecdsa_curve")));
        }
        found
    }

    fn plan(&self, request: &PlanRequest) -> PlanAnswer {
        let mut proposed = members(&request.proposed);
        set_defaults(&mut proposed, &request.config);
        let request = PlanRequest { proposed: Value::object(proposed), ..request.clone() };
        let computed: Vec<_> = PRIVATE.iter().chain(&PUBLIC).map(|n| (*n, Type::String)).collect();
        plan_by_replacement(&request, &["algorithm", "rsa_bits", "ecdsa_curve"], &computed)
    }

    async fn apply(&self, request: &ApplyRequest) -> Result<Value, Complaint> {
        let mut object = members(&request.planned);
        if request.planned.is_wholly_known() {
            return Ok(request.planned.clone());
        }
        self.fill(&mut object)?;
        Ok(Value::object(object))
    }

    /// Version 0 has neither PKCS#8 nor, in its first years, OpenSSH's form and fingerprint.
    fn upgrade(&self, version: u64, mut stored: serde_json::Value) -> serde_json::Value {
        let Some(object) = stored.as_object_mut().filter(|_| version < 1) else { return stored };
        let pem = object.get("private_key_pem").and_then(|v| v.as_str()).unwrap_or_default();
        let Ok(key) = PrivateKey::from_pem(pem) else { return stored };
        let absent = |v: Option<&serde_json::Value>| v.and_then(|v| v.as_str()).is_none_or(str::is_empty);
        for (name, value) in PRIVATE.iter().zip(self.private(&key)).chain(PUBLIC.iter().zip(public(&key))) {
            if absent(object.get(*name)) || PUBLIC.contains(name) {
                object.insert((*name).to_owned(), value.into());
            }
        }
        stored
    }
}

/// # ephemeral tls_private_key
pub(super) struct EphemeralPrivateKey(pub(super) PrivateKeyResource);

#[async_trait]
impl Definition for EphemeralPrivateKey {
    fn name(&self) -> &'static str {
        "tls_private_key"
    }

    fn mode(&self) -> Mode {
        Mode::Ephemeral
    }

    fn schema(&self) -> Arc<Schema> {
        let kept = self.0.schema();
        let mut schema = Schema { version: 0, ..(*kept).clone() };
        schema.block.attributes.remove("id");
        schema.block.doc = "A private key that no state keeps.";
        Arc::new(schema)
    }

    fn validate(&self, config: &Value) -> Vec<Complaint> {
        self.0.validate(config)
    }

    async fn read_data(&self, config: &Value) -> Result<Value, Vec<Complaint>> {
        let mut object = members(config);
        set_defaults(&mut object, config);
        self.0.fill(&mut object).map_err(|c| vec![c])?;
        object.remove("id");
        Ok(Value::object(object))
    }
}

/// # data tls_public_key
pub(super) struct PublicKeyData;

#[async_trait]
impl Definition for PublicKeyData {
    fn name(&self) -> &'static str {
        "tls_public_key"
    }

    fn mode(&self) -> Mode {
        Mode::Data
    }

    fn schema(&self) -> Arc<Schema> {
        let out = |doc| attr(Type::String, Set::Computed, doc);
        schema(
            0,
            [
                ("private_key_pem", secret(Set::Optional, "The private key as PEM.")),
                ("private_key_openssh", secret(Set::Optional, "The private key as OpenSSH has it.")),
                ("algorithm", out("RSA, ECDSA or ED25519.")),
                ("public_key_pem", out("The public key as PEM.")),
                ("public_key_openssh", out("The public key as a line of authorized_keys.")),
                ("public_key_fingerprint_md5", out("The MD5 fingerprint that OpenSSH shows.")),
                ("public_key_fingerprint_sha256", out("The SHA-256 fingerprint that OpenSSH shows.")),
                ("id", out("The SHA-1 checksum of the public key.")),
            ],
            "The public key of a private key.",
        )
    }

    fn validate(&self, config: &Value) -> Vec<Complaint> {
        exactly_one(config, &["private_key_pem", "private_key_openssh"])
    }

    async fn read_data(&self, config: &Value) -> Result<Value, Vec<Complaint>> {
        let given = ["private_key_pem", "private_key_openssh"].into_iter().find(|n| !text(config, n).is_empty());
        let name = given.unwrap_or("private_key_pem");
        let key = PrivateKey::from_pem(&text(config, name)).map_err(|why| {
            let detail = format!("{name} is no private key that can be read: {why}.");
            vec![complain("Unable to parse private key", detail, Path::root().attr(name))]
        })?;
        let mut object = members(config);
        object.insert("algorithm".into(), Value::string(key.algorithm()));
        set_public(&key, &mut object);
        Ok(Value::object(object))
    }
}
