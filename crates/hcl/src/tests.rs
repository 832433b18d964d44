//! Tests of the whole: text in, values or titles out.

use std::sync::Arc;

use sdt_diag::{Diagnostics, SourceId};
use sdt_value::{Kind, Marks, Str, Type, Value, to_json};

use crate::*;

/// A scope with a few names and functions.
struct Names;

impl Scope for Names {
    fn resolve(&self, t: &Traversal) -> Result<(Value, usize), Diagnostics> {
        let object =
            |v: Value| Value::object([("list", Value::list(Type::String, vec![Value::string("a")])), ("it", v)]);
        let value = match t.root.as_str() {
            "local" => object(Value::object([("a", Value::number(1))])),
            "secret" => object(Value::string("s").with_marks(Marks::SENSITIVE)),
            "later" => object(Value::unknown(Type::String)),
            "nothing" => Value::NULL,
            "laters" => Value::unknown(Type::list(Type::String)),
            _ => return NoScope.resolve(t),
        };
        Ok((value, 0))
    }

    fn function(&self, name: &str) -> Option<Signature> {
        matches!(name, "pair" | "fail").then_some(Signature { min: 1, max: Some(2) })
    }

    fn call(&self, name: &str, args: &[Value], _: &CallSite) -> Result<Value, CallFailure> {
        match name {
            "pair" => Ok(Value::tuple(args.to_vec())),
            _ => Err(CallFailure::Arg { index: 0, message: "no".into() }),
        }
    }

    fn allows_calls(&self) -> bool {
        true
    }

    fn template_file(&self, path: &str) -> Result<(SourceId, Arc<[u8]>), String> {
        match path {
            "t" => Ok((SourceId(9), b"Hi ${name}!\n%{ for x in xs ~}\n- ${x}\n%{ endfor ~}\n".as_slice().into())),
            _ => Err("there is no such file".into()),
        }
    }
}

fn run(text: &str) -> Result<Value, String> {
    let (expr, diags) = parse_expression(SourceId(0), text.as_bytes(), 0);
    let first = |d: &Diagnostics| d.0.first().map(|d| d.summary.clone());
    if let Some(summary) = first(&diags) {
        return Err(summary);
    }
    let (value, diags) = eval(&expr, &Names);
    first(&diags).map_or(Ok(value), Err)
}

/// A value as JSON; with `sensitive ` or `unknown TYPE` where it is.
fn show(value: &Value) -> String {
    let secret = if value.deep_marks() == Marks::NONE { "" } else { "sensitive " };
    match value.kind() {
        Kind::Unknown(ty, _) => format!("{secret}unknown {}", ty.friendly_name()),
        _ => format!("{secret}{}", to_json(value, &value.ty())),
    }
}

fn check(text: &str, expected: &str) {
    let got = run(text).map_or_else(|e| e, |v| show(&v));
    assert_eq!(got, expected, "{text}");
}

