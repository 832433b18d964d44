//! A resource node: expansion, then each instance, then what is left over.

use petgraph::graph::NodeIndex;
use sdt_addr::{ConfigResource, Mode};
use sdt_diag::Diagnostic;
use sdt_plan::PlanMode;
use sdt_provider::Complaint;
use sdt_value::Value;

use super::{Pending, PlanWalk};
use crate::ephemeral::Opening;
use crate::expand::{Placeholder, expand};
use crate::scope::Ctx;
use crate::slots::ResourceSlot;
use crate::tree::Expansion;

impl PlanWalk {
    pub(super) fn start_resource(&mut self, n: NodeIndex, addr: &ConfigResource) {
        let known = self.core.type_info(n).is_some();
        let run = self.runs.entry(n).or_default();
        run.failed |= !known;
        if !known {
            self.sched.finish(n, false);
            return;
        }
        if self.options.mode == PlanMode::Destroy || self.core.graph.node(n).module.is_none() {
            if self.options.generate && self.options.mode == PlanMode::Normal {
                self.start_imports(n, addr);
            }
            self.become_ready(n);
            return;
        }
        match self.expand_resource(n, addr) {
            Some(expansions) => self.runs.entry(n).or_default().expansions = expansions,
            None => {
                self.sched.finish(n, false);
                return;
            }
        }
        if addr.resource.mode == Mode::Managed && self.options.mode == PlanMode::Normal {
            self.start_imports(n, addr);
        }
        if addr.resource.mode == Mode::Managed {
            self.start_commanded_imports(n, addr);
        }
        self.become_ready(n);
    }

    fn become_ready(&mut self, n: NodeIndex) {
        let run = self.runs.entry(n).or_default();
        run.ready = true;
        if run.open == 0 {
            self.plan_resource(n);
        }
    }

    /// Opens an ephemeral resource, so that what is configured from it can be planned.
    pub(super) fn start_ephemeral(&mut self, n: NodeIndex, addr: &ConfigResource) {
        let known = self.core.type_info(n).is_some();
        let expansions = known.then(|| self.expand_resource(n, addr)).flatten();
        let provider = self.core.graph.node(n).provider.filter(|p| !self.provider_unknown.contains(p));
        let provider = provider.and_then(|p| self.provider_keys.get(&p)).copied();
        let asked = expansions.and_then(|expansions| self.core.open_ephemeral(n, expansions, provider).ok());
        let Some(asked) = asked else { return self.sched.finish(n, false) };
        let run = self.runs.entry(n).or_default();
        run.planning = true;
        run.open = asked.len() + 1;
        self.pending.extend(asked.into_iter().map(|(id, opening)| (id, Pending::Open(Box::new(opening)))));
        self.close_one(n, true);
    }

    pub(super) fn on_opened(&mut self, opening: Opening, result: Result<Value, Vec<Complaint>>) {
        let n = opening.n;
        // What it stands for may be made by this plan.
        if result.is_err() && self.dependency_pending(n) {
            self.core.leave_closed(opening);
            return self.close_one(n, true);
        }
        let ok = self.core.opened(opening, result);
        self.close_one(n, ok);
    }

    /// The instances in every instance of the module.
    fn expand_resource(&mut self, n: NodeIndex, addr: &ConfigResource) -> Option<Vec<(usize, Expansion)>> {
        let id = self.core.graph.node(n).module?;
        let module = self.core.tree.module(id).clone();
        let resource = module.resources.get(&addr.resource)?;
        if self.names_itself(n, resource) || !self.takes_meta(&module, resource) {
            return None;
        }
        let mut all = Vec::new();
        let mut ok = true;
        for mi in self.core.insts.of_module(id).to_vec() {
            let placeholder = match self.options.mode {
                PlanMode::RefreshOnly => Placeholder::IfUnknown,
                PlanMode::Normal if self.options.allow_deferral => Placeholder::IfUnknown,
                PlanMode::Normal | PlanMode::Destroy => Placeholder::Never,
            };
            let found = expand(
                &Ctx::new(&self.core, mi),
                resource.count.as_ref(),
                resource.for_each.as_ref(),
                resource.lifecycle.enabled.as_ref(),
                placeholder,
            );
            match found {
                Ok(expansion) => {
                    let slot = ResourceSlot::new(expansion.repeat, expansion.unknown);
                    self.core.slots.set_resource(n, &self.core.insts, mi, slot);
                    all.push((mi, expansion));
                }
                Err(diags) => ok &= self.core.take(diags),
            }
        }
        let instances: Vec<_> = all
            .iter()
            .flat_map(|(mi, e)| {
                let module = &self.core.insts.all[*mi].addr;
                e.members.iter().map(|(k, _)| addr.resource.clone().instance(module.clone(), k.clone()))
            })
            .collect();
        if self.triggers_itself(resource, &instances) {
            return None;
        }
        ok.then_some(all)
    }

    /// Whether the provider of a resource takes what a `provider_meta` block of the module says to it; no provider here does.
    fn takes_meta(&mut self, module: &sdt_config::Module, resource: &sdt_config::Resource) -> bool {
        let provider = module.provider_of(resource);
        let Some(meta) = module.provider_metas.values().find(|m| module.provider_for_local(&m.provider) == provider)
        else {
            return true;
        };
        let summary = format!("Provider {provider} doesn't support provider_meta");
        let detail = format!("{} belongs to a provider to which modules say nothing about themselves.", resource.addr);
        self.core.diags.push(Diagnostic::error(summary, detail).at(meta.span));
        false
    }

    /// Everything that was waited for is there: plans each instance, then the objects that no instance claims.
    pub(super) fn plan_resource(&mut self, n: NodeIndex) {
        let run = self.runs.entry(n).or_default();
        if run.failed {
            self.sched.finish(n, false);
            return;
        }
        run.planning = true;
        // Held open so that answers that come at once do not finish the node too early.
        run.open += 1;
        let expansions = std::mem::take(&mut run.expansions);
        let mut ok = true;
        if self.defer_resource(n, &expansions) {
            return self.close_one(n, true);
        }
        for (mi, expansion) in &expansions {
            if expansion.unknown {
                continue;
            }
            for (key, repetition) in &expansion.members {
                ok &= self.plan_instance(n, *mi, key.clone(), repetition.clone());
            }
        }
        if self.options.mode == PlanMode::Destroy {
            crate::inspect::resource_from_state(&mut self.core, n, &self.state);
        }
        ok &= self.plan_leftovers(n, &expansions);
        self.close_one(n, ok);
    }

    pub(super) fn set_slot(&mut self, n: NodeIndex, mi: usize, key: Option<sdt_addr::InstanceKey>, value: Value) {
        self.core.slots.resource_mut(n, &self.core.insts, mi).set(key, value);
    }
}
