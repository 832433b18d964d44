//! Where results live: one slot for each node and module instance.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use petgraph::graph::NodeIndex;
use sdt_addr::InstanceKey;
use sdt_value::{Str, Value};

use crate::tree::{Instances, Mi, Repeat};

/// The instances of a resource in one module instance.
#[derive(Default)]
pub(crate) struct ResourceSlot {
    pub(crate) repeat: Repeat,
    /// The keys are not known.
    pub(crate) unknown: bool,
    pub(crate) instances: BTreeMap<Option<InstanceKey>, Value>,
    /// There should be more than the instances.
    pub(crate) lacking: bool,
    whole: OnceCell<Value>,
}

impl ResourceSlot {
    pub(crate) fn new(repeat: Repeat, unknown: bool) -> Self {
        Self { repeat, unknown, ..Self::default() }
    }

    pub(crate) fn set(&mut self, key: Option<InstanceKey>, value: Value) {
        self.whole.take();
        self.instances.insert(key, value);
    }

    /// The value of a reference without key. Made once, however many refer to it.
    pub(crate) fn whole(&self) -> Value {
        self.whole
            .get_or_init(|| {
                collect(self.repeat, self.unknown || self.lacking && self.instances.is_empty(), self.instances.iter())
            })
            .clone()
    }
}

/// An object, a tuple of objects by `count`, or an object of objects by `for_each`.
pub(crate) fn collect<'a>(
    repeat: Repeat,
    unknown: bool,
    items: impl Iterator<Item = (&'a Option<InstanceKey>, &'a Value)>,
) -> Value {
    if unknown {
        return Value::DYNAMIC;
    }
    let mut items = items.map(|(k, v)| (k, v.clone()));
    match repeat {
        Repeat::Single => items.next().map_or(Value::DYNAMIC, |(_, v)| v),
        // What is not enabled is null.
        Repeat::Optional => items.next().map_or(Value::NULL, |(_, v)| v),
        Repeat::Count => {
            let mut all = Vec::new();
            for (key, value) in items {
                if let Some(InstanceKey::Int(i)) = key {
                    all.resize(all.len().max(usize::try_from(*i).unwrap_or_default()), Value::DYNAMIC);
                }
                all.push(value);
            }
            Value::tuple(all)
        }
        Repeat::ForEach => Value::object(items.filter_map(|(k, v)| match k {
            Some(InstanceKey::String(s)) => Some((s.clone(), v)),
            _ => None,
        })),
    }
}

/// Results by node.
#[derive(Default)]
pub(crate) struct Slots {
    values: Vec<Vec<Option<Value>>>,
    resources: Vec<Vec<Option<ResourceSlot>>>,
    outputs: BTreeMap<Str, Value>,
}

impl Slots {
    pub(crate) fn new(nodes: usize) -> Self {
        let mut s = Self::default();
        s.values.resize_with(nodes, Vec::new);
        s.resources.resize_with(nodes, Vec::new);
        s
    }

    pub(crate) fn value(&self, node: NodeIndex, insts: &Instances, mi: Mi) -> Option<&Value> {
        self.values[node.index()].get(insts.all[mi].ordinal)?.as_ref()
    }

    pub(crate) fn set_value(&mut self, node: NodeIndex, insts: &Instances, mi: Mi, value: Value) {
        let at = insts.all[mi].ordinal;
        let row = &mut self.values[node.index()];
        if row.len() <= at {
            row.resize_with(at + 1, || None);
        }
        row[at] = Some(value);
    }

    pub(crate) fn resource(&self, node: NodeIndex, insts: &Instances, mi: Mi) -> Option<&ResourceSlot> {
        self.resources[node.index()].get(insts.all[mi].ordinal)?.as_ref()
    }

    pub(crate) fn resource_mut(&mut self, node: NodeIndex, insts: &Instances, mi: Mi) -> &mut ResourceSlot {
        let at = insts.all[mi].ordinal;
        let row = &mut self.resources[node.index()];
        if row.len() <= at {
            row.resize_with(at + 1, || None);
        }
        row[at].get_or_insert_default()
    }

    pub(crate) fn set_resource(&mut self, node: NodeIndex, insts: &Instances, mi: Mi, slot: ResourceSlot) {
        *self.resource_mut(node, insts, mi) = slot;
    }

    /// Root outputs computed so far.
    pub(crate) fn root_outputs(&self) -> &BTreeMap<Str, Value> {
        &self.outputs
    }

    pub(crate) fn set_root_output(&mut self, name: Str, value: Value) {
        self.outputs.insert(name, value);
    }
}
