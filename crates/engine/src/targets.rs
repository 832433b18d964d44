//! `-target`, `-exclude` and `-replace`.

use petgraph::graph::NodeIndex;
use rustc_hash::FxHashSet;
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_plan::{NodeAddr, PlanMode};
use sdt_state::State;

use crate::convert::instance_from_state;
use crate::core::Core;
use crate::graph::ConfigGraph;
use crate::input::PlanOptions;

/// Resource nodes that a target names; none without targets.
pub(crate) fn targeted(graph: &ConfigGraph, options: &PlanOptions, state: &State) -> Option<FxHashSet<NodeIndex>> {
    if options.targets.is_empty() {
        return None;
    }
    if options.mode == PlanMode::Destroy {
        // Only what is there can be destroyed: an instance that is not takes nothing along.
        let instances = state.instances().filter_map(|(a, _, _)| instance_from_state(&a));
        let named = instances.filter(|a| options.targets.iter().any(|t| t.contains(a)));
        return Some(named.filter_map(|a| graph.find(&NodeAddr::Resource(a.config()))).collect());
    }
    let named = |n: &NodeIndex| match &graph.node(*n).addr {
        NodeAddr::Resource(r) => options.targets.iter().any(|t| t.may_contain(r)),
        _ => false,
    };
    Some(graph.graph.node_indices().filter(named).collect())
}

/// The nodes that a run is about: targets with what they need, or everything.
pub(crate) fn wanted(
    core: &Core,
    options: &PlanOptions,
    targeted: Option<&FxHashSet<NodeIndex>>,
) -> FxHashSet<NodeIndex> {
    let graph = &core.graph;
    let mut all = wanted_by_targets(graph, options, targeted);
    if options.mode == PlanMode::Destroy {
        let protected: Vec<NodeIndex> = all.iter().copied().filter(|n| asks_for_protection(core, *n)).collect();
        let needed = graph.with_needed(protected);
        all.extend(needed.into_iter().filter(|n| !matches!(graph.node(*n).addr, NodeAddr::Resource(_))));
    }
    let out = excluded(graph, options);
    all.retain(|n| !out.contains(n) && !stands_in(graph, options, *n));
    all
}

/// Whether it has to be worked out if a resource must not be destroyed.
fn asks_for_protection(core: &Core, n: NodeIndex) -> bool {
    let NodeAddr::Resource(r) = &core.graph.node(n).addr else { return false };
    let expr = core.config.resource(r).and_then(|r| r.lifecycle.prevent_destroy.as_ref());
    expr.is_some_and(|e| !e.traversals().is_empty())
}

/// Whether a resource is inside a module that a test stands in for.
fn stands_in(graph: &ConfigGraph, options: &PlanOptions, n: NodeIndex) -> bool {
    let NodeAddr::Resource(r) = &graph.node(n).addr else { return false };
    options
        .overrides
        .iter()
        .any(|o| o.target.subject == sdt_addr::Subject::Module && o.target.module.path().contains(&r.module))
}

/// What `-exclude` leaves out: the objects it names and what depends on them, or when destroying, what they depend on.
fn excluded(graph: &ConfigGraph, options: &PlanOptions) -> FxHashSet<NodeIndex> {
    let mut named: FxHashSet<NodeIndex> = FxHashSet::default();
    // Nodes of which single instances are named stay themselves.
    let mut partly: FxHashSet<NodeIndex> = FxHashSet::default();
    for n in graph.graph.node_indices() {
        let NodeAddr::Resource(r) = &graph.node(n).addr else { continue };
        for t in options.excludes.iter().filter(|t| t.may_contain(r)) {
            named.insert(n);
            let single = matches!(&t.subject, sdt_addr::Subject::Resource(_, Some(_)))
                || t.module.steps().iter().any(|s| s.key.is_some());
            if single {
                partly.insert(n);
            }
        }
    }
    let mut out = if options.mode == PlanMode::Destroy {
        let kept = graph.with_needed(named.iter().copied());
        kept.into_iter().filter(|n| matches!(graph.node(*n).addr, NodeAddr::Resource(_))).collect()
    } else {
        graph.with_users(named.iter().copied())
    };
    out.retain(|n| !partly.contains(n));
    out
}

