//! Reading YAML.

use std::collections::{BTreeMap, HashMap, HashSet};

use libyaml_safer::{EventData, Parser, ScalarStyle};
use sdt_value::{Kind, Number, Str, Type, Value, convert};

const PREFIX: &str = "tag:yaml.org,2002:";
const MAX_DEPTH: usize = 1000;
/// Aliases can make a small text stand for a huge value.
const MAX_NODES: usize = 1_000_000;

pub(super) fn decode(text: &str) -> Result<Value, String> {
    // The scanner panics on a few malformed inputs, such as a tag before a comma; for us these are errors like others.
    std::panic::catch_unwind(|| read(text)).unwrap_or_else(|_| Err("did not find expected node content".into()))
}

fn read(text: &str) -> Result<Value, String> {
    // It also panics on a block scalar that ends without a line break, so there always is one.
    let broken_off = !text.is_empty() && !text.ends_with(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']);
    let padded = if broken_off { format!("{text}\n") } else { text.to_owned() };
    let mut bytes = padded.as_bytes();
    let mut parser = Parser::new();
    parser.set_input_string(&mut bytes);
    let cut = broken_off.then_some(padded.len() as u64);
    let mut d = Decoder { parser, anchors: HashMap::new(), open: HashSet::new(), depth: 0, nodes: 0, cut };
    if !matches!(d.next()?, EventData::StreamStart { .. }) {
        return Err("missing start of document".into());
    }
    match d.next()? {
        EventData::DocumentStart { version_directive, .. } => {
            // Only this version's rules are these.
            if version_directive.is_some_and(|v| v.major != 1 || v.minor != 1) {
                return Err("found incompatible YAML document".into());
            }
        }
        _ => return Err("on line 1, column 1: missing start of document".into()),
    }
    let event = d.next()?;
    let value = d.node(event)?;
    d.next()?;
    match d.next()? {
        EventData::StreamEnd => Ok(value),
        _ => Err("unexpected extra content after value".into()),
    }
}

struct Decoder<'r, 'b> {
    parser: Parser<&'r mut &'b [u8]>,
    anchors: HashMap<String, (Value, usize)>,
    /// Anchors of the nodes that are being read.
    open: HashSet<String>,
    depth: usize,
    nodes: usize,
    /// Where the text ends, if its last line break is not its own.
    cut: Option<u64>,
}

impl Decoder<'_, '_> {
    fn next(&mut self) -> Result<EventData, String> {
        let event = self.parser.parse().map_err(|e| e.to_string())?;
        let mut data = event.data;
        if let EventData::Scalar { value, style: ScalarStyle::Literal | ScalarStyle::Folded, .. } = &mut data
            && self.cut.is_some_and(|end| event.end_mark.index >= end)
            && value.ends_with('\n')
        {
            value.pop();
        }
        Ok(data)
    }

    fn node(&mut self, event: EventData) -> Result<Value, String> {
        self.depth += 1;
        self.nodes += 1;
        if self.depth > MAX_DEPTH || self.nodes > MAX_NODES {
            return Err("the document is too complex".into());
        }
        let before = self.nodes;
        let (anchor, value) = match event {
            EventData::Alias { anchor } => {
                if self.open.contains(&anchor) {
                    return Err(format!("cannot refer to anchor {anchor:?} from inside its own definition"));
                }
                match self.anchors.get(&anchor) {
                    Some((v, nodes)) => {
                        self.nodes += nodes;
                        self.depth -= 1;
                        return Ok(v.clone());
                    }
                    None => return Err(format!("reference to undefined anchor {anchor:?}")),
                }
            }
            EventData::Scalar { anchor, tag, value, style, .. } => (anchor, scalar(tag.as_deref(), &value, style)?),
            EventData::SequenceStart { anchor, tag, .. } => {
                collection_tag(tag.as_deref(), "sequence", "seq")?;
                self.begin(anchor.as_ref());
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        EventData::SequenceEnd => break,
                        event => items.push(self.node(event)?),
                    }
                }
                (anchor, Value::tuple(items))
            }
            EventData::MappingStart { anchor, tag, .. } => {
                collection_tag(tag.as_deref(), "mapping", "map")?;
                self.begin(anchor.as_ref());
                (anchor, self.mapping()?)
            }
            _ => return Err("unexpected end of document".into()),
        };
        if let Some(anchor) = anchor {
            self.open.remove(&anchor);
            self.anchors.insert(anchor, (value.clone(), self.nodes - before));
        }
        self.depth -= 1;
        Ok(value)
    }

    fn begin(&mut self, anchor: Option<&String>) {
        self.open.extend(anchor.cloned());
    }

    fn mapping(&mut self) -> Result<Value, String> {
        let mut members: BTreeMap<Str, Value> = BTreeMap::new();
        loop {
            let event = self.next()?;
            if event == EventData::MappingEnd {
                return Ok(Value::object(members));
            }
            let merges = matches!(&event, EventData::Scalar { tag: None, value, .. } if value == "<<");
            let key = self.node(event)?;
            let event = self.next()?;
            if merges {
                let value = self.node(event)?;
                match value.kind() {
                    Kind::Object(m) => members.extend(m.iter().map(|(k, v)| (k.clone(), v.clone()))),
                    _ => return Err(format!("cannot merge {} into mapping", value.ty().friendly_name())),
                }
                continue;
            }
            if key.is_null() {
                return Err("mapping key cannot be null".into());
            }
            let key = convert(&key, &Type::String).ok();
            let Some(Kind::String(key)) = key.map(Value::into_kind) else {
                return Err("only strings are allowed as mapping keys".into());
            };
            let value = self.node(event)?;
            members.insert(key, value);
        }
    }
}

