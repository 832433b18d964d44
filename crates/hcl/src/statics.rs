//! What can be said of an expression without evaluating it.

use sdt_diag::{Diagnostic, Diagnostics, Span};
use sdt_value::{Kind, Str};

use crate::ast::{Body, Call, Expr, ExprKind, Ident, Traversal};
use crate::body::ConfigBody;
use crate::deep;

/// A function call seen as syntax, as in type constraints: `list(string)`.
#[derive(Clone, Debug)]
pub struct StaticCall {
    /// The name.
    pub name: Str,
    /// Where the name stands.
    pub name_span: Span,
    /// The arguments.
    pub args: Vec<Expr>,
    /// The whole parenthesised part.
    pub args_span: Span,
}

impl Expr {
    /// The expression as a single reference: only attributes and constant indexes.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn as_traversal(&self) -> Result<Traversal, Diagnostics> {
        match &self.kind {
            ExprKind::Traversal(t) => Ok(t.clone()),
            ExprKind::RelativeTraversal { source, steps } => {
                let mut t = source.as_traversal()?;
                t.steps.extend(steps.iter().cloned());
                t.span = self.span;
                Ok(t)
            }
            ExprKind::Literal(_) => match self.as_keyword() {
                // Where a reference is meant, `true`, `false` and `null` are names like others.
                Some(name) => {
                    let root = Ident { name, span: self.span };
                    Ok(Traversal { root, steps: Vec::new(), span: self.span })
                }
                None => Err(self.not_static(REFERENCE)),
            },
            ExprKind::Json(json) => json.as_traversal().ok_or_else(|| self.not_static(REFERENCE)),
            _ => Err(self.not_static(REFERENCE)),
        }
    }

    /// The expression as a single bare name.
    #[must_use]
    pub fn as_keyword(&self) -> Option<Str> {
        match &self.kind {
            ExprKind::Traversal(t) if t.steps.is_empty() => Some(t.root.name.clone()),
            ExprKind::Literal(v) => match v.kind() {
                Kind::Bool(true) => Some("true".into()),
                Kind::Bool(false) => Some("false".into()),
                Kind::Null(_) => Some("null".into()),
                _ => None,
            },
            ExprKind::Json(json) => json.as_traversal().filter(|t| t.steps.is_empty()).map(|t| t.root.name),
            _ => None,
        }
    }

    /// The string, when the expression is a literal string without interpolation.
    #[must_use]
    pub fn as_literal_string(&self) -> Option<Str> {
        match &self.kind {
            ExprKind::Literal(v) => v.as_str().map(Str::from),
            ExprKind::Json(json) => json.as_string().map(Str::from),
            _ => None,
        }
    }

    /// The items of a list constructor.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn as_list(&self) -> Result<Vec<Expr>, Diagnostics> {
        match &self.kind {
            ExprKind::Tuple(items) => Ok(items.clone()),
            ExprKind::Json(json) => json.items().ok_or_else(|| self.not_static(LIST)),
            _ => Err(self.not_static(LIST)),
        }
    }

    /// The items of an object constructor: keys (see [`Expr::as_key`]) and values.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn as_map(&self) -> Result<Vec<(Expr, Expr)>, Diagnostics> {
        match &self.kind {
            ExprKind::Object(items) => Ok(items.iter().map(|i| (i.key.clone(), i.value.clone())).collect()),
            ExprKind::Json(json) => json.members().ok_or_else(|| self.not_static(MAP)),
            _ => Err(self.not_static(MAP)),
        }
    }

    /// The name that a key of [`Expr::as_map`] stands for, when it is constant: a bare name or a quoted string.
    #[must_use]
    pub fn as_key(&self) -> Option<Str> {
        match &self.kind {
            ExprKind::Json(_) => self.as_literal_string(),
            _ => self.as_keyword().or_else(|| self.as_literal_string()),
        }
    }

    /// The expression as a function call.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn as_call(&self) -> Result<StaticCall, Diagnostics> {
        match &self.kind {
            ExprKind::Call(c) => Ok(StaticCall {
                name: c.name.clone(),
                name_span: c.name_span,
                args: c.args.clone(),
                args_span: c.open.to(c.close),
            }),
            ExprKind::Json(json) => match json.parsed() {
                Some(e) => e.as_call(),
                None => Err(self.not_static(CALL)),
            },
            _ => Err(self.not_static(CALL)),
        }
    }

    fn not_static(&self, detail: &str) -> Diagnostics {
        Diagnostic::error("Invalid expression", detail).at(self.span).into()
    }

    /// All references in the expression, in source order, repetitions included. Names bound by a `for` inside it are
    /// not references.
    #[must_use]
    pub fn traversals(&self) -> Vec<Traversal> {
        let mut out = Vec::new();
        self.visit_traversals(&mut |t| out.push(t.clone()));
        out
    }

    /// Calls `f` with every reference in the expression, as [`Expr::traversals`].
    pub fn visit_traversals(&self, f: &mut dyn FnMut(&Traversal)) {
        self.visit_scoped(&mut Vec::new(), f);
    }

    fn visit_scoped<'a>(&'a self, bound: &mut Vec<&'a str>, f: &mut dyn FnMut(&Traversal)) {
        match &self.kind {
            ExprKind::Traversal(t) => {
                if !bound.contains(&&*t.root.name) {
                    f(t);
                }
            }
            ExprKind::For(e) => deep(|| {
                e.collection.visit_scoped(bound, f);
                let outer = bound.len();
                bound.extend(e.key_var.as_ref().map(Ident::as_str));
                bound.push(e.value_var.as_str());
                for part in [e.key.as_ref(), Some(&e.value), e.cond.as_ref()].into_iter().flatten() {
                    part.visit_scoped(bound, f);
                }
                bound.truncate(outer);
            }),
            _ => deep(|| self.visit_children(&mut |e| e.visit_scoped(bound, f))),
        }
    }

    /// Every function call in the expression, outermost first.
    #[must_use]
    pub fn calls(&self) -> Vec<&Call> {
        let mut out = Vec::new();
        self.collect_calls(&mut out);
        out
    }

    fn collect_calls<'a>(&'a self, out: &mut Vec<&'a Call>) {
        if let ExprKind::Call(c) = &self.kind {
            out.push(c);
        }
        deep(|| self.visit_children(&mut |e| e.collect_calls(out)));
    }

    /// Calls `f` with each direct part that is evaluated. A bare name as an object key is none.
    pub fn visit_children<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        match &self.kind {
            ExprKind::Literal(_) | ExprKind::Traversal(_) | ExprKind::SplatItem => {}
            ExprKind::Template(parts) | ExprKind::Tuple(parts) => parts.iter().for_each(f),
            ExprKind::TemplateWrap(e) | ExprKind::TemplateJoin(e) | ExprKind::Parens(e) => f(e),
            ExprKind::RelativeTraversal { source, .. } => f(source),
            ExprKind::Index { collection, key } => {
                f(collection);
                f(key);
            }
            ExprKind::Splat { source, each, .. } => {
                f(source);
                f(each);
            }
            // The second argument of convert is a type, whose names are no references.
            ExprKind::Call(c) if c.args.len() == 2 && matches!(&*c.name, "convert" | "core::convert") => {
                c.args.iter().take(1).for_each(f);
            }
            ExprKind::Call(c) => c.args.iter().for_each(f),
            ExprKind::Conditional { cond, yes, no } => {
                f(cond);
                f(yes);
                f(no);
            }
            ExprKind::Binary { lhs, rhs, .. } => {
                f(lhs);
                f(rhs);
            }
            ExprKind::Unary { operand, .. } => f(operand),
            ExprKind::Object(items) => {
                for item in items {
                    if item.literal_key().is_none() {
                        f(&item.key);
                    }
                    f(&item.value);
                }
            }
            ExprKind::For(e) => {
                f(&e.collection);
                [e.key.as_ref(), Some(&e.value), e.cond.as_ref()].into_iter().flatten().for_each(f);
            }
            ExprKind::Json(json) => {
                // What does not parse is told of when it is evaluated.
                let (expr, diags) = json.lowered();
                if !diags.has_errors() {
                    f(expr);
                }
            }
        }
    }
}

