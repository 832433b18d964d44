//! Provider configurations start, recover what a journal left open, and read all their objects in bulk.

use std::collections::BTreeSet;

use petgraph::graph::NodeIndex;
use sdt_addr::{AbsProviderConfig, Mode};
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_plan::{Action, Drift, NodeAddr, Resume};
use sdt_provider::{ReadAnswer, ReadRequest, RecoverAnswer, RecoverRequest};
use sdt_state::{Done, Entry, Failed, Unresolved, v4};
use sdt_value::Value;

use super::{Pending, PlanWalk, Unfinished};
use crate::convert::{config_resource, id_of, instance_from_state, object_to_state, private_from_state};
use crate::op::{Op, OpId, Progress, ProviderKey};

impl PlanWalk {
    pub(super) fn start_provider(&mut self, n: NodeIndex, addr: &AbsProviderConfig) {
        let key = ProviderKey(self.provider_keys.len() as u32);
        self.provider_keys.insert(n, key);
        let Some((_, config)) = self.core.provider_config(n) else {
            self.sched.finish(n, false);
            return;
        };
        if !config.is_wholly_known() {
            self.provider_unknown.insert(n);
        }
        let id = self.core.op_id();
        self.pending.insert(id, Pending::Configure(n));
        self.core.ops.push(Op::Configure { id, key, provider: addr.provider.clone(), config });
    }

    pub(super) fn on_configured(&mut self, n: NodeIndex, result: Result<(), Diagnostics>) {
        if let Err(diags) = result {
            let span = match &self.core.graph.node(n).addr {
                NodeAddr::Provider(addr) => crate::core::block_span(&self.core.config, addr),
                _ => None,
            };
            let placed = diags.into_iter().map(|d| match (d.subject, span) {
                (None, Some(span)) => d.at(span),
                _ => d,
            });
            self.core.diags.extend(Diagnostics(placed.collect()));
            self.sched.finish(n, false);
            return;
        }
        if self.provider_unknown.contains(&n) {
            if self.objects_of(n).next().is_some() && self.options.refresh {
                self.core.diags.push(Diagnostic::warning(
                    "Objects not refreshed",
                    format!(
                        "The configuration of {} is not known before apply, so its objects could not be read. The plan relies on what state remembers of them.",
                        self.core.graph.node(n).addr
                    ),
                ));
            }
            self.sched.finish(n, true);
            return;
        }
        let open: Vec<usize> = (0..self.unresolved.len()).filter(|i| self.recovers_with(*i) == Some(n)).collect();
        for i in &open {
            if self.unresolved[*i].begun.action != sdt_state::Action::Create {
                // Reading the object tells what became of an update or deletion.
                if self.options.refresh {
                    let begun = self.unresolved[*i].begun.clone();
                    let message = "the object was read again when the run was recovered".into();
                    // An update may have made it use what it did not use before.
                    let there = self.state.instance_mut(&begun.address, begun.deposed.as_deref());
                    let there = there.filter(|t| {
                        begun.action == sdt_state::Action::Update
                            && t.id().is_some()
                            && t.id() == begun.prior_id.as_deref()
                    });
                    let object = there.map(|t| {
                        let made_after = begun.dependencies.iter().map(|d| std::sync::Arc::from(d.as_str()));
                        let both: BTreeSet<std::sync::Arc<str>> =
                            t.dependencies.iter().cloned().chain(made_after).collect();
                        t.dependencies = both.into_iter().collect();
                        v4::instance_to_json(t)
                    });
                    self.recovered.push(Entry::Failed(Failed { token: begun.token.clone(), message, object }));
                }
                continue;
            }
            let Some(request) = self.recover_request(*i) else { continue };
            let id = self.core.op_id();
            self.pending.insert(id, Pending::Recover(n, *i));
            self.core.ops.push(Op::Recover { id, provider: self.provider_keys[&n], request });
        }
        if !self.recovering(n) {
            self.refresh(n);
        }
    }

    fn recovering(&self, n: NodeIndex) -> bool {
        self.pending.values().any(|p| matches!(p, Pending::Recover(m, _) if *m == n))
    }

    /// The provider node that can resolve an open action.
    fn recovers_with(&self, i: usize) -> Option<NodeIndex> {
        let begun = &self.unresolved[i].begun;
        let resource = config_resource(&begun.address.resource)?;
        match self.core.graph.find(&NodeAddr::Resource(resource)) {
            Some(n) => self.core.graph.node(n).provider,
            None => {
                let addr: AbsProviderConfig = begun.provider.parse().ok()?;
                self.core.graph.find(&NodeAddr::Provider(addr))
            }
        }
    }

