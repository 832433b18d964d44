//! What came of a change.

use std::sync::Arc;

use sdt_diag::{Diagnostic, Severity};
use sdt_plan::{Action, Change, CheckKind};
use sdt_provider::ApplyAnswer;
use sdt_value::{Kind, Value};

use super::ApplyWalk;
use super::change::Making;
use crate::convert::{id_of, instance_to_state, mark_schema, object_to_state, resource_to_state};
use crate::core::TypeInfo;
use crate::op::Progress;
use crate::rules::RuleKind;
use crate::scope::Ctx;

impl ApplyWalk {
    pub(super) fn on_not_begun(&mut self, m: Making, why: &str) {
        let change = self.change(m.change);
        self.undo_depose(&m, &change);
        // Without a journal nothing may be started.
        self.halted = true;
        self.core.diags.push(
            Diagnostic::error("The journal cannot be written", format!("{why} Nothing further was started."))
                .on(&change.addr.to_string()),
        );
        self.sched.finish(m.node, false);
    }

    /// The object that was put aside is current again, when nothing has taken its place.
    fn undo_depose(&mut self, m: &Making, change: &Change) {
        let Some(key) = &m.deposes else { return };
        let addr = instance_to_state(&change.addr);
        if self.state.instance(&addr, None).is_some() {
            return;
        }
        if let Some(mut instance) = self.state.remove_instance(&addr, Some(key)) {
            instance.deposed = None;
            self.state.set_instance(&addr.resource, &change.provider.to_string(), instance);
        }
        self.deposed.remove(&m.change);
    }

    pub(super) fn on_applied(&mut self, m: Making, answer: ApplyAnswer) {
        let change = self.change(m.change);
        let address = change.addr.to_string();
        let Some(info) = self.core.type_info(m.n) else { return self.sched.finish(m.node, false) };
        let ApplyAnswer { object, private, complaints, unclear } = answer;
        let failed = complaints.iter().any(|c| c.severity == Severity::Error);
        let message = complaints.iter().map(|c| format!("{}: {}", c.summary, c.detail)).collect::<Vec<_>>().join("; ");
        let mut ok = self.complain(m.n, &info, &address, complaints);
        let object = crate::resource_config::without_write_only(&info.schema.block, &object);
        let object = self.settled(object, &m, &info, &address, &mut ok);
        let done = ok;
        let marked = mark_schema(&info.schema.block, object.clone().mark_with_paths(&m.marks));
        self.store(&m, &change, &info, &marked, &private, failed);
        if done && self.provisions(&m) {
            // Until its provisioners have run it is not what it should be.
            self.set_tainted(&change, true);
        }
        if unclear && object.is_null() && m.action == Action::Create {
            // `begun` stays open in the journal: the next run looks for what may have come of it.
            self.core.diags.push(
                Diagnostic::warning(
                    "It is not known whether the object was created",
                    format!("The creation of {address} ended without an answer. The journal keeps it open: the next run finds out, and takes the object up if there is one."),
                )
                .on(&address),
            );
        } else {
            self.journal_end(&m, &change, failed.then_some(message));
        }
        if done {
            self.done += 1;
            let created = m.action == Action::Create || change.resume.is_some();
            let token = (m.journalled && created).then_some(m.token.as_str());
            self.closing.made(self.provider_key(m.n), token, m.n);
            // Only when its provisioners have run is it there for those who watch.
            if m.place.is_none() || !self.provisions(&m) {
                let id = id_of(&object).or_else(|| id_of(&m.prior));
                self.core.progress.push(Progress::ApplyDone {
                    address: address.clone(),
                    action: m.action,
                    id,
                    op: m.op,
                });
            }
        } else {
            self.core.progress.push(Progress::ApplyFailed { address: address.clone(), action: m.action, op: m.op });
        }
        if object.is_null() || m.action == Action::Delete {
            self.undo_depose(&m, &change);
            return self.sched.finish(m.node, ok);
        }
        let Some((mi, repetition)) = m.place.clone() else { return self.sched.finish(m.node, ok) };
        self.core.slots.resource_mut(m.n, &self.core.insts, mi).set(change.addr.key.clone(), marked.clone());
        if !ok {
            return self.sched.finish(m.node, false);
        }
        if m.action == Action::Create && self.provision_create(&m, &marked) {
            // Provisioners run first; the rest follows when they are done.
            return;
        }
        let ok = self.postconditions(mi, &repetition, &change, marked);
        self.sched.finish(m.node, ok);
    }

