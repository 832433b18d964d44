//! Container definitions: JSON text in the configuration, compared by meaning.
//!
//! One table says which keys the API knows and of which type; everything else (validation, the request, the form in state, the
//! comparison) follows from it. The text goes to the API and comes from it as JSON, so that nothing is lost on the way.
//! Source: RegisterTaskDefinition and DescribeTaskDefinition of the ECS API, `ContainerDefinition`.

use std::collections::BTreeMap;

use sdt_value::Value;
use serde_json::{Map, Value as Json, json};

/// What a key holds.
enum Shape {
    Text,
    Whole,
    Flag,
    /// Text by free keys.
    Texts,
    List(&'static Shape),
    Object(&'static [(&'static str, Shape)]),
}

use Shape::{Flag, List, Object, Text, Texts, Whole};

const PAIR: Shape = Object(&[("name", Text), ("value", Text)]);
const SECRET: Shape = Object(&[("name", Text), ("valueFrom", Text)]);

const CONTAINER: Shape = Object(&[
    ("command", List(&Text)),
    ("cpu", Whole),
    ("credentialSpecs", List(&Text)),
    ("dependsOn", List(&Object(&[("condition", Text), ("containerName", Text)]))),
    ("disableNetworking", Flag),
    ("dnsSearchDomains", List(&Text)),
    ("dnsServers", List(&Text)),
    ("dockerLabels", Texts),
    ("dockerSecurityOptions", List(&Text)),
    ("entryPoint", List(&Text)),
    ("environment", List(&PAIR)),
    ("environmentFiles", List(&Object(&[("type", Text), ("value", Text)]))),
    ("essential", Flag),
    ("extraHosts", List(&Object(&[("hostname", Text), ("ipAddress", Text)]))),
    ("firelensConfiguration", Object(&[("options", Texts), ("type", Text)])),
    (
        "healthCheck",
        Object(&[
            ("command", List(&Text)),
            ("interval", Whole),
            ("retries", Whole),
            ("startPeriod", Whole),
            ("timeout", Whole),
        ]),
    ),
    ("hostname", Text),
    ("image", Text),
    ("interactive", Flag),
    ("links", List(&Text)),
    (
        "linuxParameters",
        Object(&[
            ("capabilities", Object(&[("add", List(&Text)), ("drop", List(&Text))])),
            ("devices", List(&Object(&[("containerPath", Text), ("hostPath", Text), ("permissions", List(&Text))]))),
            ("initProcessEnabled", Flag),
            ("maxSwap", Whole),
            ("sharedMemorySize", Whole),
            ("swappiness", Whole),
            ("tmpfs", List(&Object(&[("containerPath", Text), ("mountOptions", List(&Text)), ("size", Whole)]))),
        ]),
    ),
    ("logConfiguration", Object(&[("logDriver", Text), ("options", Texts), ("secretOptions", List(&SECRET))])),
    ("memory", Whole),
    ("memoryReservation", Whole),
    ("mountPoints", List(&Object(&[("containerPath", Text), ("readOnly", Flag), ("sourceVolume", Text)]))),
    ("name", Text),
    (
        "portMappings",
        List(&Object(&[
            ("appProtocol", Text),
            ("containerPort", Whole),
            ("containerPortRange", Text),
            ("hostPort", Whole),
            ("name", Text),
            ("protocol", Text),
        ])),
    ),
    ("privileged", Flag),
    ("pseudoTerminal", Flag),
    ("readonlyRootFilesystem", Flag),
    ("repositoryCredentials", Object(&[("credentialsParameter", Text)])),
    ("resourceRequirements", List(&Object(&[("type", Text), ("value", Text)]))),
    (
        "restartPolicy",
        Object(&[("enabled", Flag), ("ignoredExitCodes", List(&Whole)), ("restartAttemptPeriod", Whole)]),
    ),
    ("secrets", List(&SECRET)),
    ("startTimeout", Whole),
    ("stopTimeout", Whole),
    ("systemControls", List(&Object(&[("namespace", Text), ("value", Text)]))),
    ("ulimits", List(&Object(&[("hardLimit", Whole), ("name", Text), ("softLimit", Whole)]))),
    ("user", Text),
    ("versionConsistency", Text),
    ("volumesFrom", List(&Object(&[("readOnly", Flag), ("sourceContainer", Text)]))),
    ("workingDirectory", Text),
]);

