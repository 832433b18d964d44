//! Base64, URL encoding and digests of strings.

use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use sdt_value::{Type, Value};
use sha2::Digest;

use crate::call::{Out, fail, str_arg};
use crate::{Function, Param, deflate};

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new(
        "base64encode",
        "Encodes a string's UTF-8 bytes in Base64.",
        &[Param::string("str")],
        Type::String,
        |a, _| Ok(Value::string(to_base64(str_arg(a, 0).as_bytes()))),
    ),
    Function::new(
        "base64decode",
        "Decodes Base64 that holds UTF-8 text.",
        &[Param::string("str")],
        Type::String,
        |a, _| {
            let Some(bytes) = from_base64(str_arg(a, 0)) else {
                return fail(format!("failed to decode base64 data {:?}", str_arg(a, 0)));
            };
            match String::from_utf8(bytes) {
                Ok(s) => Ok(Value::string(s)),
                Err(_) => fail("the result of decoding the provided string is not valid UTF-8"),
            }
        },
    ),
    Function::new(
        "base64gzip",
        "Compresses a string with gzip and encodes the result in Base64.",
        &[Param::string("str")],
        Type::String,
        |a, _| Ok(Value::string(to_base64(&deflate::gzip(str_arg(a, 0).as_bytes(), true)))),
    ),
    Function::new(
        "base64gunzip",
        "Decodes Base64 and decompresses the gzip in it; the result must be UTF-8.",
        &[Param::string("str")],
        Type::String,
        |a, _| gunzip(str_arg(a, 0)).map(Value::string),
    ),
    Function::new(
        "urldecode",
        "Takes the escapes of the query of a URL out of a string.",
        &[Param::string("str")],
        Type::String,
        |a, _| url_decode(str_arg(a, 0)).map(Value::string),
    ),
    Function::new(
        "urlencode",
        "Escapes a string for the query of a URL.",
        &[Param::string("str")],
        Type::String,
        |a, _| Ok(Value::string(url_encode(str_arg(a, 0)))),
    ),
    Function::new("md5", "Returns the MD5 digest in hexadecimal.", &[Param::string("str")], Type::String, |a, _| {
        digest(str_arg(a, 0), Hash::Md5, Form::Hex)
    }),
    Function::new("sha1", "Returns the SHA-1 digest in hexadecimal.", &[Param::string("str")], Type::String, |a, _| {
        digest(str_arg(a, 0), Hash::Sha1, Form::Hex)
    }),
    Function::new(
        "sha256",
        "Returns the SHA-256 digest in hexadecimal.",
        &[Param::string("str")],
        Type::String,
        |a, _| digest(str_arg(a, 0), Hash::Sha256, Form::Hex),
    ),
    Function::new(
        "sha512",
        "Returns the SHA-512 digest in hexadecimal.",
        &[Param::string("str")],
        Type::String,
        |a, _| digest(str_arg(a, 0), Hash::Sha512, Form::Hex),
    ),
    Function::new(
        "base64sha256",
        "Returns the SHA-256 digest in Base64.",
        &[Param::string("str")],
        Type::String,
        |a, _| digest(str_arg(a, 0), Hash::Sha256, Form::Base64),
    ),
    Function::new(
        "base64sha512",
        "Returns the SHA-512 digest in Base64.",
        &[Param::string("str")],
        Type::String,
        |a, _| digest(str_arg(a, 0), Hash::Sha512, Form::Base64),
    ),
];

/// The digests that functions give.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Hash {
    Md5,
    Sha1,
    Sha256,
    Sha512,
}

/// How a digest is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    Hex,
    Base64,
}

pub(crate) fn hash(bytes: &[u8], hash: Hash, form: Form) -> String {
    let sum: Vec<u8> = match hash {
        Hash::Md5 => md5::Md5::digest(bytes).to_vec(),
        Hash::Sha1 => sha1::Sha1::digest(bytes).to_vec(),
        Hash::Sha256 => sha2::Sha256::digest(bytes).to_vec(),
        Hash::Sha512 => sha2::Sha512::digest(bytes).to_vec(),
    };
    match form {
        Form::Hex => sum.iter().map(|b| format!("{b:02x}")).collect(),
        Form::Base64 => to_base64(&sum),
    }
}