impl Body {
    /// Calls `f` with every expression in the body and its blocks.
    pub fn visit_exprs<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        self.attributes.values().for_each(|a| f(&a.expr));
        for block in &self.blocks {
            deep(|| block.body.visit_exprs(f));
        }
    }
}

impl ConfigBody {
    /// All references in the body that are still to be read, its blocks included.
    #[must_use]
    pub fn traversals(&self) -> Vec<Traversal> {
        let mut out = Vec::new();
        self.visit_exprs(&mut |e| e.visit_traversals(&mut |t| out.push(t.clone())));
        out
    }

    /// Calls `f` with every expression in what is still to be read of the body, its blocks included. In JSON syntax,
    /// where blocks and objects look alike, a block is visited as one expression.
    pub fn visit_exprs(&self, f: &mut dyn FnMut(&Expr)) {
        match self {
            Self::Native(b) => b.visit_exprs(f),
            Self::Json(b) => b.visit_exprs(f),
            Self::Override { base, over, .. } => {
                base.visit_exprs(f);
                over.visit_exprs(f);
            }
        }
    }
}

const REFERENCE: &str = "A single reference is required here: names and constant indexes, nothing to calculate.";
const LIST: &str = "A list written out in brackets is required here.";
const MAP: &str = "An object written out in braces is required here.";
const CALL: &str = "A call written out is required here.";
