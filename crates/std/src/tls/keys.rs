//! Private keys: making them, reading them, signing, and the forms in which others want them.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as FastRsa, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use ed25519_dalek::Signer as _;
use p256::elliptic_curve::sec1::ToSec1Point as _;
use rsa::pkcs1::{DecodeRsaPrivateKey as _, EncodeRsaPrivateKey as _};
use sha2::{Digest as _, Sha256};

use super::der::{self, Reader, SEQUENCE};
use super::ssh;
use crate::Random;

/// Fewer bits can be factored by anyone; more take longer than anyone waits.
const RSA_BITS: std::ops::RangeInclusive<i64> = 512..=16_384;
const OID_RSA: &[u64] = &[1, 2, 840, 113_549, 1, 1, 1];
const OID_EC: &[u64] = &[1, 2, 840, 10_045, 2, 1];
const OID_ED25519: &[u64] = &[1, 3, 101, 112];
const NULL: [u8; 2] = [5, 0];

/// Why `P224`, which the public provider has, is refused.
pub(super) const NO_P224: &str = "sdt has no keys on the curve P224: no well-kept library offers it, OpenSSH and browsers \
    do not accept it. Set ecdsa_curve to P256, P384 or P521; P224 is what the provider takes when nothing is set.";

/// Curves of ECDSA keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    pub(super) const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    pub(super) const fn oid(self) -> &'static [u64] {
        match self {
            Self::P256 => &[1, 2, 840, 10_045, 3, 1, 7],
            Self::P384 => &[1, 3, 132, 0, 34],
            Self::P521 => &[1, 3, 132, 0, 35],
        }
    }

    /// Bytes of a number on it.
    const fn size(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// Its name in OpenSSH.
    pub(super) const fn ssh_name(self) -> &'static str {
        match self {
            Self::P256 => "nistp256",
            Self::P384 => "nistp384",
            Self::P521 => "nistp521",
        }
    }

    /// The uncompressed point that belongs to a secret number, if that is one of the curve.
    fn point(self, secret: &[u8]) -> Option<Vec<u8>> {
        Some(match self {
            Self::P256 => {
                p256::SecretKey::from_slice(secret).ok()?.public_key().to_sec1_point(false).as_bytes().to_vec()
            }
            Self::P384 => {
                p384::SecretKey::from_slice(secret).ok()?.public_key().to_sec1_point(false).as_bytes().to_vec()
            }
            Self::P521 => {
                p521::SecretKey::from_slice(secret).ok()?.public_key().to_sec1_point(false).as_bytes().to_vec()
            }
        })
    }

    fn sign(self, secret: &[u8], message: &[u8]) -> Option<Vec<u8>> {
        Some(match self {
            Self::P256 => {
                let s: p256::ecdsa::DerSignature = p256::ecdsa::SigningKey::from_slice(secret).ok()?.sign(message);
                s.as_bytes().to_vec()
            }
            Self::P384 => {
                let s: p384::ecdsa::DerSignature = p384::ecdsa::SigningKey::from_slice(secret).ok()?.sign(message);
                s.as_bytes().to_vec()
            }
            Self::P521 => {
                let s: p521::ecdsa::DerSignature = p521::ecdsa::SigningKey::from_slice(secret).ok()?.sign(message);
                s.as_bytes().to_vec()
            }
        })
    }
}

/// A private key.
pub(super) enum PrivateKey {
    /// PKCS#1, and its numbers: n, e, d, p, q, d mod p-1, d mod q-1, 1/q mod p.
    Rsa { der: Vec<u8>, numbers: Vec<Vec<u8>> },
    /// A secret number and its point.
    Ec { curve: Curve, secret: Vec<u8>, point: Vec<u8> },
    /// A seed and its point.
    Ed25519 { seed: [u8; 32], point: [u8; 32] },
}

