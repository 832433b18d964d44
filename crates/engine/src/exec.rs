//! The execution graph, from the changes of a plan. Everything about order during apply is in this file.
//!
//! X uses Y means: X's configuration, or what state remembers of X, refers to Y, maybe through locals, outputs or a provider
//! configuration. Each node has joins, so that an edge between two nodes is one edge however many instances they have:
//!
//! * *Create*: C(Y) → C(X). Evaluations take part here. Where X names single instances of Y only, it waits for these alone, so
//!   that the failure of another one does not stop it.
//! * *Destroy*: D(X) → D(Y), and D(i) → C(i) for what is replaced old object first.
//! * *DestroyLast*: objects that a creation deposes, and deletions that nothing holds back: after C(X) and D(X) of every X
//!   that uses Y, so that whatever used the object has turned away from it before it goes.
//!
//! A deletion belongs to *Destroy* when something it uses is replaced old object first: it must be gone before that.
//! Nothing leads from *DestroyLast* back, and in *Create* and *Destroy* every edge follows "uses", so that the graph has no cycle as
//! long as "uses" has none; where only state's memory closes one, that memory is dropped with a warning.

use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use rustc_hash::{FxHashMap, FxHashSet};
use sdt_addr::Mode;
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_plan::{Action, Change, ExecGraph, ExecNode, NodeAddr, Phase, PlanMode, ReplaceOrder};

use crate::graph::ConfigGraph;

struct Joins {
    begin: NodeIndex,
    end: NodeIndex,
}

/// Builds the graph. `wanted` are the nodes that this plan is about; changes come with the number of their node; `busy` are
/// provider configurations that have something to do beside changes.
pub(crate) fn build(
    config: &ConfigGraph,
    wanted: &FxHashSet<NodeIndex>,
    changes: &[(NodeIndex, &Change)],
    busy: &FxHashSet<NodeIndex>,
    mode: PlanMode,
) -> (ExecGraph, Diagnostics) {
    let mut diags = Diagnostics::new();
    let wanted = &needed(config, wanted, changes, busy);
    let uses = uses(config, wanted, &mut diags);
    let held = above_delete_first(changes, &uses);
    let mut b = Build { exec: ExecGraph::default(), create: FxHashMap::default(), joins: FxHashMap::default() };
    for n in ordered(wanted) {
        b.create(config, n);
    }
    for (user, used) in &uses {
        // What only state remembers says nothing about creation.
        if config.graph.contains_edge(*used, *user) {
            let second = b.create[user].begin;
            // Who names single instances waits for those, which are ordered below.
            let single = config.instances.contains_key(&(*used, *user));
            let first = if single { b.create[used].begin } else { b.create[used].end };
            b.exec.order(first, second);
        }
    }
    let phase_of = |c: &Change, n: NodeIndex| match c.action {
        Action::Delete if mode == PlanMode::Destroy || held.contains(&n) => Some(Phase::Destroy),
        Action::Delete => Some(Phase::DestroyLast),
        Action::Replace(ReplaceOrder::DeleteFirst) => Some(Phase::Destroy),
        Action::Replace(ReplaceOrder::CreateFirst) => Some(Phase::DestroyLast),
        _ => None,
    };
    for phase in [Phase::Destroy, Phase::DestroyLast] {
        if changes.iter().any(|(n, c)| phase_of(c, *n) == Some(phase)) {
            b.destroy_joins(config, wanted, &uses, phase, &held);
        }
    }
    let mut singles: FxHashMap<NodeIndex, Vec<(NodeIndex, &[sdt_addr::InstanceKey])>> = FxHashMap::default();
    for ((used, user), keys) in &config.instances {
        singles.entry(*used).or_default().push((*user, keys.as_slice()));
    }
    for (i, (n, change)) in changes.iter().enumerate() {
        let phase = phase_of(change, *n);
        let destroy = phase.map(|phase| {
            let step = match change.action {
                Action::Replace(ReplaceOrder::CreateFirst) => ExecNode::DestroyDeposed(i),
                _ => ExecNode::Destroy(i),
            };
            let node = b.exec.add(step);
            let joins = &b.joins[&(*n, phase)];
            let (begin, end) = (joins.begin, joins.end);
            b.exec.order(begin, node);
            b.exec.order(node, end);
            if let Some(p) = config.node(*n).provider.and_then(|p| b.create.get(&p)) {
                let end = p.end;
                b.exec.order(end, node);
            }
            node
        });
        let applies = match change.action {
            Action::Create | Action::Update | Action::Replace(_) | Action::Read | Action::Forget => true,
            Action::NoOp => change.importing.is_some(),
            Action::Delete => false,
        };
        if !applies {
            continue;
        }
        let node = b.exec.add(ExecNode::Apply(i));
        let joins = &b.create[n];
        let (begin, end) = (joins.begin, joins.end);
        b.exec.order(begin, node);
        b.exec.order(node, end);
        for (user, keys) in singles.get(n).map(Vec::as_slice).unwrap_or_default() {
            if let Some(joins) = b.create.get(user)
                && change.addr.key.as_ref().is_some_and(|k| keys.contains(k))
            {
                let waits = joins.begin;
                b.exec.order(node, waits);
            }
        }
        match (change.action, destroy) {
            (Action::Replace(ReplaceOrder::DeleteFirst), Some(d)) => b.exec.order(d, node),
            (_, Some(d)) => b.exec.order(node, d),
            (_, None) => {}
        }
    }
    if petgraph::algo::toposort(&b.exec.0, None).is_err() {
        diags.push(Diagnostic::error(
            "Cycle: the planned changes cannot be brought into an order",
            "A provider configuration needs an object that is to be replaced only after objects of that provider are gone. Apply in two steps with -target.",
        ));
    }
    (b.exec, diags)
}

