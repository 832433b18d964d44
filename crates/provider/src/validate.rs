//! Checks of a configuration against its declaration, beyond what the schema says.

use sdt_diag::Severity;
use sdt_value::{Path, Value};

use crate::api::Complaint;
use crate::declare::{Check, Content, Decl, Field, Meta, Ty};
use crate::timeouts::parse_duration;

/// Checks a configuration; unknown values are left alone.
#[must_use]
pub fn validate(meta: &Meta, config: &Value) -> Vec<Complaint> {
    let mut out = Vec::new();
    object(meta.decl, config, &Path::root(), &mut out);
    if let Some(timeouts) = config.get("timeouts").and_then(Value::as_members) {
        for (operation, value) in timeouts {
            if value.as_str().is_some_and(|s| parse_duration(s).is_none()) {
                let path = Path::root().attr("timeouts").attr(operation.clone());
                out.push(error(
                    path,
                    "Invalid timeout",
                    "A timeout is a duration such as \"30s\", \"10m\" or \"1h30m\".".into(),
                ));
            }
        }
    }
    out
}

/// An error about an attribute.
#[must_use]
pub fn error(path: Path, summary: &str, detail: String) -> Complaint {
    Complaint { severity: Severity::Error, summary: summary.to_owned(), detail, path }
}

fn object(decl: &Decl, config: &Value, path: &Path, out: &mut Vec<Complaint>) {
    if config.is_null() || config.is_unknown() {
        return;
    }
    let null = Value::NULL;
    for f in decl.fields {
        let value = config.get(f.name).unwrap_or(&null);
        let here = path.attr(f.name);
        relations(f, decl, config, value, &here, out);
        if let Some(why) = f.deprecated
            && is_set(value)
        {
            out.push(Complaint {
                severity: Severity::Warning,
                summary: "Argument is deprecated".into(),
                detail: why.to_owned(),
                path: here.clone(),
            });
        }
        match &f.content {
            Content::Attr(Ty::Set(Ty::Obj(decl)) | Ty::List(Ty::Obj(decl))) => {
                check_all(f, value, &here, out);
                for (i, item) in value.as_items().unwrap_or_default().iter().enumerate() {
                    object(decl, item, &here.index(Value::number(i as i64)), out);
                }
            }
            Content::Attr(_) => check_all(f, value, &here, out),
            Content::Block { decl, .. } => {
                let items = value.as_items().unwrap_or_default();
                for (i, item) in items.iter().enumerate() {
                    object(decl, item, &here.index(Value::number(i as i64)), out);
                }
            }
        }
    }
}

/// Set, perhaps to something not known yet.
fn is_set(value: &Value) -> bool {
    !value.is_null() && value.as_items().is_none_or(|i| !i.is_empty())
}

fn relations(f: &Field, decl: &Decl, config: &Value, value: &Value, path: &Path, out: &mut Vec<Complaint>) {
    let set = |name: &str| config.get(name).is_some_and(is_set);
    if is_set(value) && !value.is_unknown() {
        for other in f.conflicts_with.iter().filter(|o| set(o) && config.get(o).is_some_and(|v| !v.is_unknown())) {
            let detail = format!("{:?}: conflicts with {other}", f.name);
            out.push(error(path.clone(), "Conflicting configuration arguments", detail));
        }
        let missing: Vec<&str> = f.required_with.iter().copied().filter(|o| !set(o)).collect();
        if !missing.is_empty() {
            let detail = format!("{:?}: also needs {}", f.name, missing.join(", "));
            out.push(error(path.clone(), "Missing required argument", detail));
        }
    }
    // Said once for the group: by the first of its members that the declaration has.
    let first = |group: &[&str]| decl.fields.iter().find(|g| group.contains(&g.name)).is_some_and(|g| g.name == f.name);
    if first(f.exactly_one_of) {
        let unknown = f.exactly_one_of.iter().any(|n| config.get(n).is_some_and(Value::is_unknown));
        let given: Vec<&str> = f.exactly_one_of.iter().copied().filter(|n| set(n)).collect();
        if given.is_empty() || given.len() > 1 && !unknown {
            let detail = format!("exactly one of {} must be set; {} are", f.exactly_one_of.join(", "), given.len());
            out.push(error(path.clone(), "Invalid combination of arguments", detail));
        }
    }
    if first(f.at_least_one_of) && !f.at_least_one_of.iter().any(|n| set(n)) {
        let detail = format!("at least one of {} must be set", f.at_least_one_of.join(", "));
        out.push(error(path.clone(), "Missing required argument", detail));
    }
}

pub(crate) fn check_all(f: &Field, value: &Value, path: &Path, out: &mut Vec<Complaint>) {
    if value.is_null() || value.is_unknown() {
        return;
    }
    for check in f.checks {
        let size = value.as_items().map(<[Value]>::len).or_else(|| value.as_members().map(|m| m.len()));
        if let (Check::Length(min, max), Some(n)) = (check, size) {
            let n = n as u64;
            if n < *min || max.is_some_and(|m| n > m) {
                out.push(error(
                    path.clone(),
                    "Invalid number of elements",
                    bounds("the number of elements", *min, *max, n),
                ));
            }
            continue;
        }
        let elements: Vec<&Value> = match (value.as_items(), value.as_members()) {
            (Some(items), _) => items.iter().collect(),
            (_, Some(members)) => members.values().collect(),
            _ => vec![value],
        };
        for element in elements {
            if let Err(detail) = check_one(check, element, f.any_case) {
                let shown = if f.sensitive { "a sensitive value".to_owned() } else { shown(element) };
                let detail = format!("expected {} {detail}, got {shown}", f.name);
                out.push(error(path.clone(), "Invalid value for an argument", detail));
            }
        }
    }
}

fn shown(value: &Value) -> String {
    value
        .as_str()
        .map(|s| format!("{s:?}"))
        .or_else(|| value.as_number().map(|n| n.to_f64().to_string()))
        .unwrap_or_default()
}

fn bounds(what: &str, min: u64, max: Option<u64>, got: u64) -> String {
    match max {
        Some(max) => format!("{what} must be between {min} and {max}, not {got}"),
        None => format!("{what} must be at least {min}, not {got}"),
    }
}

fn check_one(check: &Check, value: &Value, any_case: bool) -> Result<(), String> {
    let is = |name: &str, s: &str| name == s || any_case && name.eq_ignore_ascii_case(s);
    let one_of = |names: &[&str]| match value.as_str() {
        Some(s) if !names.iter().any(|name| is(name, s)) => Err(format!("to be one of {names:?}")),
        _ => Ok(()),
    };
    match check {
        Check::OneOf(names) => one_of(names),
        Check::Values(names) => one_of(names()),
        Check::Range(min, max) => match value.as_number().map(sdt_value::Number::to_f64) {
            Some(n) if min.is_some_and(|m| n < m) || max.is_some_and(|m| n > m) => Err(match (min, max) {
                (Some(a), Some(b)) => format!("to be in the range ({a} - {b})"),
                (Some(a), None) => format!("to be at least ({a})"),
                (_, Some(b)) => format!("to be at most ({b})"),
                (None, None) => String::new(),
            }),
            _ => Ok(()),
        },
        Check::Length(min, max) => match value.as_str().map(|s| s.chars().count() as u64) {
            Some(n) if n < *min || max.is_some_and(|m| n > m) => Err(format!(
                "to have a length in the range ({min} - {})",
                max.map_or(String::from("any"), |m| m.to_string())
            )),
            _ => Ok(()),
        },
        Check::Text(f) => value.as_str().map_or(Ok(()), f),
    }
}
