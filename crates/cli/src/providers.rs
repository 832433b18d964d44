//! The providers that are there.

use std::collections::BTreeMap;
use std::sync::Arc;

use sdt_addr::{Mode, ProviderAddr};
use sdt_config::{Config, Version, VersionConstraints};
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_provider::Provider;
use sdt_schema::Schema;
use sdt_state::{Instance, ResourceKey, State};
use sdt_value::{Kind, Marks, Path, PathStep, Type, Value};
use serde_json::Value as Json;

/// Hosts whose providers of the namespace `hashicorp` are ours.
const HOSTS: [&str; 2] = ["registry.terraform.io", "registry.opentofu.org"];

/// All providers by address.
pub(crate) type Registry = BTreeMap<ProviderAddr, Arc<dyn Provider>>;

/// Makes the registry. Nothing is configured yet; schemas are built when they are asked for.
pub(crate) fn registry() -> Registry {
    let random = sdt_std::Random::new(crate::backend::random);
    let mut out = Registry::new();
    let builtin: Arc<dyn Provider> =
        Arc::new(sdt_std::terraform(random.clone(), Some(Arc::new(crate::commands::remote_state::read))));
    out.insert(ProviderAddr::builtin("terraform"), builtin);
    let native: Vec<(&str, Arc<dyn Provider>)> = vec![
        ("random", Arc::new(sdt_std::random(random.clone()))),
        ("null", Arc::new(sdt_std::null(random.clone()))),
        ("tls", Arc::new(sdt_std::tls(random))),
        ("archive", Arc::new(sdt_std::archive())),
        ("http", Arc::new(sdt_std::http())),
        ("local", Arc::new(sdt_std::local())),
        ("time", Arc::new(sdt_std::time())),
        ("external", Arc::new(sdt_std::external())),
        #[cfg(feature = "aws")]
        ("aws", crate::providers::aws()),
    ];
    for (name, provider) in native {
        for host in HOSTS {
            let addr = ProviderAddr { hostname: host.into(), ..ProviderAddr::new("hashicorp", name) };
            out.insert(addr, provider.clone());
        }
    }
    out
}

#[cfg(feature = "aws")]
fn aws() -> Arc<dyn Provider> {
    sdt_aws::provider()
}

/// Checks that every provider the configuration and the state need is there in an acceptable version.
pub(crate) fn check(config: &Config, state: Option<&State>, registry: &Registry) -> Diagnostics {
    let mut diags = Diagnostics::new();
    let mut needed: BTreeMap<ProviderAddr, VersionConstraints> = config.required_providers();
    for resource in state.iter().flat_map(|s| s.resources.values()) {
        if let Some(addr) = resource.provider.split('"').nth(1).and_then(|p| p.parse().ok()) {
            needed.entry(addr).or_default();
        }
    }
    let mut names: Vec<String> =
        registry.keys().filter(|a| &*a.hostname != HOSTS[1]).map(ProviderAddr::for_display).collect();
    names.sort();
    for (addr, constraints) in needed {
        match registry.get(&addr) {
            None => {
                let detail = format!(
                    "The provider {addr} is needed, but sdt has it not built in, and it cannot run provider plugins yet. Built in: {}. Manage what needs it with Terraform in another root module, or remove it.",
                    names.join(", ")
                );
                diags.push(Diagnostic::error("Missing required provider", detail));
            }
            Some(provider) => {
                let version = provider.version().and_then(|v| v.parse::<Version>().ok());
                if let Some(version) = version.filter(|v| !constraints.matches(v)) {
                    let detail = format!(
                        "The configuration accepts {constraints} of {}, but the one built into sdt acts as version {version}. Change the constraint in required_providers so that it includes {version}.",
                        addr.for_display()
                    );
                    diags.push(Diagnostic::error("Unsupported provider version", detail));
                }
            }
        }
    }
    diags
}

