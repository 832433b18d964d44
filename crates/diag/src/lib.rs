//! Diagnostics and source positions. Rendering is elsewhere (`sdt-render`).

mod diagnostic;
mod source;

pub use diagnostic::{Diagnostic, Diagnostics, ExprValue, Severity};
pub use source::{Pos, SourceFile, SourceId, SourceMap, Span};
