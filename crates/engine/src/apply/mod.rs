//! Applying: the walk over a plan's execution graph, and nothing else.

mod change;
mod close;
mod data;
mod journal;
mod node;
mod provision;
mod result;
mod verify;

use std::sync::Arc;

use petgraph::graph::NodeIndex;
use rustc_hash::{FxHashMap, FxHashSet};
use sdt_addr::ResourceInstance;
use sdt_config::Config;
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_plan::{Action, ExecNode, Plan, PlanMode};
use sdt_state::{OutputValue, State};

use crate::core::{Core, Stage};
use crate::ephemeral::Opening;
use crate::graph::ConfigGraph;
use crate::input::{ProviderLookup, Variables};
use crate::op::{Answer, Event, Op, OpId, Progress, ProviderKey};
use crate::sched::Scheduler;
use crate::scope::Env;
use crate::tree::{Repetition, Tree};

/// What applying starts from.
pub struct ApplyInput {
    /// The plan.
    pub plan: Plan,
    /// The configuration the plan was made from.
    pub config: Config,
    /// Root variables; ephemeral ones are not in the plan and must be given again.
    pub variables: Variables,
    /// The providers there are.
    pub providers: Arc<dyn ProviderLookup>,
    /// What expressions may touch.
    pub env: Env,
    /// Names this run: part of its tokens.
    pub run_id: String,
    /// Lineage of the state, chosen already when the state is new.
    pub lineage: String,
    /// Whether objects are read once more before they are touched, since time has passed after planning.
    pub verify: bool,
}

impl ApplyInput {
    /// How planning resolved what an interrupted run had left open. To be durable before anything begins, or an outcome of this run
    /// could be taken for one of that.
    #[must_use]
    pub fn recovered(&self) -> Vec<sdt_state::Entry> {
        self.plan.recovered.iter().filter_map(|e| serde_json::from_value(e.clone()).ok()).collect()
    }
}

/// The walk that applies.
pub struct ApplyWalk {
    core: Core,
    plan: Arc<Plan>,
    sched: Scheduler,
    state: State,
    run_id: String,
    lineage: String,
    pending: FxHashMap<OpId, Pending>,
    provider_keys: FxHashMap<NodeIndex, ProviderKey>,
    change_of: FxHashMap<ResourceInstance, usize>,
    /// Changes by the resource node they belong to.
    changes_of: FxHashMap<NodeIndex, Vec<usize>>,
    /// Under which key a creation has put its predecessor aside.
    deposed: FxHashMap<usize, String>,
    /// What `count` and `each` mean in the instance of a change.
    repetitions: FxHashMap<usize, Repetition>,
    /// Operations of data reads, for the display.
    reading: FxHashMap<usize, OpId>,
    halted: bool,
    interrupted: bool,
    /// Changes that have been made.
    done: usize,
    closing: close::Closing,
    /// Whether this run changes things that outlast the process: then what lives in the state alone (a password that was drawn) is
    /// journalled too, since those things depend on it.
    lasting: bool,
    dependencies: crate::lifecycle::Dependencies,
    verify: bool,
    /// Changes whose objects are not any more what the plan was made from.
    refused: FxHashSet<usize>,
    /// Instances of ephemeral resources that are being opened, by the node of the execution graph, and whether one has failed.
    opening: FxHashMap<NodeIndex, (usize, bool)>,
    /// Looks under way: the node of the execution graph that waits, and how many answers are still to come.
    looking: FxHashMap<OpId, (NodeIndex, usize)>,
    /// Resources that the plan leaves for a later run: their values are unknown, whatever has become known by now.
    deferred: FxHashSet<sdt_addr::ConfigResource>,
}

enum Pending {
    Configure(NodeIndex),
    /// A look at what a provider configuration is about to change.
    Verify,
    Replan(Box<change::Making>),
    Apply(Box<change::Making>),
    Data(Box<data::Reading>),
    Open(NodeIndex, Box<Opening>),
    Provision(Box<provision::Provisioning>),
    Settle,
    LastLook,
}

