//! The configuration graph: one node per object of configuration or state, instances inside.

use std::sync::Arc;

use petgraph::graph::{DiGraph, NodeIndex};
use rustc_hash::{FxHashMap, FxHashSet};
use sdt_addr::{AbsProviderConfig, ConfigResource, InstanceKey, Mode, ModuleInstance, ModulePath};
use sdt_config::{Config, Module, Reference, Referenceable, Resource};
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_plan::NodeAddr;
use sdt_state::State;

use crate::refs;
use crate::tree::{ModuleId, Tree};

/// One node.
pub(crate) struct Node {
    pub(crate) addr: NodeAddr,
    /// The module of the configuration that declares it; none for what only state knows.
    pub(crate) module: Option<ModuleId>,
    /// The provider node of a resource.
    pub(crate) provider: Option<NodeIndex>,
}

/// A resource that only a journal knows, or an import block.
pub(crate) struct OpenResource {
    pub(crate) key: sdt_state::ResourceKey,
    /// The provider configuration, as state writes it.
    pub(crate) provider: String,
    /// What it was made after.
    pub(crate) dependencies: Vec<String>,
}

/// Nodes and edges; an edge leads from what is needed to what needs it.
pub(crate) struct ConfigGraph {
    pub(crate) graph: DiGraph<Node, ()>,
    pub(crate) by_addr: FxHashMap<NodeAddr, NodeIndex>,
    /// (user, used) pairs that only state's `dependencies` tell, between resource nodes.
    pub(crate) state_edges: Vec<(NodeIndex, NodeIndex)>,
    /// What each resource's `depends_on`, and that of the calls around it, names; of data sources also what they refer to
    /// directly, and all that their conditions can look at.
    pub(crate) depends_on: FxHashMap<NodeIndex, Arc<[NodeIndex]>>,
    /// The instances that a node refers to by (needed, user), where it names nothing but single ones.
    pub(crate) instances: FxHashMap<(NodeIndex, NodeIndex), Vec<InstanceKey>>,
    edges: FxHashSet<(NodeIndex, NodeIndex)>,
}

impl ConfigGraph {
    /// Builds the graph of a configuration and the resources of a state. `open`: resources with their provider that only a
    /// journal knows.
    pub(crate) fn build(config: &Config, tree: &Tree, state: &State, open: &[OpenResource]) -> (Self, Diagnostics) {
        let mut builder = Builder {
            g: Self {
                graph: DiGraph::new(),
                by_addr: FxHashMap::default(),
                state_edges: Vec::new(),
                depends_on: FxHashMap::default(),
                instances: FxHashMap::default(),
                edges: FxHashSet::default(),
            },
            config,
            tree,
            diags: Diagnostics::new(),
        };
        for id in tree.ids() {
            builder.nodes_of_module(id);
        }
        for id in tree.ids() {
            builder.edges_of_module(id);
        }
        builder.state_nodes(state, open);
        let Builder { g, mut diags, .. } = builder;
        diags.extend(g.cycles());
        (g, diags)
    }

    pub(crate) fn find(&self, addr: &NodeAddr) -> Option<NodeIndex> {
        self.by_addr.get(addr).copied()
    }

    pub(crate) fn node(&self, n: NodeIndex) -> &Node {
        &self.graph[n]
    }

    fn add(&mut self, addr: NodeAddr, module: Option<ModuleId>) -> NodeIndex {
        if let Some(n) = self.find(&addr) {
            return n;
        }
        let n = self.graph.add_node(Node { addr: addr.clone(), module, provider: None });
        self.by_addr.insert(addr, n);
        n
    }

    fn edge(&mut self, needed: NodeIndex, user: NodeIndex) {
        self.instances.remove(&(needed, user));
        self.add_edge(needed, user);
    }

    /// An edge that is about one instance, as long as nothing else says that it is about all.
    fn edge_to_instance(&mut self, needed: NodeIndex, user: NodeIndex, key: &InstanceKey) {
        match self.instances.get_mut(&(needed, user)) {
            Some(keys) => keys.push(key.clone()),
            None if !self.edges.contains(&(needed, user)) => {
                self.instances.insert((needed, user), vec![key.clone()]);
            }
            None => {}
        }
        self.add_edge(needed, user);
    }

