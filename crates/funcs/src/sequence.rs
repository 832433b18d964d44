//! Functions from lists to lists.

use sdt_value::{Kind, MAX_MEMBERS, Marks, Number, Str, TOO_LARGE, Type, Value, convert, unify};

use crate::call::{Out, arg, fail, int_or_fail, num_arg};
use crate::{CallError, Function, Param, ParamType};

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new(
        "chunklist",
        "Cuts a list into lists of a given length.",
        &[Param::new("list", ParamType::ListOfAny).marked(), Param::number("size").marked()],
        Type::Dynamic,
        |a, _| chunk(a),
    )
    .typed(|a| Ok(Type::list(a[0].ty()))),
    Function::new(
        "compact",
        "Removes null and empty strings from a list.",
        &[Param::new("list", ParamType::ListOfString)],
        Type::Dynamic,
        |a, _| {
            if !a[0].is_wholly_known() {
                return Ok(Value::unknown(a[0].ty()));
            }
            let items = a[0].as_items().unwrap_or_default();
            let kept = items.iter().filter(|v| v.as_str().is_some_and(|s| !s.is_empty())).cloned().collect();
            Ok(Value::list(Type::String, kept))
        },
    )
    .list_of(Type::String),
    Function::new("concat", "Puts lists one after the other.", &[], Type::Dynamic, |a, _| concat(a))
        .variadic(Param::any("seqs").marked())
        .typed(concat_type),
    Function::new(
        "distinct",
        "Keeps the first of equal elements of a list.",
        &[Param::new("list", ParamType::ListOfAny)],
        Type::Dynamic,
        |a, _| distinct(&a[0]),
    )
    .typed(|a| Ok(a[0].ty())),
    Function::new(
        "flatten",
        "Replaces lists inside a list by their elements, at every depth.",
        &[Param::any("list").marked()],
        Type::Dynamic,
        |a, _| flatten(&a[0]),
    )
    .typed(|_| Ok(Type::Dynamic)),
    Function::new(
        "range",
        "Returns the numbers from a start to before a limit, by a step.",
        &[],
        Type::Dynamic,
        |a, _| range(a),
    )
    .variadic(Param::number("params"))
    .list_of(Type::Number),
    Function::new("reverse", "Reverses the order of a list.", &[Param::any("list").marked()], Type::Dynamic, |a, _| {
        let ty = reverse_type(a)?;
        let items: Vec<Value> = a[0].as_items().unwrap_or_default().iter().rev().cloned().collect();
        Ok(match ty {
            Type::List(t) => Value::list((*t).clone(), items),
            _ => Value::tuple(items),
        }
        .with_marks(a[0].marks()))
    })
    .typed(reverse_type),
    Function::new(
        "slice",
        "Returns the elements from a start index to before an end index.",
        &[Param::any("list").marked(), Param::number("start_index"), Param::number("end_index")],
        Type::Dynamic,
        |a, _| {
            let ty = slice_type(a)?;
            let (Some(from), Some(to)) = slice_bounds(a, a[0].known_len())? else { return Ok(Value::unknown(ty)) };
            let items = a[0].as_items().unwrap_or_default()[from..to].to_vec();
            Ok(match ty {
                Type::List(t) => Value::list((*t).clone(), items),
                _ => Value::tuple(items),
            }
            .with_marks(a[0].marks()))
        },
    )
    .typed(slice_type),
    Function::new(
        "sort",
        "Sorts strings by their bytes.",
        // Their number is known where they are not.
        &[Param::new("list", ParamType::ListOfString).unknown()],
        Type::Dynamic,
        |a, _| sort(&a[0]),
    )
    .list_of(Type::String),
    Function::new(
        "matchkeys",
        "Keeps those values whose key, at the same position, is in a set of keys searched for.",
        &[
            Param::new("values", ParamType::ListOfAny),
            Param::new("keys", ParamType::ListOfAny),
            Param::new("searchset", ParamType::ListOfAny),
        ],
        Type::Dynamic,
        |a, _| match_keys(a),
    )
    .typed(|a| match unify(&[a[1].ty(), a[2].ty()]) {
        Some(_) => Ok(a[0].ty()),
        None => fail("keys and searchset must be of the same type"),
    }),
];

