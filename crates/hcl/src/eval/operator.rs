//! Operators.

use sdt_diag::{Diagnostic, Diagnostics};
use sdt_value::{Kind, Type, Value, convert, unify};

use super::Env;
use crate::ast::{BinaryOp, Expr, UnaryOp};

const OPERATION_FAILED: &str = "Operation failed";

impl Env<'_> {
    pub(super) fn binary(&self, op: BinaryOp, lhs: &Expr, rhs: &Expr, whole: &Expr, diags: &mut Diagnostics) -> Value {
        let (operand_type, result_type) = types(op);
        let before = diags.0.len();
        let a = self.eval(lhs, diags);
        let a = self.operand(a, operand_type.as_ref(), lhs, "left", whole, diags);
        let settled = matches!((op, a.as_bool()), (BinaryOp::Or, Some(true)) | (BinaryOp::And, Some(false)));
        let here = diags.0.len();
        let b = self.eval(rhs, diags);
        if settled && diags.0.len() > here {
            // The left side alone decides, so that `x == null || f(x)` can be written. Source: Terraform 1.12.
            diags.0.truncate(here);
            return a;
        }
        let b = self.operand(b, operand_type.as_ref(), rhs, "right", whole, diags);
        if diags.0.len() > before {
            return Value::unknown(result_type);
        }
        match op {
            BinaryOp::Equal => return a.equals(&b),
            BinaryOp::NotEqual => return not(a.equals(&b)),
            _ => {}
        }
        let marks = a.marks() | b.marks();
        let result = if a.is_null() || b.is_null() {
            Err("an operand must not be null")
        } else if a.is_unknown() || b.is_unknown() {
            Ok(Value::unknown_not_null(result_type.clone()))
        } else {
            apply(op, &a, &b)
        };
        match result {
            Ok(v) => v.with_marks(marks),
            Err(message) => {
                let detail = format!("The operation failed: {message}.");
                self.report_all(Diagnostic::error(OPERATION_FAILED, detail).at(whole.span), &[lhs, rhs], diags);
                Value::unknown(result_type).with_marks(marks)
            }
        }
    }

    pub(super) fn unary(&self, op: UnaryOp, operand: &Expr, whole: &Expr, diags: &mut Diagnostics) -> Value {
        let ty = match op {
            UnaryOp::Not => Type::Bool,
            UnaryOp::Negate => Type::Number,
        };
        let before = diags.0.len();
        let value = self.eval(operand, diags);
        let value = self.operand(value, Some(&ty), operand, "unary", whole, diags);
        if diags.0.len() > before {
            return Value::unknown(ty);
        }
        let marks = value.marks();
        match value.kind() {
            Kind::Null(_) => {
                let d = Diagnostic::error(OPERATION_FAILED, "The operation failed: the operand must not be null.");
                self.report(d.at(whole.span), operand, diags);
                Value::unknown(ty).with_marks(marks)
            }
            Kind::Bool(b) => Value::bool(!b).with_marks(marks),
            Kind::Number(n) => Value::number(n.neg()).with_marks(marks),
            _ => Value::unknown_not_null(ty).with_marks(marks),
        }
    }

    fn operand(
        &self,
        value: Value,
        ty: Option<&Type>,
        expr: &Expr,
        side: &str,
        whole: &Expr,
        diags: &mut Diagnostics,
    ) -> Value {
        let fits = matches!(
            (ty, value.kind()),
            (None, _) | (Some(Type::Number), Kind::Number(_)) | (Some(Type::Bool), Kind::Bool(_))
        );
        if fits {
            return value;
        }
        let ty = ty.unwrap_or(&Type::Dynamic);
        convert(&value, ty).unwrap_or_else(|e| {
            let detail = format!("Unsuitable {side} operand: {}.", e.message);
            self.report(Diagnostic::error("Invalid operand", detail).at(expr.span).within(whole.span), expr, diags);
            Value::unknown(ty.clone())
        })
    }
}

/// The type of the operands (`None`: any) and that of the result.
const fn types(op: BinaryOp) -> (Option<Type>, Type) {
    match op {
        BinaryOp::Or | BinaryOp::And => (Some(Type::Bool), Type::Bool),
        BinaryOp::Equal | BinaryOp::NotEqual => (None, Type::Bool),
        BinaryOp::Greater | BinaryOp::GreaterEqual | BinaryOp::Less | BinaryOp::LessEqual => {
            (Some(Type::Number), Type::Bool)
        }
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => {
            (Some(Type::Number), Type::Number)
        }
    }
}

