//! The scanner: bytes to tokens.
//!
//! The language is modal: a quoted template, a heredoc and the expression inside an interpolation each have other rules,
//! and they nest. A stack says where we are. Nothing is refused here: what fits nowhere becomes a token that the parser
//! reports. Every byte that is not a space is in exactly one token, so the tokens can rebuild the text.
//!
//! Source: HCL Native Syntax Specification, "Lexical Elements".

use crate::token::{Token, TokenKind as K};

/// Where scanning starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A body or an expression.
    Normal,
    /// A template without quotes, as in a template file.
    Template,
}

/// Where the scanner is.
enum State<'a> {
    /// Expression or body; counts open braces, so that the one ending an interpolation is known.
    Normal {
        braces: usize,
    },
    Quoted,
    Heredoc {
        marker: &'a [u8],
        line_start: bool,
    },
    Bare,
}

/// Splits a text into tokens; the last one is the end. A byte-order mark at the very start is skipped.
///
/// Texts beyond 4 GiB are cut: token positions are 32 bits wide.
#[must_use]
pub fn scan(text: &[u8], mode: Mode) -> Vec<Token> {
    let text = &text[..text.len().min(u32::MAX as usize)];
    let at = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let start = match mode {
        Mode::Normal => State::Normal { braces: 0 },
        Mode::Template => State::Bare,
    };
    let mut s = Scanner { text, at, tokens: Vec::with_capacity(text.len() / 4), stack: vec![start] };
    while s.at < text.len() {
        match s.stack.last() {
            Some(State::Normal { .. }) | None => s.normal(),
            Some(State::Quoted) => s.quoted(),
            Some(State::Heredoc { .. }) => s.heredoc(),
            Some(State::Bare) => s.bare(),
        }
    }
    s.push(K::Eof, 0);
    s.tokens
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    tokens: Vec<Token>,
    stack: Vec<State<'a>>,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a [u8] {
        &self.text[self.at..]
    }

    fn push(&mut self, kind: K, len: usize) {
        self.tokens.push(Token { kind, start: self.at as u32, end: (self.at + len) as u32 });
        self.at += len;
    }

    /// One character that fits nowhere.
    fn push_odd(&mut self) {
        match first_char(self.rest()) {
            Some(c) => self.push(K::Invalid, c.len_utf8()),
            None => self.push(K::BadUtf8, 1),
        }
    }

    fn normal(&mut self) {
        let rest = self.rest();
        let second = rest.get(1).copied();
        match rest[0] {
            b' ' | b'\t' => self.at += 1,
            b'\n' => self.push(K::Newline, 1),
            b'\r' if second == Some(b'\n') => self.push(K::Newline, 2),
            b'0'..=b'9' => self.push(K::NumberLit, number_len(rest)),
            b'#' => self.push(K::Comment, line_len(rest)),
            b'/' if second == Some(b'/') => self.push(K::Comment, line_len(rest)),
            b'/' if second == Some(b'*') => match rest[2..].windows(2).position(|w| w == b"*/") {
                Some(n) => self.push(K::Comment, n + 4),
                None => self.push(K::Slash, 1),
            },
            b'"' => {
                self.push(K::OQuote, 1);
                self.stack.push(State::Quoted);
            }
            b'<' if second == Some(b'<') => self.heredoc_start(),
            b'{' => {
                self.push(K::OBrace, 1);
                if let Some(State::Normal { braces }) = self.stack.last_mut() {
                    *braces += 1;
                }
            }
            b'}' => self.close_brace(K::CBrace, 1),
            b'~' if second == Some(b'}') => self.close_brace(K::TemplateSeqEnd, 2),
            b'.' if rest.starts_with(b"...") => self.push(K::Ellipsis, 3),
            c if c.is_ascii_alphabetic() || c == b'_' || c >= 0x80 => match ident_len(rest) {
                0 => self.push_odd(),
                n => self.push(K::Ident, n),
            },
            c => match operator(c, second) {
                Some((kind, len)) => self.push(kind, len),
                None => self.push_odd(),
            },
        }
    }

    /// A closing brace ends the interpolation we are in, if its braces are balanced.
    fn close_brace(&mut self, otherwise: K, len: usize) {
        let depth = self.stack.len();
        match self.stack.last_mut() {
            Some(State::Normal { braces: 0 }) if depth > 1 => {
                self.push(K::TemplateSeqEnd, len);
                self.stack.pop();
            }
            Some(State::Normal { braces }) => {
                *braces = braces.saturating_sub(1);
                self.push(otherwise, len);
            }
            _ => self.push(otherwise, len),
        }
    }

    fn heredoc_start(&mut self) {
        let rest = self.rest();
        let dash = usize::from(rest.get(2) == Some(&b'-'));
        let name = &rest[2 + dash..];
        let marker = &name[..ident_len(name)];
        let after = &name[marker.len()..];
        let newline = if after.starts_with(b"\n") {
            1
        } else if after.starts_with(b"\r\n") {
            2
        } else {
            0
        };
        if marker.is_empty() || newline == 0 {
            return self.push(K::LessThan, 1);
        }
        self.push(K::OHeredoc, 2 + dash + marker.len() + newline);
        self.stack.push(State::Heredoc { marker, line_start: true });
    }

    /// `${` or `%{`, with `~`; tells whether there was one.
    fn sequence_start(&mut self) -> bool {
        let rest = self.rest();
        let kind = match rest {
            [b'$', b'{', ..] => K::TemplateInterp,
            [b'%', b'{', ..] => K::TemplateControl,
            _ => return false,
        };
        self.push(kind, if rest.get(2) == Some(&b'~') { 3 } else { 2 });
        self.stack.push(State::Normal { braces: 0 });
        true
    }

    fn quoted(&mut self) {
        let rest = self.rest();
        if self.sequence_start() {
            return;
        }
        match rest[0] {
            b'"' => {
                self.push(K::CQuote, 1);
                self.stack.pop();
                return;
            }
            b'\n' => return self.push(K::QuotedNewline, newlines_len(rest)),
            b'\r' if rest.get(1) == Some(&b'\n') => return self.push(K::QuotedNewline, newlines_len(rest)),
            b'\r' => return self.push(K::Invalid, 1),
            _ => {}
        }
        let mut n = 0;
        while n < rest.len() {
            match rest[n] {
                b'"' | b'\n' | b'\r' => break,
                b'\\' => match first_char(&rest[n + 1..]) {
                    Some('\n' | '\r') | None => break,
                    Some(c) => n += 1 + c.len_utf8(),
                },
                _ => match literal_len(&rest[n..]) {
                    Some(len) => n += len,
                    None => break,
                },
            }
        }
        if n == 0 { self.push_odd() } else { self.push(K::QuotedLit, n) }
    }

    fn heredoc(&mut self) {
        if self.sequence_start() {
            self.set_line_start(false);
            return;
        }
        let Some(State::Heredoc { marker, line_start }) = self.stack.last() else { return };
        let (marker, at_start) = (*marker, *line_start);
        let rest = self.rest();
        let line = line_len(rest);
        if at_start && rest[..line].ends_with(b"\n") {
            let content = rest[..line].strip_suffix(b"\n").unwrap_or_default();
            let content = content.strip_suffix(b"\r").unwrap_or(content);
            if content.trim_ascii() == marker {
                self.push(K::CHeredoc, content.len());
                self.push(K::Newline, line - content.len());
                self.stack.pop();
                return;
            }
        }
        self.text_line(line);
    }

    fn bare(&mut self) {
        if !self.sequence_start() {
            self.text_line(line_len(self.rest()));
        }
    }

    /// Text up to the end of the line or the next interpolation.
    fn text_line(&mut self, line: usize) {
        let rest = &self.rest()[..line];
        let mut n = 0;
        while n < line {
            match literal_len(&rest[n..]) {
                Some(len) => n += len,
                None => break,
            }
        }
        if n == 0 {
            self.push_odd();
            return self.set_line_start(false);
        }
        let whole = rest[..n].ends_with(b"\n");
        self.push(K::StringLit, n);
        self.set_line_start(whole);
    }

    fn set_line_start(&mut self, value: bool) {
        // After an interpolation has been opened the heredoc is one below the top.
        for state in self.stack.iter_mut().rev().take(2) {
            if let State::Heredoc { line_start, .. } = state {
                *line_start = value;
                return;
            }
        }
    }
}

