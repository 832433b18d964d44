//! Values as the console and `output` print them.

use crate::diff::quote;

use sdt_value::{Kind, Marks, Type, Value};

/// Writes a value in the language's own syntax, as far as it has one: `tolist([…])`, heredocs for text of several lines,
/// `(sensitive value)`, `(known after apply)`.
#[must_use]
pub fn value_text(value: &Value) -> String {
    write(value, 0)
}

fn write(value: &Value, indent: usize) -> String {
    if value.marks().contains(Marks::SENSITIVE) {
        return "(sensitive value)".into();
    }
    if value.marks().contains(Marks::EPHEMERAL) {
        return "(ephemeral value)".into();
    }
    match value.kind() {
        Kind::Unknown(..) => "(known after apply)".into(),
        Kind::Null(ty) => null(ty),
        Kind::Bool(b) => b.to_string(),
        Kind::Number(n) => n.to_string(),
        Kind::String(s) => heredoc(s, indent).unwrap_or_else(|| quote(s)),
        Kind::List(_, items) => call("tolist", &sequence(items, indent)),
        Kind::Set(_, items) => call("toset", &sequence(items, indent)),
        Kind::Tuple(items) => sequence(items, indent),
        Kind::Map(_, members) if members.is_empty() => "tomap({})".into(),
        Kind::Map(_, members) => call("tomap", &braces(members.iter(), indent)),
        Kind::Object(members) => braces(members.iter(), indent),
    }
}

fn call(name: &str, argument: &str) -> String {
    format!("{name}({argument})")
}

fn null(ty: &Type) -> String {
    match ty {
        Type::Dynamic => "null".into(),
        Type::String => "tostring(null)".into(),
        Type::Number => "tonumber(null)".into(),
        Type::Bool => "tobool(null)".into(),
        Type::List(elem) => format!("tolist(null) /* of {} */", elem.friendly_name()),
        Type::Set(elem) => format!("toset(null) /* of {} */", elem.friendly_name()),
        Type::Map(elem) => format!("tomap(null) /* of {} */", elem.friendly_name()),
        other => format!("null /* {} */", other.friendly_name()),
    }
}

fn heredoc(text: &str, indent: usize) -> Option<String> {
    let lines: Vec<_> = text.split('\n').collect();
    if lines.len() < 2 {
        return None;
    }
    let mut mark = String::from("EOT");
    while lines.iter().any(|l| l.trim() == mark) {
        mark = format!("{mark}_");
    }
    let (operator, pad) = if indent > 0 { ("<<-", " ".repeat(indent)) } else { ("<<", String::new()) };
    let body = lines.join(&format!("\n{pad}"));
    Some(format!("{operator}{mark}\n{pad}{body}\n{pad}{mark}"))
}

fn sequence(items: &[Value], indent: usize) -> String {
    if items.is_empty() {
        return "[]".into();
    }
    let pad = " ".repeat(indent + 2);
    let lines: String = items.iter().map(|i| format!("{pad}{},\n", write(i, indent + 2))).collect();
    format!("[\n{lines}{}]", " ".repeat(indent))
}

fn key(name: &str, indent: usize) -> String {
    heredoc(name, indent).unwrap_or_else(|| quote(name))
}

fn braces<'v>(members: impl Iterator<Item = (&'v sdt_value::Str, &'v Value)>, indent: usize) -> String {
    let pad = " ".repeat(indent + 2);
    let lines: String =
        members.map(|(k, v)| format!("{pad}{} = {}\n", key(k, indent + 2), write(v, indent + 2))).collect();
    if lines.is_empty() {
        return "{}".into();
    }
    format!("{{\n{lines}{}}}", " ".repeat(indent))
}

/// Writes a type as the console's `type` shows it.
#[must_use]
pub fn type_text(ty: &Type) -> String {
    write_type(ty, 0)
}

fn write_type(ty: &Type, indent: usize) -> String {
    let pad = " ".repeat(indent + 4);
    let end = " ".repeat(indent);
    let of = |name: &str, elem: &Type| match elem {
        Type::Object(_) | Type::Tuple(_) => format!("{name}(\n{pad}{},\n{end})", write_type(elem, indent + 4)),
        _ => format!("{name}({})", write_type(elem, indent)),
    };
    match ty {
        Type::Dynamic => "dynamic".into(),
        Type::Bool => "bool".into(),
        Type::Number => "number".into(),
        Type::String => "string".into(),
        Type::List(elem) => of("list", elem),
        Type::Set(elem) => of("set", elem),
        Type::Map(elem) => of("map", elem),
        Type::Object(object) if object.attrs.is_empty() => "object({})".into(),
        Type::Object(object) => {
            let lines: String =
                object.attrs.iter().map(|(k, t)| format!("{pad}{k}: {},\n", write_type(t, indent + 4))).collect();
            format!("object({{\n{lines}{end}}})")
        }
        Type::Tuple(types) if types.is_empty() => "tuple([])".into(),
        Type::Tuple(types) => {
            let lines: String = types.iter().map(|t| format!("{pad}{},\n", write_type(t, indent + 4))).collect();
            format!("tuple([\n{lines}{end}])")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_print_in_the_languages_syntax() {
        let s = |t: &str| Value::string(t);
        for (value, expected) in [
            (s("a\"${b}"), r#""a\"${b}""#),
            (s("a\nb"), "<<EOT\na\nb\nEOT"),
            (Value::tuple(vec![s("a\nb")]), "[\n  <<-EOT\n  a\n  b\n  EOT,\n]"),
            (Value::list(Type::String, vec![s("x")]), "tolist([\n  \"x\",\n])"),
            (Value::list(Type::String, vec![]), "tolist([])"),
            (
                Value::object([("a", Value::number(1)), ("b", Value::object::<&str>([]))]),
                "{\n  \"a\" = 1\n  \"b\" = {}\n}",
            ),
            (Value::null(Type::list(Type::Dynamic)), "tolist(null) /* of dynamic */"),
            (s("x").with_marks(Marks::SENSITIVE), "(sensitive value)"),
        ] {
            assert_eq!(value_text(&value), expected);
        }
    }
}
