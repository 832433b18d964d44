//! Questions about collections, and choices among values.

use sdt_value::{Kind, Number, Type, Value, convert, unify};
use unicode_segmentation::UnicodeSegmentation;

use crate::call::{Out, arg, fail, int_arg};
use crate::{CallError, Function, Param, ParamType};

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new(
        "length",
        "Returns the number of elements of a collection or of characters of a string.",
        &[Param::any("value").dynamic().unknown().marked()],
        Type::Number,
        |a, _| length(&a[0]),
    ),
    Function::new(
        "element",
        "Returns one element of a list; an index beyond its end starts again from the beginning.",
        &[Param::any("list").marked(), Param::number("index")],
        Type::Dynamic,
        |a, _| element(a),
    )
    .typed(element_type)
    .nullable(),
    Function::new(
        "contains",
        "Tells whether a list, set or tuple has an element equal to a value.",
        &[Param::any("list"), Param::any("value")],
        Type::Bool,
        |a, _| contains(&a[0], &a[1]),
    ),
    Function::new(
        "index",
        "Returns the position of the first element equal to a value.",
        &[Param::any("list"), Param::any("value")],
        Type::Number,
        |a, _| index(&a[0], &a[1]),
    ),
    Function::new(
        "one",
        "Returns the only element of a list, set or tuple, or null when it is empty.",
        &[Param::any("list")],
        Type::Dynamic,
        |a, _| one(&a[0]),
    )
    .typed(|a| one_type(&a[0]))
    .nullable(),
    Function::new(
        "coalesce",
        "Returns the first argument that is neither null nor empty.",
        &[],
        Type::Dynamic,
        |a, _| coalesce(a),
    )
    .variadic(Param::any("vals").unknown().dynamic().null())
    .typed(coalesce_type),
    Function::new("coalescelist", "Returns the first list that is not empty.", &[], Type::Dynamic, |a, _| {
        coalesce_list(a)
    })
    .variadic(Param::any("vals").unknown().dynamic().null())
    .typed(coalesce_list_type),
    Function::new(
        "alltrue",
        "Tells whether every element of a list is true.",
        &[Param::new("list", ParamType::ListOfBool)],
        Type::Bool,
        |a, _| {
            for v in a[0].as_items().unwrap_or_default() {
                if v.is_unknown() {
                    return Ok(Value::unknown(Type::Bool));
                }
                if v.as_bool() != Some(true) {
                    return Ok(Value::FALSE);
                }
            }
            Ok(Value::TRUE)
        },
    ),
    Function::new(
        "anytrue",
        "Tells whether some element of a list is true.",
        &[Param::new("list", ParamType::ListOfBool)],
        Type::Bool,
        |a, _| {
            let items = a[0].as_items().unwrap_or_default();
            if items.iter().any(|v| v.as_bool() == Some(true)) {
                return Ok(Value::TRUE);
            }
            Ok(if items.iter().any(Value::is_unknown) { Value::unknown(Type::Bool) } else { Value::FALSE })
        },
    ),
];

fn length(v: &Value) -> Out {
    let ty = match v.kind() {
        Kind::Unknown(t, _) => t.clone(),
        _ => v.ty(),
    };
    let (plain, marks) = v.clone().unmark();
    let n = match (&ty, plain.kind()) {
        (Type::Tuple(ts), _) => Value::number(ts.len()),
        (Type::Object(o), _) => Value::number(o.attrs.len()),
        (Type::String, Kind::String(s)) => Value::number(s.graphemes(true).count()),
        (Type::Dynamic | Type::String, _) => Value::unknown(Type::Number).refine(|r| r.min = Some(Number::from(0))),
        (Type::List(_) | Type::Set(_) | Type::Map(_), _) => match plain.known_len() {
            Some(n) => Value::number(n),
            None => {
                let known = plain.refinement().cloned().unwrap_or_default();
                let items = plain.as_items().map(<[Value]>::len);
                Value::unknown_not_null(Type::Number).refine(|r| {
                    r.min = Some(known.min_len.unwrap_or(u64::from(items.is_some())).into());
                    r.max = known.max_len.or(items.map(|n| n as u64)).map(Number::from);
                })
            }
        },
        _ => return fail("argument must be a string, a collection type, or a structural type"),
    };
    Ok(n.with_marks(marks))
}

fn element_type(args: &[Value]) -> Out<Type> {
    match args[0].ty() {
        Type::List(t) => Ok((*t).clone()),
        Type::Tuple(ts) => {
            if args[1].is_unknown() {
                return Ok(Type::Dynamic);
            }
            let index = int_arg(args, 1).map_err(|e| CallError::Call(format!("invalid index: {e}")))?;
            if ts.is_empty() {
                return fail("cannot use element function with an empty list");
            }
            Ok(ts[tuple_index(index, ts.len())?].clone())
        }
        ty => fail(format!("cannot read elements from {}", ty.friendly_name())),
    }
}

fn element(args: &[Value]) -> Out {
    let index = int_arg(args, 1).map_err(|e| CallError::Call(format!("invalid index: {e}")))?;
    match args[0].kind() {
        Kind::List(_, v) | Kind::Tuple(v) if v.is_empty() => fail("cannot use element function with an empty list"),
        Kind::List(_, v) => Ok(v[index.rem_euclid(v.len() as i64) as usize].clone().with_marks(args[0].marks())),
        Kind::Tuple(v) => Ok(v[tuple_index(index, v.len())?].clone().with_marks(args[0].marks())),
        _ => element_type(args).map(|t| Value::unknown(t).with_marks(args[0].marks())),
    }
}