/// Length of the template text at the start: a character or an escaped `$${`. `None` where a sequence starts, the bytes
/// are not UTF-8, or a carriage return ends no line.
fn literal_len(rest: &[u8]) -> Option<usize> {
    match rest {
        [b'$', b'$', b'{', b'~', ..] | [b'%', b'%', b'{', b'~', ..] => Some(4),
        [b'$', b'$', b'{', ..] | [b'%', b'%', b'{', ..] => Some(3),
        [b'$' | b'%', b'{', ..] => None,
        [b'\r', next, ..] if *next != b'\n' => None,
        [b, ..] if b.is_ascii() => Some(1),
        _ => first_char(rest).map(char::len_utf8),
    }
}

/// Length of the line at the start, its line break included.
fn line_len(rest: &[u8]) -> usize {
    rest.iter().position(|&b| b == b'\n').map_or(rest.len(), |n| n + 1)
}

/// Length of the line breaks at the start.
fn newlines_len(rest: &[u8]) -> usize {
    let mut n = 0;
    loop {
        n += match &rest[n..] {
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            _ => return n,
        };
    }
}

fn number_len(rest: &[u8]) -> usize {
    let mut n = 1;
    loop {
        n += match &rest[n..] {
            [b'0'..=b'9' | b'.', ..] => 1,
            [b'e' | b'E', b'0'..=b'9', ..] => 2,
            [b'e' | b'E', b'+' | b'-', b'0'..=b'9', ..] => 3,
            _ => break,
        };
    }
    while rest[n - 1] == b'.' {
        n -= 1;
    }
    n
}

