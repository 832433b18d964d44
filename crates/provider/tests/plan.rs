//! Planning and storing by declaration: configuration and prior object in, planned object and replacements out.

use sdt_provider::{
    Block, Computed, Described, Id, OptComputed, Resource, Set, TagSettings, Tags, after_apply, after_read, plan,
    validate,
};
use sdt_schema::{Schema, coerce};
use sdt_value::{Kind, Value, from_json_implied, to_json};
use serde_json::{Value as Json, json};

/// A type with one of everything.
#[derive(Clone, Resource)]
#[resource(name = "t", version = 1, timeouts(create = "1m"))]
#[allow(dead_code, reason = "only the declaration is looked at")]
struct Thing {
    id: Id,
    arn: Computed<String>,
    #[attr(force_new, conflicts_with(flag))]
    name: OptComputed<String>,
    #[attr(default = true)]
    on: bool,
    flag: Option<bool>,
    #[attr(invalidates(arn))]
    size: Option<i64>,
    policy: Option<sdt_provider::Json>,
    #[attr(carry)]
    secret: Option<String>,
    #[attr(one_of("a", "b"))]
    kind: Option<String>,
    #[attr(one_of("on", "off"), any_case)]
    switch: Option<String>,
    #[attr(lasting, force_new)]
    options: Option<Options>,
    part: Vec<Part>,
    member: Set<Member>,
    extra: OptComputed<Vec<Part>>,
    #[attr(nested)]
    rule: OptComputed<Set<Member>>,
    tags: Tags,
}

#[derive(Clone, Block)]
#[allow(dead_code, reason = "only the declaration is looked at")]
struct Part {
    #[attr(force_new)]
    key: Option<String>,
    value: OptComputed<i64>,
}

#[derive(Clone, Block)]
#[allow(dead_code, reason = "only the declaration is looked at")]
struct Options {
    #[attr(default = "plain", force_new)]
    form: Option<String>,
    #[attr(default = false, force_new)]
    hourly: Option<bool>,
    limit: Option<i64>,
}

#[derive(Clone, Block)]
#[allow(dead_code, reason = "only the declaration is looked at")]
struct Member {
    host: Option<String>,
    port: Option<i64>,
    ips: Option<Vec<String>>,
}

fn object(schema: &Schema, json: &Json) -> Value {
    if json.is_null() {
        Value::null(schema.block.implied_type())
    } else {
        coerce(&schema.block, &from_json_implied(json)).unwrap()
    }
}

/// "?" stands for unknown.
fn show(value: &Value) -> Json {
    match value.kind() {
        Kind::Unknown(..) => json!("?"),
        Kind::List(_, items) | Kind::Set(_, items) => items.iter().map(show).collect(),
        Kind::Object(m) | Kind::Map(_, m) => m.iter().map(|(k, v)| (k.to_string(), show(v))).collect(),
        _ => to_json(value, &value.ty()),
    }
}

fn tags() -> TagSettings {
    TagSettings { default_tags: [("Env".into(), "test".into())].into(), ..TagSettings::default() }
}

/// Plans `config` over `prior` and compares the named members and the replacements.
fn check(config: Json, prior: Json, expected: Json, replace: &[&str]) {
    let schema = Thing::META.schema();
    let (config, prior) = (object(&schema, &config), object(&schema, &prior));
    let edit = plan(Thing::META, &tags(), &config, &prior);
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&show(&edit.planned[name.as_str()]), value, "{name} of {}", show(&config));
    }
    let paths: Vec<String> = edit.replace.iter().map(|p| p.to_string().trim_start_matches('.').to_owned()).collect();
    assert_eq!(paths, replace, "{}", show(&config));
    let planned = Value::object(edit.planned);
    assert_eq!(planned.ty(), schema.block.implied_type());
}

#[test]
fn creations() {
    check(
        json!({ "size": 3 }),
        Json::Null,
        json!({ "id": "?", "arn": "?", "name": "?", "on": true, "flag": null, "size": 3, "part": [], "extra": "?", "rule": "?",
                "tags": null, "tags_all": { "Env": "test" }, "timeouts": null }),
        &[],
    );
    check(
        json!({ "part": [{ "key": "a" }], "member": [{ "port": 1 }], "rule": [{ "port": 2, "host": null, "ips": null }], "tags": { "Env": "x", "A": "b" } }),
        Json::Null,
        json!({ "part": [{ "key": "a", "value": "?" }],
                "member": [{ "host": "", "port": 1, "ips": [] }],
                "rule": [{ "host": "", "port": 2, "ips": [] }],
                "tags_all": { "Env": "x", "A": "b" } }),
        &[],
    );
}

fn prior() -> Json {
    json!({
        "id": "t-1", "arn": "arn", "name": "n", "on": true, "flag": false, "size": 3, "policy": "{\"a\": 1}", "secret": "s", "kind": "",
        "part": [{ "key": "a", "value": 7 }], "member": [{ "host": "", "port": 1, "ips": [] }], "extra": [{ "key": "", "value": 0 }],
        "rule": [], "tags": {}, "tags_all": { "Env": "test" }, "timeouts": null
    })
}

