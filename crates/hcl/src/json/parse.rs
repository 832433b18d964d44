//! The JSON parser: keeps places, goes on after errors.

use std::sync::Arc;

use sdt_diag::{Diagnostic, Diagnostics, SourceId, Span};
use sdt_value::{Number, Str, Value};

use super::node::{JsonKind, JsonMember, JsonNode};
use crate::deep;
use crate::strings::{did_you_mean, quote};

/// Nesting beyond this is refused.
const MAX_DEPTH: usize = 30_000;

/// No more than so many messages are about what is not closed.
const MAX_UNCLOSED: usize = 20;

const VALUE: &str = "A value is an object, a list, a number, a string, true, false or null.";

pub(super) fn document(source: SourceId, text: &[u8]) -> (JsonNode, Diagnostics) {
    let mut p = Parser { source, text, tokens: scan(text), at: 0, diags: Diagnostics::new(), depth: 0 };
    let node = p.value();
    if p.diags.is_empty() && p.peek().kind != T::End {
        let at = p.span(p.peek());
        p.error(at, "Extraneous data after value", "The document ends before this.");
    }
    (node, p.diags)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum T {
    OBrace,
    CBrace,
    OBrack,
    CBrack,
    Comma,
    Colon,
    Equals,
    String,
    Number,
    Keyword,
    Invalid,
    End,
}

#[derive(Clone, Copy, Debug)]
struct Token {
    kind: T,
    start: u32,
    end: u32,
}

fn scan(text: &[u8]) -> Vec<Token> {
    let text = &text[..text.len().min(u32::MAX as usize)];
    let mut tokens = Vec::new();
    let mut at = 0;
    let run = |at: usize, f: &dyn Fn(u8) -> bool| text[at..].iter().position(|&b| !f(b)).map_or(text.len(), |n| at + n);
    while at < text.len() {
        let (kind, end) = match text[at] {
            b' ' | b'\t' | b'\n' | b'\r' => {
                at += 1;
                continue;
            }
            b'{' => (T::OBrace, at + 1),
            b'}' => (T::CBrace, at + 1),
            b'[' => (T::OBrack, at + 1),
            b']' => (T::CBrack, at + 1),
            b',' => (T::Comma, at + 1),
            b':' => (T::Colon, at + 1),
            b'=' => (T::Equals, at + 1),
            b'"' => (T::String, string_end(text, at)),
            b'-' | b'+' | b'0'..=b'9' | b'.' => {
                (T::Number, run(at, &|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E')))
            }
            b if b.is_ascii_alphabetic() => {
                (T::Keyword, run(at, &|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')))
            }
            _ => (T::Invalid, at + crate::scan::first_char(&text[at..]).map_or(1, char::len_utf8)),
        };
        tokens.push(Token { kind, start: at as u32, end: end as u32 });
        at = end;
        if kind == T::Invalid {
            // Nothing after it could be told apart from its consequences.
            break;
        }
    }
    tokens.push(Token { kind: T::End, start: at as u32, end: at as u32 });
    tokens
}

/// One past the closing quote, or past the last byte that can belong to the string.
fn string_end(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < text.len() {
        match text[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            0..0x20 => return at,
            _ => at += 1,
        }
    }
    text.len()
}

struct Parser<'a> {
    source: SourceId,
    text: &'a [u8],
    tokens: Vec<Token>,
    at: usize,
    diags: Diagnostics,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Token {
        self.tokens[self.at]
    }

    fn read(&mut self) -> Token {
        let t = self.tokens[self.at];
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        t
    }

    fn span(&self, t: Token) -> Span {
        Span { source: self.source, start: t.start, end: t.end }
    }

    fn error(&mut self, at: Span, summary: &str, detail: impl Into<String>) {
        self.diags.push(Diagnostic::error(summary, detail).at(at));
    }

    /// Of many that are open inside each other, some say enough.
    fn unclosed(&mut self, open: Token, detail: &str) {
        if self.diags.0.len() < MAX_UNCLOSED {
            let at = self.span(open);
            self.error(at, "Unclosed object", detail);
        }
    }

    fn value(&mut self) -> JsonNode {
        let t = self.peek();
        let span = self.span(t);
        if self.depth >= MAX_DEPTH {
            self.error(span, "Nesting too deep", format!("There are more than {MAX_DEPTH} levels of nesting here."));
            self.at = self.tokens.len() - 1;
            return JsonNode { kind: JsonKind::Invalid, span };
        }
        self.depth += 1;
        let node = match t.kind {
            T::OBrace => deep(|| self.object()),
            T::OBrack => deep(|| self.array()),
            T::Number => self.number(),
            T::String => self.string(),
            T::Keyword => self.keyword(),
            kind => {
                match kind {
                    T::CBrace => self.error(span, "Missing JSON value", VALUE),
                    T::CBrack => self.error(span, "Missing array element value", VALUE),
                    T::End => self.error(span, "Missing value", "The document ends too early."),
                    _ => self.error(span, "Invalid start of value", VALUE),
                }
                None
            }
        };
        self.depth -= 1;
        node.unwrap_or(JsonNode { kind: JsonKind::Invalid, span })
    }

    /// Skips to what seems to be the end of the object or list, `t` being the token just read.
    fn recover(&mut self, mut t: Token, open: T, close: T) {
        let mut nest = 1;
        loop {
            if t.kind == open {
                nest += 1;
            } else if t.kind == close {
                nest -= 1;
                if nest <= 1 {
                    return;
                }
            } else if t.kind == T::End {
                return;
            }
            t = self.read();
        }
    }

    fn object(&mut self) -> Option<JsonNode> {
        let open = self.read();
        let mut members = Vec::new();
        while self.peek().kind != T::CBrace {
            let name = self.value();
            let JsonKind::String(key) = &name.kind else {
                self.error(name.start(), "Invalid object property name", "The name of a property must be a string.");
                return None;
            };
            let colon = self.read();
            if colon.kind != T::Colon {
                self.recover(colon, T::OBrace, T::CBrace);
                let at = self.span(colon);
                match colon.kind {
                    T::CBrace | T::Comma => {
                        self.error(at, "Missing object value", "A value must follow the name, after a colon.");
                    }
                    T::Equals => {
                        self.error(
                            at,
                            "Missing property value colon",
                            "In JSON a colon follows the name, not an equals sign.",
                        );
                    }
                    _ => self.error(at, "Missing property value colon", "A colon must follow the name."),
                }
                return None;
            }
            let value = Arc::new(self.value());
            members.push(JsonMember { name: key.clone(), name_span: name.span, value });
            let next = self.peek();
            let at = self.span(next);
            match next.kind {
                T::Comma => {
                    self.read();
                    if self.peek().kind == T::CBrace {
                        self.error(at, "Trailing comma in object", "In JSON no comma may follow the last property.");
                        return None;
                    }
                }
                T::CBrace => {}
                T::End => {
                    self.unclosed(open, "The document ends before the closing brace of this object.");
                    return None;
                }
                T::CBrack => {
                    self.read();
                    let at = self.span(self.peek());
                    self.error(at, "Mismatched braces", "An object ends with a brace, not a bracket.");
                    return None;
                }
                _ => {
                    let t = self.read();
                    self.recover(t, T::OBrace, T::CBrace);
                    let at = self.span(self.peek());
                    // The spelling is Terraform's; titles are compared by programs.
                    self.error(at, "Missing attribute seperator comma", "Properties are separated by commas.");
                    return None;
                }
            }
        }
        let close = self.read();
        Some(JsonNode { kind: JsonKind::Object(members), span: self.span(open).to(self.span(close)) })
    }

    fn array(&mut self) -> Option<JsonNode> {
        let open = self.read();
        let mut items = Vec::new();
        while self.peek().kind != T::CBrack {
            items.push(Arc::new(self.value()));
            let next = self.peek();
            let at = self.span(next);
            match next.kind {
                T::Comma => {
                    self.read();
                    if self.peek().kind == T::CBrack {
                        self.error(at, "Trailing comma in array", "In JSON no comma may follow the last item.");
                        return None;
                    }
                }
                T::CBrack => {}
                T::End => {
                    self.unclosed(open, "The document ends before the closing bracket of this list.");
                    return None;
                }
                kind => {
                    let t = self.read();
                    self.recover(t, T::OBrack, T::CBrack);
                    let here = self.span(self.peek());
                    match kind {
                        T::Colon => self.error(here, "Invalid array value", "The items of a list have no names."),
                        T::CBrace => {
                            self.error(here, "Mismatched brackets", "A list ends with a bracket, not a brace.")
                        }
                        _ => self.error(here, "Missing attribute seperator comma", "Items are separated by commas."),
                    }
                    return None;
                }
            }
        }
        let close = self.read();
        Some(JsonNode { kind: JsonKind::Array(items), span: self.span(open).to(self.span(close)) })
    }

    fn number(&mut self) -> Option<JsonNode> {
        let t = self.read();
        let span = self.span(t);
        let text = std::str::from_utf8(&self.text[t.start as usize..t.end as usize]).unwrap_or_default();
        match is_json_number(text).then(|| Number::parse(text)) {
            Some(Ok(n)) => Some(JsonNode { kind: JsonKind::Number(n), span }),
            _ => {
                self.error(span, "Invalid JSON number", "This is not a number by the rules of JSON.");
                None
            }
        }
    }

    fn string(&mut self) -> Option<JsonNode> {
        let t = self.read();
        let span = self.span(t);
        match unescape(&self.text[t.start as usize..t.end as usize]) {
            Ok(text) => Some(JsonNode { kind: JsonKind::String(text), span }),
            Err(offset) => {
                let start = span.start + offset as u32;
                let at = Span { start, end: start + 1, ..span };
                let d = Diagnostic::error("Invalid JSON string", "This is not valid in a string by the rules of JSON.");
                self.diags.push(d.at(at).within(span));
                None
            }
        }
    }

    fn keyword(&mut self) -> Option<JsonNode> {
        let t = self.read();
        let span = self.span(t);
        let kind = match &self.text[t.start as usize..t.end as usize] {
            b"true" => JsonKind::Bool(true),
            b"false" => JsonKind::Bool(false),
            b"null" => JsonKind::Null,
            other => {
                let word = String::from_utf8_lossy(other);
                let hint = did_you_mean(&word, ["true", "false", "null"]);
                self.error(span, "Invalid JSON keyword", format!("JSON has no keyword {}.{hint}", quote(&word)));
                return None;
            }
        };
        Some(JsonNode { kind, span })
    }
}

fn is_json_number(text: &str) -> bool {
    let digits = |s: &str| s.len() - s.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let mut rest = text.strip_prefix('-').unwrap_or(text);
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest.starts_with('0')) {
        return false;
    }
    rest = &rest[whole..];
    if let Some(fraction) = rest.strip_prefix('.') {
        let n = digits(fraction);
        if n == 0 {
            return false;
        }
        rest = &fraction[n..];
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let n = digits(exponent);
        return n > 0 && n == exponent.len();
    }
    rest.is_empty()
}

/// Resolves a quoted JSON string; on failure returns the offset after the byte that is wrong.
fn unescape(quoted: &[u8]) -> Result<Str, usize> {
    let inner = match quoted {
        [b'"', inner @ .., b'"'] if quoted.len() >= 2 => inner,
        _ => return Err(quoted.len()),
    };
    let mut out = Vec::with_capacity(inner.len());
    let mut at = 0;
    let unit = |at: usize| -> Option<u16> {
        let hex = inner.get(at..at + 6).filter(|h| h.starts_with(b"\\u"))?;
        let hex = std::str::from_utf8(&hex[2..]).ok().filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()))?;
        u16::from_str_radix(hex, 16).ok()
    };
    while at < inner.len() {
        let b = inner[at];
        if b < 0x20 {
            return Err(at + 2);
        }
        if b != b'\\' {
            out.push(b);
            at += 1;
            continue;
        }
        let c = match inner.get(at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let digits = inner[at + 2..].iter().take_while(|b| b.is_ascii_hexdigit()).count();
                let first = unit(at).ok_or(at + 2 + digits + 2)?;
                at += 4;
                let pair = [first, unit(at + 2).unwrap_or(0)];
                match char::decode_utf16(pair).next() {
                    Some(Ok(c)) => {
                        at += if c.len_utf16() == 2 { 6 } else { 0 };
                        c
                    }
                    _ => char::REPLACEMENT_CHARACTER,
                }
            }
            _ => return Err(at + 3),
        };
        at += 2;
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    let value = Value::string(String::from_utf8_lossy(&out));
    Ok(value.as_str().unwrap_or_default().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors() {
        let check = |text: &str, expected: &[&str]| {
            let (_, diags) = document(SourceId(0), text.as_bytes());
            let got: Vec<_> = diags.0.iter().map(|d| d.summary.as_str()).collect();
            assert_eq!(got, expected, "{text}");
        };
        check(r#"{"a": [1, -2.5e3, null, true, "x\u00e9\ud83d\ude00"]}"#, &[]);
        check(r#"{"a": 1,}"#, &["Trailing comma in object"]);
        check(r#"{"a" = 1}"#, &["Missing property value colon"]);
        check(r#"{"a": 01}"#, &["Invalid JSON number"]);
        check(r#"{"a": "b"#, &["Invalid JSON string", "Unclosed object"]);
        check(r#"{"a": tru}"#, &["Invalid JSON keyword"]);
        check("{} x", &["Extraneous data after value"]);
        check("", &["Missing value"]);
    }
}
