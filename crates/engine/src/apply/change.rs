//! Making one change: configuration again, plan again, then the call.

use petgraph::graph::NodeIndex;
use sdt_addr::Mode;
use sdt_config::Resource;
use sdt_diag::{Diagnostic, Severity};
use sdt_plan::{Action, Change, NodeAddr, ReplaceOrder};
use sdt_provider::{ApplyAnswer, ApplyRequest, Complaint, PlanAnswer, PlanRequest, Private};
use sdt_value::{Kind, Marks, Path, Value};

use super::{ApplyWalk, Pending};
use crate::convert::{id_of, instance_to_state, private_from_state};
use crate::core::TypeInfo;
use crate::lifecycle::ignore_changes;
use crate::op::{Op, OpId, Progress, no_private};
use crate::plan::on;
use crate::tree::{Mi, Repetition};

/// A change on its way.
#[derive(Clone)]
pub(super) struct Making {
    /// Node of the execution graph.
    pub(super) node: NodeIndex,
    /// Number of the change.
    pub(super) change: usize,
    /// What is done to the object now.
    pub(super) action: Action,
    /// Node of the configuration graph.
    pub(super) n: NodeIndex,
    /// Where it is in the configuration; none for what only state knows.
    pub(super) place: Option<(Mi, Repetition)>,
    pub(super) config: Value,
    pub(super) marks: Vec<(Path, Marks)>,
    pub(super) prior: Value,
    pub(super) planned: Value,
    pub(super) private: Private,
    /// The deposed object that is destroyed.
    pub(super) deposed: Option<String>,
    /// Under which key the creation puts its predecessor aside.
    pub(super) deposes: Option<String>,
    pub(super) token: String,
    pub(super) journalled: bool,
    pub(super) op: OpId,
}

impl ApplyWalk {
    pub(super) fn provider_key(&self, n: NodeIndex) -> Option<crate::op::ProviderKey> {
        self.core.graph.node(n).provider.and_then(|p| self.provider_keys.get(&p)).copied()
    }

    pub(super) fn change(&self, i: usize) -> Change {
        self.plan.changes[i].clone()
    }

    fn resource_of(&self, n: NodeIndex) -> Option<Resource> {
        match &self.core.graph.node(n).addr {
            NodeAddr::Resource(of) => self.core.config.resource(of).cloned(),
            _ => None,
        }
    }

    /// Creates, updates, reads or forgets.
    pub(super) fn start_change(&mut self, node: NodeIndex, i: usize) {
        let change = self.change(i);
        let Some(n) = self.core.graph.find(&NodeAddr::Resource(change.addr.config())) else {
            self.sched.finish(node, false);
            return;
        };
        let state_addr = instance_to_state(&change.addr);
        if change.action == Action::Forget {
            self.state.remove_instance(&state_addr, change.deposed.as_deref());
            self.done += 1;
            self.sched.finish(node, true);
            return;
        }
        let Some(info) = self.core.type_info(n) else { return self.sched.finish(node, false) };
        let (Some(mi), Some(resource)) = (self.core.insts.find(&change.addr.module), self.resource_of(n)) else {
            return self.sched.finish(node, false);
        };
        let repetition = self.repetitions.remove(&i).unwrap_or_default();
        if change.addr.resource.mode == Mode::Data {
            self.start_data(node, i, n, mi, repetition, &resource);
            return;
        }
        if change.action == Action::NoOp {
            // Imported as it is: it is in the state already.
            self.settle_import(n, mi, &change);
            self.sched.finish(node, true);
            return;
        }
        if !self.conditions(mi, &resource, &repetition, &change.addr, None) {
            return self.sched.finish(node, false);
        }
        let address = change.addr.to_string();
        let found = crate::resource_config::evaluate(&self.core, &info, mi, &resource, &repetition);
        let (config, marks) = match found {
            Ok((config, marks, diags)) => {
                self.core.diags.extend(on(diags, &address));
                (config, marks)
            }
            Err(diags) => {
                self.core.take(on(diags, &address));
                return self.sched.finish(node, false);
            }
        };
        if !config.is_wholly_known() {
            self.core.diags.push(
                Diagnostic::error(
                    "Configuration contains unknown value",
                    format!(
                        "The configuration of {address} still has unknown values although everything before it is done."
                    ),
                )
                .at(resource.span)
                .on(&address),
            );
            return self.sched.finish(node, false);
        }
        let (prior, private) = if change.action == Action::Update {
            let stored = self.state.instance(&state_addr, None).cloned();
            let prior = change.before.clone().unmark_deep().0;
            (prior, private_from_state(stored.as_ref().and_then(|s| s.private.as_deref())))
        } else {
            (Value::null(info.ty.clone()), no_private())
        };
        let (config, marks) = match change.action {
            Action::Update => {
                let marked = config.mark_with_paths(&marks);
                let ignore = &resource.lifecycle.ignore_changes;
                ignore_changes(ignore, &info.schema.block, &change.before, marked).unmark_with_paths()
            }
            _ => (config, marks),
        };
        let proposed = sdt_schema::proposed_new(&info.schema.block, &prior, &config);
        let Some(provider) = self.provider_key(n) else { return self.sched.finish(node, false) };
        let id = self.core.op_id();
        let request = PlanRequest {
            type_name: change.addr.resource.type_name.clone(),
            config: config.clone(),
            prior: prior.clone(),
            proposed,
            private: private.clone(),
        };
        let instead = crate::overrides::of(&self.core.overrides, &change.addr).map(|given| {
            let seed = change.addr.to_string();
            crate::overrides::planned(&info.schema.block, &request.proposed, request.prior.is_null(), given, &seed)
        });
        let making = Making {
            node,
            change: i,
            action: if change.action == Action::Update { Action::Update } else { Action::Create },
            n,
            place: Some((mi, repetition)),
            config,
            marks,
            prior,
            planned: Value::NULL,
            private,
            deposed: None,
            deposes: None,
            token: String::new(),
            journalled: false,
            op: id,
        };
        if let Some(answer) = instead {
            return self.on_replanned(making, answer);
        }
        self.core.ops.push(Op::Plan { id, provider, request });
        self.pending.insert(id, Pending::Replan(Box::new(making)));
    }

