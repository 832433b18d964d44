//! What went wrong, where, and what to do.

use crate::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The command fails.
    Error,
    /// The command goes on.
    Warning,
}

/// A sub-expression and its value in words, shown under the source line: `var.x` "is 5". Rendered by who evaluates; secrets
/// are already "has a sensitive value".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExprValue {
    /// The reference as written.
    pub traversal: String,
    /// What it is: `is "a"`, `is list of string with 2 elements`, `is a string, known only after apply`.
    pub statement: String,
}

/// One message to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// The short title, an interface that tools compare.
    pub summary: String,
    /// What to know and what to do.
    pub detail: String,
    /// The place.
    pub subject: Option<Span>,
    /// A larger range around the place, shown instead of the single line.
    pub context: Option<Span>,
    /// Values of the expressions in it.
    pub values: Vec<ExprValue>,
    /// The resource instance concerned, printed form.
    pub address: Option<String>,
    /// Name of the function whose call failed.
    pub function: Option<String>,
    /// A result of a `check` block: it is never united with others, and the later walk's replaces the earlier's.
    pub of_check: bool,
}

impl Diagnostic {
    /// An error with a title and a detail.
    #[must_use]
    pub fn error(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            summary: summary.into(),
            detail: detail.into(),
            subject: None,
            context: None,
            values: Vec::new(),
            address: None,
            function: None,
            of_check: false,
        }
    }

    /// A warning with a title and a detail.
    #[must_use]
    pub fn warning(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(summary, detail) }
    }

    /// Sets the place.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.subject = Some(span);
        self
    }

    /// Sets the larger range.
    #[must_use]
    pub fn within(mut self, span: Span) -> Self {
        self.context = Some(span);
        self
    }

    /// Sets the resource instance, where none is set yet.
    #[must_use]
    pub fn on(mut self, address: &str) -> Self {
        self.address.get_or_insert_with(|| address.to_owned());
        self
    }
}

/// A list of diagnostics, in the order they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds one.
    pub fn push(&mut self, d: Diagnostic) {
        self.0.push(d);
    }

    /// Adds all of another list.
    pub fn extend(&mut self, other: Diagnostics) {
        self.0.extend(other.0);
    }

    /// Tells whether one of them is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }

    /// Tells whether the list is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(d: Diagnostic) -> Self {
        Self(vec![d])
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
