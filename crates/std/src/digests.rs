//! Checksums that several providers give of files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// MD5, SHA-1, SHA-256, SHA-256 in base64, SHA-512, SHA-512 in base64.
pub(crate) fn digests(content: &[u8]) -> [String; 6] {
    let (sha256, sha512) = (Sha256::digest(content), Sha512::digest(content));
    [
        hex(&Md5::digest(content)),
        hex(&Sha1::digest(content)),
        hex(&sha256),
        STANDARD.encode(sha256),
        hex(&sha512),
        STANDARD.encode(sha512),
    ]
}