    fn recover_request(&mut self, i: usize) -> Option<RecoverRequest> {
        let Unresolved { begun, id_known, .. } = self.unresolved[i].clone();
        let resource = config_resource(&begun.address.resource)?;
        let n = self.core.graph.find(&NodeAddr::Resource(resource))?;
        let info = self.core.type_info(n)?;
        let value = |json: &serde_json::Value| {
            if json.is_null() {
                Value::null(info.ty.clone())
            } else {
                sdt_value::from_json(json, &info.ty).unwrap_or_else(|_| Value::null(info.ty.clone()))
            }
        };
        Some(RecoverRequest {
            type_name: begun.address.resource.ty.as_str().into(),
            planned: value(&begun.planned),
            prior: value(&begun.prior),
            known: id_known.as_ref().map(|k| value(&k.attributes)),
            token: begun.token.clone(),
        })
    }

    pub(super) fn on_recovered(&mut self, n: NodeIndex, i: usize, answer: RecoverAnswer) {
        let Unresolved { begun, id_known, .. } = self.unresolved[i].clone();
        let address = begun.address.to_string();
        let token = begun.token.clone();
        // An object whose id is known exists or is gone; reading tells which.
        let answer = match (answer, &id_known) {
            (RecoverAnswer::Unclear(_), Some(known)) => match self.known_object(i, known) {
                Some((object, private)) => RecoverAnswer::Found { unfinished: Some(object.clone()), object, private },
                None => RecoverAnswer::Unclear(Vec::new()),
            },
            (answer, _) => answer,
        };
        match answer {
            RecoverAnswer::Found { object, private, unfinished } => {
                let complete = unfinished.is_none();
                let resumed = self.take_recovered(&begun, &object, &private, unfinished);
                self.core.diags.push(Diagnostic::warning(
                    "Object of an interrupted run found",
                    format!(
                        "A run that did not come to its end created {address} (id {}). It is managed again{}.",
                        id_of(&object).unwrap_or_default(),
                        match (complete, resumed) {
                            (true, _) => "",
                            (_, true) => "; an apply does what is left of its creation",
                            _ => " and marked as tainted, since its creation may not be complete",
                        }
                    ),
                ));
            }
            RecoverAnswer::Absent => {
                self.recovered.push(Entry::Failed(Failed {
                    token,
                    message: "the object was not found when the run was recovered".into(),
                    object: None,
                }));
            }
            RecoverAnswer::Unclear(complaints) => {
                let what: Vec<String> = complaints.iter().map(|c| format!("{}: {}", c.summary, c.detail)).collect();
                let known = id_known.map(|_| " The service had already named the object.").unwrap_or_default();
                self.core.diags.push(
                    Diagnostic::error(
                        "An interrupted run cannot be resolved",
                        format!(
                            "A run that did not come to its end began to create {address}, and it cannot be told whether the object exists.{known} Looked for: {}",
                            what.join("; ")
                        ),
                    )
                    .on(&address),
                );
            }
        }
        if !self.recovering(n) {
            self.refresh(n);
        }
    }

    /// Deletions of a dead run whose objects are seen to be gone have come to their end. The journal must tell, or the next run would
    /// take what was made since for a second object.
    pub(super) fn settle_deletions(&mut self) {
        let there =
            |ty: &str, id: &str| self.state.instances().any(|(at, _, i)| at.resource.ty == ty && i.id() == Some(id));
        let gone: BTreeSet<&str> = self
            .unresolved
            .iter()
            .map(|u| &u.begun)
            .filter(|b| b.action == sdt_state::Action::Delete)
            .filter(|b| b.prior_id.as_deref().is_some_and(|id| !there(&b.address.resource.ty, id)))
            .map(|b| b.token.as_str())
            .collect();
        for entry in &mut self.recovered {
            if let Entry::Failed(Failed { token, .. }) = entry
                && gone.contains(token.as_str())
            {
                *entry = Entry::Done(Done { token: std::mem::take(token), object: None });
            }
        }
    }

    /// The object as far as the service had named it.
    fn known_object(&mut self, i: usize, known: &sdt_state::IdKnown) -> Option<(Value, sdt_provider::Private)> {
        let resource = config_resource(&self.unresolved[i].begun.address.resource)?;
        let n = self.core.graph.find(&NodeAddr::Resource(resource))?;
        let info = self.core.type_info(n)?;
        let object = sdt_value::from_json(&known.attributes, &info.ty).ok()?;
        Some((object, private_from_state(known.private.as_deref())))
    }

