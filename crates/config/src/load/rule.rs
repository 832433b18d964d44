//! Conditions: `validation`, `precondition`, `postcondition`, `assert`.

use sdt_addr::ResourceAddr;
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_hcl::{BodySchema, ContentBlock, Expr};

use crate::{CheckRule, Referenceable, references_in_expr};

use super::schema;

/// Reads a condition block. `None` when it is not usable.
pub(crate) fn rule(block: &ContentBlock, diags: &mut Diagnostics) -> Option<CheckRule> {
    let (content, more) = block.body.content(&rule_schema());
    diags.extend(more);
    let condition = content.attribute("condition").map(|a| a.expr.clone());
    let error_message = content.attribute("error_message").map(|a| a.expr.clone());
    if let Some(c) = &condition
        && c.traversals().is_empty()
    {
        let detail = "The condition refers to nothing: it would always have the same result and check nothing.";
        let summary = format!("Invalid {} expression", block.kind.name);
        diags.push(Diagnostic::error(summary, detail).at(c.span()));
        return None;
    }
    Some(CheckRule { condition: condition?, error_message: error_message?, span: block.header })
}

fn rule_schema() -> BodySchema {
    schema(&["!condition", "!error_message"], &[])
}

/// Says so where a condition of a resource refers to the resource itself by name.
pub(crate) fn no_self_reference(kind: &str, rule: &CheckRule, addr: &ResourceAddr, diags: &mut Diagnostics) {
    for expr in [&rule.condition, &rule.error_message] {
        let (refs, _) = references_in_expr(expr);
        if refs.iter().any(|r| r.subject.resource() == Some(addr)) {
            let hint = if kind == "postcondition" { " Use self instead." } else { "" };
            let detail = format!("A {kind} of {addr} must not refer to {addr} by its name.{hint}");
            diags.push(Diagnostic::error(format!("Invalid reference in {kind}"), detail).at(expr.span()));
        }
    }
}

/// Tells whether an expression refers to a variable.
pub(crate) fn mentions_variable(expr: &Expr, name: &str) -> bool {
    let (refs, _) = references_in_expr(expr);
    refs.iter().any(|r| matches!(&r.subject, Referenceable::Variable(v) if **v == *name))
}
