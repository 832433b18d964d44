//! The parser of native syntax: tokens to a tree and diagnostics.
//!
//! It never stops at the first error: it skips to the end of the argument or to the matching bracket and goes on. After
//! the first error, errors that are likely to be its consequences are kept back; which ones is Terraform's rule.
//!
//! Source: HCL Native Syntax Specification; observed behaviour of Terraform 1.11.

mod body;
mod collection;
mod expr;
mod literal;
mod template;

use std::sync::Arc;

use sdt_diag::{Diagnostic, Diagnostics, SourceId, Span};

use crate::ast::{Body, Expr, Ident, Traversal};
use crate::scan::{Mode, scan};
use crate::token::{Token, TokenKind as K};

/// Nesting beyond this is refused: a limit on memory, far above what anybody writes.
const MAX_DEPTH: usize = 30_000;

/// Parses a file.
#[must_use]
pub fn parse_body(source: SourceId, text: &[u8]) -> (Arc<Body>, Diagnostics) {
    let (body, _, diags) = parse_with_tokens(source, text);
    (Arc::new(body), diags)
}

/// Parses a file and gives its tokens back, which the formatter works on.
pub(crate) fn parse_with_tokens(source: SourceId, text: &[u8]) -> (Body, Vec<Token>, Diagnostics) {
    let mut p = Parser::new(source, text, 0, Mode::Normal);
    p.newlines.push(true);
    let body = p.body(K::Eof);
    (body, p.tokens, p.diags)
}

/// Parses a text that is one expression; `base` is where the text starts in its file.
#[must_use]
pub fn parse_expression(source: SourceId, text: &[u8], base: u32) -> (Expr, Diagnostics) {
    let mut p = Parser::new(source, text, base, Mode::Normal);
    p.newlines.push(false);
    let expr = p.expression();
    p.expect_end("Extra characters after expression", "The expression ends before this.");
    (expr, p.diags)
}

/// Parses a template without quotes, as in a template file; `base` is where the text starts in its file.
#[must_use]
pub fn parse_template(source: SourceId, text: &[u8], base: u32) -> (Expr, Diagnostics) {
    let mut p = Parser::new(source, text, base, Mode::Template);
    p.newlines.push(false);
    let start = p.span(p.tokens[0]).head();
    let expr = p.template(start, K::Eof, false);
    (expr, p.diags)
}

/// Parses a text that is one reference, such as an address; `base` is where the text starts in its file.
#[must_use]
pub fn parse_traversal(source: SourceId, text: &[u8], base: u32) -> (Option<Traversal>, Diagnostics) {
    let mut p = Parser::new(source, text, base, Mode::Normal);
    p.newlines.push(false);
    let traversal = p.traversal(false);
    (traversal, p.diags)
}

/// As [`parse_traversal`], but `[*]` is allowed as a step.
#[must_use]
pub fn parse_traversal_with_splats(source: SourceId, text: &[u8], base: u32) -> (Option<Traversal>, Diagnostics) {
    let mut p = Parser::new(source, text, base, Mode::Normal);
    p.newlines.push(false);
    let traversal = p.traversal(true);
    (traversal, p.diags)
}

