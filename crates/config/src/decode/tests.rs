use std::sync::Arc;

use sdt_diag::{Diagnostics, SourceMap};
use sdt_hcl::{ConfigBody, Scope, Traversal, parse_body, parse_json_body};
use sdt_schema::{Attribute, Block, NestedBlock, Nesting};
use sdt_value::{Path, Str, Type, Value, to_json};

use super::{check_body, decode, span_of, traversals};

/// `var.l` is `["p", "q"]`, `var.u` an unknown list, everything else the name itself.
struct Names;

impl Scope for Names {
    fn resolve(&self, t: &Traversal) -> Result<(Value, usize), Diagnostics> {
        let text = t.to_string();
        Ok(match &*text {
            "var.l" => (Value::list(Type::String, vec![Value::string("p"), Value::string("q")]), 1),
            "var.u" => (Value::unknown(Type::list(Type::String)), 1),
            _ => (Value::string(text), t.steps.len()),
        })
    }
}

fn attr(ty: Type) -> Attribute {
    Attribute { ty, optional: true, ..Attribute::default() }
}

fn schema() -> Block {
    let inner = |nesting, max| {
        let attributes = [("x", attr(Type::String)), ("n", attr(Type::Number))];
        let block = Block { attributes: attributes.map(|(n, a)| (n.into(), a)).into(), ..Block::default() };
        NestedBlock { nesting, block: Arc::new(block), min: 0, max }
    };
    let required = Attribute { required: true, optional: false, ..attr(Type::String) };
    let object = Type::object([("a", Type::String), ("b", Type::Number)]);
    let attributes = [("name", required), ("tags", attr(Type::map(Type::String))), ("rules", attr(Type::set(object)))];
    let blocks = [
        ("list", inner(Nesting::List, 2)),
        ("set", inner(Nesting::Set, 0)),
        ("one", inner(Nesting::Single, 1)),
        ("map", inner(Nesting::Map, 0)),
    ];
    Block {
        attributes: attributes.map(|(n, a)| (n.into(), a)).into(),
        blocks: blocks.map(|(n, b)| (Str::from(n), b)).into(),
        ..Block::default()
    }
}

fn native(text: &str) -> ConfigBody {
    let id = SourceMap::default().add("x.tf", text.as_bytes());
    let (body, diags) = parse_body(id, text.as_bytes());
    assert!(diags.is_empty(), "{diags:?}");
    body.into()
}

fn shown(body: &ConfigBody) -> (String, Vec<String>) {
    let (value, diags) = decode(body, &schema(), &Names);
    let mut json = to_json(&value, &value.ty());
    let object = json.as_object_mut().unwrap();
    object.retain(|_, v| {
        !(v.is_null() || v.as_array().is_some_and(Vec::is_empty) || v.as_object().is_some_and(|o| o.is_empty()))
    });
    (json.to_string(), diags.into_iter().map(|d| d.summary).collect())
}

