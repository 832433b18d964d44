//! Names in certificates: distinguished names, and the alternative names of a subject.

use std::net::IpAddr;

use sdt_value::Value;
use x509_cert::der::{Tag, Tagged as _, asn1::Any};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;

use super::der::{self, SEQUENCE, SET};
use crate::digests::hex;

/// A kind of name: the attribute of the `subject` block, the last number of its identifier below 2.5.4, its short name.
struct Part {
    attribute: &'static str,
    number: u64,
    short: &'static str,
}

const fn part(attribute: &'static str, number: u64, short: &'static str) -> Part {
    Part { attribute, number, short }
}

/// In the order in which Go writes them.
const PARTS: [Part; 9] = [
    part("country", 6, "C"),
    part("organization", 10, "O"),
    part("organizational_unit", 11, "OU"),
    part("locality", 7, "L"),
    part("province", 8, "ST"),
    part("street_address", 9, "STREET"),
    part("postal_code", 17, "POSTALCODE"),
    part("common_name", 3, "CN"),
    part("serial_number", 5, "SERIALNUMBER"),
];
const BELOW: [u64; 3] = [2, 5, 4];
const EMAIL: [u64; 7] = [1, 2, 840, 113_549, 1, 9, 1];

/// The attributes of a `subject` block but for `email_address`; `street_address` is a list.
pub(super) fn attributes() -> impl Iterator<Item = (&'static str, &'static str)> {
    PARTS.iter().map(|p| (p.attribute, p.short))
}

/// A distinguished name by its kinds, each with its values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Subject {
    /// Parallel to [`PARTS`].
    values: [Vec<String>; PARTS.len()],
    email: Option<String>,
    /// Others that were read: identifier and value.
    others: Vec<(String, Vec<u8>)>,
}

impl Subject {
    /// What a `subject` block says.
    pub(super) fn of_block(block: &Value) -> Self {
        let strings = |name: &str| -> Vec<String> {
            let value = block.get(name).cloned().unwrap_or(Value::NULL);
            match value.as_str() {
                Some(one) => vec![one.to_owned()],
                None => value.as_items().into_iter().flatten().filter_map(|v| v.as_str().map(Into::into)).collect(),
            }
        };
        let mut out = Self { email: strings("email_address").pop(), ..Self::default() };
        for (slot, part) in out.values.iter_mut().zip(&PARTS) {
            *slot = strings(part.attribute);
        }
        // These two are left out when they are empty; the others are written even so.
        for i in [7, 8] {
            out.values[i].retain(|v| !v.is_empty());
        }
        out
    }

    /// Takes a name apart. An e-mail address is among what else was found: it is shown, and not passed on to a certificate.
    pub(super) fn of_name(name: &Name) -> Self {
        let mut out = Self::default();
        for pair in name.iter() {
            let id = pair.oid.to_string();
            let known = PARTS.iter().position(|p| id == format!("2.5.4.{}", p.number));
            let value = text(&pair.value);
            match known {
                // Of these two only the last counts.
                Some(i @ (7 | 8)) => out.values[i] = vec![value],
                Some(i) => out.values[i].push(value),
                None => out.others.push((id, der::string(&value))),
            }
        }
        out
    }

    /// True when nothing would be written.
    pub(super) fn is_empty(&self) -> bool {
        self.email.is_none() && self.values.iter().all(Vec::is_empty)
    }

    pub(super) fn to_der(&self) -> Vec<u8> {
        let mut sets = Vec::new();
        for (part, values) in PARTS.iter().zip(&self.values).filter(|(_, v)| !v.is_empty()) {
            let id = der::oid(&[&BELOW[..], &[part.number]].concat());
            let mut pairs: Vec<Vec<u8>> = values.iter().map(|v| der::sequence(&[&id, &der::string(v)])).collect();
            pairs.sort();
            sets.push(der::element(SET, &pairs.concat()));
        }
        if let Some(email) = &self.email {
            let tag = if email.is_ascii() { der::IA5 } else { der::UTF8 };
            let pair = der::sequence(&[&der::oid(&EMAIL), &der::element(tag, email.as_bytes())]);
            sets.push(der::element(SET, &pair));
        }
        der::element(SEQUENCE, &sets.concat())
    }
}

/// The name as Go shows it, roughly RFC 2253: the last written comes first.
impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let known = PARTS.iter().zip(&self.values).filter(|(_, v)| !v.is_empty()).map(|(part, values)| {
            let pairs: Vec<String> = values.iter().map(|v| format!("{}={}", part.short, escape(v))).collect();
            pairs.join("+")
        });
        let others = self.others.iter().map(|(id, value)| format!("{id}=#{}", hex(value)));
        let mut all: Vec<String> = others.chain(known).collect();
        all.reverse();
        f.write_str(&all.join(","))
    }
}

