//! Arguments whose value must be written literally.

use sdt_diag::{Diagnostic, Diagnostics, Span};
use sdt_hcl::{Attribute, Expr, Traversal, eval_const};
use sdt_value::{Type, Value, convert};

use crate::{VersionConstraints, statics};

fn converted(attr: &Attribute, ty: &Type, diags: &mut Diagnostics) -> Option<Value> {
    let (value, more) = eval_const(&attr.expr);
    diags.extend(more);
    let why = match convert(&value, ty) {
        Ok(v) if v.is_null() => "null is not allowed".into(),
        Ok(v) if v.is_unknown() => "it must be known before anything is evaluated".into(),
        Ok(v) => return Some(v),
        Err(e) => e.message,
    };
    let detail = format!("The value of {:?} is not suitable: {why}.", attr.name.as_str());
    diags.push(Diagnostic::error("Unsuitable value type", detail).at(attr.expr.span()));
    None
}

/// The string an argument is set to.
pub(crate) fn string(attr: &Attribute, diags: &mut Diagnostics) -> Option<String> {
    converted(attr, &Type::String, diags).and_then(|v| v.as_str().map(str::to_owned))
}

/// The bool an argument is set to.
pub(crate) fn bool(attr: &Attribute, diags: &mut Diagnostics) -> Option<bool> {
    converted(attr, &Type::Bool, diags).and_then(|v| v.as_bool())
}

/// The version constraint an argument is set to; null is none.
pub(crate) fn constraint(expr: &Expr, diags: &mut Diagnostics) -> Option<VersionConstraints> {
    let (value, more) = eval_const(expr);
    let failed = more.has_errors();
    diags.extend(more);
    if failed || value.is_null() {
        return None;
    }
    let error = |detail: String| Diagnostic::error("Invalid version constraint", detail).at(expr.span());
    let text = match convert(&value, &Type::String) {
        Ok(v) if v.as_str().is_some() => v.as_str().unwrap_or_default().to_owned(),
        _ => {
            diags.push(error("A version constraint is a string, such as \"~> 5.0\".".into()));
            return None;
        }
    };
    match text.parse() {
        Ok(c) => Some(c),
        Err(_) => {
            diags.push(error(format!("{text:?} is no version constraint. An operator (=, !=, >, >=, <, <=, ~>) and a version are expected, several of them with commas between.")));
            None
        }
    }
}

/// The items of a list written in brackets.
pub(crate) fn list(expr: &Expr, diags: &mut Diagnostics) -> Vec<Expr> {
    statics::list(expr).unwrap_or_else(|| {
        diags.push(
            Diagnostic::error("Invalid expression", "A list in square brackets is required here.").at(expr.span()),
        );
        Vec::new()
    })
}

/// The references of a `depends_on`.
pub(crate) fn depends_on(attr: &Attribute, diags: &mut Diagnostics) -> Vec<Traversal> {
    list(&attr.expr, diags).iter().filter_map(|e| reference(e, diags)).collect()
}

/// A reference, in quotes (with a warning) or not.
pub(crate) fn reference(expr: &Expr, diags: &mut Diagnostics) -> Option<Traversal> {
    let (found, more) = match statics::quoted(expr) {
        Some((text, span)) => {
            diags.push(quoted_warning("references", span));
            let (found, mut more) = statics::parse_quoted(&text, span);
            // What at least starts as a reference has been told of already.
            if found.is_none() && !text.starts_with(|c: char| c == '_' || c.is_alphabetic()) {
                more.push(not_a_reference(span));
            }
            (found, more)
        }
        None => match statics::traversal(expr) {
            Some(t) => (Some(t), Diagnostics::new()),
            None => (None, not_a_reference(expr.span()).into()),
        },
    };
    diags.extend(more);
    found
}

fn not_a_reference(at: Span) -> Diagnostic {
    let detail = "A plain reference is required here: names and constant indices, nothing that has to be computed.";
    Diagnostic::error("Invalid expression", detail).at(at)
}

/// A bare word, in quotes (with a warning) or not.
pub(crate) fn keyword(expr: &Expr, diags: &mut Diagnostics) -> Option<String> {
    if let Some((text, span)) = statics::quoted(expr) {
        diags.push(quoted_warning("keywords", span));
        return Some(text);
    }
    statics::keyword(expr).map(|k| k.to_string())
}

fn quoted_warning(what: &str, span: Span) -> Diagnostic {
    let summary = format!("Quoted {what} are deprecated");
    Diagnostic::warning(summary, "Write it without quotes. Quotes were needed by versions before 0.12 only.").at(span)
}

/// What names must look like.
pub(crate) const NAME_RULE: &str =
    "A name starts with a letter or underscore, then come letters, digits, underscores and dashes.";

/// Checks that a label is a name.
pub(crate) fn name(summary: &str, label: &sdt_hcl::Label, diags: &mut Diagnostics) -> bool {
    let good = sdt_addr::is_identifier(&label.value);
    if !good {
        diags
            .push(Diagnostic::error(summary, format!("{:?} is not a name. {NAME_RULE}", &*label.value)).at(label.span));
    }
    good
}
