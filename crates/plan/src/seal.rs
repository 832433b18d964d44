//! Encrypted plan files: AES-256-GCM around the whole file, so that nothing of it can be read or changed without the key.
//!
//! ```text
//! sdt-sealed-plan 1
//! {"key":"argon2id","memory_kib":19456,"rounds":2,"salt":"…","nonce":"…"}
//! ciphertext and tag
//! ```
//!
//! Both lines are authenticated with the content. A passphrase becomes a key by Argon2id with a salt of its own for each file; a key of
//! 32 bytes is hashed with the salt, so that no two files share a key and the 96 bits of a random nonce are enough. Salt and nonce
//! are handed in: this crate knows no source of randomness.

use std::fmt;

use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{AeadInOut as _, Aes256Gcm, KeyInit as _, Nonce, Tag};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest as _, Sha256};

const MAGIC: &[u8] = b"sdt-sealed-plan ";
const VERSION: &str = "1";
/// What OWASP asks for as a minimum of Argon2id.
const MEMORY_KIB: u32 = 19_456;
const ROUNDS: u32 = 2;
/// A forged header must not fill the memory.
const MAX_MEMORY_KIB: u64 = 1 << 20;
const MAX_ROUNDS: u64 = 16;
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// How many random bytes [`seal`] needs.
pub const RANDOM_BYTES: usize = SALT_BYTES + NONCE_BYTES;

/// What plan files are encrypted with.
#[derive(Clone, PartialEq, Eq)]
pub enum PlanKey {
    /// Something a person remembers or a secret store holds.
    Passphrase(String),
    /// 32 random bytes.
    Bytes([u8; 32]),
}

/// Never what the key is.
impl fmt::Debug for PlanKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passphrase(_) => "Passphrase(…)",
            Self::Bytes(_) => "Bytes(…)",
        })
    }
}

/// Why an encrypted plan file is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// There is no key.
    #[error(
        "the plan file is encrypted and no key is configured: set SDT_PLAN_KEY or SDT_PLAN_KEY_FILE as it was for sdt plan"
    )]
    NoKey,
    /// The file wants the other kind of key.
    #[error("the plan file was encrypted with {}, and {} is configured", kind(*.passphrase), kind(!*.passphrase))]
    OtherKind {
        /// Whether the file wants a passphrase.
        passphrase: bool,
    },
    /// Key or content are not those of the encryption; nothing tells which.
    #[error(
        "the plan file cannot be decrypted: the key is not the one it was encrypted with, or the file was changed since"
    )]
    Refused,
    /// A later version's.
    #[error("the plan file is encrypted in a way that this version does not know: make the plan again")]
    Version,
}

fn kind(passphrase: bool) -> &'static str {
    if passphrase { "a passphrase (SDT_PLAN_KEY)" } else { "a key file (SDT_PLAN_KEY_FILE)" }
}

/// Tells whether these bytes are an encrypted plan file.
#[must_use]
pub fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

fn cipher(key: &PlanKey, salt: &[u8], memory_kib: u32, rounds: u32) -> Result<Aes256Gcm, SealError> {
    let mut derived = [0u8; 32];
    match key {
        PlanKey::Passphrase(text) => {
            let params = argon2::Params::new(memory_kib, rounds, 1, Some(32)).map_err(|_| SealError::Version)?;
            let argon = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
            argon.hash_password_into(text.as_bytes(), salt, &mut derived).map_err(|_| SealError::Version)?;
        }
        PlanKey::Bytes(bytes) => {
            let parts = Sha256::new().chain_update(b"sdt plan file").chain_update(salt).chain_update(bytes);
            derived.copy_from_slice(&parts.finalize());
        }
    }
    Aes256Gcm::new_from_slice(&derived).map_err(|_| SealError::Version)
}

/// Encrypts a plan file.
///
/// # Errors
/// Only when the key cannot be derived.
pub fn seal(mut bytes: Vec<u8>, key: &PlanKey, random: &[u8; RANDOM_BYTES]) -> Result<Vec<u8>, SealError> {
    let (salt, nonce) = random.split_at(SALT_BYTES);
    let mut head = match key {
        PlanKey::Passphrase(_) => json!({"key": "argon2id", "memory_kib": MEMORY_KIB, "rounds": ROUNDS}),
        PlanKey::Bytes(_) => json!({"key": "file"}),
    };
    head["salt"] = STANDARD.encode(salt).into();
    head["nonce"] = STANDARD.encode(nonce).into();
    let mut out = [MAGIC, VERSION.as_bytes(), b"\n", head.to_string().as_bytes(), b"\n"].concat();
    let nonce = Nonce::try_from(nonce).map_err(|_| SealError::Version)?;
    let tag = cipher(key, salt, MEMORY_KIB, ROUNDS)?
        .encrypt_inout_detached(&nonce, &out, InOutBuf::from(bytes.as_mut_slice()))
        .map_err(|_| SealError::Version)?;
    out.append(&mut bytes);
    out.extend_from_slice(&tag);
    Ok(out)
}

