//! Planning one resource instance.

use petgraph::graph::NodeIndex;
use sdt_addr::{InstanceKey, Mode, ResourceInstance};
use sdt_config::Resource;
use sdt_diag::{Diagnostic, Diagnostics, Severity};
use sdt_plan::{Action, Change, CheckKind, Importing, PlanMode, Reason, ReplaceOrder};
use sdt_provider::{Complaint, PlanAnswer, PlanRequest, Private};
use sdt_value::{Marks, Path, Value};

use super::{Pending, PlanWalk, PriorId};
use crate::convert::mark_schema;
use crate::core::TypeInfo;
use crate::lifecycle::ignore_changes;
use crate::op::{Op, Progress, no_private};
use crate::rules::RuleKind;
use crate::scope::Ctx;
use crate::tree::{Mi, Repetition};

/// An instance whose planning has begun.
pub(super) struct InstancePlan {
    node: NodeIndex,
    mi: Mi,
    addr: ResourceInstance,
    repetition: Repetition,
    /// Without marks.
    config: Value,
    /// With what `ignore_changes` takes from the object that is there.
    ignoring: Value,
    marks: Vec<(Path, Marks)>,
    prior: Option<PriorId>,
    /// Why it is replaced whatever the provider says.
    forced: Option<Reason>,
    /// Whether something changes that it is to be replaced with.
    triggered: bool,
    /// Set when this is the second planning, of the object that replaces the old one.
    replacing: Option<(Reason, Vec<Path>)>,
}

impl InstancePlan {
    /// The object that planning starts from. A tainted object, and the second planning of a replacement, start from nothing.
    fn existing(&self) -> Option<PriorId> {
        let anew = self.replacing.is_some() || self.forced == Some(Reason::ReplaceBecauseTainted);
        if anew { None } else { self.prior }
    }
}

impl PlanWalk {
    /// Begins to plan an instance. Returns false when it failed at once.
    pub(super) fn plan_instance(
        &mut self,
        n: NodeIndex,
        mi: Mi,
        key: Option<InstanceKey>,
        repetition: Repetition,
    ) -> bool {
        let Some(id) = self.core.graph.node(n).module else { return true };
        let module = self.core.tree.module(id).clone();
        let sdt_plan::NodeAddr::Resource(of) = self.core.graph.node(n).addr.clone() else { return true };
        let Some(resource) = module.resources.get(&of.resource) else { return true };
        let addr = of.resource.clone().instance(self.core.insts.all[mi].addr.clone(), key.clone());
        if of.resource.mode == Mode::Data {
            return self.plan_data(n, mi, addr, repetition, resource);
        }
        let prior = self.prior(n, &addr);
        if !self.included(n, &addr) {
            self.keep(n, mi, key, prior);
            return true;
        }
        if self.options.mode == PlanMode::RefreshOnly {
            return self.judge(n, mi, &addr, repetition, resource, prior);
        }
        let text = addr.to_string();
        let ctx = Ctx::new(&self.core, mi).repeated(repetition.clone());
        let outcomes = ctx.outcomes(&resource.lifecycle.preconditions, RuleKind::Precondition, resource.span);
        if !self.core.run_rules(&outcomes, CheckKind::Resource, &module.path, &of.resource.to_string(), text.clone()) {
            return false;
        }
        let Some((config, mut marks)) = self.instance_config(n, mi, resource, &repetition, &text) else { return false };
        let Some(info) = self.core.type_info(n) else { return false };
        let mut forced = prior.is_some_and(|p| self.priors[p].tainted).then_some(Reason::ReplaceBecauseTainted);
        // A new object has nothing to replace, but what it names must be there all the same.
        let triggered = match self.triggered(mi, resource, &repetition) {
            Ok(triggered) => triggered,
            Err(diags) => return self.core.take(on(diags, &text)),
        };
        if forced.is_none() && prior.is_some() {
            if self.options.replace.contains(&addr) {
                forced = Some(Reason::ReplaceByRequest);
            } else if triggered {
                forced = Some(Reason::ReplaceByTriggers);
            }
        }
        let mut marks_ignoring = None;
        let ignoring = match prior {
            Some(p) => {
                let prior = self.priors[p].value.clone().mark_with_paths(&self.priors[p].marks);
                let marked = config.clone().mark_with_paths(&marks);
                let ignoring = ignore_changes(&resource.lifecycle.ignore_changes, &info.schema.block, &prior, marked);
                let (ignoring, theirs) = ignoring.unmark_with_paths();
                marks_ignoring = Some(theirs);
                ignoring
            }
            None => config.clone(),
        };
        if forced.is_none()
            && let Some(theirs) = marks_ignoring
        {
            marks = theirs;
        }
        let plan = InstancePlan {
            node: n,
            mi,
            addr,
            repetition,
            config,
            ignoring,
            marks,
            prior,
            forced,
            triggered,
            replacing: None,
        };
        self.runs.entry(n).or_default().open += 1;
        self.ask(plan);
        true
    }