impl ApplyWalk {
    /// Prepares the walk.
    #[must_use]
    pub fn new(input: ApplyInput) -> Self {
        let ApplyInput { plan, config, variables, providers, env, run_id, lineage, verify } = input;
        let tree = Tree::new(&config);
        let state = plan.prior_state.clone();
        let (graph, diags) = ConfigGraph::build(&config, &tree, &state, &[]);
        let mut core = Core::new(Stage::Apply, config, tree, graph, env, providers, variables);
        core.diags = diags;
        core.overrides = plan.overrides.clone().into();
        core.deferral = !plan.deferred.is_empty();
        let deferred = plan.deferred.iter().map(|d| d.change.addr.config()).collect();
        let mut change_of = FxHashMap::default();
        let mut changes_of: FxHashMap<NodeIndex, Vec<usize>> = FxHashMap::default();
        for (i, c) in plan.changes.iter().enumerate() {
            if c.deposed.is_none() {
                change_of.insert(c.addr.clone(), i);
            }
            if let Some(n) = core.graph.find(&sdt_plan::NodeAddr::Resource(c.addr.config())) {
                changes_of.entry(n).or_default().push(i);
            }
        }
        let lasting = changes_of.iter().any(|(n, changes)| {
            changes.iter().any(|i| plan.changes[*i].is_effective())
                && core.type_info(*n).is_some_and(|t| t.provider.has_outside_effects())
        });
        core.diags.extend(verify::foreign(&plan, &core.graph));
        let halted = core.diags.has_errors();
        let closing = close::Closing::new(!plan.marked.is_empty());
        Self {
            sched: Scheduler::new(&plan.exec.0),
            plan: Arc::new(plan),
            core,
            state,
            run_id,
            lineage,
            pending: FxHashMap::default(),
            provider_keys: FxHashMap::default(),
            change_of,
            changes_of,
            deposed: FxHashMap::default(),
            repetitions: FxHashMap::default(),
            reading: FxHashMap::default(),
            halted,
            interrupted: false,
            done: 0,
            closing,
            lasting,
            dependencies: crate::lifecycle::Dependencies::default(),
            verify,
            refused: FxHashSet::default(),
            opening: FxHashMap::default(),
            looking: FxHashMap::default(),
            deferred,
        }
    }

    /// Takes an event in; returns what is to be done next.
    pub fn step(&mut self, event: Event) -> Vec<Op> {
        match event {
            Event::Start => {}
            Event::Interrupt => {
                self.halted = true;
                self.interrupted = true;
                self.core.ops.push(Op::Stop);
            }
            Event::Read(op, answer) if self.looking.contains_key(&op) => self.on_looked(op, answer),
            Event::Read(op, answer) => self.on_last_look(op, answer),
            Event::Done(op, answer) => self.on_done(op, answer),
        }
        while !self.halted
            && self.plan.mode != PlanMode::RefreshOnly
            && let Some(n) = self.sched.next()
        {
            self.start(n);
        }
        if self.is_done() {
            self.core.close_ephemeral();
        }
        self.close();
        std::mem::take(&mut self.core.ops)
    }

    /// What a display should show since the last call.
    pub fn progress(&mut self) -> Vec<Progress> {
        std::mem::take(&mut self.core.progress)
    }