    /// Puts a recovered object where its creation would have put it. Returns whether this plan brings the creation to its end.
    fn take_recovered(
        &mut self,
        begun: &sdt_state::Begun,
        object: &Value,
        private: &[u8],
        unfinished: Option<Value>,
    ) -> bool {
        let resource = config_resource(&begun.address.resource);
        let node = resource.and_then(|r| self.core.graph.find(&NodeAddr::Resource(r)));
        let (Some(node), Some(addr)) = (node, instance_from_state(&begun.address)) else { return false };
        let Some(info) = self.core.type_info(node) else { return false };
        let mut instance = object_to_state(addr.key.as_ref(), &info.schema, &info.ty, object, private);
        instance.tainted = unfinished.is_some();
        instance.dependencies = begun.dependencies.iter().map(|d| d.as_str().into()).collect();
        instance.create_before_destroy = begun.create_before_destroy;
        let elsewhere = self.state.instances().any(|(at, _, there)| {
            at.resource.ty == begun.address.resource.ty
                && there.id().is_some()
                && there.id() == instance.id()
                && (there.deposed.is_some() || at != begun.address)
        });
        if elsewhere {
            // A later run has taken it up already and put it aside, and could not tell the journal.
            self.recovered.push(Entry::Failed(Failed {
                token: begun.token.clone(),
                message: "the state has the object at another place by now".into(),
                object: None,
            }));
            return false;
        }
        let json = v4::instance_to_json(&instance);
        let entry = Entry::Done(Done { token: begun.token.clone(), object: Some(json) });
        let other = self.state.instance(&begun.address, None).is_some_and(|there| there.id() != instance.id());
        let free = |key: &&String| self.state.instance(&begun.address, Some(key)).is_none();
        match begun.deposes.as_ref().filter(free) {
            // The creation had put its predecessor aside.
            Some(key) if other && self.state.depose(&begun.address, key) => self.depose_prior(node, &addr, key),
            // Somebody else's object is at the address by now; ours goes with the next apply.
            _ if other => instance.deposed = Some(begun.token.chars().take(8).collect()),
            _ => {}
        }
        let deposed = instance.deposed.clone();
        self.state.set_instance(&begun.address.resource, &begun.provider, instance);
        // Nobody knows how far provisioners had come.
        let tainted = unfinished.is_some();
        let resume = unfinished.filter(|_| deposed.is_none() && !self.provisions(node));
        let resumed = resume.is_some();
        let id = self.add_prior(node, addr.clone(), deposed, object, private, tainted && !resumed);
        if let Some(made) = resume {
            // In the state it stays tainted, and in the journal open, until that is done.
            self.priors[id].resume = Some(Resume { token: begun.token.clone(), made });
            // What is left of the creation is done with the configuration of today, which may make the object use what the run
            // that began it did not know of. Should this run die as well, the journal must tell of that.
            let mut again = begun.clone();
            let now = self.dependencies(node);
            let both: BTreeSet<String> =
                begun.dependencies.iter().cloned().chain(now.iter().map(ToString::to_string)).collect();
            again.dependencies = both.into_iter().collect();
            let known = sdt_state::IdKnown {
                token: begun.token.clone(),
                attributes: sdt_value::to_json(object, &info.ty),
                private: crate::convert::private_to_state(private),
            };
            self.recovered.push(Entry::Begun(Box::new(again)));
            self.recovered.push(Entry::IdKnown(known));
            self.unfinished.push(Unfinished { addr, entry });
        } else {
            self.recovered.push(entry);
        }
        resumed
    }

    /// Whether something runs after a creation.
    fn provisions(&self, node: NodeIndex) -> bool {
        let NodeAddr::Resource(of) = &self.core.graph.node(node).addr else { return false };
        let resource = self.core.config.resource(of);
        resource.is_some_and(|r| r.provisioners.iter().any(|p| p.when == sdt_config::ProvisionerWhen::Create))
    }

    fn depose_prior(&mut self, node: NodeIndex, addr: &sdt_addr::ResourceInstance, key: &str) {
        let Some(id) = self.prior(node, addr) else { return };
        let prior = self.priors[id].clone();
        self.priors[id].exists = false;
        self.add_prior(node, prior.addr, Some(key.to_owned()), &prior.value, &prior.private, prior.tainted);
    }

