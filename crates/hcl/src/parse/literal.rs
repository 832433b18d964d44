//! Literals: numbers, escapes, quoted labels.

use sdt_diag::Span;
use sdt_value::{Number, Value};

use super::Parser;
use crate::scan::first_char;
use crate::token::{Token, TokenKind as K};

impl Parser<'_> {
    pub(super) fn number(&mut self, t: Token) -> Value {
        let text = String::from_utf8_lossy(self.bytes(t));
        match Number::parse(&text) {
            Ok(n) => Value::number(n),
            Err(_) => {
                let span = self.span(t);
                self.error(span, "Invalid number literal", "This is not a number.");
                Value::DYNAMIC
            }
        }
    }

    /// The text of a literal part of a template, escapes resolved. Only quoted templates have backslash escapes.
    pub(super) fn literal_text(&mut self, t: Token, quoted: bool) -> String {
        let bytes = self.bytes(t);
        let mut out = String::with_capacity(bytes.len());
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            match rest {
                [b'$', b'$', b'{', ..] | [b'%', b'%', b'{', ..] => {
                    out.push(rest[0] as char);
                    out.push('{');
                    at += 3;
                }
                [b'\\', ..] if quoted => at += self.escape(t, at, &mut out),
                _ => match first_char(rest) {
                    Some(c) => {
                        out.push(c);
                        at += c.len_utf8();
                    }
                    None => at += 1,
                },
            }
        }
        out
    }

    /// Resolves the escape at `at`; returns its length.
    fn escape(&mut self, t: Token, at: usize, out: &mut String) -> usize {
        let rest = &self.bytes(t)[at..];
        let place = |len: usize| Span {
            source: self.source,
            start: self.base + t.start + at as u32,
            end: self.base + t.start + (at + len) as u32,
        };
        let simple = match rest.get(1) {
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(&kind @ (b'u' | b'U')) => {
                let want = if kind == b'u' { 4 } else { 8 };
                let digits = rest[2..].iter().take(want).take_while(|b| b.is_ascii_hexdigit()).count();
                if digits < want {
                    let span = place(2 + digits);
                    let detail = format!("After \\{} there must be {want} hexadecimal digits.", kind as char);
                    self.error(span, "Invalid escape sequence", detail);
                    return 2 + digits;
                }
                let code = std::str::from_utf8(&rest[2..2 + want]).ok().and_then(|s| u32::from_str_radix(s, 16).ok());
                out.push(code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER));
                return 2 + want;
            }
            _ => {
                let c = first_char(&rest[1..]);
                let len = 1 + c.map_or(0, char::len_utf8);
                let span = place(len);
                let detail = match c {
                    Some(c) => format!("There is no escape sequence \"\\{c}\"."),
                    None => "A backslash must be followed by what it escapes.".into(),
                };
                self.error(span, "Invalid escape sequence", detail);
                out.push_str(&String::from_utf8_lossy(&rest[..len]));
                return len;
            }
        };
        out.push(simple);
        2
    }

    /// A quoted string without interpolation, as labels are. After an error it holds a placeholder.
    pub(super) fn quoted_literal(&mut self) -> (String, Span) {
        let open = self.read();
        let start = self.span(open);
        let mut text = String::new();
        loop {
            let t = self.read();
            let span = self.span(t);
            match t.kind {
                K::CQuote => break,
                K::QuotedLit => text.push_str(&self.literal_text(t, true)),
                K::TemplateInterp | K::TemplateControl => {
                    let sign = if t.kind == K::TemplateInterp { '$' } else { '%' };
                    let detail = format!(
                        "A template is not possible here. A literal \"{sign}{{\" is written \"{sign}{sign}{{\"."
                    );
                    self.error(span, "Invalid string literal", detail).context = Some(start.to(span));
                    text.push(sign);
                    text.push_str("{ ... }");
                    self.recover(K::TemplateSeqEnd);
                }
                K::Eof => {
                    let d = self.error(span, "Unterminated string literal", "The file ends before the closing quote.");
                    d.context = Some(start.to(span));
                    break;
                }
                _ => {
                    let d = self.error(span, "Invalid string literal", "This has no place in a quoted string.");
                    d.context = Some(start.to(span));
                    self.recover(K::CQuote);
                    break;
                }
            }
        }
        let text = sdt_value::Value::string(&text).as_str().unwrap_or_default().to_owned();
        (text, start.to(self.prev_span()))
    }
}
