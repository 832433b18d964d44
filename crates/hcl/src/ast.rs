//! The tree of a configuration: bodies, blocks, arguments and expressions.

use std::ops::Deref;
use std::sync::Arc;

use indexmap::IndexMap;
use sdt_diag::Span;
use sdt_value::{Str, Value};

use crate::json::JsonExpr;

/// A name and where it stands; NFC-normalised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ident {
    /// The name.
    pub name: Str,
    /// Where.
    pub span: Span,
}

impl Ident {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

/// The content of a file or block in native syntax, in source order.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// Arguments by name.
    pub attributes: IndexMap<Str, Attribute>,
    /// Nested blocks.
    pub blocks: Vec<Block>,
    /// The whole, braces included.
    pub span: Span,
    /// The empty range where the body ends: where something missing would be put.
    pub end: Span,
}

/// One argument: `name = expr`.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its name.
    pub name: Ident,
    /// Its value.
    pub expr: Expr,
    /// The whole argument.
    pub span: Span,
}

/// A label of a block, quoted or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The text, escapes resolved.
    pub value: Str,
    /// Where, quotes included.
    pub span: Span,
}

/// A block: `kind "label" { … }`.
#[derive(Clone, Debug)]
pub struct Block {
    /// The keyword.
    pub kind: Ident,
    /// The labels after it.
    pub labels: Vec<Label>,
    /// What is between the braces.
    pub body: Arc<Body>,
    /// Keyword and labels.
    pub header: Span,
    /// The opening brace.
    pub open: Span,
    /// The closing brace.
    pub close: Span,
}

/// An expression; clones share it.
#[derive(Clone, Debug)]
pub struct Expr(pub(crate) Arc<ExprNode>);

/// A node of an expression tree.
#[derive(Debug)]
pub struct ExprNode {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

impl Expr {
    /// Makes a node.
    #[must_use]
    pub fn new(kind: ExprKind, span: Span) -> Self {
        Self(Arc::new(ExprNode { kind, span }))
    }

    /// An expression that is a known value.
    #[must_use]
    pub fn literal(value: Value, span: Span) -> Self {
        Self::new(ExprKind::Literal(value), span)
    }

    /// Where it stands.
    #[must_use]
    pub fn span(&self) -> Span {
        self.0.span
    }

    /// Tells whether both are one and the same node.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Returns the expression inside any parentheses.
    #[must_use]
    pub fn unparenthesised(&self) -> &Expr {
        let mut e = self;
        while let ExprKind::Parens(inner) = &e.kind {
            e = inner;
        }
        e
    }
}

impl Deref for Expr {
    type Target = ExprNode;
    fn deref(&self) -> &ExprNode {
        &self.0
    }
}

impl Drop for ExprNode {
    fn drop(&mut self) {
        // Ten thousand nested parentheses must not overflow the stack when they go.
        if !matches!(self.kind, ExprKind::Literal(_) | ExprKind::Traversal(_) | ExprKind::SplatItem) {
            let kind = std::mem::replace(&mut self.kind, ExprKind::SplatItem);
            crate::deep(move || drop(kind));
        }
    }
}

/// The kinds of expressions.
#[derive(Debug)]
pub enum ExprKind {
    /// A number, bool, null, or a literal part of a template.
    Literal(Value),
    /// A quoted or heredoc template: its parts are joined to a string. No parts: the empty string.
    Template(Vec<Expr>),
    /// A template that is nothing but one interpolation: the value keeps its type.
    TemplateWrap(Expr),
    /// The `%{ for }` directive: the results of the for expression are joined to a string.
    TemplateJoin(Expr),
    /// A reference: `a.b[0]`.
    Traversal(Traversal),
    /// Steps from the value of another expression: `f(x).a`.
    RelativeTraversal {
        /// Where it starts.
        source: Expr,
        /// The steps.
        steps: Vec<Step>,
    },
    /// An index with a computed key: `x[i]`.
    Index {
        /// What is indexed.
        collection: Expr,
        /// The key.
        key: Expr,
    },
    /// `source.*.rest` or `source[*].rest`.
    Splat {
        /// What is iterated.
        source: Expr,
        /// Evaluated for each item, which is the [`ExprKind::SplatItem`] in it.
        each: Expr,
        /// The `.*` or `[*]`.
        marker: Span,
    },
    /// The current item of the innermost splat.
    SplatItem,
    /// A function call.
    Call(Call),
    /// `cond ? yes : no`
    Conditional {
        /// The condition.
        cond: Expr,
        /// Its value when true.
        yes: Expr,
        /// Its value when false.
        no: Expr,
    },
    /// An operator between two operands.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Left operand.
        lhs: Expr,
        /// Right operand.
        rhs: Expr,
    },
    /// An operator before its operand.
    Unary {
        /// The operator.
        op: UnaryOp,
        /// The operand.
        operand: Expr,
    },
    /// `[a, b]`
    Tuple(Vec<Expr>),
    /// `{ a = 1 }`
    Object(Vec<ObjectItem>),
    /// `[for …]` or `{for …}`
    For(Box<For>),
    /// `(…)`
    Parens(Expr),
    /// A value in JSON syntax, where strings are templates.
    Json(JsonExpr),
}

