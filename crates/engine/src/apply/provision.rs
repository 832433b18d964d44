//! Provisioners: after a creation, before a destruction.

use sdt_config::{ConfigBody, OnFailure, Provisioner, ProvisionerWhen};
use sdt_diag::Diagnostic;
use sdt_plan::{Action, Change};
use sdt_value::{Marks, Value};

use super::change::Making;
use super::{ApplyWalk, Pending};
use crate::convert::instance_to_state;
use crate::op::{Op, Progress};
use crate::scope::Ctx;
use crate::tree::Repetition;

/// A list of provisioners being run.
pub(super) struct Provisioning {
    making: Making,
    /// What `self` is.
    object: Value,
    left: Vec<Provisioner>,
    current: Provisioner,
    ok: bool,
}

impl ApplyWalk {
    fn provisioners(&self, m: &Making, when: ProvisionerWhen) -> Vec<Provisioner> {
        let of = self.plan.changes[m.change].addr.config();
        let all = match self.core.config.resource(&of) {
            Some(r) => Some(&r.provisioners),
            None => self.core.config.removed(&of).map(|r| &r.provisioners),
        };
        all.map(|all| all.iter().filter(|p| p.when == when).cloned().collect()).unwrap_or_default()
    }

    /// Whether something is to run after this creation.
    pub(super) fn provisions(&self, m: &Making) -> bool {
        m.action == Action::Create && !self.provisioners(m, ProvisionerWhen::Create).is_empty()
    }

    pub(super) fn set_tainted(&mut self, change: &Change, tainted: bool) {
        if let Some(stored) = self.state.instance_mut(&instance_to_state(&change.addr), None) {
            stored.tainted = tainted;
        }
    }

    /// Starts what is to run after a creation. Returns false when there is nothing.
    pub(super) fn provision_create(&mut self, m: &Making, object: &Value) -> bool {
        let left = self.provisioners(m, ProvisionerWhen::Create);
        if left.is_empty() {
            return false;
        }
        self.next_provisioner(m.clone(), object.clone(), left, true);
        true
    }

    /// Runs what is to run before a destruction, then destroys. Returns false when it failed at once.
    pub(super) fn provision_destroy(&mut self, m: Making) -> bool {
        let left = if m.deposed.is_none() { self.provisioners(&m, ProvisionerWhen::Destroy) } else { Vec::new() };
        if left.is_empty() {
            let change = self.change(m.change);
            let Some(info) = self.core.type_info(m.n) else { return false };
            self.send(m, &info, &change);
            return true;
        }
        let object = self.plan.changes[m.change].before.clone();
        self.next_provisioner(m, object, left, true);
        true
    }

    fn next_provisioner(&mut self, m: Making, object: Value, mut left: Vec<Provisioner>, ok: bool) {
        if left.is_empty() || !ok {
            return self.provisioned(m, object, ok);
        }
        let current = left.remove(0);
        let change = self.change(m.change);
        let address = change.addr.to_string();
        let mi = self.core.insts.find(&change.addr.module).unwrap_or_default();
        let repetition = match (&m.place, &change.addr.key) {
            (Some((_, r)), _) => r.clone(),
            (None, Some(k @ sdt_addr::InstanceKey::Int(_))) => Repetition::Count(k.value()),
            (None, Some(k)) => Repetition::Each { key: k.value(), value: Value::DYNAMIC },
            (None, None) => Repetition::None,
        };
        let ctx = Ctx::new(&self.core, mi).repeated(repetition.clone()).with_self(object.clone());
        let block = sdt_config::provisioner_schema(&current.kind);
        let Some(block) = block else {
            self.core.diags.push(
                Diagnostic::error(
                    "Provisioner not available",
                    format!(
                        "There is no provisioner \"{}\"; there are local-exec, file and remote-exec.",
                        current.kind
                    ),
                )
                .at(current.span)
                .on(&address),
            );
            return self.provisioned(m, object, false);
        };
        let (config, diags) = sdt_config::decode(&current.config, &block, &ctx);
        if !self.core.take(crate::plan::on(diags, &address)) {
            return self.provisioned(m, object, false);
        }
        let body = self.connection_of(&change, &current);
        let ctx = Ctx::new(&self.core, mi).repeated(repetition).with_self(object.clone());
        let connection = match body {
            Some(body) => {
                let (connection, diags) = sdt_config::decode(&body, &sdt_config::connection_schema(), &ctx);
                if !self.core.take(crate::plan::on(diags, &address)) {
                    return self.provisioned(m, object, false);
                }
                // A secret of the connection is never written out, so it need not silence the output.
                Some(connection.unmark_deep().0)
            }
            None => None,
        };
        let (config, marks) = config.unmark_deep();
        let quiet = marks.contains(Marks::SENSITIVE) || marks.contains(Marks::EPHEMERAL);
        let id = self.core.op_id();
        self.core.progress.push(Progress::Provision { address: address.clone(), kind: current.kind.clone() });
        self.core.ops.push(Op::Provision { id, kind: current.kind.clone(), config, connection, address, quiet });
        self.pending.insert(id, Pending::Provision(Box::new(Provisioning { making: m, object, left, current, ok })));
    }

    /// The provisioner's connection block laid over that of its resource.
    fn connection_of(&self, change: &Change, provisioner: &Provisioner) -> Option<ConfigBody> {
        let of = change.addr.config();
        let shared = match self.core.config.resource(&of) {
            Some(r) => r.connection.clone(),
            None => self.core.config.removed(&of).and_then(|r| r.connection.clone()),
        };
        match (shared, provisioner.connection.clone()) {
            (Some(base), Some(own)) => Some(base.overridden_by(own)),
            (base, own) => own.or(base),
        }
    }

    pub(super) fn on_provisioned(&mut self, p: Provisioning, result: Result<(), String>) {
        let address = self.plan.changes[p.making.change].addr.to_string();
        let mut ok = p.ok;
        let kind = p.current.kind.clone();
        self.core.progress.push(Progress::ProvisionDone { address: address.clone(), kind, ok: result.is_ok() });
        if let Err(why) = result
            && p.current.on_failure == OnFailure::Fail
        {
            ok = false;
            let summary = format!("{} provisioner error", p.current.kind);
            self.core.diags.push(Diagnostic::error(summary, why).at(p.current.config.missing_item_span()).on(&address));
        }
        self.next_provisioner(p.making, p.object, p.left, ok);
    }

    /// All have run, or one has failed.
    fn provisioned(&mut self, m: Making, object: Value, ok: bool) {
        let change = self.change(m.change);
        let Some((mi, repetition)) = m.place.clone() else {
            if !ok {
                return self.sched.finish(m.node, false);
            }
            let Some(info) = self.core.type_info(m.n) else { return self.sched.finish(m.node, false) };
            return self.send(m, &info, &change);
        };
        if !ok {
            // The object exists, but is not what it should be.
            self.set_tainted(&change, true);
            self.journal_end(&m, &change, Some("a provisioner failed".into()));
            self.core.progress.push(Progress::ApplyFailed {
                address: change.addr.to_string(),
                action: m.action,
                op: m.op,
            });
            return self.sched.finish(m.node, false);
        }
        let (address, id) = (change.addr.to_string(), crate::convert::id_of(&object));
        self.core.progress.push(Progress::ApplyDone { address, action: m.action, id, op: m.op });
        self.set_tainted(&change, false);
        self.journal_end(&m, &change, None);
        let ok = self.postconditions(mi, &repetition, &change, object);
        self.sched.finish(m.node, ok);
    }
}
