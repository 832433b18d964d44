//! Type conversion and marks.

use sdt_value::{Kind, Marks, Type, Value, convert as to, convertible, mismatch};

use crate::call::{Out, arg, fail};
use crate::{Function, Param, ParamType};

const ANYTHING: Param = Param::any("v").null().marked().dynamic();
const VALUE: Param = Param::any("value").unknown().null().marked().dynamic();

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("tobool", "Converts a value to bool.", &[ANYTHING], Type::Dynamic, |a, _| convert(&a[0], ParamType::Bool))
        .typed(|a| result(a, ParamType::Bool))
        .nullable(),
    Function::new("tonumber", "Converts a value to a number.", &[ANYTHING], Type::Dynamic, |a, _| {
        convert(&a[0], ParamType::Number)
    })
    .typed(|a| result(a, ParamType::Number))
    .nullable(),
    Function::new("tostring", "Converts a value to a string.", &[ANYTHING], Type::Dynamic, |a, _| {
        convert(&a[0], ParamType::String)
    })
    .typed(|a| result(a, ParamType::String))
    .nullable(),
    Function::new("tolist", "Converts a value to a list.", &[ANYTHING], Type::Dynamic, |a, _| {
        convert(&a[0], ParamType::ListOfAny)
    })
    .typed(|a| result(a, ParamType::ListOfAny))
    .nullable(),
    Function::new("toset", "Converts a value to a set.", &[ANYTHING], Type::Dynamic, |a, _| {
        convert(&a[0], ParamType::SetOfAny)
    })
    .typed(|a| result(a, ParamType::SetOfAny))
    .nullable(),
    Function::new("tomap", "Converts a value to a map.", &[ANYTHING], Type::Dynamic, |a, _| {
        convert_to(&a[0], &Type::map(Type::Dynamic))
    })
    .typed(|a| {
        let map = Type::map(Type::Dynamic);
        to(&Value::unknown(a[0].ty()), &map).map_or_else(|_| refused(&a[0], &map), |v| Ok(v.ty()))
    })
    .nullable(),
    Function::new("list", "Was removed from the language; write [ ... ] and tolist.", &[], Type::Dynamic, |_, _| {
        fail(
            "the \"list\" function was deprecated in Terraform v0.12 and is no longer available; use tolist([ ... ]) syntax \
             to write a literal list",
        )
    })
    .variadic(VALUE),
    Function::new("map", "Was removed from the language; write { ... } and tomap.", &[], Type::Dynamic, |_, _| {
        fail(
            "the \"map\" function was deprecated in Terraform v0.12 and is no longer available; use tomap({ ... }) syntax to \
             write a literal map",
        )
    })
    .variadic(VALUE),
    Function::new("sensitive", "Marks a value as sensitive, so that it is not shown.", &[VALUE], Type::Dynamic, |a, _| {
        Ok(a[0].clone().with_marks(Marks::SENSITIVE))
    })
    .typed(|a| Ok(a[0].ty()))
    .nullable(),
    Function::new("nonsensitive", "Takes the sensitive mark off a value.", &[VALUE], Type::Dynamic, |a, _| {
        let (v, marks) = a[0].clone().unmark();
        Ok(v.with_marks(marks.without(Marks::SENSITIVE)))
    })
    .typed(|a| Ok(a[0].ty()))
    .nullable(),
    Function::new("issensitive", "Tells whether a value is marked as sensitive.", &[VALUE], Type::Bool, |a, _| {
        Ok(match (a[0].is_sensitive(), a[0].is_unknown()) {
            (true, _) => Value::TRUE,
            (false, true) => Value::unknown(Type::Bool),
            (false, false) => Value::FALSE,
        })
    }),
    Function::new(
        "ephemeralasnull",
        "Replaces ephemeral values by null, so that the rest may be stored.",
        &[VALUE],
        Type::Dynamic,
        |a, _| {
            let out = a[0].clone().transform::<std::convert::Infallible>(&mut |_, v| {
                let (plain, marks) = v.unmark();
                if !marks.contains(Marks::EPHEMERAL) {
                    return Ok(plain.with_marks(marks));
                }
                let kept = if plain.is_unknown() { plain } else { Value::null(plain.ty()) };
                Ok(kept.with_marks(marks.without(Marks::EPHEMERAL)))
            });
            match out {
                Ok(v) => Ok(v),
                Err(never) => match never {},
            }
        },
    )
    .typed(|a| Ok(a[0].ty()))
    .nullable(),
];

