//! Templates.

use sdt_diag::{Diagnostic, Diagnostics};
use sdt_value::{Kind, MAX_TEXT, Marks, Type, Value, convert};

use super::Env;
use crate::ast::Expr;

const INVALID: &str = "Invalid template interpolation value";

/// A known prefix longer than this is cut: it only serves to say a little about a value that is not known yet.
const MAX_PREFIX: usize = 128;

impl Env<'_> {
    pub(super) fn template(&self, parts: &[Expr], diags: &mut Diagnostics) -> Value {
        let mut text = String::new();
        let mut marks = Marks::NONE;
        let mut known = true;
        let before = diags.0.len();
        for part in parts {
            let (value, own) = self.eval(part, diags).unmark();
            marks |= own;
            // After an error the text is of no use.
            let wanted = known && diags.0.len() == before;
            match value.kind() {
                // Once it is too long, it grows no more.
                Kind::String(_) if text.len() > MAX_TEXT => {}
                Kind::String(s) if wanted => text.push_str(s),
                Kind::Null(_) => {
                    let d = Diagnostic::error(INVALID, "The result is null, and null has no text.");
                    self.report(d.at(part.span), part, diags);
                }
                Kind::Unknown(_, facts) => {
                    if let Some(prefix) = facts.as_ref().and_then(|f| f.prefix.as_ref()).filter(|_| wanted) {
                        text.push_str(prefix);
                    }
                    known = false;
                }
                _ => match convert(&value, &Type::String) {
                    Ok(s) if wanted => text.push_str(s.as_str().unwrap_or_default()),
                    Ok(_) => {}
                    Err(e) => {
                        let detail = format!("The value cannot be part of a text: {}.", e.message);
                        self.report(Diagnostic::error(INVALID, detail).at(part.span), part, diags);
                    }
                },
            }
        }
        if let Some(at) = parts.first().filter(|_| text.len() > MAX_TEXT) {
            diags.push(super::too_large(at.span));
            return Value::unknown(Type::String).with_marks(marks);
        }
        if known {
            return Value::string(text).with_marks(marks);
        }
        let failed = diags.0.len() > before;
        let cut = (0..=MAX_PREFIX.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
        let prefix = (!failed && cut > 0).then(|| text[..cut].into());
        Value::unknown_not_null(Type::String).refine(|r| r.prefix = prefix).with_marks(marks)
    }

    pub(super) fn template_join(&self, list: &Expr, diags: &mut Diagnostics) -> Value {
        let (value, mut marks) = self.eval(list, diags).unmark();
        let Some(items) = value.as_items() else { return Value::unknown(Type::String).with_marks(marks) };
        let mut text = String::new();
        let mut known = true;
        for item in items {
            marks |= item.marks();
            match item.kind() {
                Kind::String(_) if text.len() > MAX_TEXT => {}
                Kind::String(s) => text.push_str(s),
                Kind::Unknown(..) => known = false,
                Kind::Null(_) => {
                    let d = Diagnostic::error(INVALID, "A result is null, and null has no text.");
                    self.report(d.at(list.span), list, diags);
                }
                _ => match convert(item, &Type::String) {
                    Ok(s) => text.push_str(s.as_str().unwrap_or_default()),
                    Err(e) => {
                        let detail = format!("A result cannot be part of a text: {}.", e.message);
                        self.report(Diagnostic::error(INVALID, detail).at(list.span), list, diags);
                    }
                },
            }
        }
        if text.len() > MAX_TEXT {
            diags.push(super::too_large(list.span));
            known = false;
            text.clear();
        }
        let result = if known { Value::string(text) } else { Value::unknown(Type::String) };
        result.with_marks(marks)
    }
}
