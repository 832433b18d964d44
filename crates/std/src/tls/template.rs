//! Certificates and requests as Go's `crypto/x509` makes them from what the provider hands to it. Source: RFC 5280, RFC 2986.

use sha1::{Digest as _, Sha1};
use time::OffsetDateTime;

use super::der::{self, BIT_STRING, BOOL, OCTET_STRING, Reader, SEQUENCE, SET};
use super::keys::PrivateKey;
use super::names::{AltNames, Subject};
use crate::Random;

/// Uses that are bits of one extension, in the order of the bits.
const KEY_USAGES: [&str; 9] = [
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "cert_signing",
    "crl_signing",
    "encipher_only",
    "decipher_only",
];

/// Uses that are identifiers.
const EXTENDED: [(&str, &[u64]); 14] = [
    ("any_extended", &[2, 5, 29, 37, 0]),
    ("server_auth", &[1, 3, 6, 1, 5, 5, 7, 3, 1]),
    ("client_auth", &[1, 3, 6, 1, 5, 5, 7, 3, 2]),
    ("code_signing", &[1, 3, 6, 1, 5, 5, 7, 3, 3]),
    ("email_protection", &[1, 3, 6, 1, 5, 5, 7, 3, 4]),
    ("ipsec_end_system", &[1, 3, 6, 1, 5, 5, 7, 3, 5]),
    ("ipsec_tunnel", &[1, 3, 6, 1, 5, 5, 7, 3, 6]),
    ("ipsec_user", &[1, 3, 6, 1, 5, 5, 7, 3, 7]),
    ("timestamping", &[1, 3, 6, 1, 5, 5, 7, 3, 8]),
    ("ocsp_signing", &[1, 3, 6, 1, 5, 5, 7, 3, 9]),
    ("microsoft_server_gated_crypto", &[1, 3, 6, 1, 4, 1, 311, 10, 3, 3]),
    ("netscape_server_gated_crypto", &[2, 16, 840, 1, 113_730, 4, 1]),
    ("microsoft_commercial_code_signing", &[1, 3, 6, 1, 4, 1, 311, 2, 1, 22]),
    ("microsoft_kernel_code_signing", &[1, 3, 6, 1, 4, 1, 311, 61, 1, 1]),
];

/// All uses, sorted.
pub(super) fn uses() -> Vec<&'static str> {
    let mut all: Vec<_> = KEY_USAGES.into_iter().chain(EXTENDED.iter().map(|(n, _)| *n)).collect();
    all.sort_unstable();
    all
}

/// Who signs.
pub(super) struct Issuer<'a> {
    /// The distinguished name.
    pub(super) name: Vec<u8>,
    /// The key identifier, if it has one.
    pub(super) key_id: Option<Vec<u8>>,
    pub(super) key: &'a PrivateKey,
}

/// A certificate to be made.
pub(super) struct Template {
    pub(super) subject: Subject,
    pub(super) names: AltNames,
    /// The subject's public key (SubjectPublicKeyInfo).
    pub(super) public: Vec<u8>,
    pub(super) uses: Vec<String>,
    pub(super) is_ca: bool,
    pub(super) set_subject_key_id: bool,
    pub(super) set_authority_key_id: bool,
    pub(super) from: OffsetDateTime,
    pub(super) until: OffsetDateTime,
    /// Sixteen bytes.
    pub(super) serial: [u8; 16],
}

impl Template {
    /// The certificate signed by `issuer`; by the subject itself when there is none.
    pub(super) fn sign(
        &self,
        key: &PrivateKey,
        issuer: Option<Issuer<'_>>,
        random: &Random,
    ) -> Result<Vec<u8>, String> {
        let subject = self.subject.to_der();
        let own_id = (self.is_ca || self.set_subject_key_id).then(|| key_id(&self.public)).transpose()?;
        let own = Issuer { name: subject.clone(), key_id: own_id.clone(), key };
        let issuer = issuer.unwrap_or(own);
        if self.set_authority_key_id && issuer.key_id.is_none() {
            return Err("Could not determine Authority Key Identifier".into());
        }
        // Another's certificate names the issuer's key whenever that has an identifier.
        let named = self.set_authority_key_id || issuer.name != subject;
        let authority = issuer.key_id.as_deref().filter(|_| named);
        let extensions = self.extensions(own_id.as_deref(), authority);
        let algorithm = issuer.key.signature_algorithm();
        const VERSION_3: &[u8] = &[2];
        let body = der::sequence(&[
            &der::nested(der::explicit(0), &[&der::unsigned(VERSION_3)]),
            &der::unsigned(&self.serial),
            &algorithm,
            &issuer.name,
            &der::sequence(&[&time(self.from), &time(self.until)]),
            &subject,
            &self.public,
            &der::nested(der::explicit(3), &[&der::element(SEQUENCE, &extensions)]),
        ]);
        let signature = issuer.key.sign(&body, random)?;
        Ok(der::sequence(&[&body, &algorithm, &der::bits(&signature)]))
    }

