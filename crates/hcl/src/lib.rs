//! The Terraform language: scanner, parser, expression tree, evaluator and formatter, for native and JSON syntax.
//!
//! ```
//! use sdt_diag::SourceMap;
//! use sdt_hcl::{AttributeSchema, BlockSchema, BodySchema, ConfigBody, parse_body};
//!
//! let mut map = SourceMap::default();
//! let text = b"output \"x\" {\n  value = 1\n}\n";
//! let id = map.add("main.tf", &text[..]);
//! let (body, diags) = parse_body(id, text);
//! assert!(diags.is_empty());
//! let schema = BodySchema { blocks: vec![BlockSchema::new("output", &["name"])], ..BodySchema::default() };
//! let (content, _) = ConfigBody::from(body).content(&schema);
//! assert_eq!(&*content.blocks[0].labels[0].value, "x");
//! ```
//!
//! Parsing returns a tree and diagnostics, never only one of them. This crate reads no files, no environment, no clock;
//! what an expression may touch comes in as a [`Scope`]. It knows no function and no address: those are its callers'.

mod ast;
mod body;
mod eval;
mod fmt;
mod json;
mod native;
mod parse;
mod scan;
mod schema;
mod statics;
mod strings;
mod token;

#[cfg(test)]
mod tests;

pub use ast::{
    Attribute, BinaryOp, Block, Body, Call, Expr, ExprKind, ExprNode, For, Ident, Label, ObjectItem, Step, Traversal,
    UnaryOp,
};
pub use body::{ConfigBody, Content, ContentBlock};
pub use eval::{
    CallFailure, CallSite, Cause, ConsoleResult, NoScope, Scope, Signature, apply_step, describe, eval, eval_console,
    eval_const, expr_values, index,
};
pub use fmt::format;
pub use json::{JsonBody, JsonExpr, parse_json_body, parse_json_expression};
pub use native::NativeBody;
pub use parse::{parse_body, parse_expression, parse_template, parse_traversal, parse_traversal_with_splats};
pub use scan::{Mode, scan};
pub use schema::{AttributeSchema, BlockSchema, BodySchema};
pub use statics::StaticCall;
pub use strings::{quote, suggest};
pub use token::{Token, TokenKind};

/// Runs `f` with enough stack, whatever the depth so far.
pub(crate) fn deep<T>(f: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, f)
}
