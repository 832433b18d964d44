//! `moved` blocks, and the moves that adding or removing `count` implies: pure rewriting of state addresses.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::graph::{DiGraph, NodeIndex};
use sdt_addr::{InstanceKey, ModuleInstance, ModulePath, ModuleStep, ResourceInstance, Subject, Target};
use sdt_config::Config;
use sdt_diag::{Diagnostic, Diagnostics, Span};
use sdt_plan::NodeAddr;
use sdt_state::State;

use crate::convert::{instance_from_state, instance_to_state};
use crate::core::Core;
use crate::tree::Tree;

/// Where objects were before, by where they are now.
pub(crate) type Moved = BTreeMap<ResourceInstance, ResourceInstance>;

/// What only the expanded configuration can tell of the statements.
#[derive(Default)]
pub(crate) struct Open {
    explicit: Vec<Statement>,
    /// They lead in a circle, and none was followed.
    circular: bool,
}

#[derive(Clone, Debug)]
struct Statement {
    /// The module that declares it.
    base: ModulePath,
    from: Target,
    to: Target,
    span: Option<Span>,
}

/// Applies every move to a state.
pub(crate) fn apply_moves(config: &Config, tree: &Tree, state: &mut State) -> (Moved, Open, Diagnostics) {
    let mut statements = explicit(config);
    let mut diags = check(config, &statements);
    if diags.has_errors() {
        return (Moved::new(), Open::default(), diags);
    }
    let mut open = Open { explicit: statements.clone(), circular: false };
    statements.extend(implied(tree, state, &statements));
    let Some(ordered) = ordered(&statements) else {
        open.circular = true;
        return (Moved::new(), open, diags);
    };
    let mut moved = Moved::new();
    let mut blocked: BTreeMap<ResourceInstance, ResourceInstance> = BTreeMap::new();
    for s in ordered {
        let addresses: BTreeSet<ResourceInstance> =
            state.instances().filter_map(|(a, _, _)| instance_from_state(&a)).collect();
        for from in &addresses {
            let Some(to) = s.destination(from) else { continue };
            if to == *from {
                continue;
            }
            if s.taken(&addresses, from, &to) {
                blocked.insert(from.clone(), to);
                continue;
            }
            if state.move_instance(&instance_to_state(from), &instance_to_state(&to)) {
                let origin = moved.remove(from).unwrap_or_else(|| from.clone());
                moved.insert(to, origin);
            }
        }
    }
    moved.retain(|now, before| now != before);
    if !blocked.is_empty() {
        let list: Vec<String> = blocked.iter().map(|(from, to)| format!("  - {from} could not move to {to}")).collect();
        diags.push(Diagnostic::warning(
            "Unresolved resource instance address changes",
            format!(
                "These objects were to move, but there already is an object at the new address in the state:\n{}\n\nWhat is left at the old address and not in the configuration is planned to be destroyed.",
                list.join("\n")
            ),
        ));
    }
    (moved, open, diags)
}

/// What is wrong with moves once it is known which instances there are. Such errors come before all others, since moves that go
/// wrong are likely to be what caused those.
pub(crate) fn check_expanded(core: &Core, open: &Open) -> Diagnostics {
    let mut diags = Diagnostics::new();
    for s in &open.explicit {
        let bases = core.tree.find(&s.base).map(|id| core.insts.of_module(id)).unwrap_or_default();
        let exists = bases.iter().any(|mi| {
            let steps = core.insts.all[*mi].addr.steps().iter().chain(s.from.module.steps()).cloned();
            let module = ModuleInstance::new(steps);
            let Some(inside) = core.insts.find(&module) else { return false };
            match &s.from.subject {
                Subject::Module => module.steps().last().is_some_and(|step| step.key.is_some()),
                Subject::Resource(addr, key @ Some(_)) => {
                    let node = NodeAddr::Resource(addr.clone().in_module(module.path()));
                    let slot = core.graph.find(&node).and_then(|n| core.slots.resource(n, &core.insts, inside));
                    slot.is_some_and(|slot| slot.instances.contains_key(key))
                }
                Subject::Resource(_, None) => false,
            }
        });
        if exists {
            diags.push(still_exists(s));
        }
    }
    if open.circular && !diags.has_errors() {
        diags.push(Diagnostic::error(
            "Cyclic dependency in move statements",
            "The moved blocks lead in a circle, so there is no address at which the objects would stay. Remove one of them.",
        ));
    }
    diags
}

fn still_exists(s: &Statement) -> Diagnostic {
    let detail = format!(
        "{} is declared in the configuration, so it cannot have moved to {}. Rename the declaration, or remove this block.",
        s.from, s.to
    );
    let d = Diagnostic::error("Moved object still exists", detail);
    match s.span {
        Some(span) => d.at(span),
        None => d,
    }
}

