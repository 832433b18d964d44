//! Bodies: arguments and blocks.

use std::sync::Arc;

use indexmap::IndexMap;
use indexmap::map::Entry;
use sdt_diag::Span;
use sdt_value::Str;

use super::Parser;
use crate::ast::{Attribute, Block, Body, Label};
use crate::strings::quote;
use crate::token::{Token, TokenKind as K};

const ITEM_REQUIRED: &str = "Argument or block definition required";
const UNCLOSED: &str = "The file ends before the closing brace of this block. Some braces before it may be unbalanced.";

/// What stands in a body.
enum Item {
    Attribute(Attribute),
    Block(Block),
}

impl Parser<'_> {
    /// Parses up to and including `end`, a closing brace or the end of the file.
    pub(super) fn body(&mut self, end: K) -> Body {
        let start = self.span(self.peek());
        let mut attributes: IndexMap<Str, Attribute> = IndexMap::new();
        let mut blocks = Vec::new();
        let close;
        self.newlines.push(true);
        loop {
            let next = self.peek();
            match next.kind {
                k if k == end => {
                    self.read();
                    close = self.span(next);
                    break;
                }
                K::Newline => {
                    self.read();
                }
                K::Ident => match self.item() {
                    Some(Item::Attribute(a)) => match attributes.entry(a.name.name.clone()) {
                        Entry::Vacant(v) => {
                            v.insert(a);
                        }
                        Entry::Occupied(_) => {
                            let detail = format!("The argument {} is set above already.", quote(&a.name.name));
                            self.error(a.name.span, "Attribute redefined", detail);
                        }
                    },
                    Some(Item::Block(b)) => blocks.push(b),
                    None => {}
                },
                kind => {
                    let bad = self.read();
                    let span = self.span(bad);
                    match kind {
                        K::OQuote => {
                            self.soft_error(span, None, "Invalid argument name", "Names of arguments are not quoted.")
                        }
                        K::Eof => self.soft_error(start, None, "Unclosed configuration block", UNCLOSED),
                        _ => self.soft_error(span, None, ITEM_REQUIRED, "An argument or a block must start here."),
                    }
                    close = self.prev_span();
                    self.recover(end);
                    break;
                }
            }
        }
        self.newlines.pop();
        Body { attributes, blocks, span: start.to(close), end: close.head() }
    }

    fn item(&mut self) -> Option<Item> {
        let name = self.read();
        match self.peek_kind() {
            K::Equal => Some(Item::Attribute(self.attribute(name, false))),
            K::OQuote | K::OBrace | K::Ident => Some(Item::Block(self.block(name))),
            _ => {
                let span = self.span(name);
                let detail = "An argument or a block must start here. An argument has an equals sign after its name.";
                self.error(span, ITEM_REQUIRED, detail);
                self.recover_after_item();
                None
            }
        }
    }

    fn attribute(&mut self, name: Token, single_line: bool) -> Attribute {
        self.read();
        let mark = self.mark();
        let expr = self.expression();
        let end = self.prev_span();
        if self.lost(mark) {
            self.recover_after_item();
        } else if !single_line {
            let next = self.peek();
            if matches!(next.kind, K::Newline | K::Eof) {
                self.read();
            } else {
                let (at, context) = (self.span(next), self.span(name).to(self.span(next)));
                if next.kind == K::Comma {
                    let detail = "Arguments end with their line, not with a comma.";
                    self.soft_error(at, Some(context), "Unexpected comma after argument", detail);
                } else {
                    self.soft_error(
                        at,
                        Some(context),
                        "Missing newline after argument",
                        "An argument ends with its line.",
                    );
                }
                self.recover_after_item();
            }
        }
        let name = self.ident(name);
        Attribute { span: name.span.to(end), name, expr }
    }

    fn block(&mut self, kind: Token) -> Block {
        let kind_span = self.span(kind);
        let mut labels: Vec<Label> = Vec::new();
        let open = loop {
            let next = self.peek();
            match next.kind {
                K::OBrace => break self.read(),
                K::OQuote => {
                    let (value, span) = self.quoted_literal();
                    labels.push(Label { value: value.into(), span });
                }
                K::Ident => {
                    let t = self.read();
                    let ident = self.ident(t);
                    labels.push(Label { value: ident.name, span: ident.span });
                }
                other => {
                    let (at, context) = (self.span(next), kind_span.to(self.span(next)));
                    const SUMMARY: &str = "Invalid block definition";
                    match other {
                        K::Equal => {
                            let detail = "The equals sign belongs to arguments; a block has none.";
                            self.error(at, SUMMARY, detail).context = Some(context);
                        }
                        K::Newline => {
                            let detail = "The opening brace of a block stands on the line of its keyword.";
                            self.error(at, SUMMARY, detail).context = Some(context);
                        }
                        _ => {
                            let detail = "A quoted label or an opening brace must follow here.";
                            self.soft_error(at, Some(context), SUMMARY, detail);
                        }
                    }
                    self.recover_after_item();
                    let header = labels.last().map_or(kind_span, |l| kind_span.to(l.span));
                    let body = Arc::new(Body { span: header.tail(), end: header.tail(), ..Body::default() });
                    return Block { kind: self.ident(kind), labels, body, header, open: at, close: at };
                }
            }
        };
        let open = self.span(open);
        let header = labels.last().map_or(kind_span, |l| kind_span.to(l.span));
        let mut body = if matches!(self.peek_kind(), K::Newline | K::Eof | K::CBrace) {
            let at = self.span(self.peek());
            self.nested(|p| p.body(K::CBrace), |_| Body { span: at, end: at, ..Body::default() })
        } else {
            self.single_line_body(kind_span)
        };
        let close = self.prev_span();
        body.span = open.to(close);
        // A message about something missing points at the closing brace.
        body.end = close.head();
        let next = self.peek();
        if matches!(next.kind, K::Newline | K::Eof) {
            self.read();
        } else {
            let (at, context) = (self.span(next), kind_span.to(self.span(next)));
            self.soft_error(at, Some(context), "Missing newline after block definition", "A block ends with its line.");
            self.recover_after_item();
        }
        Block { kind: self.ident(kind), labels, body: Arc::new(body), header, open, close }
    }

    /// The content of `name { argument = value }`, closing brace included.
    fn single_line_body(&mut self, kind: Span) -> Body {
        let start = self.span(self.peek());
        let mut body = Body { span: start, end: start, ..Body::default() };
        let name = self.read();
        if name.kind != K::Ident {
            let span = self.span(name);
            self.error(span, ITEM_REQUIRED, "An argument or a block must start here.");
            self.recover_after_item();
        } else {
            match self.peek_kind() {
                K::Equal => {
                    let a = self.attribute(name, true);
                    body.attributes.insert(a.name.name.clone(), a);
                }
                K::OQuote | K::OBrace | K::Ident => {
                    let span = self.span(name).to(self.span(self.peek()));
                    let detail =
                        "A block on one line holds one argument and no blocks. Put what is inside on lines of its own.";
                    self.error(span, "Argument definition required", detail);
                    self.recover_after_item();
                }
                _ => {
                    let span = self.span(name);
                    let detail = "An argument must start here, with an equals sign after its name.";
                    self.error(span, ITEM_REQUIRED, detail);
                    self.recover_after_item();
                }
            }
        }
        const SUMMARY: &str = "Invalid single-argument block definition";
        let next = self.peek();
        let at = self.span(next);
        match next.kind {
            K::CBrace => {
                self.read();
                return body;
            }
            K::Comma => {
                let detail = "A block on one line holds only one argument. Put each of several on a line of its own.";
                self.error(at, SUMMARY, detail).context = Some(kind.to(at));
            }
            K::Newline => {
                let detail = "A block whose first argument is on the line of its brace must end on that line.";
                self.error(at, SUMMARY, detail).context = Some(kind.to(at));
            }
            K::Eof => self.soft_error(start, Some(kind.to(at)), "Unclosed configuration block", UNCLOSED),
            _ => {
                let detail = "The closing brace must follow the one argument of a block on one line.";
                self.soft_error(at, Some(kind.to(at)), SUMMARY, detail);
            }
        }
        self.recover(K::CBrace);
        body
    }
}
