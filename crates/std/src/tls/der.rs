//! The distinguished encoding rules (X.690) as far as keys and certificates need them, and PEM (RFC 7468).
//!
//! What is written here has to be byte for byte what Go writes, which is why it is written by hand; certificates of others are read
//! by `x509-cert`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub(super) const BOOL: u8 = 1;
pub(super) const INTEGER: u8 = 2;
pub(super) const BIT_STRING: u8 = 3;
pub(super) const OCTET_STRING: u8 = 4;
pub(super) const OID: u8 = 6;
pub(super) const UTF8: u8 = 12;
pub(super) const PRINTABLE: u8 = 19;
pub(super) const IA5: u8 = 22;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
/// A context-specific tag that wraps another element.
pub(super) const fn explicit(n: u8) -> u8 {
    0xa0 | n
}

/// An element: tag, length, content.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let len = content.len();
    if len < 0x80 {
        out.push(len as u8);
    } else {
        let bytes: Vec<u8> = len.to_be_bytes().into_iter().skip_while(|b| *b == 0).collect();
        out.push(0x80 | bytes.len() as u8);
        out.extend(bytes);
    }
    out.extend_from_slice(content);
    out
}

/// An element of elements.
pub(super) fn nested(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    element(tag, &parts.concat())
}

pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    nested(SEQUENCE, parts)
}

/// A whole number that is not negative, from its bytes, most significant first.
pub(super) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let digits = strip(bytes);
    let sign: &[u8] = if digits.first().is_none_or(|b| *b >= 0x80) { &[0] } else { &[] };
    nested(INTEGER, &[sign, digits])
}

/// Without leading zeros.
pub(super) fn strip(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.iter().position(|b| *b != 0).unwrap_or(bytes.len())..]
}

/// Whole bytes as a bit string.
pub(super) fn bits(bytes: &[u8]) -> Vec<u8> {
    nested(BIT_STRING, &[&[0], bytes])
}

/// An object identifier, from its numbers.
pub(super) fn oid(numbers: &[u64]) -> Vec<u8> {
    let mut content = Vec::new();
    let first = numbers.first().copied().unwrap_or_default() * 40 + numbers.get(1).copied().unwrap_or_default();
    for n in std::iter::once(first).chain(numbers.iter().skip(2).copied()) {
        let mut groups = vec![(n & 0x7f) as u8];
        let mut rest = n >> 7;
        while rest > 0 {
            groups.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        content.extend(groups.into_iter().rev());
    }
    element(OID, &content)
}

/// A string in the narrowest form that Go chooses for it: printable characters, else UTF-8.
pub(super) fn string(text: &str) -> Vec<u8> {
    let printable = text.chars().all(|c| c.is_ascii_alphanumeric() || " '()+,-./:=?".contains(c));
    element(if printable { PRINTABLE } else { UTF8 }, text.as_bytes())
}

/// Reads elements one after the other.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next element's tag and content.
    pub(super) fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let [tag, first, rest @ ..] = self.0 else { return None };
        let (len, rest) = if *first < 0x80 {
            (usize::from(*first), rest)
        } else {
            let count = usize::from(*first & 0x7f);
            if count == 0 || count > 4 || rest.len() < count {
                return None;
            }
            (rest[..count].iter().fold(0, |n, b| n << 8 | usize::from(*b)), &rest[count..])
        };
        if rest.len() < len {
            return None;
        }
        self.0 = &rest[len..];
        Some((*tag, &rest[..len]))
    }

    /// The content of the next element, which must have this tag.
    pub(super) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }

    /// A reader of the next element's content.
    pub(super) fn enter(&mut self, tag: u8) -> Option<Self> {
        self.take(tag).map(Self)
    }

    /// The bytes of a whole number without leading zeros; `None` for a negative one.
    pub(super) fn unsigned(&mut self) -> Option<&'a [u8]> {
        self.take(INTEGER).filter(|c| c.first().is_some_and(|b| *b < 0x80)).map(strip)
    }
}

/// Wraps bytes in lines of 64 characters between a beginning and an end that say what they are.
pub(super) fn to_pem(label: &str, bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

/// The label and the bytes of the first block.
pub(super) fn from_pem(text: &str) -> Option<(String, Vec<u8>)> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    // Headers (`Name: value`) come before an empty line.
    let body = match body.trim_start().split_once("\n\n") {
        Some((headers, body)) if headers.contains(": ") => body,
        _ => body,
    };
    let text: String = body.split_ascii_whitespace().collect();
    Some((label.to_owned(), STANDARD.decode(text).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_written_and_read() {
        assert_eq!(oid(&[1, 2, 840, 113_549, 1, 1, 1]), [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]);
        assert_eq!(unsigned(&[0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(unsigned(&[]), [2, 1, 0]);
        assert_eq!(element(OCTET_STRING, &[7; 200])[..3], [4, 0x81, 200]);
        assert_eq!([string("Example, Inc.")[0], string("a*b")[0], string("Zoë")[0]], [PRINTABLE, UTF8, UTF8]);
        let bytes = sequence(&[&unsigned(&[5]), &element(UTF8, b"x")]);
        let mut inner = Reader::new(&bytes).enter(SEQUENCE).expect("a sequence");
        assert_eq!(inner.unsigned(), Some(&[5][..]));
        assert_eq!(inner.take(UTF8), Some(&b"x"[..]));
        assert!(inner.next().is_none());
        for cut in 0..bytes.len() {
            assert!(Reader::new(&bytes[..cut]).next().is_none());
        }
    }

    #[test]
    fn blocks_come_back() {
        let bytes: Vec<u8> = (0..100).collect();
        let text = format!("noise\n{}", to_pem("THING", &bytes));
        assert_eq!(from_pem(&text), Some(("THING".into(), bytes)));
        assert_eq!(from_pem("-----BEGIN A-----\nAA==\n-----END B-----\n"), None);
    }
}