impl PrivateKey {
    /// The algorithm's name as the provider has it.
    pub(super) const fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa { .. } => "RSA",
            Self::Ec { .. } => "ECDSA",
            Self::Ed25519 { .. } => "ED25519",
        }
    }

    pub(super) fn make_rsa(bits: i64, random: &Random) -> Result<Self, String> {
        if !RSA_BITS.contains(&bits) {
            let (least, most) = RSA_BITS.into_inner();
            return Err(format!("an RSA key has {least} to {most} bits, not {bits}"));
        }
        // The usual sizes come from a library in C and assembler: big numbers are slow in a program that is not optimised.
        let fast = match bits {
            2048 => Some(KeySize::Rsa2048),
            3072 => Some(KeySize::Rsa3072),
            4096 => Some(KeySize::Rsa4096),
            8192 => Some(KeySize::Rsa8192),
            _ => None,
        };
        if let Some(size) = fast {
            let made = FastRsa::generate(size).map_err(|_| "the key could not be made")?;
            let der = made.as_der().map_err(|_| "the key could not be encoded")?;
            return Self::from_pkcs8(der.as_ref());
        }
        let made = rsa::RsaPrivateKey::new(&mut Draw(random), bits as usize).map_err(|e| e.to_string())?;
        Self::from_pkcs1(made.to_pkcs1_der().map_err(|e| e.to_string())?.as_bytes())
    }

    pub(super) fn make_ec(curve: Curve, random: &Random) -> Self {
        loop {
            let mut secret = vec![0; curve.size()];
            random.fill(&mut secret);
            if curve == Curve::P521 {
                // 521 bits are one more than 65 bytes.
                secret[0] &= 1;
            }
            // Zero and what is beyond the curve's order is drawn again.
            if let Some(point) = curve.point(&secret) {
                return Self::Ec { curve, secret, point };
            }
        }
    }

    pub(super) fn make_ed25519(random: &Random) -> Self {
        let mut seed = [0; 32];
        random.fill(&mut seed);
        Self::of_seed(seed)
    }

    pub(super) fn of_seed(seed: [u8; 32]) -> Self {
        let point = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key().to_bytes();
        Self::Ed25519 { seed, point }
    }

    pub(super) fn of_secret(curve: Curve, secret: &[u8]) -> Result<Self, String> {
        let digits = der::strip(secret);
        let mut padded = vec![0; curve.size().saturating_sub(digits.len())];
        padded.extend_from_slice(digits);
        let point = curve.point(&padded).ok_or("the number is not one of the curve")?;
        Ok(Self::Ec { curve, secret: padded, point })
    }

    /// Of RSA numbers: n, e, d, p, q, 1/q mod p.
    pub(super) fn of_numbers(numbers: [&[u8]; 6]) -> Result<Self, String> {
        use rsa::BigUint;
        let [n, e, d, p, q, inverse] = numbers;
        let big = |b: &[u8]| BigUint::from_bytes_be(b);
        let less = |prime: &[u8]| {
            let one = BigUint::from(1u8);
            let prime = big(prime);
            if prime <= one { Vec::new() } else { (big(d) % (prime - one)).to_bytes_be() }
        };
        let (dp, dq) = (less(p), less(q));
        let all: Vec<Vec<u8>> = [n, e, d, p, q, &dp, &dq, inverse].iter().map(|b| der::unsigned(b)).collect();
        let mut parts: Vec<&[u8]> = vec![&[der::INTEGER, 1, 0]];
        parts.extend(all.iter().map(Vec::as_slice));
        Self::from_pkcs1(&der::sequence(&parts))
    }

    fn from_pkcs1(bytes: &[u8]) -> Result<Self, String> {
        let read = || {
            let mut all = Reader::new(bytes).enter(SEQUENCE)?;
            all.unsigned()?;
            let numbers: Vec<Vec<u8>> =
                (0..8).map(|_| all.unsigned().map(<[u8]>::to_vec)).collect::<Option<Vec<_>>>()?;
            (!numbers[0].is_empty()).then_some(numbers)
        };
        let numbers = read().ok_or("it is no RSA key of two primes")?;
        Ok(Self::Rsa { der: bytes.to_vec(), numbers })
    }

    /// The form of RFC 5915; the curve may be named around it.
    fn from_sec1(bytes: &[u8], named: Option<Curve>) -> Result<Self, String> {
        let read = || {
            let mut all = Reader::new(bytes).enter(SEQUENCE)?;
            all.unsigned()?;
            let secret = all.take(der::OCTET_STRING)?;
            let own = all.take(der::explicit(0)).and_then(curve_of);
            Some((secret, own))
        };
        let (secret, own) = read().ok_or("it is no elliptic curve key")?;
        let curve = named.or(own).ok_or("its curve is none of P256, P384 and P521")?;
        Self::of_secret(curve, secret)
    }

    fn from_pkcs8(bytes: &[u8]) -> Result<Self, String> {
        let read = || {
            let mut all = Reader::new(bytes).enter(SEQUENCE)?;
            all.unsigned()?;
            let algorithm = all.take(SEQUENCE)?;
            Some((algorithm, all.take(der::OCTET_STRING)?))
        };
        let (algorithm, key) = read().ok_or("it is not PKCS#8")?;
        let mut parts = Reader::new(algorithm);
        let id = der::element(der::OID, parts.take(der::OID).unwrap_or_default());
        if id == der::oid(OID_RSA) {
            Self::from_pkcs1(key)
        } else if id == der::oid(OID_EC) {
            let after = &algorithm[id.len().min(algorithm.len())..];
            Self::from_sec1(key, Some(curve_of(after).ok_or("its curve is none of P256, P384 and P521")?))
        } else if id == der::oid(OID_ED25519) {
            let seed = Reader::new(key).take(der::OCTET_STRING).and_then(|s| s.try_into().ok());
            Ok(Self::of_seed(seed.ok_or("it is no Ed25519 key")?))
        } else {
            Err("its algorithm is none of RSA, ECDSA and ED25519".into())
        }
    }

    /// Reads the first PEM block. Never says what is in it.
    pub(super) fn from_pem(text: &str) -> Result<Self, String> {
        let (label, bytes) =
            der::from_pem(text).ok_or("it holds no PEM block (-----BEGIN …-----, base64, -----END …-----)")?;
        let read = match label.as_str() {
            "RSA PRIVATE KEY" => Self::from_pkcs1(&bytes),
            "EC PRIVATE KEY" => Self::from_sec1(&bytes, None),
            "PRIVATE KEY" => Self::from_pkcs8(&bytes),
            "OPENSSH PRIVATE KEY" => ssh::from_openssh(&bytes),
            _ => Err("that is not the label of a private key".into()),
        };
        read.map_err(|why| format!("a block \"{label}\" was found, but {why}"))
    }

    /// PEM in the traditional form of the algorithm.
    pub(super) fn to_pem(&self) -> String {
        match self {
            Self::Rsa { der, .. } => der::to_pem("RSA PRIVATE KEY", der),
            Self::Ec { curve, .. } => der::to_pem("EC PRIVATE KEY", &self.sec1(Some(*curve))),
            Self::Ed25519 { .. } => self.to_pkcs8_pem(),
        }
    }

    /// RFC 5915, with the curve's name unless that stands around it.
    fn sec1(&self, named: Option<Curve>) -> Vec<u8> {
        let Self::Ec { secret, point, .. } = self else { return Vec::new() };
        let name = named.map(|c| der::element(der::explicit(0), &der::oid(c.oid()))).unwrap_or_default();
        der::sequence(&[
            &der::unsigned(&[1]),
            &der::element(der::OCTET_STRING, secret),
            &name,
            &der::element(der::explicit(1), &der::bits(point)),
        ])
    }

    pub(super) fn to_pkcs8_pem(&self) -> String {
        let inner = match self {
            Self::Rsa { der, .. } => der.clone(),
            Self::Ec { .. } => self.sec1(None),
            Self::Ed25519 { seed, .. } => der::element(der::OCTET_STRING, seed),
        };
        let key = der::element(der::OCTET_STRING, &inner);
        der::to_pem("PRIVATE KEY", &der::sequence(&[&der::unsigned(&[]), &self.key_algorithm(), &key]))
    }

    fn key_algorithm(&self) -> Vec<u8> {
        match self {
            Self::Rsa { .. } => der::sequence(&[&der::oid(OID_RSA), &NULL]),
            Self::Ec { curve, .. } => der::sequence(&[&der::oid(OID_EC), &der::oid(curve.oid())]),
            Self::Ed25519 { .. } => der::sequence(&[&der::oid(OID_ED25519)]),
        }
    }

    /// The public key as certificates hold it (SubjectPublicKeyInfo).
    pub(super) fn public_der(&self) -> Vec<u8> {
        let key = match self {
            Self::Rsa { numbers, .. } => der::sequence(&[&der::unsigned(&numbers[0]), &der::unsigned(&numbers[1])]),
            Self::Ec { point, .. } => point.clone(),
            Self::Ed25519 { point, .. } => point.to_vec(),
        };
        der::sequence(&[&self.key_algorithm(), &der::bits(&key)])
    }

    /// The algorithm of [`Self::sign`] as certificates name it.
    pub(super) fn signature_algorithm(&self) -> Vec<u8> {
        match self {
            Self::Rsa { .. } => der::sequence(&[&der::oid(&[1, 2, 840, 113_549, 1, 1, 11]), &NULL]),
            Self::Ec { curve, .. } => {
                let hash = match curve {
                    Curve::P256 => 2,
                    Curve::P384 => 3,
                    Curve::P521 => 4,
                };
                der::sequence(&[&der::oid(&[1, 2, 840, 10_045, 4, 3, hash])])
            }
            Self::Ed25519 { .. } => der::sequence(&[&der::oid(OID_ED25519)]),
        }
    }

    /// Signs with the hash that fits the key: SHA-256 for RSA, that of the curve's size for ECDSA.
    pub(super) fn sign(&self, message: &[u8], random: &Random) -> Result<Vec<u8>, String> {
        match self {
            Self::Rsa { der, .. } => {
                if let Ok(key) = FastRsa::from_der(der) {
                    let mut out = vec![0; key.public_modulus_len()];
                    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut out)
                        .map_err(|_| "the RSA key does not sign")?;
                    return Ok(out);
                }
                // Sizes that the fast library refuses.
                let key = rsa::RsaPrivateKey::from_pkcs1_der(der).map_err(|e| e.to_string())?;
                let prefix = [
                    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
                    0x00, 0x04, 0x20,
                ];
                let padding = rsa::Pkcs1v15Sign { hash_len: Some(32), prefix: Box::new(prefix) };
                key.sign_with_rng(&mut Draw(random), padding, &Sha256::digest(message)).map_err(|e| e.to_string())
            }
            Self::Ec { curve, secret, .. } => {
                curve.sign(secret, message).ok_or_else(|| "the elliptic curve key does not sign".into())
            }
            Self::Ed25519 { seed, .. } => {
                Ok(ed25519_dalek::SigningKey::from_bytes(seed).sign(message).to_bytes().to_vec())
            }
        }
    }
}