/// Objects that moved must be inside the targets with both their addresses.
pub(crate) fn check_moves(options: &PlanOptions, moved: &crate::moves::Moved) -> Diagnostics {
    let inside = |a: &sdt_addr::ResourceInstance| options.targets.iter().any(|t| t.contains(a));
    let mut outside: Vec<String> = Vec::new();
    if !options.targets.is_empty() {
        for (to, from) in moved {
            outside.extend(
                [from, to].into_iter().filter(|a| !inside(a)).map(|a| format!("  -target={:?}", a.to_string())),
            );
        }
    }
    if outside.is_empty() {
        return Diagnostics::new();
    }
    outside.sort();
    outside.dedup();
    Diagnostic::error(
        "Moved resource instances excluded by targeting",
        format!(
            "Objects of the state have moved to other addresses in the configuration, and the targets do not name both addresses. Add these options, or plan without -target:\n{}",
            outside.join("\n")
        ),
    )
    .into()
}

fn wanted_by_targets(
    graph: &ConfigGraph,
    options: &PlanOptions,
    targeted: Option<&FxHashSet<NodeIndex>>,
) -> FxHashSet<NodeIndex> {
    let is_resource = |n: &NodeIndex| matches!(graph.node(*n).addr, NodeAddr::Resource(_));
    let is_provider = |n: &NodeIndex| matches!(graph.node(*n).addr, NodeAddr::Provider(_));
    if options.mode == PlanMode::Destroy {
        // What uses a target goes with it. Only provider configurations are evaluated, with what they need.
        let resources: FxHashSet<NodeIndex> = match targeted {
            Some(t) => {
                let state_users = users_by_state(graph, t);
                graph.with_users(t.iter().copied().chain(state_users)).into_iter().filter(is_resource).collect()
            }
            None => graph.graph.node_indices().filter(is_resource).collect(),
        };
        let lasts = |n: &NodeIndex| !matches!(&graph.node(*n).addr, NodeAddr::Resource(r) if r.resource.mode == sdt_addr::Mode::Ephemeral);
        let resources: FxHashSet<NodeIndex> = resources.into_iter().filter(lasts).collect();
        let providers: FxHashSet<NodeIndex> = resources.iter().filter_map(|n| graph.node(*n).provider).collect();
        debug_assert!(providers.iter().all(is_provider), "a resource's provider is a provider node");
        let mut all = graph.with_needed(providers);
        all.extend(resources);
        return all;
    }
    let Some(targets) = targeted else { return graph.graph.node_indices().collect() };
    let mut all = graph.with_needed(targets.iter().copied());
    // Outputs and checks come along when all they need is there anyway.
    for n in graph.order() {
        let follows = match &graph.node(n).addr {
            NodeAddr::Output(..)
            | NodeAddr::Local(..)
            | NodeAddr::Check(..)
            | NodeAddr::Variable(..)
            | NodeAddr::Module(_) => {
                let mut needs_resource = false;
                let inside = graph.with_needed([n]).into_iter().filter(is_resource).all(|r| {
                    needs_resource = true;
                    all.contains(&r)
                });
                inside && needs_resource && !matches!(graph.node(n).addr, NodeAddr::Module(_))
            }
            _ => false,
        };
        if follows {
            all.extend(graph.with_needed([n]));
        }
    }
    all
}

fn users_by_state(graph: &ConfigGraph, targets: &FxHashSet<NodeIndex>) -> Vec<NodeIndex> {
    let mut found: FxHashSet<NodeIndex> = targets.clone();
    loop {
        let more: Vec<NodeIndex> = graph
            .state_edges
            .iter()
            .filter(|(user, used)| found.contains(used) && !found.contains(user))
            .map(|(user, _)| *user)
            .collect();
        if more.is_empty() {
            return found.into_iter().collect();
        }
        found.extend(more);
    }
}

/// Says what a plan with targets is not.
pub(crate) fn warning() -> Diagnostic {
    Diagnostic::warning(
        "Resource targeting is in effect",
        "This plan is limited by -target or -exclude; it may not show every change the configuration asks for. They are for recovering from errors, not for everyday use.",
    )
}

/// What the options ask that cannot be.
pub(crate) fn check(core: &Core, options: &PlanOptions, state: &State) -> Diagnostics {
    let mut diags = Diagnostics::new();
    for addr in options.replace.iter().filter(|a| a.key.is_none()) {
        let Some(resource) = core.config.resource(&addr.config()) else { continue };
        if resource.count.is_none() && resource.for_each.is_none() {
            continue;
        }
        let instances: Vec<String> = state
            .instances()
            .filter_map(|(a, _, _)| instance_from_state(&a))
            .filter(|a| a.resource == addr.resource && a.module == addr.module)
            .map(|a| a.to_string())
            .collect();
        let which = if instances.is_empty() { "none yet".to_owned() } else { instances.join(", ") };
        diags.push(Diagnostic::warning(
            "Incompletely-matched force-replace resource instance",
            format!("{addr} has count or for_each, so -replace names one of its instances; there are: {which}."),
        ));
    }
    diags
}
