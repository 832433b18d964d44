//! Maps and objects.

use std::collections::BTreeMap;

use sdt_value::{Kind, Marks, Str, Type, Value, convert};

use crate::call::{Out, arg, fail};
use crate::{Function, Param, ParamType};

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new(
        "keys",
        "Returns the keys of a map, in order.",
        &[Param::any("inputMap").unknown().marked()],
        Type::Dynamic,
        |a, _| {
            let ty = keys_type(a)?;
            let names: Vec<Value> = match (a[0].kind(), a[0].ty()) {
                (Kind::Map(_, m) | Kind::Object(m), _) => m.keys().map(Value::string).collect(),
                (_, Type::Object(o)) => o.attrs.keys().map(Value::string).collect(),
                _ => return Ok(Value::unknown(ty).with_marks(a[0].marks())),
            };
            Ok(match ty {
                Type::List(_) => Value::list(Type::String, names),
                _ => Value::tuple(names),
            }
            .with_marks(a[0].marks()))
        },
    )
    .typed(keys_type),
    Function::new(
        "values",
        "Returns the values of a map, in the order of its keys.",
        &[Param::any("mapping").marked()],
        Type::Dynamic,
        |a, _| {
            let members = a[0].as_members();
            let items: Vec<Value> = members.into_iter().flat_map(|m| m.values()).cloned().collect();
            Ok(match values_type(a)? {
                Type::List(t) => Value::list((*t).clone(), items),
                _ => Value::tuple(items),
            }
            .with_marks(a[0].marks()))
        },
    )
    .typed(values_type),
    Function::new(
        "lookup",
        "Returns the element of a map with a key, or a default.",
        &[Param::any("inputMap").marked(), Param::string("key").marked()],
        Type::Dynamic,
        |a, _| lookup(a),
    )
    .variadic(Param::any("default").unknown().dynamic().null().marked())
    .typed(lookup_type)
    .nullable(),
    Function::new("merge", "Puts maps together; later ones win.", &[], Type::Dynamic, |a, _| merge(a))
        .variadic(Param::any("maps").dynamic().null().marked())
        .typed(merge_type)
        .nullable(),
    Function::new(
        "zipmap",
        "Makes a map of a list of keys and a list of values.",
        &[Param::new("keys", ParamType::ListOfString).marked(), Param::any("values").marked()],
        Type::Dynamic,
        |a, _| zipmap(a),
    )
    .typed(zipmap_type),
    Function::new(
        "transpose",
        "Turns a map of lists around: each listed string becomes a key with the list of its former keys.",
        &[Param::new("values", ParamType::MapOfListOfString)],
        Type::Dynamic,
        |a, _| transpose(&a[0]),
    )
    .typed(|_| Ok(Type::map(Type::list(Type::String)))),
];

fn keys_type(args: &[Value]) -> Out<Type> {
    match args[0].ty() {
        Type::Map(_) => Ok(Type::list(Type::String)),
        Type::Object(o) => Ok(Type::tuple(o.attrs.keys().map(|_| Type::String))),
        _ => arg(0, "must have map or object type"),
    }
}

fn values_type(args: &[Value]) -> Out<Type> {
    match args[0].ty() {
        Type::Map(t) => Ok(Type::list((*t).clone())),
        Type::Object(o) => Ok(Type::tuple(o.attrs.values().cloned())),
        _ => fail("values() requires a map as the first argument"),
    }
}