fn ident_len(rest: &[u8]) -> usize {
    let mut n = 0;
    while let Some(c) = first_char(&rest[n..]) {
        let ok = match c {
            '-' => n > 0,
            '_' => true,
            'a'..='z' | 'A'..='Z' => true,
            '0'..='9' => n > 0,
            '\0'..='\x7f' => false,
            _ if n == 0 => unicode_ident::is_xid_start(c),
            _ => unicode_ident::is_xid_continue(c),
        };
        if !ok {
            break;
        }
        n += c.len_utf8();
    }
    n
}

/// The first character, or `None` where the bytes are not UTF-8 or at the end.
pub(crate) fn first_char(rest: &[u8]) -> Option<char> {
    let first = *rest.first()?;
    let len = match first {
        0..=0x7f => return Some(first as char),
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    std::str::from_utf8(rest.get(..len)?).ok()?.chars().next()
}

fn operator(c: u8, second: Option<u8>) -> Option<(K, usize)> {
    Some(match (c, second) {
        (b'=', Some(b'=')) => (K::EqualOp, 2),
        (b'=', Some(b'>')) => (K::FatArrow, 2),
        (b'!', Some(b'=')) => (K::NotEqual, 2),
        (b'<', Some(b'=')) => (K::LessThanEq, 2),
        (b'>', Some(b'=')) => (K::GreaterThanEq, 2),
        (b'&', Some(b'&')) => (K::And, 2),
        (b'|', Some(b'|')) => (K::Or, 2),
        (b':', Some(b':')) => (K::DoubleColon, 2),
        (b'[', _) => (K::OBrack, 1),
        (b']', _) => (K::CBrack, 1),
        (b'(', _) => (K::OParen, 1),
        (b')', _) => (K::CParen, 1),
        (b'*', _) => (K::Star, 1),
        (b'/', _) => (K::Slash, 1),
        (b'+', _) => (K::Plus, 1),
        (b'-', _) => (K::Minus, 1),
        (b'%', _) => (K::Percent, 1),
        (b'=', _) => (K::Equal, 1),
        (b'!', _) => (K::Bang, 1),
        (b'<', _) => (K::LessThan, 1),
        (b'>', _) => (K::GreaterThan, 1),
        (b'.', _) => (K::Dot, 1),
        (b',', _) => (K::Comma, 1),
        (b'?', _) => (K::Question, 1),
        (b':', _) => (K::Colon, 1),
        (b'&', _) => (K::BitwiseAnd, 1),
        (b'|', _) => (K::BitwiseOr, 1),
        (b'~', _) => (K::BitwiseNot, 1),
        (b'^', _) => (K::BitwiseXor, 1),
        (b'\'', _) => (K::Apostrophe, 1),
        (b'`', _) => (K::Backtick, 1),
        (b';', _) => (K::Semicolon, 1),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens() {
        let check = |text: &str, expected: &str| {
            let tokens = scan(text.as_bytes(), Mode::Normal);
            let got: Vec<_> = tokens
                .iter()
                .map(|t| format!("{:?}:{}", t.kind, String::from_utf8_lossy(t.bytes(text.as_bytes()))))
                .collect();
            assert_eq!(got.join(" "), format!("{expected} Eof:").trim_start(), "{text:?}");
        };
        check("a=1", "Ident:a Equal:= NumberLit:1");
        check("1.", "NumberLit:1 Dot:.");
        check("1e5x", "NumberLit:1e5 Ident:x");
        check("1.2.3", "NumberLit:1.2.3");
        check("x...", "Ident:x Ellipsis:...");
        check("a-b é\u{301}", "Ident:a-b Ident:é\u{301}");
        check(r#""a${b}c""#, "OQuote:\" QuotedLit:a TemplateInterp:${ Ident:b TemplateSeqEnd:} QuotedLit:c CQuote:\"");
        check(r#""$${a}$$""#, "OQuote:\" QuotedLit:$${a}$$ CQuote:\"");
        check(r#""$$${a}""#, "OQuote:\" QuotedLit:$$${a} CQuote:\"");
        check(
            r#""${{a=1}}""#,
            "OQuote:\" TemplateInterp:${ OBrace:{ Ident:a Equal:= NumberLit:1 CBrace:} TemplateSeqEnd:} CQuote:\"",
        );
        check("<<E\nx\n E \n", "OHeredoc:<<E\n StringLit:x\n CHeredoc: E  Newline:\n");
        check("<<E\nE x\nE", "OHeredoc:<<E\n StringLit:E x\n StringLit:E");
        check("# c\n/* d */ /*", "Comment:# c\n Comment:/* d */ Slash:/ Star:*");
        check("\u{feff}a\r\n", "Ident:a Newline:\r\n");
    }
}
