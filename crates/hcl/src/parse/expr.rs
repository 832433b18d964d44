//! Expressions: operators, traversals, terms, calls.

use std::sync::Arc;

use sdt_diag::Span;
use sdt_value::Value;

use super::Parser;
use crate::ast::{BinaryOp, Call, Expr, ExprKind, Step, Traversal, UnaryOp};
use crate::token::{Token, TokenKind as K};

/// What stands where no expression could be parsed.
pub(super) fn broken(span: Span) -> Expr {
    Expr::literal(Value::DYNAMIC, span)
}

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Expr {
        self.nested(Self::conditional, broken)
    }

    fn conditional(&mut self) -> Expr {
        let mark = self.mark();
        let cond = self.binary(0);
        if self.lost(mark) || self.peek_kind() != K::Question {
            return cond;
        }
        self.read();
        let yes = self.expression();
        if self.lost(mark) {
            return cond;
        }
        let colon = self.peek();
        if colon.kind != K::Colon {
            let (at, context) = (self.span(colon), cond.span.to(self.span(colon)));
            let detail = "A conditional needs a second result, after a colon: condition ? one : other.";
            self.error(at, "Missing false expression in conditional", detail).context = Some(context);
            return cond;
        }
        self.read();
        let no = self.expression();
        if self.lost(mark) {
            return cond;
        }
        let span = cond.span.to(no.span);
        Expr::new(ExprKind::Conditional { cond, yes, no }, span)
    }

    /// Operators that bind at least as tightly as `level`, left to right.
    fn binary(&mut self, level: u8) -> Expr {
        let mark = self.mark();
        let mut lhs = self.with_traversals();
        while !self.lost(mark) {
            let Some((op, binds)) = binary_op(self.peek_kind()) else { break };
            if binds < level {
                break;
            }
            self.read();
            let rhs = self.binary(binds + 1);
            if self.lost(mark) {
                break;
            }
            let span = lhs.span.to(rhs.span);
            lhs = Expr::new(ExprKind::Binary { op, lhs, rhs }, span);
        }
        lhs
    }

    fn with_traversals(&mut self) -> Expr {
        let term = self.term();
        self.traversals(term)
    }

    fn traversals(&mut self, from: Expr) -> Expr {
        let start = from.span;
        let mut expr = from;
        loop {
            match self.peek_kind() {
                K::Dot => {
                    let dot = self.read();
                    let dot_span = self.span(dot);
                    let next = self.peek();
                    match next.kind {
                        K::Ident => {
                            self.read();
                            let name = self.ident(next);
                            expr = add_step(expr, Step::Attr { name: name.name, span: dot_span.to(name.span) });
                        }
                        K::NumberLit => {
                            self.read();
                            expr = add_step(expr, self.legacy_index(dot_span, next));
                        }
                        K::Star => {
                            self.read();
                            expr = self.attribute_splat(start, expr, dot_span.to(self.span(next)));
                        }
                        _ => {
                            let span = self.span(next);
                            let detail = "The name of an attribute must follow the dot.";
                            self.error(span, "Invalid attribute name", detail);
                            self.recovery = true;
                            return expr;
                        }
                    }
                }
                K::OBrack => {
                    let open = self.read();
                    let open_span = self.span(open);
                    if self.peek_kind() == K::Star {
                        self.read();
                        let detail = "The star of a splat must be followed by a closing bracket: [*].";
                        let close = self.close_bracket("Missing close bracket on splat index", detail);
                        let marker = open_span.to(self.span(close));
                        // What follows belongs to each item.
                        let item = Expr::new(ExprKind::SplatItem, marker);
                        let each = self.nested(|p| p.traversals(item), broken);
                        let span = start.to(each.span);
                        expr = Expr::new(ExprKind::Splat { source: expr, each, marker }, span);
                    } else {
                        expr = self.index(start, expr, open_span);
                    }
                }
                _ => return expr,
            }
        }
    }

    fn legacy_index(&mut self, dot: Span, t: Token) -> Step {
        let span = dot.to(self.span(t));
        let text = String::from_utf8_lossy(self.bytes(t)).into_owned();
        let key = match text.split_once('.') {
            Some((a, b)) => {
                let detail = format!("Two indexes after one another are written with brackets: [{a}][{b}].");
                let at = self.span(t);
                self.error(at, "Invalid legacy index syntax", detail);
                Value::DYNAMIC
            }
            None => self.number(t),
        };
        Step::Index { key, span }
    }

    /// What follows `.*`: only attributes and legacy indexes belong to each item.
    fn attribute_splat(&mut self, start: Span, source: Expr, marker: Span) -> Expr {
        let mut each = Expr::new(ExprKind::SplatItem, marker);
        let mut last = marker;
        while self.peek_kind() == K::Dot {
            let dot = self.read();
            let dot = self.span(dot);
            let next = self.peek();
            let step = match next.kind {
                K::Ident => {
                    self.read();
                    let name = self.ident(next);
                    Step::Attr { name: name.name, span: dot.to(name.span) }
                }
                K::NumberLit => {
                    self.read();
                    Step::Index { key: self.number(next), span: dot.to(self.span(next)) }
                }
                kind => {
                    let span = self.span(next);
                    if kind == K::Star {
                        let detail = "A splat (.*) is not possible inside another one; use [*].";
                        self.soft_error(span, None, "Nested splat expression not allowed", detail);
                    } else {
                        let detail = "The name of an attribute must follow the dot.";
                        self.soft_error(span, None, "Invalid attribute name", detail);
                    }
                    self.recovery = true;
                    break;
                }
            };
            last = step.span();
            each = add_step(each, step);
        }
        Expr::new(ExprKind::Splat { source, each, marker }, start.to(last))
    }

    /// Reads the bracket that ends an index. The error, if any, is reported where parsing can go on.
    fn close_bracket(&mut self, summary: &str, detail: &str) -> Token {
        let close = self.read();
        if close.kind == K::CBrack || self.recovery {
            return close;
        }
        let close = self.recover(K::CBrack);
        let span = self.span(close);
        self.error(span, summary, detail);
        close
    }

    fn index(&mut self, start: Span, collection: Expr, open: Span) -> Expr {
        let mark = self.mark();
        self.newlines.push(false);
        let key = self.expression();
        let close = if self.lost(mark) {
            self.recover(K::CBrack)
        } else {
            self.close_bracket("Missing close bracket on index", "An index ends with a closing bracket.")
        };
        self.newlines.pop();
        let span = open.to(self.span(close));
        match &key.kind {
            ExprKind::Literal(v) => add_step(collection, Step::Index { key: v.clone(), span }),
            _ => Expr::new(ExprKind::Index { collection, key }, start.to(span)),
        }
    }

    fn term(&mut self) -> Expr {
        let start = self.peek();
        let span = self.span(start);
        match start.kind {
            K::OParen => self.parentheses(span),
            K::NumberLit => {
                self.read();
                Expr::literal(self.number(start), span)
            }
            K::Ident => {
                self.read();
                if matches!(self.peek_kind(), K::OParen | K::DoubleColon) {
                    return self.nested(|p| p.call(start), broken);
                }
                match self.bytes(start) {
                    b"true" => Expr::literal(Value::TRUE, span),
                    b"false" => Expr::literal(Value::FALSE, span),
                    b"null" => Expr::literal(Value::NULL, span),
                    _ => {
                        let root = self.ident(start);
                        Expr::new(ExprKind::Traversal(Traversal { root, steps: Vec::new(), span }), span)
                    }
                }
            }
            K::OQuote => {
                self.read();
                self.nested(|p| p.template(span, K::CQuote, false), broken)
            }
            K::OHeredoc => {
                self.read();
                let flush = self.bytes(start).starts_with(b"<<-");
                self.nested(|p| p.template(span, K::CHeredoc, flush), broken)
            }
            K::Minus | K::Bang => {
                self.read();
                let op = if start.kind == K::Minus { UnaryOp::Negate } else { UnaryOp::Not };
                // Operators between operands bind less tightly, so they don't belong to the operand.
                let operand = self.nested(Self::with_traversals, broken);
                let span = span.to(operand.span);
                Expr::new(ExprKind::Unary { op, operand }, span)
            }
            K::OBrack => self.tuple(),
            K::OBrace => self.object(),
            _ => {
                let (summary, detail) = if start.kind == K::Eof {
                    ("Missing expression", "An expression must start here, but the file ends.")
                } else {
                    ("Invalid expression", "An expression must start here, and this starts none.")
                };
                self.soft_error(span, None, summary, detail);
                self.recovery = true;
                broken(span)
            }
        }
    }

    fn parentheses(&mut self, open: Span) -> Expr {
        self.read();
        let mark = self.mark();
        self.newlines.push(false);
        let inner = self.expression();
        if self.mark() > mark {
            self.recover(K::CParen);
            self.newlines.pop();
            return inner;
        }
        let close = self.peek();
        let close_span = self.span(close);
        if close.kind != K::CParen {
            let detail = "A closing parenthesis must follow here.";
            self.error(close_span, "Unbalanced parentheses", detail).context = Some(open.to(close_span));
            self.recovery = true;
        }
        self.read();
        self.newlines.pop();
        Expr::new(ExprKind::Parens(inner), open.to(close_span))
    }

    fn call(&mut self, first: Token) -> Expr {
        let start = self.ident(first);
        let mut name = String::from(&*start.name);
        let mut name_span = start.span;
        let mut open = self.read();
        while open.kind == K::DoubleColon {
            let part = self.read();
            let span = self.span(part);
            if part.kind != K::Ident {
                let detail = "The name of a function must follow \"::\".";
                self.error(span, "Missing function name", detail).context = Some(start.span.to(span));
                self.recover_over(K::OParen, K::CParen);
                return broken(start.span.to(self.prev_span()));
            }
            name.push_str("::");
            name.push_str(&self.ident(part).name);
            name_span = name_span.to(span);
            open = self.read();
        }
        let open_span = self.span(open);
        if open.kind != K::OParen {
            let detail = "The arguments of the function must follow, in parentheses.";
            self.error(open_span, "Missing open parenthesis", detail).context = Some(start.span.to(open_span));
            self.recover_over(K::OParen, K::CParen);
            return broken(start.span.to(self.prev_span()));
        }
        let mut args = Vec::new();
        let mut expand = false;
        self.newlines.push(false);
        let close = loop {
            if self.peek_kind() == K::CParen {
                break self.read();
            }
            let mark = self.mark();
            args.push(self.expression());
            if self.lost(mark) {
                break self.recover(K::CParen);
            }
            let sep = self.read();
            let at = self.span(sep);
            let context = Some(start.span.to(at));
            match sep.kind {
                K::CParen => break sep,
                K::Comma => {}
                K::Ellipsis => {
                    expand = true;
                    if self.peek_kind() == K::CParen {
                        break self.read();
                    }
                    let detail = "After an expanded argument (...) the closing parenthesis must follow.";
                    self.soft_error(at, context, "Missing closing parenthesis", detail);
                    break self.recover(K::CParen);
                }
                K::Eof => {
                    let detail = "The file ends before the closing parenthesis of this call.";
                    self.error(start.span.to(open_span), "Unterminated function call", detail);
                    break self.recover(K::CParen);
                }
                _ => {
                    let detail = "Arguments are separated by commas.";
                    self.error(at, "Missing argument separator", detail).context = context;
                    break self.recover(K::CParen);
                }
            }
        };
        self.newlines.pop();
        let close = self.span(close);
        let call = Call { name: name.into(), name_span, args, expand, open: open_span, close };
        Expr::new(ExprKind::Call(call), start.span.to(close))
    }

    /// A whole text that is one reference.
    pub(super) fn traversal(&mut self, splats: bool) -> Option<Traversal> {
        let first = self.read();
        if first.kind != K::Ident {
            let span = self.span(first);
            self.error(span, "Variable name required", "A reference begins with a name.");
            return None;
        }
        let root = self.ident(first);
        let mut steps = Vec::new();
        loop {
            let t = self.read();
            let at = self.span(t);
            match t.kind {
                K::Eof => break,
                K::Dot => {
                    let name = self.read();
                    let span = self.span(name);
                    if name.kind != K::Ident {
                        let detail = if name.kind == K::Star {
                            "A splat (.*) is not possible here."
                        } else {
                            "The name of an attribute must follow the dot."
                        };
                        self.error(span, "Attribute name required", detail).context = Some(root.span.to(span));
                        return None;
                    }
                    steps.push(Step::Attr { name: self.ident(name).name, span: at.to(span) });
                }
                K::OBrack => steps.push(self.traversal_index(at, splats)?),
                _ => {
                    self.error(at, "Invalid character", "Only an attribute or an index can follow here.");
                    return None;
                }
            }
        }
        let span = steps.last().map_or(root.span, |s: &Step| root.span.to(s.span()));
        Some(Traversal { root, steps, span })
    }

    fn traversal_index(&mut self, open: Span, splats: bool) -> Option<Step> {
        let next = self.peek();
        let at = self.span(next);
        let key = match next.kind {
            K::NumberLit => {
                self.read();
                Some(self.number(next))
            }
            K::OQuote => Some(Value::string(self.quoted_literal().0)),
            K::Star if splats => {
                self.read();
                None
            }
            K::Star => {
                self.error(at, "Attribute name required", "A splat ([*]) is not possible here.");
                return None;
            }
            _ => {
                self.error(at, "Index value required", "The brackets must hold a number or a quoted string.");
                return None;
            }
        };
        let close = self.read();
        let close_span = self.span(close);
        if close.kind != K::CBrack {
            self.error(close_span, "Unclosed index brackets", "A closing bracket must follow the index.");
            return None;
        }
        let span = open.to(close_span);
        Some(match key {
            Some(key) => Step::Index { key, span },
            None => Step::Splat { span },
        })
    }
}