fn digest(s: &str, kind: Hash, form: Form) -> Out {
    Ok(Value::string(hash(s.as_bytes(), kind, form)))
}

/// As Go: padding is needed, line breaks are skipped, unused bits of the last character may be anything.
const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&ALPHABET, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

pub(crate) fn to_base64(bytes: &[u8]) -> String {
    LENIENT.encode(bytes)
}

pub(crate) fn from_base64(s: &str) -> Option<Vec<u8>> {
    LENIENT.decode(s.replace(['\r', '\n'], "")).ok()
}

/// More than this is taken for a bomb.
const MAX_GUNZIP: u64 = 256 << 20;

fn gunzip(text: &str) -> Out<String> {
    use std::io::Read as _;
    let Some(packed) = from_base64(text) else { return fail("failed to decode base64 data") };
    let mut bytes = Vec::new();
    let mut reader = flate2::read::MultiGzDecoder::new(&packed[..]).take(MAX_GUNZIP + 1);
    if let Err(e) = reader.read_to_end(&mut bytes) {
        return fail(format!("failed to gunzip the data: {e}"));
    }
    if bytes.len() as u64 > MAX_GUNZIP {
        return fail(format!("the data has more than {MAX_GUNZIP} bytes when decompressed"));
    }
    String::from_utf8(bytes).or_else(|_| fail("the decompressed data is not UTF-8"))
}

fn url_decode(text: &str) -> Out<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        match b {
            b'+' => out.push(b' '),
            b'%' => {
                let digit = |b: Option<u8>| b.and_then(|b| (b as char).to_digit(16));
                match (digit(bytes.next()), digit(bytes.next())) {
                    (Some(high), Some(low)) => out.push((high << 4 | low) as u8),
                    _ => return fail("invalid URL escape: a % is followed by two hexadecimal digits"),
                }
            }
            b => out.push(b),
        }
    }
    String::from_utf8(out).or_else(|_| fail("the decoded data is not UTF-8"))
}

fn url_encode(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    for b in s.bytes() {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(b as char),
            b' ' => out.push('+'),
            b => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::call::testing::check;

    #[test]
    fn encodings() {
        check(&[
            ("base64encode", "[1.50]", r#""MS41""#),
            ("base64decode", r#"["aGVsbG8="]"#, r#""hello""#),
            ("base64decode", r#"["aGVsbG8"]"#, "call: failed to decode base64 data \"aGVsbG8\""),
            ("base64decode", r#"["/w=="]"#, "call: the result of decoding the provided string is not valid UTF-8"),
            ("base64gzip", r#"[""]"#, r#""H4sIAAAAAAAA/wAAAP//AQAA//8AAAAAAAAAAA==""#),
            ("base64gzip", r#"["hello"]"#, r#""H4sIAAAAAAAA/8pIzcnJBwAAAP//AQAA//+GphA2BQAAAA==""#),
            ("urldecode", r#"["a+b%26c%3Dd%2Fe~%C3%A9"]"#, r#""a b&c=d/e~é""#),
            ("urldecode", r#"["%zz"]"#, "call: invalid URL escape…"),
            ("base64gunzip", r#"["H4sIAAAAAAAA/8pIzcnJBwAAAP//AQAA//+GphA2BQAAAA=="]"#, r#""hello""#),
            ("base64gunzip", r#"["aGVsbG8="]"#, "call: failed to gunzip the data…"),
            ("urlencode", r#"["a b&c=d/e~é"]"#, r#""a+b%26c%3Dd%2Fe~%C3%A9""#),
            ("md5", "[1.50]", r#""6008647277c4454cecd97d33c069f0ca""#),
            ("sha1", r#"[""]"#, r#""da39a3ee5e6b4b0d3255bfef95601890afd80709""#),
            ("base64sha256", r#"["é"]"#, r#""SplVfkAzw1Od4utlRyAXytX5VX96BiWgnxw/biumnEw=""#),
        ]);
    }
}
