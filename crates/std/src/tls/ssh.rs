//! Keys as OpenSSH has them. Source: RFC 4253, RFC 5656, RFC 8709, OpenSSH's PROTOCOL.key.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use md5::{Digest as _, Md5};
use sha2::Sha256;

use super::der::{strip, to_pem};
use super::keys::{Curve, PrivateKey};
use crate::Random;

const MAGIC: &[u8] = b"openssh-key-v1\0";
/// Private parts are filled up to a multiple of the block size of no cipher.
const BLOCK: usize = 8;

fn string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend((bytes.len() as u32).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// A number that is not negative.
fn number(out: &mut Vec<u8>, bytes: &[u8]) {
    let digits = strip(bytes);
    let mut content = Vec::new();
    if digits.first().is_some_and(|b| *b >= 0x80) {
        content.push(0);
    }
    content.extend_from_slice(digits);
    string(out, &content);
}

fn name(key: &PrivateKey) -> String {
    match key {
        PrivateKey::Rsa { .. } => "ssh-rsa".into(),
        PrivateKey::Ec { curve, .. } => format!("ecdsa-sha2-{}", curve.ssh_name()),
        PrivateKey::Ed25519 { .. } => "ssh-ed25519".into(),
    }
}

/// The public key on the wire.
fn public(key: &PrivateKey) -> Vec<u8> {
    let mut out = Vec::new();
    string(&mut out, name(key).as_bytes());
    match key {
        PrivateKey::Rsa { numbers, .. } => {
            number(&mut out, &numbers[1]);
            number(&mut out, &numbers[0]);
        }
        PrivateKey::Ec { curve, point, .. } => {
            string(&mut out, curve.ssh_name().as_bytes());
            string(&mut out, point);
        }
        PrivateKey::Ed25519 { point, .. } => string(&mut out, point),
    }
    out
}

/// A line of `authorized_keys`.
pub(super) fn authorized_key(key: &PrivateKey) -> String {
    format!("{} {}\n", name(key), STANDARD.encode(public(key)))
}

/// `aa:bb:…`
pub(super) fn fingerprint_md5(key: &PrivateKey) -> String {
    let sum = Md5::digest(public(key));
    sum.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":")
}

/// `SHA256:…`
pub(super) fn fingerprint_sha256(key: &PrivateKey) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(public(key))))
}

/// The private key, not encrypted, without a comment.
pub(super) fn to_openssh(key: &PrivateKey, random: &Random) -> String {
    let mut private = Vec::new();
    let mut check = [0; 4];
    random.fill(&mut check);
    private.extend(check);
    private.extend(check);
    string(&mut private, name(key).as_bytes());
    match key {
        PrivateKey::Rsa { numbers, .. } => {
            // n, e, d, 1/q mod p, p, q
            for i in [0, 1, 2, 7, 3, 4] {
                number(&mut private, &numbers[i]);
            }
        }
        PrivateKey::Ec { curve, secret, point } => {
            string(&mut private, curve.ssh_name().as_bytes());
            string(&mut private, point);
            number(&mut private, secret);
        }
        PrivateKey::Ed25519 { seed, point } => {
            string(&mut private, point);
            string(&mut private, &[*seed, *point].concat());
        }
    }
    string(&mut private, b"");
    let fill = private.len().next_multiple_of(BLOCK) - private.len();
    private.extend(1..=fill as u8);

    let mut out = MAGIC.to_vec();
    string(&mut out, b"none");
    string(&mut out, b"none");
    string(&mut out, b"");
    out.extend(1u32.to_be_bytes());
    string(&mut out, &public(key));
    string(&mut out, &private);
    to_pem("OPENSSH PRIVATE KEY", &out)
}

struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(head)
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let len = u32::from_be_bytes(self.take(4)?.try_into().ok()?);
        self.take(usize::try_from(len).ok()?)
    }
}

/// Reads what [`to_openssh`] and `ssh-keygen` write between the PEM lines.
pub(super) fn from_openssh(bytes: &[u8]) -> Result<PrivateKey, String> {
    let malformed = || "it does not have OpenSSH's form".to_owned();
    let mut wire = Wire(bytes.strip_prefix(MAGIC).ok_or_else(malformed)?);
    if wire.string().ok_or_else(malformed)? != b"none" {
        return Err("it is encrypted with a passphrase; only keys without one can be read".into());
    }
    let private = (|| {
        wire.string()?;
        wire.string()?;
        wire.take(4)?;
        wire.string()?;
        wire.string()
    })();
    let mut wire = Wire(private.ok_or_else(malformed)?);
    let kind = (|| {
        let check = wire.take(4)?;
        (wire.take(4)? == check).then(|| wire.string())?
    })();
    match kind.ok_or_else(malformed)? {
        b"ssh-rsa" => {
            let all: Option<Vec<&[u8]>> = (0..6).map(|_| wire.string()).collect();
            let all = all.ok_or_else(malformed)?;
            PrivateKey::of_numbers([all[0], all[1], all[2], all[4], all[5], all[3]])
        }
        b"ssh-ed25519" => {
            let seed = wire.string().and_then(|_| wire.string()).and_then(|both| both.get(..32)?.try_into().ok());
            Ok(PrivateKey::of_seed(seed.ok_or_else(malformed)?))
        }
        kind => {
            let curve = Curve::ALL.into_iter().find(|c| kind == format!("ecdsa-sha2-{}", c.ssh_name()).as_bytes());
            let curve = curve.ok_or("its algorithm is none of RSA, ECDSA and ED25519")?;
            let secret = wire.string().and_then(|_| wire.string()).and_then(|_| wire.string());
            PrivateKey::of_secret(curve, secret.ok_or_else(malformed)?)
        }
    }
}