    fn add_edge(&mut self, needed: NodeIndex, user: NodeIndex) {
        if self.edges.insert((needed, user)) {
            self.graph.add_edge(needed, user, ());
        }
    }

    /// One diagnostic for each group of nodes that need each other.
    fn cycles(&self) -> Diagnostics {
        let mut diags = Diagnostics::new();
        for group in petgraph::algo::kosaraju_scc(&self.graph) {
            let only = group[0];
            if group.len() == 1 && !self.graph.contains_edge(only, only) {
                continue;
            }
            if group.len() == 1 && matches!(self.graph[only].addr, NodeAddr::Resource(_)) {
                // A resource that names itself: evaluation reports it where it stands.
                continue;
            }
            let mut names: Vec<String> = group.iter().map(|n| cycle_name(&self.graph[*n].addr)).collect();
            names.sort();
            diags.push(Diagnostic::error(
                format!("Cycle: {}", names.join(", ")),
                "These objects need each other, so none of them can come first. Break the cycle by removing one of the references between them.",
            ));
        }
        diags
    }

    /// Whether this is a provider configuration without any resource.
    pub(crate) fn is_unused_provider(&self, n: NodeIndex) -> bool {
        let closes = |m| matches!(self.node(m).addr, NodeAddr::ModuleClose(_));
        matches!(self.node(n).addr, NodeAddr::Provider(_)) && self.graph.neighbors(n).all(closes)
    }

    /// Everything a node needs, itself included.
    pub(crate) fn with_needed(&self, from: impl IntoIterator<Item = NodeIndex>) -> FxHashSet<NodeIndex> {
        self.reach(from, petgraph::Direction::Incoming)
    }

    /// The managed resources whose changes a data source waits for: those that are named, and everything before what is named
    /// and is no resource. Data sources change nothing by themselves.
    pub(crate) fn awaited(&self, n: NodeIndex) -> FxHashSet<NodeIndex> {
        let resource = |m: NodeIndex| match &self.graph[m].addr {
            NodeAddr::Resource(r) => Some(r.resource.mode),
            _ => None,
        };
        let Some(named) = self.depends_on.get(&n) else { return FxHashSet::default() };
        let (direct, around): (Vec<_>, Vec<_>) = named.iter().partition(|m| **m != n && resource(**m).is_some());
        let mut all = self.with_needed(around);
        all.extend(direct);
        all.retain(|m| resource(*m) == Some(Mode::Managed));
        all
    }

    /// Everything that needs a node, itself included.
    pub(crate) fn with_users(&self, from: impl IntoIterator<Item = NodeIndex>) -> FxHashSet<NodeIndex> {
        self.reach(from, petgraph::Direction::Outgoing)
    }

    fn reach(&self, from: impl IntoIterator<Item = NodeIndex>, direction: petgraph::Direction) -> FxHashSet<NodeIndex> {
        let mut seen: FxHashSet<NodeIndex> = from.into_iter().collect();
        let mut stack: Vec<NodeIndex> = seen.iter().copied().collect();
        while let Some(n) = stack.pop() {
            for m in self.graph.neighbors_directed(n, direction) {
                if seen.insert(m) {
                    stack.push(m);
                }
            }
        }
        seen
    }

    /// Nodes so that what is needed comes first. The graph has no cycles, except nodes that name themselves.
    pub(crate) fn order(&self) -> Vec<NodeIndex> {
        let mut order: Vec<NodeIndex> = petgraph::algo::kosaraju_scc(&self.graph).into_iter().flatten().collect();
        // kosaraju_scc gives users first.
        order.reverse();
        order
    }
}

/// How a cycle names a node. A variable of the root module can be part of one only by its validations.
fn cycle_name(addr: &NodeAddr) -> String {
    match addr {
        NodeAddr::Variable(path, _) if path.is_root() => format!("{addr} (validation)"),
        _ => addr.to_string(),
    }
}

struct Builder<'a> {
    g: ConfigGraph,
    config: &'a Config,
    tree: &'a Tree,
    diags: Diagnostics,
}