fn lookup_type(args: &[Value]) -> Out<Type> {
    if args.len() > 3 {
        return fail(format!("lookup() takes two or three arguments, got {}", args.len()));
    }
    match args[0].ty() {
        Type::Object(o) => {
            let Some(key) = args[1].as_str() else { return Ok(Type::Dynamic) };
            match (o.attrs.get(key), args.get(2)) {
                (Some(t), _) => Ok(t.clone()),
                (None, Some(default)) => Ok(default.ty()),
                _ if !args[1].marks().is_empty() => arg(0, "the given object has no such attribute"),
                _ => arg(0, format!("the given object has no attribute {key:?}")),
            }
        }
        Type::Map(t) => match args.get(2) {
            Some(default) if convert(default, &t).is_err() => {
                arg(2, "the default value must have the same type as the map elements")
            }
            _ => Ok((*t).clone()),
        },
        _ => arg(0, "lookup() requires a map as the first argument"),
    }
}

fn lookup(args: &[Value]) -> Out {
    let ty = lookup_type(args)?;
    let marks = args[0].marks() | args[1].marks();
    let key = args[1].as_str().unwrap_or("");
    if let Some(v) = args[0].get(key) {
        return Ok(v.clone().with_marks(marks));
    }
    match args.get(2) {
        Some(default) => match convert(default, &ty) {
            Ok(v) => Ok(v.with_marks(marks)),
            Err(e) => fail(e.message),
        },
        None if !args[1].marks().is_empty() => fail("lookup failed to find key (sensitive value)"),
        None => fail(format!("lookup failed to find key {key:?}")),
    }
}

fn merge_type(args: &[Value]) -> Out<Type> {
    let mut attrs: BTreeMap<Str, Type> = BTreeMap::new();
    let mut all_known = true;
    let mut first: Option<Type> = None;
    let mut same = true;
    for v in args {
        let ty = v.ty();
        match (&ty, v.kind()) {
            (Type::Dynamic, _) => return Ok(Type::Dynamic),
            (Type::Object(_) | Type::Map(_), Kind::Null(_)) => {}
            (Type::Object(o), _) => attrs.extend(o.attrs.iter().map(|(k, t)| (k.clone(), t.clone()))),
            (Type::Map(t), Kind::Map(_, m)) => attrs.extend(m.keys().map(|k| (k.clone(), (**t).clone()))),
            (Type::Map(_), _) => all_known = false,
            _ => return fail(format!("arguments must be maps or objects, got {:?}", ty.friendly_name())),
        }
        match &first {
            Some(f) => same &= *f == ty,
            None => first = Some(ty),
        }
    }
    match first {
        None => Ok(Type::object::<Str>([])),
        Some(ty) if same => Ok(ty),
        _ if !all_known => Ok(Type::Dynamic),
        _ => Ok(Type::object(attrs)),
    }
}

fn merge(args: &[Value]) -> Out {
    let ty = merge_type(args)?;
    let mut marks = Marks::NONE;
    let mut out: BTreeMap<Str, Value> = BTreeMap::new();
    for v in args {
        if v.is_null() {
            continue;
        }
        marks |= v.marks();
        match v.kind() {
            Kind::Map(_, m) | Kind::Object(m) => out.extend(m.iter().map(|(k, v)| (k.clone(), v.clone()))),
            // A null of any type beside it keeps the types from being checked.
            Kind::List(_, items) | Kind::Tuple(items) | Kind::Set(_, items) if items.is_empty() => {}
            _ => return fail(format!("arguments must be maps or objects, got {:?}", v.ty().friendly_name())),
        }
    }
    Ok(match ty {
        Type::Map(t) => Value::map((*t).clone(), out),
        _ => Value::object(out),
    }
    .with_marks(marks))
}

fn zipmap_type(args: &[Value]) -> Out<Type> {
    match args[1].ty() {
        Type::List(t) => Ok(Type::map((*t).clone())),
        Type::Tuple(ts) => {
            let Some(keys) = args[0].as_items().filter(|_| args[0].is_wholly_known()) else {
                return Ok(Type::Dynamic);
            };
            counts_match(keys.len(), ts.len())?;
            let mut attrs = Vec::new();
            for (k, t) in named(keys, ts.iter())? {
                attrs.push((k, t.clone()));
            }
            Ok(Type::object(attrs))
        }
        _ => fail("values argument must be a list or tuple value"),
    }
}

