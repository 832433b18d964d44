//! What `lifecycle` and the graph say about a resource: order of replacement, dependencies, ignored changes.

use std::sync::Arc;

use petgraph::Direction;
use petgraph::graph::NodeIndex;
use rustc_hash::{FxHashMap, FxHashSet};
use sdt_addr::ResourceInstance;
use sdt_config::{IgnoreChanges, Resource};
use sdt_diag::Diagnostic;
use sdt_hcl::{ExprKind, Step};
use sdt_plan::NodeAddr;
use sdt_schema::Block;
use sdt_state::State;
use sdt_value::{Kind, Marks, Type, Value};

use crate::convert::config_resource;
use crate::core::Core;
use crate::graph::ConfigGraph;
use crate::scope::Ctx;

/// Resources whose replacement is created first: where the setting says so, and everything those depend on, since an old object
/// can only go when what replaced its users no longer needs it. What the run is not about has no say.
pub(crate) fn create_first(core: &Core, state: &State, wanted: &FxHashSet<NodeIndex>) -> FxHashSet<NodeIndex> {
    let graph = &core.graph;
    let mut found: FxHashSet<NodeIndex> = FxHashSet::default();
    let mut stack: Vec<NodeIndex> = Vec::new();
    for n in graph.graph.node_indices() {
        let NodeAddr::Resource(addr) = &graph.node(n).addr else { continue };
        let set = core.config.resource(addr).and_then(|r| r.lifecycle.create_before_destroy);
        if set == Some(true) {
            stack.push(n);
        }
    }
    for (key, resource) in &state.resources {
        let orphan = config_resource(key)
            .filter(|a| core.config.resource(a).is_none())
            .and_then(|a| graph.find(&NodeAddr::Resource(a)));
        if let Some(n) = orphan
            && resource.instances.iter().any(|i| i.create_before_destroy)
        {
            stack.push(n);
        }
    }
    stack.retain(|n| wanted.contains(n));
    let mut seen: FxHashSet<NodeIndex> = stack.iter().copied().collect();
    while let Some(n) = stack.pop() {
        if matches!(graph.node(n).addr, NodeAddr::Resource(_)) {
            found.insert(n);
        }
        stack.extend(graph.graph.neighbors_directed(n, Direction::Incoming).filter(|m| seen.insert(*m)));
    }
    found
}

impl Core {
    /// Whether the object must not be destroyed. What cannot be told protects it, and is an error besides.
    pub(crate) fn is_protected(&mut self, addr: &ResourceInstance, resource: &Resource) -> bool {
        let Some(expr) = &resource.lifecycle.prevent_destroy else { return false };
        if let ExprKind::Literal(value) = &expr.kind {
            return value.as_bool() == Some(true);
        }
        // Without its module nothing can be evaluated: as where the block is gone.
        let Some(mi) = self.insts.find(&addr.module) else { return false };
        let (value, diags) = Ctx::new(self, mi).eval(expr);
        let failed = diags.has_errors();
        self.diags.extend(diags);
        if failed {
            return true;
        }
        let value = value.unmark_deep().0;
        if value.is_null() {
            return false;
        }
        match sdt_value::convert(&value, &Type::Bool).map(|v| v.as_bool()) {
            Ok(Some(flag)) => flag,
            other => {
                let detail = match other {
                    Ok(_) => format!(
                        "The plan destroys {addr}, and whether that is prevented will be known only after apply."
                    ),
                    Err(e) => format!("True or false is required: {e}."),
                };
                let d = Diagnostic::error("Invalid prevent_destroy argument", detail);
                self.diags.push(d.at(expr.span()).on(&addr.to_string()));
                true
            }
        }
    }
}

/// What resources depend on, directly or not, as state lists it. Worked out where it is asked for: the lists of a long chain are
/// long, and a plan alone needs none.
#[derive(Default)]
pub(crate) struct Dependencies {
    known: FxHashMap<NodeIndex, Arc<[Arc<str>]>>,
    names: FxHashMap<NodeIndex, Arc<str>>,
}

