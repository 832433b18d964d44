//! A store that fails, dies, and has rivals.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use sdt_state::{
    Entry, Instance, Lock, LockInfo, LockRequest, MemoryStore, ResourceKey, Revision, Snapshot, State, StateStore,
    StoreError, Unlocked,
};
use serde_json::json;

use super::chaos::{Chaos, Mutation};
use super::chaos_cloud::ChaosCloud;

/// A memory store in one life.
pub struct ChaosStore {
    /// What survives.
    pub inner: Arc<MemoryStore>,
    /// The life's luck.
    pub chaos: Arc<Chaos>,
    /// Where a rival creates.
    pub cloud: Arc<ChaosCloud>,
    /// What is taken out.
    pub mutation: Mutation,
    /// Chance per hundred that somebody else writes the state just before we do.
    pub rivals: u64,
    /// Entries that are said to be durable and are not.
    pub unsynced: Mutex<Vec<Entry>>,
}

impl ChaosStore {
    fn full(&self) -> Result<(), StoreError> {
        if self.chaos.store_fails() {
            self.chaos.note("store: full");
            return Err(StoreError::io("writing", std::io::Error::from(std::io::ErrorKind::StorageFull)));
        }
        Ok(())
    }

    async fn sync(&self) -> Result<(), StoreError> {
        let entries = std::mem::take(&mut *self.unsynced.lock().unwrap_or_else(PoisonError::into_inner));
        if entries.is_empty() { Ok(()) } else { self.inner.journal_append(entries).await }
    }

    /// Somebody without a lock creates an object and writes it into the state.
    async fn rival(&self) {
        if self.chaos.below(100) >= self.rivals {
            return;
        }
        let Ok(snapshot) = self.inner.read().await else { return };
        let base = snapshot.state.clone();
        if base.lineage.is_empty() {
            return;
        }
        let name = format!("rival{}", base.serial);
        let id = self.cloud.create(&name, Vec::new(), &name, 0);
        self.cloud.change(&id, |t| t.ready = true);
        self.cloud.take_calls();
        let mut state = base.clone();
        let key = ResourceKey::managed("", "sim_thing", name.as_str());
        let attributes = json!({"id": id, "name": name, "value": null, "extra": null, "uses": null});
        let provider = "provider[\"registry.terraform.io/hashicorp/sim\"]";
        state.set_instance(&key, provider, Instance::new(None, 0, attributes));
        state.succeed(&base, String::new);
        self.chaos.note("rival writes");
        self.inner.put(&state);
    }
}

#[async_trait]
impl StateStore for ChaosStore {
    fn location(&self) -> String {
        self.inner.location()
    }

    async fn read(&self) -> Result<Snapshot, StoreError> {
        self.inner.read().await
    }

    async fn write(&self, state: &State, base: &Revision) -> Result<Revision, StoreError> {
        self.chaos.moment().await;
        self.rival().await;
        self.full()?;
        self.sync().await?;
        let base = match self.mutation {
            Mutation::BlindWrite => self.inner.read().await?.revision,
            _ => base.clone(),
        };
        let result = self.inner.write(state, &base).await;
        self.chaos.note(format!("state {}: {}", state.serial, result.is_ok()));
        self.chaos.moment().await;
        result
    }

    async fn lock(&self, request: &LockRequest) -> Result<Lock, StoreError> {
        self.inner.lock(request).await
    }

    async fn unlock(&self, lock: &Lock) -> Result<Unlocked, StoreError> {
        self.inner.unlock(lock).await
    }

    async fn force_unlock(&self, id: &str) -> Result<LockInfo, StoreError> {
        self.inner.force_unlock(id).await
    }

    async fn journal_append(&self, entries: Vec<Entry>) -> Result<(), StoreError> {
        self.chaos.moment().await;
        self.full()?;
        for entry in &entries {
            self.chaos.note(format!("journal: {}", brief(entry)));
        }
        let unsynced = self.mutation == Mutation::UnsyncedBegun;
        if unsynced && entries.iter().all(|e| matches!(e, Entry::Begun(_))) {
            self.unsynced.lock().unwrap_or_else(PoisonError::into_inner).extend(entries);
        } else {
            self.sync().await?;
            self.inner.journal_append(entries).await?;
        }
        self.chaos.moment().await;
        Ok(())
    }

    async fn journal_read(&self) -> Result<Vec<Entry>, StoreError> {
        self.sync().await?;
        self.inner.journal_read().await
    }

    fn has_open_actions(&self) -> bool {
        self.inner.has_open_actions()
    }

    async fn journal_clear(&self, keep: &[Entry]) -> Result<(), StoreError> {
        self.chaos.moment().await;
        self.full()?;
        self.sync().await?;
        let result = self.inner.journal_clear(keep).await;
        self.chaos.moment().await;
        result
    }
}

/// An entry in one line.
fn brief(entry: &Entry) -> String {
    let short = |t: &str| t.chars().take(6).collect::<String>();
    let id = |object: &Option<serde_json::Value>| {
        object.as_ref().map_or_else(String::new, |o| format!(" {}{}", o["attributes"]["id"], o["deposed"]))
    };
    match entry {
        Entry::Begun(b) => format!(
            "begun {} {:?} {} deposed {:?} deposes {:?}",
            short(&b.token),
            b.action,
            b.address,
            b.deposed,
            b.deposes
        ),
        Entry::IdKnown(k) => format!("id {} {}", short(&k.token), k.attributes["id"]),
        Entry::Done(d) => format!("done {}{}", short(&d.token), id(&d.object)),
        Entry::Failed(f) => format!("failed {}{} {}", short(&f.token), id(&f.object), f.message),
        Entry::Started { run_id, .. } => format!("started {run_id}"),
        Entry::Outputs { .. } => "outputs".into(),
        Entry::Persisting { serial, .. } => format!("persisting {serial}"),
        Entry::Cleared => "cleared".into(),
    }
}
