//! The most specific type that several types convert to.

use std::cmp::Ordering;

use crate::convert::{convertible, convertible_safely};
use crate::{Str, Type, Value, convert};

/// Returns the type all `types` convert to, or `None`. Source: cty `convert.UnifyUnsafe`.
///
/// Where an unknown type stands beside a structural or collection type the answer is `Dynamic`: it cannot be told yet
/// which way the unification will go.
#[must_use]
pub fn unify(types: &[Type]) -> Option<Type> {
    unify_with(types, true)
}

pub(crate) fn unify_with(types: &[Type], lossy: bool) -> Option<Type> {
    let first = types.first()?;
    // Equal types don't change the answer, and the rest is quadratic.
    let mut distinct: Vec<Type> = Vec::new();
    if types.iter().all(|t| t == first) {
        // One object type still goes through unification, which drops nothing.
        return Some(first.clone());
    }
    let mut seen = std::collections::HashSet::new();
    for t in types {
        if seen.insert(t) {
            distinct.push(t.clone());
        }
    }
    let types = &distinct[..];
    let count = |f: fn(&Type) -> bool| types.iter().filter(|t| f(t)).count();
    let all = types.len();
    let dynamic = count(|t| matches!(t, Type::Dynamic));
    let maps = count(|t| matches!(t, Type::Map(_)));
    let lists = count(|t| matches!(t, Type::List(_)));
    let sets = count(|t| matches!(t, Type::Set(_)));
    let objects = count(|t| matches!(t, Type::Object(_)));
    let tuples = count(|t| matches!(t, Type::Tuple(_)));
    let elements = || types.iter().filter_map(Type::element).cloned().collect::<Vec<_>>();
    if maps > 0 && maps + dynamic == all {
        return open(dynamic).or_else(|| unify_with(&elements(), lossy).map(Type::map));
    }
    if maps > 0 && maps + objects + dynamic == all {
        if let Some(t @ Type::Map(_)) = structural_as_collection(types, lossy) {
            return Some(t);
        }
    } else if lists > 0 && lists + dynamic == all {
        return open(dynamic).or_else(|| unify_with(&elements(), lossy).map(Type::list));
    } else if lists > 0 && lists + tuples + dynamic == all {
        if let Some(t @ Type::List(_)) = structural_as_collection(types, lossy) {
            return Some(t);
        }
    } else if sets > 0 && sets + dynamic == all {
        return open(dynamic).or_else(|| unify_with(&elements(), lossy).map(Type::set));
    } else if objects > 0 && objects + dynamic == all {
        return open(dynamic).or_else(|| unify_objects(types, lossy));
    } else if tuples > 0 && tuples + dynamic == all {
        return open(dynamic).or_else(|| unify_tuples(types, lossy));
    } else if objects > 0 && tuples > 0 {
        return None;
    }
    let fits = |from: &Type, to: &Type| if lossy { convertible(from, to) } else { convertible_safely(from, to) };
    by_generality(types)
        .into_iter()
        .map(|i| &types[i])
        .find(|want| types.iter().all(|t| t == *want || fits(t, want)))
        .cloned()
}

fn open(dynamic: usize) -> Option<Type> {
    (dynamic > 0).then_some(Type::Dynamic)
}

/// Takes objects among maps for maps and tuples among lists for lists.
fn structural_as_collection(types: &[Type], lossy: bool) -> Option<Type> {
    let structural: Vec<Type> =
        types.iter().filter(|t| matches!(t, Type::Object(_) | Type::Tuple(_))).cloned().collect();
    let collection = members_as_collection(&structural, lossy)?;
    let replaced: Vec<Type> = types
        .iter()
        .map(|t| if matches!(t, Type::Object(_) | Type::Tuple(_)) { collection.clone() } else { t.clone() })
        .collect();
    unify_with(&replaced, lossy)
}

/// A map or list of whatever all attributes or elements of all these types convert to.
fn members_as_collection(types: &[Type], lossy: bool) -> Option<Type> {
    let mut members = Vec::new();
    let mut objects = false;
    for t in types {
        match t {
            Type::Object(o) => {
                objects = true;
                members.extend(o.attrs.values().cloned());
            }
            Type::Tuple(ts) => members.extend(ts.iter().cloned()),
            _ => {}
        }
    }
    let elem = unify_with(&members, lossy)?;
    let out = if objects { Type::map(elem) } else { Type::list(elem) };
    let fits = |from: &Type| if lossy { convertible(from, &out) } else { convertible_safely(from, &out) };
    types.iter().all(fits).then_some(out)
}

fn unify_objects(types: &[Type], lossy: bool) -> Option<Type> {
    let objects: Vec<_> = types.iter().filter_map(|t| if let Type::Object(o) = t { Some(o) } else { None }).collect();
    let (first, rest) = objects.split_first()?;
    if rest.iter().any(|o| !o.attrs.keys().eq(first.attrs.keys())) {
        return members_as_collection(types, lossy);
    }
    let mut attrs: Vec<(Str, Type)> = Vec::new();
    for name in first.attrs.keys() {
        let across: Vec<Type> = objects.iter().filter_map(|o| o.attrs.get(name).cloned()).collect();
        attrs.push((name.clone(), unify_with(&across, lossy)?));
    }
    Some(Type::object(attrs))
}

