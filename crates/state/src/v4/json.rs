//! JSON as Go's `json.MarshalIndent` prints it with two spaces.

use serde_json::{Map, Value as Json};

/// Appends a value whose first line continues at `depth`.
pub(super) fn write(out: &mut String, value: &Json, depth: usize) {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Json::Number(n) => out.push_str(n.as_str()),
        Json::String(s) => string(out, s),
        Json::Array(items) => {
            if items.is_empty() {
                out.push_str("[]");
                return;
            }
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                line(out, depth + 1);
                write(out, item, depth + 1);
            }
            line(out, depth);
            out.push(']');
        }
        Json::Object(members) => object(out, members, depth),
    }
}

/// Keys are sorted, except where Terraform's own types dictate another order.
fn object(out: &mut String, members: &Map<String, Json>, depth: usize) {
    const CHECK: [&str; 4] = ["object_kind", "config_addr", "status", "objects"];
    const CHECK_OBJECT: [&str; 3] = ["object_addr", "status", "failure_messages"];
    let first: &[&str] = if is_typed(members) {
        &["value"]
    } else if members.contains_key("object_kind") && members.contains_key("config_addr") {
        &CHECK
    } else if members.contains_key("object_addr") && members.contains_key("status") {
        &CHECK_OBJECT
    } else {
        &[]
    };
    let mut obj = Object::begin(out, depth);
    for key in first {
        if let Some(value) = members.get(*key) {
            obj.member(key, value);
        }
    }
    for (key, value) in members {
        if !first.contains(&key.as_str()) {
            obj.member(key, value);
        }
    }
    obj.end();
}

/// Tells whether this is a value of dynamic type, `{"value":…,"type":…}`, whose order is not alphabetic. An attribute
/// that happens to look the same is printed in that order too, which changes nothing but the order.
fn is_typed(members: &Map<String, Json>) -> bool {
    fn is_type(ty: &Json) -> bool {
        match ty {
            Json::String(s) => matches!(s.as_str(), "string" | "number" | "bool" | "dynamic"),
            Json::Array(parts) => match parts.as_slice() {
                [Json::String(kind), of] => match kind.as_str() {
                    "list" | "set" | "map" => is_type(of),
                    "tuple" => of.as_array().is_some_and(|ts| ts.iter().all(is_type)),
                    "object" => of.as_object().is_some_and(|ts| ts.values().all(is_type)),
                    _ => false,
                },
                _ => false,
            },
            _ => false,
        }
    }
    members.len() == 2 && members.contains_key("value") && members.get("type").is_some_and(is_type)
}

/// Writes an object member by member.
pub(super) struct Object<'a> {
    out: &'a mut String,
    depth: usize,
    empty: bool,
}

impl<'a> Object<'a> {
    pub(super) fn begin(out: &'a mut String, depth: usize) -> Self {
        out.push('{');
        Self { out, depth, empty: true }
    }

    /// Writes the key and returns where the value goes, and its depth.
    pub(super) fn key(&mut self, key: &str) -> (&mut String, usize) {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        line(self.out, self.depth + 1);
        string(self.out, key);
        self.out.push_str(": ");
        (self.out, self.depth + 1)
    }

    pub(super) fn member(&mut self, key: &str, value: &Json) {
        let (out, depth) = self.key(key);
        write(out, value, depth);
    }

    pub(super) fn text(&mut self, key: &str, value: &str) {
        let (out, _) = self.key(key);
        string(out, value);
    }

    pub(super) fn number(&mut self, key: &str, value: u64) {
        let (out, _) = self.key(key);
        out.push_str(&value.to_string());
    }

    pub(super) fn end(self) {
        if !self.empty {
            line(self.out, self.depth);
        }
        self.out.push('}');
    }
}

/// Starts a line.
pub(super) fn line(out: &mut String, depth: usize) {
    out.push('\n');
    for _ in 0..depth {
        out.push_str("  ");
    }
}

fn string(out: &mut String, s: &str) {
    out.push('"');
    let mut plain = 0;
    for (at, c) in s.char_indices() {
        let escaped = match c {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\u{8}' => "\\b",
            '\u{c}' => "\\f",
            '<' => "\\u003c",
            '>' => "\\u003e",
            '&' => "\\u0026",
            '\u{2028}' => "\\u2028",
            '\u{2029}' => "\\u2029",
            c if c < ' ' => {
                out.push_str(&s[plain..at]);
                out.push_str(&format!("\\u{:04x}", c as u32));
                plain = at + 1;
                continue;
            }
            _ => continue,
        };
        out.push_str(&s[plain..at]);
        out.push_str(escaped);
        plain = at + c.len_utf8();
    }
    out.push_str(&s[plain..]);
    out.push('"');
}