    /// Tells whether nothing is left to wait for.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.pending.is_empty() && (self.halted || self.plan.mode == PlanMode::RefreshOnly || self.sched.open() == 0)
    }

    /// How many changes have been made.
    #[must_use]
    pub fn done(&self) -> usize {
        self.done
    }

    /// The state as it is by now: good for a snapshot at any time.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    fn start(&mut self, node: NodeIndex) {
        match self.plan.exec.0[node].clone() {
            ExecNode::Eval(addr) => self.start_eval(node, &addr),
            ExecNode::Begin(sdt_plan::NodeAddr::Resource(addr), sdt_plan::Phase::Create)
                if addr.resource.mode == sdt_addr::Mode::Ephemeral =>
            {
                self.begin_ephemeral(node, &addr);
            }
            ExecNode::Begin(addr, sdt_plan::Phase::Create) => {
                let ok = self.begin_resource(&addr);
                self.sched.finish(node, ok);
            }
            ExecNode::Begin(..) | ExecNode::End(..) => self.sched.finish(node, true),
            ExecNode::Apply(i) | ExecNode::Destroy(i) | ExecNode::DestroyDeposed(i) if self.refused.contains(&i) => {
                self.sched.finish(node, false);
            }
            ExecNode::Apply(i) => self.start_change(node, i),
            ExecNode::Destroy(i) => self.start_destroy(node, i),
            ExecNode::DestroyDeposed(i) => self.start_destroy_deposed(node, i),
        }
    }

    fn on_done(&mut self, op: OpId, answer: Answer) {
        match (self.pending.remove(&op), answer) {
            (Some(Pending::Configure(node)), Answer::Configured(result)) => self.on_configured(node, result),
            // The answers themselves are counted: some may come after the end of the call.
            (Some(Pending::Verify), _) => {}
            (Some(Pending::Replan(m)), Answer::Planned(answer)) => self.on_replanned(*m, answer),
            (Some(Pending::Apply(m)), Answer::Applied(answer)) => self.on_applied(*m, answer),
            (Some(Pending::Apply(m)), Answer::NotBegun(why)) => self.on_not_begun(*m, &why),
            (Some(Pending::Data(d)), Answer::Data(result)) => self.on_data(*d, result),
            (Some(Pending::Open(node, o)), Answer::Data(result)) => self.on_opened(node, *o, result),
            (Some(Pending::Provision(p)), Answer::Provisioned(result)) => self.on_provisioned(*p, result),
            (Some(Pending::Settle), Answer::Settled(complaints)) => self.on_settled(complaints),
            (Some(Pending::LastLook), Answer::Refreshed) => {}
            _ => self.halted = true,
        }
    }

    /// The state at the end, with outputs and check results.
    #[must_use]
    pub fn finish(mut self) -> (State, Diagnostics) {
        match self.plan.mode {
            PlanMode::Destroy => {
                if !self.core.diags.has_errors() && !self.halted && self.plan.targets.is_empty() {
                    self.state.outputs.clear();
                    // What was only read is gone with what it was read for.
                    self.state.resources.retain(|key, _| key.mode != sdt_state::Mode::Data);
                    self.state.check_results = serde_json::Value::Null;
                }
            }
            PlanMode::RefreshOnly => {
                let plan = self.plan.clone();
                for (name, o) in &plan.outputs {
                    match o.action {
                        Action::Delete => drop(self.state.outputs.remove(&**name)),
                        _ => self.set_output(name, &o.after),
                    }
                }
                self.state.check_results = plan.checks.to_state_json();
            }
            PlanMode::Normal => {
                let values = self.core.slots.root_outputs().clone();
                let plan = self.plan.clone();
                for (name, value) in &values {
                    let planned = plan.outputs.get(name).filter(|o| o.action != Action::Delete).map(|o| &o.after);
                    let value = planned.filter(|v| v.is_wholly_known() && !v.is_null()).unwrap_or(value);
                    // What waits for a later run has no new value yet.
                    if !self.deferred.is_empty() && !value.is_wholly_known() {
                        continue;
                    }
                    self.set_output(name, value);
                }
                for (name, o) in &plan.outputs {
                    if o.action == Action::Delete {
                        self.state.outputs.remove(&**name);
                    } else if !values.contains_key(name) && o.after.is_wholly_known() {
                        // What an error kept from being evaluated has the value of the plan.
                        self.set_output(name, &o.after);
                    }
                }
                let results = self.core.checks.results();
                self.state.check_results = results.to_state_json();
            }
        }
        if self.interrupted {
            self.core.diags.push(Diagnostic::error(
                "Interrupted",
                "Applying was stopped before its end. What had begun was finished and is in the state; the rest was not started.",
            ));
        }
        if !self.plan.targets.is_empty() {
            self.core.diags.push(Diagnostic::warning(
                "Applied changes may be incomplete",
                "The plan was limited with -target, so the configuration may ask for more than was applied, and output values may not be up to date. Plan again without it to see.",
            ));
        }
        (self.state, self.core.diags)
    }

    /// What state is to remember that a node depends on.
    fn dependencies(&mut self, n: NodeIndex) -> Arc<[Arc<str>]> {
        self.dependencies.of(&self.core.graph, n)
    }

    fn set_output(&mut self, name: &str, value: &sdt_value::Value) {
        let declared = self.core.tree.module(0).outputs.get(name);
        let Some(output) = declared.filter(|o| !o.ephemeral) else { return };
        if value.is_null() {
            self.state.outputs.remove(name);
            return;
        }
        let (bare, _) = value.clone().unmark_deep();
        // What no apply can make known, such as the result of format("%s", null), is kept as null of its type.
        let known = bare.clone().transform(&mut |_, v| {
            let kept = if v.is_unknown() { sdt_value::Value::null(v.ty()) } else { v };
            Ok::<_, std::convert::Infallible>(kept)
        });
        let bare = known.unwrap_or(bare);
        let stored = OutputValue::from_value(&bare, output.sensitive);
        self.state.outputs.insert(name.to_owned(), stored);
    }
}