#[test]
fn bodies_become_values() {
    for (text, expected) in [
        ("name = a.b\ntags = { k = 1 }", r#"{"name":"a.b","tags":{"k":"1"}}"#),
        (
            "name = \"n\"\nlist {\n x = 1\n}\nlist {\n n = \"2\"\n}",
            r#"{"list":[{"n":null,"x":"1"},{"n":2,"x":null}],"name":"n"}"#,
        ),
        (
            "name = \"n\"\none {\n}\nmap \"k\" {\n x = \"v\"\n}",
            r#"{"map":{"k":{"n":null,"x":"v"}},"name":"n","one":{"n":null,"x":null}}"#,
        ),
        (
            "name = \"n\"\nset {\n x = \"b\"\n}\nset {\n x = \"a\"\n}\nset {\n x = \"a\"\n}",
            r#"{"name":"n","set":[{"n":null,"x":"a"},{"n":null,"x":"b"}]}"#,
        ),
        (
            "name = \"n\"\ndynamic \"list\" {\n for_each = var.l\n content {\n  x = list.value\n  n = list.key\n }\n}",
            r#"{"list":[{"n":0,"x":"p"},{"n":1,"x":"q"}],"name":"n"}"#,
        ),
        (
            "name = \"n\"\ndynamic \"map\" {\n for_each = var.l\n iterator = it\n labels = [it.value]\n content {\n  n = it.key\n }\n}",
            r#"{"map":{"p":{"n":0,"x":null},"q":{"n":1,"x":null}},"name":"n"}"#,
        ),
        (
            "name = \"n\"\nrules {\n a = \"x\"\n}\nrules {\n b = \"7\"\n}",
            r#"{"name":"n","rules":[{"a":"x","b":null},{"a":null,"b":7}]}"#,
        ),
        ("name = \"n\"\nrules = [{ a = \"x\", b = 1 }]", r#"{"name":"n","rules":[{"a":"x","b":1}]}"#),
    ] {
        let (json, diags) = shown(&native(text));
        assert!(diags.is_empty(), "{text}: {diags:?}");
        assert_eq!(json, expected, "{text}");
    }
    let text =
        br#"{"name": "${a.b}", "list": [{"x": 1}, {"n": 2}], "map": {"k": {"x": "v"}}, "rules": [{"a": "x", "b": 1}]}"#;
    let id = SourceMap::default().add("x.tf.json", &text[..]);
    let (json, diags) = shown(&parse_json_body(id, text).0);
    assert!(diags.is_empty(), "{diags:?}");
    assert_eq!(
        json,
        r#"{"list":[{"n":null,"x":"1"},{"n":2,"x":null}],"map":{"k":{"n":null,"x":"v"}},"name":"a.b","rules":[{"a":"x","b":1}]}"#
    );
}

#[test]
fn what_is_wrong_is_said() {
    for (text, expected) in [
        ("", &["Missing required argument"][..]),
        ("name = \"n\"\nnam = 1", &["Unsupported argument"]),
        ("name = \"n\"\nfoo {\n}", &["Unsupported block type"]),
        ("name = [1]", &["Incorrect attribute value type"]),
        ("name = \"n\"\nlist {\n}\nlist {\n}\nlist {\n}", &["Too many list blocks"]),
        ("name = \"n\"\none {\n}\none {\n}", &["Duplicate one block"]),
        ("name = \"n\"\nmap \"a\" {\n}\nmap \"a\" {\n}", &["Duplicate map block"]),
        ("name = \"n\"\nmap {\n}", &["Missing key for map"]),
        ("name = \"n\"\ndynamic \"foo\" {\n for_each = []\n content {\n }\n}", &["Unsupported block type"]),
        ("name = \"n\"\ndynamic \"list\" {\n content {\n }\n}", &["Missing required argument"]),
        ("name = \"n\"\ndynamic \"list\" {\n for_each = 1\n content {\n }\n}", &["Invalid dynamic for_each value"]),
        ("name = \"n\"\ndynamic \"list\" {\n for_each = []\n}", &["Missing dynamic content block"]),
    ] {
        let body = native(text);
        assert_eq!(shown(&body).1, expected, "{text}");
        let still = check_body(&body, &schema()).into_iter().map(|d| d.summary).collect::<Vec<_>>();
        let structural: Vec<&str> =
            expected.iter().filter(|s| !s.contains("Incorrect") && !s.contains("for_each value")).copied().collect();
        assert_eq!(still, structural, "{text}");
    }
}

#[test]
fn unknown_iteration_makes_unknown_blocks() {
    let body = native(
        "name = \"n\"\ndynamic \"list\" {\n for_each = var.u\n content {\n  x = list.value\n }\n}\ndynamic \"one\" {\n for_each = var.u\n content {\n  x = \"k\"\n }\n}",
    );
    let (value, diags) = decode(&body, &schema(), &Names);
    assert!(diags.is_empty(), "{diags:?}");
    assert!(value.get("list").unwrap().is_unknown());
    assert_eq!(value.ty(), schema().implied_type());
}

#[test]
fn references_and_places_are_found() {
    let text = "name = a.b\nset {\n x = c.d\n}\ndynamic \"list\" {\n for_each = var.l\n content {\n  x = \"${list.value}${e.f}\"\n }\n}\nfoo = g.h";
    let body = native(text);
    let found: Vec<String> = traversals(&body, &schema()).iter().map(ToString::to_string).collect();
    assert_eq!(found, ["a.b", "var.l", "e.f", "c.d"]);
    let at = |path: Path| span_of(&body, &schema(), &path).map(|s| &text[s.start as usize..s.end as usize]);
    assert_eq!(at(Path::root().attr("name")), Some("a.b"));
    assert_eq!(at(Path::root().attr("list").index(Value::number(3)).attr("x")), Some("\"${list.value}${e.f}\""));
    assert_eq!(at(Path::root().attr("set").index(Value::TRUE).attr("n")), Some("set"));
    assert_eq!(at(Path::root().attr("tags")), None);
}