fn counts_match(keys: usize, values: usize) -> Out<()> {
    if keys == values {
        return Ok(());
    }
    fail(format!("number of keys ({keys}) does not match number of values ({values})"))
}

fn named<T>(keys: &[Value], values: impl Iterator<Item = T>) -> Out<Vec<(Str, T)>> {
    let mut out = Vec::new();
    for (i, (k, v)) in keys.iter().zip(values).enumerate() {
        match k.kind() {
            Kind::String(s) => out.push((s.clone(), v)),
            _ => return fail(format!("keys list has null value at index {i}")),
        }
    }
    Ok(out)
}

fn zipmap(args: &[Value]) -> Out {
    let ty = zipmap_type(args)?;
    // Map keys have no marks of their own: those of the key strings go to the whole.
    let marks = args[0].deep_marks() | args[1].marks();
    if !args[0].is_wholly_known() {
        return Ok(Value::unknown(ty).with_marks(marks));
    }
    let keys = args[0].as_items().unwrap_or_default();
    let values = args[1].as_items().unwrap_or_default();
    counts_match(keys.len(), values.len())?;
    let members = named(keys, values.iter().cloned())?;
    Ok(match ty {
        Type::Map(t) => Value::map((*t).clone(), members.into_iter().collect()),
        _ => Value::object(members),
    }
    .with_marks(marks))
}

fn transpose(map: &Value) -> Out {
    let ty = Type::list(Type::String);
    if !map.is_wholly_known() {
        return Ok(Value::unknown(Type::map(ty)));
    }
    let mut out: BTreeMap<Str, Vec<Value>> = BTreeMap::new();
    for (key, list) in map.as_members().into_iter().flatten() {
        let Some(items) = list.as_items() else { return fail("input must be a map of lists of strings") };
        for item in items {
            let Kind::String(s) = item.kind() else { return fail("input must be a map of lists of strings") };
            out.entry(s.clone()).or_default().push(Kind::String(key.clone()).into());
        }
    }
    // Keys are visited in order, so each list is sorted already.
    let out = out.into_iter().map(|(k, v)| (k, Value::list(Type::String, v))).collect();
    Ok(Value::map(ty, out))
}

#[cfg(test)]
mod tests {
    use crate::call::testing::check;

    #[test]
    fn maps() {
        check(&[
            ("keys", r#"[{"b":1,"a":2}]"#, r#"["a","b"]"#),
            ("keys", "[[1]]", "arg 0: must have map or object type"),
            ("values", r#"[{"b":1,"a":2}]"#, "[2,1]"),
            ("values", "[[1]]", "call: values() requires a map as the first argument"),
            ("lookup", r#"[{"a":null},"a",1]"#, "null"),
            ("lookup", r#"[{"a":1},"b"]"#, r#"arg 0: the given object has no attribute "b""#),
            ("lookup", r#"[{"a":1},"b","x"]"#, r#""x""#),
            ("merge", r#"[{"a":1},null,{"b":2,"a":3}]"#, r#"{"a":3,"b":2}"#),
            ("merge", "[null]", "{}"),
            ("merge", "[]", "{}"),
            ("merge", r#"[{"a":1},"x"]"#, r#"call: arguments must be maps or objects, got "string""#),
            ("zipmap", r#"[["a","b"],[1,"x"]]"#, r#"{"a":1,"b":"x"}"#),
            ("zipmap", r#"[["a","b"],[1]]"#, "call: number of keys (2) does not match number of values (1)"),
            ("zipmap", "[[null],[1]]", "call: keys list has null value at index 0"),
            ("transpose", r#"[{"b":["x"],"a":["x","y"]}]"#, r#"{"x":["a","b"],"y":["a"]}"#),
            ("transpose", r#"[{"a":[null]}]"#, "call: …"),
        ]);
    }
}
