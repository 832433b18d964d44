//! Values straight from the state: for destroying, and for looking.

use std::collections::BTreeSet;

use petgraph::graph::NodeIndex;
use sdt_addr::{InstanceKey, ModulePath};
use sdt_plan::NodeAddr;
use sdt_state::State;

use crate::convert::{instance_from_state, resource_addr};
use crate::core::Core;
use crate::graph::module_instance;
use crate::plan::marked_instance;
use crate::slots::ResourceSlot;
use crate::tree::{Expansion, Repeat, Repetition};

/// How the configuration says that something is repeated, without evaluating it.
fn repeat(count: bool, for_each: bool, enabled: bool) -> Repeat {
    match (count, for_each, enabled) {
        (true, _, _) => Repeat::Count,
        (false, true, _) => Repeat::ForEach,
        (false, false, true) => Repeat::Optional,
        (false, false, false) => Repeat::Single,
    }
}

/// Makes the instances of a module that have objects in the state.
pub(crate) fn expand_from_state(core: &mut Core, path: &ModulePath, state: &State) {
    let Some((parent_path, name)) = path.parent() else { return };
    let (Some(parent), Some(child)) = (core.tree.find(&parent_path), core.tree.find(path)) else { return };
    let caller = core.tree.module(parent).clone();
    let Some(call) = caller.calls.get(name) else { return };
    let kind = repeat(call.count.is_some(), call.for_each.is_some(), call.enabled.is_some());
    let modules: BTreeSet<_> = state.resources.keys().filter_map(|k| module_instance(&k.module)).collect();
    for mi in core.insts.of_module(parent).to_vec() {
        let base = core.insts.all[mi].addr.clone();
        let mut keys: BTreeSet<Option<InstanceKey>> = BTreeSet::new();
        if kind == Repeat::Single {
            keys.insert(None);
        }
        for m in &modules {
            let depth = base.steps().len();
            if base.contains(m)
                && let Some(step) = m.steps().get(depth)
                && step.name == *name
                && (step.key.is_none() != kind.keyed())
            {
                keys.insert(step.key.clone());
            }
        }
        let members = keys.into_iter().map(|k| {
            let repetition = match &k {
                None => Repetition::None,
                Some(k @ InstanceKey::Int(_)) => Repetition::Count(k.value()),
                Some(k) => Repetition::Each { key: k.value(), value: sdt_value::Value::DYNAMIC },
            };
            (k, repetition)
        });
        let expansion = Expansion { repeat: kind, unknown: false, members: members.collect() };
        core.insts.expand(mi, &call.name, child, expansion);
    }
}

/// Fills the slots of a resource with what state knows of it.
pub(crate) fn resource_from_state(core: &mut Core, n: NodeIndex, state: &State) {
    let NodeAddr::Resource(addr) = core.graph.node(n).addr.clone() else { return };
    let Some(id) = core.graph.node(n).module else { return };
    let Some(resource) = core.config.resource(&addr) else { return };
    let kind = repeat(resource.count.is_some(), resource.for_each.is_some(), resource.lifecycle.enabled.is_some());
    for mi in core.insts.of_module(id).to_vec() {
        core.slots.set_resource(n, &core.insts, mi, ResourceSlot::new(kind, false));
    }
    for (key, found) in &state.resources {
        if resource_addr(key) != addr.resource {
            continue;
        }
        let Some(mi) =
            module_instance(&key.module).filter(|m| m.path() == addr.module).and_then(|m| core.insts.find(&m))
        else {
            continue;
        };
        for instance in found.instances.iter().filter(|i| i.deposed.is_none()) {
            let state_addr = key.instance(instance.index.clone());
            let Some(at) = instance_from_state(&state_addr) else { continue };
            if let Some(value) = marked_instance(core, n, &state_addr.to_string(), instance) {
                core.slots.resource_mut(n, &core.insts, mi).set(at.key, value);
            }
        }
    }
}

/// What the state does not know yet has no known instances, rather than none.
pub(crate) fn absent_is_unknown(core: &mut Core, n: NodeIndex) {
    let Some(id) = core.graph.node(n).module else { return };
    for mi in core.insts.of_module(id).to_vec() {
        let slot = core.slots.resource_mut(n, &core.insts, mi);
        if slot.instances.is_empty() {
            *slot = ResourceSlot::new(slot.repeat, true);
        }
    }
}
