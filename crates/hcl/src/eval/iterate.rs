//! For expressions and splats.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use sdt_diag::{Diagnostic, Diagnostics, Span};
use sdt_value::{Kind, Marks, Str, Type, Value, convert, unify_values};

use super::{Env, Frame, Names};
use crate::ast::{Expr, For};
use crate::strings::quote;

const INVALID_CONDITION: &str = "Invalid 'for' condition";

/// What a for expression collects.
#[derive(Default)]
struct Results {
    items: Vec<Value>,
    members: BTreeMap<Str, Value>,
    groups: BTreeMap<Str, Vec<Value>>,
    marks: Marks,
    /// Set when a key or condition is not known: then neither is the type of the result.
    unknown: bool,
}

impl Env<'_> {
    pub(super) fn for_expr(&self, f: &For, diags: &mut Diagnostics) -> Value {
        let (collection, marks) = self.eval(&f.collection, diags).unmark();
        let at = f.collection.span;
        if collection.is_null() {
            let d = Diagnostic::error("Iteration over null value", "A for expression cannot go through null.");
            self.report(d.at(at).within(f.open.to(f.close)), &f.collection, diags);
            return Value::DYNAMIC;
        }
        let unknown_type = match collection.kind() {
            Kind::Unknown(ty, _) => Some(ty),
            _ => None,
        };
        let iterable = match unknown_type {
            // Where not even the type is known, marks come with the value later.
            Some(Type::Dynamic) => return Value::DYNAMIC,
            Some(ty) => !ty.is_primitive(),
            None => collection.as_items().is_some() || collection.as_members().is_some(),
        };
        if !iterable {
            let detail =
                format!("A for expression cannot go through a value of type {}.", collection.ty().friendly_name());
            let d = Diagnostic::error("Iteration over non-iterable value", detail);
            self.report(d.at(at).within(f.open.to(f.close)), &f.collection, diags);
            return Value::DYNAMIC;
        }
        let mut cond_marks = Marks::NONE;
        if let Some(cond) = &f.cond {
            match self.check_condition(f, cond, diags) {
                Some(marks) => cond_marks = marks,
                None => return Value::DYNAMIC,
            }
        }
        if unknown_type.is_some() {
            return Value::DYNAMIC.with_marks(marks | cond_marks);
        }
        let mut out = Results { marks, ..Results::default() };
        match collection.kind() {
            Kind::List(_, items) | Kind::Tuple(items) => {
                out.items.reserve(if f.key.is_none() { items.len() } else { 0 });
                // The key is not even made where nobody reads it.
                for (i, item) in items.iter().enumerate() {
                    let key = if f.key_var.is_some() { Value::number(i) } else { Value::NULL };
                    self.iteration(f, &key, item, &mut out, diags);
                }
            }
            Kind::Set(_, items) => {
                for item in items.iter() {
                    self.iteration(f, item, item, &mut out, diags);
                }
            }
            Kind::Map(_, members) | Kind::Object(members) => {
                for (name, item) in members.iter() {
                    let key = Value::from(Kind::String(name.clone()));
                    self.iteration(f, &key, item, &mut out, diags);
                }
            }
            _ => {}
        }
        if out.unknown {
            return Value::DYNAMIC.with_marks(out.marks);
        }
        let value = if f.key.is_none() {
            Value::tuple(out.items)
        } else if f.group {
            Value::object(out.groups.into_iter().map(|(k, v)| (k, Value::tuple(v))))
        } else {
            Kind::Object(out.members.into()).into()
        };
        value.with_marks(out.marks)
    }

    /// Runs `body` with the names of the for expression bound.
    fn bound<T>(&self, f: &For, key: &Value, value: &Value, body: impl FnOnce(&Env<'_>) -> T) -> T {
        let value_frame = |outer| Frame { names: Names::One(f.value_var.as_str(), value), outer };
        match &f.key_var {
            Some(name) => {
                let key_frame = Frame { names: Names::One(name.as_str(), key), outer: self.frame };
                let frame = value_frame(Some(&key_frame));
                body(&Env { frame: Some(&frame), ..*self })
            }
            None => {
                let frame = value_frame(self.frame);
                body(&Env { frame: Some(&frame), ..*self })
            }
        }
    }

    /// Checks the condition once with nothing known, so that a wrong type is told once and not for every element. Returns its
    /// marks, or `None` after an error.
    fn check_condition(&self, f: &For, cond: &Expr, diags: &mut Diagnostics) -> Option<Marks> {
        let before = diags.0.len();
        let marks = self.bound(f, &Value::DYNAMIC, &Value::DYNAMIC, |env| {
            let value = env.eval(cond, diags);
            if value.is_null() {
                let d = Diagnostic::error("Condition is null", "The condition after \"if\" must not be null.");
                env.report(d.at(cond.span).within(f.open.to(f.close)), cond, diags);
            } else if let Err(e) = convert(&value, &Type::Bool) {
                env.report(bad_condition(f, cond, &e.message), cond, diags);
            }
            value.marks()
        });
        (diags.0.len() == before).then_some(marks)
    }

    fn iteration(&self, f: &For, key: &Value, value: &Value, out: &mut Results, diags: &mut Diagnostics) {
        if self.budget.get() == 0 {
            if !out.unknown {
                diags.push(super::too_large(f.open.to(f.close)));
            }
            out.unknown = true;
            return;
        }
        self.bound(f, key, value, |env| {
            if let Some(cond) = &f.cond {
                let (include, marks) = env.eval(cond, diags).unmark();
                out.marks |= marks;
                let include = match convert(&include, &Type::Bool) {
                    _ if include.is_null() => Err("it must not be null".to_owned()),
                    Ok(v) => Ok(v.as_bool()),
                    Err(e) => Err(e.message),
                };
                match include {
                    Ok(Some(true)) => {}
                    Ok(Some(false)) => return,
                    Ok(None) => return out.unknown = true,
                    Err(message) => {
                        env.complain(bad_condition(f, cond, &message), cond, out, diags);
                        return;
                    }
                }
            }
            // What a condition leaves out costs nothing but time.
            env.budget.set(env.budget.get().saturating_sub(1));
            match &f.key {
                None => out.items.push(env.eval(&f.value, diags)),
                Some(key) => {
                    if let Some(name) = env.for_key(f, key, out, diags) {
                        let value = env.eval(&f.value, diags);
                        env.add_member(f, key.span, name, value, out, diags);
                    }
                }
            }
        });
    }

    /// Reports what is wrong with a condition or key. Once the result cannot be known, this would be noise.
    fn complain(&self, d: Diagnostic, expr: &Expr, out: &mut Results, diags: &mut Diagnostics) {
        if !out.unknown {
            self.report(d, expr, diags);
        }
        out.unknown = true;
    }

    fn for_key(&self, f: &For, key: &Expr, out: &mut Results, diags: &mut Diagnostics) -> Option<Str> {
        let (value, marks) = self.eval(key, diags).unmark();
        out.marks |= marks;
        let name = match value.kind() {
            Kind::String(s) => Ok(Some(s.clone())),
            Kind::Null(_) => Err("it must not be null".to_owned()),
            Kind::Unknown(..) => Ok(None),
            _ => match convert(&value, &Type::String).map(Value::into_kind) {
                Ok(Kind::String(s)) => Ok(Some(s)),
                Ok(_) => Ok(None),
                Err(e) => Err(e.message),
            },
        };
        match name {
            Ok(Some(name)) => return Some(name),
            Ok(None) => out.unknown = true,
            Err(message) => {
                let d = Diagnostic::error("Invalid object key", format!("The key is not valid: {message}."));
                self.complain(d.at(key.span).within(f.open.to(f.close)), key, out, diags);
            }
        }
        None
    }

    fn add_member(&self, f: &For, at: Span, name: Str, value: Value, out: &mut Results, diags: &mut Diagnostics) {
        if f.group {
            out.groups.entry(name).or_default().push(value);
            return;
        }
        match out.members.entry(name) {
            Entry::Vacant(e) => {
                e.insert(value);
            }
            Entry::Occupied(e) => {
                let name = quote(e.key());
                let detail = format!(
                    "Two elements give the key {name}. To group values of one key, put \"...\" after the value."
                );
                let d = Diagnostic::error("Duplicate object key", detail).at(at).within(f.open.to(f.close));
                match &f.key {
                    Some(key) => self.report(d, key, diags),
                    None => diags.push(d),
                }
            }
        }
    }

    pub(super) fn splat(&self, source: &Expr, each: &Expr, marker: Span, diags: &mut Diagnostics) -> Value {
        let before = diags.0.len();
        let (value, marks) = self.eval(source, diags).unmark();
        if diags.0.len() > before {
            return Value::DYNAMIC;
        }
        let with_item = |item: &Value, diags: &mut Diagnostics| Env { item: Some(item), ..*self }.eval(each, diags);
        match value.kind() {
            Kind::Null(Type::List(_) | Type::Set(_) | Type::Tuple(_)) => {
                let d =
                    Diagnostic::error("Splat of null value", "A splat cannot go through a null list, set or tuple.");
                self.report(d.at(source.span).within(source.span.to(marker)), source, diags);
                Value::DYNAMIC
            }
            Kind::Null(_) => Value::tuple(Vec::new()).with_marks(marks),
            Kind::Unknown(Type::Dynamic, _) => Value::DYNAMIC.with_marks(marks),
            Kind::List(elem, items) | Kind::Set(elem, items) => {
                let results: Vec<Value> = items.iter().map(|i| with_item(i, diags)).collect();
                let list = if diags.0.len() > before {
                    let unknown = Value::unknown(elem.clone());
                    Value::unknown(Type::list(with_item(&unknown, &mut Diagnostics::new()).ty()))
                } else if results.is_empty() {
                    let unknown = Value::unknown(elem.clone());
                    Value::list(with_item(&unknown, diags).ty(), results)
                } else {
                    list_of(results)
                };
                list.with_marks(marks)
            }
            Kind::Tuple(items) => {
                let results: Vec<Value> = items.iter().map(|i| with_item(i, diags)).collect();
                if diags.0.len() > before {
                    return Value::unknown(Type::tuple(results.iter().map(Value::ty))).with_marks(marks);
                }
                Value::tuple(results).with_marks(marks)
            }
            Kind::Unknown(Type::List(elem) | Type::Set(elem), facts) => {
                let result = with_item(&Value::unknown((**elem).clone()), diags).ty();
                let is_list = matches!(value.ty(), Type::List(_));
                let list = Value::unknown_not_null(Type::list(result));
                // A list gives as many results; in a set some elements may still turn out equal.
                let list = match facts.as_ref().filter(|_| is_list) {
                    Some(facts) => list.refine(|r| (r.min_len, r.max_len) = (facts.min_len, facts.max_len)),
                    None => list,
                };
                list.with_marks(marks)
            }
            Kind::Unknown(Type::Tuple(types), _) => {
                let results = types.iter().map(|t| with_item(&Value::unknown(t.clone()), diags).ty());
                let ty = Type::tuple(results.collect::<Vec<_>>());
                Value::unknown_not_null(ty).with_marks(marks)
            }
            _ => {
                let result = with_item(&value, diags);
                if value.is_unknown() && !value.definitely_not_null() {
                    // Whether there will be no item or one depends on whether it will be null.
                    return Value::DYNAMIC.with_marks(marks);
                }
                if diags.0.len() > before {
                    return Value::unknown(Type::tuple([result.ty()])).with_marks(marks);
                }
                Value::tuple(vec![result]).with_marks(marks)
            }
        }
    }
}

/// A list of results that have, as a rule, one type.
fn list_of(items: Vec<Value>) -> Value {
    match unify_values(&items) {
        Some((ty, items)) => Value::list(ty, items),
        None => Value::tuple(items),
    }
}

fn bad_condition(f: &For, cond: &Expr, message: &str) -> Diagnostic {
    let detail = format!("The condition after \"if\" is not valid: {message}.");
    Diagnostic::error(INVALID_CONDITION, detail).at(cond.span).within(f.open.to(f.close))
}