/// Tokens, a position in them, and what was found so far.
struct Parser<'a> {
    source: SourceId,
    text: &'a [u8],
    base: u32,
    tokens: Vec<Token>,
    at: usize,
    /// Whether line breaks mean something; brackets push to it.
    newlines: Vec<bool>,
    /// Set by the first error and never reset: from then on only errors that are surely no consequences are reported.
    recovery: bool,
    diags: Diagnostics,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn new(source: SourceId, text: &'a [u8], base: u32, mode: Mode) -> Self {
        let tokens = scan(text, mode);
        let (newlines, diags) = (Vec::new(), Diagnostics::new());
        let mut p = Self { source, text, base, tokens, at: 0, newlines, recovery: false, diags, depth: 0 };
        p.report_invalid_tokens();
        p
    }

    fn span(&self, t: Token) -> Span {
        Span { source: self.source, start: self.base + t.start, end: self.base + t.end }
    }

    fn bytes(&self, t: Token) -> &'a [u8] {
        t.bytes(self.text)
    }

    /// The name a token spells, NFC-normalised.
    fn ident(&self, t: Token) -> Ident {
        use unicode_normalization::UnicodeNormalization as _;
        let text = String::from_utf8_lossy(self.bytes(t));
        let name = if text.is_ascii() { text.as_ref().into() } else { text.nfc().collect::<String>().into() };
        Ident { name, span: self.span(t) }
    }

    /// The next token that counts, and the index after it. A comment that takes its line break along counts as one.
    fn look(&self) -> (Token, usize) {
        let newlines = self.newlines.last().copied().unwrap_or(true);
        for i in self.at..self.tokens.len() {
            let t = self.tokens[i];
            match t.kind {
                K::Newline if !newlines => {}
                K::Comment if newlines && self.bytes(t).ends_with(b"\n") => {
                    return (Token { kind: K::Newline, ..t }, i + 1);
                }
                K::Comment => {}
                _ => return (t, i + 1),
            }
        }
        (self.tokens[self.tokens.len() - 1], self.tokens.len())
    }

    fn peek(&self) -> Token {
        self.look().0
    }

    fn peek_kind(&self) -> K {
        self.look().0.kind
    }

    fn read(&mut self) -> Token {
        let (t, next) = self.look();
        self.at = next;
        t
    }

    /// Where the last token read is.
    fn prev_span(&self) -> Span {
        self.span(self.tokens[self.at.saturating_sub(1).min(self.tokens.len() - 1)])
    }

    fn is_keyword(&self, t: Token, word: &str) -> bool {
        t.kind == K::Ident && self.bytes(t) == word.as_bytes()
    }

    fn error(&mut self, at: Span, summary: &str, detail: impl Into<String>) -> &mut Diagnostic {
        self.diags.push(Diagnostic::error(summary, detail).at(at));
        self.diags.0.last_mut().expect("just pushed")
    }

    /// Reports an error that may be a consequence of an earlier one.
    fn soft_error(&mut self, at: Span, context: Option<Span>, summary: &str, detail: impl Into<String>) {
        if !self.recovery {
            self.error(at, summary, detail).context = context;
        }
    }

    /// Tells whether an error since `mark` (a number of diagnostics) has put the position in doubt.
    fn lost(&self, mark: usize) -> bool {
        self.recovery && self.diags.0.len() > mark
    }

    fn mark(&self) -> usize {
        self.diags.0.len()
    }

    fn expect_end(&mut self, summary: &str, detail: &str) {
        let next = self.peek();
        if next.kind != K::Eof {
            let span = self.span(next);
            self.soft_error(span, None, summary, detail);
        }
    }

    /// Runs `f` one level deeper, or gives up on the rest of the file when it is too deep.
    fn nested<T>(&mut self, f: impl FnOnce(&mut Self) -> T, give_up: impl FnOnce(Span) -> T) -> T {
        if self.depth >= MAX_DEPTH {
            let span = self.span(self.peek());
            self.soft_error(
                span,
                None,
                "Nesting too deep",
                format!("There are more than {MAX_DEPTH} levels of nesting here."),
            );
            self.recovery = true;
            self.at = self.tokens.len() - 1;
            return give_up(span);
        }
        self.depth += 1;
        let out = crate::deep(|| f(self));
        self.depth -= 1;
        out
    }

    /// Skips past the closing token `end` that matches the level we are on; returns it, or the end of the file.
    fn recover(&mut self, end: K) -> Token {
        let start = opener(end);
        self.recovery = true;
        let mut nest = 0_usize;
        loop {
            let t = self.read();
            let kind =
                if end == K::TemplateSeqEnd && t.kind == K::TemplateControl { K::TemplateInterp } else { t.kind };
            if kind == K::Eof || (kind == end && nest == 0) {
                return t;
            } else if kind == start {
                nest += 1;
            } else if kind == end {
                nest -= 1;
            }
        }
    }

    /// Skips past the next bracketed run that starts with `start`.
    fn recover_over(&mut self, start: K, end: K) {
        self.recovery = true;
        loop {
            match self.read().kind {
                K::Eof => return,
                k if k == start => break,
                _ => {}
            }
        }
        self.recover(end);
    }

    /// Skips to the end of the line that ends the current argument or block, nested brackets included.
    fn recover_after_item(&mut self) {
        self.recovery = true;
        let mut open: Vec<K> = Vec::new();
        loop {
            let t = self.read();
            match t.kind {
                K::Newline if open.is_empty() => return,
                K::Eof => return,
                K::OBrace | K::OBrack | K::OParen | K::OQuote | K::OHeredoc => open.push(t.kind),
                K::TemplateInterp | K::TemplateControl => open.push(K::TemplateInterp),
                K::CBrace | K::CBrack | K::CParen | K::CQuote | K::CHeredoc | K::TemplateSeqEnd => {
                    let start = opener(t.kind);
                    while open.pop().is_some_and(|k| k != start) {}
                }
                _ => {}
            }
        }
    }

    /// Reports tokens that are wrong wherever they stand; of a kind that tends to come in numbers, only the first ones.
    fn report_invalid_tokens(&mut self) {
        let (mut bitwise, mut backtick, mut apostrophe, mut semicolon, mut utf8) = (0, 0, 0, 0, 0);
        let odd = |k: K| {
            use K::{Apostrophe, Backtick, BadUtf8, BitwiseAnd, BitwiseNot, BitwiseOr, BitwiseXor};
            let ops = matches!(k, BitwiseAnd | BitwiseNot | BitwiseOr | BitwiseXor | K::Semicolon);
            ops || matches!(k, Apostrophe | Backtick | BadUtf8 | K::Invalid | K::QuotedNewline)
        };
        let tokens: Vec<Token> = self.tokens.iter().copied().filter(|t| odd(t.kind)).collect();
        for t in tokens {
            let span = self.span(t);
            let (count, limit, summary, detail) = match t.kind {
                K::BitwiseAnd => (
                    &mut bitwise,
                    4,
                    "Unsupported operator",
                    "There are no bitwise operators. The logical \"and\" is \"&&\".",
                ),
                K::BitwiseOr => (
                    &mut bitwise,
                    4,
                    "Unsupported operator",
                    "There are no bitwise operators. The logical \"or\" is \"||\".",
                ),
                K::BitwiseNot => (
                    &mut bitwise,
                    4,
                    "Unsupported operator",
                    "There are no bitwise operators. The logical \"not\" is \"!\".",
                ),
                K::BitwiseXor => (&mut bitwise, 4, "Unsupported operator", "There are no bitwise operators."),
                K::Semicolon => (
                    &mut semicolon,
                    1,
                    "Invalid character",
                    "There is no \";\" in the language. Arguments and blocks end with their line, items of collections with a comma.",
                ),
                K::BadUtf8 => (&mut utf8, 1, "Invalid character encoding", "The text is not UTF-8 here."),
                K::Apostrophe | K::Backtick => {
                    // They come in pairs: report the first of each of two pairs.
                    let (count, detail) = if t.kind == K::Backtick {
                        (&mut backtick, "Backticks have no meaning. A text of several lines is a heredoc: <<EOT.")
                    } else {
                        (&mut apostrophe, "Strings are put in double quotes (\"), not single ones.")
                    };
                    if *count % 2 == 0 {
                        self.error(span, "Invalid character", detail);
                    }
                    if *count <= 2 {
                        *count += 1;
                    }
                    continue;
                }
                K::QuotedNewline => {
                    let detail =
                        "A quoted string ends on the line it starts on. Write a line break as \\n, or use a heredoc.";
                    self.error(span, "Invalid multi-line string", detail);
                    continue;
                }
                _ => {
                    let curly = matches!(self.bytes(t), b"\xe2\x80\x9c" | b"\xe2\x80\x9d");
                    let detail = if curly {
                        "Typographic quotes do not delimit strings. Use straight quotes (\")."
                    } else {
                        "The language does not use this character."
                    };
                    self.error(span, "Invalid character", detail);
                    continue;
                }
            };
            if *count < limit {
                *count += 1;
                self.error(span, summary, detail);
            }
        }
    }
}

/// The token that opens what `close` closes.
fn opener(close: K) -> K {
    match close {
        K::CBrace => K::OBrace,
        K::CBrack => K::OBrack,
        K::CParen => K::OParen,
        K::CQuote => K::OQuote,
        K::CHeredoc => K::OHeredoc,
        K::TemplateSeqEnd => K::TemplateInterp,
        other => other,
    }
}
