//! Tuples, objects and for expressions.

use sdt_diag::Span;

use super::Parser;
use super::expr::broken;
use crate::ast::{Expr, ExprKind, For, Ident, ObjectItem};
use crate::token::{Token, TokenKind as K};

const UNTERMINATED_OBJECT: &str = "Unterminated object constructor expression";
const NO_CLOSING_BRACE: &str = "The file ends before the closing brace of this object.";

impl Parser<'_> {
    pub(super) fn tuple(&mut self) -> Expr {
        let open = self.read();
        let open = self.span(open);
        self.newlines.push(false);
        if self.is_keyword(self.peek(), "for") {
            let expr = self.for_expr(open, K::CBrack);
            self.newlines.pop();
            return expr;
        }
        let mut items = Vec::new();
        let close = loop {
            if self.peek_kind() == K::CBrack {
                break self.read();
            }
            let mark = self.mark();
            items.push(self.expression());
            if self.lost(mark) {
                break self.recover(K::CBrack);
            }
            let next = self.peek();
            match next.kind {
                K::CBrack => break self.read(),
                K::Comma => {
                    self.read();
                }
                K::Eof => {
                    let detail = "The file ends before the closing bracket of this list.";
                    self.soft_error(open, None, "Unterminated tuple constructor expression", detail);
                    break self.recover(K::CBrack);
                }
                _ => {
                    let at = self.span(next);
                    self.soft_error(at, Some(open.to(at)), "Missing item separator", "Items are separated by commas.");
                    break self.recover(K::CBrack);
                }
            }
        };
        self.newlines.pop();
        let close = self.span(close);
        Expr::new(ExprKind::Tuple(items), open.to(close))
    }

    pub(super) fn object(&mut self) -> Expr {
        let open = self.read();
        let open = self.span(open);
        // Line breaks separate the items of an object, but mean nothing in a for expression.
        self.newlines.push(false);
        let is_for = self.is_keyword(self.peek(), "for");
        if is_for {
            let expr = self.for_expr(open, K::CBrace);
            self.newlines.pop();
            return expr;
        }
        self.newlines.pop();
        self.newlines.push(true);
        let mut items = Vec::new();
        let close = loop {
            match self.peek_kind() {
                K::Newline => {
                    self.read();
                    continue;
                }
                K::CBrace => break self.read(),
                _ => {}
            }
            let mark = self.mark();
            let key = self.expression();
            if self.lost(mark) {
                break self.recover(K::CBrace);
            }
            let next = self.peek();
            if !matches!(next.kind, K::Equal | K::Colon) {
                let at = self.span(next);
                let context = Some(open.to(at));
                match next.kind {
                    K::Newline | K::Comma => {
                        let detail = "A value must follow the name, after an equals sign.";
                        self.soft_error(at, context, "Missing attribute value", detail);
                    }
                    K::Eof => self.soft_error(open, None, UNTERMINATED_OBJECT, NO_CLOSING_BRACE),
                    _ => {
                        let detail = "An equals sign must follow here, and then the value.";
                        self.soft_error(at, context, "Missing key/value separator", detail);
                    }
                }
                break self.recover(K::CBrace);
            }
            self.read();
            let value = self.expression();
            if self.lost(mark) {
                break self.recover(K::CBrace);
            }
            items.push(ObjectItem { key, value });
            let next = self.peek();
            match next.kind {
                K::CBrace => break self.read(),
                K::Comma | K::Newline => {
                    self.read();
                }
                K::Eof => {
                    self.soft_error(open, None, UNTERMINATED_OBJECT, NO_CLOSING_BRACE);
                    break self.recover(K::CBrace);
                }
                _ => {
                    let at = self.span(next);
                    let detail = "Attributes are separated by line breaks or commas.";
                    self.soft_error(at, Some(open.to(at)), "Missing attribute separator", detail);
                    break self.recover(K::CBrace);
                }
            }
        };
        self.newlines.pop();
        let close = self.span(close);
        Expr::new(ExprKind::Object(items), open.to(close))
    }

    fn for_expr(&mut self, open: Span, end: K) -> Expr {
        let outcome = self.for_parts(open, end);
        match outcome {
            Some(f) => {
                let span = open.to(f.close);
                Expr::new(ExprKind::For(Box::new(f)), span)
            }
            None => {
                let close = self.recover(end);
                broken(open.to(self.span(close)))
            }
        }
    }

    /// The names between `for` and `in`, and `in` itself.
    pub(super) fn for_names(&mut self, summary: &str, open: Span) -> Option<(Option<Ident>, Ident)> {
        let (first, mut ok) = (self.peek(), true);
        ok &= first.kind == K::Ident;
        if !ok {
            self.for_error(summary, open, first, "A name for the values must follow \"for\".");
            return None;
        }
        self.read();
        let mut key = None;
        let mut value = self.ident(first);
        if self.peek_kind() == K::Comma {
            self.read();
            let second = self.peek();
            if second.kind != K::Ident {
                self.for_error(summary, open, second, "A name for the values must follow the comma.");
                return None;
            }
            self.read();
            key = Some(std::mem::replace(&mut value, self.ident(second)));
        }
        let next = self.peek();
        if !self.is_keyword(next, "in") {
            self.for_error(summary, open, next, "The word \"in\" must follow the names.");
            return None;
        }
        self.read();
        Some((key, value))
    }

    fn for_error(&mut self, summary: &str, open: Span, t: Token, detail: &str) {
        let at = self.span(t);
        self.soft_error(at, Some(open.to(at)), summary, detail);
    }

    /// Everything after the opening bracket. `None` when it is too broken: then the rest is to be skipped.
    fn for_parts(&mut self, open: Span, end: K) -> Option<For> {
        const SUMMARY: &str = "Invalid 'for' expression";
        self.read();
        let (key_var, value_var) = self.for_names(SUMMARY, open)?;
        let mark = self.mark();
        let collection = self.expression();
        if self.lost(mark) {
            return None;
        }
        let colon = self.peek();
        if colon.kind != K::Colon {
            self.for_error(SUMMARY, open, colon, "A colon must follow what is iterated.");
            return None;
        }
        self.read();
        let mut value = self.expression();
        if self.lost(mark) {
            return None;
        }
        let mut key = None;
        if self.peek_kind() == K::FatArrow {
            self.read();
            let second = self.expression();
            if self.lost(mark) {
                return None;
            }
            key = Some(std::mem::replace(&mut value, second));
        }
        let ellipsis = (self.peek_kind() == K::Ellipsis).then(|| self.read());
        let mut cond = None;
        if self.is_keyword(self.peek(), "if") {
            self.read();
            cond = Some(self.expression());
            if self.lost(mark) {
                return None;
            }
        }
        let next = self.peek();
        let close = if next.kind == end {
            self.read()
        } else {
            self.for_error(SUMMARY, open, next, "The for expression ends before this.");
            self.recover(end)
        };
        let close = self.span(close);
        let problem = match (&key, ellipsis) {
            (Some(key), _) if end == K::CBrack => {
                Some((key.span, "A list has no keys: use braces to build an object."))
            }
            (_, Some(t)) if end == K::CBrack => {
                Some((self.span(t), "Only an object groups values (...): a list has no keys to group by."))
            }
            (None, _) if end == K::CBrace => Some((value.span, "An object needs a key for each value: key => value.")),
            _ => None,
        };
        if let Some((at, detail)) = problem {
            self.error(at, SUMMARY, detail).context = Some(open.to(close));
        }
        let group = ellipsis.is_some();
        Some(For { key_var, value_var, collection, key, value, cond, group, open, close })
    }
}