fn result(args: &[Value], kind: ParamType) -> Out<Type> {
    let want = kind.to_type();
    if !convertible(&args[0].ty(), &want) && args[0].ty() != want {
        return refused(&args[0], &want);
    }
    Ok(resolved(&args[0], &want))
}

/// The type that an unknown value of the argument's type converts to.
fn resolved(v: &Value, want: &Type) -> Type {
    to(&Value::unknown(v.ty()), want).map_or_else(|_| want.clone(), |v| v.ty())
}

fn convert(v: &Value, kind: ParamType) -> Out {
    convert_to(v, &kind.to_type())
}

fn convert_to(v: &Value, want: &Type) -> Out {
    match to(v, want) {
        Ok(v) => Ok(v),
        Err(_) => refused(v, want),
    }
}

fn refused<T>(v: &Value, want: &Type) -> Out<T> {
    let ty = v.ty();
    let wanted = want.constraint_name();
    if v.contains_mark(Marks::SENSITIVE) {
        return arg(0, format!("cannot convert this sensitive {} to {wanted}", ty.friendly_name()));
    }
    match (v.kind(), want) {
        (Kind::String(s), Type::Bool) => {
            arg(0, format!("cannot convert {s:?} to bool; only the strings \"true\" or \"false\" are allowed"))
        }
        (Kind::String(s), Type::Number) => {
            arg(0, format!("cannot convert {s:?} to number; given string must be a decimal representation of a number"))
        }
        (Kind::Tuple(_), Type::Tuple(_)) => {
            arg(0, format!("incompatible tuple type for conversion: {}", mismatch(&ty, want)))
        }
        _ => arg(0, format!("cannot convert {} to {wanted}", ty.friendly_name())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::testing::check;
    use crate::{FnCtx, call, lookup};

    #[test]
    fn conversions() {
        check(&[
            ("tobool", r#"["1"]"#, "true"),
            (
                "tobool",
                r#"["x"]"#,
                "arg 0: cannot convert \"x\" to bool; only the strings \"true\" or \"false\" are allowed",
            ),
            ("tobool", "[1]", "arg 0: cannot convert number to bool"),
            ("tonumber", r#"["1p3"]"#, "8"),
            ("tolist", r#"["a"]"#, "arg 0: cannot convert string to list of any single type"),
            ("tolist", r#"[[1,"a"]]"#, r#"["1","a"]"#),
            ("tolist", "[null]", "null"),
            ("toset", r#"[["b","a","b",null]]"#, r#"["a","b",null]"#),
            ("toset", "[[true,1]]", "arg 0: …"),
            ("tomap", r#"[{"a":1,"b":[2]}]"#, "arg 0: …"),
            ("list", "[1]", "call: …"),
        ]);
    }

    #[test]
    fn marks() {
        let run = |name: &str, v: Value| call(lookup(name).unwrap(), &[v], &FnCtx::pure()).unwrap();
        let secret = Value::string("x").with_marks(Marks::SENSITIVE);
        assert!(run("upper", secret.clone()).is_sensitive());
        let list = Value::tuple(vec![secret.clone()]);
        assert_eq!(run("issensitive", list.clone()), Value::FALSE);
        assert!(!run("tolist", list.clone()).is_sensitive());
        assert!(run("toset", list.clone()).is_sensitive());
        assert!(run("jsonencode", list.clone()).is_sensitive());
        assert!(!run("length", list).is_sensitive());
        assert!(!run("nonsensitive", secret).is_sensitive());
        let brief = Value::object([("a", Value::TRUE.with_marks(Marks::EPHEMERAL)), ("b", Value::TRUE)]);
        let kept = run("ephemeralasnull", brief);
        assert!(kept.get("a").unwrap().is_null() && kept.get("b") == Some(&Value::TRUE));
        assert!(kept.deep_marks().is_empty());
    }
}