    fn settle_import(&mut self, n: NodeIndex, mi: Mi, change: &Change) {
        let value = change.after.clone();
        self.core.slots.resource_mut(n, &self.core.insts, mi).set(change.addr.key.clone(), value);
        let dependencies = self.dependencies(n);
        if let Some(stored) = self.state.instance_mut(&instance_to_state(&change.addr), None) {
            stored.dependencies = dependencies;
            stored.create_before_destroy = change.create_before_destroy;
        }
        self.done += 1;
    }

    /// The second plan, with everything known, must agree with the first.
    pub(super) fn on_replanned(&mut self, mut m: Making, answer: PlanAnswer) {
        if self.halted {
            // Nothing has begun yet for this object, so nothing is lost.
            return self.sched.finish(m.node, false);
        }
        let change = self.change(m.change);
        let address = change.addr.to_string();
        let PlanAnswer { planned, private, complaints, .. } = answer;
        let Some(info) = self.core.type_info(m.n) else { return self.sched.finish(m.node, false) };
        if !self.complain(m.n, &info, &address, complaints) {
            return self.sched.finish(m.node, false);
        }
        let planned = planned.unwrap_or_else(|| Value::null(info.ty.clone()));
        let expected = change.after.clone().unmark_deep().0;
        if !info.schema.legacy_type_system
            && let Some((path, what)) = disagreement(&expected, &planned)
        {
            self.core.diags.push(
                Diagnostic::error(
                    "Provider produced inconsistent final plan",
                    format!("With everything known, the provider plans {address} otherwise than before: {path}: {what}. Plan again."),
                )
                .on(&address),
            );
            return self.sched.finish(m.node, false);
        }
        m.planned = planned;
        if let Some(private) = private {
            m.private = private;
        }
        if change.action == Action::Replace(ReplaceOrder::CreateFirst) {
            m.deposes = Some(self.deposed_key(&change));
        }
        self.send(m, &info, &change);
    }

    /// Destroys the current object, or the deposed one that the change is about.
    pub(super) fn start_destroy(&mut self, node: NodeIndex, i: usize) {
        let change = self.change(i);
        let deposed = change.deposed.as_deref().map(str::to_owned);
        self.destroy(node, i, &change, deposed);
    }

    /// Destroys the object that the creation has put aside.
    pub(super) fn start_destroy_deposed(&mut self, node: NodeIndex, i: usize) {
        let change = self.change(i);
        match self.deposed.get(&i).cloned() {
            Some(key) => self.destroy(node, i, &change, Some(key)),
            None => self.sched.finish(node, true),
        }
    }

    fn destroy(&mut self, node: NodeIndex, i: usize, change: &Change, deposed: Option<String>) {
        let Some(n) = self.core.graph.find(&NodeAddr::Resource(change.addr.config())) else {
            return self.sched.finish(node, false);
        };
        let Some(info) = self.core.type_info(n) else { return self.sched.finish(node, false) };
        let state_addr = instance_to_state(&change.addr);
        let Some(stored) = self.state.instance(&state_addr, deposed.as_deref()).cloned() else {
            // Nothing is there any more.
            return self.sched.finish(node, true);
        };
        if self.resource_of(n).is_some_and(|r| r.lifecycle.forgets()) {
            // What a replacement leaves behind lives on.
            self.state.remove_instance(&state_addr, deposed.as_deref());
            return self.sched.finish(node, true);
        }
        let making = Making {
            node,
            change: i,
            action: Action::Delete,
            n,
            place: None,
            config: Value::null(info.ty.clone()),
            marks: Vec::new(),
            prior: change.before.clone().unmark_deep().0,
            planned: Value::null(info.ty.clone()),
            private: private_from_state(stored.private.as_deref()),
            deposed,
            deposes: None,
            token: String::new(),
            journalled: false,
            op: OpId(0),
        };
        if !self.provision_destroy(making) {
            self.sched.finish(node, false);
        }
    }

