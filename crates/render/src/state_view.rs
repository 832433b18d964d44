//! A state as JSON and as text.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use sdt_schema::Schema;
use sdt_state::{IndexKey, Instance, Mode, ResourceKey, State};
use sdt_value::Value;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use crate::console::value_text;
use crate::diff::{Change, Pen, block_diff, side, value_diff};
use crate::theme::Theme;
use crate::values::{known, sensitive};

/// Reads a stored object by its schema: provider as the state names it, resource, instance. The value carries its marks. `None`
/// where the provider or the type is not there.
pub type Decode<'a> = &'a dyn Fn(&str, &ResourceKey, &Instance) -> Option<(Value, Arc<Schema>)>;

/// One object in the form of `show -json`.
#[derive(Clone, Debug, Serialize)]
pub struct ObjectView {
    /// `module.m[0].aws_vpc.main["x"]`
    pub address: String,
    /// `managed` or `data`.
    pub mode: &'static str,
    /// Type name.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Name in configuration.
    pub name: String,
    /// Key in `count` or `for_each`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<Json>,
    /// `registry.terraform.io/hashicorp/aws`
    pub provider_name: String,
    /// Version of the schema.
    pub schema_version: u64,
    /// The object.
    #[serde(skip_serializing_if = "Json::is_null")]
    pub values: Json,
    /// Where it is sensitive.
    pub sensitive_values: Json,
    /// What it depends on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
    /// It will be replaced.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tainted: bool,
    /// The key of a deposed object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deposed_key: Option<String>,
    /// The module it is in; empty for the root module.
    #[serde(skip)]
    pub module: String,
    /// Describes the object.
    #[serde(skip)]
    pub schema: Option<Arc<Schema>>,
}

/// Prepares every object of a state, by module and address.
#[must_use]
pub fn state_objects(state: &State, decode: Decode<'_>) -> Vec<ObjectView> {
    let mut out: Vec<_> = state
        .instances()
        .map(|(addr, resource, instance)| {
            let decoded = decode(&resource.provider, &addr.resource, instance);
            let (values, sensitive_values) = match &decoded {
                Some((value, _)) => (known(value).unwrap_or(Json::Null), sensitive(value)),
                None => ((*instance.attributes).clone(), json!({})),
            };
            ObjectView {
                address: addr.to_string(),
                mode: if addr.resource.mode == Mode::Data { "data" } else { "managed" },
                type_name: addr.resource.ty.clone(),
                name: addr.resource.name.clone(),
                index: addr.index.as_ref().map(|i| match i {
                    IndexKey::Int(n) => (*n).into(),
                    IndexKey::String(s) => s.as_str().into(),
                }),
                provider_name: provider_source(&resource.provider),
                schema_version: decoded.as_ref().map_or(instance.schema_version, |(_, s)| s.version),
                values,
                sensitive_values,
                depends_on: instance.dependencies.iter().map(ToString::to_string).collect(),
                tainted: instance.tainted,
                deposed_key: instance.deposed.clone(),
                module: addr.resource.module.clone(),
                schema: decoded.map(|(_, s)| s),
            }
        })
        .collect();
    out.sort_by(|a, b| {
        (&a.module, a.module.len(), &a.address, &a.deposed_key).cmp(&(
            &b.module,
            b.module.len(),
            &b.address,
            &b.deposed_key,
        ))
    });
    out
}

/// `registry.terraform.io/hashicorp/aws` of `module.x.provider["registry.terraform.io/hashicorp/aws"].alias`.
fn provider_source(provider: &str) -> String {
    provider.split('"').nth(1).unwrap_or(provider).to_owned()
}

/// Returns the JSON of `show -json` for a state: `format_version` 1.0. A state without anything has no values.
#[must_use]
pub fn state_json(state: &State, decode: Decode<'_>) -> Json {
    if state.is_empty() {
        return json!({"format_version": "1.0"});
    }
    let mut out = json!({
        "format_version": "1.0",
        "terraform_version": state.terraform_version,
        "values": values_json(state, decode),
    });
    if let Some(checks) = checks_from_state(&state.check_results) {
        out["checks"] = checks;
    }
    out
}

