//! Which resource needs which: the configuration graph with everything else taken out.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::Direction;
use petgraph::graph::NodeIndex;
use rustc_hash::{FxHashMap, FxHashSet};
use sdt_addr::ConfigResource;
use sdt_config::Config;
use sdt_diag::Diagnostics;
use sdt_plan::NodeAddr;
use sdt_state::State;

use crate::graph::ConfigGraph;
use crate::tree::Tree;

/// What each resource needs.
pub type ResourceGraph = BTreeMap<ConfigResource, BTreeSet<ConfigResource>>;

/// Every resource of a configuration with those it needs directly, through variables, locals, outputs and modules. What is needed by way
/// of another one that is needed is left out.
#[must_use]
pub fn resource_graph(config: &Config) -> (ResourceGraph, Diagnostics) {
    let tree = Tree::new(config);
    let (graph, diags) = ConfigGraph::build(config, &tree, &State::default(), &[]);
    if diags.has_errors() {
        return (ResourceGraph::new(), diags);
    }
    let is_resource = |n: NodeIndex| matches!(graph.node(n).addr, NodeAddr::Resource(_));
    let mut direct: FxHashMap<NodeIndex, Vec<NodeIndex>> = FxHashMap::default();
    for n in graph.graph.node_indices().filter(|n| is_resource(*n)) {
        let (mut seen, mut stack, mut found) = (FxHashSet::default(), vec![n], Vec::new());
        while let Some(at) = stack.pop() {
            for m in graph.graph.neighbors_directed(at, Direction::Incoming) {
                if seen.insert(m) {
                    if is_resource(m) {
                        found.push(m);
                    } else {
                        stack.push(m);
                    }
                }
            }
        }
        direct.insert(n, found);
    }
    let mut out = ResourceGraph::new();
    for (n, needed) in &direct {
        let indirect = reach(&direct, needed);
        let NodeAddr::Resource(addr) = &graph.node(*n).addr else { continue };
        let needed = needed.iter().filter(|m| !indirect.contains(*m) && *m != n);
        let addrs = needed.filter_map(|m| match &graph.node(*m).addr {
            NodeAddr::Resource(a) => Some(a.clone()),
            _ => None,
        });
        out.insert(addr.clone(), addrs.collect());
    }
    (out, diags)
}

/// Every object of a configuration, with what each needs.
#[derive(Clone, Debug, Default)]
pub struct ObjectGraph {
    /// The objects.
    pub objects: Vec<NodeAddr>,
    /// Pairs of positions: who needs, what is needed. What is needed by way of something else is left out, except among objects that
    /// need each other.
    pub needs: Vec<(usize, usize)>,
    /// Those of the pairs that are part of a cycle.
    pub cyclic: FxHashSet<(usize, usize)>,
}

/// The graph that planning walks over: variables, locals, outputs, modules and provider configurations, too. It can have cycles, of which
/// the diagnostics tell.
#[must_use]
pub fn object_graph(config: &Config) -> (ObjectGraph, Diagnostics) {
    let tree = Tree::new(config);
    let (graph, diags) = ConfigGraph::build(config, &tree, &State::default(), &[]);
    let shown: Vec<NodeIndex> = graph.graph.node_indices().filter(|n| !graph.is_unused_provider(*n)).collect();
    let mut group: FxHashMap<NodeIndex, usize> = FxHashMap::default();
    for (i, members) in petgraph::algo::kosaraju_scc(&graph.graph).into_iter().enumerate() {
        group.extend(members.into_iter().map(|n| (n, i)));
    }
    let direct: FxHashMap<NodeIndex, Vec<NodeIndex>> =
        shown.iter().map(|n| (*n, graph.graph.neighbors_directed(*n, Direction::Incoming).collect())).collect();
    let place: FxHashMap<NodeIndex, usize> = shown.iter().enumerate().map(|(i, n)| (*n, i)).collect();
    let mut out = ObjectGraph::default();
    for n in &shown {
        let others: Vec<NodeIndex> = direct[n].iter().copied().filter(|m| group[m] != group[n]).collect();
        let indirect = reach(&direct, &others);
        for m in &direct[n] {
            let Some(pair) = place.get(m).map(|m| (place[n], *m)) else { continue };
            if group[m] == group[n] {
                out.cyclic.insert(pair);
            } else if indirect.contains(m) {
                continue;
            }
            out.needs.push(pair);
        }
        out.objects.push(graph.node(*n).addr.clone());
    }
    (out, diags)
}

/// What is needed by these, not counting themselves.
fn reach(direct: &FxHashMap<NodeIndex, Vec<NodeIndex>>, from: &[NodeIndex]) -> FxHashSet<NodeIndex> {
    let mut seen = FxHashSet::default();
    let mut stack: Vec<NodeIndex> = from.iter().filter_map(|n| direct.get(n)).flatten().copied().collect();
    while let Some(n) = stack.pop() {
        if seen.insert(n) {
            stack.extend(direct.get(&n).into_iter().flatten());
        }
    }
    seen
}
