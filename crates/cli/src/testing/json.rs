//! Test files in JSON syntax, as the same in native syntax.

use serde_json::Value as Json;

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
    let json: Json = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
    let mut out = String::new();
    body(&json, &mut out)?;
    Ok(out.into_bytes())
}

fn body(json: &Json, out: &mut String) -> Result<(), String> {
    for one in alternatives(json) {
        let members = one.as_object().ok_or("an object is needed here")?;
        for (name, value) in members.iter().filter(|(n, _)| *n != "//") {
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
        for (label, inner) in one.as_object().ok_or("an object is needed here")? {
            block(&format!("{header} {}", sdt_hcl::quote(label)), labels - 1, inner, out)?;
        }
    }
    Ok(())
}

/// The members of a list, or the one thing.
fn alternatives(json: &Json) -> &[Json] {
    json.as_array().map_or(std::slice::from_ref(json), Vec::as_slice)
}

fn expression(json: &Json, name: bool, out: &mut String) {
    match json {
        Json::String(s) if name => *out += s,
        Json::String(s) => template(s, out),
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
        other => *out += &other.to_string(),
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
