//! What an expression may touch.

use std::sync::Arc;

use sdt_diag::{Diagnostic, Diagnostics, SourceId, Span};
use sdt_value::Value;

use crate::ast::{Expr, Traversal};

/// Answers what an expression asks: references and function calls.
pub trait Scope {
    /// Resolves the longest prefix of a reference that this scope knows, and says how many steps after the root that
    /// prefix has. The evaluator takes the remaining steps.
    ///
    /// # Errors
    /// When the reference is not valid here.
    fn resolve(&self, traversal: &Traversal) -> Result<(Value, usize), Diagnostics>;

    /// How many arguments a function takes, or `None` when there is no such function. `try`, `can`, `templatefile`,
    /// `templatestring` and `type` belong to the evaluator and are not asked for.
    fn function(&self, name: &str) -> Option<Signature> {
        let _ = name;
        None
    }

    /// Calls a function. The number of arguments fits the signature; the values may be null, unknown or marked.
    ///
    /// # Errors
    /// When the function fails.
    fn call(&self, name: &str, args: &[Value], site: &CallSite) -> Result<Value, CallFailure> {
        let _ = (name, args, site);
        Err(CallFailure::Call("functions cannot be called here".into()))
    }

    /// Every argument whose type is not that of its parameter, with what is wrong. Asked for when a call has failed, or cannot be made
    /// because an argument has.
    fn misfits(&self, name: &str, args: &[Value]) -> Vec<(usize, String)> {
        let _ = (name, args);
        Vec::new()
    }

    /// Tells whether functions can be called at all.
    fn allows_calls(&self) -> bool {
        false
    }

    /// Name of a parameter, for messages.
    fn parameter_name(&self, function: &str, index: usize) -> Option<String> {
        let _ = (function, index);
        None
    }

    /// Names of all functions, for suggestions.
    fn function_names(&self) -> Vec<String> {
        Vec::new()
    }

    /// Reads the file that `templatefile` names.
    ///
    /// # Errors
    /// A message about the argument.
    fn template_file(&self, path: &str) -> Result<(SourceId, Arc<[u8]>), String> {
        let _ = path;
        Err("files cannot be read here".into())
    }

    /// A place as `file:line,column-column`, for messages inside messages.
    fn place(&self, span: Span) -> Option<String> {
        let _ = span;
        None
    }

    /// Converts a value to the type that an expression names: the function `convert`.
    ///
    /// # Errors
    /// When the expression is no type, or the value does not fit it. `None` where the function does not exist.
    fn convert(&self, value: &Value, ty: &Expr) -> Option<Result<Value, CallFailure>> {
        let _ = (value, ty);
        None
    }

    /// Tells whether `type` exists here: it does in the console.
    fn has_type_function(&self) -> bool {
        false
    }
}

/// How many arguments a function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// At least so many.
    pub min: usize,
    /// At most so many, or any number.
    pub max: Option<usize>,
}

/// Where a function is called.
#[derive(Clone, Debug)]
pub struct CallSite {
    /// The name.
    pub name: Span,
    /// The whole call.
    pub call: Span,
}

/// Why a function failed.
#[derive(Clone, Debug, PartialEq)]
pub enum CallFailure {
    /// An argument is not right.
    Arg {
        /// Which one, from 0.
        index: usize,
        /// Why: "a number is required".
        message: String,
    },
    /// The call as a whole.
    Call(String),
    /// Whatever it is, told in full.
    Diagnostics(Diagnostics),
}

/// A scope with nothing in it: for expressions that must be constant.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoScope;

impl Scope for NoScope {
    fn resolve(&self, traversal: &Traversal) -> Result<(Value, usize), Diagnostics> {
        Err(Diagnostic::error("Variables not allowed", "No references are possible here.").at(traversal.span).into())
    }
}
