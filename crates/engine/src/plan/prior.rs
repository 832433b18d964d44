//! Objects of the state as values.

use std::sync::Arc;

use petgraph::graph::NodeIndex;
use sdt_addr::ResourceInstance;
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_plan::{NodeAddr, Resume};
use sdt_provider::Private;
use sdt_state::Instance;
use sdt_value::{Marks, Path, Str, Value};

use super::PlanWalk;
use crate::convert::{
    config_resource, instance_from_state, instance_to_state, mark_schema, paths_from_state, private_from_state,
};
use crate::core::{Core, TypeInfo};

pub(super) type PriorId = usize;

/// One object of the state.
#[derive(Clone)]
pub(super) struct Prior {
    pub(super) node: NodeIndex,
    pub(super) addr: ResourceInstance,
    pub(super) deposed: Option<Str>,
    pub(super) tainted: bool,
    /// Its creation, when that was cut short and is to be brought to its end.
    pub(super) resume: Option<Resume>,
    /// Without marks.
    pub(super) value: Value,
    /// Where state remembers something sensitive.
    pub(super) marks: Vec<(Path, Marks)>,
    pub(super) private: Private,
    /// False once it has been found to be gone.
    pub(super) exists: bool,
    /// The import id, for an object that this plan imports.
    pub(super) imported: Option<Value>,
}

impl Prior {
    /// The value with its marks, those of the schema too.
    pub(super) fn marked(&self, info: &TypeInfo) -> Value {
        mark_schema(&info.schema.block, self.value.clone().mark_with_paths(&self.marks))
    }
}

/// Reads an object of the state by the current schema.
pub(crate) fn decode_instance(
    info: &TypeInfo,
    type_name: &str,
    addr: &str,
    instance: &Instance,
) -> Result<Value, Diagnostics> {
    if instance.schema_version > info.schema.version {
        return Err(Diagnostic::error(
            "Resource instance managed by newer provider version",
            format!(
                "The object {addr} in the state was written by a newer version of its provider (schema version {}, here {}).",
                instance.schema_version, info.schema.version
            ),
        )
        .on(addr)
        .into());
    }
    if instance.schema_version == info.schema.version
        && let Ok(value) = sdt_value::from_json(&instance.attributes, &info.ty)
    {
        return Ok(value);
    }
    info.provider
        .upgrade_state(type_name, instance.schema_version, &instance.attributes)
        .map_err(|diags| Diagnostics(diags.into_iter().map(|d| d.on(addr)).collect()))
}

impl PlanWalk {
    /// Reads every object of the state that this run is about.
    pub(super) fn load_priors(&mut self) {
        let mut upgraded: Vec<(sdt_state::ResourceKey, String, Instance)> = Vec::new();
        let resources: Vec<sdt_state::ResourceKey> = self.state.resources.keys().cloned().collect();
        for key in resources {
            let Some(addr) = config_resource(&key) else { continue };
            let Some(n) = self.core.graph.find(&NodeAddr::Resource(addr)) else { continue };
            if !self.wanted.contains(&n) {
                continue;
            }
            let Some(info) = self.core.type_info(n) else { continue };
            let Some(resource) = self.state.resources.get(&key) else { continue };
            for instance in &resource.instances {
                let state_addr = key.instance(instance.index.clone());
                let Some(addr) = instance_from_state(&state_addr) else { continue };
                let value = match decode_instance(&info, &key.ty, &state_addr.to_string(), instance) {
                    Ok(value) => value,
                    Err(diags) => {
                        self.core.diags.extend(diags);
                        continue;
                    }
                };
                if instance.schema_version != info.schema.version {
                    let mut new = instance.clone();
                    new.schema_version = info.schema.version;
                    new.attributes = Arc::new(sdt_value::to_json(&value, &info.ty));
                    upgraded.push((key.clone(), resource.provider.clone(), new));
                }
                self.priors_of.entry(n).or_default().push(self.priors.len());
                self.priors.push(Prior {
                    node: n,
                    addr,
                    deposed: instance.deposed.as_deref().map(Str::from),
                    tainted: instance.tainted,
                    resume: None,
                    value,
                    marks: paths_from_state(instance.sensitive_attributes.as_deref()),
                    private: private_from_state(instance.private.as_deref()),
                    exists: true,
                    imported: None,
                });
            }
        }
        let priors = &self.priors;
        for all in self.priors_of.values_mut() {
            all.sort_by(|a, b| {
                let (a, b) = (&priors[*a], &priors[*b]);
                (&a.addr, a.deposed.as_deref()).cmp(&(&b.addr, b.deposed.as_deref()))
            });
        }
        for (key, provider, instance) in upgraded {
            self.state.set_instance(&key, &provider, instance);
        }
    }

    /// The current object of an instance.
    pub(super) fn prior(&self, n: NodeIndex, addr: &ResourceInstance) -> Option<PriorId> {
        let all = self.priors_of.get(&n)?;
        // Objects come in the order of their keys, so a look-up among many stays cheap.
        let found = all.binary_search_by(|p| {
            let p = &self.priors[*p];
            (&p.addr, p.deposed.as_deref()).cmp(&(addr, None))
        });
        let id = match found {
            Ok(at) => all[at],
            Err(_) => *all.iter().find(|p| self.priors[**p].addr == *addr && self.priors[**p].deposed.is_none())?,
        };
        self.priors[id].exists.then_some(id)
    }

    /// Writes an object as it is now into the state that apply will start from.
    pub(super) fn store_prior(&mut self, id: PriorId) {
        let prior = &self.priors[id];
        let addr = instance_to_state(&prior.addr);
        if !prior.exists {
            self.state.remove_instance(&addr, prior.deposed.as_deref());
            return;
        }
        let Some(info) = self.core.type_info(prior.node) else { return };
        let object = prior.marked(&info);
        let fresh =
            crate::convert::object_to_state(prior.addr.key.as_ref(), &info.schema, &info.ty, &object, &prior.private);
        if let Some(stored) = self.state.instance_mut(&addr, prior.deposed.as_deref()) {
            stored.attributes = fresh.attributes;
            stored.private = fresh.private;
            stored.sensitive_attributes = fresh.sensitive_attributes;
        }
    }
}

/// Values of instances for references, straight from the state.
pub(crate) fn marked_instance(core: &mut Core, n: NodeIndex, addr: &str, instance: &Instance) -> Option<Value> {
    let NodeAddr::Resource(resource) = core.graph.node(n).addr.clone() else { return None };
    let info = core.type_info(n)?;
    match decode_instance(&info, &resource.resource.type_name, addr, instance) {
        Ok(value) => {
            let marks = paths_from_state(instance.sensitive_attributes.as_deref());
            Some(mark_schema(&info.schema.block, value.mark_with_paths(&marks)))
        }
        Err(diags) => {
            core.diags.extend(diags);
            None
        }
    }
}
