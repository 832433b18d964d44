//! The journal as an apply writes it.

use std::sync::Arc;

use sdt_state::{Begun, Entry, IdKnown, StateStore, StoreError};
use sdt_value::{Type, Value};

/// Where entries go; nowhere without a store.
#[derive(Clone, Default)]
pub(crate) struct Journal {
    pub(crate) store: Option<Arc<dyn StateStore>>,
}

impl Journal {
    pub(crate) async fn append(&self, entries: Vec<Entry>) -> Result<(), StoreError> {
        match &self.store {
            Some(store) => store.journal_append(entries).await,
            None => Ok(()),
        }
    }

    pub(crate) async fn begin(&self, mut begun: Begun, time: String) -> Result<(), StoreError> {
        begun.time = time;
        self.append(vec![Entry::Begun(Box::new(begun))]).await
    }

    pub(crate) async fn id_known(
        &self,
        token: &str,
        object: &Value,
        private: &[u8],
        ty: &Type,
    ) -> Result<(), StoreError> {
        use base64::Engine as _;
        let private = (!private.is_empty()).then(|| base64::engine::general_purpose::STANDARD.encode(private));
        let attributes = sdt_value::to_json(object, ty);
        self.append(vec![Entry::IdKnown(IdKnown { token: token.to_owned(), attributes, private })]).await
    }
}
