//! Planning: the walk that finds out what would change.

mod ahead;
mod data;
mod defer;
mod import;
mod instance;
mod orphan;
mod outputs;
mod prior;
mod refresh;
mod resource;
mod triggers;

use std::collections::BTreeMap;
use std::sync::Arc;

use petgraph::graph::NodeIndex;
use rustc_hash::{FxHashMap, FxHashSet};
use sdt_addr::{Mode, ResourceInstance};
use sdt_config::Config;
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_plan::{Action, Base, Change, CheckKind, Drift, Marked, NodeAddr, Plan, PlanMode};
use sdt_state::{Entry, State, Unresolved};

use crate::core::{Core, Stage};
use crate::ephemeral::Opening;
use crate::graph::{ConfigGraph, OpenResource};
use crate::input::{PlanOptions, ProviderLookup, Variables};
use crate::op::{Answer, Event, Op, OpId, Progress, ProviderKey};
use crate::rules::RuleKind;
use crate::sched::Scheduler;
use crate::scope::{Ctx, Env};
use crate::tree::Tree;
pub use ahead::Ahead;
pub(crate) use data::unknown_computed;
pub(crate) use import::check_import;
use instance::InstancePlan;
pub(crate) use instance::on;
use prior::{Prior, PriorId};
pub(crate) use prior::{decode_instance, marked_instance};

/// What planning starts from.
pub struct PlanInput {
    /// The configuration.
    pub config: Config,
    /// The state as stored, with the outcomes that the journal knows.
    pub state: State,
    /// Creations that a journal began and did not end.
    pub unresolved: Vec<Unresolved>,
    /// Root variables.
    pub variables: Variables,
    /// What to plan.
    pub options: PlanOptions,
    /// The providers there are.
    pub providers: Arc<dyn ProviderLookup>,
    /// What expressions may touch.
    pub env: Env,
    /// What `plantimestamp()` gives.
    pub timestamp: String,
}

/// The walk that plans.
pub struct PlanWalk {
    core: Core,
    sched: Scheduler,
    options: PlanOptions,
    timestamp: String,
    /// Nodes this run is about; the others are passed over.
    wanted: FxHashSet<NodeIndex>,
    /// Nodes that a target names, or all.
    targeted: Option<FxHashSet<NodeIndex>>,
    /// As stored.
    base: Base,
    base_state: State,
    /// After moves and refresh.
    state: State,
    moved: crate::moves::Moved,
    open_moves: crate::moves::Open,
    priors: Vec<Prior>,
    priors_of: FxHashMap<NodeIndex, Vec<PriorId>>,
    runs: FxHashMap<NodeIndex, Run>,
    pending: FxHashMap<OpId, Pending>,
    changes: Vec<(NodeIndex, Change)>,
    change_of: FxHashMap<ResourceInstance, usize>,
    drift: Vec<Drift>,
    provider_keys: FxHashMap<NodeIndex, ProviderKey>,
    provider_unknown: FxHashSet<NodeIndex>,
    create_first: FxHashSet<NodeIndex>,
    dependencies: crate::lifecycle::Dependencies,
    unresolved: Vec<Unresolved>,
    recovered: Vec<Entry>,
    unfinished: Vec<Unfinished>,
    marked: Vec<(NodeIndex, Marked)>,
    generated: Vec<sdt_plan::Generated>,
    /// Root outputs as the walk ahead of a destruction found them, and whether they are sensitive.
    outputs_ahead: BTreeMap<sdt_value::Str, (sdt_value::Value, bool)>,
    deferring: defer::Deferring,
    interrupted: bool,
}

/// An object whose creation was cut short.
struct Unfinished {
    addr: ResourceInstance,
    /// What the journal is told when this plan does not bring the creation to its end.
    entry: Entry,
}

/// A resource node that has begun.
#[derive(Default)]
struct Run {
    /// Operations and reads it waits for.
    open: usize,
    failed: bool,
    /// Expanded, and its instances are on their way.
    planning: bool,
    /// Waiting for reads of what is there before planning begins.
    ready: bool,
    expansions: Vec<(usize, crate::tree::Expansion)>,
}

enum Pending {
    Configure(NodeIndex),
    Recover(NodeIndex, usize),
    Refresh(NodeIndex),
    Import(Box<import::Importing>),
    Plan(Box<InstancePlan>),
    Data(Box<data::DataRead>),
    Open(Box<Opening>),
}