    /// Keeps the instance as it is, and tells which of its conditions do not hold.
    fn judge(
        &mut self,
        n: NodeIndex,
        mi: Mi,
        addr: &ResourceInstance,
        repetition: Repetition,
        resource: &Resource,
        prior: Option<PriorId>,
    ) -> bool {
        self.keep(n, mi, addr.key.clone(), prior);
        let (Some(prior), Some(info)) = (prior, self.core.type_info(n)) else { return true };
        let value = self.priors[prior].marked(&info);
        let path = self.core.tree.module(self.core.insts.all[mi].module).path.clone();
        let local = addr.resource.to_string();
        let ctx = Ctx::new(&self.core, mi).repeated(repetition);
        let mut outcomes = ctx.outcomes(&resource.lifecycle.preconditions, RuleKind::Precondition, resource.span);
        let ctx = ctx.with_self(value);
        outcomes.extend(ctx.outcomes(&resource.lifecycle.postconditions, RuleKind::Postcondition, resource.span));
        self.core.run_rules(&outcomes, CheckKind::Resource, &path, &local, addr.to_string())
    }

    /// The instance stays as it is.
    fn keep(&mut self, n: NodeIndex, mi: Mi, key: Option<InstanceKey>, prior: Option<PriorId>) {
        let Some(info) = self.core.type_info(n) else { return };
        match prior {
            Some(p) => {
                let value = self.priors[p].marked(&info);
                self.set_slot(n, mi, key, value);
            }
            // What is not there and is not planned does not count. Where nothing is, nothing can be said.
            None if key.is_some() && self.options.mode == PlanMode::RefreshOnly => {
                self.core.slots.resource_mut(n, &self.core.insts, mi).lacking = true;
            }
            None => self.set_slot(n, mi, key, Value::DYNAMIC),
        }
    }

    /// Evaluates and checks an instance's configuration: the object without marks, and its marks.
    pub(super) fn instance_config(
        &mut self,
        n: NodeIndex,
        mi: Mi,
        resource: &Resource,
        repetition: &Repetition,
        address: &str,
    ) -> Option<(Value, Vec<(Path, Marks)>)> {
        let info = self.core.type_info(n)?;
        let found = crate::resource_config::evaluate(&self.core, &info, mi, resource, repetition);
        match found {
            Ok((value, marks, diags)) => {
                self.core.diags.extend(on(diags, address));
                Some((value, marks))
            }
            Err(diags) => {
                self.core.take(on(diags, address));
                None
            }
        }
    }

    fn ask(&mut self, plan: InstancePlan) {
        let Some(info) = self.core.type_info(plan.node) else { return };
        let (prior, private, config) = match plan.existing() {
            Some(p) => (self.priors[p].value.clone(), self.priors[p].private.clone(), plan.ignoring.clone()),
            None => (Value::null(info.ty.clone()), no_private(), plan.config.clone()),
        };
        let proposed = sdt_schema::proposed_new(&info.schema.block, &prior, &config);
        if let Some(given) = crate::overrides::of(&self.core.overrides, &plan.addr) {
            let seed = plan.addr.to_string();
            let answer = crate::overrides::planned(&info.schema.block, &proposed, prior.is_null(), given, &seed);
            return self.on_planned(plan, answer);
        }
        let request = PlanRequest { type_name: plan.addr.resource.type_name.clone(), config, prior, proposed, private };
        let id = self.core.op_id();
        let Some(provider) = self.core.graph.node(plan.node).provider.and_then(|p| self.provider_keys.get(&p)) else {
            return;
        };
        let op = Op::Plan { id, provider: *provider, request };
        self.pending.insert(id, Pending::Plan(Box::new(plan)));
        self.core.ops.push(op);
    }