impl Dependencies {
    /// The addresses in the order of their text.
    pub(crate) fn of(&mut self, graph: &ConfigGraph, n: NodeIndex) -> Arc<[Arc<str>]> {
        if let Some(known) = self.known.get(&n) {
            return known.clone();
        }
        let mut all: Vec<Arc<str>> = Vec::new();
        for m in graph.with_needed([n]) {
            if m != n
                && let NodeAddr::Resource(r) = &graph.node(m).addr
            {
                all.push(self.names.entry(m).or_insert_with(|| r.to_string().into()).clone());
            }
        }
        all.sort_unstable();
        let all: Arc<[Arc<str>]> = all.into();
        self.known.insert(n, all.clone());
        all
    }
}

/// The configuration with what is to be ignored taken from the object that is there, with its marks.
pub(crate) fn ignore_changes(ignore: &IgnoreChanges, block: &Block, prior: &Value, config: Value) -> Value {
    match ignore {
        IgnoreChanges::None => config,
        IgnoreChanges::All => prior.clone(),
        IgnoreChanges::Paths(paths) => paths.iter().fold(config, |config, t| {
            if block.attributes.get(&t.root.name).is_some_and(|a| a.computed && !a.optional) {
                // The configuration does not set it.
                return config;
            }
            let root = Step::Attr { name: t.root.name.clone(), span: t.root.span };
            let steps: Vec<&Step> = std::iter::once(&root).chain(&t.steps).collect();
            taken_from(prior, &config, &steps)
        }),
    }
}

/// `config` with the part at `steps` as in `prior`.
fn taken_from(prior: &Value, config: &Value, steps: &[&Step]) -> Value {
    let Some((step, rest)) = steps.split_first() else { return prior.clone() };
    // A part of a value that is secret as a whole is as secret.
    let whole = prior.marks();
    part_taken_from(prior, config, step, rest)
        .with_marks(config.marks() | if rest.is_empty() { whole } else { Marks::NONE })
}

fn part_taken_from(prior: &Value, config: &Value, step: &Step, rest: &[&Step]) -> Value {
    let name = match step {
        Step::Attr { name, .. } => Some(name.clone()),
        Step::Index { key, .. } => key.as_str().map(Into::into),
        Step::Splat { .. } => None,
    };
    let position = match step {
        Step::Index { key, .. } => {
            key.as_number().and_then(sdt_value::Number::as_i64).and_then(|n| usize::try_from(n).ok())
        }
        _ => None,
    };
    match (config.kind(), name, position) {
        // Only a map has elements by name: such an index ignores anything else as a whole.
        (k, Some(_), _)
            if rest.is_empty() && matches!(step, Step::Index { .. }) && !matches!(k, Kind::Map(..) | Kind::Null(_)) =>
        {
            prior.clone()
        }
        (Kind::Object(m), Some(name), _) => {
            let (Some(new), Some(old)) = (m.get(&name), prior.get(&name)) else { return config.clone() };
            let mut m = (**m).clone();
            m.insert(name.clone(), taken_from(old, new, rest));
            Kind::Object(m.into()).into()
        }
        // An element of a map has a name, but is no attribute.
        (Kind::Map(t, m), Some(name), _) if matches!(step, Step::Index { .. }) => {
            let mut m = (**m).clone();
            match (prior.get(&name), m.get(&name)) {
                (Some(old), Some(new)) => {
                    let v = taken_from(old, new, rest);
                    m.insert(name, v);
                }
                (Some(old), None) => {
                    m.insert(name, old.clone());
                }
                (None, _) => {
                    m.remove(&name);
                }
            }
            Kind::Map(t.clone(), m.into()).into()
        }
        // A map that the configuration does not set any more keeps the ignored key only.
        (Kind::Null(_), Some(name), _) => match (prior.kind(), prior.get(&name)) {
            (Kind::Map(t, _), Some(old)) => Value::map(t.clone(), [(name, old.clone())].into()),
            _ => config.clone(),
        },
        (Kind::List(t, items), _, Some(i)) => match replaced(items, prior, i, rest) {
            Some(items) => Kind::List(t.clone(), items.into()).into(),
            None => config.clone(),
        },
        (Kind::Tuple(items), _, Some(i)) => match replaced(items, prior, i, rest) {
            Some(items) => Kind::Tuple(items.into()).into(),
            None => config.clone(),
        },
        _ => config.clone(),
    }
}

fn replaced(items: &[Value], prior: &Value, i: usize, rest: &[&Step]) -> Option<Vec<Value>> {
    let (new, old) = (items.get(i)?, prior.as_items()?.get(i)?);
    let mut items = items.to_vec();
    items[i] = taken_from(old, new, rest);
    Some(items)
}
