//! `count`, `for_each` and `enabled`.

use sdt_addr::InstanceKey;
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_hcl::Expr;
use sdt_value::{Kind, Marks, Number, Str, Type, Value};

use crate::scope::Ctx;
use crate::tree::{Expansion, Repeat, Repetition};

/// When one instance stands for an unknown number of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placeholder {
    /// Unknown keys are an error.
    Never,
    /// Where keys are unknown.
    IfUnknown,
    /// Whatever the keys are (validation).
    Always,
}

/// Evaluates the repetition of an object.
pub(crate) fn expand(
    ctx: &Ctx<'_>,
    count: Option<&Expr>,
    for_each: Option<&Expr>,
    enabled: Option<&Expr>,
    placeholder: Placeholder,
) -> Result<Expansion, Diagnostics> {
    let unknown = placeholder != Placeholder::Never;
    let found = match (count, for_each, enabled) {
        (Some(expr), _, _) => by_count(ctx, expr, unknown)?,
        (None, Some(expr), _) => by_for_each(ctx, expr, unknown)?,
        (None, None, Some(expr)) => by_enabled(ctx, expr, unknown)?,
        (None, None, None) => return Ok(Expansion::single()),
    };
    Ok(match placeholder {
        Placeholder::Always => Expansion::placeholder(found.repeat, Value::DYNAMIC),
        Placeholder::Never | Placeholder::IfUnknown => found,
    })
}

/// More than anyone manages in one block, and few enough for memory.
const MOST_INSTANCES: i64 = 1_000_000;

fn by_count(ctx: &Ctx<'_>, expr: &Expr, placeholder: bool) -> Result<Expansion, Diagnostics> {
    let (value, mut diags) = ctx.eval(expr);
    if diags.has_errors() {
        return Err(diags);
    }
    let warnings = std::mem::take(&mut diags);
    let fail = |detail: &str| -> Result<Expansion, Diagnostics> {
        let mut diags = warnings.clone();
        diags.push(Diagnostic::error("Invalid count argument", detail).at(expr.span()));
        Err(diags)
    };
    let ephemeral = value.deep_marks().contains(Marks::EPHEMERAL);
    // A sensitive count is accepted: the number of instances shows it anyway.
    let (value, _) = value.unmark_deep();
    if value.is_null() {
        return fail("The value is null. A whole number from 0 is required.");
    }
    let number = match sdt_value::convert(&value, &Type::Number) {
        Ok(number) => number,
        Err(e) => {
            diags.push(
                Diagnostic::error("Incorrect value type", format!("Invalid expression value: {e}.")).at(expr.span()),
            );
            return Err(diags);
        }
    };
    if ephemeral {
        return fail(
            "The value is ephemeral, so it may differ between plan and apply. The number of instances cannot depend on it.",
        );
    }
    if number.is_unknown() {
        if placeholder {
            return Ok(Expansion::placeholder(Repeat::Count, Value::DYNAMIC));
        }
        return fail(
            "The value depends on attributes of resources that will be known only after apply, so it cannot be told how many instances there will be. Apply what it depends on first, with -target, or base it on something that is known.",
        );
    }
    let n = match number.as_number().and_then(Number::as_i64) {
        Some(n) if n > MOST_INSTANCES => {
            return fail(&format!("The value is too large: one block makes at most {MOST_INSTANCES} instances."));
        }
        Some(n) if n >= 0 => n,
        Some(_) => return fail("The value is negative. A whole number from 0 is required."),
        None => return fail("A whole number is required."),
    };
    let members = (0..n).map(|i| (Some(InstanceKey::Int(i)), Repetition::Count(Value::number(i)))).collect();
    Ok(Expansion { repeat: Repeat::Count, unknown: false, members })
}

fn by_enabled(ctx: &Ctx<'_>, expr: &Expr, placeholder: bool) -> Result<Expansion, Diagnostics> {
    let (value, mut diags) = ctx.eval(expr);
    if diags.has_errors() {
        return Err(diags);
    }
    let mut fail = |detail: &str| -> Result<Expansion, Diagnostics> {
        diags.push(Diagnostic::error("Invalid enabled argument", detail).at(expr.span()));
        Err(std::mem::take(&mut diags))
    };
    let marks = value.deep_marks();
    if marks.contains(Marks::SENSITIVE) {
        return fail(
            "The value is sensitive, but everyone can see whether the instance is there. Use nonsensitive() if that may be shown.",
        );
    }
    if marks.contains(Marks::EPHEMERAL) {
        return fail(
            "The value is ephemeral, so it may differ between plan and apply. Whether the instance is there cannot depend on it.",
        );
    }
    if value.is_null() {
        return fail("The value is null. True or false is required.");
    }
    let Ok(flag) = sdt_value::convert(&value.unmark_deep().0, &Type::Bool) else {
        return fail("True or false is required.");
    };
    match flag.as_bool() {
        Some(true) => Ok(Expansion { repeat: Repeat::Optional, ..Expansion::single() }),
        Some(false) => Ok(Expansion { repeat: Repeat::Optional, ..Expansion::default() }),
        None if placeholder => Ok(Expansion::placeholder(Repeat::Optional, Value::DYNAMIC)),
        None => fail(
            "The value depends on attributes of resources that will be known only after apply, so it cannot be told whether the instance is there. Apply what it depends on first, with -target, or base it on something that is known.",
        ),
    }
}

