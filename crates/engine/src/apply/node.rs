//! Evaluations, provider configurations, and resources beginning.

use petgraph::graph::NodeIndex;
use sdt_addr::ConfigResource;
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_plan::{Action, CheckKind, NodeAddr, PlanMode};
use sdt_provider::Complaint;
use sdt_value::Value;

use super::{ApplyWalk, Pending};
use crate::convert::instance_to_state;
use crate::ephemeral::Opening;
use crate::expand::{Placeholder, expand};
use crate::op::{Op, ProviderKey};
use crate::rules::RuleKind;
use crate::scope::Ctx;
use crate::slots::ResourceSlot;
use crate::tree::{Mi, Repetition};

impl ApplyWalk {
    pub(super) fn start_eval(&mut self, node: NodeIndex, addr: &NodeAddr) {
        let Some(n) = self.core.graph.find(addr) else {
            self.sched.finish(node, true);
            return;
        };
        match addr {
            NodeAddr::Provider(p) => {
                let key = ProviderKey(self.provider_keys.len() as u32);
                self.provider_keys.insert(n, key);
                let Some((_, config)) = self.core.provider_config(n) else {
                    self.sched.finish(node, false);
                    return;
                };
                let id = self.core.op_id();
                self.pending.insert(id, Pending::Configure(node));
                self.core.ops.push(Op::Configure { id, key, provider: p.provider.clone(), config });
            }
            NodeAddr::Check(path, name) => {
                let ok = self.check(n, path, name);
                self.sched.finish(node, ok);
            }
            NodeAddr::Module(path) if self.plan.mode == PlanMode::Destroy => {
                crate::inspect::expand_from_state(&mut self.core, path, &self.plan.prior_state);
                self.sched.finish(node, true);
            }
            _ => {
                let before = self.core.diags.0.len();
                let ok = self.core.eval_node(n);
                if self.plan.mode == PlanMode::Destroy && !ok {
                    self.core.diags.0.truncate(before);
                }
                self.sched.finish(node, ok || self.plan.mode == PlanMode::Destroy);
            }
        }
    }

