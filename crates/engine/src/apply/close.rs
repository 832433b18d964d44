//! The end of an apply: providers hear what is durable, and objects that changes were made to by way of others are read once more.
//!
//! An address gains its association when the gateway that uses it is made, a security group its rules, a role its policies: without
//! this read the state would be stale from the start, and a look for drift right after an apply would find some. It is one bulk read
//! per provider configuration, of the objects that what has changed depends on.

use std::collections::BTreeSet;
use std::sync::Arc;

use petgraph::graph::NodeIndex;
use rustc_hash::{FxHashMap, FxHashSet};
use sdt_addr::Mode;
use sdt_plan::{NodeAddr, PlanMode};
use sdt_provider::{Complaint, Marked, ReadAnswer, ReadRequest};
use sdt_state::InstanceAddr;

use super::{ApplyWalk, Pending};
use crate::convert::{config_resource, private_from_state, private_to_state};
use crate::op::{Op, OpId, ProviderKey};
use crate::plan::decode_instance;

/// What the end of an apply has to do.
#[derive(Default)]
pub(super) struct Closing {
    begun: bool,
    /// Whether earlier runs have left objects marked.
    marked: bool,
    /// Tokens of creations that have succeeded.
    tokens: FxHashMap<ProviderKey, Vec<String>>,
    /// What has changed; what that depends on is read once more.
    touched: FxHashSet<NodeIndex>,
    /// Objects that are being read, with the node they belong to, by the number of their request.
    reading: FxHashMap<(OpId, u64), (InstanceAddr, NodeIndex)>,
}

impl Closing {
    pub(super) fn new(marked: bool) -> Self {
        Self { marked, ..Self::default() }
    }

    /// Remembers a change that has been made.
    pub(super) fn made(&mut self, provider: Option<ProviderKey>, token: Option<&str>, n: NodeIndex) {
        if let (Some(provider), Some(token)) = (provider, token) {
            self.tokens.entry(provider).or_default().push(token.to_owned());
        }
        self.touched.insert(n);
    }

    /// Tells whether something may still be started.
    pub(super) fn is_open(&self) -> bool {
        !self.begun && (self.marked || !self.tokens.is_empty() || !self.touched.is_empty())
    }
}

impl ApplyWalk {
    /// Starts the end, once nothing else runs.
    pub(super) fn close(&mut self) {
        if !self.closing.is_open() || !self.pending.is_empty() || (self.sched.open() > 0 && !self.halted) {
            return;
        }
        self.closing.begun = true;
        let mut tokens = std::mem::take(&mut self.closing.tokens);
        let mut marked = self.marked_objects();
        for provider in tokens.keys().chain(marked.keys()).copied().collect::<BTreeSet<_>>() {
            let (tokens, marked) =
                (tokens.remove(&provider).unwrap_or_default(), marked.remove(&provider).unwrap_or_default());
            let id = self.core.op_id();
            self.pending.insert(id, Pending::Settle);
            self.core.ops.push(Op::Settle { id, provider, tokens, marked });
        }
        if self.interrupted || self.plan.mode == PlanMode::Destroy {
            // Who asked to stop does not wait for more; what is all gone has nothing to be read.
            return;
        }
        for (provider, objects) in self.touched_objects() {
            let id = self.core.op_id();
            let mut requests = Vec::with_capacity(objects.len());
            for (key, (addr, n, request)) in objects.into_iter().enumerate() {
                let key = key as u64;
                requests.push(ReadRequest { key, ..request });
                self.closing.reading.insert((id, key), (addr, n));
            }
            self.pending.insert(id, Pending::LastLook);
            self.core.ops.push(Op::Refresh { id, provider, requests });
        }
    }

    /// What earlier runs have left marked and is still there, by provider configuration.
    fn marked_objects(&self) -> FxHashMap<ProviderKey, Vec<Marked>> {
        let mut out: FxHashMap<ProviderKey, Vec<Marked>> = FxHashMap::default();
        for m in &self.plan.marked {
            let node = self.core.graph.find(&NodeAddr::Provider(m.provider.clone()));
            let Some(key) = node.and_then(|n| self.provider_keys.get(&n)) else { continue };
            let of_type = self.state.resources.iter().filter(|(k, _)| k.ty == *m.type_name);
            if of_type.flat_map(|(_, r)| &r.instances).any(|i| i.id() == Some(&m.id)) {
                out.entry(*key).or_default().push(Marked { type_name: m.type_name.clone(), id: m.id.clone() });
            }
        }
        out
    }

    /// The objects to read, by provider configuration.
    fn touched_objects(&mut self) -> FxHashMap<ProviderKey, Vec<(InstanceAddr, NodeIndex, ReadRequest)>> {
        let mut out: FxHashMap<ProviderKey, Vec<_>> = FxHashMap::default();
        // Everything that a change needs, walked once, without the changes that nothing else needs.
        let changed = std::mem::take(&mut self.closing.touched);
        let graph = &self.core.graph;
        let needed = changed.iter().flat_map(|n| graph.graph.neighbors_directed(*n, petgraph::Direction::Incoming));
        let touched = graph.with_needed(needed.collect::<Vec<_>>());
        let keys: Vec<_> = self.state.resources.keys().cloned().collect();
        for key in keys {
            let config = config_resource(&key).filter(|c| c.resource.mode == Mode::Managed);
            let node = config.and_then(|c| self.core.graph.find(&NodeAddr::Resource(c)));
            let Some(n) = node.filter(|n| touched.contains(n)) else { continue };
            let (Some(provider), Some(info)) = (self.provider_key(n), self.core.type_info(n)) else { continue };
            if !info.provider.has_outside_effects() {
                continue;
            }
            let Some(resource) = self.state.resources.get(&key) else { continue };
            for instance in resource.instances.iter().filter(|i| i.deposed.is_none() && !i.tainted) {
                let addr = InstanceAddr { resource: key.clone(), index: instance.index.clone() };
                // What cannot be read by the current schema is none of ours now.
                let Ok(prior) = decode_instance(&info, &key.ty, &addr.to_string(), instance) else { continue };
                let request = ReadRequest {
                    key: 0,
                    type_name: (*key.ty).into(),
                    prior,
                    private: private_from_state(instance.private.as_deref()),
                };
                out.entry(provider).or_default().push((addr, n, request));
            }
        }
        out
    }

    /// Takes an object in as it is by now. One that cannot be read stays as it was: the next refresh says why.
    pub(super) fn on_last_look(&mut self, op: OpId, answer: ReadAnswer) {
        let Some((addr, n)) = self.closing.reading.remove(&(op, answer.key)) else { return };
        let (Ok((object, private)), Some(info)) = (answer.result, self.core.type_info(n)) else { return };
        if object.is_null() {
            return;
        }
        if let Some(instance) = self.state.instance_mut(&addr, None) {
            instance.attributes = Arc::new(sdt_value::to_json(&object.unmark_deep().0, &info.ty));
            instance.private = private_to_state(&private);
        }
    }

    /// A token that could not be cleared away does no harm, but the user should know of the tag.
    pub(super) fn on_settled(&mut self, complaints: Vec<Complaint>) {
        for c in complaints {
            self.core.diags.push(sdt_diag::Diagnostic::warning(c.summary, c.detail));
        }
    }
}
