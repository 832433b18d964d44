//! Set algebra.

use sdt_value::{Marks, Type, Value, convert, unify};

use crate::call::{Out, arg, fail};
use crate::{CallError, Function, Param, ParamType};

const SET: Param = Param::new("first_set", ParamType::SetOfAny);
const OTHERS: Param = Param::new("other_sets", ParamType::SetOfAny);

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("setunion", "Returns every element of the given sets.", &[SET], Type::Dynamic, |a, _| {
        combine(a, true, |all, next| {
            let mut all = all;
            all.extend(next.iter().cloned());
            all
        })
    })
    .variadic(OTHERS)
    .typed(common_type),
    Function::new(
        "setintersection",
        "Returns the elements that are in all of the given sets.",
        &[SET],
        Type::Dynamic,
        |a, _| combine(a, false, |all, next| all.into_iter().filter(|v| has(next, v)).collect()),
    )
    .variadic(OTHERS)
    .typed(common_type),
    Function::new(
        "setsubtract",
        "Returns the elements of the first set that are not in the second.",
        &[Param::new("a", ParamType::SetOfAny), Param::new("b", ParamType::SetOfAny)],
        Type::Dynamic,
        |a, _| combine(a, false, |all, next| all.into_iter().filter(|v| !has(next, v)).collect()),
    )
    .typed(common_type),
    Function::new(
        "setproduct",
        "Returns every combination of one element of each of the given sets.",
        &[],
        Type::Dynamic,
        |a, _| product(a),
    )
    .variadic(Param::any("sets").marked())
    .typed(product_type),
];

/// Tells whether the elements of a set, which are in order, include a value.
fn has(items: &[Value], v: &Value) -> bool {
    if v.ty().is_primitive() {
        return items.binary_search_by(|i| Value::set_order(i, v)).is_ok();
    }
    items.iter().any(|i| i.raw_equals(v))
}

fn common_type(args: &[Value]) -> Out<Type> {
    let mut elems = Vec::new();
    for v in args {
        let Type::Set(t) = v.ty() else { continue };
        // An empty set of nothing in particular fits any other.
        if *t == Type::Dynamic && v.as_items().is_some_and(<[Value]>::is_empty) {
            continue;
        }
        elems.push((*t).clone());
    }
    if elems.is_empty() {
        return Ok(Type::set(Type::Dynamic));
    }
    unify(&elems).map_or_else(|| fail("given sets must all have compatible element types"), |t| Ok(Type::set(t)))
}

fn combine(args: &[Value], with_unknown: bool, f: fn(Vec<Value>, &[Value]) -> Vec<Value>) -> Out {
    let ty = common_type(args)?;
    let mut all: Option<Vec<Value>> = None;
    for (index, v) in args.iter().enumerate() {
        let v = convert(v, &ty).map_err(|e| CallError::Arg { index, message: e.message })?;
        if !with_unknown && !v.is_wholly_known() {
            return Ok(Value::unknown(ty));
        }
        let items = v.as_items().unwrap_or_default();
        all = Some(match all {
            None => items.to_vec(),
            Some(all) => f(all, items),
        });
    }
    let all = all.unwrap_or_default();
    let elem = ty.element().cloned().unwrap_or(Type::Dynamic);
    // With `any` as common type, what the elements are decides.
    Value::set_of(all, &elem).map_or_else(|| fail("given sets must all have compatible element types"), Ok)
}

fn product_type(args: &[Value]) -> Out<Type> {
    if args.len() < 2 {
        return fail("at least two arguments are required");
    }
    let mut lists = 0;
    let mut elems = Vec::new();
    for (i, v) in args.iter().enumerate() {
        elems.push(match v.ty() {
            Type::Set(t) => (*t).clone(),
            Type::List(t) => {
                lists += 1;
                (*t).clone()
            }
            Type::Tuple(ts) => {
                lists += 1;
                match unify(&ts) {
                    Some(t) => t,
                    None if ts.is_empty() => Type::Dynamic,
                    None => return arg(i, "all elements must be of the same type"),
                }
            }
            _ => return arg(i, "a set or a list is required"),
        });
    }
    let tuple = Type::tuple(elems);
    Ok(if lists == args.len() { Type::list(tuple) } else { Type::set(tuple) })
}

/// Number of elements; that of a tuple is in its type.
fn length(v: &Value) -> Option<usize> {
    match v.ty() {
        Type::Tuple(elems) => Some(elems.len()),
        _ => v.known_len(),
    }
}

fn product(args: &[Value]) -> Out {
    const LIMIT: usize = 1 << 24;
    let ty = product_type(args)?;
    let marks = args.iter().fold(Marks::NONE, |m, v| m | v.marks());
    let (Type::List(tuple) | Type::Set(tuple)) = &ty else { return fail("a set or a list is required") };
    let Type::Tuple(elems) = &**tuple else { return fail("a set or a list is required") };
    let lengths: Vec<_> = args.iter().map(length).collect();
    if lengths.iter().all(Option::is_some) && lengths.contains(&Some(0)) {
        let nothing = Vec::new();
        return Ok(match &ty {
            Type::List(_) => Value::list((**tuple).clone(), nothing),
            _ => Value::set((**tuple).clone(), nothing),
        }
        .with_marks(marks));
    }
    if args.iter().any(|v| v.known_len().is_none() || v.is_unknown()) {
        return Ok(Value::unknown(ty).with_marks(marks));
    }
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for (i, (v, elem)) in args.iter().zip(elems.iter()).enumerate() {
        let mut items = Vec::new();
        for item in v.as_items().unwrap_or_default() {
            items.push(convert(item, elem).map_err(|e| CallError::Arg { index: i, message: e.message })?);
        }
        if rows.len().saturating_mul(items.len()) > LIMIT {
            return fail("the product has too many elements");
        }
        rows = rows
            .iter()
            .flat_map(|row| {
                items.iter().map(|item| {
                    let mut row = row.clone();
                    row.push(item.clone());
                    row
                })
            })
            .collect();
    }
    let rows: Vec<Value> = rows.into_iter().map(Value::tuple).collect();
    Ok(match &ty {
        Type::List(_) => Value::list((**tuple).clone(), rows),
        _ => Value::set((**tuple).clone(), rows),
    }
    .with_marks(marks))
}

#[cfg(test)]
mod tests {
    use crate::call::testing::check;

    #[test]
    fn sets() {
        check(&[
            ("setunion", r#"[[1],["a"]]"#, r#"["1","a"]"#),
            ("setunion", r#"[[],["a"]]"#, r#"["a"]"#),
            ("setintersection", r#"[[1,2],["1"]]"#, r#"["1"]"#),
            ("setsubtract", r#"[["b","a","c"],["z","b"]]"#, r#"["a","c"]"#),
            ("setsubtract", r#"["a","b"]"#, "arg 0: …"),
            ("setproduct", r#"[["a","b"],[1,2]]"#, r#"[["a",1],["a",2],["b",1],["b",2]]"#),
            ("setproduct", r#"[["a","b"],[]]"#, "[]"),
            ("setproduct", r#"[{"a":1},["b"]]"#, "arg 0: a set or a list is required"),
            ("setproduct", r#"[["b"]]"#, "call: at least two arguments are required"),
        ]);
    }
}