fn escape(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut out = String::new();
    for (i, c) in value.chars().enumerate() {
        if ",+\"\\<>;".contains(c) || c == ' ' && (i == 0 || i == last) || c == '#' && i == 0 {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The text of a string of whatever encoding.
fn text(value: &Any) -> String {
    let bytes = value.value();
    match value.tag() {
        Tag::BmpString => {
            let units: Vec<u16> = bytes.chunks_exact(2).map(|b| u16::from_be_bytes([b[0], b[1]])).collect();
            String::from_utf16_lossy(&units)
        }
        Tag::TeletexString => bytes.iter().map(|b| char::from(*b)).collect(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Alternative names of a subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AltNames {
    pub(super) dns: Vec<String>,
    pub(super) ips: Vec<IpAddr>,
    pub(super) uris: Vec<String>,
}

impl AltNames {
    /// What `dns_names`, `ip_addresses` and `uris` say.
    pub(super) fn of_object(object: &Value) -> Result<Self, (&'static str, String)> {
        let strings = |name: &str| -> Vec<String> {
            let value = object.get(name).cloned().unwrap_or(Value::NULL);
            value.as_items().into_iter().flatten().filter_map(|v| v.as_str().map(Into::into)).collect()
        };
        let mut out = Self { dns: strings("dns_names"), uris: strings("uris"), ..Self::default() };
        for ip in strings("ip_addresses") {
            out.ips.push(ip.parse().map_err(|_| ("Invalid IP address", format!("Failed to parse {ip:?}")))?);
        }
        for uri in &out.uris {
            if uri.is_empty() || uri.chars().any(|c| c.is_control() || c == ' ') {
                return Err(("Invalid URI", format!("Failed to parse {uri:?}")));
            }
        }
        if let Some(wide) = out.dns.iter().chain(&out.uris).find(|n| !n.is_ascii()) {
            let detail = format!("{wide:?} has characters beyond ASCII; write the name in its encoded form (xn--…).");
            return Err(("Failed to create certificate", detail));
        }
        Ok(out)
    }

    /// Those of a request.
    pub(super) fn of_general_names(names: &[GeneralName]) -> Self {
        let mut out = Self::default();
        for name in names {
            match name {
                GeneralName::DnsName(n) => out.dns.push(n.to_string()),
                GeneralName::UniformResourceIdentifier(n) => out.uris.push(n.to_string()),
                GeneralName::IpAddress(bytes) => {
                    let bytes = bytes.as_bytes();
                    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
                        out.ips.push(four.into());
                    } else if let Ok(sixteen) = <[u8; 16]>::try_from(bytes) {
                        out.ips.push(sixteen.into());
                    }
                }
                _ => {}
            }
        }
        out
    }

    pub(super) fn is_empty(&self) -> bool {
        self.dns.is_empty() && self.ips.is_empty() && self.uris.is_empty()
    }

    /// The value of the extension.
    pub(super) fn to_der(&self) -> Vec<u8> {
        const DNS: u8 = 0x82;
        const URI: u8 = 0x86;
        const IP: u8 = 0x87;
        let mut all = Vec::new();
        for name in &self.dns {
            all.extend(der::element(DNS, name.as_bytes()));
        }
        for ip in &self.ips {
            all.extend(match ip.to_canonical() {
                IpAddr::V4(ip) => der::element(IP, &ip.octets()),
                IpAddr::V6(ip) => der::element(IP, &ip.octets()),
            });
        }
        for uri in &self.uris {
            all.extend(der::element(URI, uri.as_bytes()));
        }
        der::element(SEQUENCE, &all)
    }
}

#[cfg(test)]
mod tests {
    use x509_cert::der::Decode as _;

    use super::*;

    #[test]
    fn names_come_back_and_show() {
        let text = Value::string;
        let block = Value::object([
            ("common_name", text("example.com")),
            ("organization", text("ACME, Inc")),
            ("country", text("DE")),
            ("street_address", Value::tuple(vec![text("b 2"), text("a 1")])),
            ("email_address", text("x@example.com")),
        ]);
        let subject = Subject::of_block(&block);
        let name = Name::from_der(&subject.to_der()).expect("a name");
        let again = Subject::of_name(&name);
        let shown = again.to_string();
        assert!(
            shown.starts_with("CN=example.com,STREET=a 1+STREET=b 2,O=ACME\\, Inc,C=DE,1.2.840.113549.1.9.1=#0c0d"),
            "{shown}"
        );
        assert!(Subject::default().is_empty() && !subject.is_empty());
        assert_eq!(escape(" #a "), "\\ #a\\ ");
        assert_eq!(escape("#a"), "\\#a");
    }
}
