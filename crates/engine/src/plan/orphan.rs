//! Objects in state that no instance of the configuration claims.

use petgraph::graph::NodeIndex;
use rustc_hash::FxHashSet;
use sdt_addr::{InstanceKey, Mode, ResourceInstance};
use sdt_diag::Diagnostic;
use sdt_plan::{Action, Change, NodeAddr, PlanMode, Reason};
use sdt_value::Value;

use super::{PlanWalk, PriorId};
use crate::tree::{Expansion, Mi, Repeat};

impl PlanWalk {
    /// Plans what happens to objects that are left over: deposed ones, and instances that are not wanted any more.
    pub(super) fn plan_leftovers(&mut self, n: NodeIndex, expansions: &[(Mi, Expansion)]) -> bool {
        if self.options.mode == PlanMode::RefreshOnly {
            return true;
        }
        let Some(all) = self.priors_of.get(&n).cloned() else { return true };
        let claimed: FxHashSet<(Mi, Option<InstanceKey>)> = if self.options.mode == PlanMode::Destroy {
            FxHashSet::default()
        } else {
            let members = expansions.iter().flat_map(|(mi, e)| e.members.iter().map(|(k, _)| (*mi, k.clone())));
            members.collect()
        };
        let mut ok = true;
        for id in all {
            let prior = &self.priors[id];
            if !prior.exists || !self.included(n, &prior.addr) {
                continue;
            }
            let current = prior.deposed.is_none();
            if current
                && let Some(mi) = self.core.insts.find(&prior.addr.module)
                && claimed.contains(&(mi, prior.addr.key.clone()))
            {
                continue;
            }
            if prior.addr.resource.mode == Mode::Data {
                // Data leaves state without a change.
                if current && self.options.mode != PlanMode::Destroy {
                    self.drop_data(id);
                }
                continue;
            }
            if self.options.generate
                && let Some(import_id) = prior.imported.clone()
            {
                let prior = prior.clone();
                let Some(info) = self.core.type_info(n) else { return false };
                let (object, marks) = prior.marked(&info).unmark_with_paths();
                let written = info.provider.as_written(&prior.addr.resource.type_name, &object);
                self.generated.push(sdt_plan::Generated {
                    addr: prior.addr.clone(),
                    id: import_id.as_str().unwrap_or_default().to_owned(),
                    object: written.mark_with_paths(&marks),
                    schema: info.schema.clone(),
                });
                continue;
            }
            ok &= self.plan_delete(n, id, expansions);
        }
        ok
    }

    fn drop_data(&mut self, id: PriorId) {
        self.priors[id].exists = false;
        self.store_prior(id);
    }

    fn plan_delete(&mut self, n: NodeIndex, id: PriorId, expansions: &[(Mi, Expansion)]) -> bool {
        let Some(info) = self.core.type_info(n) else { return false };
        let prior = self.priors[id].clone();
        let address = prior.addr.to_string();
        let NodeAddr::Resource(of) = self.core.graph.node(n).addr.clone() else { return true };
        let resource = self.core.config.resource(&of).cloned();
        if let Some(r) = &resource
            && prior.deposed.is_none()
            && !r.lifecycle.forgets()
            && self.core.is_protected(&prior.addr, r)
        {
            self.core.diags.push(super::instance::prevented(&address, r));
        }
        let Some(provider) = self.provider_addr(n) else { return false };
        let forget = match &resource {
            Some(r) => r.lifecycle.forgets(),
            None => self.options.mode != PlanMode::Destroy && self.forgotten(&prior.addr),
        };
        let reason = match (self.options.mode, &prior.deposed) {
            (PlanMode::Normal, None) => Some(self.reason(&prior.addr, resource.as_ref(), expansions)),
            _ => None,
        };
        let action = if forget { Action::Forget } else { Action::Delete };
        let change = Change {
            previous: (self.options.mode != PlanMode::Destroy).then(|| self.moved.get(&prior.addr).cloned()).flatten(),
            addr: prior.addr.clone(),
            deposed: prior.deposed.clone(),
            provider,
            action,
            reason,
            before: prior.marked(&info),
            after: Value::null(info.ty.clone()),
            replace_paths: Vec::new(),
            importing: None,
            resume: None,
            schema_version: info.schema.version,
            private: prior.private.to_vec(),
            create_before_destroy: false,
        };
        self.add_change(n, change);
        if forget {
            self.warn_forgotten();
        }
        true
    }

    /// Says once that objects will live on unmanaged.
    pub(super) fn warn_forgotten(&mut self) {
        if !self.core.diags.0.iter().any(|d| d.summary == FORGOTTEN) {
            self.core.diags.push(Diagnostic::warning(
                FORGOTTEN,
                "Objects for which destroy = false is said, in a removed block or in lifecycle, leave the state when this plan is applied. They keep existing, and nothing manages them any more.",
            ));
        }
    }

    fn reason(
        &self,
        addr: &ResourceInstance,
        resource: Option<&sdt_config::Resource>,
        expansions: &[(Mi, Expansion)],
    ) -> Reason {
        // The innermost missing module instance says more than the missing block in it.
        let mut module = addr.module.clone();
        while let Some((parent, step)) = module.parent() {
            let declared = self.core.config.module(&parent.path()).is_some_and(|m| m.children.contains_key(&step.name));
            if declared && self.core.insts.find(&parent).is_some() && self.core.insts.find(&module).is_none() {
                return Reason::DeleteBecauseNoModule;
            }
            module = parent;
        }
        if resource.is_none() {
            return match self.move_target_missing(addr) {
                true => Reason::DeleteBecauseNoMoveTarget,
                false => Reason::DeleteBecauseNoResourceConfig,
            };
        }
        let here = self.core.insts.find(&addr.module);
        let repeat = expansions.iter().find(|(mi, _)| Some(*mi) == here).map(|(_, e)| e.repeat).unwrap_or_default();
        match (repeat, &addr.key) {
            (Repeat::Count, Some(InstanceKey::Int(_))) => Reason::DeleteBecauseCountIndex,
            (Repeat::ForEach, Some(InstanceKey::String(_))) => Reason::DeleteBecauseEachKey,
            (Repeat::Optional, None) => Reason::DeleteBecauseEnabledFalse,
            _ => Reason::DeleteBecauseWrongRepetition,
        }
    }

    /// Whether a `moved` block led the object to an address that nothing declares.
    fn move_target_missing(&self, addr: &ResourceInstance) -> bool {
        self.moved.contains_key(addr)
    }

    /// Whether a `removed` block says that the object lives on.
    pub(super) fn forgotten(&self, addr: &ResourceInstance) -> bool {
        let path = addr.module.path();
        self.core.config.modules().any(|m| {
            m.removed.iter().filter(|r| !r.destroy).any(|r| {
                let full = r.module.names().iter().fold(m.path.clone(), |p, n| p.child(n.clone()));
                match &r.resource {
                    Some(resource) => *resource == addr.resource && full == path,
                    None => full.contains(&path),
                }
            })
        })
    }
}

const FORGOTTEN: &str = "Some objects will no longer be managed by Terraform";
