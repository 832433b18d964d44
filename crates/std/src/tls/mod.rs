//! hashicorp/tls: private keys, certificates and requests, and what servers show of theirs.

mod certificate;
mod certs;
mod der;
mod keys;
mod names;
mod private_key;
mod proxy;
mod request;
mod ssh;
mod template;

use std::sync::Arc;

use sdt_schema::{Attribute, Block, NestedBlock, Nesting};
use sdt_value::{Path, Type, Value};
use sha1::{Digest as _, Sha1};

use crate::digests::hex;
use crate::helpers::{Set, attr};
use crate::{LocalProvider, Random};

/// The tls provider.
#[must_use]
pub fn tls(random: Random) -> LocalProvider {
    let types: Vec<Arc<dyn crate::Definition>> = vec![
        Arc::new(private_key::PrivateKeyResource { random: random.clone() }),
        Arc::new(private_key::EphemeralPrivateKey(private_key::PrivateKeyResource { random: random.clone() })),
        Arc::new(private_key::PublicKeyData),
        Arc::new(request::CertRequest { random: random.clone() }),
        Arc::new(certs::SelfSigned { random: random.clone() }),
        Arc::new(certs::LocallySigned { random }),
        Arc::new(certificate::CertificateData::default()),
    ];
    LocalProvider::new("hashicorp/tls", Some("4.1.0"), types).with_config(proxy::schema(), proxy::validate)
}

/// An attribute that is never shown.
fn secret(set: Set, doc: &'static str) -> Attribute {
    Attribute { sensitive: true, ..attr(Type::String, set, doc) }
}

/// The `subject` block.
fn subject_block() -> NestedBlock {
    let mut block = Block { doc: "The distinguished name of whom the certificate is for.", ..Block::default() };
    for (name, _) in names::attributes() {
        let ty = if name == "street_address" { Type::list(Type::String) } else { Type::String };
        block.attributes.insert(name.into(), attr(ty, Set::Optional, "A part of the distinguished name."));
    }
    block.attributes.insert("email_address".into(), attr(Type::String, Set::Optional, "An e-mail address."));
    NestedBlock { nesting: Nesting::List, block: Arc::new(block), min: 0, max: 1 }
}

/// The `subject` block of an object, or an empty one.
fn subject_of(object: &Value) -> names::Subject {
    let block = object.get("subject").and_then(Value::as_items).and_then(|s| s.first().cloned());
    names::Subject::of_block(&block.unwrap_or(Value::NULL))
}

/// Null and empty text or list are alike in what older versions of the provider left in states.
fn without_empty(value: &Value) -> Value {
    let plain = value.clone().transform(&mut |_: &Path, v: Value| -> Result<Value, std::convert::Infallible> {
        let empty = v.as_str() == Some("") || v.as_items().is_some_and(<[_]>::is_empty);
        Ok(if empty { Value::null(v.ty()) } else { v })
    });
    plain.unwrap_or_else(|never| match never {})
}

/// The id of what has no other: SHA-1 of its bytes without white space around them, which the public provider takes for text.
fn id_of(bytes: &[u8]) -> String {
    let mut end = bytes.len();
    'trim: loop {
        for len in 1..=3.min(end) {
            let last = std::str::from_utf8(&bytes[end - len..end]).ok().and_then(|s| {
                let mut chars = s.chars();
                chars.next().filter(|_| chars.next().is_none())
            });
            if last.is_some_and(char::is_whitespace) {
                end -= len;
                continue 'trim;
            }
        }
        break;
    }
    hex(&Sha1::digest(&bytes[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_ignore_white_space_at_the_end() {
        let plain = id_of(b"0abc");
        for end in [&b" "[..], b"\n\t", "\u{85}".as_bytes(), "\u{2003} ".as_bytes()] {
            assert_eq!(id_of(&[b"0abc", end].concat()), plain, "{end:?}");
        }
        assert_ne!(id_of(b"0abc\xa0"), plain);
    }
}
