//! JSON text.

use sdt_value::{Kind, Number, TOO_LARGE, Type, Value};

use crate::call::{fail, str_arg};
use crate::{CallError, Function, Param};

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new(
        "jsonencode",
        "Writes a value as JSON.",
        &[Param::any("val").unknown().dynamic().null()],
        Type::String,
        |a, _| {
            if !a[0].is_wholly_known() {
                return Ok(open_json(&a[0]));
            }
            if a[0].is_too_large() {
                return fail(TOO_LARGE);
            }
            match encode_json(&a[0]) {
                Some(s) => Ok(Value::string(s)),
                None => fail("cannot serialize infinity as JSON"),
            }
        },
    ),
    Function::new("jsondecode", "Reads a value from JSON.", &[Param::string("str")], Type::Dynamic, |a, _| {
        parse_json(str_arg(a, 0)).map_err(CallError::Call)
    })
    .typed(|a| match a[0].as_str() {
        Some(s) => parse_json(s).map(|v| v.ty()).map_err(CallError::Call),
        None => Ok(Type::Dynamic),
    })
    .nullable(),
];

/// What is known of the JSON of a value that is partly unknown: how it starts.
fn open_json(v: &Value) -> Value {
    let ty = v.ty();
    let prefix = match &ty {
        _ if v.is_unknown() && !v.definitely_not_null() => "",
        Type::String => "\"",
        Type::Object(_) | Type::Map(_) => "{",
        Type::Tuple(_) | Type::List(_) | Type::Set(_) => "[",
        _ => "",
    };
    Value::unknown_not_null(Type::String).refine(|r| r.prefix = (!prefix.is_empty()).then(|| prefix.into()))
}

/// Writes a known value as compact JSON, the way Go escapes it; `None` when it holds an infinity. Marks are ignored.
#[must_use]
pub fn encode_json(v: &Value) -> Option<String> {
    let mut out = String::new();
    write(v, &mut out).then_some(out)
}

fn write(v: &Value, out: &mut String) -> bool {
    match v.kind() {
        Kind::Null(_) | Kind::Unknown(..) => out.push_str("null"),
        Kind::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Kind::Number(n) => match n.to_json_text() {
            Some(s) => out.push_str(&s),
            None => return false,
        },
        Kind::String(s) => quote_json(s, out),
        Kind::List(_, items) | Kind::Set(_, items) | Kind::Tuple(items) => {
            out.push('[');
            for (i, v) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                if !write(v, out) {
                    return false;
                }
            }
            out.push(']');
        }
        Kind::Map(_, m) | Kind::Object(m) => {
            out.push('{');
            for (i, (k, v)) in m.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                quote_json(k, out);
                out.push(':');
                if !write(v, out) {
                    return false;
                }
            }
            out.push('}');
        }
    }
    true
}

/// A JSON string with Go's escapes: also of what would matter inside HTML or JavaScript.
pub(crate) fn quote_json(s: &str, out: &mut String) {
    out.push('"');
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Reads one JSON document: numbers exactly, objects and tuples for its structure.
///
/// # Errors
/// What is wrong with it.
pub fn parse_json(text: &str) -> Result<Value, String> {
    let mut p = Parser { text, pos: 0, depth: 0 };
    p.space();
    let v = p.value()?;
    p.space();
    if p.pos < text.len() {
        return Err(format!("extraneous data after JSON value, at offset {}", p.pos));
    }
    Ok(v)
}

struct Parser<'a> {
    text: &'a str,
    pos: usize,
    depth: usize,
}