fn apply(op: BinaryOp, a: &Value, b: &Value) -> Result<Value, &'static str> {
    if let (Some(a), Some(b)) = (a.as_bool(), b.as_bool()) {
        return Ok(Value::bool(if op == BinaryOp::Or { a || b } else { a && b }));
    }
    let (Some(a), Some(b)) = (a.as_number(), b.as_number()) else { return Err("the operands do not fit") };
    let number = match op {
        BinaryOp::Greater => return Ok(Value::bool(a > b)),
        BinaryOp::GreaterEqual => return Ok(Value::bool(a >= b)),
        BinaryOp::Less => return Ok(Value::bool(a < b)),
        BinaryOp::LessEqual => return Ok(Value::bool(a <= b)),
        BinaryOp::Add => a.add(b).ok_or("infinities of both signs have no sum"),
        BinaryOp::Subtract => a.sub(b).ok_or("infinities of one sign have no difference"),
        BinaryOp::Multiply => a.mul(b).ok_or("zero times infinity is nothing"),
        BinaryOp::Divide => a.div(b).ok_or("zero by zero and infinity by infinity cannot be divided"),
        _ => a.rem(b).ok_or("the remainder of infinity is nothing"),
    };
    number.map(Value::number)
}

fn not(v: Value) -> Value {
    match v.as_bool() {
        Some(b) => Value::bool(!b).with_marks(v.marks()),
        None => v,
    }
}

/// The type both results of a conditional convert to: outer `None` when there is none, inner `None` when both have one
/// type already and nothing needs to be converted.
pub(super) fn common_type(yes: &Value, no: &Value) -> Option<Option<Type>> {
    if let (Kind::String(_), Kind::String(_)) | (Kind::Number(_), Kind::Number(_)) | (Kind::Bool(_), Kind::Bool(_)) =
        (yes.kind(), no.kind())
    {
        return Some(None);
    }
    // An untyped null takes the type of the other side.
    match (yes.kind(), no.kind()) {
        (Kind::Null(Type::Dynamic), _) => return Some(Some(no.ty())),
        (_, Kind::Null(Type::Dynamic)) => return Some(Some(yes.ty())),
        _ => {}
    }
    let (a, b) = (yes.ty(), no.ty());
    if a == Type::Dynamic || b == Type::Dynamic {
        return Some(Some(Type::Dynamic));
    }
    if a == b { Some(None) } else { unify(&[a, b]).map(Some) }
}

/// What is known of a conditional whose condition is not: what both results have in common.
pub(super) fn either(yes: &Value, no: &Value, ty: Type) -> Value {
    if yes.is_null() && no.is_null() {
        return Value::null(ty);
    }
    let not_null = yes.definitely_not_null() && no.definitely_not_null();
    // Lengths are compared of values of one type only, as Terraform does it.
    let bounds = not_null && yes.ty() == no.ty() && matches!(ty, Type::List(_) | Type::Set(_) | Type::Map(_));
    if let (Kind::Number(a), Kind::Number(b), Type::Number) = (yes.kind(), no.kind(), &ty)
        && a == b
    {
        return yes.clone();
    }
    let (yes_len, no_len) = (length(yes), length(no));
    Value::unknown(ty).refine(|r| {
        r.not_null = not_null;
        if bounds {
            r.min_len = Some(yes_len.0.min(no_len.0)).filter(|n| *n > 0);
            r.max_len = yes_len.1.and_then(|a| no_len.1.map(|b| a.max(b)));
        }
    })
}

/// Least and greatest length of a collection.
fn length(v: &Value) -> (u64, Option<u64>) {
    if let Some(r) = v.refinement() {
        return (r.min_len.unwrap_or(0), r.max_len);
    }
    match v.kind() {
        Kind::List(_, v) | Kind::Tuple(v) => (v.len() as u64, Some(v.len() as u64)),
        Kind::Set(_, items) => {
            // Unknown elements may turn out equal to others.
            let least = if v.is_wholly_known() { items.len() } else { items.len().min(1) };
            (least as u64, Some(items.len() as u64))
        }
        Kind::Map(_, m) | Kind::Object(m) => (m.len() as u64, Some(m.len() as u64)),
        _ => (0, None),
    }
}