/// Lists count from their end for a negative index; Terraform 1.11 cannot do that for tuples.
fn tuple_index(index: i64, len: usize) -> Out<usize> {
    usize::try_from(index % len as i64).or_else(|_| fail("cannot use element function with a negative index"))
}

fn contains(list: &Value, wanted: &Value) -> Out {
    let Some(items) = list.as_items() else { return fail("argument must be list, tuple, or set") };
    let mut open = false;
    for v in items {
        match wanted.equals(v).as_bool() {
            Some(true) => return Ok(Value::TRUE),
            Some(false) => {}
            None => open = true,
        }
    }
    Ok(if open { Value::unknown(Type::Bool) } else { Value::FALSE })
}

fn index(list: &Value, wanted: &Value) -> Out {
    let (Kind::List(_, items) | Kind::Tuple(items)) = list.kind() else {
        return fail("argument must be a list or tuple");
    };
    if items.is_empty() {
        return fail("cannot search an empty list");
    }
    for (i, v) in items.iter().enumerate() {
        match v.equals(wanted).as_bool() {
            Some(true) => return Ok(Value::number(i)),
            Some(false) => {}
            None => return Ok(Value::unknown(Type::Number)),
        }
    }
    fail("item not found")
}

const ONE: &str = "must be a list, set, or tuple value with either zero or one elements";

fn one_type(v: &Value) -> Out<Type> {
    match v.ty() {
        Type::List(t) | Type::Set(t) => Ok((*t).clone()),
        Type::Tuple(ts) if ts.is_empty() => Ok(Type::Dynamic),
        Type::Tuple(ts) if ts.len() == 1 => Ok(ts[0].clone()),
        _ => arg(0, ONE),
    }
}

fn one(v: &Value) -> Out {
    let ty = one_type(v)?;
    match (v.as_items().unwrap_or_default(), v.known_len()) {
        (_, None) => Ok(Value::unknown(ty)),
        ([], _) => Ok(Value::null(ty)),
        ([only], _) => Ok(only.clone()),
        _ => arg(0, ONE),
    }
}

fn coalesce_type(args: &[Value]) -> Out<Type> {
    let types: Vec<Type> = args.iter().map(Value::ty).collect();
    unify(&types).map_or_else(|| fail("all arguments must have the same type"), Ok)
}

fn coalesce(args: &[Value]) -> Out {
    if args.is_empty() {
        return fail("all arguments must have the same type");
    }
    let ty = coalesce_type(args)?;
    for v in args {
        let v = convert(v, &ty).map_err(|e| CallError::Call(e.message))?;
        if v.is_unknown() {
            return Ok(Value::unknown(ty));
        }
        if !v.is_null() && v.as_str() != Some("") {
            return Ok(v);
        }
    }
    fail("no non-null, non-empty-string arguments")
}

fn coalesce_list_type(args: &[Value]) -> Out<Type> {
    if args.is_empty() {
        return fail("at least one argument is required");
    }
    let mut same: Option<Type> = None;
    let mut mixed = false;
    for v in args {
        if v.is_unknown() {
            return Ok(Type::Dynamic);
        }
        let ty = v.ty();
        if !matches!(ty, Type::List(_) | Type::Tuple(_)) {
            return fail("coalescelist arguments must be lists or tuples");
        }
        mixed |= same.as_ref().is_some_and(|s| *s != ty);
        same = Some(ty);
    }
    Ok(if mixed { Type::Dynamic } else { same.unwrap_or(Type::Dynamic) })
}

fn coalesce_list(args: &[Value]) -> Out {
    let ty = coalesce_list_type(args)?;
    for v in args {
        if v.is_unknown() {
            return Ok(Value::unknown(ty));
        }
        if v.as_items().is_some_and(|i| !i.is_empty()) {
            return Ok(v.clone());
        }
    }
    fail("no non-null arguments")
}

#[cfg(test)]
mod tests {
    use crate::call::testing::check;

    #[test]
    fn collections() {
        check(&[
            ("length", r#"["日本e\u0301\r\n"]"#, "4"),
            ("length", r#"["क्ष"]"#, "2"),
            ("length", "[1.5]", "call: argument must be a string, a collection type, or a structural type"),
            ("element", r#"[["a","b"],5]"#, r#""b""#),
            ("element", r#"[["a","b"],-1]"#, "call: cannot use element function with a negative index"),
            ("element", r#"[["a","b"],-2]"#, r#""a""#),
            ("element", r#"["abc",0]"#, "call: cannot read elements from string"),
            ("contains", r#"[[1,2],"1"]"#, "false"),
            ("contains", "[[[1]],[1]]", "true"),
            ("index", r#"[["a"],null]"#, "arg 1: argument must not be null"),
            ("index", r#"[["a","b"],"b"]"#, "1"),
            ("one", "[[]]", "null"),
            ("one", "[[1,2]]", "arg 0: …"),
            ("coalesce", r#"[1,"a"]"#, r#""1""#),
            ("coalesce", "[null,[1]]", "[1]"),
            ("coalesce", "[true,1]", "call: all arguments must have the same type"),
            ("coalesce", "[null]", "call: no non-null, non-empty-string arguments"),
            ("coalescelist", "[[],[1]]", "[1]"),
            ("coalescelist", "[null,[1]]", "call: coalescelist arguments must be lists or tuples"),
            ("alltrue", "[[true,null]]", "false"),
            ("anytrue", "[[null,true]]", "true"),
            ("anytrue", "[[1]]", "arg 0: …"),
        ]);
    }
}