impl Parser<'_> {
    const MAX_DEPTH: usize = 1000;

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.pos).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.pos += 1;
        }
    }

    fn unexpected<T>(&self, wanted: &str) -> Result<T, String> {
        match self.text.get(self.pos..).and_then(|s| s.chars().next()) {
            Some(c) => Err(format!("invalid character {c:?} looking for {wanted}, at offset {}", self.pos)),
            None => Err("unexpected end of JSON input".into()),
        }
    }

    fn value(&mut self) -> Result<Value, String> {
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => Ok(Value::string(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                for (word, v) in [("true", Value::TRUE), ("false", Value::FALSE), ("null", Value::NULL)] {
                    if self.text[self.pos..].starts_with(word) {
                        self.pos += word.len();
                        return Ok(v);
                    }
                }
                self.unexpected("beginning of value")
            }
        }
    }

    fn nested(&mut self, f: fn(&mut Self) -> Result<Value, String>) -> Result<Value, String> {
        self.depth += 1;
        if self.depth > Self::MAX_DEPTH {
            return Err("exceeded max depth".into());
        }
        self.pos += 1;
        self.space();
        let v = f(self);
        self.depth -= 1;
        v
    }

    fn array(&mut self) -> Result<Value, String> {
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.pos += 1;
            return Ok(Value::tuple(items));
        }
        loop {
            self.space();
            items.push(self.value()?);
            self.space();
            match self.peek() {
                Some(b',') => self.pos += 1,
                Some(b']') => {
                    self.pos += 1;
                    return Ok(Value::tuple(items));
                }
                _ => return self.unexpected("comma after array element"),
            }
        }
    }

    fn object(&mut self) -> Result<Value, String> {
        let mut members: Vec<(String, Value)> = Vec::new();
        let done = |members: Vec<(String, Value)>| {
            Ok(Value::object(members.into_iter().map(|(k, v)| match Value::string(k).into_kind() {
                Kind::String(k) => (k, v),
                _ => ("".into(), v),
            })))
        };
        if self.peek() == Some(b'}') {
            self.pos += 1;
            return done(members);
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return self.unexpected("beginning of object key string");
            }
            let key = self.string()?;
            self.space();
            if self.peek() != Some(b':') {
                return self.unexpected("colon after object key");
            }
            self.pos += 1;
            self.space();
            members.push((key, self.value()?));
            self.space();
            match self.peek() {
                Some(b',') => self.pos += 1,
                Some(b'}') => {
                    self.pos += 1;
                    return done(members);
                }
                _ => return self.unexpected("comma after object key:value pair"),
            }
        }
    }

    fn digits(&mut self) -> Result<(), String> {
        let start = self.pos;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.pos += 1;
        }
        if start == self.pos { self.unexpected("a digit in a number") } else { Ok(()) }
    }

    fn number(&mut self) -> Result<Value, String> {
        let start = self.pos;
        if self.peek() == Some(b'-') {
            self.pos += 1;
        }
        if self.peek() == Some(b'0') {
            self.pos += 1;
            if matches!(self.peek(), Some(b'0'..=b'9')) {
                return self.unexpected("something other than a leading zero");
            }
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.pos += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.pos += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.pos += 1;
            }
            self.digits()?;
        }
        Number::parse(&self.text[start..self.pos]).map(Value::number).map_err(|e| e.to_string())
    }

    fn string(&mut self) -> Result<String, String> {
        self.pos += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.pos..];
            let plain = rest.find(|c: char| c == '"' || c == '\\' || (c as u32) < 0x20).unwrap_or(rest.len());
            out.push_str(&rest[..plain]);
            self.pos += plain;
            match self.peek() {
                Some(b'"') => {
                    self.pos += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.pos += 1;
                    out.push(self.escape()?);
                }
                _ => return self.unexpected("the rest of a string literal"),
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        let c = self.peek();
        self.pos += 1;
        Ok(match c {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let unit = self.hex()?;
                // A lone half of a surrogate pair becomes the replacement character, as in Go.
                if (0xd800..0xdc00).contains(&unit) && self.text[self.pos..].starts_with("\\u") {
                    let back = self.pos;
                    self.pos += 2;
                    let low = self.hex()?;
                    if (0xdc00..0xe000).contains(&low) {
                        return Ok(
                            char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)).unwrap_or('\u{fffd}')
                        );
                    }
                    self.pos = back;
                }
                char::from_u32(unit).unwrap_or('\u{fffd}')
            }
            _ => {
                self.pos -= 1;
                return self.unexpected("the rest of a string escape code");
            }
        })
    }

    fn hex(&mut self) -> Result<u32, String> {
        match self.text.get(self.pos..self.pos + 4) {
            Some(s) if s.bytes().all(|b| b.is_ascii_hexdigit()) => {
                self.pos += 4;
                u32::from_str_radix(s, 16).map_err(|e| e.to_string())
            }
            _ => self.unexpected("four digits of a \\u escape"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encode_and_decode() {
        let cases = [
            (r#"[1.0, 1.50, 1e2, -0, 12345678901234567890123]"#, "[1,1.5,100,-0,12345678901234567890123]"),
            (r#"{"a": 1, "a": "x"}"#, r#"{"a":"x"}"#),
            (r#""\u00e9\n\t\/<\u2028\u0001\ud83d\ude00\ud800""#, "\"é\\n\\t/\\u003c\\u2028\\u0001😀\u{fffd}\""),
            ("  null ", "null"),
            (r#"{"B":1,"a":[],"é":{}}"#, r#"{"B":1,"a":[],"é":{}}"#),
        ];
        for (text, expected) in cases {
            assert_eq!(encode_json(&parse_json(text).unwrap()).unwrap(), expected, "{text}");
        }
        for text in
            ["", "{'a':1}", "[1,]", "1 2", "01", "+1", "\u{feff}1", "// c\n1", "[", "\"\n\"", "1.", "tru", "{\"a\"}"]
        {
            assert!(parse_json(text).is_err(), "{text}");
        }
        assert!(parse_json(&"[".repeat(5000)).is_err());
        assert!(encode_json(&Value::number(Number::parse("inf").unwrap())).is_none());
    }
}
