//! The walk ahead of a destruction: what the configuration comes to while everything is still there.
//!
//! As in Terraform, a destruction is planned only where the configuration can be evaluated, and shows the outputs that it gives.

use std::collections::BTreeMap;

use sdt_plan::{Drift, Marked, NodeAddr, PlanMode};
use sdt_state::State;
use sdt_value::{Str, Value};

use super::{PlanInput, PlanWalk};

/// What a walk found out for the one that follows.
pub struct Ahead {
    pub(super) state: State,
    drift: Vec<Drift>,
    marked: Vec<Marked>,
    outputs: BTreeMap<Str, (Value, bool)>,
}

impl PlanInput {
    /// The same in normal mode, for the walk ahead; `None` where there is none.
    #[must_use]
    pub fn ahead(&self) -> Option<Self> {
        let o = &self.options;
        let something = !self.state.resources.is_empty() || !self.state.outputs.is_empty();
        // What a dead run left open is settled by the one walk that plans.
        let needed = o.evaluate_first && o.refresh && something && self.unresolved.is_empty();
        (needed && o.mode == PlanMode::Destroy).then(|| Self {
            config: self.config.without_imports(),
            state: self.state.clone(),
            unresolved: Vec::new(),
            variables: self.variables.clone(),
            options: crate::PlanOptions { mode: PlanMode::Normal, ..o.clone() },
            providers: self.providers.clone(),
            env: self.env.clone(),
            timestamp: self.timestamp.clone(),
        })
    }
}

impl PlanWalk {
    /// What this walk has found out, if nothing has gone wrong.
    ///
    /// # Errors
    /// The walk itself, to be finished.
    pub fn ahead(self) -> Result<Ahead, Box<Self>> {
        if self.interrupted || self.core.diags.has_errors() {
            return Err(Box::new(self));
        }
        let outputs = self.output_changes();
        let known = outputs.into_values().filter(|o| o.after.is_wholly_known());
        let root = self.core.tree.module(0);
        let declared = known.filter_map(|o| root.outputs.get(&o.name).map(|d| (o.name, (o.after, d.sensitive))));
        Ok(Ahead {
            outputs: declared.collect(),
            marked: self.marked.into_iter().map(|(_, m)| m).collect(),
            drift: self.drift,
            state: self.state,
        })
    }

    /// Prepares the walk that follows: everything is read by now.
    #[must_use]
    pub fn after(mut input: PlanInput, ahead: Ahead) -> Self {
        input.options.refresh = false;
        Self::begin(input, Some(ahead))
    }

    pub(super) fn take_up(&mut self, ahead: Ahead) {
        self.drift = ahead.drift;
        self.outputs_ahead = ahead.outputs;
        for m in ahead.marked {
            if let Some(n) = self.core.graph.find(&NodeAddr::Provider(m.provider.clone())) {
                self.marked.push((n, m));
            }
        }
    }
}
