//! State ⊕ journal: what is really there after a run that did not come to its end.
//!
//! While the stored state is the one the run started from, its outcomes are simply applied in their order. When somebody
//! has written the state since (its serial rose), nothing of theirs is overwritten: objects are matched by address and
//! id, what only the journal knows is added, and where both know an object for one address, ours is added as deposed.
//! An object that is added although it has been destroyed meanwhile does no harm: the next refresh drops it. Overlaying
//! twice gives the same as once.

use std::collections::HashMap;
use std::fmt;

use crate::{Action, Begun, Entry, IdKnown, Instance, InstanceAddr, Mode, ResourceKey, Revision, Snapshot, State, v4};

/// What state and journal say together.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The state with every known outcome. Serial as stored; lineage that of the run if the stored state has none.
    pub state: State,
    /// What the stored state was: the base of the next write.
    pub revision: Revision,
    /// Whether the journal told something that the stored state does not hold.
    pub changed: bool,
    /// Actions that may or may not have happened, in the order in which they began.
    pub unresolved: Vec<Unresolved>,
    /// What people should know.
    pub notes: Vec<Note>,
    /// The journal of another lineage, which must not be cleared.
    foreign: Vec<Entry>,
}

impl Merged {
    /// Whether the journal holds entries that belong to another state.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        !self.foreign.is_empty()
    }

    /// The entries that must stay in the journal when it is cleared: those of unresolved actions.
    #[must_use]
    pub fn keep(&self) -> Vec<Entry> {
        let mut keep = self.foreign.clone();
        for action in &self.unresolved {
            if let Some(started) = &action.started
                && !keep.contains(started)
            {
                keep.push(started.clone());
            }
            keep.push(Entry::Begun(action.begun.clone()));
            keep.extend(action.id_known.clone().map(Entry::IdKnown));
        }
        keep
    }
}

/// An action that was begun and never ended. A create is resolved by its token, name or natural key; an update or delete
/// by reading the object, which refresh does anyway.
#[derive(Clone, Debug, PartialEq)]
pub struct Unresolved {
    /// The action.
    pub begun: Box<Begun>,
    /// The object's name, if the API had answered so far.
    pub id_known: Option<IdKnown>,
    started: Option<Entry>,
}

impl Unresolved {
    /// The object as far as it is known, to be put into the state and refreshed; none while its id is unknown.
    #[must_use]
    pub fn instance(&self) -> Option<Instance> {
        let known = self.id_known.as_ref()?;
        let mut instance =
            Instance::new(self.begun.address.index.clone(), self.begun.schema_version, known.attributes.clone());
        instance.deposed.clone_from(&self.begun.deposed);
        instance.private.clone_from(&known.private);
        instance.dependencies = self.begun.dependencies.iter().map(|d| d.as_str().into()).collect();
        instance.create_before_destroy = self.begun.create_before_destroy;
        Some(instance)
    }
}

/// Something a merge found worth telling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The journal holds an object that the state lacked.
    Recovered {
        /// Where it is now.
        address: InstanceAddr,
        /// Its id.
        id: String,
    },
    /// The state has another object at the address by now.
    Deposed {
        /// The address.
        address: InstanceAddr,
        /// Id of the object from the journal.
        id: String,
        /// Under which it was added.
        key: String,
    },
    /// The journal belongs to another state.
    OtherLineage {
        /// Of the journal.
        journal: String,
        /// Of the state.
        state: String,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recovered { address, id } => {
                write!(f, "{address} (id {id}) was created by a run that did not come to its end; it is managed again")
            }
            Self::Deposed { address, id, key } => write!(
                f,
                "{address}: a run that did not come to its end created {id}, and the state has another object there by now. {id} is kept as the deposed object {key} and will be destroyed by the next apply"
            ),
            Self::OtherLineage { journal, state } => write!(
                f,
                "the journal belongs to a state of lineage {journal}, the stored state has lineage {state}. The journal was left alone: restore the state it belongs to, or move the journal away if that state is gone for good"
            ),
        }
    }
}

