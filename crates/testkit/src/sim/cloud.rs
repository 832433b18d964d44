//! What exists outside: it survives every death.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One object of the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thing {
    /// Set at creation, cannot change.
    pub name: String,
    /// Can change.
    pub value: Option<String>,
    /// The token it was created with: the cloud's own idempotency token.
    pub token: String,
    /// The second call of a creation has been made.
    pub ready: bool,
}

/// Objects by id.
#[derive(Debug, Default)]
pub struct Cloud(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    things: BTreeMap<String, Thing>,
    next: u64,
}

impl Cloud {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything there is.
    #[must_use]
    pub fn things(&self) -> BTreeMap<String, Thing> {
        self.inner().things.clone()
    }

    /// Creates a thing. `idempotent`: the same token gives the same thing again.
    pub fn create(&self, name: &str, value: Option<&str>, token: &str, idempotent: bool) -> String {
        let mut inner = self.inner();
        if idempotent && let Some((id, _)) = inner.things.iter().find(|(_, t)| t.token == token) {
            return id.clone();
        }
        inner.next += 1;
        let id = format!("thing-{}", inner.next);
        let thing = Thing { name: name.into(), value: value.map(Into::into), token: token.into(), ready: false };
        inner.things.insert(id.clone(), thing);
        id
    }

    /// Changes a thing; false when it is not there.
    pub fn change(&self, id: &str, f: impl FnOnce(&mut Thing)) -> bool {
        self.inner().things.get_mut(id).map(f).is_some()
    }

    /// Deletes a thing; false when it is not there.
    pub fn delete(&self, id: &str) -> bool {
        self.inner().things.remove(id).is_some()
    }

    /// Finds what a token made.
    #[must_use]
    pub fn by_token(&self, token: &str) -> Option<(String, Thing)> {
        self.inner().things.iter().find(|(_, t)| t.token == token).map(|(i, t)| (i.clone(), t.clone()))
    }
}