fn by_for_each(ctx: &Ctx<'_>, expr: &Expr, placeholder: bool) -> Result<Expansion, Diagnostics> {
    let (value, mut diags) = ctx.eval(expr);
    if diags.has_errors() {
        return Err(diags);
    }
    let mut fail = |summary: &str, detail: &str| -> Result<Expansion, Diagnostics> {
        diags.push(Diagnostic::error(summary, detail).at(expr.span()));
        Err(std::mem::take(&mut diags))
    };
    const SUMMARY: &str = "Invalid for_each argument";
    if value.marks().contains(Marks::SENSITIVE)
        || matches!(value.kind(), Kind::Set(..)) && value.deep_marks().contains(Marks::SENSITIVE)
    {
        return fail(
            SUMMARY,
            "The value is sensitive, but its keys become part of resource addresses, which are shown. Use nonsensitive() on what may be shown.",
        );
    }
    if value.marks().contains(Marks::EPHEMERAL)
        || matches!(value.kind(), Kind::Set(..)) && value.deep_marks().contains(Marks::EPHEMERAL)
    {
        return fail(
            SUMMARY,
            "The value is ephemeral, so it may differ between plan and apply. Instances cannot depend on it.",
        );
    }
    if value.is_null() {
        return fail(SUMMARY, "The value is null. A map, or a set of strings, is required.");
    }
    let ty = value.ty();
    if !matches!(ty, Type::Map(_) | Type::Object(_) | Type::Set(_) | Type::Dynamic) {
        return fail(
            SUMMARY,
            &format!(
                "A map, or a set of strings, is required, not a {}. A list can be made one with toset(list).",
                ty.friendly_name()
            ),
        );
    }
    let unknown_detail = "The value depends on attributes of resources that will be known only after apply, so the keys of the instances cannot be told. Use a map whose keys are known and put what is unknown into its values, or apply what it depends on first, with -target.";
    if value.is_unknown() {
        if let Type::Set(element) = &ty
            && !matches!(**element, Type::String | Type::Dynamic)
        {
            return fail("Invalid for_each set argument", &set_detail(element));
        }
        if !placeholder {
            return fail(SUMMARY, unknown_detail);
        }
        let each = match &ty {
            Type::Map(t) | Type::Set(t) => Value::unknown((**t).clone()),
            _ => Value::DYNAMIC,
        };
        return Ok(Expansion::placeholder(Repeat::ForEach, each));
    }
    let members = match value.kind() {
        Kind::Map(_, m) | Kind::Object(m) => m.iter().map(|(k, v)| member(k.clone(), v.clone())).collect(),
        Kind::Set(element, items) => {
            if !items.is_empty() && !matches!(element, Type::String | Type::Dynamic) {
                return fail("Invalid for_each set argument", &set_detail(element));
            }
            if items.iter().any(Value::is_unknown) {
                if placeholder {
                    return Ok(Expansion::placeholder(Repeat::ForEach, Value::unknown(Type::String)));
                }
                return fail(SUMMARY, unknown_detail);
            }
            if items.iter().any(Value::is_null) {
                return fail("Invalid for_each set argument", "The set holds a null value; keys must be strings.");
            }
            items.iter().filter_map(|v| Some(member(v.as_str()?.into(), v.clone()))).collect()
        }
        _ => Vec::new(),
    };
    Ok(Expansion { repeat: Repeat::ForEach, unknown: false, members })
}

fn set_detail(element: &Type) -> String {
    format!(
        "A set must hold strings to give keys of instances; this one holds elements of type {}.",
        element.friendly_name()
    )
}

fn member(key: Str, value: Value) -> (Option<InstanceKey>, Repetition) {
    (Some(InstanceKey::String(key.clone())), Repetition::Each { key: Value::string(key), value })
}