fn collection_tag(tag: Option<&str>, what: &str, own: &str) -> Result<(), String> {
    match tag {
        None => Ok(()),
        Some(tag) if tag.strip_prefix(PREFIX) == Some(own) => Ok(()),
        Some(tag) => Err(format!("can't interpret {what} as {tag}")),
    }
}

fn scalar(tag: Option<&str>, text: &str, style: ScalarStyle) -> Result<Value, String> {
    let kind = match tag {
        None if style != ScalarStyle::Plain => "str",
        None => "",
        Some(tag) => match tag.strip_prefix(PREFIX) {
            Some(k @ ("str" | "binary" | "null" | "bool" | "int" | "float" | "timestamp")) => k,
            _ => return Err(format!("unsupported tag {tag:?}")),
        },
    };
    let refused = || format!("cannot parse {text:?} as {PREFIX}{kind}");
    if !matches!(kind, "str" | "binary") && may_be_special(text) {
        // A tag doesn't make a quoted text anything but a string, and text decides over the tag.
        if matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) {
            return Ok(Value::string(text));
        }
        if let Some(v) = implied(text, kind).map_err(|()| format!("cannot parse {text:?} as {PREFIX}int"))? {
            return Ok(v);
        }
        if kind.is_empty() && matches!(text, ".nan" | ".NaN" | ".NAN") {
            return Err("floating point NaN is not supported".into());
        }
    }
    match kind {
        "" | "str" => Ok(Value::string(text)),
        "binary" if crate::encoding::from_base64(text).is_some() => Ok(Value::string(text)),
        "binary" => Err(format!("{}: not valid base64", refused())),
        "null" => Ok(Value::NULL),
        _ => Err(refused()),
    }
}

/// Tells by its first character whether a text may be something other than a string.
fn may_be_special(text: &str) -> bool {
    match text.chars().next() {
        None => true,
        Some(c) => "+-0123456789yYnNtTfFoO~.".contains(c),
    }
}

/// The value a plain text stands for, if not itself; the error is a hexadecimal or octal number out of range.
fn implied(text: &str, kind: &str) -> Result<Option<Value>, ()> {
    Ok(Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Value::TRUE,
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Value::FALSE,
        "" | "~" | "null" | "Null" | "NULL" => Value::NULL,
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Value::number(Number::from_f64(f64::INFINITY)),
        "-.inf" | "-.Inf" | "-.INF" => Value::number(Number::from_f64(f64::NEG_INFINITY)),
        _ => {
            if matches!(kind, "" | "timestamp")
                && let Some(at) = crate::datetime::lenient(text)
            {
                return Ok(Some(Value::string(at)));
            }
            for (prefix, base) in [("0x", 16), ("0o", 8)] {
                if let Some(digits) = text.strip_prefix(prefix)
                    && !digits.is_empty()
                    && digits.chars().all(|c| c.is_digit(base))
                {
                    let n = u64::from_str_radix(digits, base).map_err(|_| ())?;
                    return Ok(Some(Value::number(n)));
                }
            }
            if !is_decimal(text) {
                return Ok(None);
            }
            match Number::parse(text) {
                Ok(n) => Value::number(n),
                Err(_) => return Ok(None),
            }
        }
    }))
}