fn unify_tuples(types: &[Type], lossy: bool) -> Option<Type> {
    let tuples: Vec<_> = types.iter().filter_map(|t| if let Type::Tuple(ts) = t { Some(ts) } else { None }).collect();
    let (first, rest) = tuples.split_first()?;
    if rest.iter().any(|t| t.len() != first.len()) {
        return members_as_collection(types, lossy);
    }
    let mut elems = Vec::with_capacity(first.len());
    for i in 0..first.len() {
        let across: Vec<Type> = tuples.iter().map(|t| t[i].clone()).collect();
        elems.push(unify_with(&across, lossy)?);
    }
    Some(Type::tuple(elems))
}

/// Indices of types, the more general first; stable among those that don't compare.
fn by_generality(types: &[Type]) -> Vec<usize> {
    let n = types.len();
    let mut below: Vec<Vec<usize>> = vec![Vec::new(); n];
    let mut above = vec![0usize; n];
    for i in 0..n {
        for j in i + 1..n {
            match generality(&types[i], &types[j]) {
                Ordering::Less => {
                    below[i].push(j);
                    above[j] += 1;
                }
                Ordering::Greater => {
                    below[j].push(i);
                    above[i] += 1;
                }
                Ordering::Equal => {}
            }
        }
    }
    let mut order: Vec<usize> = (0..n).filter(|i| above[*i] == 0).collect();
    let mut next = 0;
    while next < order.len() {
        for &j in &below[order[next]] {
            above[j] -= 1;
            if above[j] == 0 {
                order.push(j);
            }
        }
        next += 1;
    }
    order
}

/// `Less`: `a` is the more general and preferred. Source: cty `compareTypes`.
fn generality(a: &Type, b: &Type) -> Ordering {
    use Type::{Dynamic, List, Map, Object, Set, Tuple};
    match (a, b) {
        (Dynamic, Dynamic) => Ordering::Equal,
        // Anything converts to `Dynamic`, so it comes last: neighbours say more.
        (Dynamic, _) => Ordering::Greater,
        (_, Dynamic) => Ordering::Less,
        (a, b) if a.is_primitive() && b.is_primitive() => (*b == Type::String).cmp(&(*a == Type::String)),
        (List(a), List(b)) | (Set(a), Set(b)) | (Map(a), Map(b)) => generality(a, b),
        (List(_) | Tuple(_), Set(_)) | (List(_), Tuple(_)) | (Map(_), Object(_)) => Ordering::Less,
        (Set(_), List(_) | Tuple(_)) | (Tuple(_), List(_)) | (Object(_), Map(_)) => Ordering::Greater,
        (Object(a), Object(b)) if a.attrs.keys().eq(b.attrs.keys()) => {
            one_sided(a.attrs.values().zip(b.attrs.values()).map(|(a, b)| generality(a, b)))
        }
        (Tuple(a), Tuple(b)) if a.len() == b.len() => one_sided(a.iter().zip(b.iter()).map(|(a, b)| generality(a, b))),
        _ => Ordering::Equal,
    }
}

fn one_sided(orders: impl Iterator<Item = Ordering>) -> Ordering {
    let (mut less, mut greater) = (false, false);
    for o in orders {
        less |= o == Ordering::Less;
        greater |= o == Ordering::Greater;
    }
    match (less, greater) {
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        _ => Ordering::Equal,
    }
}

/// Converts all values to their unified type.
#[must_use]
pub fn unify_values(values: &[Value]) -> Option<(Type, Vec<Value>)> {
    let types: Vec<Type> = values.iter().map(Value::ty).collect();
    let ty = unify(&types)?;
    let values = values.iter().map(|v| convert(v, &ty).ok()).collect::<Option<Vec<_>>>()?;
    Some((ty, values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Type::{Bool, Number, String};

    #[test]
    fn unification() {
        let obj = |attrs: &[(&str, Type)]| Type::object(attrs.iter().map(|(k, t)| (*k, t.clone())));
        let cases = [
            (vec![Number, String], Some(String)),
            (vec![Number, Bool], None),
            (vec![Type::Dynamic, Number], Some(Number)),
            (vec![obj(&[("a", Number)]), obj(&[("b", String)])], Some(Type::map(String))),
            (vec![obj(&[("a", Number)]), obj(&[("a", String)])], Some(obj(&[("a", String)]))),
            (vec![Type::tuple([Number]), Type::tuple([])], Some(Type::list(Number))),
            (vec![Type::tuple([Number]), Type::tuple([String])], Some(Type::tuple([String]))),
            (vec![Type::list(Number), Type::tuple([String])], Some(Type::list(String))),
            (vec![Type::set(Number), Type::list(Number)], Some(Type::list(Number))),
            (vec![Type::map(Number), obj(&[("a", String)])], Some(Type::map(String))),
            (vec![Type::tuple([]), obj(&[])], None),
            (vec![Type::Dynamic, obj(&[])], Some(Type::Dynamic)),
            (vec![String, Type::list(String)], None),
        ];
        for (types, expected) in cases {
            assert_eq!(unify(&types), expected, "{types:?}");
        }
    }
}