    /// Managed objects of a provider configuration that this run is about.
    fn objects_of(&self, provider: NodeIndex) -> impl Iterator<Item = usize> + '_ {
        (0..self.priors.len()).filter(move |i| {
            let p = &self.priors[*i];
            p.exists
                && p.addr.resource.mode == Mode::Managed
                && self.core.graph.node(p.node).provider == Some(provider)
                && self.included(p.node, &p.addr)
                && !self.will_be_forgotten(p.node, &p.addr)
                && crate::overrides::of(&self.core.overrides, &p.addr).is_none()
        })
    }

    /// What it has become is of no interest any more.
    fn will_be_forgotten(&self, n: NodeIndex, addr: &sdt_addr::ResourceInstance) -> bool {
        let NodeAddr::Resource(of) = &self.core.graph.node(n).addr else { return false };
        self.options.mode != sdt_plan::PlanMode::Destroy
            && self.core.config.resource(of).is_none()
            && self.forgotten(addr)
    }

    /// Asks for all objects of a provider configuration at once.
    fn refresh(&mut self, n: NodeIndex) {
        let objects: Vec<usize> = if self.options.refresh { self.objects_of(n).collect() } else { Vec::new() };
        if objects.is_empty() {
            self.sched.finish(n, true);
            return;
        }
        let mut requests = Vec::with_capacity(objects.len());
        for i in objects {
            let prior = &self.priors[i];
            requests.push(ReadRequest {
                key: i as u64,
                type_name: prior.addr.resource.type_name.clone(),
                prior: prior.value.clone(),
                private: prior.private.clone(),
            });
            self.core
                .progress
                .push(Progress::RefreshStart { address: prior.addr.to_string(), id: id_of(&prior.value) });
            self.runs.entry(prior.node).or_default().open += 1;
        }
        let id = self.core.op_id();
        self.pending.insert(id, Pending::Refresh(n));
        self.core.ops.push(Op::Refresh { id, provider: self.provider_keys[&n], requests });
        self.sched.finish(n, true);
    }

    pub(super) fn on_read(&mut self, _op: OpId, answer: ReadAnswer) {
        let i = answer.key as usize;
        let Some(node) = self.priors.get(i).map(|p| p.node) else { return };
        let address = self.priors[i].addr.to_string();
        let mut ok = true;
        match answer.result {
            Ok((value, private)) => self.take_read(i, value, private),
            Err(complaints) => ok = self.complain(node, &address, complaints),
        }
        self.core.progress.push(Progress::RefreshDone { address, id: id_of(&self.priors[i].value) });
        self.close_one(node, ok);
    }

    fn take_read(&mut self, i: usize, value: Value, private: sdt_provider::Private) {
        let prior = &self.priors[i];
        let Some(info) = self.core.type_info(prior.node) else { return };
        let prior = &mut self.priors[i];
        let same = !value.is_null() && prior.value.raw_equals(&value);
        if same && *prior.private == *private {
            return;
        }
        let before = prior.marked(&info);
        prior.private = private;
        if value.is_null() {
            prior.exists = false;
        } else {
            prior.value = value;
        }
        let after = if prior.exists { prior.marked(&info) } else { Value::null(info.ty.clone()) };
        let imported = prior.imported.is_some();
        let (addr, deposed, node) = (prior.addr.clone(), prior.deposed.clone(), prior.node);
        let action = if prior.exists { Action::Update } else { Action::Delete };
        if !same && !imported {
            let previous = self.moved.get(&addr).cloned();
            if let Some(provider) = self.provider_addr(node) {
                let drift = Drift { addr, previous, deposed, provider, action, before, after };
                self.core.progress.push(Progress::Drifted(drift.clone().into()));
                self.drift.push(drift);
            }
        }
        self.store_prior(i);
    }

    pub(super) fn on_refreshed(&mut self, _n: NodeIndex) {}

    pub(super) fn provider_addr(&self, node: NodeIndex) -> Option<AbsProviderConfig> {
        match &self.core.graph.node(self.core.graph.node(node).provider?).addr {
            NodeAddr::Provider(p) => Some(p.clone()),
            _ => None,
        }
    }

    pub(super) fn add_prior(
        &mut self,
        node: NodeIndex,
        addr: sdt_addr::ResourceInstance,
        deposed: Option<String>,
        object: &Value,
        private: &[u8],
        tainted: bool,
    ) -> usize {
        let deposed = deposed.map(sdt_value::Str::from);
        let id = self.priors.len();
        self.priors.push(super::prior::Prior {
            node,
            addr,
            deposed,
            tainted,
            resume: None,
            value: object.clone(),
            marks: Vec::new(),
            private: private.into(),
            exists: true,
            imported: None,
        });
        let priors = &self.priors;
        let all = self.priors_of.entry(node).or_default();
        let new = (&priors[id].addr, priors[id].deposed.as_deref());
        // A stale entry of the same place gives way.
        match all.binary_search_by(|p| (&priors[*p].addr, priors[*p].deposed.as_deref()).cmp(&new)) {
            Ok(at) => all[at] = id,
            Err(at) => all.insert(at, id),
        }
        id
    }
}
