//! tls_cert_request.

use std::sync::Arc;

use async_trait::async_trait;
use sdt_provider::{ApplyRequest, Complaint, PlanAnswer, PlanRequest};
use sdt_schema::{Block, Schema};
use sdt_value::{Path, Type, Value};

use super::certs::{plan, signing_key};
use super::names::AltNames;
use super::{der, id_of, secret, subject_block, subject_of, template};
use crate::helpers::{Set, attr, complain, members};
use crate::{Definition, Random};

/// # tls_cert_request
pub(super) struct CertRequest {
    pub(super) random: Random,
}

const COMPUTED: [(&str, Type); 3] =
    [("id", Type::String), ("key_algorithm", Type::String), ("cert_request_pem", Type::String)];

#[async_trait]
impl Definition for CertRequest {
    fn name(&self) -> &'static str {
        "tls_cert_request"
    }

    fn schema(&self) -> Arc<Schema> {
        let strings = |doc| attr(Type::list(Type::String), Set::Optional, doc);
        let out = |doc| attr(Type::String, Set::Computed, doc);
        let mut block = Block { doc: "A request for a certificate.", ..Block::default() };
        for (name, attribute) in [
            ("private_key_pem", secret(Set::Required, "The private key that the certificate will be for.")),
            ("dns_names", strings("DNS names that the certificate is for.")),
            ("ip_addresses", strings("IP addresses that the certificate is for.")),
            ("uris", strings("URIs that the certificate is for.")),
            ("key_algorithm", out("The algorithm of the private key.")),
            ("cert_request_pem", out("The request as PEM.")),
            ("id", out("The SHA-1 checksum of the request.")),
        ] {
            block.attributes.insert(name.into(), attribute);
        }
        block.blocks.insert("subject".into(), subject_block());
        Arc::new(Schema { version: 0, block, legacy_type_system: false })
    }

    fn plan(&self, request: &PlanRequest) -> PlanAnswer {
        plan(request, &["private_key_pem"], &["dns_names", "ip_addresses", "uris", "subject"], &[], &COMPUTED)
    }

    async fn apply(&self, request: &ApplyRequest) -> Result<Value, Complaint> {
        if request.planned.is_wholly_known() {
            return Ok(request.planned.clone());
        }
        let key = signing_key(&request.planned, "private_key_pem")?;
        let names = AltNames::of_object(&request.planned)
            .map_err(|(summary, detail)| complain(summary, detail, Path::root()))?;
        let made = template::request(&subject_of(&request.planned), &names, &key, &self.random)
            .map_err(|why| complain("Error creating certificate request", why, Path::root()))?;
        let mut object = members(&request.planned);
        object.insert("key_algorithm".into(), Value::string(key.algorithm()));
        object.insert("cert_request_pem".into(), Value::string(der::to_pem("CERTIFICATE REQUEST", &made)));
        object.insert("id".into(), Value::string(id_of(&made)));
        Ok(Value::object(object))
    }
}
