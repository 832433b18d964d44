//! Type constraints: `list(object({ a = optional(string, "x") }))`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sdt_diag::{Diagnostic, Diagnostics, Span};
use sdt_hcl::{Expr, eval_const};
use sdt_value::{Kind, ObjectType, Str, Type, Value, convert};

use crate::statics;

/// Values for attributes that are `optional` with a default, laid out like the type that declares them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Defaults {
    /// By attribute of an object type.
    values: BTreeMap<Str, Value>,
    /// By attribute of an object type, by position of a tuple type, under the empty name for the elements of a collection.
    children: BTreeMap<Str, Defaults>,
    /// Whether the type is an object type.
    object: bool,
}

impl Defaults {
    /// Tells whether there is nothing to fill in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.children.is_empty()
    }

    /// Returns the value with defaults filled in where attributes are absent or null. It still has to be converted to the type.
    #[must_use]
    pub fn apply(&self, value: &Value) -> Value {
        if self.is_empty() || value.is_null() || value.is_unknown() {
            return value.clone();
        }
        let kind = match (value.kind(), self.object) {
            (Kind::Object(m) | Kind::Map(_, m), true) => {
                let mut out = (**m).clone();
                for (name, default) in &self.values {
                    if out.get(name).is_none_or(Value::is_null) {
                        out.insert(name.clone(), default.clone());
                    }
                }
                for (name, child) in &self.children {
                    if let Some(v) = out.get_mut(name) {
                        *v = child.apply(v);
                    }
                }
                Kind::Object(Arc::new(out))
            }
            (Kind::Object(m) | Kind::Map(_, m), false) => {
                let Some(child) = self.children.get("") else { return value.clone() };
                Kind::Object(Arc::new(m.iter().map(|(k, v)| (k.clone(), child.apply(v))).collect()))
            }
            (Kind::List(_, items) | Kind::Set(_, items) | Kind::Tuple(items), false) => {
                let child = |i: usize| self.children.get("").or_else(|| self.children.get(&*i.to_string()));
                let fill = |(i, v): (usize, &Value)| child(i).map_or_else(|| v.clone(), |c| c.apply(v));
                Kind::Tuple(Arc::new(items.iter().enumerate().map(fill).collect()))
            }
            _ => return value.clone(),
        };
        Value::from(kind).with_marks(value.marks())
    }

    fn of_child(name: &str, child: Self) -> Self {
        let mut d = Self::default();
        if !child.is_empty() {
            d.children.insert(name.into(), child);
        }
        d
    }
}

const SUMMARY: &str = "Invalid type specification";

fn bad(detail: impl Into<String>, at: Span) -> Diagnostics {
    Diagnostic::error(SUMMARY, detail).at(at).into()
}

/// Reads a type constraint. On an error the type is `any`.
#[must_use]
pub fn type_constraint(expr: &Expr) -> (Type, Defaults, Diagnostics) {
    match read(expr) {
        Ok((ty, defaults)) => (ty, defaults, Diagnostics::new()),
        Err(diags) => (Type::Dynamic, Defaults::default(), diags),
    }
}

/// Reads a type expression where no `optional` attributes are meant, as in the `convert` function.
///
/// # Errors
/// When it is no type.
pub fn plain_type(expr: &Expr) -> Result<Type, Diagnostics> {
    read(expr).map(|(t, _)| t)
}

