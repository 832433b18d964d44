//! Input variables.

use sdt_diag::Span;
use sdt_value::{Str, Type, Value};

use crate::{CheckRule, Defaults};

/// A `variable` block.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: Str,
    /// Documentation.
    pub description: Option<String>,
    /// What values convert to; optional attributes are marked in it.
    pub ty: Type,
    /// Values for optional attributes that are not given.
    pub defaults: Defaults,
    /// The default value, converted to `ty`; `None` makes the variable required.
    pub default: Option<Value>,
    /// How a text from the command line or environment is read.
    pub parsing: ParsingMode,
    /// A null value is kept; otherwise it means the default.
    pub nullable: bool,
    /// The value is marked sensitive.
    pub sensitive: bool,
    /// The value is marked ephemeral.
    pub ephemeral: bool,
    /// The value is known before anything else: the sources of modules may use it.
    pub constant: bool,
    /// What to do instead of giving it a value, where it is deprecated.
    pub deprecated: Option<String>,
    /// Conditions on the value.
    pub validations: Vec<CheckRule>,
    /// The header of the block.
    pub span: Span,
}

/// How a text from the command line or environment becomes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ParsingMode {
    /// The text itself, to be converted.
    #[default]
    Literal,
    /// An expression without references.
    Expression,
}

impl Variable {
    /// Tells whether a value must be given.
    #[must_use]
    pub const fn required(&self) -> bool {
        self.default.is_none()
    }
}