fn explicit(config: &Config) -> Vec<Statement> {
    config
        .modules()
        .flat_map(|m| {
            m.moved.iter().map(|s| Statement {
                base: m.path.clone(),
                from: s.from.target.clone(),
                to: s.to.target.clone(),
                span: Some(s.span),
            })
        })
        .collect()
}

impl Statement {
    /// The address that an object at `from` gets, if this statement is about it.
    fn destination(&self, at: &ResourceInstance) -> Option<ResourceInstance> {
        let depth = self.base.names().len();
        let steps = at.module.steps();
        if steps.len() < depth || !steps.iter().zip(self.base.names()).all(|(s, n)| s.name == *n) {
            return None;
        }
        let (outer, inner) = steps.split_at(depth);
        let from = self.from.module.steps();
        let to = self.to.module.steps();
        let join =
            |rel: &[ModuleStep], rest: &[ModuleStep]| ModuleInstance::new(outer.iter().chain(rel).chain(rest).cloned());
        match (&self.from.subject, &self.to.subject) {
            (Subject::Module, Subject::Module) => {
                let (last, before) = from.split_last()?;
                if inner.len() < from.len() || inner[..before.len()] != *before || inner[before.len()].name != last.name
                {
                    return None;
                }
                let found = &inner[before.len()];
                let mut rel = to.to_vec();
                // Without keys on both sides the whole call moves and its instances keep their keys.
                if self.span.is_some() && last.key.is_none() && to.last().is_some_and(|s| s.key.is_none()) {
                    rel.last_mut()?.key = found.key.clone();
                } else if found.key != last.key {
                    return None;
                }
                Some(at.resource.clone().instance(join(&rel, &inner[from.len()..]), at.key.clone()))
            }
            (Subject::Resource(from_addr, from_key), Subject::Resource(to_addr, to_key)) => {
                if inner != from || at.resource != *from_addr {
                    return None;
                }
                let key = match (from_key, to_key) {
                    (None, None) => at.key.clone(),
                    _ if at.key == *from_key => to_key.clone(),
                    _ => return None,
                };
                Some(to_addr.clone().instance(join(to, &[]), key))
            }
            _ => None,
        }
    }

    /// Tells whether something is in the way: an object, or for a whole resource or module any of its objects.
    fn taken(&self, all: &BTreeSet<ResourceInstance>, from: &ResourceInstance, to: &ResourceInstance) -> bool {
        match (&self.from.subject, &self.to.subject) {
            (Subject::Module, _) => {
                let depth = self.base.names().len() + self.to.module.steps().len();
                let target =
                    ModuleInstance::new(to.module.steps()[..depth.min(to.module.steps().len())].iter().cloned());
                all.iter().any(|a| target.contains(&a.module) && self.destination(a).is_none())
            }
            (Subject::Resource(_, None), Subject::Resource(_, None)) => {
                all.iter().any(|a| a.module == to.module && a.resource == to.resource)
                    && !(from.module == to.module && from.resource == to.resource)
            }
            _ => all.contains(to),
        }
    }

    /// Whether one side names an instance of a resource or module by its key: then the other one is an instance, too.
    fn moves_instance(&self) -> bool {
        [&self.from, &self.to].into_iter().any(|t| match &t.subject {
            Subject::Module => t.module.steps().last().is_some_and(|step| step.key.is_some()),
            Subject::Resource(_, key) => key.is_some(),
        })
    }

    fn key(&self) -> (ModulePath, Target) {
        (self.base.clone(), self.from.clone())
    }
}

/// What must not be: two destinations for one object, two objects for one destination, a source that still is declared.
fn check(config: &Config, statements: &[Statement]) -> Diagnostics {
    let mut diags = Diagnostics::new();
    let place = |d: Diagnostic, s: &Statement| match s.span {
        Some(span) => d.at(span),
        None => d,
    };
    for (i, s) in statements.iter().enumerate() {
        if s.from == s.to {
            let detail = format!("The source and the destination are both {}: remove this block.", s.from);
            diags.push(place(Diagnostic::error("Redundant move statement", detail), s));
            continue;
        }
        for other in &statements[..i] {
            // A resource and an instance without key are written alike, but are not the same.
            if other.base != s.base || other.moves_instance() != s.moves_instance() {
                continue;
            }
            if other.from == s.from && other.to != s.to {
                let detail = format!("Another block moves {} to {}, this one to {}.", s.from, other.to, s.to);
                diags.push(place(Diagnostic::error("Ambiguous move statements", detail), s));
            } else if other.to == s.to && other.from != s.from {
                let detail = format!("Both {} and {} are to move to {}.", other.from, s.from, s.to);
                diags.push(place(Diagnostic::error("Ambiguous move statements", detail), s));
            }
        }
        if still_declared(config, s) {
            diags.push(still_exists(s));
        }
    }
    diags
}

