//! Templates: text, interpolations and directives.
//!
//! The tokens become a flat list of parts first; strip markers and the indentation of `<<-` work on that list. Then the
//! directives in the list are matched up into a tree.

use sdt_diag::Span;
use sdt_value::Value;
use unicode_segmentation::UnicodeSegmentation as _;

use super::Parser;
use super::expr::broken;
use crate::ast::{Expr, ExprKind, For, Ident};
use crate::strings::{did_you_mean, quote};
use crate::token::TokenKind as K;

enum Part {
    Text(String),
    Interpolation(Expr),
    If(Expr),
    Else,
    EndIf,
    For { key_var: Option<Ident>, value_var: Ident, collection: Expr },
    EndFor,
}

/// Parts in order, each with its place, and where the template ends.
struct Parts {
    parts: std::iter::Peekable<std::vec::IntoIter<(Part, Span)>>,
    end: Span,
}

impl Parser<'_> {
    /// Parses up to and including the token `end`; `open` is the opening quote.
    pub(super) fn template(&mut self, open: Span, end: K, flush: bool) -> Expr {
        let mut parts = self.template_parts(open, end);
        let close = self.prev_span();
        let span = open.to(close);
        if flush {
            dedent(&mut parts);
        }
        // An interpolation and nothing else keeps the type of its value; even trimmed text beside it makes a string.
        if let [(Part::Interpolation(inner), _)] = &parts[..] {
            return Expr::new(ExprKind::TemplateWrap(inner.clone()), span);
        }
        let mut parts = Parts { parts: parts.into_iter().peekable(), end: close };
        let mut exprs = Vec::new();
        while parts.parts.peek().is_some() {
            exprs.extend(self.template_part(&mut parts));
        }
        joined(exprs, span)
    }

    fn template_parts(&mut self, open: Span, end: K) -> Vec<(Part, Span)> {
        let mut parts: Vec<(Part, Span)> = Vec::new();
        // A strip marker reaches the text right beside it, no further.
        let (mut trim_next, mut can_trim_prev) = (false, false);
        loop {
            let t = self.read();
            if t.kind == end {
                return parts;
            }
            let span = self.span(t);
            let trim = std::mem::take(&mut trim_next);
            let can_trim = std::mem::take(&mut can_trim_prev);
            match t.kind {
                K::StringLit | K::QuotedLit => {
                    let mut text = self.literal_text(t, t.kind == K::QuotedLit);
                    if trim {
                        text = text.trim_start().to_owned();
                    }
                    parts.push((Part::Text(text), span));
                    can_trim_prev = true;
                }
                K::TemplateInterp | K::TemplateControl => {
                    if can_trim
                        && self.bytes(t).ends_with(b"~")
                        && let Some((Part::Text(text), _)) = parts.last_mut()
                    {
                        text.truncate(text.trim_end().len());
                    }
                    self.newlines.push(false);
                    let part = if t.kind == K::TemplateInterp {
                        Some(Part::Interpolation(self.expression()))
                    } else {
                        self.directive(span)
                    };
                    // After a broken directive the rest of it has been skipped already.
                    if let Some(part) = part {
                        let keyword = (t.kind == K::TemplateControl).then_some(&part);
                        trim_next = self.close_sequence(span, keyword);
                        parts.push((part, span.to(self.prev_span())));
                    }
                    self.newlines.pop();
                }
                _ => {
                    let detail = "The closing quote or marker of this template is missing.";
                    self.soft_error(span, Some(open.to(span)), "Unterminated template string", detail);
                    self.recover(end);
                    return parts;
                }
            }
        }
    }

    /// Reads the brace that ends an interpolation or directive; tells whether it strips the text after it.
    fn close_sequence(&mut self, open: Span, directive: Option<&Part>) -> bool {
        let close = self.peek();
        if close.kind == K::TemplateSeqEnd {
            self.read();
            return self.bytes(close).starts_with(b"~");
        }
        let at = self.span(close);
        match directive {
            Some(part) => {
                let name = match part {
                    Part::If(_) => "if",
                    Part::Else => "else",
                    Part::EndIf => "endif",
                    Part::For { .. } => "for",
                    _ => "endfor",
                };
                let detail = "A closing brace must end the directive here.";
                self.soft_error(at, Some(open.to(at)), &format!("Extra characters in {name} marker"), detail);
            }
            // A quote here is most likely the one that was meant to end the template.
            None if matches!(close.kind, K::Eof | K::OQuote) => {
                let detail = "The template ends before the closing brace of this interpolation.";
                self.soft_error(open, None, "Unclosed template interpolation sequence", detail);
            }
            None => {
                let detail = if close.kind == K::Colon {
                    "A closing brace must end the interpolation here. If this is meant for another language, write \"$${\"."
                } else {
                    "A closing brace must end the interpolation here."
                };
                self.soft_error(at, Some(open.to(at)), "Extra characters after interpolation expression", detail);
            }
        }
        self.recover(K::TemplateSeqEnd);
        false
    }

    /// The keyword of a directive and what belongs to it. `None` when it is broken; it has been skipped then.
    fn directive(&mut self, open: Span) -> Option<Part> {
        let keyword = self.peek();
        let at = self.span(keyword);
        if keyword.kind != K::Ident {
            let detail = "A keyword must follow \"%{\": if, else, endif, for or endfor.";
            self.soft_error(at, Some(open.to(at)), "Invalid template directive", detail);
            self.recover(K::TemplateSeqEnd);
            return None;
        }
        self.read();
        match self.bytes(keyword) {
            b"if" => Some(Part::If(self.expression())),
            b"else" => Some(Part::Else),
            b"endif" => Some(Part::EndIf),
            b"endfor" => Some(Part::EndFor),
            b"for" => {
                let Some((key_var, value_var)) = self.for_names("Invalid 'for' directive", open) else {
                    self.recover(K::TemplateSeqEnd);
                    return None;
                };
                let collection = self.expression();
                Some(Part::For { key_var, value_var, collection })
            }
            other => {
                let word = String::from_utf8_lossy(other);
                let hint = did_you_mean(&word, ["if", "for", "else", "endif", "endfor"]);
                let detail = format!("There is no directive {}.{hint}", quote(&word));
                self.soft_error(at, Some(open.to(at)), "Invalid template control keyword", detail);
                self.recover(K::TemplateSeqEnd);
                None
            }
        }
    }

    /// One part of the tree; `None` for text that is empty.
    fn template_part(&mut self, parts: &mut Parts) -> Option<Expr> {
        let (part, span) = parts.parts.next()?;
        match part {
            Part::Text(mut text) => {
                let mut span = span;
                while let Some((Part::Text(_), _)) = parts.parts.peek()
                    && let Some((Part::Text(more), at)) = parts.parts.next()
                {
                    text.push_str(&more);
                    span = span.to(at);
                }
                (!text.is_empty()).then(|| Expr::literal(Value::string(text), span))
            }
            Part::Interpolation(e) => Some(e),
            Part::If(cond) => Some(self.nested(|p| p.template_if(cond, span, parts), broken)),
            Part::For { key_var, value_var, collection } => {
                let head = Head { key_var, value_var, collection };
                Some(self.nested(|p| p.template_for(head, span, parts), broken))
            }
            Part::Else | Part::EndIf | Part::EndFor => {
                let name = name(&part);
                let detail = format!("There is no open directive that \"{name}\" could belong to.");
                self.error(span, &format!("Unexpected {name} directive"), detail);
                None
            }
        }
    }

    fn template_if(&mut self, cond: Expr, open: Span, parts: &mut Parts) -> Expr {
        let (mut yes, mut no) = (Vec::new(), Vec::new());
        let mut in_else = false;
        loop {
            match parts.parts.peek() {
                None => return self.template_ends("if", parts.end),
                Some((Part::Else | Part::EndIf | Part::EndFor, _)) => {
                    let (part, span) = parts.parts.next().unwrap_or((Part::EndIf, open));
                    match part {
                        Part::EndIf => {
                            let whole = open.to(span);
                            let (yes, no) = (joined(yes, whole), joined(no, whole));
                            return Expr::new(ExprKind::Conditional { cond, yes, no }, whole);
                        }
                        Part::Else if !in_else => in_else = true,
                        other => {
                            let name = name(&other);
                            let detail = "The directive \"if\" before it is still open and needs its \"endif\".";
                            self.error(span, &format!("Unexpected {name} directive"), detail);
                            return broken(open.to(span));
                        }
                    }
                }
                Some(_) => {
                    let expr = self.template_part(parts);
                    if in_else { &mut no } else { &mut yes }.extend(expr);
                }
            }
        }
    }

    fn template_for(&mut self, head: Head, open: Span, parts: &mut Parts) -> Expr {
        let mut content = Vec::new();
        loop {
            match parts.parts.peek() {
                None => return self.template_ends("for", parts.end),
                Some((Part::Else | Part::EndIf | Part::EndFor, _)) => {
                    let (part, span) = parts.parts.next().unwrap_or((Part::EndFor, open));
                    if !matches!(part, Part::EndFor) {
                        let name = name(&part);
                        let detail = "The directive \"for\" before it is still open and needs its \"endfor\".";
                        self.error(span, &format!("Unexpected {name} directive"), detail);
                        return broken(open.to(span));
                    }
                    let whole = open.to(span);
                    let Head { key_var, value_var, collection } = head;
                    let value = joined(content, whole);
                    let (key, cond, group) = (None, None, false);
                    let f = For { key_var, value_var, collection, key, value, cond, group, open, close: span };
                    let f = Expr::new(ExprKind::For(Box::new(f)), whole);
                    return Expr::new(ExprKind::TemplateJoin(f), whole);
                }
                Some(_) => content.extend(self.template_part(parts)),
            }
        }
    }

    fn template_ends(&mut self, directive: &str, end: Span) -> Expr {
        let detail = format!("The directive \"{directive}\" before it is still open and needs its \"end{directive}\".");
        self.error(end, "Unexpected end of template", detail);
        broken(end)
    }
}