/// A function call.
#[derive(Debug)]
pub struct Call {
    /// The name, with its namespaces: `upper`, `core::upper`, `provider::x::f`.
    pub name: Str,
    /// Where the name stands.
    pub name_span: Span,
    /// The arguments.
    pub args: Vec<Expr>,
    /// Tells whether the last argument is expanded (`xs...`).
    pub expand: bool,
    /// The opening parenthesis.
    pub open: Span,
    /// The closing parenthesis.
    pub close: Span,
}

/// One item of an object constructor.
#[derive(Debug)]
pub struct ObjectItem {
    /// The key; a bare name is the name itself, see [`ObjectItem::literal_key`].
    pub key: Expr,
    /// The value.
    pub value: Expr,
}

impl ObjectItem {
    /// The name, where the key is a bare name: not a reference. `true`, `false` and `null` are names here too.
    #[must_use]
    pub fn literal_key(&self) -> Option<Str> {
        self.key.as_keyword()
    }
}

/// A for expression.
#[derive(Debug)]
pub struct For {
    /// The name for keys, when there are two names.
    pub key_var: Option<Ident>,
    /// The name for values.
    pub value_var: Ident,
    /// What is iterated.
    pub collection: Expr,
    /// The key of each result: with it the result is an object.
    pub key: Option<Expr>,
    /// The value of each result.
    pub value: Expr,
    /// Keeps only the items for which it is true.
    pub cond: Option<Expr>,
    /// Groups values of one key (`...`).
    pub group: bool,
    /// The opening bracket or directive.
    pub open: Span,
    /// The closing bracket or directive.
    pub close: Span,
}

/// A reference: a name and steps from it.
#[derive(Clone, Debug)]
pub struct Traversal {
    /// The first name.
    pub root: Ident,
    /// The steps.
    pub steps: Vec<Step>,
    /// The whole.
    pub span: Span,
}

impl Traversal {
    /// The range from the root to the end of the first `steps` steps.
    #[must_use]
    pub fn span_of(&self, steps: usize) -> Span {
        match steps.checked_sub(1).and_then(|i| self.steps.get(i)) {
            Some(s) => self.root.span.to(s.span()),
            None => self.root.span,
        }
    }
}

/// One step of a traversal.
#[derive(Clone, Debug)]
pub enum Step {
    /// `.name`
    Attr {
        /// The name.
        name: Str,
        /// The dot and the name.
        span: Span,
    },
    /// `[key]` with a literal key, or the legacy `.0`.
    Index {
        /// A number or string.
        key: Value,
        /// The brackets and the key.
        span: Span,
    },
    /// `[*]`; only in traversals parsed with splats allowed (`moved`-like addresses), never in expressions.
    Splat {
        /// The brackets.
        span: Span,
    },
}

impl Step {
    /// Where it stands.
    #[must_use]
    pub const fn span(&self) -> Span {
        match self {
            Self::Attr { span, .. } | Self::Index { span, .. } | Self::Splat { span } => *span,
        }
    }
}

/// Two references are equal when they say the same, wherever they stand.
impl PartialEq for Traversal {
    fn eq(&self, other: &Self) -> bool {
        self.root.name == other.root.name && self.steps == other.steps
    }
}

impl PartialEq for Step {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Attr { name: a, .. }, Self::Attr { name: b, .. }) => a == b,
            (Self::Index { key: a, .. }, Self::Index { key: b, .. }) => a.raw_equals(b),
            (Self::Splat { .. }, Self::Splat { .. }) => true,
            _ => false,
        }
    }
}

/// Prints as written, in normal form: `a.b[0]["k"]`.
impl std::fmt::Display for Traversal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.root.name)?;
        for step in &self.steps {
            match step {
                Step::Attr { name, .. } => write!(f, ".{name}")?,
                Step::Index { key, .. } => match (key.as_str(), key.as_number()) {
                    (Some(s), _) => write!(f, "[{}]", crate::quote(s))?,
                    (_, Some(n)) => write!(f, "[{n}]")?,
                    _ => f.write_str("[...]")?,
                },
                Step::Splat { .. } => f.write_str("[*]")?,
            }
        }
        Ok(())
    }
}

/// Operators between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `||`
    Or,
    /// `&&`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
}

/// Operators before an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `!`
    Not,
    /// `-`
    Negate,
}