/// Without the provider configurations that make no change: they need not be started.
fn needed(
    config: &ConfigGraph,
    wanted: &FxHashSet<NodeIndex>,
    changes: &[(NodeIndex, &Change)],
    busy: &FxHashSet<NodeIndex>,
) -> FxHashSet<NodeIndex> {
    let ephemeral =
        |n: &&NodeIndex| matches!(&config.node(**n).addr, NodeAddr::Resource(r) if r.resource.mode == Mode::Ephemeral);
    let changed = changes.iter().filter(|(_, c)| c.is_effective()).map(|(n, _)| n);
    let used: FxHashSet<NodeIndex> =
        changed.chain(wanted.iter().filter(ephemeral)).filter_map(|n| config.node(*n).provider).collect();
    wanted
        .iter()
        .copied()
        .filter(|n| !matches!(config.node(*n).addr, NodeAddr::Provider(_)) || used.contains(n) || busy.contains(n))
        .collect()
}

struct Build {
    exec: ExecGraph,
    create: FxHashMap<NodeIndex, Joins>,
    joins: FxHashMap<(NodeIndex, Phase), Joins>,
}

impl Build {
    fn create(&mut self, config: &ConfigGraph, n: NodeIndex) {
        let addr = config.node(n).addr.clone();
        let joins = if matches!(addr, NodeAddr::Resource(_)) {
            let begin = self.exec.add(ExecNode::Begin(addr.clone(), Phase::Create));
            let end = self.exec.add(ExecNode::End(addr, Phase::Create));
            self.exec.order(begin, end);
            Joins { begin, end }
        } else {
            let eval = self.exec.add(ExecNode::Eval(addr));
            Joins { begin: eval, end: eval }
        };
        self.create.insert(n, joins);
    }