impl PlanWalk {
    /// Prepares the walk. Errors of configuration and state that need no operation are in the diagnostics at the end.
    #[must_use]
    pub fn new(input: PlanInput) -> Self {
        Self::begin(input, None)
    }

    fn begin(input: PlanInput, ahead: Option<Ahead>) -> Self {
        let PlanInput { config, state: base_state, unresolved, variables, options, providers, env, timestamp } = input;
        let tree = Tree::new(&config);
        let refreshed = ahead.as_ref().map(|a| a.state.clone());
        let mut state = refreshed.unwrap_or_else(|| base_state.clone());
        let (moved, open_moves, mut diags) = crate::moves::apply_moves(&config, &tree, &mut state);
        diags.extend(crate::targets::check_moves(&options, &moved));
        let mut open: Vec<OpenResource> = unresolved
            .iter()
            .map(|u| OpenResource {
                key: u.begun.address.resource.clone(),
                provider: u.begun.provider.clone(),
                dependencies: u.begun.dependencies.clone(),
            })
            .collect();
        if options.generate {
            open.extend(import::undeclared_targets(&config));
        }
        let (graph, more) = ConfigGraph::build(&config, &tree, &state, &open);
        diags.extend(more);
        let mut core = Core::new(Stage::Plan, config, tree, graph, env, providers, variables);
        diags.extend(crate::targets::check(&core, &options, &state));
        diags.extend(undeclared(&core.config, options.generate));
        let targeted = crate::targets::targeted(&core.graph, &options, &state);
        let wanted = crate::targets::wanted(&core, &options, targeted.as_ref());
        let failed = diags.has_errors();
        core.diags = diags;
        core.overrides = options.overrides.clone().into();
        core.deferral = options.allow_deferral;
        core.lenient = match options.mode {
            PlanMode::Normal => options.evaluate_first,
            PlanMode::RefreshOnly => true,
            PlanMode::Destroy => false,
        };
        // A move by itself is no change that was found outside.
        let base_state = match options.mode {
            PlanMode::RefreshOnly if !moved.is_empty() => state.clone(),
            _ => base_state,
        };
        let mut walk = Self {
            sched: Scheduler::new(&core.graph.graph),
            create_first: crate::lifecycle::create_first(&core, &state, &wanted),
            dependencies: crate::lifecycle::Dependencies::default(),
            base: Base { lineage: base_state.lineage.clone(), serial: base_state.serial, journal: String::new() },
            core,
            options,
            timestamp,
            wanted,
            targeted,
            base_state,
            state,
            moved,
            open_moves,
            priors: Vec::new(),
            priors_of: FxHashMap::default(),
            runs: FxHashMap::default(),
            pending: FxHashMap::default(),
            changes: Vec::new(),
            change_of: FxHashMap::default(),
            drift: Vec::new(),
            provider_keys: FxHashMap::default(),
            provider_unknown: FxHashSet::default(),
            unresolved,
            recovered: Vec::new(),
            unfinished: Vec::new(),
            marked: Vec::new(),
            generated: Vec::new(),
            outputs_ahead: BTreeMap::new(),
            deferring: defer::Deferring::default(),
            interrupted: false,
        };
        if let Some(ahead) = ahead {
            walk.take_up(ahead);
        }
        if failed {
            walk.interrupted = true;
        } else {
            walk.load_priors();
        }
        walk
    }

    /// Takes an event in; returns what is to be done next.
    pub fn step(&mut self, event: Event) -> Vec<Op> {
        match event {
            Event::Start => {}
            Event::Interrupt => {
                self.interrupted = true;
                self.core.ops.push(Op::Stop);
            }
            Event::Read(op, answer) => self.on_read(op, answer),
            Event::Done(op, answer) => self.on_done(op, answer),
        }
        self.pump();
        std::mem::take(&mut self.core.ops)
    }

    /// What a display should show since the last call.
    pub fn progress(&mut self) -> Vec<Progress> {
        std::mem::take(&mut self.core.progress)
    }

