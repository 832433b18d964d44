//! Ephemeral resources: opened by every run that plans or applies, their values seen by nobody after it.

use petgraph::graph::NodeIndex;
use sdt_addr::ResourceInstance;
use sdt_config::Resource;
use sdt_diag::Diagnostic;
use sdt_plan::{CheckKind, NodeAddr};
use sdt_provider::Complaint;
use sdt_value::{Marks, Path, Value};

use crate::convert::mark_schema;
use crate::core::Core;
use crate::op::{EphemeralStep, Op, OpId, Progress, ProviderKey};
use crate::plan::{on, unknown_computed};
use crate::rules::RuleKind;
use crate::scope::Ctx;
use crate::slots::ResourceSlot;
use crate::tree::{Expansion, Mi, Repetition};

/// One instance on its way.
pub(crate) struct Opening {
    /// The node of the configuration graph.
    pub(crate) n: NodeIndex,
    mi: Mi,
    addr: ResourceInstance,
    repetition: Repetition,
    config: Value,
    marks: Vec<(Path, Marks)>,
}

impl Core {
    /// Asks for every instance of an ephemeral resource whose configuration is known; the values of the others are unknown.
    /// `None` for the provider: its own configuration is not known yet.
    pub(crate) fn open_ephemeral(
        &mut self,
        n: NodeIndex,
        expansions: Vec<(Mi, Expansion)>,
        provider: Option<ProviderKey>,
    ) -> Result<Vec<(OpId, Opening)>, ()> {
        let NodeAddr::Resource(of) = self.graph.node(n).addr.clone() else { return Err(()) };
        let (Some(info), Some(resource)) = (self.type_info(n), self.config.resource(&of).cloned()) else {
            return Err(());
        };
        let mut asked = Vec::new();
        let mut ok = true;
        for (mi, expansion) in expansions {
            self.slots.set_resource(n, &self.insts, mi, ResourceSlot::new(expansion.repeat, expansion.unknown));
            for (key, repetition) in expansion.members {
                let addr = of.resource.clone().instance(self.insts.all[mi].addr.clone(), key);
                let text = addr.to_string();
                if !self.ephemeral_rules(mi, &resource, &repetition, &addr, None) {
                    ok = false;
                    continue;
                }
                let found = crate::resource_config::evaluate(self, &info, mi, &resource, &repetition);
                let (config, marks) = match found {
                    Ok((config, marks, diags)) => {
                        self.diags.extend(on(diags, &text));
                        (config, marks)
                    }
                    Err(diags) => {
                        ok &= self.take(on(diags, &text));
                        continue;
                    }
                };
                let opening = Opening { n, mi, addr, repetition, config, marks };
                if let Some(given) = crate::overrides::of(&self.overrides, &opening.addr) {
                    let block = &info.schema.block;
                    let value = crate::overrides::complete(block, &opening.config, Some(&given.values), true, &text);
                    ok &= self.opened(opening, value.map_err(|c| vec![c]));
                    continue;
                }
                match provider.filter(|_| opening.config.is_wholly_known()) {
                    Some(provider) => {
                        let id = self.op_id();
                        self.progress.push(Progress::Ephemeral { address: text, step: EphemeralStep::Opening });
                        self.ops.push(Op::Open {
                            id,
                            provider,
                            type_name: opening.addr.resource.type_name.clone(),
                            config: opening.config.clone(),
                        });
                        asked.push((id, opening));
                    }
                    None => self.leave_closed(opening),
                }
            }
        }
        if ok { Ok(asked) } else { Err(()) }
    }

    /// Its values are unknown for now.
    pub(crate) fn leave_closed(&mut self, opening: Opening) {
        let Some(info) = self.type_info(opening.n) else { return };
        let address = opening.addr.to_string();
        self.progress.push(Progress::Ephemeral { address, step: EphemeralStep::Deferred });
        let value = unknown_computed(&info.schema.block, &opening.config).mark_with_paths(&opening.marks);
        self.set_ephemeral(&opening, mark_schema(&info.schema.block, value));
    }

    /// Takes the answer; returns whether what refers to it can go on.
    pub(crate) fn opened(&mut self, opening: Opening, result: Result<Value, Vec<Complaint>>) -> bool {
        let NodeAddr::Resource(of) = self.graph.node(opening.n).addr.clone() else { return false };
        let (Some(info), Some(resource)) = (self.type_info(opening.n), self.config.resource(&of).cloned()) else {
            return false;
        };
        let address = opening.addr.to_string();
        let value = match result {
            Ok(value) => value,
            Err(complaints) => {
                let place = Some((&resource, &info.schema.block));
                let diags = complaints.into_iter().map(|c| crate::resource_config::complaint(c, place));
                self.take(on(sdt_diag::Diagnostics(diags.collect()), &address));
                return false;
            }
        };
        if value.is_null() || !value.is_wholly_known() {
            let detail = format!(
                "The provider's answer for {address} is null or not wholly known. This is a bug in the provider."
            );
            self.diags.push(Diagnostic::error("Provider produced invalid object", detail).on(&address));
            return false;
        }
        self.progress.push(Progress::Ephemeral { address: address.clone(), step: EphemeralStep::Opened });
        self.open.push(address);
        let value = mark_schema(&info.schema.block, value.mark_with_paths(&opening.marks));
        let value = self.set_ephemeral(&opening, value);
        self.ephemeral_rules(opening.mi, &resource, &opening.repetition, &opening.addr, Some(value))
    }

    fn set_ephemeral(&mut self, opening: &Opening, value: Value) -> Value {
        let value = value.with_marks(Marks::EPHEMERAL);
        let slot = self.slots.resource_mut(opening.n, &self.insts, opening.mi);
        slot.set(opening.addr.key.clone(), value.clone());
        value
    }

    /// Preconditions before there is a value, postconditions with it.
    fn ephemeral_rules(
        &mut self,
        mi: Mi,
        resource: &Resource,
        repetition: &Repetition,
        addr: &ResourceInstance,
        object: Option<Value>,
    ) -> bool {
        let path = self.tree.module(self.insts.all[mi].module).path.clone();
        let ctx = Ctx::new(self, mi).repeated(repetition.clone());
        let outcomes = match object {
            None => ctx.outcomes(&resource.lifecycle.preconditions, RuleKind::Precondition, resource.span),
            Some(object) => ctx.with_self(object).outcomes(
                &resource.lifecycle.postconditions,
                RuleKind::Postcondition,
                resource.span,
            ),
        };
        self.run_rules(&outcomes, CheckKind::Resource, &path, &addr.resource.to_string(), addr.to_string())
    }

    /// Nothing is left to do: what was open is let go.
    pub(crate) fn close_ephemeral(&mut self) {
        for address in std::mem::take(&mut self.open) {
            for step in [EphemeralStep::Closing, EphemeralStep::Closed] {
                self.progress.push(Progress::Ephemeral { address: address.clone(), step });
            }
        }
    }
}