/// Merges what a journal says into the state as stored.
#[must_use]
pub fn overlay(snapshot: Snapshot, entries: &[Entry]) -> Merged {
    let Snapshot { state, revision } = snapshot;
    let persisted = entries
        .iter()
        .rposition(|entry| matches!(entry, Entry::Persisting { md5, .. } if Some(md5) == revision.md5.as_ref()));
    let before = state.clone();
    let mut merge = Merge { state, notes: Vec::new(), risen: false };
    let mut open: Vec<Unresolved> = Vec::new();
    let mut by_token: HashMap<&str, Box<Begun>> = HashMap::new();
    let mut started = None;
    let mut foreign = Vec::new();
    let mut in_foreign = false;
    for (at, entry) in entries.iter().enumerate() {
        if let Entry::Started { lineage, serial, .. } = entry {
            let stored = &mut merge.state.lineage;
            in_foreign = !stored.is_empty() && !lineage.is_empty() && stored != lineage;
            if in_foreign {
                let note = Note::OtherLineage { journal: lineage.clone(), state: stored.clone() };
                if !merge.notes.contains(&note) {
                    merge.notes.push(note);
                }
            } else {
                if stored.is_empty() {
                    stored.clone_from(lineage);
                }
                merge.risen = before.serial > *serial;
                started = Some(entry.clone());
            }
        }
        if in_foreign {
            foreign.push(entry.clone());
            continue;
        }
        let settled = persisted.is_some_and(|p| at < p);
        match entry {
            Entry::Started { .. } | Entry::Persisting { .. } | Entry::Cleared => {}
            Entry::Begun(begun) => {
                by_token.insert(&begun.token, begun.clone());
                open.retain(|u| u.begun.token != begun.token);
                open.push(Unresolved { begun: begun.clone(), id_known: None, started: started.clone() });
            }
            Entry::IdKnown(known) => {
                if let Some(action) = open.iter_mut().find(|u| u.begun.token == known.token) {
                    action.id_known = Some(known.clone());
                }
            }
            Entry::Done(crate::Done { token, object }) | Entry::Failed(crate::Failed { token, object, .. }) => {
                open.retain(|u| u.begun.token != *token);
                let Some(begun) = by_token.get(token.as_str()) else { continue };
                if settled {
                    continue;
                }
                match object.as_ref().map(v4::instance_from_json) {
                    Some(Ok(instance)) => merge.put(begun, instance),
                    // An object that we wrote and cannot read must not be dropped: look it up again.
                    Some(Err(_)) => {
                        open.push(Unresolved { begun: begun.clone(), id_known: None, started: started.clone() });
                    }
                    None if matches!(entry, Entry::Done(_)) => merge.remove(begun),
                    None => {}
                }
            }
            Entry::Outputs { outputs, check_results } => {
                if !settled && !merge.risen {
                    merge.state.outputs = outputs
                        .iter()
                        .filter_map(|(name, json)| Some((name.clone(), v4::output_from_json(json).ok()?)))
                        .collect();
                    merge.state.check_results.clone_from(check_results);
                }
            }
        }
    }
    let changed = !merge.state.same_content(&before);
    Merged { state: merge.state, revision, changed, unresolved: open, notes: merge.notes, foreign }
}

struct Merge {
    state: State,
    notes: Vec<Note>,
    /// Somebody has written the state since the run began.
    risen: bool,
}

