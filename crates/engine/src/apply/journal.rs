//! Tokens and journal entries.

use sdt_addr::ResourceInstance;
use sdt_plan::{Action, Change};
use sdt_state::{Begun, Done, Entry, Failed, v4};
use sdt_value::Value;
use sha2::{Digest as _, Sha256};

use super::ApplyWalk;
use super::change::Making;
use crate::convert::{id_of, instance_to_state, private_to_state};
use crate::core::TypeInfo;
use crate::op::Op;

fn hex(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for p in parts {
        hash.update((p.len() as u64).to_be_bytes());
        hash.update(p.as_bytes());
    }
    hash.finalize().iter().take(16).map(|b| format!("{b:02x}")).collect()
}

impl ApplyWalk {
    /// hash(lineage, run id, address, deposed key, attempt); the action tells apart the two halves of a replacement.
    pub(super) fn token(&self, addr: &ResourceInstance, action: Action, deposed: Option<&str>) -> String {
        let half = if action == Action::Delete { "delete" } else { "make" };
        hex(&[&self.lineage, &self.run_id, &addr.to_string(), deposed.unwrap_or_default(), half, "1"])
    }

    /// The key under which an object is put aside: eight hexadecimal digits, not taken yet.
    pub(super) fn deposed_key(&self, change: &Change) -> String {
        let addr = instance_to_state(&change.addr);
        let keys = (0u32..).map(|i| {
            let n = i.to_string();
            hex(&[&self.lineage, &self.run_id, &change.addr.to_string(), "deposed", &n])
                .chars()
                .take(8)
                .collect::<String>()
        });
        keys.into_iter().find(|k| self.state.instance(&addr, Some(k)).is_none()).unwrap_or_default()
    }

    pub(super) fn begun(&mut self, m: &Making, info: &TypeInfo, change: &Change) -> Begun {
        let json = |v: &Value| if v.is_null() { serde_json::Value::Null } else { sdt_value::to_json(v, &info.ty) };
        let secret_inputs = info
            .schema
            .block
            .attributes
            .iter()
            .any(|(name, a)| a.write_only && m.config.get(name).is_some_and(|v| !v.is_null()));
        Begun {
            token: m.token.clone(),
            run_id: self.run_id.clone(),
            address: instance_to_state(&change.addr),
            deposed: m.deposed.clone(),
            deposes: m.deposes.clone(),
            action: match m.action {
                Action::Create => sdt_state::Action::Create,
                Action::Update => sdt_state::Action::Update,
                _ => sdt_state::Action::Delete,
            },
            provider: change.provider.to_string(),
            schema_version: info.schema.version,
            planned: json(&m.planned),
            // What must not be stored is not stored here either.
            config: if secret_inputs { serde_json::Value::Null } else { json(&m.config) },
            prior: json(&m.prior),
            prior_id: id_of(&m.prior),
            private: private_to_state(&m.private),
            dependencies: self.dependencies(m.n).iter().map(ToString::to_string).collect(),
            create_before_destroy: change.create_before_destroy,
            replayable: !secret_inputs,
            attempt: 1,
            time: String::new(),
        }
    }

    /// What the journal says in the end: the object as it is in the state by now.
    pub(super) fn journal_end(&mut self, m: &Making, change: &Change, failure: Option<String>) {
        // What has no effect outside needs no entry before its call: one after it, with the outcome, is all there is to know.
        let begun = match (m.journalled, self.core.type_info(m.n)) {
            (true, _) => None,
            (false, Some(info)) if self.lasting => Some(Entry::Begun(Box::new(self.begun(m, &info, change)))),
            _ => return,
        };
        let addr = instance_to_state(&change.addr);
        let object = self.state.instance(&addr, m.deposed.as_deref()).map(v4::instance_to_json);
        let token = m.token.clone();
        let entry = match failure {
            None => Entry::Done(Done { token, object: if m.action == Action::Delete { None } else { object } }),
            Some(message) => Entry::Failed(Failed { token, message, object }),
        };
        self.core.ops.push(Op::Journal(begun.into_iter().chain([entry]).collect()));
    }

    /// How planning resolved what an interrupted run had left open; written before anything else.
    pub(super) fn write_recovered(&mut self) {
        let entries: Vec<Entry> =
            self.plan.recovered.iter().filter_map(|e| serde_json::from_value(e.clone()).ok()).collect();
        if !entries.is_empty() {
            self.core.ops.push(Op::Journal(entries));
        }
    }
}