    pub(super) fn postconditions(
        &mut self,
        mi: crate::tree::Mi,
        repetition: &crate::tree::Repetition,
        change: &Change,
        object: Value,
    ) -> bool {
        let Some(resource) = self.core.config.resource(&change.addr.config()).cloned() else { return true };
        if resource.lifecycle.postconditions.is_empty() {
            return true;
        }
        let ctx = Ctx::new(&self.core, mi).repeated(repetition.clone()).with_self(object);
        let outcomes = ctx.outcomes(&resource.lifecycle.postconditions, RuleKind::Postcondition, resource.span);
        let path = change.addr.module.path();
        let local = change.addr.resource.to_string();
        self.core.run_rules(&outcomes, CheckKind::Resource, &path, &local, change.addr.to_string())
    }

    /// Checks an object that a provider gives back; what it leaves unknown becomes null.
    fn settled(&mut self, object: Value, m: &Making, info: &TypeInfo, address: &str, ok: &mut bool) -> Value {
        if m.action == Action::Delete {
            if *ok && !object.is_null() {
                self.core.diags.push(
                    Diagnostic::error(
                        "Provider returned invalid result object after apply",
                        format!("The provider was asked to destroy {address} and says that it still exists. This is a bug in the provider."),
                    )
                    .on(address),
                );
                *ok = false;
            }
            return object;
        }
        if object.is_null() {
            if *ok {
                self.core.diags.push(
                    Diagnostic::error(
                        "Provider produced inconsistent result after apply",
                        format!("The provider was asked to make {address} and gives nothing back. This is a bug in the provider."),
                    )
                    .on(address),
                );
                *ok = false;
            }
            return object;
        }
        if *ok && !object.is_wholly_known() {
            self.core.diags.push(
                Diagnostic::error(
                    "Provider returned invalid result object after apply",
                    format!("After apply everything about {address} must be known, and something is not. This is a bug in the provider."),
                )
                .on(address),
            );
            *ok = false;
        }
        let object = known(object);
        if *ok && !info.schema.legacy_type_system {
            let wrong = sdt_schema::check_applied(&info.schema.block, &m.planned, &object);
            if !wrong.is_empty() {
                let list: Vec<String> = wrong.iter().map(|(p, w)| format!("  {p}: {w}")).collect();
                self.core.diags.push(
                    Diagnostic::error(
                        "Provider produced inconsistent result after apply",
                        format!(
                            "{address} is not what was planned:\n{}\n\nThis is a bug in the provider.",
                            list.join("\n")
                        ),
                    )
                    .on(address),
                );
                *ok = false;
            }
        }
        object
    }

    fn store(&mut self, m: &Making, change: &Change, info: &TypeInfo, object: &Value, private: &[u8], failed: bool) {
        let addr = instance_to_state(&change.addr);
        if m.action == Action::Delete {
            match object.is_null() {
                true => {
                    self.state.remove_instance(&addr, m.deposed.as_deref());
                }
                false => {
                    if let Some(stored) = self.state.instance_mut(&addr, m.deposed.as_deref()) {
                        stored.attributes = Arc::new(sdt_value::to_json(&object.clone().unmark_deep().0, &info.ty));
                    }
                }
            }
            return;
        }
        if object.is_null() {
            return;
        }
        let mut instance = object_to_state(change.addr.key.as_ref(), &info.schema, &info.ty, object, private);
        instance.tainted = failed && m.action == Action::Create;
        if failed && m.action == Action::Update {
            instance.tainted = self.state.instance(&addr, None).is_some_and(|i| i.tainted);
        }
        instance.dependencies = self.dependencies(m.n);
        if failed && let Some(before) = self.state.instance(&addr, None) {
            // What it was to turn away from it may still use.
            let both: std::collections::BTreeSet<_> =
                before.dependencies.iter().chain(instance.dependencies.iter()).cloned().collect();
            instance.dependencies = both.into_iter().collect();
        }
        instance.create_before_destroy = change.create_before_destroy;
        self.state.set_instance(&resource_to_state(&change.addr), &change.provider.to_string(), instance);
    }
}

/// The object with null in place of everything unknown.
pub(super) fn known(object: Value) -> Value {
    if object.is_wholly_known() {
        return object;
    }
    let replaced = object.clone().transform::<std::convert::Infallible>(&mut |_, v| {
        Ok(match v.kind() {
            Kind::Unknown(ty, _) => Value::null(ty.clone()),
            _ => v,
        })
    });
    replaced.unwrap_or(object)
}