    pub(super) fn on_planned(&mut self, plan: InstancePlan, answer: PlanAnswer) {
        let n = plan.node;
        let address = plan.addr.to_string();
        let PlanAnswer { planned, requires_replace, private, complaints } = answer;
        if !self.complain(n, &address, complaints) {
            self.close_one(n, false);
            return;
        }
        let Some(info) = self.core.type_info(n) else { return self.close_one(n, false) };
        let planned = planned.unwrap_or_else(|| Value::null(info.ty.clone()));
        let (from, config) = match plan.existing() {
            Some(p) => (self.priors[p].value.clone(), &plan.ignoring),
            None => (Value::null(info.ty.clone()), &plan.config),
        };
        if !info.schema.legacy_type_system {
            let wrong = sdt_schema::check_planned(&info.schema.block, &from, config, &planned);
            if !wrong.is_empty() {
                let list: Vec<String> = wrong.iter().map(|(p, m)| format!("  {p}: {m}")).collect();
                self.core.diags.push(
                    Diagnostic::error(
                        "Provider produced invalid plan",
                        format!("The plan of the provider does not agree with the configuration:\n{}\n\nThis is a bug in the provider.", list.join("\n")),
                    )
                    .on(&address),
                );
                self.close_one(n, false);
                return;
            }
        }
        let ok = self.decide(plan, &info, planned, requires_replace, private.unwrap_or_else(no_private));
        if let Some(ok) = ok {
            self.close_one(n, ok);
        }
    }

    /// Chooses the action. `None`: planning goes on with the object that replaces the old one.
    fn decide(
        &mut self,
        mut plan: InstancePlan,
        info: &TypeInfo,
        planned: Value,
        requires_replace: Vec<Path>,
        private: Private,
    ) -> Option<bool> {
        let planned_marked = mark_schema(&info.schema.block, planned.clone().mark_with_paths(&plan.marks));
        let order =
            if self.create_first.contains(&plan.node) { ReplaceOrder::CreateFirst } else { ReplaceOrder::DeleteFirst };
        let Some(p) = plan.prior else {
            return Some(self.record(plan, info, Action::Create, None, Vec::new(), planned_marked, private));
        };
        if let Some((reason, paths)) = plan.replacing.take() {
            return Some(self.record(plan, info, Action::Replace(order), Some(reason), paths, planned_marked, private));
        }
        if plan.forced == Some(Reason::ReplaceBecauseTainted) {
            let reason = plan.forced;
            return Some(self.record(plan, info, Action::Replace(order), reason, Vec::new(), planned_marked, private));
        }
        let prior = &self.priors[p];
        let paths: Vec<Path> =
            requires_replace.into_iter().filter(|path| differs(path, &prior.value, &planned)).collect();
        if let Some(reason) = plan.forced.or((!paths.is_empty()).then_some(Reason::ReplaceBecauseCannotUpdate)) {
            plan.replacing = Some((reason, paths));
            self.ask(plan);
            return None;
        }
        let before = prior.marked(info);
        let same = prior.value.raw_equals(&planned) && same_secrets(&before, &planned_marked);
        let action = if same && prior.resume.is_none() { Action::NoOp } else { Action::Update };
        Some(self.record(plan, info, action, None, Vec::new(), planned_marked, private))
    }

