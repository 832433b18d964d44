//! Assumptions about values that are not known yet: what they say is used while planning, and checked once the value is there.

use sdt_value::{Kind, Refinement, Type, Value};

use crate::call::{Out, arg, int_arg, str_arg};
use crate::{Function, Param};

const VALUE: Param = Param::any("value").unknown().null().marked().dynamic();

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("assumenotnull", "Says that a value will not be null.", &[VALUE], Type::Dynamic, |a, _| {
        if a[0].is_null() {
            return arg(0, "it was assumed not to be null, but is");
        }
        Ok(refine(&a[0], |r| r.not_null = true))
    })
    .typed(|a| Ok(a[0].ty())),
    Function::new(
        "assumestringprefix",
        "Says how a string will begin.",
        &[Param::string("value").unknown().null().marked(), Param::string("prefix")],
        Type::String,
        |a, _| {
            let prefix = str_arg(a, 1);
            match a[0].as_str() {
                Some(s) if !s.starts_with(prefix) => {
                    arg(0, format!("it was assumed to begin with {prefix:?}, but does not"))
                }
                _ => Ok(refine(&a[0], |r| r.prefix = Some(prefix.into()))),
            }
        },
    )
    .nullable(),
    length("assumelistlengthmin", "Says how many elements a list will have at least."),
    length("assumelistlengthmax", "Says how many elements a list will have at most."),
    length("assumesetlengthmin", "Says how many elements a set will have at least."),
    length("assumesetlengthmax", "Says how many elements a set will have at most."),
    length("assumemaplengthmin", "Says how many elements a map will have at least."),
    length("assumemaplengthmax", "Says how many elements a map will have at most."),
];

const fn length(name: &'static str, doc: &'static str) -> Function {
    let body = match name.as_bytes() {
        b"assumelistlengthmin" => |a: &[Value], _: &crate::FnCtx<'_>| bound(a, "list", true),
        b"assumelistlengthmax" => |a: &[Value], _: &crate::FnCtx<'_>| bound(a, "list", false),
        b"assumesetlengthmin" => |a: &[Value], _: &crate::FnCtx<'_>| bound(a, "set", true),
        b"assumesetlengthmax" => |a: &[Value], _: &crate::FnCtx<'_>| bound(a, "set", false),
        b"assumemaplengthmin" => |a: &[Value], _: &crate::FnCtx<'_>| bound(a, "map", true),
        _ => |a: &[Value], _: &crate::FnCtx<'_>| bound(a, "map", false),
    };
    const PARAMS: &[Param] = &[VALUE, Param::number("length")];
    Function::new(name, doc, PARAMS, Type::Dynamic, body).typed(|a| Ok(a[0].ty())).nullable()
}

fn bound(args: &[Value], kind: &str, least: bool) -> Out {
    let Some(n) = int_arg(args, 1).ok().and_then(|n| u64::try_from(n).ok()) else {
        return arg(1, "a whole number that is not negative is required");
    };
    let value = &args[0];
    let fits = match value.ty() {
        Type::List(_) => kind == "list",
        Type::Set(_) => kind == "set",
        Type::Map(_) => kind == "map",
        Type::Dynamic => true,
        _ => false,
    };
    if !fits {
        return arg(0, format!("a {kind} is required"));
    }
    let len = match value.kind() {
        Kind::List(_, v) | Kind::Set(_, v) => Some(v.len() as u64),
        Kind::Map(_, m) => Some(m.len() as u64),
        _ => None,
    };
    match len {
        Some(len) if least && len < n => arg(0, format!("it was assumed to have at least {n} elements, but has {len}")),
        Some(len) if !least && len > n => arg(0, format!("it was assumed to have at most {n} elements, but has {len}")),
        _ => Ok(refine(value, |r| if least { r.min_len = Some(n) } else { r.max_len = Some(n) })),
    }
}

/// Adds to what is known of an unknown value; a known one stays as it is.
fn refine(value: &Value, f: impl FnOnce(&mut Refinement)) -> Value {
    value.clone().refine(f)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FnCtx, call, lookup};

    #[test]
    fn assumptions_hold_while_unknown_and_are_checked_after() {
        let run = |name: &str, args: &[Value]| call(lookup(name).unwrap(), args, &FnCtx::pure());
        let id = run("assumestringprefix", &[Value::unknown(Type::String), Value::string("vpc-")]).unwrap();
        let id = run("assumenotnull", &[id]).unwrap();
        let starts = run("startswith", &[id.clone(), Value::string("vpc-")]).unwrap();
        assert_eq!(starts, Value::TRUE);
        assert_eq!(id.equals(&Value::null(Type::String)), Value::FALSE);
        assert!(run("assumestringprefix", &[Value::string("x"), Value::string("vpc-")]).is_err());
        assert!(run("assumenotnull", &[Value::null(Type::String)]).is_err());
        let list = Value::list(Type::String, vec![Value::string("a")]);
        assert!(run("assumelistlengthmin", &[list.clone(), Value::number(2)]).is_err());
        assert_eq!(run("assumelistlengthmax", &[list.clone(), Value::number(2)]).unwrap(), list);
    }
}