    fn destroy_joins(
        &mut self,
        config: &ConfigGraph,
        wanted: &FxHashSet<NodeIndex>,
        uses: &[(NodeIndex, NodeIndex)],
        phase: Phase,
        held: &FxHashSet<NodeIndex>,
    ) {
        for n in ordered(wanted) {
            let addr = config.node(n).addr.clone();
            let begin = self.exec.add(ExecNode::Begin(addr.clone(), phase));
            let end = self.exec.add(ExecNode::End(addr, phase));
            self.exec.order(begin, end);
            self.joins.insert((n, phase), Joins { begin, end });
        }
        for (user, used) in uses {
            // An object whose provider is configured from something that is replaced old object first cannot wait for the new
            // one and go before the old one at once: the provider's needs are let go.
            let through_provider = matches!(config.node(*used).addr, NodeAddr::Provider(_)) && held.contains(used);
            if phase == Phase::Destroy && through_provider {
                continue;
            }
            let before = self.joins[&(*used, phase)].begin;
            let own = self.joins[&(*user, phase)].end;
            self.exec.order(own, before);
            if phase == Phase::DestroyLast {
                let created = self.create[user].end;
                self.exec.order(created, before);
                if let Some(destroyed) = self.joins.get(&(*user, Phase::Destroy)) {
                    let end = destroyed.end;
                    self.exec.order(end, before);
                }
            }
        }
    }
}

fn ordered(wanted: &FxHashSet<NodeIndex>) -> Vec<NodeIndex> {
    let mut all: Vec<NodeIndex> = wanted.iter().copied().collect();
    all.sort_unstable();
    all
}

/// Pairs (user, used) of configuration and state. What only state tells is left out where it closes a circle.
fn uses(config: &ConfigGraph, wanted: &FxHashSet<NodeIndex>, diags: &mut Diagnostics) -> Vec<(NodeIndex, NodeIndex)> {
    let inside = |a: NodeIndex, b: NodeIndex| a != b && wanted.contains(&a) && wanted.contains(&b);
    let mut all: Vec<(NodeIndex, NodeIndex)> = config
        .graph
        .edge_references()
        .filter(|e| inside(e.source(), e.target()))
        .map(|e| (e.target(), e.source()))
        .collect();
    let remembered: Vec<(NodeIndex, NodeIndex)> = config
        .state_edges
        .iter()
        .copied()
        .filter(|(a, b)| inside(*a, *b) && !config.graph.contains_edge(*b, *a))
        .collect();
    if remembered.is_empty() {
        return all;
    }
    let mut both: DiGraph<(), ()> = DiGraph::with_capacity(config.graph.node_count(), 0);
    for _ in config.graph.node_indices() {
        both.add_node(());
    }
    for (user, used) in all.iter().chain(&remembered) {
        both.add_edge(*user, *used, ());
    }
    let mut group = vec![0usize; both.node_count()];
    for (i, members) in petgraph::algo::kosaraju_scc(&both).iter().enumerate() {
        for m in members {
            group[m.index()] = i;
        }
    }
    for (user, used) in remembered {
        if group[user.index()] == group[used.index()] {
            diags.push(Diagnostic::warning(
                "Remembered order dropped",
                format!(
                    "State says that {} was made after {}, and configuration or state say the opposite too. This order is not kept.",
                    config.node(user).addr,
                    config.node(used).addr
                ),
            ));
        } else {
            all.push((user, used));
        }
    }
    all
}

/// Nodes that use, directly or not, something that is replaced old object first.
fn above_delete_first(changes: &[(NodeIndex, &Change)], uses: &[(NodeIndex, NodeIndex)]) -> FxHashSet<NodeIndex> {
    let mut stack: Vec<NodeIndex> = changes
        .iter()
        .filter(|(_, c)| c.action == Action::Replace(ReplaceOrder::DeleteFirst))
        .map(|(n, _)| *n)
        .collect();
    let mut found = FxHashSet::default();
    if stack.is_empty() {
        return found;
    }
    let mut users: FxHashMap<NodeIndex, Vec<NodeIndex>> = FxHashMap::default();
    for (user, used) in uses {
        users.entry(*used).or_default().push(*user);
    }
    while let Some(n) = stack.pop() {
        for user in users.get(&n).map(Vec::as_slice).unwrap_or_default() {
            if found.insert(*user) {
                stack.push(*user);
            }
        }
    }
    found
}