    /// Tells whether nothing is left to wait for.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.pending.is_empty() && (self.interrupted || self.sched.open() == 0)
    }

    fn pump(&mut self) {
        while !self.interrupted
            && let Some(n) = self.sched.next()
        {
            self.start(n);
        }
        if self.is_done() {
            self.core.close_ephemeral();
        }
    }

    fn start(&mut self, n: NodeIndex) {
        if !self.wanted.contains(&n) {
            self.sched.finish(n, true);
            return;
        }
        if self.core.graph.is_unused_provider(n) {
            // What is wrong with a configuration that nothing uses is nobody's business.
            let before = self.core.diags.0.len();
            let good = self.core.check_node(n) && self.core.provider_config(n).is_some();
            self.core.diags.0.truncate(before);
            if !good {
                self.sched.finish(n, true);
                return;
            }
        }
        if self.options.mode != PlanMode::Destroy && !self.core.check_node(n) {
            self.sched.finish(n, false);
            return;
        }
        self.inherit_deferral(n);
        match self.core.graph.node(n).addr.clone() {
            NodeAddr::Resource(addr) => match addr.resource.mode {
                Mode::Managed | Mode::Data => self.start_resource(n, &addr),
                Mode::Ephemeral => self.start_ephemeral(n, &addr),
            },
            NodeAddr::Provider(addr) => self.start_provider(n, &addr),
            NodeAddr::Check(path, name) => {
                let ok = self.check(n, &path, &name);
                self.sched.finish(n, ok);
            }
            NodeAddr::Module(path) if self.options.mode == PlanMode::Destroy => {
                crate::inspect::expand_from_state(&mut self.core, &path, &self.state);
                self.sched.finish(n, true);
            }
            _ => {
                let before = self.core.diags.0.len();
                let ok = self.core.eval_node(n);
                if self.options.mode == PlanMode::Destroy && !ok && !self.is_root_variable(n) {
                    // What provider configurations can still use must not fail for what is gone already.
                    self.core.diags.0.truncate(before);
                    self.sched.finish(n, true);
                } else {
                    self.defer_module(n);
                    self.sched.finish(n, ok);
                }
            }
        }
    }

    fn is_root_variable(&self, n: NodeIndex) -> bool {
        matches!(&self.core.graph.node(n).addr, NodeAddr::Variable(m, _) if m.is_root())
    }

    /// Evaluates the assertions of a `check` block. They never stop anything.
    fn check(&mut self, n: NodeIndex, path: &sdt_addr::ModulePath, name: &str) -> bool {
        let Some(id) = self.core.graph.node(n).module else { return true };
        let module = self.core.tree.module(id).clone();
        let Some(check) = module.checks.get(name) else { return true };
        let mut ok = true;
        for mi in self.core.insts.of_module(id).to_vec() {
            let address = sdt_addr::AbsCheck { module: self.core.insts.all[mi].addr.clone(), name: name.into() };
            if self.core.checks.has_failed(path, &format!("check.{name}"), &address.to_string()) {
                // Its data could not be read, so there is nothing to assert.
                continue;
            }
            let outcomes = Ctx::new(&self.core, mi).outcomes(&check.asserts, RuleKind::Assert, check.span);
            ok &= self.core.run_rules(&outcomes, CheckKind::Check, path, &format!("check.{name}"), address.to_string());
        }
        ok
    }

    fn on_done(&mut self, op: OpId, answer: Answer) {
        match (self.pending.remove(&op), answer) {
            (Some(Pending::Configure(n)), Answer::Configured(result)) => self.on_configured(n, result),
            (Some(Pending::Recover(n, i)), Answer::Recovered(answer)) => self.on_recovered(n, i, answer),
            (Some(Pending::Refresh(n)), _) => self.on_refreshed(n),
            (Some(Pending::Import(i)), Answer::Imported(result)) => self.on_imported(*i, result),
            (Some(Pending::Plan(p)), Answer::Planned(answer)) => self.on_planned(*p, answer),
            (Some(Pending::Data(d)), Answer::Data(result)) => self.on_data(*d, result),
            (Some(Pending::Open(o)), Answer::Data(result)) => self.on_opened(*o, result),
            // An answer of another kind than asked for: the driver's mistake, or it was stopped.
            _ => self.interrupted = true,
        }
    }

    /// One thing that a resource node waited for has come.
    fn close_one(&mut self, n: NodeIndex, ok: bool) {
        let run = self.runs.entry(n).or_default();
        run.open = run.open.saturating_sub(1);
        run.failed |= !ok;
        if run.open > 0 {
            return;
        }
        if run.planning {
            let ok = !run.failed;
            self.sched.finish(n, ok);
        } else if run.ready {
            self.plan_resource(n);
        }
    }

    fn included(&self, n: NodeIndex, addr: &ResourceInstance) -> bool {
        if self.options.excludes.iter().any(|t| t.contains(addr)) {
            return false;
        }
        match &self.targeted {
            None => true,
            // What a target needs is planned whole; of what it names, only the instances it names.
            Some(nodes) => !nodes.contains(&n) || self.options.targets.iter().any(|t| t.contains(addr)),
        }
    }

    /// Where nothing else is planned, a mere move is worth telling.
    fn note_moves(&mut self) {
        if self.options.mode != PlanMode::RefreshOnly {
            return;
        }
        let told: FxHashSet<ResourceInstance> = self.drift.iter().map(|d| d.addr.clone()).collect();
        for i in 0..self.priors.len() {
            let prior = self.priors[i].clone();
            let Some(previous) = self.moved.get(&prior.addr).cloned() else { continue };
            if prior.deposed.is_some() || told.contains(&prior.addr) {
                continue;
            }
            let (Some(info), Some(provider)) = (self.core.type_info(prior.node), self.provider_addr(prior.node)) else {
                continue;
            };
            let value = prior.marked(&info);
            self.drift.push(Drift {
                addr: prior.addr,
                previous: Some(previous),
                deposed: None,
                provider,
                action: Action::NoOp,
                before: value.clone(),
                after: value,
            });
        }
    }

    /// What state remembers that a node depends on.
    fn dependencies(&mut self, n: NodeIndex) -> Arc<[Arc<str>]> {
        self.dependencies.of(&self.core.graph, n)
    }

    /// The plan. With errors it is only good to be shown.
    #[must_use]
    pub fn finish(mut self) -> (Plan, Diagnostics) {
        if self.interrupted && !self.core.diags.has_errors() {
            self.core.diags.push(Diagnostic::error(
                "Interrupted",
                "Planning was stopped before its end; nothing has been changed.",
            ));
        }
        if let Some(n) = self.sched.failed().filter(|_| !self.core.diags.has_errors()) {
            // A plan that leaves something out without a word must not be taken for a whole one.
            let detail = format!(
                "{} could not be planned, and nothing says why. This is a bug in sdt.",
                self.core.graph.node(n).addr
            );
            self.core.diags.push(Diagnostic::error("Planning failed", detail));
        }
        let moves = crate::moves::check_expanded(&self.core, &self.open_moves);
        if moves.has_errors() {
            self.core.diags = moves;
            self.changes.clear();
            self.drift.clear();
        }
        self.note_moves();
        let outputs = self.output_changes();
        let mut changes: Vec<(NodeIndex, Change)> = std::mem::take(&mut self.changes);
        changes.sort_by(|(_, a), (_, b)| a.addr.cmp(&b.addr).then_with(|| a.deposed.cmp(&b.deposed)));
        let listed: Vec<(NodeIndex, &Change)> = changes.iter().map(|(n, c)| (*n, c)).collect();
        let busy = self.marked.iter().map(|(n, _)| *n).collect();
        let (exec, diags) = crate::exec::build(&self.core.graph, &self.wanted, &listed, &busy, self.options.mode);
        self.settle_deletions();
        self.drop_undeclared_data();
        for unfinished in std::mem::take(&mut self.unfinished) {
            if !listed.iter().any(|(_, c)| c.resume.is_some() && c.addr == unfinished.addr) {
                self.recovered.push(unfinished.entry);
            }
        }
        if self.options.mode != PlanMode::RefreshOnly {
            self.core.diags.extend(diags);
        }
        let errored = self.core.diags.has_errors();
        let (variables, ephemeral_variables) = self.variables();
        let state_changed = !self.state.same_content(&self.base_state);
        let mut drift = std::mem::take(&mut self.drift);
        drift.sort_by(|a, b| a.addr.cmp(&b.addr).then_with(|| a.deposed.cmp(&b.deposed)));
        if self.options.is_limited() {
            self.core.diags.0.insert(0, crate::targets::warning());
        }
        let relevant = match self.options.keep || !drift.is_empty() {
            true => crate::relevant::relevant(
                &self.core.tree,
                &self.core.insts.all.iter().map(|i| &i.addr).collect::<Vec<_>>(),
                changes.iter().filter(|(_, c)| c.action != Action::NoOp).map(|(_, c)| &c.addr),
                outputs.values().filter(|o| o.action != Action::NoOp).map(|o| &o.name),
            ),
            false => Vec::new(),
        };
        let deferred = self.deferring.take();
        let complete = !self.options.is_limited() && deferred.is_empty();
        let plan = Plan {
            mode: self.options.mode,
            changes: changes.into_iter().map(|(_, c)| c).collect(),
            drift,
            outputs,
            checks: self.core.checks.results(),
            exec,
            base: self.base,
            deferred,
            relevant,
            prior_state: self.state,
            variables,
            ephemeral_variables,
            targets: self.options.targets,
            replace: self.options.replace,
            timestamp: self.timestamp,
            errored,
            complete,
            state_changed,
            recovered: self.recovered.iter().filter_map(|e| serde_json::to_value(e).ok()).collect(),
            generated: self.generated,
            overrides: self.options.overrides,
            marked: self.marked.into_iter().map(|(_, m)| m).collect(),
        };
        (plan, self.core.diags)
    }

    /// What was read for a configuration that does not ask for it any more leaves the state without a word.
    fn drop_undeclared_data(&mut self) {
        if self.options.mode != PlanMode::Normal || self.options.is_limited() {
            return;
        }
        let config = &self.core.config;
        let declared = |key: &sdt_state::ResourceKey| {
            crate::convert::config_resource(key).is_some_and(|addr| config.resource(&addr).is_some())
        };
        self.state.resources.retain(|key, _| key.mode != sdt_state::Mode::Data || declared(key));
    }

    /// Takes in which objects still carry the mark of their creation.
    pub fn marked(&mut self, key: ProviderKey, objects: Vec<sdt_provider::Marked>) {
        let Some(n) = self.provider_keys.iter().find(|(_, k)| **k == key).map(|(n, _)| *n) else { return };
        let NodeAddr::Provider(provider) = self.core.graph.node(n).addr.clone() else { return };
        let here = |o: sdt_provider::Marked| Marked { provider: provider.clone(), type_name: o.type_name, id: o.id };
        self.marked.extend(objects.into_iter().map(|o| (n, here(o))));
    }

    fn variables(&self) -> (BTreeMap<sdt_value::Str, sdt_value::Value>, Vec<sdt_value::Str>) {
        let mut stored = BTreeMap::new();
        let mut ephemeral = Vec::new();
        for (name, input) in &self.core.variables {
            match self.core.tree.module(0).variables.get(name) {
                Some(v) if v.ephemeral => ephemeral.push(name.clone()),
                Some(_) => {
                    stored.insert(name.clone(), input.value.clone());
                }
                None => {}
            }
        }
        (stored, ephemeral)
    }
}

/// Blocks that name what is declared and must not be, or is not and must be.
fn undeclared(config: &Config, generate: bool) -> Diagnostics {
    let mut diags = Diagnostics::new();
    for module in config.modules() {
        for removed in &module.removed {
            let path = removed.module.names().iter().fold(module.path.clone(), |p, n| p.child(n.clone()));
            let (summary, what) = match &removed.resource {
                Some(r) => {
                    let addr = r.clone().in_module(path);
                    if config.resource(&addr).is_none() {
                        continue;
                    }
                    ("Removed resource still exists", addr.to_string())
                }
                None if config.call(&path).is_some() => ("Removed module still exists", path.to_string()),
                None => continue,
            };
            let detail = format!("The block says that {what} was removed, but it is declared. Remove one of the two.");
            diags.push(Diagnostic::error(summary, detail).at(removed.from_span));
        }
    }
    for import in &config.root.imports {
        let target = import.to_resource.clone().in_module(import.to_module.clone());
        if config.resource(&target).is_none() && !(generate && import::can_generate(import)) {
            let detail = format!("There is no {target} to import into. Declare it, or remove the import block.");
            let d = Diagnostic::error("Configuration for import target does not exist", detail);
            diags.push(d.at(import.to.span()));
        }
    }
    diags
}
