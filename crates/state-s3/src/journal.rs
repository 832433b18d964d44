//! The journal as immutable objects beside the state: `<key>.sdt-journal/<lock id>/<n>`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::{StreamExt as _, TryStreamExt as _};
use sdt_aws_sdk::{AwsError, AwsErrorKind};
use sdt_state::journal::{decode, encode, live};
use sdt_state::{Entry, GroupCommit, StoreError};

use crate::objects::{Condition, Objects, SEGMENTS};

/// Segments read at the same time.
const READS: usize = 8;

/// The journal of one state.
#[derive(Clone)]
pub(crate) struct Journal {
    objects: Objects,
    prefix: Arc<str>,
    /// Folder of this run's segments.
    run: Arc<Mutex<String>>,
    next: Arc<AtomicU64>,
    group: GroupCommit,
}

impl Journal {
    pub(crate) fn new(objects: Objects, key: &str) -> Self {
        Self {
            objects,
            prefix: format!("{key}{SEGMENTS}").into(),
            run: Arc::new(Mutex::new(format!("unlocked-{}-{}", crate::lease::now_ms(), std::process::id()))),
            next: Arc::default(),
            group: GroupCommit::default(),
        }
    }

    /// Segments go under the lock's id from now on.
    pub(crate) fn set_run(&self, id: &str) {
        *self.run.lock().unwrap_or_else(PoisonError::into_inner) = id.to_owned();
        self.next.store(0, Ordering::Release);
    }

    pub(crate) async fn append(&self, entries: Vec<Entry>) -> Result<(), StoreError> {
        self.group
            .append(entries, |entries| {
                let this = self.clone();
                async move { this.put(&entries).await.map(drop) }
            })
            .await
    }

    /// Writes one segment and returns its key.
    async fn put(&self, entries: &[Entry]) -> Result<String, StoreError> {
        let body = encode(entries);
        let run = self.run.lock().unwrap_or_else(PoisonError::into_inner).clone();
        loop {
            let n = self.next.fetch_add(1, Ordering::AcqRel);
            let key = format!("{}{run}/{n:08}", self.prefix);
            match self.objects.put(&key, &body, &Condition::Absent).await {
                Ok(Some(_)) => return Ok(key),
                // The reply was lost and the SDK has sent it again, or this run's number was used before.
                Ok(None) => match self.objects.get(&key).await.map_err(|e| self.failed("reading", &key, e))? {
                    Some(object) if object.bytes == body => return Ok(key),
                    _ => {}
                },
                Err(error) if error.kind == AwsErrorKind::NotImplemented => {
                    let put = self.objects.put(&key, &body, &Condition::Any).await;
                    return put.map(|_| key.clone()).map_err(|e| self.failed("writing", &key, e));
                }
                Err(error) => return Err(self.failed("writing", &key, error)),
            }
        }
    }

    pub(crate) async fn read(&self) -> Result<Vec<Entry>, StoreError> {
        let listed = self.list().await?;
        let mut segments: Vec<Segment> = futures::stream::iter(listed)
            .map(|(key, changed)| self.segment(key, changed))
            .buffered(READS)
            .try_filter_map(|segment| async { Ok(segment) })
            .try_collect()
            .await?;
        // Runs follow each other, since each holds the lock: the one that began first comes first.
        let mut begins: std::collections::HashMap<String, (i64, String)> = std::collections::HashMap::new();
        for segment in &segments {
            let began = (segment.changed, segment.time.clone());
            begins.entry(segment.run.clone()).and_modify(|b| *b = b.clone().min(began.clone())).or_insert(began);
        }
        segments.sort_by(|a, b| (&begins[&a.run], &a.run, &a.key).cmp(&(&begins[&b.run], &b.run, &b.key)));
        Ok(live(segments.into_iter().flat_map(|s| s.entries).collect()))
    }

    async fn segment(&self, key: String, changed: i64) -> Result<Option<Segment>, StoreError> {
        // Gone: whoever holds the lock is clearing.
        let object = self.objects.get(&key).await.map_err(|e| self.failed("reading", &key, e))?;
        let Some(object) = object else { return Ok(None) };
        let (entries, _) = decode(&object.bytes)
            .map_err(|error| StoreError::JournalUnreadable { location: key.clone(), message: error.to_string() })?;
        let run = key[self.prefix.len()..].split('/').next().unwrap_or_default().to_owned();
        let time = entries.iter().find_map(|e| match e {
            Entry::Started { time, .. } => Some(time.clone()),
            Entry::Begun(begun) => Some(begun.time.clone()),
            _ => None,
        });
        // Clocks of the bucket count seconds; within one, a segment without a time (a clearing) is the later one.
        Ok(Some(Segment { key, run, changed, time: time.unwrap_or_else(|| "~".into()), entries }))
    }

    /// A journal cannot be removed at once: first a segment that voids all before, then they, then that one.
    pub(crate) async fn clear(&self, keep: &[Entry]) -> Result<(), StoreError> {
        let _alone = self.group.pause().await;
        let old: Vec<String> = self.list().await?.into_iter().map(|(key, _)| key).collect();
        if old.is_empty() && keep.is_empty() {
            return Ok(());
        }
        let mut entries = vec![Entry::Cleared];
        entries.extend_from_slice(keep);
        let marker = self.put(&entries).await?;
        let remove = async |keys: &[String]| {
            self.objects.delete_all(keys).await.map_err(|error| self.failed("clearing", &self.prefix, error))
        };
        remove(&old).await?;
        if keep.is_empty() {
            remove(&[marker]).await?;
        }
        Ok(())
    }

    async fn list(&self) -> Result<Vec<(String, i64)>, StoreError> {
        self.objects.list(&self.prefix).await.map_err(|error| self.failed("listing", &self.prefix, error))
    }

    fn failed(&self, what: &str, key: &str, error: AwsError) -> StoreError {
        match error.kind {
            AwsErrorKind::AccessDenied => {
                StoreError::JournalDenied { location: self.prefix.to_string(), message: error.to_string() }
            }
            _ => self.objects.failed(&format!("{what} the journal"), key, error),
        }
    }
}

struct Segment {
    key: String,
    run: String,
    changed: i64,
    time: String,
    entries: Vec<Entry>,
}