/// What a for directive says.
struct Head {
    key_var: Option<Ident>,
    value_var: Ident,
    collection: Expr,
}

const fn name(part: &Part) -> &'static str {
    match part {
        Part::Else => "else",
        Part::EndIf => "endif",
        _ => "endfor",
    }
}

/// Text without anything to evaluate is a plain string.
fn joined(exprs: Vec<Expr>, span: Span) -> Expr {
    match &exprs[..] {
        [] => Expr::literal(Value::string(""), span),
        [one] if matches!(&one.kind, ExprKind::Literal(v) if v.as_str().is_some()) => {
            let ExprKind::Literal(v) = &one.kind else { return broken(span) };
            Expr::literal(v.clone(), span)
        }
        _ => Expr::new(ExprKind::Template(exprs), span),
    }
}

/// Takes from every line the indentation that all lines have in common, as `<<-` does. It is counted in characters; lines
/// of nothing but spaces don't count.
fn dedent(parts: &mut [(Part, Span)]) {
    let mut least = usize::MAX;
    let mut starts = Vec::new();
    let mut at_line_start = true;
    for (i, (part, _)) in parts.iter().enumerate() {
        let text = if let Part::Text(t) = part { Some(t) } else { None };
        if std::mem::take(&mut at_line_start) {
            match text {
                Some(t) => {
                    let indent = &t[..t.len() - t.trim_start().len()];
                    if indent.len() < t.len() || !t.ends_with('\n') {
                        least = least.min(indent.graphemes(true).count());
                        starts.push(i);
                    }
                }
                None => least = 0,
            }
        }
        at_line_start = text.is_some_and(|t| t.ends_with('\n'));
    }
    for i in starts {
        if let (Part::Text(t), _) = &mut parts[i] {
            let cut: usize = t.graphemes(true).take(least).map(str::len).sum();
            t.drain(..cut);
        }
    }
}