fn read(expr: &Expr) -> Result<(Type, Defaults), Diagnostics> {
    if let Some(word) = statics::keyword(expr) {
        let none = Defaults::default();
        return match &*word {
            "string" => Ok((Type::String, none)),
            "number" => Ok((Type::Number, none)),
            "bool" => Ok((Type::Bool, none)),
            "any" => Ok((Type::Dynamic, none)),
            "list" | "set" | "map" => {
                Err(bad(format!("The type {word} needs the type of its elements: {word}(string)."), expr.span()))
            }
            "object" => Err(bad("An object type needs its attributes: object({ name = string }).", expr.span())),
            "tuple" => Err(bad("A tuple type needs the types of its elements: tuple([string, number]).", expr.span())),
            "optional" => Err(bad("Only attributes of an object type can be optional.", expr.span())),
            _ => Err(bad(format!("There is no type named {word:?}."), expr.span())),
        };
    }
    let Some(call) = statics::call(expr) else {
        return Err(bad(
            "A type is string, number, bool or any, or one made of others, such as list(string) or object({ name = string }).",
            expr.span(),
        ));
    };
    let name = &*call.name;
    match name {
        "string" | "number" | "bool" | "any" => {
            return Err(bad(format!("The type {name} takes no arguments."), call.args_span));
        }
        "optional" => return Err(bad("Only attributes of an object type can be optional.", call.name_span)),
        "list" | "set" | "map" | "object" | "tuple" => {}
        _ => return Err(bad(format!("There is no type named {name:?}."), call.name_span)),
    }
    let [arg] = call.args.as_slice() else {
        return Err(bad(
            format!("The type {name} takes exactly one argument, here are {}.", call.args.len()),
            call.args_span,
        ));
    };
    match name {
        "list" | "set" | "map" => {
            let (elem, child) = read(arg)?;
            let ty = match name {
                "list" => Type::list(elem),
                "set" => Type::set(elem),
                _ => Type::map(elem),
            };
            Ok((ty, Defaults::of_child("", child)))
        }
        "tuple" => {
            let Some(items) = statics::list(arg) else {
                return Err(bad("A tuple type takes a list of types in square brackets.", arg.span()));
            };
            let mut types = Vec::new();
            let mut defaults = Defaults::default();
            for (i, item) in items.iter().enumerate() {
                let (ty, child) = read(item)?;
                types.push(ty);
                if !child.is_empty() {
                    defaults.children.insert(i.to_string().into(), child);
                }
            }
            Ok((Type::tuple(types), defaults))
        }
        _ => object(arg),
    }
}

fn object(arg: &Expr) -> Result<(Type, Defaults), Diagnostics> {
    let Some(items) = statics::map(arg) else {
        return Err(bad("An object type takes its attributes in braces, each with its type.", arg.span()));
    };
    let mut ty = ObjectType { attrs: BTreeMap::new(), optional: BTreeSet::new() };
    let mut defaults = Defaults { object: true, ..Defaults::default() };
    let mut diags = Diagnostics::new();
    for (key, value) in items {
        let Some(name) = statics::keyword(&key) else {
            diags.extend(bad("Attributes of an object type are plain names.", key.span()));
            continue;
        };
        let optional = statics::call(&value).filter(|c| &*c.name == "optional");
        let result = match &optional {
            None => read(&value),
            Some(call) => match call.args.as_slice() {
                [] => Err(bad("An optional attribute needs its type: optional(string).", call.args_span)),
                [t] | [t, _] => read(t),
                [..] => Err(bad("optional takes a type and possibly a default, nothing more.", call.args_span)),
            },
        };
        let (attr, child) = match result {
            Ok(r) => r,
            Err(d) => {
                diags.extend(d);
                continue;
            }
        };
        if let Some(call) = &optional {
            ty.optional.insert(name.clone());
            if let [_, default] = call.args.as_slice() {
                let (value, more) = eval_const(default);
                let failed = more.has_errors();
                diags.extend(more);
                match convert(&child.apply(&value), &attr) {
                    Ok(v) if !failed => {
                        defaults.values.insert(name.clone(), v);
                    }
                    Ok(_) => {}
                    Err(_) if failed => {}
                    Err(e) => {
                        let detail = format!("The default does not fit the attribute's type: {}.", e.message);
                        diags.push(
                            Diagnostic::error("Invalid default value for optional attribute", detail)
                                .at(default.span()),
                        );
                    }
                }
            }
        }
        if !child.is_empty() {
            defaults.children.insert(name.clone(), child);
        }
        if ty.attrs.insert(name.clone(), attr).is_some() {
            diags.extend(bad(format!("The attribute {name:?} is there twice."), key.span()));
        }
    }
    if diags.has_errors() { Err(diags) } else { Ok((Type::Object(Arc::new(ty)), defaults)) }
}