/// Whether what a statement moves is there certainly. Whether a key is within `count` or `for_each` only evaluation tells.
fn still_declared(config: &Config, s: &Statement) -> bool {
    let Some(base) = config.module(&s.base) else { return false };
    // An address without a key means one instance when the other side has a key, else all of them.
    let one = match &s.to.subject {
        Subject::Module => s.to.module.steps().last().is_some_and(|step| step.key.is_some()),
        Subject::Resource(_, key) => key.is_some(),
    };
    let there = |key: Option<&InstanceKey>, repeated: bool| key.is_none() && !(one && repeated);
    let steps = s.from.module.steps();
    let mut module = base;
    for (i, step) in steps.iter().enumerate() {
        let last = i + 1 == steps.len() && s.from.subject == Subject::Module;
        let Some(call) = module.calls.get(&step.name) else { return false };
        if last {
            return there(step.key.as_ref(), call.count.is_some() || call.for_each.is_some());
        }
        let Some(child) = module.children.get(&step.name) else { return false };
        module = child;
    }
    match &s.from.subject {
        Subject::Resource(addr, key) => {
            module.resources.get(addr).is_some_and(|r| there(key.as_ref(), r.count.is_some() || r.for_each.is_some()))
        }
        Subject::Module => false,
    }
}

/// `x` and `x[0]` of a resource are the same object when `count` comes or goes. Not so for modules.
fn implied(tree: &Tree, state: &State, explicit: &[Statement]) -> Vec<Statement> {
    let zero = Some(InstanceKey::Int(0));
    let mut found: BTreeMap<(ModulePath, Target), Statement> = BTreeMap::new();
    let addresses: BTreeSet<ResourceInstance> =
        state.instances().filter_map(|(a, _, _)| instance_from_state(&a)).collect();
    let change = |key: &Option<InstanceKey>, count: bool, for_each: bool| match key {
        None if count => Some(zero.clone()),
        Some(InstanceKey::Int(0)) if !count && !for_each => Some(None),
        _ => None,
    };
    for a in &addresses {
        let Some(id) = tree.find(&a.module.path()) else { continue };
        let Some(resource) = tree.module(id).resources.get(&a.resource) else { continue };
        if let Some(key) = change(&a.key, resource.count.is_some(), resource.for_each.is_some()) {
            let target =
                |key| Target { module: ModuleInstance::root(), subject: Subject::Resource(a.resource.clone(), key) };
            let s = Statement { base: a.module.path(), from: target(a.key.clone()), to: target(key), span: None };
            found.entry(s.key()).or_insert(s);
        }
    }
    // What the user says about an address goes first.
    found
        .into_values()
        .filter(|s| !explicit.iter().any(|e| e.base == s.base && (e.from == s.from || e.to == s.to)))
        .collect()
}

/// Statements so that what moves to an address comes before what moves on from there.
fn ordered(statements: &[Statement]) -> Option<Vec<&Statement>> {
    let mut graph: DiGraph<usize, ()> = DiGraph::new();
    let nodes: Vec<NodeIndex> = (0..statements.len()).map(|i| graph.add_node(i)).collect();
    for (i, a) in statements.iter().enumerate() {
        for (j, b) in statements.iter().enumerate() {
            if i != j && leads_into(a, b) {
                graph.add_edge(nodes[i], nodes[j], ());
            }
        }
    }
    let order = petgraph::algo::toposort(&graph, None).ok()?;
    Some(order.into_iter().map(|n| &statements[graph[n]]).collect())
}

/// Whether an object that `a` has moved may be one that `b` is about.
fn leads_into(a: &Statement, b: &Statement) -> bool {
    let full = |base: &ModulePath, t: &Target| {
        let names: Vec<_> =
            base.names().iter().cloned().chain(t.module.steps().iter().map(|s| s.name.clone())).collect();
        (names, t.subject.clone())
    };
    let ((to, to_subject), (from, from_subject)) = (full(&a.base, &a.to), full(&b.base, &b.from));
    match (&to_subject, &from_subject) {
        (Subject::Module, Subject::Module) => from.starts_with(&to) || to.starts_with(&from),
        (Subject::Module, Subject::Resource(..)) => from.starts_with(&to),
        (Subject::Resource(..), Subject::Module) => to.starts_with(&from),
        (Subject::Resource(x, kx), Subject::Resource(y, ky)) => {
            to == from && x == y && (kx == ky || kx.is_none() || ky.is_none())
        }
    }
}