#[test]
fn values() {
    check("1 + 2 * 3 - 4 % 3", "6");
    check("0.1 + 0.2", "0.3");
    check("-0", "-0");
    check("1 == \"1\"", "false");
    check("\"10\" < \"9\"", "false");
    check("!(true && false) || false", "true");
    check("true ? 1 : \"b\"", "\"1\"");
    check("\"true\" ? [1] : [\"a\"]", "[\"1\"]");
    check("{a = 1, \"b\" = 2, (3) = 4, true = 5, a = 6}", r#"{"3":4,"a":6,"b":2,"true":5}"#);
    check("[for i, x in [\"a\", \"b\"] : \"${i}${x}\" if x != \"a\"]", r#"["1b"]"#);
    check("{for k, v in {a = 1, b = 1} : v => k...}", r#"{"1":["a","b"]}"#);
    check("[{a = 1}, {a = 2}][*].a", "[1,2]");
    check("[{a = [1]}].*.a[0]", "[1]");
    check("null[*]", "[]");
    check("\"x\"[*]", "[\"x\"]");
    check("[[1, 2]].0[1]", "2");
    check("local.it[\"a\"]", "1");
    check("pair([1, 2]...)", "[1,2]");
    check("try(nofunc(), fail(1), 3)", "3");
    check("can(local.nope)", "false");
}

#[test]
fn templates() {
    check(r#""a${1}$${b}%%{c}""#, r#""a1${b}%{c}""#);
    check(r#""${[1]}""#, "[1]");
    check(r#""  ${~ 1 ~}  ""#, "\"1\"");
    check(r#""${~ 1 ~}""#, "1");
    check(r#""%{ if true }y%{ else }n%{ endif }""#, "\"y\"");
    check("<<-E\n    a\n\n      b ${1}\n    E\n", r#""a\n\n  b 1\n""#);
    check("<<E\n%{ for x in [1, 2] ~}\nx${x}\n%{ endfor ~}\nE\n", r#""x1\nx2\n""#);
    check(r#"templatefile("t", {name = "you", xs = [1, 2]})"#, r#""Hi you!\n- 1\n- 2\n""#);
    check(r#""e\u0301""#, "\"\u{e9}\"");
}

#[test]
fn unknown_and_sensitive() {
    check("later.it", "unknown string");
    check("\"x-${later.it}\"", "unknown string");
    let prefix = run("\"x-${later.it}\"").map(|v| v.refinement().and_then(|r| r.prefix.clone()));
    assert_eq!(prefix, Ok(Some("x-".into())));
    check("later.it == \"a\" ? 1 : 2", "unknown number");
    check("laters[*]", "unknown list of string");
    check("[for x in laters : x]", "unknown dynamic");
    check("{(later.it) = 1}", "unknown dynamic");
    check("try(later.it, 1)", "unknown dynamic");
    check("secret.it", "sensitive \"s\"");
    check("\"a${secret.it}\"", "sensitive \"as\"");
    check("true ? 1 : secret.it", "sensitive \"1\"");
    check("[for x in [1] : x if secret.it == \"s\"]", "sensitive [1]");
    check("secret.list[0]", "\"a\"");
}

#[test]
fn failures() {
    check("[1][1]", "Invalid index");
    check("[1][\"a\"]", "Invalid index");
    check("{a = 1}.b", "Unsupported attribute");
    check("nothing.a", "Attempt to get attribute from null value");
    check("nothing[0]", "Attempt to index null value");
    check("1 + \"a\"", "Invalid operand");
    check("null + 1", "Operation failed");
    check("0 / 0", "Operation failed");
    check("true ? \"a\" : []", "Inconsistent conditional result types");
    check("null ? 1 : 2", "Null condition");
    check("1 ? 1 : 2", "Incorrect condition type");
    check("[for x in null : x]", "Iteration over null value");
    check("[for x in 1 : x]", "Iteration over non-iterable value");
    check("{for x in [1, 1] : x => x}", "Duplicate object key");
    check("\"a${null}\"", "Invalid template interpolation value");
    check("nofunc()", "Call to unknown function");
    check("a::b()", "Unknown provider function");
    check("pair()", "Not enough function arguments");
    check("pair(1, 2, 3)", "Too many function arguments");
    check("pair(1...)", "Invalid expanding argument value");
    check("fail(1)", "Invalid function argument");
    check("try(fail(1))", "Error in function call");
    check("templatefile(\"t\", {name = 1})", "Invalid function argument");
    check("x", "Variables not allowed");
}

#[test]
fn values_under_messages() {
    let (expr, _) = parse_expression(SourceId(0), b"local.it + later.it + secret.it + local.list", 0);
    let (_, diags) = eval(&expr, &Names);
    let values: Vec<String> = diags.0[0].values.iter().map(|v| format!("{} {}", v.traversal, v.statement)).collect();
    assert_eq!(values, ["local.it is object with 1 attribute \"a\""]);
    let all = Cause { unknown: true, sensitive: true, ephemeral: true };
    let values: Vec<String> = expr_values(&expr, &Names, all).into_iter().map(|v| v.statement).collect();
    let expected = [
        "is a string, known only after apply",
        "is object with 1 attribute \"a\"",
        "is list of string with 1 element",
        "has a sensitive value",
    ];
    assert_eq!(values, expected);
}

#[test]
fn syntax_errors() {
    let check = |text: &str, expected: &[&str]| {
        let (_, diags) = parse_body(SourceId(0), text.as_bytes());
        let got: Vec<_> = diags.0.iter().map(|d| d.summary.as_str()).collect();
        assert_eq!(got, expected, "{text:?}");
    };
    check("a = 1 2\n", &["Missing newline after argument"]);
    check("a = 1\na = 2\n", &["Attribute redefined"]);
    check("a {\n", &["Unclosed configuration block"]);
    check("a\n", &["Argument or block definition required"]);
    check("\"a\" = 1\n", &["Invalid argument name"]);
    check("a { b = 1, c = 2 }\n", &["Invalid single-argument block definition"]);
    check("a = \"b\nc\"\n", &["Invalid multi-line string", "Unterminated template string"]);
    check("a = <<E\n", &["Unterminated template string"]);
    check("a = 'b'\n", &["Invalid character", "Invalid expression"]);
    check("a = b.0.1\n", &["Invalid legacy index syntax"]);
    check("a = [1 2]\nb = (\nc = 1\n", &["Missing item separator", "Unbalanced parentheses"]);
    check("a = \"%{ if x }\"\n", &["Unexpected end of template"]);
    check("\u{feff}a = 1\r\nb {}\r\n", &[]);
    check("# \u{fffd}\n", &[]);
    let (_, diags) = parse_body(SourceId(0), b"# \xff\na = 1");
    assert!(diags.is_empty());
}

#[test]
fn nesting_is_no_danger() {
    let nested = |open: &str, inner: &str, close: &str, n: usize| open.repeat(n) + inner + &close.repeat(n);
    for text in [
        nested("(", "1", ")", 10_000),
        nested("pair(", "1", ")", 1_000),
        nested("!", "true", "", 10_000),
        nested("\"${", "1", "}\"", 5_000),
        nested("true ? 1 : ", "2", "", 5_000),
        vec!["1"; 5_000].join(" + "),
    ] {
        assert!(run(&text).is_ok(), "{}", &text[..20]);
    }
    assert_eq!(run(&nested("(", "1", ")", 100_000)).err().as_deref(), Some("Nesting too deep"));
    let many = (0..40_000).map(|i| format!("k{i} = {i}")).collect::<Vec<_>>().join("\n");
    assert_eq!(run(&format!("{{{many}}}")).map(|v| v.as_members().map(|m| m.len())), Ok(Some(40_000)));
}

#[test]
fn references() {
    let check = |text: &str, expected: &str| {
        let (expr, _) = parse_expression(SourceId(0), text.as_bytes(), 0);
        let got: Vec<String> = expr.traversals().iter().map(ToString::to_string).collect();
        assert_eq!(got.join(" "), expected, "{text}");
    };
    check("a.b[0][\"c\"] + f(d.e, [for d in x.y : d.z + w])", "a.b[0][\"c\"] d.e x.y w");
    check("{a = b, (c) = d, e.f = g}", "b c d e.f g");
    check("\"${a[*].b}${c[d]}\"", "a c d");
}

#[test]
fn static_forms() {
    let parse = |text: &str| parse_expression(SourceId(0), text.as_bytes(), 0).0;
    assert_eq!(parse("a.b[0]").as_traversal().map(|t| t.to_string()), Ok("a.b[0]".into()));
    assert!(parse("a.b[c]").as_traversal().is_err());
    assert_eq!(parse("any").as_keyword().as_deref(), Some("any"));
    assert_eq!(parse("[a, b]").as_list().map(|l| l.len()), Ok(2));
    assert_eq!(parse("list(string)").as_call().map(|c| (c.name, c.args.len())), Ok(("list".into(), 1)));
    let keys: Vec<Option<Str>> =
        parse("{a = 1, \"b\" = 2, (c) = 3}").as_map().unwrap_or_default().iter().map(|(k, _)| k.as_key()).collect();
    assert_eq!(keys, [Some("a".into()), Some("b".into()), None]);
}

#[test]
fn contents() {
    let schema = BodySchema {
        attributes: vec![AttributeSchema::required("name"), AttributeSchema::optional("size")],
        blocks: vec![BlockSchema::new("item", &["kind", "name"])],
    };
    let check = |native: &str, json: &str, expected: &[&str], blocks: &[&str]| {
        for (text, body) in [
            (native, ConfigBody::from(parse_body(SourceId(0), native.as_bytes()).0)),
            (json, parse_json_body(SourceId(0), json.as_bytes()).0),
        ] {
            let (content, diags) = body.content(&schema);
            let titles: Vec<_> = diags.0.iter().map(|d| d.summary.as_str()).collect();
            // The two syntaxes have different words for what has no place.
            let same = |t: &&str| {
                match *t {
                    "Extraneous JSON object property" => "Unsupported argument",
                    "Missing block label" => "Missing kind for item",
                    other => other,
                }
                .to_owned()
            };
            assert_eq!(titles.iter().map(same).collect::<Vec<_>>(), expected, "{text}");
            let got: Vec<String> = content
                .blocks
                .iter()
                .map(|b| b.labels.iter().map(|l| &*l.value).collect::<Vec<_>>().join("."))
                .collect();
            assert_eq!(got, blocks, "{text}");
        }
    };
    check(
        "name = 1\nitem \"a\" b {}\nitem a \"c\" {}\n",
        r#"{"name": 1, "item": {"a": {"b": {}, "c": [{}]}}, "//": "note"}"#,
        &[],
        &["a.b", "a.c"],
    );
    check("nam = 1\n", r#"{"nam": 1}"#, &["Missing required argument", "Unsupported argument"], &[]);
    check("name = 1\nitem {}\n", r#"{"name": 1, "item": {}}"#, &["Missing kind for item"], &[]);
}

#[test]
fn overrides() {
    let body = |text: &str| ConfigBody::from(parse_body(SourceId(0), text.as_bytes()).0);
    let schema = BodySchema::new(&["a", "b"], &["x", "y", "dynamic"]);
    let over = body("a = 1\nb = 2\nx {}\nx {}\ny {}\n").overridden_by(body("b = 3\nx {}\n"));
    let (content, diags) = over.content(&schema);
    assert!(diags.is_empty());
    let kinds: Vec<_> = content.blocks.iter().map(|b| b.kind.as_str()).collect();
    assert_eq!(kinds, ["y", "x"]);
    let (b, _) = eval_const(&content.attributes["b"].expr);
    assert_eq!(show(&b), "3");
}

#[test]
fn json_expressions() {
    let check = |text: &str, expected: &str| {
        let (expr, diags) = parse_json_expression(SourceId(0), text.as_bytes());
        assert!(diags.is_empty(), "{text}");
        let (value, diags) = eval(&expr, &Names);
        let got = diags.0.first().map_or_else(|| show(&value), |d| d.summary.clone());
        assert_eq!(got, expected, "{text}");
    };
    check(r#""${local.it.a}""#, "1");
    check(r#"{"a${local.it.a}": [null, "x${1 + 1}"]}"#, r#"{"a1":[null,"x2"]}"#);
    check(r#"{"a": 1, "${local.it.a == 1 ? \"a\" : \"b\"}": 2}"#, "Duplicate object attribute");
    check(r#""${""#, "Missing expression");
    let (expr, _) = parse_json_expression(SourceId(0), br#"["${x}"]"#);
    assert_eq!(show(&eval_const(&expr).0), r#"["${x}"]"#);
}
