//! The cloud of the seeds: objects that use each other, are seen late, and notice calls that must not be.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Cannot change.
    pub name: String,
    /// Can change.
    pub value: Option<String>,
    /// Can change, by a second call.
    pub extra: Option<String>,
    /// Ids of objects that this one uses.
    pub uses: Vec<String>,
    /// What it was created with.
    pub token: String,
    /// The second call of its creation has been made.
    pub ready: bool,
    /// How many looks do not see it yet.
    hidden: u64,
}

/// Everything there is, and what went wrong with it.
#[derive(Default)]
pub struct ChaosCloud(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    items: BTreeMap<String, Item>,
    next: u64,
    /// Calls that no right program makes.
    offences: Vec<String>,
    created: Vec<String>,
    deleted: Vec<String>,
    changed: Vec<String>,
    torn: Vec<(String, String)>,
}

/// The calls of one life.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    /// Ids of what was created.
    pub created: Vec<String>,
    /// Ids of what was deleted.
    pub deleted: Vec<String>,
    /// Ids of what was changed.
    pub changed: Vec<String>,
    /// What was deleted while another object used it: both ids.
    pub torn: Vec<(String, String)>,
}

impl ChaosCloud {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything there is.
    #[must_use]
    pub fn items(&self) -> BTreeMap<String, Item> {
        self.inner().items.clone()
    }

    /// What must not have been asked.
    #[must_use]
    pub fn offences(&self) -> Vec<String> {
        self.inner().offences.clone()
    }

    /// The calls since the last time.
    pub fn take_calls(&self) -> Calls {
        let mut i = self.inner();
        Calls {
            created: std::mem::take(&mut i.created),
            deleted: std::mem::take(&mut i.deleted),
            changed: std::mem::take(&mut i.changed),
            torn: std::mem::take(&mut i.torn),
        }
    }

    /// Creates an object, or gives the one that the token has made. `lag`: how many looks will not see it.
    pub fn create(&self, name: &str, uses: Vec<String>, token: &str, lag: u64) -> String {
        let mut inner = self.inner();
        if let Some((id, _)) = inner.items.iter().find(|(_, t)| t.token == token) {
            return id.clone();
        }
        for used in &uses {
            if !inner.items.contains_key(used) {
                let text = format!("{name} was created with {used}, which is not there");
                inner.offences.push(text);
            }
        }
        inner.next += 1;
        let id = format!("item-{}", inner.next);
        let item =
            Item { name: name.into(), value: None, extra: None, uses, token: token.into(), ready: false, hidden: lag };
        inner.items.insert(id.clone(), item);
        inner.created.push(id.clone());
        id
    }

    /// Looks at an object.
    #[must_use]
    pub fn look(&self, id: &str) -> Option<Item> {
        let mut inner = self.inner();
        let item = inner.items.get_mut(id)?;
        if item.hidden > 0 {
            item.hidden -= 1;
            return None;
        }
        Some(item.clone())
    }

    /// Looks for what a token has made.
    #[must_use]
    pub fn by_token(&self, token: &str) -> Option<(String, Item)> {
        let id = self.inner().items.iter().find(|(_, t)| t.token == token).map(|(i, _)| i.clone())?;
        self.look(&id).map(|item| (id, item))
    }

    /// Changes an object; false when it is not there.
    pub fn change(&self, id: &str, f: impl FnOnce(&mut Item)) -> bool {
        let mut inner = self.inner();
        let there = inner.items.get_mut(id).map(f).is_some();
        inner.changed.push(id.to_owned());
        there
    }

    /// Deletes an object.
    pub fn delete(&self, id: &str) {
        let mut inner = self.inner();
        if inner.items.remove(id).is_none() {
            return;
        }
        let users: Vec<String> =
            inner.items.iter().filter(|(_, t)| t.uses.iter().any(|u| u == id)).map(|(user, _)| user.clone()).collect();
        inner.torn.extend(users.into_iter().map(|user| (id.to_owned(), user)));
        inner.deleted.push(id.to_owned());
    }
}
