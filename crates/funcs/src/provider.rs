//! Functions of the provider that is built in: values to and from the language's own syntax.

use sdt_diag::{Diagnostics, SourceMap};
use sdt_hcl::{eval_const, format, parse_body};
use sdt_value::{Kind, Type, Value};

use crate::call::{Out, fail, str_arg};
use crate::{Function, Param};

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new(
        "provider::terraform::encode_tfvars",
        "Writes an object as variable definitions.",
        &[Param::any("value").dynamic().unknown()],
        Type::String,
        |a, _| {
            if !a[0].is_wholly_known() {
                return Ok(Value::unknown(Type::String));
            }
            let Some(members) = a[0].as_members() else {
                return fail(
                    "invalid value to encode: must be an object whose attribute names will become the encoded variable names",
                );
            };
            let mut text = String::new();
            for (name, value) in members {
                if !is_name(name) {
                    return fail(format!(
                        "invalid variable name {name:?}: must be a valid identifier, per Terraform's rules for input variable declarations"
                    ));
                }
                text.push_str(&format!("{name} = "));
                write(value, &mut text);
                text.push('\n');
            }
            formatted(&text).map(Value::string)
        },
    ),
    Function::new(
        "provider::terraform::decode_tfvars",
        "Reads variable definitions into an object.",
        &[Param::string("src")],
        Type::Dynamic,
        |a, _| decode(str_arg(a, 0)),
    ),
    Function::new(
        "provider::terraform::encode_expr",
        "Writes a value as an expression.",
        &[Param::any("value").dynamic().unknown()],
        Type::String,
        |a, _| {
            if !a[0].is_wholly_known() {
                return Ok(Value::unknown(Type::String));
            }
            let mut text = String::from(BEFORE);
            write(&a[0], &mut text);
            text.push('\n');
            let text = formatted(&text)?;
            let expr = text.strip_prefix(BEFORE).unwrap_or(&text);
            Ok(Value::string(expr.strip_suffix('\n').unwrap_or(expr)))
        },
    ),
];

/// What makes an argument of an expression, since only whole files are formatted.
const BEFORE: &str = "x = ";

fn formatted(text: &str) -> Out<String> {
    let mut sources = SourceMap::default();
    let id = sources.add("value", text.as_bytes());
    match format(id, text.as_bytes()).map(String::from_utf8) {
        Ok(Ok(s)) => Ok(s),
        _ => fail("the value cannot be written as an expression"),
    }
}

/// Tells whether a name can stand without quotes.
fn is_name(s: &str) -> bool {
    let mut chars = s.chars();
    chars.next().is_some_and(char::is_alphabetic) && chars.all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

/// Writes an expression whose spaces don't matter yet.
fn write(v: &Value, out: &mut String) {
    match v.kind() {
        Kind::Null(_) | Kind::Unknown(..) => out.push_str("null"),
        Kind::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Kind::Number(n) => out.push_str(&n.to_string()),
        Kind::String(s) => quote(s, out),
        Kind::List(_, items) | Kind::Set(_, items) | Kind::Tuple(items) => {
            out.push('[');
            for (i, v) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                write(v, out);
            }
            out.push(']');
        }
        Kind::Map(_, m) | Kind::Object(m) => {
            out.push('{');
            if !m.is_empty() {
                out.push('\n');
            }
            for (k, v) in m.iter() {
                if is_name(k) {
                    out.push_str(k);
                } else {
                    quote(k, out);
                }
                out.push_str(" = ");
                write(v, out);
                out.push('\n');
            }
            out.push('}');
        }
    }
}

fn quote(s: &str, out: &mut String) {
    out.push('"');
    let mut chars = s.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if chars.peek() == Some(&'{') => out.extend([c, c]),
            c if c.is_control() && c as u32 != 0x7f && (c as u32) < 0x1_0000 => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            '\x7f' => out.push_str("\\u007f"),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn decode(text: &str) -> Out {
    let mut sources = SourceMap::default();
    let id = sources.add("<decode_tfvars argument>", text.as_bytes());
    let (body, diags) = parse_body(id, text.as_bytes());
    if let Some(why) = first_error(&diags) {
        return fail(format!("invalid tfvars syntax: {why}"));
    }
    if let Some(block) = body.blocks.first() {
        return fail(format!("invalid tfvars syntax: Blocks are not allowed here, such as {:?}", block.kind.name));
    }
    let mut out = Vec::new();
    for (name, attribute) in &body.attributes {
        let (value, diags) = eval_const(&attribute.expr);
        if let Some(why) = first_error(&diags) {
            return fail(format!("invalid expression for variable {name:?}: {why}"));
        }
        out.push((name.clone(), value));
    }
    Ok(Value::object(out))
}

fn first_error(diags: &Diagnostics) -> Option<String> {
    if !diags.has_errors() {
        return None;
    }
    diags.0.first().map(|d| format!("{}; {}", d.summary, d.detail))
}

#[cfg(test)]
mod tests {
    use crate::call::testing::check;

    #[test]
    fn syntax() {
        check(&[
            (
                "provider::terraform::encode_expr",
                r#"[[{"a":1,"bb":2},{"c":"q\"\n${z}$"}]]"#,
                r#""[{\n  a  = 1\n  bb = 2\n  }, {\n  c = \"q\\\"\\n$${z}$\"\n}]""#,
            ),
            ("provider::terraform::encode_expr", "[[1,[],{}]]", r#""[1, [], {}]""#),
            ("provider::terraform::encode_expr", "[null]", "arg 0: argument must not be null"),
            (
                "provider::terraform::encode_tfvars",
                r#"[{"aa":1,"b":{"x y":null}}]"#,
                r#""aa = 1\nb = {\n  \"x y\" = null\n}\n""#,
            ),
            ("provider::terraform::encode_tfvars", r#"[{"a b":1}]"#, "call: invalid variable name \"a b\": …"),
            ("provider::terraform::encode_tfvars", "[[1]]", "call: …"),
            ("provider::terraform::decode_tfvars", r#"["a = [1, {b = null}]"]"#, r#"{"a":[1,{"b":null}]}"#),
            ("provider::terraform::decode_tfvars", r#"["a {}"]"#, "call: …"),
            ("provider::terraform::decode_tfvars", r#"["a = \"${x}\""]"#, "call: …"),
            ("provider::terraform::decode_tfvars", r#"["a = upper(\"x\")"]"#, "call: …"),
        ]);
    }
}