    fn extensions(&self, own_id: Option<&[u8]>, authority: Option<&[u8]>) -> Vec<u8> {
        let mut out = Vec::new();
        let bits = KEY_USAGES.iter().enumerate().filter(|(_, n)| self.uses.iter().any(|u| u == *n));
        let bits: Vec<usize> = bits.map(|(i, _)| i).collect();
        if let Some(last) = bits.last() {
            let mut bytes = vec![0u8; last / 8 + 1];
            bits.iter().for_each(|i| bytes[i / 8] |= 0x80 >> (i % 8));
            let unused = 7 - (last % 8) as u8;
            out.extend(extension(&[2, 5, 29, 15], true, &der::nested(BIT_STRING, &[&[unused], &bytes])));
        }
        let extended = self.uses.iter().filter_map(|u| EXTENDED.iter().find(|(n, _)| n == u));
        let extended: Vec<u8> = extended.flat_map(|(_, id)| der::oid(id)).collect();
        if !extended.is_empty() {
            out.extend(extension(&[2, 5, 29, 37], false, &der::element(SEQUENCE, &extended)));
        }
        let ca = if self.is_ca { der::element(BOOL, &[0xff]) } else { Vec::new() };
        out.extend(extension(&[2, 5, 29, 19], true, &der::element(SEQUENCE, &ca)));
        if let Some(id) = own_id {
            out.extend(extension(&[2, 5, 29, 14], false, &der::element(OCTET_STRING, id)));
        }
        if let Some(id) = authority {
            out.extend(extension(&[2, 5, 29, 35], false, &der::sequence(&[&der::element(0x80, id)])));
        }
        if !self.names.is_empty() {
            out.extend(alt_names(&self.names, &self.subject));
        }
        out
    }
}

/// A request for a certificate.
pub(super) fn request(
    subject: &Subject,
    names: &AltNames,
    key: &PrivateKey,
    random: &Random,
) -> Result<Vec<u8>, String> {
    const EXTENSION_REQUEST: &[u64] = &[1, 2, 840, 113_549, 1, 9, 14];
    let attributes = if names.is_empty() {
        Vec::new()
    } else {
        let extensions = der::element(SEQUENCE, &alt_names(names, subject));
        der::sequence(&[&der::oid(EXTENSION_REQUEST), &der::element(SET, &extensions)])
    };
    let body = der::sequence(&[
        &der::unsigned(&[]),
        &subject.to_der(),
        &key.public_der(),
        &der::element(der::explicit(0), &attributes),
    ]);
    let signature = key.sign(&body, random)?;
    Ok(der::sequence(&[&body, &key.signature_algorithm(), &der::bits(&signature)]))
}

/// The extension is critical when nothing else names the subject.
fn alt_names(names: &AltNames, subject: &Subject) -> Vec<u8> {
    extension(&[2, 5, 29, 17], subject.is_empty(), &names.to_der())
}

fn extension(id: &[u64], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { der::element(BOOL, &[0xff]) } else { Vec::new() };
    der::sequence(&[&der::oid(id), &critical, &der::element(OCTET_STRING, value)])
}

/// The SHA-1 digest of the public key's bits, as the provider identifies keys.
fn key_id(public: &[u8]) -> Result<Vec<u8>, String> {
    const ED25519: [u8; 5] = [6, 3, 0x2b, 101, 112];
    let read = || {
        let mut parts = Reader::new(public).enter(SEQUENCE)?;
        Some((parts.take(SEQUENCE)?, parts.take(BIT_STRING)?))
    };
    let (algorithm, bits) = read().ok_or("the public key has no known form")?;
    let bits = bits.get(1..).unwrap_or_default();
    // Go gives the digest of the encoded byte string for these keys, of the bits alone for the others.
    let hashed = if algorithm == ED25519 { der::element(OCTET_STRING, bits) } else { bits.to_vec() };
    Ok(Sha1::digest(hashed).to_vec())
}

/// Two digits for the year until 2049, four afterwards.
fn time(at: OffsetDateTime) -> Vec<u8> {
    const UTC: u8 = 23;
    const GENERALIZED: u8 = 24;
    let at = at.to_offset(time::UtcOffset::UTC);
    let rest =
        format!("{:02}{:02}{:02}{:02}{:02}Z", u8::from(at.month()), at.day(), at.hour(), at.minute(), at.second());
    if (1950..2050).contains(&at.year()) {
        der::element(UTC, format!("{:02}{rest}", at.year() % 100).as_bytes())
    } else {
        der::element(GENERALIZED, format!("{:04}{rest}", at.year()).as_bytes())
    }
}