impl Merge {
    fn put(&mut self, begun: &Begun, mut instance: Instance) {
        let addr = &begun.address;
        let deposed = begun.deposed.as_deref();
        instance.index.clone_from(&addr.index);
        instance.deposed.clone_from(&begun.deposed);
        let id = instance.id().unwrap_or_default().to_owned();
        let current = self.state.instance(addr, deposed);
        let same = current.is_some_and(|c| same_object(c, &instance));
        if same {
            // Whoever wrote the state after us knew this object and has seen it later than we did.
            if self.risen {
                // What we have made it use, it still uses.
                if let Some(there) = self.state.instance_mut(addr, deposed) {
                    let both: std::collections::BTreeSet<_> =
                        there.dependencies.iter().chain(instance.dependencies.iter()).cloned().collect();
                    there.dependencies = both.into_iter().collect();
                }
                return;
            }
        } else if let Some(current) = current {
            let planned = begun.action == Action::Create && current.id().map(str::to_owned) == begun.prior_id;
            match &begun.deposes {
                Some(key) if !self.risen || planned => drop(self.state.depose(addr, key)),
                _ if self.risen => return self.put_aside(begun, instance, id),
                // One of the two should be gone, and nothing says which: looking at them tells.
                _ => {
                    let key = format!("{:08x}", crate::journal::crc32(begun.token.as_bytes()));
                    self.state.depose(addr, &key);
                }
            }
        } else if let Some((other, key)) = self.find(&addr.resource, &id) {
            // A move that was not persisted yet, or one that somebody else made: the object stays one object.
            if self.risen {
                return;
            }
            if begun.action != Action::Create {
                self.state.remove_instance(&other, key.as_deref());
            }
        } else if self.risen && begun.action != Action::Create {
            // Somebody has removed it since.
            return;
        } else if begun.action == Action::Create && addr.resource.mode == Mode::Managed {
            self.notes.push(Note::Recovered { address: addr.clone(), id });
        }
        self.state.set_instance(&addr.resource, &begun.provider, instance);
    }

    /// Adds our object beside the one that the state has at its address by now.
    fn put_aside(&mut self, begun: &Begun, mut instance: Instance, id: String) {
        let addr = &begun.address;
        if begun.action != Action::Create || self.find(&addr.resource, &id).is_some() {
            return;
        }
        let key = format!("{:08x}", crate::journal::crc32(begun.token.as_bytes()));
        instance.deposed = Some(key.clone());
        self.state.set_instance(&addr.resource, &begun.provider, instance);
        self.notes.push(Note::Deposed { address: addr.clone(), id, key });
    }

    fn remove(&mut self, begun: &Begun) {
        let deposed = begun.deposed.as_deref();
        let prior = begun.prior_id.as_deref();
        if begun.action != Action::Delete {
            return;
        }
        let at = match self.state.instance(&begun.address, deposed) {
            Some(current) if prior.is_none() || current.id() == prior => {
                Some((begun.address.clone(), begun.deposed.clone()))
            }
            _ => prior.and_then(|id| self.find(&begun.address.resource, id)),
        };
        if let Some((addr, deposed)) = at {
            self.state.remove_instance(&addr, deposed.as_deref());
        }
    }

    /// Finds an object of the type by its id, wherever it is.
    fn find(&self, key: &ResourceKey, id: &str) -> Option<(InstanceAddr, Option<String>)> {
        if id.is_empty() {
            return None;
        }
        let same_type = self.state.resources.iter().filter(|(k, _)| k.ty == key.ty && k.mode == key.mode);
        same_type
            .flat_map(|(k, r)| r.instances.iter().map(move |i| (k, i)))
            .find(|(_, i)| i.id() == Some(id))
            .map(|(k, i)| (k.instance(i.index.clone()), i.deposed.clone()))
    }
}

fn same_object(a: &Instance, b: &Instance) -> bool {
    match (a.id(), b.id()) {
        (None, None) => a.attributes == b.attributes,
        (a, b) => a == b,
    }
}

/// Entries for tests.
#[cfg(test)]
pub(crate) mod samples {
    use serde_json::Value as Json;

    use crate::{Action, Begun, Entry, LockInfo};

    pub(crate) fn begun(token: &str, action: Action, address: &str) -> Entry {
        Entry::Begun(Box::new(Begun {
            token: token.into(),
            run_id: "r".into(),
            address: address.parse().unwrap(),
            deposed: None,
            deposes: None,
            action,
            provider: "p".into(),
            schema_version: 0,
            planned: Json::Null,
            config: Json::Null,
            prior: Json::Null,
            prior_id: None,
            private: None,
            dependencies: Vec::new(),
            create_before_destroy: false,
            replayable: true,
            attempt: 0,
            time: String::new(),
        }))
    }

    pub(crate) fn started(serial: u64) -> Entry {
        Entry::Started {
            run_id: "r".into(),
            lineage: "l".into(),
            serial,
            lock: Box::new(LockInfo::default()),
            time: String::new(),
        }
    }
}

#[cfg(test)]
mod tests;