/// The `values` of a state: outputs and the module tree.
#[must_use]
pub fn values_json(state: &State, decode: Decode<'_>) -> Json {
    let mut values = Map::new();
    if !state.outputs.is_empty() {
        let outputs: Map<_, _> = state
            .outputs
            .iter()
            .map(|(name, o)| (name.clone(), json!({"sensitive": o.sensitive, "value": o.value, "type": o.ty})))
            .collect();
        values.insert("outputs".into(), outputs.into());
    }
    values.insert("root_module".into(), module_tree(state_objects(state, decode)));
    values.into()
}

/// Sorts objects into the tree of their modules.
pub(crate) fn module_tree(objects: Vec<ObjectView>) -> Json {
    #[derive(Default)]
    struct Node {
        resources: Vec<Json>,
        children: BTreeMap<String, Node>,
    }
    fn write(node: Node, address: Option<&str>) -> Json {
        let mut out = Map::new();
        if !node.resources.is_empty() {
            out.insert("resources".into(), node.resources.into());
        }
        if let Some(address) = address {
            out.insert("address".into(), address.into());
        }
        if !node.children.is_empty() {
            let children: Vec<_> = node.children.into_iter().map(|(a, n)| write(n, Some(&a))).collect();
            out.insert("child_modules".into(), children.into());
        }
        out.into()
    }
    let mut root = Node::default();
    for object in objects {
        let mut node = &mut root;
        for prefix in module_prefixes(&object.module) {
            node = node.children.entry(prefix).or_default();
        }
        node.resources.push(serde_json::to_value(&object).unwrap_or(Json::Null));
    }
    write(root, None)
}

/// `module.a`, `module.a.module.b[0]` of `module.a.module.b[0]`.
fn module_prefixes(module: &str) -> Vec<String> {
    let Ok(instance) = module.parse::<sdt_addr::ModuleInstance>() else { return Vec::new() };
    (1..=instance.steps().len())
        .map(|n| sdt_addr::ModuleInstance::new(instance.steps()[..n].iter().cloned()).to_string())
        .collect()
}

/// The `checks` of `show -json` from the `check_results` of a state file.
fn checks_from_state(results: &Json) -> Option<Json> {
    let results = results.as_array()?;
    let out: Vec<_> = results
        .iter()
        .map(|r| {
            let instances: Vec<_> = r["objects"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|o| {
                    (
                        o["object_addr"].as_str().unwrap_or_default(),
                        o["status"].clone(),
                        o["failure_messages"].as_array(),
                    )
                })
                .map(|(addr, status, problems)| {
                    check_instance(addr, status, problems.map(Vec::as_slice).unwrap_or_default())
                })
                .collect();
            check_json(
                match r["object_kind"].as_str().unwrap_or_default() {
                    "output" => "output_value",
                    other => other,
                },
                r["config_addr"].as_str().unwrap_or_default(),
                r["status"].clone(),
                instances,
            )
        })
        .collect();
    (!out.is_empty()).then(|| sorted_checks(out))
}

pub(crate) fn sorted_checks(mut checks: Vec<Json>) -> Json {
    checks.sort_by(|a, b| {
        let key = |c: &Json| c["address"]["to_display"].as_str().unwrap_or_default().to_owned();
        key(a).cmp(&key(b))
    });
    checks.into()
}

/// One checked object.
pub(crate) fn check_json(kind: &str, address: &str, status: Json, instances: Vec<Json>) -> Json {
    let mut addr = json!({"kind": kind, "to_display": address});
    let (module, local) = split_module(address);
    if !module.is_empty() {
        addr["module"] = module.into();
    }
    if kind == "resource" {
        let (mode, rest) = match local.strip_prefix("data.") {
            Some(rest) => ("data", rest),
            None => ("managed", local),
        };
        let (ty, name) = rest.split_once('.').unwrap_or((rest, ""));
        addr["mode"] = mode.into();
        addr["type"] = ty.into();
        addr["name"] = name.into();
    } else {
        addr["name"] = local.split_once('.').map_or(local, |(_, name)| name).into();
    }
    let mut out = json!({"address": addr, "status": status});
    if !instances.is_empty() {
        out["instances"] = instances.into();
    }
    out
}

