//! The modules of a configuration by number, and their instances.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use sdt_addr::{InstanceKey, ModuleInstance, ModulePath};
use sdt_config::{Config, Module};
use sdt_value::{Str, Type, Value};

/// Number of a module of the configuration.
pub(crate) type ModuleId = usize;
/// Number of a module instance.
pub(crate) type Mi = usize;

/// Modules, callers before what they call.
pub(crate) struct Tree {
    pub(crate) modules: Vec<Entry>,
    by_path: FxHashMap<ModulePath, ModuleId>,
}

/// One module.
pub(crate) struct Entry {
    pub(crate) module: Arc<Module>,
    pub(crate) parent: Option<ModuleId>,
}

impl Tree {
    pub(crate) fn new(config: &Config) -> Self {
        let mut tree = Self { modules: Vec::new(), by_path: FxHashMap::default() };
        tree.add(&config.root, None);
        tree
    }

    fn add(&mut self, module: &Arc<Module>, parent: Option<ModuleId>) {
        let id = self.modules.len();
        self.modules.push(Entry { module: module.clone(), parent });
        self.by_path.insert(module.path.clone(), id);
        for child in module.children.values() {
            self.add(child, Some(id));
        }
    }

    pub(crate) fn find(&self, path: &ModulePath) -> Option<ModuleId> {
        self.by_path.get(path).copied()
    }

    pub(crate) fn module(&self, id: ModuleId) -> &Arc<Module> {
        &self.modules[id].module
    }

    pub(crate) fn child(&self, id: ModuleId, call: &str) -> Option<ModuleId> {
        self.find(&self.modules[id].module.path.child(call))
    }

    pub(crate) fn ids(&self) -> std::ops::Range<ModuleId> {
        0..self.modules.len()
    }
}

/// How an object with `count`, `for_each` or `enabled` is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Repeat {
    /// Once, without key.
    #[default]
    Single,
    /// By `count`.
    Count,
    /// By `for_each`.
    ForEach,
    /// Once without key, or not at all, by `enabled`.
    Optional,
}

impl Repeat {
    /// Whether instances have keys.
    pub(crate) const fn keyed(self) -> bool {
        matches!(self, Self::Count | Self::ForEach)
    }
}

/// The instances of an object in one module instance.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expansion {
    pub(crate) repeat: Repeat,
    /// The keys are not known; the only member is a placeholder.
    pub(crate) unknown: bool,
    /// Key and what `each` or `count` mean in it.
    pub(crate) members: Vec<(Option<InstanceKey>, Repetition)>,
}

impl Expansion {
    pub(crate) fn single() -> Self {
        Self { members: vec![(None, Repetition::None)], ..Self::default() }
    }

    /// One instance that stands for an unknown number of them.
    pub(crate) fn placeholder(repeat: Repeat, value: Value) -> Self {
        let repetition = match repeat {
            Repeat::Single | Repeat::Optional => Repetition::None,
            Repeat::Count => Repetition::Count(Value::unknown(Type::Number)),
            Repeat::ForEach => Repetition::Each { key: Value::unknown(Type::String), value },
        };
        Self { repeat, unknown: true, members: vec![(None, repetition)] }
    }
}

/// What `count` and `each` mean for an instance.
#[derive(Clone, Debug, Default)]
pub(crate) enum Repetition {
    /// Nothing.
    #[default]
    None,
    /// Which of the others is not said: in the arguments of a module call that is validated.
    Any,
    /// `count.index`
    Count(Value),
    /// `each.key` and `each.value`
    Each {
        /// `each.key`
        key: Value,
        /// `each.value`
        value: Value,
    },
}

/// One instance of a module.
pub(crate) struct Inst {
    pub(crate) addr: ModuleInstance,
    pub(crate) module: ModuleId,
    pub(crate) parent: Option<Mi>,
    /// Its place among the instances of the module.
    pub(crate) ordinal: usize,
    pub(crate) key: Option<InstanceKey>,
    pub(crate) repetition: Repetition,
    /// It stands for an unknown number of instances, or is inside of one that does.
    pub(crate) placeholder: bool,
}

/// All module instances found so far.
#[derive(Default)]
pub(crate) struct Instances {
    pub(crate) all: Vec<Inst>,
    by_module: Vec<Vec<Mi>>,
    by_addr: FxHashMap<ModuleInstance, Mi>,
    /// How a call expands in an instance of the calling module.
    calls: FxHashMap<(Mi, Str), (Repeat, bool, Vec<Mi>)>,
}

impl Instances {
    pub(crate) fn new(tree: &Tree) -> Self {
        let mut all = Self { by_module: vec![Vec::new(); tree.modules.len()], ..Self::default() };
        all.push(0, None, ModuleInstance::root(), None, Repetition::None, false);
        all
    }

    fn push(
        &mut self,
        module: ModuleId,
        parent: Option<Mi>,
        addr: ModuleInstance,
        key: Option<InstanceKey>,
        repetition: Repetition,
        placeholder: bool,
    ) -> Mi {
        let mi = self.all.len();
        let ordinal = self.by_module[module].len();
        self.by_module[module].push(mi);
        self.by_addr.insert(addr.clone(), mi);
        self.all.push(Inst { addr, module, parent, ordinal, key, repetition, placeholder });
        mi
    }

    /// Makes the instances of a call.
    pub(crate) fn expand(&mut self, parent: Mi, call: &Str, child: ModuleId, expansion: Expansion) {
        let base = self.all[parent].addr.clone();
        let unknown = expansion.unknown;
        let repeat = expansion.repeat;
        let placeholder = unknown || self.all[parent].placeholder;
        let made = expansion
            .members
            .into_iter()
            .map(|(key, repetition)| {
                self.push(child, Some(parent), base.child(call.clone(), key.clone()), key, repetition, placeholder)
            })
            .collect();
        self.calls.insert((parent, call.clone()), (repeat, unknown, made));
    }

    pub(crate) fn of_module(&self, module: ModuleId) -> &[Mi] {
        &self.by_module[module]
    }

    pub(crate) fn find(&self, addr: &ModuleInstance) -> Option<Mi> {
        self.by_addr.get(addr).copied()
    }

    /// Kind of repetition, whether its keys are unknown, and the instances.
    pub(crate) fn of_call(&self, parent: Mi, call: &Str) -> Option<&(Repeat, bool, Vec<Mi>)> {
        self.calls.get(&(parent, call.clone()))
    }
}