    pub(super) fn on_configured(&mut self, node: NodeIndex, result: Result<(), Diagnostics>) {
        let ok = result.is_ok();
        if let Err(diags) = result {
            let span = match &self.plan.exec.0[node] {
                sdt_plan::ExecNode::Eval(NodeAddr::Provider(addr)) => crate::core::block_span(&self.core.config, addr),
                _ => None,
            };
            let placed = diags.into_iter().map(|d| match (d.subject, span) {
                (None, Some(span)) => d.at(span),
                _ => d,
            });
            self.core.diags.extend(Diagnostics(placed.collect()));
        }
        if !ok || !self.look_again(node) {
            self.sched.finish(node, ok);
        }
    }

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
            let local = format!("check.{name}");
            ok &= self.core.run_rules(&outcomes, CheckKind::Check, path, &local, address.to_string());
        }
        ok
    }

    /// Opens an ephemeral resource.
    pub(super) fn begin_ephemeral(&mut self, node: NodeIndex, addr: &ConfigResource) {
        let Some(n) = self.core.graph.find(&NodeAddr::Resource(addr.clone())) else {
            return self.sched.finish(node, true);
        };
        let Some(resource) = self.core.config.resource(addr).cloned() else { return self.sched.finish(node, true) };
        let placeholder = if self.core.deferral { Placeholder::IfUnknown } else { Placeholder::Never };
        let mut expansions = Vec::new();
        for mi in self.core.graph.node(n).module.map(|id| self.core.insts.of_module(id).to_vec()).unwrap_or_default() {
            let found = expand(
                &Ctx::new(&self.core, mi),
                resource.count.as_ref(),
                resource.for_each.as_ref(),
                resource.lifecycle.enabled.as_ref(),
                placeholder,
            );
            match found {
                Ok(expansion) => expansions.push((mi, expansion)),
                Err(diags) => {
                    self.core.take(diags);
                    return self.sched.finish(node, false);
                }
            }
        }
        let provider = self.core.graph.node(n).provider.and_then(|p| self.provider_keys.get(&p)).copied();
        match self.core.open_ephemeral(n, expansions, provider) {
            Ok(asked) if asked.is_empty() => self.sched.finish(node, true),
            Ok(asked) => {
                self.opening.insert(node, (asked.len(), false));
                self.pending.extend(asked.into_iter().map(|(id, o)| (id, Pending::Open(node, Box::new(o)))));
            }
            Err(()) => self.sched.finish(node, false),
        }
    }

    pub(super) fn on_opened(&mut self, node: NodeIndex, opening: Opening, result: Result<Value, Vec<Complaint>>) {
        let ok = self.core.opened(opening, result);
        let Some((left, failed)) = self.opening.get_mut(&node) else { return };
        *left -= 1;
        *failed |= !ok;
        if *left == 0 {
            let ok = !*failed;
            self.sched.finish(node, ok);
        }
    }

    /// Makes the slots of a resource: what does not change has its value at once.
    pub(super) fn begin_resource(&mut self, addr: &NodeAddr) -> bool {
        let Some(n) = self.core.graph.find(addr) else { return true };
        let NodeAddr::Resource(of) = addr else { return true };
        if self.plan.mode == PlanMode::Destroy {
            let plan = self.plan.clone();
            crate::inspect::resource_from_state(&mut self.core, n, &plan.prior_state);
            return true;
        }
        let Some(id) = self.core.graph.node(n).module else { return true };
        if self.deferred.contains(of) {
            for mi in self.core.insts.of_module(id).to_vec() {
                let slot = ResourceSlot::new(crate::tree::Repeat::Single, true);
                self.core.slots.set_resource(n, &self.core.insts, mi, slot);
            }
            return true;
        }
        let module = self.core.tree.module(id).clone();
        let Some(resource) = module.resources.get(&of.resource) else { return true };
        let plan = self.plan.clone();
        let mut ok = true;
        let mut planned: usize = 0;
        for mi in self.core.insts.of_module(id).to_vec() {
            let found = expand(
                &Ctx::new(&self.core, mi),
                resource.count.as_ref(),
                resource.for_each.as_ref(),
                resource.lifecycle.enabled.as_ref(),
                Placeholder::Never,
            );
            let expansion = match found {
                Ok(expansion) => expansion,
                Err(diags) => {
                    ok &= self.core.take(diags);
                    continue;
                }
            };
            self.core.slots.set_resource(n, &self.core.insts, mi, ResourceSlot::new(expansion.repeat, false));
            let base = self.core.insts.all[mi].addr.clone();
            for (key, repetition) in expansion.members {
                let instance = of.resource.clone().instance(base.clone(), key.clone());
                match self.change_of.get(&instance).copied() {
                    Some(i) => {
                        planned += 1;
                        self.repetitions.insert(i, repetition.clone());
                        let change = &plan.changes[i];
                        if change.action == Action::NoOp && change.importing.is_none() {
                            let value = change.after.clone();
                            self.core.slots.resource_mut(n, &self.core.insts, mi).set(key, value.clone());
                            if !resource.lifecycle.preconditions.is_empty()
                                || !resource.lifecycle.postconditions.is_empty()
                            {
                                ok &= self.conditions(mi, resource, &repetition, &instance, Some(value));
                            }
                        }
                    }
                    None => {
                        let stored = plan.prior_state.instance(&instance_to_state(&instance), None).cloned();
                        match stored {
                            Some(stored) => {
                                let value =
                                    crate::plan::marked_instance(&mut self.core, n, &instance.to_string(), &stored);
                                if let Some(value) = value {
                                    self.core.slots.resource_mut(n, &self.core.insts, mi).set(key, value);
                                }
                            }
                            None if plan.complete => {
                                ok = false;
                                self.differs(resource, &instance.to_string());
                            }
                            None => {}
                        }
                    }
                }
            }
        }
        let expected = self.changes_of.get(&n).map(Vec::as_slice).unwrap_or_default().iter().filter(|i| {
            let c = &plan.changes[**i];
            c.deposed.is_none() && !matches!(c.action, Action::Delete | Action::Forget)
        });
        if ok && planned < expected.clone().count() {
            for i in expected {
                let addr = plan.changes[*i].addr.clone();
                let there =
                    self.core.insts.find(&addr.module).and_then(|mi| self.core.slots.resource(n, &self.core.insts, mi));
                if there.is_none() {
                    self.differs(resource, &addr.to_string());
                    return false;
                }
            }
        }
        ok
    }

    fn differs(&mut self, resource: &sdt_config::Resource, address: &str) {
        self.core.diags.push(
            Diagnostic::error(
                "Instances differ from the plan",
                format!(
                    "With what is known now, count or for_each gives other instances than the plan has; {address} is one of them. Plan again."
                ),
            )
            .at(resource.span)
            .on(address),
        );
    }

    /// Preconditions, and postconditions where there is an object to look at.
    pub(super) fn conditions(
        &mut self,
        mi: Mi,
        resource: &sdt_config::Resource,
        repetition: &Repetition,
        instance: &sdt_addr::ResourceInstance,
        object: Option<Value>,
    ) -> bool {
        let path = self.core.tree.module(self.core.insts.all[mi].module).path.clone();
        let (address, local) = (instance.to_string(), instance.resource.to_string());
        let ctx = Ctx::new(&self.core, mi).repeated(repetition.clone());
        let mut outcomes = ctx.outcomes(&resource.lifecycle.preconditions, RuleKind::Precondition, resource.span);
        if let Some(object) = object {
            let ctx = ctx.with_self(object);
            outcomes.extend(ctx.outcomes(&resource.lifecycle.postconditions, RuleKind::Postcondition, resource.span));
        }
        self.core.run_rules(&outcomes, CheckKind::Resource, &path, &local, address)
    }
}