/// The schema of a type.
pub(crate) fn schema(registry: &Registry, addr: &ProviderAddr, mode: Mode, type_name: &str) -> Option<Arc<Schema>> {
    let mode = match mode {
        Mode::Managed => sdt_provider::Mode::Managed,
        Mode::Data => sdt_provider::Mode::Data,
        Mode::Ephemeral => sdt_provider::Mode::Ephemeral,
    };
    registry.get(addr)?.schema(mode, type_name)
}

/// Reads a stored object by its schema, with its marks.
pub(crate) fn decode(
    registry: &Registry,
    provider: &str,
    key: &ResourceKey,
    instance: &Instance,
) -> Option<(Value, Arc<Schema>)> {
    let addr: ProviderAddr = provider.split('"').nth(1)?.parse().ok()?;
    let provider = registry.get(&addr)?;
    let mode = match key.mode {
        sdt_state::Mode::Managed => sdt_provider::Mode::Managed,
        sdt_state::Mode::Data => sdt_provider::Mode::Data,
    };
    let schema = provider.schema(mode, &key.ty)?;
    let value = if instance.schema_version < schema.version && mode == sdt_provider::Mode::Managed {
        provider.upgrade_state(&key.ty, instance.schema_version, &instance.attributes).ok()?
    } else {
        sdt_value::from_json(&instance.attributes, &schema.block.implied_type()).ok()?
    };
    let marks = sensitive_paths(instance.sensitive_attributes.as_deref());
    let value = mark_block(&schema.block, value.mark_with_paths(&marks));
    Some((value, schema))
}

/// Marks what the schema calls sensitive.
fn mark_block(block: &sdt_schema::Block, value: Value) -> Value {
    let Some(members) = value.as_members() else { return value };
    let own = value.marks();
    let marked = members.iter().map(|(name, v)| {
        let mut v = v.clone();
        if block.attributes.get(name).is_some_and(|a| a.sensitive) {
            v = v.with_marks(Marks::SENSITIVE);
        } else if let Some(nested) = block.blocks.get(name) {
            v = mark_nested(&nested.block, v);
        }
        (name.clone(), v)
    });
    Value::object(marked).with_marks(own)
}

fn mark_nested(block: &sdt_schema::Block, value: Value) -> Value {
    let own = value.marks();
    let each = |items: &[Value]| items.iter().map(|v| mark_block(block, v.clone())).collect::<Vec<_>>();
    match value.kind() {
        Kind::Object(_) => mark_block(block, value),
        Kind::List(ty, items) => Value::list(ty.clone(), each(items)).with_marks(own),
        Kind::Set(ty, items) => Value::set(ty.clone(), each(items)).with_marks(own),
        Kind::Tuple(items) => Value::tuple(each(items)).with_marks(own),
        Kind::Map(ty, members) => {
            let marked = members.iter().map(|(k, v)| (k.clone(), mark_block(block, v.clone()))).collect();
            Value::map(ty.clone(), marked).with_marks(own)
        }
        _ => value,
    }
}

/// Reads the paths that a state file calls sensitive.
fn sensitive_paths(json: Option<&Json>) -> Vec<(Path, Marks)> {
    let steps = |path: &Json| -> Option<Path> {
        let steps = path.as_array()?.iter().map(|step| {
            let value = &step["value"];
            match step["type"].as_str()? {
                "get_attr" => Some(PathStep::Attr(value.as_str()?.into())),
                "index" => {
                    let ty = sdt_value::type_from_json(&value["type"]).unwrap_or(Type::String);
                    Some(PathStep::Index(sdt_value::from_json(&value["value"], &ty).ok()?))
                }
                _ => None,
            }
        });
        Some(Path(steps.collect::<Option<Vec<_>>>()?))
    };
    json.and_then(Json::as_array).into_iter().flatten().filter_map(steps).map(|p| (p, Marks::SENSITIVE)).collect()
}