/// Adds a step to a reference, or starts one from the value of another expression.
fn add_step(mut expr: Expr, step: Step) -> Expr {
    let span = expr.span.to(step.span());
    if let Some(node) = Arc::get_mut(&mut expr.0) {
        let steps = match &mut node.kind {
            ExprKind::Traversal(t) => {
                t.span = span;
                Some(&mut t.steps)
            }
            ExprKind::RelativeTraversal { steps, .. } => Some(steps),
            _ => None,
        };
        if let Some(steps) = steps {
            steps.push(step);
            node.span = span;
            return expr;
        }
    }
    Expr::new(ExprKind::RelativeTraversal { source: expr, steps: vec![step] }, span)
}

fn binary_op(kind: K) -> Option<(BinaryOp, u8)> {
    Some(match kind {
        K::Or => (BinaryOp::Or, 0),
        K::And => (BinaryOp::And, 1),
        K::EqualOp => (BinaryOp::Equal, 2),
        K::NotEqual => (BinaryOp::NotEqual, 2),
        K::GreaterThan => (BinaryOp::Greater, 3),
        K::GreaterThanEq => (BinaryOp::GreaterEqual, 3),
        K::LessThan => (BinaryOp::Less, 3),
        K::LessThanEq => (BinaryOp::LessEqual, 3),
        K::Plus => (BinaryOp::Add, 4),
        K::Minus => (BinaryOp::Subtract, 4),
        K::Star => (BinaryOp::Multiply, 5),
        K::Slash => (BinaryOp::Divide, 5),
        K::Percent => (BinaryOp::Modulo, 5),
        _ => return None,
    })
}