/// Digits with a point and an `e` exponent, if any.
fn is_decimal(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exp) = match text.split_once(['e', 'E']) {
        Some((m, e)) => (m, Some(e.strip_prefix(['+', '-']).unwrap_or(e))),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    whole.len() + fraction.len() > 0
        && digits(whole)
        && digits(fraction)
        && exp.is_none_or(|e| !e.is_empty() && digits(e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode_json;

    #[test]
    fn documents() {
        let cases = [
            ("0x1F", "31"),
            ("-0x1f", r#""-0x1f""#),
            ("0b101", r#""0b101""#),
            ("0o17", "15"),
            ("017", "17"),
            ("1_000", r#""1_000""#),
            ("+.5", "0.5"),
            ("1E-3", "0.001"),
            ("5.", "5"),
            ("1p3", r#""1p3""#),
            ("+inf", r#""+inf""#),
            ("-", "[null]"),
            ("2001-1-1", r#""2001-01-01T00:00:00Z""#),
            ("2001-01-01t10:00:00.5+01:00", r#""2001-01-01T10:00:00+01:00""#),
            ("2001-01-01 1:2:3", r#""2001-01-01T01:02:03Z""#),
            ("2001-01-01T10:00:00", r#""2001-01-01T10:00:00""#),
            ("2001-13-01", r#""2001-13-01""#),
            ("!!int \"5\"", r#""5""#),
            ("!!int |\n 5", "5"),
            ("!!null x", "null"),
            ("!!null ''", r#""""#),
            ("!!int true", "true"),
            ("!!float 0x10", "16"),
            ("n: 1\n1.0: x", r#"{"1":"x","false":1}"#),
            ("a: &x {p: 1, q: 9}\nb:\n  q: 2\n  <<: *x", r#"{"a":{"p":1,"q":9},"b":{"p":1,"q":9}}"#),
            ("a: &a\nb: *a", r#"{"a":null,"b":null}"#),
            ("---\n...\n", "null"),
            ("a: >\n  x\n  y\n\n  z\n", r#"{"a":"x y\nz\n"}"#),
            ("a: |+\n  x\n\n", r#"{"a":"x\n\n"}"#),
            ("[a: 1, b]", r#"[{"a":1},"b"]"#),
            ("{a, b: 2}", r#"{"a":null,"b":2}"#),
            ("tRue", r#""tRue""#),
            ("Off", "false"),
            ("-0", "-0"),
            ("12:30:45", r#""12:30:45""#),
            ("a: |2\n   x", r#"{"a":" x"}"#),
            ("- >+\n x\n\n y", r#"["x\ny"]"#),
            ("|\n x\n", r#""x\n""#),
            ("%YAML 1.1\n---\na", r#""a""#),
        ];
        for (text, expected) in cases {
            let got = decode(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(encode_json(&got).unwrap(), expected, "{text}");
        }
        for text in [
            "",
            "#c",
            "~: 1",
            "[a]: b",
            "b: *x",
            "&a [*a]",
            "<<: [{a: 1}]",
            "<<: ~",
            "--- a\n--- b",
            "!foo x",
            "!!int abc",
            "! 5",
            "!!set {a}",
            ".nan",
            "a: b: c",
            "[1, 2",
            "@a",
            "%a",
            "%YAML 1.2\n---\na",
            "a: \u{7}",
            "!!binary \"a b\"",
            "a:\n\t- 1",
            "0xFFFFFFFFFFFFFFFFFFFFFFFF",
            "'open",
        ] {
            assert!(decode(text).is_err(), "{text}");
        }
    }
}