fn elem(v: &Value) -> Type {
    v.ty().element().cloned().unwrap_or(Type::Dynamic)
}

fn chunk(args: &[Value]) -> Out {
    let size = int_or_fail(args, 1)?;
    let Ok(size) = usize::try_from(size) else { return fail("the size argument must be positive") };
    let marks = args[0].marks() | args[1].marks();
    let items = args[0].as_items().unwrap_or_default();
    let ty = elem(&args[0]);
    let chunks = items.chunks(if size == 0 { items.len().max(1) } else { size });
    let out = chunks.map(|c| Value::list(ty.clone(), c.to_vec())).collect();
    Ok(Value::list(Type::list(ty), out).with_marks(marks))
}

fn concat_type(args: &[Value]) -> Out<Type> {
    if args.is_empty() {
        return fail("at least one argument is required");
    }
    if args.iter().filter_map(Value::known_len).fold(0_usize, usize::saturating_add) > MAX_MEMBERS {
        return fail(TOO_LARGE);
    }
    let types: Vec<Type> = args.iter().map(Value::ty).collect();
    if types.iter().all(|t| matches!(t, Type::List(_)))
        && let Some(common) = unify(&types)
        && common != Type::Dynamic
    {
        return Ok(common);
    }
    let mut all = Vec::new();
    for (i, (v, ty)) in args.iter().zip(types).enumerate() {
        match ty {
            Type::Tuple(ts) => all.extend(ts.iter().cloned()),
            Type::List(t) => match v.as_items() {
                Some(items) => all.extend(std::iter::repeat_n((*t).clone(), items.len())),
                None => return Ok(Type::Dynamic),
            },
            ty => return arg(i, format!("all arguments must be lists or tuples; got {}", ty.friendly_name())),
        }
    }
    Ok(Type::tuple(all))
}

fn concat(args: &[Value]) -> Out {
    let ty = concat_type(args)?;
    let marks = args.iter().fold(Marks::NONE, |m, v| m | v.marks());
    let mut all = Vec::new();
    for (index, v) in args.iter().enumerate() {
        match &ty {
            Type::List(_) => {
                let v = convert(v, &ty).map_err(|e| CallError::Arg { index, message: e.message })?;
                all.extend(v.as_items().unwrap_or_default().iter().cloned());
            }
            _ => all.extend(v.as_items().unwrap_or_default().iter().cloned()),
        }
    }
    Ok(match ty {
        Type::List(t) => Value::list((*t).clone(), all),
        _ => Value::tuple(all),
    }
    .with_marks(marks))
}

fn distinct(list: &Value) -> Out {
    if !list.is_wholly_known() {
        return Ok(Value::unknown(list.ty()));
    }
    let items = list.as_items().unwrap_or_default();
    let ty = elem(list);
    let mut seen = std::collections::HashSet::new();
    let mut kept: Vec<Value> = Vec::new();
    for v in items {
        let new = match Key::of(v) {
            Some(key) => seen.insert(key),
            None => !kept.iter().any(|k| k.equals(v).as_bool() == Some(true)),
        };
        if new {
            kept.push(v.clone());
        }
    }
    Ok(Value::list(ty, kept))
}

/// What a primitive value is the same by; compound ones are compared with each other.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Null,
    Bool(bool),
    Number(Number),
    String(Str),
}

impl Key {
    fn of(v: &Value) -> Option<Self> {
        match v.kind() {
            Kind::Null(_) => Some(Self::Null),
            Kind::Bool(b) => Some(Self::Bool(*b)),
            Kind::Number(n) => Some(Self::Number(n.clone())),
            Kind::String(s) => Some(Self::String(s.clone())),
            _ => None,
        }
    }
}

fn flatten(list: &Value) -> Out {
    if !matches!(list.kind(), Kind::List(..) | Kind::Set(..) | Kind::Tuple(_)) {
        return fail("can only flatten lists, sets and tuples");
    }
    let mut out = Vec::new();
    let mut marks = Marks::NONE;
    if list.is_too_large() {
        return fail(TOO_LARGE);
    }
    let known = flatten_into(list, &mut out, &mut marks);
    Ok(if known { Value::tuple(out) } else { Value::DYNAMIC }.with_marks(marks))
}