    #[allow(clippy::too_many_arguments)] // The members of a change, gathered in one place.
    fn record(
        &mut self,
        plan: InstancePlan,
        info: &TypeInfo,
        action: Action,
        reason: Option<Reason>,
        replace_paths: Vec<Path>,
        after: Value,
        private: Private,
    ) -> bool {
        let n = plan.node;
        let address = plan.addr.to_string();
        // As in Terraform, that it was triggered is the reason before all others, of a first creation too.
        let triggered = plan.triggered && (action.is_replace() || action == Action::Create);
        let reason = if triggered { Some(Reason::ReplaceByTriggers) } else { reason };
        let Some(provider) = self.provider_addr(n) else { return false };
        let Some(id) = self.core.graph.node(n).module else { return false };
        let module = self.core.tree.module(id).clone();
        let Some(resource) = module.resources.get(&plan.addr.resource) else { return false };
        let prevented =
            action.is_replace() && !resource.lifecycle.forgets() && self.core.is_protected(&plan.addr, resource);
        if prevented {
            self.core.diags.push(self::prevented(&address, resource));
        }
        if action.is_replace() && resource.lifecycle.forgets() {
            self.warn_forgotten();
        }
        let before = plan.prior.map_or_else(|| Value::null(info.ty.clone()), |p| self.priors[p].marked(info));
        let create_before_destroy = self.create_first.contains(&n);
        let importing = plan.prior.and_then(|p| self.priors[p].imported.clone()).map(|id| Importing { id });
        let resume = plan.prior.filter(|_| action == Action::Update).and_then(|p| self.priors[p].resume.clone());
        let after = if action == Action::NoOp { before.clone() } else { after };
        if action == Action::NoOp && importing.is_none() {
            // Nothing will be applied, so what is remembered of order is brought up to date here.
            let dependencies = self.dependencies(n);
            let stored = self.state.instance_mut(&crate::convert::instance_to_state(&plan.addr), None);
            let Some(stored) = stored else { return false };
            if stored.dependencies != dependencies {
                stored.dependencies = dependencies;
            }
            if stored.create_before_destroy != create_before_destroy {
                stored.create_before_destroy = create_before_destroy;
            }
        }
        self.set_slot(n, plan.mi, plan.addr.key.clone(), after.clone());
        let ctx = Ctx::new(&self.core, plan.mi).repeated(plan.repetition.clone()).with_self(after.clone());
        let outcomes = ctx.outcomes(&resource.lifecycle.postconditions, RuleKind::Postcondition, resource.span);
        let local = plan.addr.resource.to_string();
        let ok = self.core.run_rules(&outcomes, CheckKind::Resource, &module.path, &local, address) && !prevented;
        self.add_change(
            n,
            Change {
                previous: self.moved.get(&plan.addr).cloned(),
                addr: plan.addr,
                deposed: None,
                provider,
                action,
                reason,
                before,
                after,
                replace_paths,
                importing,
                resume,
                schema_version: info.schema.version,
                private: private.to_vec(),
                create_before_destroy,
            },
        );
        ok
    }

    pub(super) fn add_change(&mut self, n: NodeIndex, mut change: Change) {
        change.after = change.after.clone().carried();
        if change.deposed.is_none() {
            self.change_of.insert(change.addr.clone(), self.changes.len());
        }
        if change.is_effective() {
            self.core.progress.push(Progress::Planned(change.clone().into()));
        }
        self.changes.push((n, change));
    }

    /// Reports what a provider says. Returns false when one of it is an error.
    pub(super) fn complain(&mut self, n: NodeIndex, address: &str, complaints: Vec<Complaint>) -> bool {
        let sdt_plan::NodeAddr::Resource(of) = &self.core.graph.node(n).addr else { return true };
        let resource = self.core.config.resource(of).cloned();
        let info = self.core.type_info(n);
        let context = resource.as_ref().zip(info.as_ref().map(|i| &i.schema.block));
        let mut ok = true;
        for c in complaints {
            ok &= c.severity != Severity::Error;
            let mut d = crate::resource_config::complaint(c, context).on(address);
            d.of_check = resource.as_ref().is_some_and(|r| r.check.is_some());
            self.core.diags.push(d);
        }
        ok
    }
}

pub(crate) fn on(diags: Diagnostics, address: &str) -> Diagnostics {
    Diagnostics(diags.into_iter().map(|d| d.on(address)).collect())
}

pub(super) fn prevented(address: &str, resource: &Resource) -> Diagnostic {
    Diagnostic::error(
        "Instance cannot be destroyed",
        format!(
            "The plan destroys {address}, but its lifecycle.prevent_destroy is set. Take the setting away, or leave the object out of this plan with -target."
        ),
    )
    .at(resource.span)
    .on(address)
}

/// Whether the objects differ at a path; what is unknown differs.
fn differs(path: &Path, before: &Value, after: &Value) -> bool {
    match (path.apply(before), path.apply(after)) {
        (Some(b), Some(a)) => !a.is_wholly_known() || !a.raw_equals(&b),
        (None, None) => false,
        // What is not there is as null.
        (None, Some(v)) | (Some(v), None) => !v.is_null(),
    }
}

/// Whether the same parts are sensitive.
fn same_secrets(a: &Value, b: &Value) -> bool {
    let secrets = |v: &Value| {
        let (_, paths) = v.clone().unmark_with_paths();
        let mut paths: Vec<String> =
            paths.iter().filter(|(_, m)| m.contains(Marks::SENSITIVE)).map(|(p, _)| p.to_string()).collect();
        paths.sort();
        paths
    };
    secrets(a) == secrets(b)
}