/// The curve that an object identifier names.
fn curve_of(bytes: &[u8]) -> Option<Curve> {
    Curve::ALL.into_iter().find(|c| der::oid(c.oid()) == bytes)
}

/// Our randomness as the RSA library takes it.
struct Draw<'a>(&'a Random);

impl rsa::rand_core::RngCore for Draw<'_> {
    fn next_u32(&mut self) -> u32 {
        let mut b = [0; 4];
        self.0.fill(&mut b);
        u32::from_le_bytes(b)
    }

    fn next_u64(&mut self) -> u64 {
        let mut b = [0; 8];
        self.0.fill(&mut b);
        u64::from_le_bytes(b)
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        self.0.fill(dest);
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rsa::rand_core::Error> {
        self.0.fill(dest);
        Ok(())
    }
}

impl rsa::rand_core::CryptoRng for Draw<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_from_every_form() {
        let random = Random::fixed(3);
        let keys = [
            PrivateKey::make_rsa(512, &random).expect("a small RSA key"),
            PrivateKey::make_rsa(2048, &random).expect("an RSA key"),
            PrivateKey::make_ec(Curve::P256, &random),
            PrivateKey::make_ec(Curve::P384, &random),
            PrivateKey::make_ec(Curve::P521, &random),
            PrivateKey::make_ed25519(&random),
        ];
        for key in keys {
            let public = key.public_der();
            let forms = [key.to_pem(), key.to_pkcs8_pem(), ssh::to_openssh(&key, &random)];
            for form in forms {
                let again = PrivateKey::from_pem(&form).expect("a key");
                assert_eq!(again.public_der(), public, "{form}");
                assert_eq!(again.to_pem(), key.to_pem());
                assert!(!again.sign(b"m", &random).expect("a signature").is_empty());
            }
        }
        assert!(PrivateKey::make_rsa(100, &random).is_err());
        assert!(PrivateKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").is_err());
    }
}