    /// Issues the call, its beginning journalled.
    pub(super) fn send(&mut self, mut m: Making, info: &TypeInfo, change: &Change) {
        let Some(provider) = self.provider_key(m.n) else { return self.sched.finish(m.node, false) };
        let deposed = m.deposed.clone();
        // A creation that goes on keeps its token, and what the journal says of its beginning.
        let resume = change.resume.as_ref().filter(|_| m.action == Action::Update);
        m.token = match resume {
            Some(resume) => resume.token.clone(),
            None => self.token(&change.addr, m.action, deposed.as_deref()),
        };
        let journals = info.provider.has_outside_effects();
        let begun = (journals && resume.is_none()).then(|| Box::new(self.begun(&m, info, change)));
        m.journalled = journals;
        if let Some(key) = &m.deposes
            && self.state.depose(&instance_to_state(&change.addr), key)
        {
            self.deposed.insert(m.change, key.clone());
        }
        if let Some(given) = crate::overrides::of(&self.core.overrides, &change.addr) {
            let seed = change.addr.to_string();
            let all = crate::overrides::complete(&info.schema.block, &m.planned, Some(&given.values), false, &seed);
            let (object, complaints) = match all {
                Ok(object) => (object, Vec::new()),
                Err(complaint) => (Value::null(info.ty.clone()), vec![complaint]),
            };
            m.journalled = false;
            let answer = ApplyAnswer { unclear: false, object, private: no_private(), complaints };
            return self.on_applied(m, answer);
        }
        let id = self.core.op_id();
        m.op = id;
        self.core.progress.push(Progress::ApplyStart {
            address: change.addr.to_string(),
            action: m.action,
            id: id_of(&m.prior),
            deposed: deposed.map(Into::into),
            op: id,
        });
        let request = ApplyRequest {
            type_name: change.addr.resource.type_name.clone(),
            config: m.config.clone(),
            prior: m.prior.clone(),
            planned: m.planned.clone(),
            private: m.private.clone(),
            token: m.token.clone(),
            resume: resume.map(|r| r.made.clone()),
        };
        self.core.ops.push(Op::Apply { id, provider, request, begun, ty: info.ty.clone() });
        self.pending.insert(id, Pending::Apply(Box::new(m)));
    }

    /// Reports what a provider says. Returns false when one of it is an error.
    pub(super) fn complain(
        &mut self,
        n: NodeIndex,
        info: &TypeInfo,
        address: &str,
        complaints: Vec<Complaint>,
    ) -> bool {
        let resource = self.resource_of(n);
        let context = resource.as_ref().map(|r| (r, &info.schema.block));
        let mut ok = true;
        for mut c in complaints {
            c.detail = c.detail.replace(sdt_provider::HERE, address);
            ok &= c.severity != Severity::Error;
            let mut d = crate::resource_config::complaint(c, context).on(address);
            d.of_check = resource.as_ref().is_some_and(|r| r.check.is_some());
            self.core.diags.push(d);
        }
        ok
    }
}

/// Where a plan with everything known does not fill the first one: what was known must stay as it was.
fn disagreement(expected: &Value, actual: &Value) -> Option<(Path, String)> {
    let mut found = None;
    compare(&Path::root(), expected, actual, &mut found);
    found
}

fn compare(path: &Path, expected: &Value, actual: &Value, found: &mut Option<(Path, String)>) {
    if found.is_some() || expected.is_unknown() {
        return;
    }
    let members = |v: &Value| v.as_members().cloned();
    match (expected.kind(), actual.kind()) {
        (Kind::Object(_) | Kind::Map(..), Kind::Object(_) | Kind::Map(..)) => {
            let (Some(e), Some(a)) = (members(expected), members(actual)) else { return };
            for (k, ev) in &e {
                match a.get(k) {
                    Some(av) => compare(&path.attr(k.clone()), ev, av, found),
                    None => *found = Some((path.attr(k.clone()), "it is gone".into())),
                }
            }
            if found.is_none()
                && let Some(k) = a.keys().find(|k| !e.contains_key(*k))
            {
                *found = Some((path.attr(k.clone()), "it is new".into()));
            }
        }
        (Kind::List(_, e) | Kind::Tuple(e), Kind::List(_, a) | Kind::Tuple(a)) => {
            if e.len() != a.len() {
                *found = Some((path.clone(), format!("it has {} elements, not {}", a.len(), e.len())));
                return;
            }
            for (i, (ev, av)) in e.iter().zip(a.iter()).enumerate() {
                compare(&path.index(Value::number(i as i64)), ev, av, found);
            }
        }
        // Elements of sets cannot be paired while parts of them are unknown.
        (Kind::Set(..), Kind::Set(..)) if !expected.is_wholly_known() => {}
        _ if actual.is_unknown() => *found = Some((path.clone(), "it is not known any more".into())),
        _ if !expected.raw_equals(actual) => *found = Some((path.clone(), "it has another value".into())),
        _ => {}
    }
}