#[test]
fn updates() {
    let base =
        json!({ "size": 3, "policy": "{\"a\":1}", "secret": "s", "part": [{ "key": "a" }], "member": [{ "port": 1 }] });
    let with = |changes: Json| {
        let mut config = base.clone();
        for (k, v) in changes.as_object().unwrap() {
            config[k] = v.clone();
        }
        config
    };
    // Nothing changes: null and zero, spelling of JSON, computed values.
    check(with(json!({})), prior(), prior(), &[]);
    check(with(json!({ "flag": false, "kind": null })), prior(), prior(), &[]);
    // A change makes what depends on it unknown, and nothing else.
    check(with(json!({ "size": 4 })), prior(), json!({ "size": 4, "arn": "?", "name": "n", "id": "t-1" }), &[]);
    check(with(json!({ "size": null })), prior(), json!({ "size": null, "arn": "?" }), &[]);
    check(with(json!({ "on": false })), prior(), json!({ "on": false, "arn": "arn" }), &[]);
    // Replacements, also from inside blocks.
    check(with(json!({ "name": "m" })), prior(), json!({ "name": "m" }), &["name"]);
    check(with(json!({ "part": [{ "key": "b" }] })), prior(), json!({}), &["part[0].key"]);
    check(with(json!({ "part": [] })), prior(), json!({ "part": [] }), &["part[0].key"]);
    check(
        with(json!({ "part": [{ "key": "a", "value": 8 }] })),
        prior(),
        json!({ "part": [{ "key": "a", "value": 8 }] }),
        &[],
    );
    // Sets pair by meaning; in a set that changes, what stays has null where what comes has "".
    check(
        with(json!({ "member": [{ "port": 2 }, { "port": 1 }] })),
        prior(),
        json!({ "member": [{ "host": "", "port": 2, "ips": [] }, { "host": null, "port": 1, "ips": [] }] }),
        &[],
    );
    // A new block forces replacement by all that it says, false included; left out it stays, and what is in it goes to its defaults.
    let options = |form: &str, limit: Json| json!([{ "form": form, "hourly": false, "limit": limit }]);
    let had = |options: &Json| {
        let mut prior = prior();
        prior["options"] = options.clone();
        prior
    };
    let all = ["options[0].form", "options[0].hourly", "options"];
    check(with(json!({ "options": [{}] })), prior(), json!({ "options": options("plain", Json::Null) }), &all);
    check(with(json!({})), had(&options("plain", json!(0))), json!({ "options": options("plain", json!(0)) }), &[]);
    check(
        with(json!({})),
        had(&options("other", json!(5))),
        json!({ "options": options("plain", Json::Null) }),
        &["options[0].form"],
    );
    check(with(json!({ "tags": { "A": "b" } })), prior(), json!({ "tags_all": { "A": "b", "Env": "test" } }), &[]);
    check(with(json!({ "timeouts": { "create": "5m" } })), prior(), json!({ "timeouts": { "create": "5m" } }), &[]);
}

#[test]
fn what_is_stored() {
    let schema = Thing::META.schema();
    let null = Json::Null;
    let check = |got: Json, form: Json, read: Json, applied: Json| {
        let (got, form) = (object(&schema, &got), object(&schema, &form));
        let after = show(&after_read(Thing::META.decl, &got, &form, true));
        for (name, value) in read.as_object().unwrap() {
            assert_eq!(&after[name], value, "read {name}");
        }
        let after = show(&after_apply(Thing::META.decl, &got, &form));
        for (name, value) in applied.as_object().unwrap() {
            assert_eq!(&after[name], value, "applied {name}");
        }
    };
    // A refresh keeps the form, an apply stores what the service says for primitives and the plan's null for empty collections.
    check(
        json!({ "kind": "", "flag": false, "policy": "{\"a\": 1}", "member": [{ "host": "", "port": 1, "ips": [] }] }),
        json!({ "kind": null, "flag": null, "policy": "{\"a\":1}", "secret": "s", "member": [{ "host": null, "port": 1, "ips": null }] }),
        json!({ "kind": null, "flag": null, "policy": "{\"a\":1}", "secret": "s", "member": [{ "host": null, "port": 1, "ips": null }] }),
        json!({ "kind": "", "flag": false, "policy": "{\"a\":1}", "secret": "s", "member": [{ "host": null, "port": 1, "ips": null }] }),
    );
    check(json!({ "size": 4 }), json!({ "size": 3 }), json!({ "size": 4 }), json!({ "size": 4 }));
    check(json!({ "secret": null }), json!({ "secret": null }), json!({ "secret": null }), json!({ "secret": &null }));
}

#[test]
fn validation() {
    let schema = Thing::META.schema();
    let check = |config: Json, expected: &[&str]| {
        let found: Vec<String> =
            validate(Thing::META, &object(&schema, &config)).into_iter().map(|c| c.detail).collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (f, e) in found.iter().zip(expected) {
            assert!(f.contains(e), "{f} lacks {e}");
        }
    };
    check(json!({ "kind": "a" }), &[]);
    check(json!({ "kind": "c" }), &["to be one of [\"a\", \"b\"], got \"c\""]);
    check(json!({ "switch": "OFF" }), &[]);
    check(json!({ "name": "n", "flag": true }), &["conflicts with flag"]);
    check(json!({ "policy": "{" }), &["to be JSON"]);
    check(json!({ "timeouts": { "create": "soon" } }), &["duration"]);
}