pub(crate) fn check_instance(address: &str, status: Json, problems: &[Json]) -> Json {
    let mut addr = json!({"to_display": address});
    if let Ok(instance) = address.parse::<sdt_addr::ResourceInstance>() {
        if let Some(key) = &instance.key {
            addr["instance_key"] = crate::view::index_json(key);
        }
        if !instance.module.is_root() {
            addr["module"] = instance.module.to_string().into();
        }
    }
    let mut out = json!({"address": addr, "status": status});
    if !problems.is_empty() {
        out["problems"] = problems.iter().map(|p| json!({"message": p})).collect();
    }
    out
}

fn split_module(address: &str) -> (&str, &str) {
    let mut at = 0;
    while address[at..].starts_with("module.") {
        match address[at + 7..].find('.') {
            Some(dot) => at += 7 + dot + 1,
            None => break,
        }
    }
    (address[..at].trim_end_matches('.'), &address[at..])
}

/// Writes a state for people.
#[must_use]
pub fn state_text(state: &State, decode: Decode<'_>, theme: &Theme) -> String {
    let objects = state_objects(state, decode);
    if objects.is_empty() && state.outputs.is_empty() {
        return "The state file is empty. No resources are represented.\n".into();
    }
    let mut out = String::new();
    let mut module = "";
    for object in &objects {
        if object.module != module {
            out.push('\n');
            module = &object.module;
        }
        out += &object_text(object, theme);
        out.push('\n');
    }
    if !state.outputs.is_empty() {
        out += "\nOutputs:\n\n";
        for (name, o) in &state.outputs {
            let secret = Json::Bool(o.sensitive);
            let diff = value_diff(&Change {
                before: side(&o.value),
                after: side(&o.value),
                before_sensitive: Some(&secret),
                after_sensitive: Some(&secret),
                ..Change::default()
            });
            let _ = writeln!(out, "{name} = {}", still(theme).write(&diff, 0));
        }
    }
    out
}

fn still(theme: &Theme) -> Pen<'_> {
    Pen { bare: true, unchanged: true, no_null: true, ..Pen::new(theme) }
}

/// Writes one object of a state as a block.
#[must_use]
pub fn object_text(object: &ObjectView, theme: &Theme) -> String {
    let mut note = String::new();
    if object.tainted {
        note += " (tainted)";
    }
    if let Some(key) = &object.deposed_key {
        let _ = write!(note, " (deposed object {key})");
    }
    let change = Change {
        before: side(&object.values),
        after: side(&object.values),
        before_sensitive: Some(&object.sensitive_values),
        after_sensitive: Some(&object.sensitive_values),
        ..Change::default()
    };
    let diff = match &object.schema {
        Some(schema) => block_diff(&change, &schema.block),
        None => value_diff(&change),
    };
    format!(
        "# {}:{note}\n{} \"{}\" \"{}\" {}\n",
        object.address,
        if object.mode == "data" { "data" } else { "resource" },
        object.type_name,
        object.name,
        still(theme).write(&diff, 0)
    )
}

/// Writes all outputs for people; sensitive ones are not shown.
#[must_use]
pub fn outputs_text(state: &State) -> String {
    let mut out = String::new();
    for (name, o) in &state.outputs {
        let text = match o.to_value() {
            _ if o.sensitive => "<sensitive>".into(),
            Ok(value) => value_text(&value),
            Err(e) => format!("<unreadable: {e}>"),
        };
        let _ = writeln!(out, "{name} = {text}");
    }
    out
}

/// Returns the JSON of `output -json`.
#[must_use]
pub fn outputs_json(state: &State) -> Json {
    outputs(state)
}

/// Terraform writes a negative zero as 0 here.
fn plain_zeros(value: &Json) -> Json {
    match value {
        Json::Number(n) if n.to_string() == "-0" => json!(0),
        Json::Array(items) => items.iter().map(plain_zeros).collect(),
        Json::Object(members) => members.iter().map(|(k, v)| (k.clone(), plain_zeros(v))).collect::<Map<_, _>>().into(),
        other => other.clone(),
    }
}

fn outputs(state: &State) -> Json {
    state
        .outputs
        .iter()
        .map(|(name, o)| {
            (name.clone(), json!({"sensitive": o.sensitive, "type": o.ty, "value": plain_zeros(&o.value)}))
        })
        .collect::<Map<_, _>>()
        .into()
}
