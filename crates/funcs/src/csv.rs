//! CSV text, as Go's `encoding/csv` reads it.

use sdt_value::{Kind, Str, Type, Value};

use crate::call::{Out, fail, str_arg};
use crate::{CallError, Function, Param};

pub(crate) static FUNCTIONS: &[Function] = &[Function::new(
    "csvdecode",
    "Reads CSV with a header line into a list of objects.",
    &[Param::string("str")],
    Type::Dynamic,
    |a, _| decode(str_arg(a, 0)),
)
.typed(|a| match a[0].as_str() {
    Some(s) => decode(s).map(|v| v.ty()),
    None => Ok(Type::Dynamic),
})];

fn decode(text: &str) -> Out {
    let mut rows = records(text).map_err(CallError::Call)?.into_iter();
    let Some(header) = rows.next() else { return fail("missing header line") };
    let mut names: Vec<Str> = Vec::new();
    for name in &header {
        let Kind::String(name) = Value::string(name).into_kind() else { continue };
        if names.contains(&name) {
            return fail(format!("duplicate column name {name:?}"));
        }
        names.push(name);
    }
    let ty = Type::object(names.iter().map(|n| (n.clone(), Type::String)));
    let out = rows.map(|row| Value::object(names.iter().cloned().zip(row.into_iter().map(Value::string)))).collect();
    Ok(Value::list(ty, out))
}

/// Splits into records of as many fields as the first one has; empty lines are skipped.
fn records(text: &str) -> Result<Vec<Vec<String>>, String> {
    let mut out: Vec<Vec<String>> = Vec::new();
    let text = text.replace("\r\n", "\n");
    // A carriage return at the very end counts as a line end too.
    let text = text.strip_suffix('\r').unwrap_or(&text);
    let mut rest = text;
    let mut line = 0;
    while !rest.is_empty() {
        line += 1;
        if let Some(next) = rest.strip_prefix('\n') {
            rest = next;
            continue;
        }
        let mut fields = Vec::new();
        loop {
            if let Some(quoted) = rest.strip_prefix('"') {
                let (field, after, breaks) = quoted_field(quoted, line)?;
                line += breaks;
                fields.push(field);
                rest = after;
            } else {
                let end = rest.find([',', '\n']).unwrap_or(rest.len());
                let field = &rest[..end];
                if field.contains('"') {
                    return Err(format!("CSV parse error on line {line}: bare \" in non-quoted-field"));
                }
                fields.push(field.to_owned());
                rest = &rest[end..];
            }
            match rest.strip_prefix(',') {
                Some(next) => rest = next,
                None => break,
            }
        }
        rest = rest.strip_prefix('\n').unwrap_or(rest);
        if out.first().is_some_and(|first| first.len() != fields.len()) {
            return Err(format!("CSV parse error on line {line}: wrong number of fields"));
        }
        out.push(fields);
    }
    Ok(out)
}

/// Reads a field after its opening quote: the field, what follows its closing quote, and the line breaks inside.
fn quoted_field(mut rest: &str, line: usize) -> Result<(String, &str, usize), String> {
    let mut field = String::new();
    let mut breaks = 0;
    loop {
        let Some(end) = rest.find('"') else {
            return Err(format!("CSV parse error on line {line}: extraneous or missing \" in quoted-field"));
        };
        field.push_str(&rest[..end]);
        breaks += rest[..end].matches('\n').count();
        rest = &rest[end + 1..];
        if let Some(next) = rest.strip_prefix('"') {
            field.push('"');
            rest = next;
        } else if rest.is_empty() || rest.starts_with([',', '\n']) {
            return Ok((field, rest, breaks));
        } else {
            return Err(format!("CSV parse error on line {line}: extraneous or missing \" in quoted-field"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::call::testing::check;

    #[test]
    fn tables() {
        check(&[
            ("csvdecode", r#"["a,b\n1,\"\"\n\n3,\"x\"\"y\n\"\n"]"#, r#"[{"a":"1","b":""},{"a":"3","b":"x\"y\n"}]"#),
            ("csvdecode", r#"["a, b\r\n 1, 2\r\n"]"#, r#"[{" b":" 2","a":" 1"}]"#),
            ("csvdecode", "[5]", "[]"),
            ("csvdecode", r#"[""]"#, "call: missing header line"),
            ("csvdecode", r#"["a,b\n1"]"#, "call: CSV parse error on line 2: wrong number of fields"),
            ("csvdecode", r#"["a,a\n1,2"]"#, "call: duplicate column name \"a\""),
            ("csvdecode", r#"["a,b\nx\"y,z"]"#, "call: …"),
            ("csvdecode", r#"["a\n\"x\"y"]"#, "call: …"),
            ("csvdecode", r#"["a,b\n,"]"#, r#"[{"a":"","b":""}]"#),
        ]);
    }
}
