//! Data sources: read while planning when their inputs are known and nothing they depend on changes, else while applying.

use petgraph::graph::NodeIndex;
use sdt_addr::{InstanceKey, ResourceInstance};
use sdt_config::Resource;
use sdt_diag::Diagnostic;
use sdt_plan::{Action, Change, CheckKind, Reason};
use sdt_provider::Complaint;
use sdt_schema::Block;
use sdt_value::{Kind, Marks, Path, Value};

use super::{Pending, PlanWalk};
use crate::convert::{mark_schema, object_to_state, resource_to_state};
use crate::core::TypeInfo;
use crate::op::{Op, Progress};
use crate::rules::RuleKind;
use crate::scope::Ctx;
use crate::tree::{Mi, Repetition};

/// A data source on its way.
pub(super) struct DataRead {
    node: NodeIndex,
    mi: Mi,
    addr: ResourceInstance,
    key: Option<InstanceKey>,
    repetition: Repetition,
    config: Value,
    marks: Vec<(Path, Marks)>,
}

impl PlanWalk {
    pub(super) fn plan_data(
        &mut self,
        n: NodeIndex,
        mi: Mi,
        addr: ResourceInstance,
        repetition: Repetition,
        resource: &Resource,
    ) -> bool {
        if !self.included(n, &addr) {
            return true;
        }
        let text = addr.to_string();
        let path = self.core.tree.module(self.core.insts.all[mi].module).path.clone();
        let ctx = Ctx::new(&self.core, mi).repeated(repetition.clone());
        let outcomes = ctx.outcomes(&resource.lifecycle.preconditions, RuleKind::Precondition, resource.span);
        if !self.core.run_rules(&outcomes, CheckKind::Resource, &path, &addr.resource.to_string(), text.clone()) {
            return false;
        }
        let Some((config, marks)) = self.instance_config(n, mi, resource, &repetition, &text) else { return false };
        let Some(info) = self.core.type_info(n) else { return false };
        let reason = if !config.is_wholly_known() {
            Some(Reason::ReadBecauseConfigUnknown)
        } else if self.dependency_pending(n) {
            Some(Reason::ReadBecauseDependencyPending)
        } else if self.provider_is_unknown(n) {
            Some(Reason::ReadBecauseConfigUnknown)
        } else {
            None
        };
        let key = addr.key.clone();
        if let Some(reason) = reason {
            let reason = if resource.check.is_some() { Reason::ReadBecauseCheckNested } else { reason };
            let after =
                mark_schema(&info.schema.block, unknown_computed(&info.schema.block, &config).mark_with_paths(&marks));
            self.set_slot(n, mi, key, after.clone());
            self.read_later(n, &info, addr, reason, after);
            return true;
        }
        if let Some(given) = crate::overrides::of(&self.core.overrides, &addr) {
            let value = crate::overrides::complete(&info.schema.block, &config, Some(&given.values), true, &text);
            self.runs.entry(n).or_default().open += 1;
            self.on_data(DataRead { node: n, mi, addr, key, repetition, config, marks }, value.map_err(|c| vec![c]));
            return true;
        }
        let Some(provider) = self.core.graph.node(n).provider.and_then(|p| self.provider_keys.get(&p)).copied() else {
            return false;
        };
        let id = self.core.op_id();
        self.core.progress.push(Progress::RefreshStart { address: text, id: None });
        self.core.ops.push(Op::ReadData {
            id,
            provider,
            type_name: addr.resource.type_name.clone(),
            config: config.clone(),
        });
        self.pending
            .insert(id, Pending::Data(Box::new(DataRead { node: n, mi, addr, key, repetition, config, marks })));
        self.runs.entry(n).or_default().open += 1;
        true
    }

    /// Leaves a read to apply.
    fn read_later(&mut self, n: NodeIndex, info: &TypeInfo, addr: ResourceInstance, reason: Reason, after: Value) {
        let Some(provider) = self.provider_addr(n) else { return };
        let change = Change {
            addr,
            previous: None,
            deposed: None,
            provider,
            action: Action::Read,
            reason: Some(reason),
            before: Value::null(info.ty.clone()),
            after,
            replace_paths: Vec::new(),
            importing: None,
            resume: None,
            schema_version: info.schema.version,
            private: Vec::new(),
            create_before_destroy: false,
        };
        self.add_change(n, change);
    }