/// Reads container definitions: keys in any case become the API's, unknown keys and nulls go.
///
/// # Errors
/// What is wrong with the text, with the path to it.
pub(crate) fn parse(text: &str) -> Result<Vec<Json>, String> {
    let value: Json = serde_json::from_str(text).map_err(|e| format!("is no JSON: {e}"))?;
    let Json::Array(items) = value else { return Err("must be a list of container definitions".into()) };
    let mut out = Vec::with_capacity(items.len());
    for (i, item) in items.into_iter().enumerate() {
        let one = shape(&CONTAINER, item, &format!("[{i}]"))?;
        match one {
            Some(one) if one.as_object().is_some_and(|o| !o.is_empty()) => out.push(one),
            _ => return Err(format!("has an empty container definition at index {i}")),
        }
    }
    Ok(out)
}

fn shape(want: &Shape, value: Json, at: &str) -> Result<Option<Json>, String> {
    let kind = match &value {
        Json::Null => return Ok(None),
        Json::Bool(_) => "a bool",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    };
    let misfit = |wanted: &str| Err(format!("needs {wanted} at {at}, not {kind}"));
    Ok(Some(match (want, value) {
        (Text, Json::String(s)) => Json::String(s),
        (Flag, Json::Bool(b)) => Json::Bool(b),
        (Whole, Json::Number(n)) => match n.as_i64() {
            Some(_) => Json::Number(n),
            None => return Err(format!("needs a whole number at {at}, not {n}")),
        },
        (Texts, Json::Object(members)) => {
            let mut out = BTreeMap::new();
            for (key, value) in members {
                let inner = format!("{at}.{key}");
                out.insert(key, shape(&Text, value, &inner)?.unwrap_or_else(|| json!("")));
            }
            Json::Object(out.into_iter().collect())
        }
        (List(element), Json::Array(items)) => {
            let mut out = Vec::with_capacity(items.len());
            for (i, item) in items.into_iter().enumerate() {
                out.extend(shape(element, item, &format!("{at}[{i}]"))?);
            }
            Json::Array(out)
        }
        (Object(fields), Json::Object(members)) => {
            let mut out = BTreeMap::new();
            for (key, value) in members {
                let Some((name, inner)) = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(&key)) else {
                    continue;
                };
                if let Some(value) = shape(inner, value, &format!("{at}.{name}"))? {
                    out.insert((*name).to_owned(), value);
                }
            }
            Json::Object(out.into_iter().collect())
        }
        (Text, _) => return misfit("a string"),
        (Flag, _) => return misfit("true or false"),
        (Whole, _) => return misfit("a number"),
        (List(_), _) => return misfit("a list"),
        (Texts | Object(_), _) => return misfit("an object"),
    }))
}

/// For the declaration: the text must be container definitions.
pub(crate) fn check(text: &str) -> Result<(), String> {
    // Empty text counts as not set; the service says then that there must be some.
    if text.is_empty() {
        return Ok(());
    }
    parse(text).map(drop).map_err(|e| format!("to be container definitions: it {e}"))
}

/// The form in state of what DescribeTaskDefinition answered.
pub(crate) fn stored(answer: Json) -> String {
    let text = answer.to_string();
    let Ok(mut all) = parse(&text) else { return text };
    for container in &mut all {
        let Some(members) = container.as_object_mut() else { continue };
        if members.get("cpu") == Some(&json!(0)) {
            members.remove("cpu");
        }
        sort_pairs(members);
        *container = sorted(std::mem::take(container));
    }
    sort_by(&mut all, "name");
    Json::Array(all).to_string()
}

/// Tells whether two texts describe the same containers; in other network modes than `awsvpc`.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    matches!((a.as_str(), b.as_str()), (Some(a), Some(b)) if equivalent(a, b, false))
}

/// Tells whether two texts describe the same containers. With `awsvpc` a port without a host port is the same port on the host.
pub(crate) fn equivalent(a: &str, b: &str, awsvpc: bool) -> bool {
    match (parse(a), parse(b)) {
        (Ok(a), Ok(b)) => reduce(a, awsvpc) == reduce(b, awsvpc),
        _ => a == b,
    }
}

