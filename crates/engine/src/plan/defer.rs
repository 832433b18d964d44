//! What cannot be planned yet (`-allow-deferral`): a resource whose instances are not known, whose provider is not configured with what
//! is known, or that uses such a one. It keeps its objects as they are, and its values are unknown to everybody else; when what
//! it waits for has been applied, the next plan takes it up.

use petgraph::Direction;
use petgraph::graph::NodeIndex;
use rustc_hash::FxHashMap;
use sdt_addr::Mode;
use sdt_plan::{Action, Change, DeferReason, Deferred, NodeAddr, PlanMode};
use sdt_value::Value;

use super::PlanWalk;
use super::data::unknown_computed;
use crate::convert::mark_schema;
use crate::slots::ResourceSlot;
use crate::tree::Expansion;

/// What has been left for later so far.
#[derive(Default)]
pub(super) struct Deferring {
    /// Nodes that wait, or whose values come from one that does.
    nodes: FxHashMap<NodeIndex, DeferReason>,
    list: Vec<Deferred>,
}

impl Deferring {
    /// The list, in the order of addresses.
    pub(super) fn take(&mut self) -> Vec<Deferred> {
        let mut list = std::mem::take(&mut self.list);
        list.sort_by(|a, b| a.change.addr.cmp(&b.change.addr));
        list
    }
}

impl PlanWalk {
    /// What uses something that waits, waits too.
    pub(super) fn inherit_deferral(&mut self, n: NodeIndex) {
        if self.options.allow_deferral
            && self
                .core
                .graph
                .graph
                .neighbors_directed(n, Direction::Incoming)
                .any(|m| self.deferring.nodes.contains_key(&m))
        {
            self.deferring.nodes.insert(n, DeferReason::Prerequisite);
        }
    }

    /// Everything in a module waits when it is not known how often the module is there.
    pub(super) fn defer_module(&mut self, n: NodeIndex) {
        let node = self.core.graph.node(n);
        if let (NodeAddr::Module(_), Some(id), true) = (&node.addr, node.module, self.options.allow_deferral)
            && self.core.insts.of_module(id).iter().any(|mi| self.core.insts.all[*mi].placeholder)
        {
            self.deferring.nodes.insert(n, DeferReason::InstanceCountUnknown);
        }
    }

    /// The address with `[*]` wherever it is not known which instances there are.
    fn deferred_address(&self, mi: usize, addr: &sdt_addr::ResourceInstance, unknown: bool) -> String {
        let mut steps = Vec::new();
        let mut at = Some(mi);
        while let Some(here) = at {
            let inst = &self.core.insts.all[here];
            let last = inst.addr.steps().last();
            if let (Some(parent), Some(step)) = (inst.parent, last) {
                let open = self.core.insts.of_call(parent, &step.name).is_some_and(|(_, unknown, _)| *unknown);
                let key = step.key.as_ref().map(ToString::to_string).unwrap_or_default();
                steps.push(format!("module.{}{}.", step.name, if open { "[*]" } else { &key }));
            }
            at = inst.parent;
        }
        steps.reverse();
        let key = addr.key.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{}{}{}", steps.concat(), addr.resource, if unknown { "[*]" } else { &key })
    }

    fn why_deferred(&self, n: NodeIndex, expansions: &[(usize, Expansion)]) -> Option<DeferReason> {
        if !self.options.allow_deferral || self.options.mode != PlanMode::Normal {
            return None;
        }
        if expansions.iter().any(|(mi, e)| e.unknown || self.core.insts.all[*mi].placeholder) {
            return Some(DeferReason::InstanceCountUnknown);
        }
        if self.core.graph.node(n).provider.is_some_and(|p| self.provider_unknown.contains(&p)) {
            return Some(DeferReason::ProviderConfigUnknown);
        }
        self.deferring.nodes.get(&n).copied()
    }

    /// Leaves a resource for a later run if it must be. Returns whether it was.
    pub(super) fn defer_resource(&mut self, n: NodeIndex, expansions: &[(usize, Expansion)]) -> bool {
        let Some(reason) = self.why_deferred(n, expansions) else { return false };
        self.deferring.nodes.insert(n, reason);
        let (Some(info), Some(provider)) = (self.core.type_info(n), self.provider_addr(n)) else { return true };
        let NodeAddr::Resource(of) = self.core.graph.node(n).addr.clone() else { return true };
        let Some(resource) = self.core.config.resource(&of).cloned() else { return true };
        for (mi, expansion) in expansions {
            let base = self.core.insts.all[*mi].addr.clone();
            let instances_unknown = expansion.unknown || self.core.insts.all[*mi].placeholder;
            for (key, repetition) in &expansion.members {
                let addr = of.resource.clone().instance(base.clone(), key.clone());
                let address = self.deferred_address(*mi, &addr, expansion.unknown);
                if !self.included(n, &addr) {
                    continue;
                }
                let Some((config, marks)) = self.instance_config(n, *mi, &resource, repetition, &addr.to_string())
                else {
                    continue;
                };
                let prior = self.prior(n, &addr).filter(|_| !instances_unknown);
                let before = prior.map_or_else(|| Value::null(info.ty.clone()), |p| self.priors[p].marked(&info));
                let proposed = sdt_schema::proposed_new(&info.schema.block, &before.clone().unmark_deep().0, &config);
                let after = if prior.is_some() { proposed } else { unknown_computed(&info.schema.block, &config) };
                let change = Change {
                    addr,
                    previous: None,
                    deposed: None,
                    provider: provider.clone(),
                    action: match (of.resource.mode, prior) {
                        (Mode::Data, _) => Action::Read,
                        (_, Some(_)) => Action::Update,
                        (_, None) => Action::Create,
                    },
                    reason: None,
                    before,
                    after: mark_schema(&info.schema.block, after.mark_with_paths(&marks)),
                    replace_paths: Vec::new(),
                    importing: None,
                    resume: None,
                    schema_version: info.schema.version,
                    private: Vec::new(),
                    create_before_destroy: false,
                };
                self.deferring.list.push(Deferred { reason, address, change, instances_unknown });
            }
            self.core.slots.set_resource(n, &self.core.insts, *mi, ResourceSlot::new(expansion.repeat, true));
        }
        true
    }
}