/// Tells whether the length of the result is known.
fn flatten_into(list: &Value, out: &mut Vec<Value>, marks: &mut Marks) -> bool {
    *marks |= list.marks();
    if list.known_len().is_none() {
        return false;
    }
    let mut known = true;
    for v in list.as_items().unwrap_or_default() {
        match v.kind() {
            Kind::List(..) | Kind::Set(..) | Kind::Tuple(_) => known &= flatten_into(v, out, marks),
            Kind::Unknown(Type::Dynamic | Type::List(_) | Type::Set(_) | Type::Tuple(_), _) => {
                *marks |= v.marks();
                known = false;
            }
            _ => out.push(v.clone()),
        }
    }
    known
}

fn range(args: &[Value]) -> Out {
    const LIMIT: usize = 1024;
    let zero = Number::from_f64(0.0);
    let (start, end) = match args.len() {
        1 => (&zero, num_arg(args, 0)),
        2 | 3 => (num_arg(args, 0), num_arg(args, 1)),
        _ => return fail("must have one, two, or three arguments"),
    };
    let step = match args.len() {
        3 => num_arg(args, 2).clone(),
        _ => Number::from(if end < start { -1 } else { 1 }),
    };
    let down = step.signum() < 0;
    if down && end > start {
        return arg(1, "end must be less than start when step is negative");
    }
    if !down && end < start {
        return arg(1, "end must be greater than start when step is positive");
    }
    let mut out = Vec::new();
    let mut n = start.clone();
    while if down { n > *end } else { n < *end } {
        if out.len() >= LIMIT {
            return fail(format!(
                "more than {LIMIT} values were generated; either decrease the difference between start and end or use a \
                 smaller step"
            ));
        }
        let Some(next) = n.add(&step) else { return fail("the numbers leave the range of numbers") };
        out.push(Value::number(std::mem::replace(&mut n, next)));
    }
    Ok(Value::list(Type::Number, out))
}

fn reverse_type(args: &[Value]) -> Out<Type> {
    match args[0].ty() {
        Type::Tuple(ts) => Ok(Type::tuple(ts.iter().rev().cloned())),
        Type::List(t) | Type::Set(t) => Ok(Type::list((*t).clone())),
        ty => arg(0, format!("can only reverse list or tuple values, not {}", ty.friendly_name())),
    }
}

fn slice_type(args: &[Value]) -> Out<Type> {
    let ty = args[0].ty();
    let len = match &ty {
        Type::Set(_) => {
            return arg(
                0,
                "cannot slice a set, because its elements do not have indices; explicitly convert to a list if the \
                 ordering of the result is not important",
            );
        }
        Type::Tuple(ts) => Some(ts.len()),
        Type::List(_) => args[0].known_len(),
        _ => return arg(0, "must be a list or tuple value"),
    };
    let bounds = slice_bounds(args, len)?;
    match (ty, bounds) {
        (Type::Tuple(ts), (Some(from), Some(to))) => Ok(Type::tuple(ts[from..to].iter().cloned())),
        (Type::Tuple(_), _) => Ok(Type::Dynamic),
        (ty, _) => Ok(ty),
    }
}

fn slice_bounds(args: &[Value], len: Option<usize>) -> Out<(Option<usize>, Option<usize>)> {
    let bound = |index: usize, name: &str| -> Out<Option<usize>> {
        if args[index].is_unknown() {
            return Ok(None);
        }
        let n = crate::call::int_arg(args, index)
            .map_err(|e| CallError::Arg { index, message: format!("invalid {name} index: {e}") })?;
        let Ok(n) = usize::try_from(n) else { return arg(index, format!("{name} index must not be less than zero")) };
        if len.is_some_and(|l| n > l) {
            return arg(index, format!("{name} index must not be greater than the length of the list"));
        }
        Ok(Some(n))
    };
    let (from, to) = (bound(1, "start")?, bound(2, "end")?);
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        return arg(1, "start index must not be greater than end index");
    }
    Ok((from, to))
}

