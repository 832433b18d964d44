//! The execution graph: everything apply does, and in which order.

use petgraph::graph::{DiGraph, NodeIndex};
use serde_json::{Value as Json, json};

use crate::{Action, Change, NodeAddr, Plan, PlanMode, ReplaceOrder};

/// Which of a resource's operations a join gathers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Creations, updates, reads.
    Create,
    /// Destructions that come before what replaces or uses the object: deletions and the first half of a replacement.
    Destroy,
    /// Destructions that come after everything that used the object has turned to its successor.
    DestroyLast,
}

/// One step of apply.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ExecNode {
    /// Evaluates a variable, local, output, module call, provider configuration or check again, with what is known by now.
    Eval(NodeAddr),
    /// Expands a resource: the keys must be those of the plan. Its changes wait for it.
    Begin(NodeAddr, Phase),
    /// All operations of that phase are done.
    End(NodeAddr, Phase),
    /// Creates, updates, imports, reads or forgets: the change of that number.
    Apply(usize),
    /// Destroys the object before it: the change of that number, or its first half.
    Destroy(usize),
    /// Destroys the object that a creation has deposed: the second half of the change of that number.
    DestroyDeposed(usize),
}

/// The graph; an edge leads from what is first to what waits for it.
#[derive(Clone, Debug, Default)]
pub struct ExecGraph(pub DiGraph<ExecNode, ()>);

impl ExecGraph {
    /// Adds a step.
    pub fn add(&mut self, node: ExecNode) -> NodeIndex {
        self.0.add_node(node)
    }

    /// Lets `second` wait for `first`.
    pub fn order(&mut self, first: NodeIndex, second: NodeIndex) {
        self.0.add_edge(first, second, ());
    }

    pub(crate) fn to_json(&self) -> Json {
        let nodes: Vec<Json> = self.0.node_weights().map(node_to_json).collect();
        let edges: Vec<[usize; 2]> =
            self.0.raw_edges().iter().map(|e| [e.source().index(), e.target().index()]).collect();
        json!({"nodes": nodes, "edges": edges})
    }

    pub(crate) fn from_json(json: &Json) -> Option<Self> {
        let mut graph = Self::default();
        for n in json.get("nodes")?.as_array()? {
            graph.add(node_from_json(n)?);
        }
        let count = graph.0.node_count();
        for e in json.get("edges")?.as_array()? {
            let at = |i: usize| e.get(i)?.as_u64().map(|n| n as usize).filter(|n| *n < count).map(NodeIndex::new);
            graph.order(at(0)?, at(1)?);
        }
        Some(graph)
    }
}

/// Tells what is wrong with the graph of a plan that was read from a file: steps that its changes do not have, changes without a step,
/// an order that cannot be kept.
pub(crate) fn check(plan: &Plan) -> Result<(), String> {
    let graph = &plan.exec.0;
    if petgraph::algo::toposort(graph, None).is_err() {
        return Err("its steps wait for each other in a circle".into());
    }
    let mut places = rustc_hash::FxHashSet::default();
    if let Some(twice) = plan.changes.iter().find(|c| !places.insert((&c.addr, c.deposed.as_deref()))) {
        return Err(format!("there are two changes of {}", twice.addr));
    }
    // Creation and destruction of each change, as far as the graph has them.
    let mut steps = vec![(false, false); plan.changes.len()];
    for node in graph.node_weights() {
        let (ExecNode::Apply(i) | ExecNode::Destroy(i) | ExecNode::DestroyDeposed(i)) = node else { continue };
        let Some((change, step)) = plan.changes.get(*i).zip(steps.get_mut(*i)) else {
            return Err(format!("a step names change {i}, and there are {}", plan.changes.len()));
        };
        let (fits, there) = match node {
            ExecNode::Apply(_) => (applies(change), &mut step.0),
            ExecNode::DestroyDeposed(_) => (change.action == Action::Replace(ReplaceOrder::CreateFirst), &mut step.1),
            _ => (matches!(change.action, Action::Delete | Action::Replace(ReplaceOrder::DeleteFirst)), &mut step.1),
        };
        if !fits {
            return Err(format!("a step does to {} what its change does not say", change.addr));
        }
        if std::mem::replace(there, true) {
            return Err(format!("a step of {} is there twice", change.addr));
        }
    }
    let destroys = |c: &Change| matches!(c.action, Action::Delete | Action::Replace(_));
    let missing = plan.changes.iter().zip(&steps).find(|(c, s)| **s != (applies(c), destroys(c)));
    match missing {
        Some((change, _)) if plan.mode != PlanMode::RefreshOnly && !plan.errored => {
            Err(format!("a step of {} is missing", change.addr))
        }
        _ => Ok(()),
    }
}

/// Whether a change has something to do beside a destruction.
fn applies(change: &Change) -> bool {
    match change.action {
        Action::Create | Action::Update | Action::Replace(_) | Action::Read | Action::Forget => true,
        Action::NoOp => change.importing.is_some(),
        Action::Delete => false,
    }
}

const PHASES: [(Phase, &str); 3] =
    [(Phase::Create, "create"), (Phase::Destroy, "destroy"), (Phase::DestroyLast, "destroy-last")];

fn node_to_json(node: &ExecNode) -> Json {
    let word = |p: &Phase| PHASES.iter().find(|(q, _)| p == q).map(|(_, w)| *w);
    match node {
        ExecNode::Eval(a) => json!({"eval": a.to_json()}),
        ExecNode::Begin(a, p) => json!({"begin": a.to_json(), "phase": word(p)}),
        ExecNode::End(a, p) => json!({"end": a.to_json(), "phase": word(p)}),
        ExecNode::Apply(n) => json!({"apply": n}),
        ExecNode::Destroy(n) => json!({"destroy": n}),
        ExecNode::DestroyDeposed(n) => json!({"destroy_deposed": n}),
    }
}

fn node_from_json(json: &Json) -> Option<ExecNode> {
    let phase = || json.get("phase").and_then(|p| PHASES.iter().find(|(_, w)| p == w)).map(|(p, _)| *p);
    let (key, value) = json.as_object()?.iter().find(|(k, _)| *k != "phase")?;
    let number = || value.as_u64().map(|n| n as usize);
    Some(match key.as_str() {
        "eval" => ExecNode::Eval(NodeAddr::from_json(value)?),
        "begin" => ExecNode::Begin(NodeAddr::from_json(value)?, phase()?),
        "end" => ExecNode::End(NodeAddr::from_json(value)?, phase()?),
        "apply" => ExecNode::Apply(number()?),
        "destroy" => ExecNode::Destroy(number()?),
        "destroy_deposed" => ExecNode::DestroyDeposed(number()?),
        _ => return None,
    })
}