    fn provider_is_unknown(&self, n: NodeIndex) -> bool {
        self.core.graph.node(n).provider.is_some_and(|p| self.provider_unknown.contains(&p))
    }

    /// Whether something that `depends_on` names, here or on a call around, changes in this plan.
    pub(super) fn dependency_pending(&self, n: NodeIndex) -> bool {
        let Some(on) = self.core.graph.depends_on.get(&n) else { return false };
        self.changes.iter().any(|(m, c)| on.contains(m) && c.action != Action::NoOp)
    }

    pub(super) fn on_data(&mut self, read: DataRead, result: Result<Value, Vec<Complaint>>) {
        let n = read.node;
        let address = read.addr.to_string();
        let sdt_plan::NodeAddr::Resource(of) = self.core.graph.node(n).addr.clone() else { return };
        let (Some(info), Some(resource)) = (self.core.type_info(n), self.core.config.resource(&of).cloned()) else {
            return self.close_one(n, false);
        };
        let value = match result {
            Ok(value) => value,
            Err(complaints) if resource.check.is_some() => {
                // Data of a check must not stop anything; apply tries again.
                let name = resource.check.clone().unwrap_or_default();
                let warnings = self.core.check_data_failed(read.mi, &name, complaints);
                self.complain(n, &address, warnings);
                let unread = unknown_computed(&info.schema.block, &read.config).mark_with_paths(&read.marks);
                let unread = mark_schema(&info.schema.block, unread);
                self.set_slot(n, read.mi, read.key.clone(), unread.clone());
                self.read_later(n, &info, read.addr, Reason::ReadBecauseCheckNested, unread);
                return self.close_one(n, true);
            }
            Err(complaints) => {
                let ok = self.complain(n, &address, complaints);
                return self.close_one(n, ok);
            }
        };
        self.core.progress.push(Progress::RefreshDone { address: address.clone(), id: crate::convert::id_of(&value) });
        if value.is_null() || !value.is_wholly_known() {
            self.core.diags.push(
                Diagnostic::error(
                    "Provider produced invalid object",
                    format!("The provider's answer for {address} is null or not wholly known. This is a bug in the provider."),
                )
                .on(&address),
            );
            return self.close_one(n, false);
        }
        let marked = mark_schema(&info.schema.block, value.mark_with_paths(&read.marks));
        let instance = object_to_state(read.key.as_ref(), &info.schema, &info.ty, &marked, &[]);
        if let Some(provider) = self.provider_addr(n) {
            self.state.set_instance(&resource_to_state(&read.addr), &provider.to_string(), instance);
        }
        self.set_slot(n, read.mi, read.key.clone(), marked.clone());
        let ctx = Ctx::new(&self.core, read.mi).repeated(read.repetition.clone()).with_self(marked.clone());
        let outcomes = ctx.outcomes(&resource.lifecycle.postconditions, RuleKind::Postcondition, resource.span);
        let ok = self.core.run_rules(&outcomes, CheckKind::Resource, &of.module, &of.resource.to_string(), address);
        if resource.check.is_some() {
            // Read now to judge the plan, and again to judge what apply makes.
            self.read_later(n, &info, read.addr, Reason::ReadBecauseCheckNested, marked);
        }
        self.close_one(n, ok);
    }
}

/// The configuration with everything unknown that the provider will find out.
pub(crate) fn unknown_computed(block: &Block, config: &Value) -> Value {
    let Kind::Object(members) = config.kind() else { return config.clone() };
    let mut members = (**members).clone();
    for (name, a) in &block.attributes {
        if a.computed
            && let Some(v) = members.get_mut(name)
            && v.is_null()
        {
            *v = Value::unknown(a.ty.without_optional());
        }
    }
    for (name, nested) in &block.blocks {
        if let Some(v) = members.get_mut(name) {
            *v = match v.kind() {
                Kind::Object(_) => unknown_computed(&nested.block, v),
                Kind::List(t, items) => {
                    Value::list(t.clone(), items.iter().map(|i| unknown_computed(&nested.block, i)).collect())
                }
                Kind::Set(t, items) => {
                    Value::set(t.clone(), items.iter().map(|i| unknown_computed(&nested.block, i)).collect())
                }
                _ => v.clone(),
            };
        }
    }
    Value::from(Kind::Object(members.into())).with_marks(config.marks())
}