fn sort(list: &Value) -> Out {
    if !list.is_wholly_known() {
        let facts = list.refinement().cloned().unwrap_or_default();
        let len = list.known_len().map(|n| n as u64);
        return Ok(Value::unknown_not_null(Type::list(Type::String)).refine(|r| {
            r.min_len = len.or(facts.min_len);
            r.max_len = len.or(facts.max_len);
        }));
    }
    let mut items = list.as_items().unwrap_or_default().to_vec();
    if let Some(i) = items.iter().position(Value::is_null) {
        return fail(format!("given list element {i} is null; a null string cannot be sorted"));
    }
    items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    Ok(Value::list(Type::String, items))
}

fn match_keys(args: &[Value]) -> Out {
    let ty = elem(&args[0]);
    let Some(common) = unify(&[args[1].ty(), args[2].ty()]) else {
        return fail("keys and searchset must be of the same type");
    };
    if args[0].known_len() != args[1].known_len() {
        return fail("length of keys and values should be equal");
    }
    let to_common = |v: &Value| convert(v, &common).map_err(|e| CallError::Call(e.message));
    let (keys, wanted) = (to_common(&args[1])?, to_common(&args[2])?);
    let wanted = wanted.as_items().unwrap_or_default();
    if wanted.is_empty() {
        return Ok(Value::list(ty, Vec::new()));
    }
    if !args[0].is_wholly_known() || !keys.is_wholly_known() {
        return Ok(Value::unknown(args[0].ty()));
    }
    let mut out = Vec::new();
    for (v, key) in args[0].as_items().unwrap_or_default().iter().zip(keys.as_items().unwrap_or_default()) {
        for w in wanted {
            match key.equals(w).as_bool() {
                Some(true) => {
                    out.push(v.clone());
                    break;
                }
                Some(false) => {}
                None => return Ok(Value::list(ty, Vec::new())),
            }
        }
    }
    Ok(Value::list(ty, out))
}

#[cfg(test)]
mod tests {
    use crate::call::testing::check;

    #[test]
    fn lists() {
        check(&[
            ("chunklist", "[[1,2,3,4,5],2]", "[[1,2],[3,4],[5]]"),
            ("chunklist", "[[1,2,3],0]", "[[1,2,3]]"),
            ("chunklist", "[[],0]", "[]"),
            ("chunklist", "[[1],-1]", "call: the size argument must be positive"),
            ("compact", r#"[[1,0,"",null]]"#, r#"["1","0"]"#),
            ("concat", r#"[["a"],[1],[null]]"#, r#"["a",1,null]"#),
            ("concat", r#"[["a"],"b"]"#, "arg 1: all arguments must be lists or tuples; got string"),
            ("distinct", r#"[[1,"1",2]]"#, r#"["1","2"]"#),
            ("distinct", "[[1,1.0,1.5,1.50]]", "[1,1.5]"),
            ("flatten", r#"[[[1,[2,[3]]],{"a":[1]}]]"#, r#"[1,2,3,{"a":[1]}]"#),
            ("flatten", r#"["a"]"#, "call: can only flatten lists, sets and tuples"),
            ("range", "[0,1,0.25]", "[0,0.25,0.5,0.75]"),
            ("range", "[-3]", "[0,-1,-2]"),
            ("range", "[1,2,0]", "call: more than 1024 values …"),
            ("range", "[1,5,-1]", "arg 1: end must be less than start when step is negative"),
            ("reverse", r#"[[1,"a"]]"#, r#"["a",1]"#),
            ("slice", r#"[["a","b","c"],1,2]"#, r#"["b"]"#),
            ("slice", r#"[["a","b","c"],1,4]"#, "arg 2: end index must not be greater than the length of the list"),
            ("sort", r#"[["B","a","C","b","é","z"]]"#, r#"["B","C","a","b","z","é"]"#),
            ("sort", r#"[["a",null]]"#, "call: given list element 1 is null; a null string cannot be sorted"),
            ("matchkeys", r#"[["a"],[1],["1"]]"#, r#"["a"]"#),
            ("matchkeys", r#"[["a","b"],["x","y"],[]]"#, "[]"),
        ]);
    }
}
