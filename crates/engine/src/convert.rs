//! Between addresses and objects of the state file and those of the engine.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sdt_addr::{ConfigResource, InstanceKey, Mode, ResourceAddr, ResourceInstance};
use sdt_provider::Private;
use sdt_schema::{Block, Nesting, Schema};
use sdt_state::{IndexKey, Instance, InstanceAddr, ResourceKey};
use sdt_value::{Kind, Marks, Path, PathStep, Type, Value};
use serde_json::{Value as Json, json};

use crate::graph::module_instance;

fn mode(m: sdt_state::Mode) -> Mode {
    match m {
        sdt_state::Mode::Data => Mode::Data,
        sdt_state::Mode::Managed => Mode::Managed,
    }
}

pub(crate) fn resource_addr(key: &ResourceKey) -> ResourceAddr {
    ResourceAddr { mode: mode(key.mode), type_name: key.ty.as_str().into(), name: key.name.as_str().into() }
}

/// The configuration address of a resource of the state; none for a module address that does not parse.
pub(crate) fn config_resource(key: &ResourceKey) -> Option<ConfigResource> {
    Some(resource_addr(key).in_module(module_instance(&key.module)?.path()))
}

pub(crate) fn key_from_state(key: &IndexKey) -> InstanceKey {
    match key {
        IndexKey::Int(n) => InstanceKey::Int(i64::try_from(*n).unwrap_or(i64::MAX)),
        IndexKey::String(s) => InstanceKey::String(s.as_str().into()),
    }
}

pub(crate) fn key_to_state(key: &InstanceKey) -> IndexKey {
    match key {
        InstanceKey::Int(n) => IndexKey::Int(u64::try_from(*n).unwrap_or_default()),
        InstanceKey::String(s) => IndexKey::String(s.to_string()),
    }
}

pub(crate) fn instance_from_state(addr: &InstanceAddr) -> Option<ResourceInstance> {
    let module = module_instance(&addr.resource.module)?;
    Some(resource_addr(&addr.resource).instance(module, addr.index.as_ref().map(key_from_state)))
}

pub(crate) fn resource_to_state(addr: &ResourceInstance) -> ResourceKey {
    ResourceKey {
        module: if addr.module.is_root() { String::new() } else { addr.module.to_string() },
        mode: if addr.resource.mode == Mode::Data { sdt_state::Mode::Data } else { sdt_state::Mode::Managed },
        ty: addr.resource.type_name.to_string(),
        name: addr.resource.name.to_string(),
    }
}

pub(crate) fn instance_to_state(addr: &ResourceInstance) -> InstanceAddr {
    resource_to_state(addr).instance(addr.key.as_ref().map(key_to_state))
}

pub(crate) fn private_from_state(private: Option<&str>) -> Private {
    private.and_then(|p| STANDARD.decode(p).ok()).map_or_else(|| Arc::from([]), Arc::from)
}

pub(crate) fn private_to_state(private: &[u8]) -> Option<String> {
    if private.is_empty() { None } else { Some(STANDARD.encode(private)) }
}

/// An object of the current schema as an instance of the state file.
pub(crate) fn object_to_state(
    key: Option<&InstanceKey>,
    schema: &Schema,
    ty: &Type,
    object: &Value,
    private: &[u8],
) -> Instance {
    let (bare, paths) = object.clone().unmark_with_paths();
    let mut instance = Instance::new(key.map(key_to_state), schema.version, sdt_value::to_json(&bare, ty));
    let sensitive: Vec<Json> =
        paths.iter().filter(|(_, m)| m.contains(Marks::SENSITIVE)).map(|(p, _)| path_to_state(p)).collect();
    instance.sensitive_attributes = Some(Arc::new(Json::Array(sensitive)));
    instance.private = private_to_state(private);
    instance
}

/// A path in the form of `sensitive_attributes`.
pub(crate) fn path_to_state(path: &Path) -> Json {
    path.0
        .iter()
        .map(|s| match s {
            PathStep::Attr(name) => json!({"type": "get_attr", "value": **name}),
            PathStep::Index(key) => {
                let ty = key.ty();
                json!({"type": "index", "value": {"value": sdt_value::to_json(key, &ty), "type": sdt_value::type_to_json(&ty)}})
            }
        })
        .collect()
}

/// Reads [`path_to_state`]; a path of another form is left out.
pub(crate) fn paths_from_state(json: Option<&Json>) -> Vec<(Path, Marks)> {
    let paths = json.and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let step = |s: &Json| -> Option<PathStep> {
        let value = s.get("value")?;
        match s.get("type")?.as_str()? {
            "get_attr" => Some(PathStep::Attr(value.as_str()?.into())),
            "index" => {
                let ty = sdt_value::type_from_json(value.get("type")?).ok()?;
                Some(PathStep::Index(sdt_value::from_json(value.get("value")?, &ty).ok()?))
            }
            _ => None,
        }
    };
    paths
        .iter()
        .filter_map(|p| p.as_array()?.iter().map(step).collect::<Option<Vec<_>>>())
        .map(|steps| (Path(steps), Marks::SENSITIVE))
        .collect()
}

/// Marks what the schema calls sensitive.
pub(crate) fn mark_schema(block: &Block, object: Value) -> Value {
    if !has_sensitive(block) {
        return object;
    }
    let marks = object.marks();
    let Kind::Object(members) = object.kind() else { return object };
    let mut members = (**members).clone();
    for (name, attribute) in &block.attributes {
        if attribute.sensitive
            && let Some(v) = members.get_mut(name)
        {
            *v = v.clone().with_marks(Marks::SENSITIVE);
        }
    }
    for (name, nested) in &block.blocks {
        if !has_sensitive(&nested.block) {
            continue;
        }
        if let Some(v) = members.get_mut(name) {
            *v = mark_nested(nested.nesting, &nested.block, v.clone());
        }
    }
    Value::from(Kind::Object(Arc::new(members))).with_marks(marks)
}

fn mark_nested(nesting: Nesting, block: &Block, value: Value) -> Value {
    let marks = value.marks();
    let out: Value = match value.kind() {
        Kind::Object(_) if matches!(nesting, Nesting::Single | Nesting::Group) => return mark_schema(block, value),
        Kind::List(t, items) => {
            Kind::List(t.clone(), Arc::new(items.iter().map(|v| mark_schema(block, v.clone())).collect())).into()
        }
        Kind::Tuple(items) => {
            Kind::Tuple(Arc::new(items.iter().map(|v| mark_schema(block, v.clone())).collect())).into()
        }
        // Marks inside sets belong to the set as a whole.
        Kind::Set(_, items) if !items.is_empty() => return value.with_marks(Marks::SENSITIVE),
        Kind::Map(t, m) => {
            let m = m.iter().map(|(k, v)| (k.clone(), mark_schema(block, v.clone()))).collect();
            Kind::Map(t.clone(), Arc::new(m)).into()
        }
        Kind::Object(m) => {
            Kind::Object(Arc::new(m.iter().map(|(k, v)| (k.clone(), mark_schema(block, v.clone()))).collect())).into()
        }
        _ => return value,
    };
    out.with_marks(marks)
}

fn has_sensitive(block: &Block) -> bool {
    block.attributes.values().any(|a| a.sensitive) || block.blocks.values().any(|b| has_sensitive(&b.block))
}

/// What identifies an object to people.
pub(crate) fn id_of(object: &Value) -> Option<String> {
    object.get("id").and_then(Value::as_str).map(str::to_owned)
}
