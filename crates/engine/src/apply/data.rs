//! Data sources that could not be read while planning.

use petgraph::graph::NodeIndex;
use sdt_config::Resource;
use sdt_provider::Complaint;
use sdt_value::{Marks, Path, Value};

use super::{ApplyWalk, Pending};
use crate::convert::{id_of, mark_schema, object_to_state, resource_to_state};
use crate::op::{Op, Progress};
use crate::plan::on;
use crate::tree::{Mi, Repetition};

/// A read on its way.
pub(super) struct Reading {
    node: NodeIndex,
    change: usize,
    n: NodeIndex,
    mi: Mi,
    repetition: Repetition,
    marks: Vec<(Path, Marks)>,
}

impl ApplyWalk {
    pub(super) fn start_data(
        &mut self,
        node: NodeIndex,
        change: usize,
        n: NodeIndex,
        mi: Mi,
        repetition: Repetition,
        resource: &Resource,
    ) {
        let addr = self.plan.changes[change].addr.clone();
        let address = addr.to_string();
        let Some(info) = self.core.type_info(n) else { return self.sched.finish(node, false) };
        if !self.conditions(mi, resource, &repetition, &addr, None) {
            return self.sched.finish(node, false);
        }
        let (config, marks) = match crate::resource_config::evaluate(&self.core, &info, mi, resource, &repetition) {
            Ok((config, marks, diags)) => {
                self.core.diags.extend(on(diags, &address));
                (config, marks)
            }
            Err(diags) => {
                self.core.take(on(diags, &address));
                return self.sched.finish(node, false);
            }
        };
        if let Some(given) = crate::overrides::of(&self.core.overrides, &addr) {
            let value = crate::overrides::complete(&info.schema.block, &config, Some(&given.values), true, &address);
            self.on_data(Reading { node, change, n, mi, repetition, marks }, value.map_err(|c| vec![c]));
            return;
        }
        let Some(provider) = self.core.graph.node(n).provider.and_then(|p| self.provider_keys.get(&p)).copied() else {
            return self.sched.finish(node, false);
        };
        let id = self.core.op_id();
        self.core.progress.push(Progress::ApplyStart {
            address,
            action: sdt_plan::Action::Read,
            id: None,
            deposed: None,
            op: id,
        });
        self.core.ops.push(Op::ReadData { id, provider, type_name: addr.resource.type_name.clone(), config });
        self.pending.insert(id, Pending::Data(Box::new(Reading { node, change, n, mi, repetition, marks })));
        self.reading.insert(change, id);
    }

    pub(super) fn on_data(&mut self, read: Reading, result: Result<Value, Vec<Complaint>>) {
        let change = self.change(read.change);
        let address = change.addr.to_string();
        let Some(info) = self.core.type_info(read.n) else { return self.sched.finish(read.node, false) };
        let check = self.core.config.resource(&change.addr.config()).and_then(|r| r.check.clone());
        let op = self.reading.remove(&read.change).unwrap_or(crate::op::OpId(0));
        let value = match result {
            Ok(value) => value,
            Err(complaints) => {
                let complaints = match &check {
                    Some(name) => self.core.check_data_failed(read.mi, name, complaints),
                    None => complaints,
                };
                let ok = self.complain(read.n, &info, &address, complaints);
                if check.is_some() {
                    // The state tells what was asked, with nothing found.
                    let asked = super::result::known(change.after.clone());
                    let instance = object_to_state(change.addr.key.as_ref(), &info.schema, &info.ty, &asked, &[]);
                    self.state.set_instance(&resource_to_state(&change.addr), &change.provider.to_string(), instance);
                }
                self.core.progress.push(Progress::ApplyFailed { address, action: sdt_plan::Action::Read, op });
                return self.sched.finish(read.node, ok);
            }
        };
        self.core.progress.push(Progress::ApplyDone { address, action: sdt_plan::Action::Read, id: id_of(&value), op });
        let marked = mark_schema(&info.schema.block, value.mark_with_paths(&read.marks));
        let instance = object_to_state(change.addr.key.as_ref(), &info.schema, &info.ty, &marked, &[]);
        self.state.set_instance(&resource_to_state(&change.addr), &change.provider.to_string(), instance);
        self.core.slots.resource_mut(read.n, &self.core.insts, read.mi).set(change.addr.key.clone(), marked.clone());
        let ok = self.postconditions(read.mi, &read.repetition, &change, marked);
        self.sched.finish(read.node, ok);
    }
}