/// Decrypts a plan file.
///
/// # Errors
/// When there is no key, it is not the right one, or the file was changed.
pub fn open(bytes: &[u8], key: Option<&PlanKey>) -> Result<Vec<u8>, SealError> {
    let key = key.ok_or(SealError::NoKey)?;
    let mut lines = bytes.splitn(3, |b| *b == b'\n');
    let (Some(magic), Some(head), Some(sealed)) = (lines.next(), lines.next(), lines.next()) else {
        return Err(SealError::Refused);
    };
    if magic.strip_prefix(MAGIC) != Some(VERSION.as_bytes()) {
        return Err(SealError::Version);
    }
    let authenticated = &bytes[..magic.len() + head.len() + 2];
    let head: serde_json::Value = serde_json::from_slice(head).map_err(|_| SealError::Refused)?;
    let number = |name: &str, most: u64| head[name].as_u64().filter(|n| *n <= most).and_then(|n| u32::try_from(n).ok());
    let (memory, rounds) = match (head["key"].as_str(), key) {
        (Some("argon2id"), PlanKey::Passphrase(_)) => {
            let both = number("memory_kib", MAX_MEMORY_KIB).zip(number("rounds", MAX_ROUNDS));
            both.ok_or(SealError::Refused)?
        }
        (Some("file"), PlanKey::Bytes(_)) => (MEMORY_KIB, ROUNDS),
        (Some("argon2id"), _) => return Err(SealError::OtherKind { passphrase: true }),
        (Some("file"), _) => return Err(SealError::OtherKind { passphrase: false }),
        _ => return Err(SealError::Version),
    };
    let decode = |name: &str| STANDARD.decode(head[name].as_str().unwrap_or_default()).map_err(|_| SealError::Refused);
    let (salt, nonce) = (decode("salt")?, decode("nonce")?);
    let nonce = Nonce::try_from(nonce.as_slice()).map_err(|_| SealError::Refused)?;
    let (content, tag) = sealed.split_last_chunk::<TAG_BYTES>().ok_or(SealError::Refused)?;
    let mut content = content.to_vec();
    cipher(key, &salt, memory, rounds)?
        .decrypt_inout_detached(&nonce, authenticated, InOutBuf::from(content.as_mut_slice()), &Tag::from(*tag))
        .map_err(|_| SealError::Refused)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_opens_and_nothing_can_be_changed() {
        let random: [u8; RANDOM_BYTES] = std::array::from_fn(|i| i as u8);
        let keys = [PlanKey::Passphrase("correct horse battery".into()), PlanKey::Bytes([7; 32])];
        for (i, key) in keys.iter().enumerate() {
            let sealed = seal(b"PK the plan".to_vec(), key, &random).expect("seals");
            assert!(is_sealed(&sealed) && !sealed.windows(8).any(|w| w == b"the plan"));
            assert_eq!(open(&sealed, Some(key)).as_deref(), Ok(b"PK the plan".as_slice()));
            assert_eq!(open(&sealed, None), Err(SealError::NoKey));
            assert_eq!(open(&sealed, Some(&keys[1 - i])), Err(SealError::OtherKind { passphrase: i == 0 }));
            let wrong = match key {
                PlanKey::Passphrase(_) => PlanKey::Passphrase("correct horse batterz".into()),
                PlanKey::Bytes(_) => PlanKey::Bytes([8; 32]),
            };
            assert_eq!(open(&sealed, Some(&wrong)), Err(SealError::Refused));
            // Every byte counts; the costly derivation is tried for some of them only.
            let step = if i == 0 { sealed.len() / 3 } else { 1 };
            for at in (0..sealed.len()).step_by(step) {
                let mut changed = sealed.clone();
                changed[at] ^= 1;
                assert!(open(&changed, Some(key)).is_err(), "byte {at}");
            }
            assert!(open(&sealed[..sealed.len() - 1], Some(key)).is_err());
            assert!(!format!("{key:?}").contains("horse"));
        }
    }
}