/// Without what the API fills in or reorders.
fn reduce(mut all: Vec<Json>, awsvpc: bool) -> Vec<Json> {
    for container in &mut all {
        let Some(members) = container.as_object_mut() else { continue };
        members.entry("essential").or_insert(Json::Bool(true));
        if members.get("cpu") == Some(&json!(0)) {
            members.remove("cpu");
        }
        for port in members.get_mut("portMappings").and_then(Json::as_array_mut).into_iter().flatten() {
            let Some(port) = port.as_object_mut() else { continue };
            if port.get("protocol").and_then(Json::as_str) == Some("tcp") {
                port.remove("protocol");
            }
            if port.get("hostPort") == Some(&json!(0)) {
                port.remove("hostPort");
            }
            if awsvpc
                && !port.contains_key("hostPort")
                && let Some(same) = port.get("containerPort").cloned()
            {
                port.insert("hostPort".into(), same);
            }
        }
        sort_pairs(members);
        if let Some(list) = members.get_mut("environmentFiles").and_then(Json::as_array_mut) {
            sort_by(list, "value");
        }
        compact(members);
        *container = sorted(std::mem::take(container));
    }
    sort_by(&mut all, "name");
    all
}

/// Environment and secrets by name: the API answers in an order of its own.
fn sort_pairs(container: &mut Map<String, Json>) {
    for list in ["environment", "secrets"] {
        if let Some(list) = container.get_mut(list).and_then(Json::as_array_mut) {
            sort_by(list, "name");
        }
    }
}

fn sort_by(list: &mut [Json], key: &str) {
    list.sort_by(|a, b| a.get(key).and_then(Json::as_str).cmp(&b.get(key).and_then(Json::as_str)));
}

/// Takes empty lists and objects out, from the inside.
fn compact(members: &mut Map<String, Json>) {
    for value in members.values_mut() {
        match value {
            Json::Object(inner) => compact(inner),
            Json::Array(items) => items.iter_mut().filter_map(Json::as_object_mut).for_each(compact),
            _ => {}
        }
    }
    members.retain(|_, v| match v {
        Json::Object(o) => !o.is_empty(),
        Json::Array(a) => !a.is_empty(),
        _ => true,
    });
}

/// Members in the order of their names, whatever order the map keeps.
fn sorted(value: Json) -> Json {
    match value {
        Json::Object(members) => {
            let members: BTreeMap<String, Json> = members.into_iter().map(|(k, v)| (k, sorted(v))).collect();
            Json::Object(members.into_iter().collect())
        }
        Json::Array(items) => Json::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meaning() {
        let check = |a: &str, b: &str, awsvpc: bool, want: bool| {
            assert_eq!(equivalent(a, b, awsvpc), want, "{a}\n{b}");
            assert_eq!(equivalent(b, a, awsvpc), want, "{b}\n{a}");
        };
        let base = r#"[{"name":"a","image":"i"}]"#;
        check(
            base,
            r#"[{"Image":"i","Name":"a","essential":true,"cpu":0,"environment":[],"volumesFrom":[],"x":1}]"#,
            false,
            true,
        );
        check(base, r#"[{"name":"a","image":"i","essential":false}]"#, false, false);
        check(base, r#"[{"name":"a","image":"j"}]"#, false, false);
        check(base, r#"[{"name":"a","image":"i","links":null,"logConfiguration":{}}]"#, false, true);
        let env = |e: &str| format!(r#"[{{"name":"a","environment":{e}}}]"#);
        let (ab, ba) = (
            r#"[{"name":"a","value":"1"},{"name":"b","value":"2"}]"#,
            r#"[{"name":"b","value":"2"},{"value":"1","name":"a"}]"#,
        );
        check(&env(ab), &env(ba), false, true);
        check(r#"[{"name":"a"},{"name":"b"}]"#, r#"[{"name":"b"},{"name":"a"}]"#, false, true);
        let port = |p: &str| format!(r#"[{{"name":"a","portMappings":[{p}]}}]"#);
        let (plain, full) = (r#"{"containerPort":80}"#, r#"{"containerPort":80,"hostPort":80,"protocol":"tcp"}"#);
        check(&port(plain), &port(full), true, true);
        check(&port(plain), &port(full), false, false);
        check(&port(plain), &port(r#"{"containerPort":80,"hostPort":0,"protocol":"tcp"}"#), false, true);
    }

    #[test]
    fn refused() {
        let check = |text: &str, part: &str| {
            let error = parse(text).expect_err(text);
            assert!(error.contains(part), "{error}");
        };
        check("{", "is no JSON");
        check("{}", "must be a list");
        check("[{}]", "index 0");
        check("[null]", "index 0");
        check(r#"[{"name":"a","cpu":"256"}]"#, "[0].cpu");
        check(
            r#"[{"name":"a","environment":[{"name":"P","value":8080}]}]"#,
            "needs a string at [0].environment[0].value",
        );
    }
}
