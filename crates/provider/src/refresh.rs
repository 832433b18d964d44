//! What the reads of one refresh share: all objects that are being read, and answers that serve more than one type.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use sdt_value::{Str, Value};
use tokio::sync::OnceCell;

use crate::api::ReadRequest;
use crate::error::Error;
use crate::resource::Cx;

type Answer = Arc<OnceCell<Result<Arc<dyn Any + Send + Sync>, Error>>>;

/// One refresh: everything that is read in one go.
#[derive(Default)]
pub struct Refresh {
    objects: BTreeMap<Str, Vec<Value>>,
    answers: Mutex<HashMap<String, Answer>>,
}

impl Refresh {
    /// Of these requests.
    #[must_use]
    pub fn new(requests: &[ReadRequest]) -> Self {
        let mut objects: BTreeMap<Str, Vec<Value>> = BTreeMap::new();
        for request in requests {
            objects.entry(request.type_name.clone()).or_default().push(request.prior.clone());
        }
        Self { objects, answers: Mutex::default() }
    }
}

impl<A> Cx<'_, A> {
    /// The objects of a type, as last known, that the same refresh reads. Empty outside a refresh.
    #[must_use]
    pub fn together(&self, type_name: &str) -> &[Value] {
        self.refresh.and_then(|r| r.objects.get(type_name)).map_or(&[], Vec::as_slice)
    }

    /// The values of a text attribute of [`Cx::together`], empty ones left out.
    #[must_use]
    pub fn together_by(&self, type_name: &str, attribute: &str) -> BTreeSet<String> {
        let texts = self.together(type_name).iter().filter_map(|o| o.get(attribute)?.as_str().map(str::to_owned));
        texts.filter(|t| !t.is_empty()).collect()
    }

    /// Makes a call once for all that ask for it by the same key during a refresh. Outside a refresh each call is made: what is read
    /// after a change must be newer than the change.
    ///
    /// # Errors
    /// What the call answered.
    pub async fn shared<T, F>(&self, key: &str, call: F) -> Result<Arc<T>, Error>
    where
        T: Send + Sync + 'static,
        F: Future<Output = Result<T, Error>> + Send,
    {
        let Some(refresh) = self.refresh else { return call.await.map(Arc::new) };
        let cell =
            refresh.answers.lock().unwrap_or_else(PoisonError::into_inner).entry(key.into()).or_default().clone();
        let make = || async { call.await.map(|v| Arc::new(v) as Arc<dyn Any + Send + Sync>) };
        let answer = cell.get_or_init(make).await.clone()?;
        answer.downcast().map_err(|_| Error::other(format!("two kinds of answers are shared as {key:?}")))
    }
}
