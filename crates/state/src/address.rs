//! Addresses as the state keys them: the module path as text, and the rest apart.

use std::fmt;
use std::str::FromStr;

use crate::{IndexKey, Mode};

/// Names a resource. Its order is that of resources in the file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceKey {
    /// `module.a[0].module.b`; empty for the root module.
    pub module: String,
    /// Managed or data.
    pub mode: Mode,
    /// `aws_vpc`
    pub ty: String,
    /// The block's second label.
    pub name: String,
}

impl ResourceKey {
    /// A managed resource.
    #[must_use]
    pub fn managed(module: impl Into<String>, ty: impl Into<String>, name: impl Into<String>) -> Self {
        Self { module: module.into(), mode: Mode::Managed, ty: ty.into(), name: name.into() }
    }

    /// A data source.
    #[must_use]
    pub fn data(module: impl Into<String>, ty: impl Into<String>, name: impl Into<String>) -> Self {
        Self { module: module.into(), mode: Mode::Data, ty: ty.into(), name: name.into() }
    }

    /// The address of one of its instances.
    #[must_use]
    pub fn instance(&self, index: Option<IndexKey>) -> InstanceAddr {
        InstanceAddr { resource: self.clone(), index }
    }
}

impl fmt::Display for ResourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.module.is_empty() {
            write!(f, "{}.", self.module)?;
        }
        if self.mode == Mode::Data {
            f.write_str("data.")?;
        }
        write!(f, "{}.{}", self.ty, self.name)
    }
}

/// Names a resource instance.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceAddr {
    /// The resource.
    pub resource: ResourceKey,
    /// Its key in `count` or `for_each`.
    pub index: Option<IndexKey>,
}

impl fmt::Display for InstanceAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.resource)?;
        self.index.as_ref().map_or(Ok(()), |index| write!(f, "{index}"))
    }
}

/// Text that is no address of a resource instance.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not the address of a resource instance, such as module.network.aws_subnet.public[0]")]
pub struct AddressError {
    /// The text.
    pub text: String,
}

impl FromStr for InstanceAddr {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        parse(text).ok_or_else(|| AddressError { text: text.to_owned() })
    }
}

impl serde::Serialize for InstanceAddr {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for InstanceAddr {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A step is a name with an optional key; `module.NAME` steps come first.
fn parse(text: &str) -> Option<InstanceAddr> {
    let mut rest = text;
    loop {
        let before = rest;
        let (word, key) = step(&mut rest)?;
        if word == "module" && key.is_none() {
            rest = rest.strip_prefix('.')?;
            step(&mut rest)?;
            rest = rest.strip_prefix('.')?;
            continue;
        }
        let module = text[..text.len() - before.len()].trim_end_matches('.').to_owned();
        let (mode, ty) = match (word, key) {
            ("data", None) => {
                rest = rest.strip_prefix('.')?;
                match step(&mut rest)? {
                    (ty, None) => (Mode::Data, ty),
                    _ => return None,
                }
            }
            (ty, None) => (Mode::Managed, ty),
            _ => return None,
        };
        rest = rest.strip_prefix('.')?;
        let (name, index) = step(&mut rest)?;
        let resource = ResourceKey { module, mode, ty: ty.to_owned(), name: name.to_owned() };
        return rest.is_empty().then_some(InstanceAddr { resource, index });
    }
}

fn step<'a>(rest: &mut &'a str) -> Option<(&'a str, Option<IndexKey>)> {
    let end = rest.find(['.', '[']).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    if word.is_empty() || !word.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-') {
        return None;
    }
    *rest = after;
    let Some(inside) = after.strip_prefix('[') else { return Some((word, None)) };
    if let Some(quoted) = inside.strip_prefix('"') {
        let (key, after) = unquote(quoted)?;
        *rest = after.strip_prefix(']')?;
        return Some((word, Some(IndexKey::String(key))));
    }
    let (digits, after) = inside.split_once(']')?;
    *rest = after;
    Some((word, Some(IndexKey::Int(digits.parse().ok()?))))
}

/// Reads up to the closing quote; returns the text and what follows the quote.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((out, &text[at + 1..])),
            '\\' => out.push(match chars.next()?.1 {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                c @ ('"' | '\\') => c,
                'u' => {
                    let hex: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                    char::from_u32(u32::from_str_radix(&hex, 16).ok()?)?
                }
                _ => return None,
            }),
            // `$${` and `%%{` stand for themselves without the doubling.
            '$' | '%' if text[at + 1..].starts_with(c) && text[at + 2..].starts_with('{') => {
                out.push(c);
                chars.next();
            }
            c => out.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_survive_printing() {
        for text in [
            "aws_vpc.main",
            "aws_vpc.main[0]",
            "data.aws_region.current",
            "module.a.aws_vpc.main[\"k.x\"]",
            "module.a[0].module.b[\"x]\\\"y\"].data.aws_vpc.main",
            "terraform_data.x[\"$${a}\\n\"]",
            "module.module.aws_vpc.data",
        ] {
            let addr: InstanceAddr = text.parse().unwrap();
            assert_eq!(addr.to_string(), text);
        }
        let addr: InstanceAddr = "module.a[0].data.t.n[3]".parse().unwrap();
        assert_eq!(addr, ResourceKey::data("module.a[0]", "t", "n").instance(Some(IndexKey::Int(3))));
        for bad in
            ["", "aws_vpc", "module.a", "a.b.c", "a.b[", "a.b[x]", "a.b[\"x]", "a[0].b", "data.a", "a..b", "a.b[-1]"]
        {
            assert!(bad.parse::<InstanceAddr>().is_err(), "{bad}");
        }
    }
}