impl Builder<'_> {
    fn nodes_of_module(&mut self, id: ModuleId) {
        let module = self.tree.module(id).clone();
        let path = &module.path;
        if !path.is_root() {
            self.g.add(NodeAddr::Module(path.clone()), Some(id));
        }
        for name in module.variables.keys() {
            self.g.add(NodeAddr::Variable(path.clone(), name.clone()), Some(id));
        }
        for name in module.locals.keys() {
            self.g.add(NodeAddr::Local(path.clone(), name.clone()), Some(id));
        }
        for name in module.outputs.keys() {
            self.g.add(NodeAddr::Output(path.clone(), name.clone()), Some(id));
        }
        for addr in module.resources.keys() {
            self.g.add(NodeAddr::Resource(addr.clone().in_module(path.clone())), Some(id));
        }
        for name in module.checks.keys() {
            self.g.add(NodeAddr::Check(path.clone(), name.clone()), Some(id));
        }
        for provider in module.providers.values() {
            let addr = AbsProviderConfig {
                module: path.clone(),
                provider: module.provider_for_local(&provider.addr.name),
                alias: provider.addr.alias.clone(),
            };
            self.g.add(NodeAddr::Provider(addr), Some(id));
        }
        self.g.add(NodeAddr::ModuleClose(path.clone()), Some(id));
    }

    fn edges_of_module(&mut self, id: ModuleId) {
        let module = self.tree.module(id).clone();
        let path = &module.path;
        let expansion = self.g.find(&NodeAddr::Module(path.clone()));
        let close = self.g.add(NodeAddr::ModuleClose(path.clone()), Some(id));
        if let (Some(expansion), Some(parent)) = (expansion, self.tree.modules[id].parent) {
            self.edges_of_call(id, parent, expansion, close);
        }
        let mut members = Vec::new();
        for (name, variable) in &module.variables {
            let n = self.g.add(NodeAddr::Variable(path.clone(), name.clone()), Some(id));
            for rule in &variable.validations {
                self.rule(id, n, rule);
            }
            members.push(n);
        }
        for (name, local) in &module.locals {
            let n = self.g.add(NodeAddr::Local(path.clone(), name.clone()), Some(id));
            self.uses(id, n, &refs::of_expr(&local.expr));
            members.push(n);
        }
        for (name, output) in &module.outputs {
            let n = self.g.add(NodeAddr::Output(path.clone(), name.clone()), Some(id));
            self.uses(id, n, &refs::of_expr(&output.value));
            for rule in &output.preconditions {
                self.rule(id, n, rule);
            }
            self.depends_on(id, n, &output.depends_on);
            members.push(n);
        }
        for resource in module.resources.values() {
            members.push(self.edges_of_resource(id, &module, resource));
        }
        for (name, check) in &module.checks {
            let n = self.g.add(NodeAddr::Check(path.clone(), name.clone()), Some(id));
            for rule in &check.asserts {
                self.rule(id, n, rule);
            }
            if let Some(data) = &check.data
                && let Some(d) = self.g.find(&NodeAddr::Resource(data.clone().in_module(path.clone())))
            {
                self.g.edge(d, n);
            }
            members.push(n);
        }
        for provider in module.providers.values() {
            let addr = AbsProviderConfig {
                module: path.clone(),
                provider: module.provider_for_local(&provider.addr.name),
                alias: provider.addr.alias.clone(),
            };
            let n = self.g.add(NodeAddr::Provider(addr.clone()), Some(id));
            self.uses(id, n, &refs::of_body(&provider.config));
            members.push(n);
        }
        for n in members {
            if let Some(e) = expansion {
                self.g.edge(e, n);
            }
            self.g.edge(n, close);
        }
        for import in &module.imports {
            let target = import.to_resource.clone().in_module(import.to_module.clone());
            if let Some(n) = self.g.find(&NodeAddr::Resource(target)) {
                self.uses(id, n, &refs::of_expr(&import.id));
                self.uses(id, n, &refs::of_exprs(&import.for_each));
            }
        }
    }

    /// A call's `count` and `for_each` come before every node of the module, its arguments before the variables.
    fn edges_of_call(&mut self, id: ModuleId, parent: ModuleId, expansion: NodeIndex, close: NodeIndex) {
        let caller = self.tree.module(parent).clone();
        let module = self.tree.module(id).clone();
        if !caller.path.is_root()
            && let Some(e) = self.g.find(&NodeAddr::Module(caller.path.clone()))
        {
            self.g.edge(e, expansion);
        }
        let parent_close = self.g.add(NodeAddr::ModuleClose(caller.path.clone()), Some(parent));
        self.g.edge(close, parent_close);
        self.g.edge(expansion, close);
        let Some(call) = module.path.parent().and_then(|(_, name)| caller.calls.get(name)) else { return };
        self.uses(parent, expansion, &refs::of_exprs(&call.count));
        self.uses(parent, expansion, &refs::of_exprs(&call.for_each));
        self.uses(parent, expansion, &refs::of_exprs(&call.enabled));
        self.depends_on(parent, expansion, &call.depends_on);
        let (arguments, _) = call.config.just_attributes();
        for name in module.variables.keys() {
            if let Some(argument) = arguments.get(name) {
                let n = self.g.add(NodeAddr::Variable(module.path.clone(), name.clone()), Some(id));
                self.uses(parent, n, &refs::of_expr(&argument.expr));
            }
        }
    }

    fn edges_of_resource(&mut self, id: ModuleId, module: &Module, resource: &Resource) -> NodeIndex {
        let n = self.g.add(NodeAddr::Resource(resource.addr.clone().in_module(module.path.clone())), Some(id));
        self.uses(id, n, &refs::of_resource(resource));
        self.uses(id, n, &refs::of_exprs(&resource.count));
        self.uses(id, n, &refs::of_exprs(&resource.for_each));
        self.uses(id, n, &refs::of_exprs(&resource.lifecycle.enabled));
        self.uses(id, n, &refs::of_exprs(&resource.lifecycle.prevent_destroy));
        for rule in resource.lifecycle.preconditions.iter().chain(&resource.lifecycle.postconditions) {
            self.rule(id, n, rule);
        }
        for trigger in &resource.lifecycle.replace_triggered_by {
            self.uses(id, n, &refs::of_expr(trigger));
        }
        self.depends_on(id, n, &resource.depends_on);
        if resource.addr.mode == Mode::Data {
            self.implied_order(&module.path, n, resource);
        }
        // What the calls around it depend on counts for data sources too.
        let mut around = Some(id);
        while let Some(m) = around {
            let Some(parent) = self.tree.modules[m].parent else { break };
            let path = &self.tree.module(m).path;
            if let Some(e) = self.g.find(&NodeAddr::Module(path.clone()))
                && let Some(outer) = self.g.depends_on.get(&e).cloned()
            {
                self.add_depends_on(n, outer.to_vec());
            }
            around = Some(parent);
        }
        // Where there is none, the static checks have said so.
        if let Some(addr) = self.config.provider_config_of(&module.path, resource) {
            let p = self.provider(addr);
            self.g.edge(p, n);
            self.g.graph[n].provider = Some(p);
        }
        n
    }

    /// Who looks something up by what another resource is made of wants that resource to be there, even where the name is known
    /// before: a managed resource that is named directly counts as in `depends_on`. With conditions everything before counts, for
    /// it may be what makes them hold.
    fn implied_order(&mut self, path: &ModulePath, n: NodeIndex, data: &Resource) {
        let rules = || data.lifecycle.preconditions.iter().chain(&data.lifecycle.postconditions);
        if rules().next().is_some() {
            self.add_depends_on(n, vec![n]);
            return;
        }
        let mut references = refs::of_resource(data);
        references.extend(refs::of_exprs(&data.count));
        references.extend(refs::of_exprs(&data.for_each));
        let named = references.into_iter().filter_map(|r| match r.subject {
            Referenceable::Resource(addr, _) if addr.mode == Mode::Managed => {
                self.g.find(&NodeAddr::Resource(addr.in_module(path.clone())))
            }
            _ => None,
        });
        let named = named.collect();
        self.add_depends_on(n, named);
    }

    fn add_depends_on(&mut self, n: NodeIndex, more: Vec<NodeIndex>) {
        let own = self.g.depends_on.remove(&n).unwrap_or_else(|| Arc::from([]));
        let all: Arc<[NodeIndex]> = own.iter().copied().chain(more).collect();
        if !all.is_empty() {
            self.g.depends_on.insert(n, all);
        }
    }

    fn provider(&mut self, addr: AbsProviderConfig) -> NodeIndex {
        let module = self.tree.find(&addr.module);
        self.g.add(NodeAddr::Provider(addr), module)
    }

    fn rule(&mut self, id: ModuleId, n: NodeIndex, rule: &sdt_config::CheckRule) {
        self.uses(id, n, &refs::of_expr(&rule.condition));
        self.uses(id, n, &refs::of_expr(&rule.error_message));
    }

    /// Adds an edge from each thing referred to. What is not declared is left to the static checks.
    fn uses(&mut self, id: ModuleId, n: NodeIndex, references: &[Reference]) {
        let path = self.tree.module(id).path.clone();
        for r in references {
            self.uses_one(id, &path, n, &r.subject);
        }
    }

    fn uses_one(&mut self, id: ModuleId, path: &ModulePath, n: NodeIndex, subject: &Referenceable) {
        let addr = match subject {
            Referenceable::Variable(name) => NodeAddr::Variable(path.clone(), name.clone()),
            Referenceable::Local(name) => NodeAddr::Local(path.clone(), name.clone()),
            Referenceable::Resource(addr, key) => {
                let node = NodeAddr::Resource(addr.clone().in_module(path.clone()));
                if let (Some(key), Some(needed)) = (key, self.g.find(&node))
                    && needed != n
                {
                    let counted = self.tree.module(id).resources.get(addr).is_some_and(|r| r.count.is_some());
                    // As in a list or a map, a number may be written as text and the other way round.
                    let key = match key {
                        InstanceKey::String(s) if counted => s.parse().map_or_else(|_| key.clone(), InstanceKey::Int),
                        InstanceKey::Int(i) if !counted => InstanceKey::String(i.to_string().into()),
                        _ => key.clone(),
                    };
                    return self.g.edge_to_instance(needed, n, &key);
                }
                node
            }
            Referenceable::Module(call, _) => {
                if let Some(child) = self.tree.child(id, call) {
                    let module = self.tree.module(child).clone();
                    self.uses_addr(n, NodeAddr::Module(module.path.clone()));
                    for output in module.outputs.keys() {
                        self.uses_addr(n, NodeAddr::Output(module.path.clone(), output.clone()));
                    }
                    // The whole of a module is there when everything in it is.
                    let close = self.g.add(NodeAddr::ModuleClose(module.path.clone()), Some(child));
                    self.g.edge(close, n);
                }
                return;
            }
            Referenceable::ModuleOutput(call, _, output) => {
                let child = path.child(call.clone());
                self.uses_addr(n, NodeAddr::Module(child.clone()));
                NodeAddr::Output(child, output.clone())
            }
            Referenceable::Each(_)
            | Referenceable::Count(_)
            | Referenceable::Path(_)
            | Referenceable::Terraform(_)
            | Referenceable::SelfObject => return,
        };
        self.uses_addr(n, addr);
    }

    fn uses_addr(&mut self, n: NodeIndex, addr: NodeAddr) {
        if let Some(needed) = self.g.find(&addr) {
            // A variable's own validations, and a resource that names itself, are no edges.
            // So is a local value that names itself: the static checks say so.
            if needed != n {
                self.g.edge(needed, n);
            }
        }
    }

    fn depends_on(&mut self, id: ModuleId, n: NodeIndex, traversals: &[sdt_hcl::Traversal]) {
        let path = self.tree.module(id).path.clone();
        let mut named = Vec::new();
        for t in traversals {
            let Ok(r) = sdt_config::parse_reference(t) else { continue };
            let before = match &r.subject {
                Referenceable::Module(call, _) | Referenceable::ModuleOutput(call, _, _) => {
                    NodeAddr::ModuleClose(path.child(call.clone()))
                }
                Referenceable::Resource(addr, _) => NodeAddr::Resource(addr.clone().in_module(path.clone())),
                Referenceable::Variable(name) => NodeAddr::Variable(path.clone(), name.clone()),
                Referenceable::Local(name) => NodeAddr::Local(path.clone(), name.clone()),
                _ => continue,
            };
            match &r.subject {
                Referenceable::Module(..) | Referenceable::ModuleOutput(..) => self.uses_addr(n, before.clone()),
                subject => self.uses_one(id, &path, n, subject),
            }
            named.extend(self.g.find(&before));
        }
        self.add_depends_on(n, named);
    }

    /// Resources of the state and of a journal, those without configuration too, and what both say about their order.
    fn state_nodes(&mut self, state: &State, open: &[OpenResource]) {
        // All nodes come first: what state tells may be about a resource that only the journal knows.
        let mut nodes: Vec<(NodeIndex, Vec<&str>)> = Vec::new();
        for (key, resource) in &state.resources {
            let Some(n) = self.state_node(key, &resource.provider) else { continue };
            let deps = resource.instances.iter().flat_map(|i| i.dependencies.iter());
            let mut deps: Vec<&str> = deps.map(|d| &**d).collect();
            deps.sort_unstable();
            deps.dedup();
            nodes.push((n, deps));
        }
        for r in open {
            let Some(n) = self.state_node(&r.key, &r.provider) else { continue };
            nodes.push((n, r.dependencies.iter().map(String::as_str).collect()));
        }
        // Each name stands in the lists of all that use it, directly or not.
        let mut named: FxHashMap<&str, Option<NodeIndex>> = FxHashMap::default();
        for (n, deps) in nodes {
            for dep in deps {
                let find = || self.g.find(&NodeAddr::Resource(dep.parse().ok()?));
                if let Some(d) = *named.entry(dep).or_insert_with(find)
                    && d != n
                {
                    self.g.state_edges.push((n, d));
                }
            }
        }
    }

    /// The node of a resource that state knows; it is made when configuration does not have it.
    fn state_node(&mut self, key: &sdt_state::ResourceKey, provider: &str) -> Option<NodeIndex> {
        let addr = crate::convert::config_resource(key)?;
        if let Some(n) = self.g.find(&NodeAddr::Resource(addr.clone())) {
            return Some(n);
        }
        if addr.resource.mode != Mode::Managed {
            return None;
        }
        let n = self.g.add(NodeAddr::Resource(addr.clone()), None);
        if let Some(p) = self.orphan_provider(provider, &addr) {
            self.g.edge(p, n);
            self.g.graph[n].provider = Some(p);
        }
        Some(n)
    }

    /// The provider configuration that state names, or the one of the root module that stands in for it.
    fn orphan_provider(&mut self, text: &str, resource: &ConfigResource) -> Option<NodeIndex> {
        let addr: AbsProviderConfig = text.parse().ok()?;
        let declared = |addr: &AbsProviderConfig| {
            let module = self.config.module(&addr.module)?;
            let local = module.local_for_provider(&addr.provider);
            let key = sdt_addr::LocalProviderConfig { name: local, alias: addr.alias.clone() };
            module.providers.get(&key).map(|_| addr.clone())
        };
        let mut found = declared(&addr);
        // A configuration without alias is inherited from the modules around.
        let mut at = addr.clone();
        while found.is_none() && addr.alias.is_none() {
            let Some((parent, _)) = at.module.parent() else { break };
            at = AbsProviderConfig { module: parent, ..at };
            found = declared(&at);
        }
        match found {
            Some(addr) => Some(self.provider(addr)),
            None if addr.alias.is_none() => Some(self.provider(AbsProviderConfig::root_default(addr.provider))),
            None => {
                self.diags.push(no_provider_config(&resource.to_string(), &addr));
                None
            }
        }
    }
}

fn no_provider_config(resource: &str, addr: &AbsProviderConfig) -> Diagnostic {
    Diagnostic::error(
        "Provider configuration not present",
        format!(
            "To work with {resource} its provider configuration {addr} is needed, but it is not in the configuration. It may have been removed while objects that it manages are still in the state: add it again, destroy those objects, then remove it."
        ),
    )
}

/// The module of a state address.
pub(crate) fn module_instance(text: &str) -> Option<ModuleInstance> {
    if text.is_empty() { Some(ModuleInstance::root()) } else { text.parse().ok() }
}
