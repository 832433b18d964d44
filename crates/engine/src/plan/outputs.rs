//! Root outputs before and after.

use std::collections::{BTreeMap, BTreeSet};

use sdt_plan::{Action, OutputChange, PlanMode};
use sdt_value::{Marks, Str, Value};

use super::PlanWalk;

impl PlanWalk {
    pub(super) fn output_changes(&self) -> BTreeMap<Str, OutputChange> {
        let mut changes = BTreeMap::new();
        let root = self.core.tree.module(0);
        let before = |name: &str| {
            if let Some((value, sensitive)) = self.outputs_ahead.get(name) {
                let marks = if *sensitive { Marks::SENSITIVE } else { Marks::NONE };
                return Some((value.clone().with_marks(marks), *sensitive)).filter(|(v, _)| !v.is_null());
            }
            let stored = self.base_state.outputs.get(name)?;
            let value = stored.to_value().ok()?;
            let marks = if stored.sensitive { Marks::SENSITIVE } else { Marks::NONE };
            Some((value.with_marks(marks), stored.sensitive))
        };
        if self.options.mode != PlanMode::Destroy {
            for (name, after) in self.core.slots.root_outputs() {
                let declared = root.outputs.get(name);
                if declared.is_some_and(|o| o.ephemeral) {
                    continue;
                }
                let sensitive = declared.is_some_and(|o| o.sensitive);
                let old = before(name);
                let action = match &old {
                    _ if after.is_null() && old.as_ref().is_none_or(|(v, _)| v.is_null()) => Action::NoOp,
                    None => Action::Create,
                    Some((b, was)) if after.is_wholly_known() && b.raw_equals(after) && *was == sensitive => {
                        Action::NoOp
                    }
                    Some(_) => Action::Update,
                };
                let sensitive = sensitive || old.as_ref().is_some_and(|(_, was)| *was);
                let before = old.map_or(Value::NULL, |(v, _)| v);
                let change =
                    OutputChange { name: name.clone(), action, before, after: after.clone().carried(), sensitive };
                changes.insert(name.clone(), change);
            }
        }
        // What is limited to some resources leaves outputs alone that nothing of the configuration speaks of.
        if !self.options.targets.is_empty() {
            return changes;
        }
        let stored = self.base_state.outputs.keys().map(|name| Str::from(name.as_str()));
        let names: BTreeSet<Str> = stored.chain(self.outputs_ahead.keys().cloned()).collect();
        for name in names {
            let gone = self.options.mode == PlanMode::Destroy || !root.outputs.contains_key(&name);
            if gone && let Some((value, sensitive)) = before(&name) {
                let change = OutputChange {
                    name: name.clone(),
                    action: Action::Delete,
                    before: value,
                    after: Value::NULL,
                    sensitive,
                };
                changes.insert(name, change);
            }
        }
        changes
    }
}
