//! Configuration for objects that are imported without any: what they are like, as blocks.

use std::fmt::Write as _;

use sdt_addr::ResourceInstance;
use sdt_schema::{Attribute, Block, Nesting};
use sdt_value::{Kind, Marks, Value};

/// Writes a resource block for an object. Only what can be set and is set is written; what is secret is left for its owner to fill in.
/// The text is for the formatter.
#[must_use]
pub fn resource_block(addr: &ResourceInstance, id: &str, block: &Block, object: &Value) -> String {
    let r = &addr.resource;
    let mut out = format!("# Written by sdt for the import of {}\n", quoted(id));
    let _ = writeln!(out, "resource \"{}\" \"{}\" {{", r.type_name, r.name);
    body(&mut out, block, object);
    out.push_str("}\n");
    out
}

fn body(out: &mut String, block: &Block, object: &Value) {
    let Some(members) = object.as_members() else { return };
    for (name, attribute) in &block.attributes {
        let Some(value) = members.get(name) else { continue };
        if !wanted(name, attribute, value) {
            continue;
        }
        let secret = attribute.sensitive || value.deep_marks().contains(Marks::SENSITIVE);
        if secret {
            let _ = writeln!(out, "{name} = null # sensitive");
        } else {
            let _ = writeln!(out, "{name} = {}", expression(&value.clone().unmark_deep().0));
        }
    }
    for (name, nested) in &block.blocks {
        let Some(value) = members.get(name).filter(|v| !v.is_null()) else { continue };
        let mut one = |label: Option<&str>, item: &Value| {
            let label = label.map(|l| format!(" {}", quoted(l))).unwrap_or_default();
            let _ = writeln!(out, "{name}{label} {{");
            body(out, &nested.block, item);
            out.push_str("}\n");
        };
        match (nested.nesting, value.kind()) {
            (Nesting::Map, Kind::Map(_, m)) => m.iter().for_each(|(k, v)| one(Some(k), v)),
            (Nesting::Single | Nesting::Group, _) => one(None, value),
            (_, Kind::List(_, items) | Kind::Set(_, items)) => items.iter().for_each(|v| one(None, v)),
            (_, Kind::Tuple(items)) => items.iter().for_each(|v| one(None, v)),
            _ => {}
        }
    }
}

/// What is only computed cannot be written, and what is not set, or set to nothing, need not be.
fn wanted(name: &str, a: &Attribute, value: &Value) -> bool {
    if !(a.required || a.optional) || a.deprecated.is_some() && !a.required || name == "id" {
        return false;
    }
    if a.required {
        return true;
    }
    let nothing = match value.kind() {
        Kind::Null(_) => true,
        Kind::String(s) => s.is_empty(),
        Kind::List(_, items) | Kind::Set(_, items) => items.is_empty(),
        Kind::Tuple(items) => items.is_empty(),
        Kind::Map(_, m) => m.is_empty(),
        _ => false,
    };
    // `tags_all` and its like repeat what is set elsewhere.
    !nothing && !(a.computed && name == "tags_all")
}

fn expression(value: &Value) -> String {
    match value.kind() {
        Kind::Null(_) | Kind::Unknown(..) => "null".into(),
        Kind::Bool(b) => b.to_string(),
        Kind::Number(n) => n.to_string(),
        Kind::String(s) => match json(s) {
            Some(inner) => format!("jsonencode({})", json_expression(&inner)),
            None => quoted(s),
        },
        Kind::List(_, items) | Kind::Set(_, items) => list(items),
        Kind::Tuple(items) => list(items),
        Kind::Map(_, m) => object(m.iter().map(|(k, v)| (&**k, expression(v)))),
        Kind::Object(m) => object(m.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (&**k, expression(v)))),
    }
}

fn list(items: &[Value]) -> String {
    if items.is_empty() {
        return "[]".into();
    }
    format!("[{}]", items.iter().map(expression).collect::<Vec<_>>().join(", "))
}

fn object<'a>(members: impl Iterator<Item = (&'a str, String)>) -> String {
    let lines: Vec<String> = members.map(|(k, v)| format!("{} = {v}\n", key(k))).collect();
    if lines.is_empty() { "{}".into() } else { format!("{{\n{}}}", lines.concat()) }
}

fn key(k: &str) -> String {
    let mut chars = k.chars();
    let plain = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if plain { k.to_owned() } else { quoted(k) }
}

/// The document in a string that holds an object or array of JSON, and says the same when it is written again.
fn json(text: &str) -> Option<serde_json::Value> {
    if !text.starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str(text).ok()
}

fn json_expression(json: &serde_json::Value) -> String {
    use serde_json::Value as Json;
    match json {
        Json::String(s) => quoted(s),
        Json::Array(items) => format!("[{}]", items.iter().map(json_expression).collect::<Vec<_>>().join(", ")),
        Json::Object(m) => object(m.iter().map(|(k, v)| (k.as_str(), json_expression(v)))),
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if chars.peek() == Some(&'{') => {
                out.push(c);
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sdt_schema::NestedBlock;
    use sdt_value::Type;

    use super::*;

    #[test]
    fn blocks_hold_what_can_be_set_and_is() {
        let attr = |ty: Type, required: bool, computed: bool| Attribute {
            ty,
            required,
            optional: !required && !computed,
            computed,
            ..Attribute::default()
        };
        let inner = Block { attributes: [("n".into(), attr(Type::Number, true, false))].into(), ..Block::default() };
        let block = Block {
            attributes: [
                ("id".into(), attr(Type::String, false, true)),
                ("name".into(), attr(Type::String, true, false)),
                ("note".into(), attr(Type::String, false, false)),
                ("policy".into(), attr(Type::String, false, false)),
                ("key".into(), Attribute { sensitive: true, ..attr(Type::String, false, false) }),
            ]
            .into(),
            blocks: [(
                "part".into(),
                NestedBlock { nesting: Nesting::List, block: Arc::new(inner.clone()), min: 0, max: 0 },
            )]
            .into(),
            ..Block::default()
        };
        let part = Value::object([("n", Value::number(1))]);
        let object = Value::object([
            ("id", Value::string("i-1")),
            ("name", Value::string("a${b}\"")),
            ("note", Value::null(Type::String)),
            ("policy", Value::string("{\"A\":[1]}")),
            ("key", Value::string("s3cr3t")),
            ("part", Value::list(inner.implied_type(), vec![part])),
        ]);
        let addr: ResourceInstance = "t.x".parse().expect("an address");
        let text = resource_block(&addr, "i-1", &block, &object);
        let expected = "# Written by sdt for the import of \"i-1\"\nresource \"t\" \"x\" {\nkey = null # sensitive\nname = \"a$${b}\\\"\"\npolicy = jsonencode({\nA = [1]\n})\npart {\nn = 1\n}\n}\n";
        assert_eq!(text, expected);
    }
}
