//! Test files in JSON syntax, as the same in native syntax.

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// A value whose objects keep the order in which they are written: runs happen in it.
enum Json {
    Object(Vec<(String, Json)>),
    Array(Vec<Json>),
    Other(Value),
}

/// The members of an object in their order.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        from.deserialize_map(InOrder)
    }
}

impl Json {
    fn read(text: &str) -> serde_json::Result<Self> {
        match text.trim_start().as_bytes().first() {
            Some(b'{') => {
                let Members(members) = serde_json::from_str(text)?;
                let members = members.into_iter().map(|(name, raw)| Ok((name, Self::read(raw.get())?)));
                members.collect::<serde_json::Result<_>>().map(Self::Object)
            }
            Some(b'[') => {
                let items: Vec<Box<RawValue>> = serde_json::from_str(text)?;
                items.iter().map(|raw| Self::read(raw.get())).collect::<serde_json::Result<_>>().map(Self::Array)
            }
            _ => serde_json::from_str(text).map(Self::Other),
        }
    }

    fn members(&self) -> Result<&[(String, Self)], &'static str> {
        match self {
            Self::Object(members) => Ok(members),
            _ => Err("an object is needed here"),
        }
    }
}

/// Blocks and how many labels they have.
const BLOCKS: [(&str, usize); 14] = [
    ("run", 1),
    ("variables", 0),
    ("provider", 1),
    ("mock_provider", 1),
    ("mock_resource", 1),
    ("mock_data", 1),
    ("override_resource", 0),
    ("override_data", 0),
    ("override_module", 0),
    ("test", 0),
    ("assert", 0),
    ("module", 0),
    ("plan_options", 0),
    ("backend", 1),
];

/// Arguments whose texts are names.
const NAMES: [&str; 8] =
    ["command", "mode", "target", "replace", "expect_failures", "providers", "override_during", "parallel"];

/// Writes a test file, or one of mocks, in native syntax.
pub(crate) fn to_native(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let text = std::str::from_utf8(bytes).map_err(|e| e.to_string())?;
    // Once as a whole, which bounds how deep it is.
    serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|e| e.to_string())?;
    let json = Json::read(text).map_err(|e| e.to_string())?;
    let mut out = String::new();
    body(&json, &mut out)?;
    Ok(out.into_bytes())
}

fn body(json: &Json, out: &mut String) -> Result<(), String> {
    for one in alternatives(json) {
        for (name, value) in one.members()?.iter().filter(|(n, _)| n != "//") {
            match BLOCKS.iter().find(|(block, _)| block == name) {
                Some((_, labels)) => block(name, *labels, value, out)?,
                None => {
                    *out += &format!("{name} = ");
                    expression(value, NAMES.contains(&name.as_str()), out);
                    out.push('\n');
                }
            }
        }
    }
    Ok(())
}

fn block(header: &str, labels: usize, json: &Json, out: &mut String) -> Result<(), String> {
    for one in alternatives(json) {
        if labels == 0 {
            *out += &format!("{header} {{\n");
            body(one, out)?;
            *out += "}\n";
            continue;
        }
        for (label, inner) in one.members()? {
            block(&format!("{header} {}", sdt_hcl::quote(label)), labels - 1, inner, out)?;
        }
    }
    Ok(())
}

/// The members of a list, or the one thing.
fn alternatives(json: &Json) -> &[Json] {
    match json {
        Json::Array(items) => items,
        _ => std::slice::from_ref(json),
    }
}

fn expression(json: &Json, name: bool, out: &mut String) {
    match json {
        Json::Other(Value::String(s)) if name => *out += s,
        Json::Other(Value::String(s)) => template(s, out),
        Json::Array(items) => {
            out.push('[');
            for item in items {
                expression(item, name, out);
                out.push(',');
            }
            out.push(']');
        }
        Json::Object(members) => {
            out.push('{');
            for (key, value) in members {
                template(key, out);
                out.push('=');
                expression(value, name, out);
                out.push(',');
            }
            out.push('}');
        }
        Json::Other(other) => *out += &other.to_string(),
    }
}

/// A text in quotes; what it interpolates stays as it is.
fn template(text: &str, out: &mut String) {
    out.push('"');
    let mut depth = 0_usize;
    let mut before = [' '; 2];
    for c in text.chars() {
        match c {
            '{' if depth > 0 => depth += 1,
            '{' if matches!(before[1], '$' | '%') && before[0] != before[1] => depth = 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match c {
            '"' | '\\' if depth == 0 => out.extend(['\\', c]),
            '\n' if depth == 0 => *out += "\\n",
            '\r' if depth == 0 => *out += "\\r",
            '\t' if depth == 0 => *out += "\\t",
            _ => out.push(c),
        }
        before = [before[1], c];
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::to_native;

    #[test]
    fn a_test_file_in_native_syntax() {
        let json = r#"{"run": {"a": {"command": "plan", "assert": {"condition": "${output.o == \"x\"}", "error_message": "\"${var.a}\" is no"}}}}"#;
        let native = "run \"a\" {\ncommand = plan\nassert {\ncondition = \"${output.o == \"x\"}\"\nerror_message = \"\\\"${var.a}\\\" is no\"\n}\n}\n";
        assert_eq!(to_native(json.as_bytes()).map(|t| String::from_utf8_lossy(&t).into_owned()), Ok(native.to_owned()));
        assert!(to_native(b"{").is_err());
    }
}
