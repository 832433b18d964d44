//! Taking, keeping and giving back a lock, whatever it lies in.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use sdt_aws_sdk::AwsError;
use sdt_state::{Holder, LockInfo, StoreError};

use crate::lease::{Lease, RENEWAL, now_ms};

/// How often a lock that changes under our eyes is looked at again.
const ROUNDS: u32 = 5;

/// A place for one lock, with compare-and-swap.
#[async_trait]
pub(crate) trait Slot: Send + Sync {
    /// An error for people.
    fn failed(&self, what: &str, error: AwsError) -> StoreError;
    /// Writes the lock where there is none; none when there is one.
    async fn create(&self, record: &Record) -> Result<Option<Tag>, AwsError>;
    /// Reads the lock.
    async fn read(&self) -> Result<Option<(Record, Tag)>, AwsError>;
    /// Replaces the lock that was read; none when it is another one by now.
    async fn replace(&self, tag: &Tag, record: &Record) -> Result<Option<Tag>, AwsError>;
    /// Removes the lock that was read; false when it is another one by now, or gone.
    async fn remove(&self, tag: &Tag) -> Result<bool, AwsError>;
}

/// A lock: Terraform's part and sdt's. Without the latter it is Terraform's, and never taken over.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) info: LockInfo,
    pub(crate) lease: Option<Lease>,
}

/// Identifies what was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tag {
    /// Of an object.
    Etag(String),
    /// Of an item.
    Item {
        /// The text as stored.
        info: String,
        /// The lease as stored.
        expires_ms: Option<u64>,
    },
}

/// A lock that is ours.
pub(crate) struct Hold {
    slot: Arc<dyn Slot>,
    record: Record,
    tag: Tag,
    taken_from: Option<LockInfo>,
}

/// Takes a lock once. The inner error is the holder.
pub(crate) async fn acquire(
    slot: Arc<dyn Slot>,
    info: &LockInfo,
    holder: &Holder,
) -> Result<Result<Hold, LockInfo>, StoreError> {
    let failed = |error| slot.failed("locking the state", error);
    let mut record = Record { info: info.clone(), lease: Some(Lease::new(holder, None)) };
    let mut found = None;
    for _ in 0..ROUNDS {
        let created = slot.create(&record).await;
        match created {
            Ok(Some(tag)) => return Ok(Ok(Hold { slot, record, tag, taken_from: None })),
            Err(ref error) if !error.is_ambiguous() => return Err(failed(error.clone())),
            _ => {}
        }
        // Somebody has it, or the reply was lost and it may be us.
        match slot.read().await.map_err(failed)? {
            Some((there, tag)) if there.info.id == info.id => {
                return Ok(Ok(Hold { slot, record: there, tag, taken_from: None }));
            }
            Some((there, tag)) => {
                let Some(lease) = there.lease.as_ref().filter(|lease| lease.is_over()) else {
                    return Ok(Err(there.info));
                };
                record.lease = Some(Lease::new(holder, Some(lease)));
                match slot.replace(&tag, &record).await {
                    Ok(Some(tag)) => return Ok(Ok(Hold { slot, record, tag, taken_from: Some(there.info) })),
                    Err(error) if !error.is_ambiguous() => return Err(failed(error)),
                    // Another sdt was faster, or the reply was lost: look again.
                    _ => found = Some(there.info),
                }
            }
            None => {
                if let Err(error) = created {
                    return Err(failed(error));
                }
            }
        }
    }
    Ok(Err(found.unwrap_or_else(|| LockInfo { path: info.path.clone(), ..LockInfo::default() })))
}

/// Removes a lock that is ours. One that is gone already is no error.
pub(crate) async fn release(hold: &Hold, location: &str) -> Result<(), StoreError> {
    let slot = &hold.slot;
    let failed = |error| slot.failed("unlocking the state", error);
    if slot.remove(&hold.tag).await.map_err(failed)? {
        return Ok(());
    }
    match slot.read().await.map_err(failed)? {
        None => Ok(()),
        Some((there, tag)) if there.info.id == hold.record.info.id => {
            slot.remove(&tag).await.map_err(failed)?;
            Ok(())
        }
        Some((there, _)) => Err(lost(&hold.record.info.id, location, &there.info)),
    }
}

fn lost(id: &str, location: &str, other: &LockInfo) -> StoreError {
    let reason = format!("it belongs to {} now (id {})", other.who, other.id);
    StoreError::LockLost { id: id.to_owned(), location: location.to_owned(), reason }
}

/// The locks of a run, renewed until this is dropped.
pub(crate) struct Held {
    shared: Arc<Shared>,
    renewal: tokio::task::JoinHandle<()>,
}

struct Shared {
    id: String,
    location: String,
    holds: tokio::sync::Mutex<Vec<Hold>>,
    expires_ms: AtomicU64,
    lost: Mutex<Option<StoreError>>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

impl Held {
    pub(crate) fn new(id: String, location: String, holds: Vec<Hold>) -> Self {
        let expires = holds.iter().filter_map(|h| h.record.lease.as_ref()).map(|l| l.expires_ms).min();
        let shared = Arc::new(Shared {
            id,
            location,
            expires_ms: AtomicU64::new(expires.unwrap_or(u64::MAX)),
            holds: tokio::sync::Mutex::new(holds),
            lost: Mutex::default(),
        });
        let renewed = shared.clone();
        let renewal = tokio::spawn(async move {
            loop {
                tokio::time::sleep(RENEWAL).await;
                // An error that may pass is tried again; the lease is longer than several renewals.
                let _ = renewed.renew().await;
            }
        });
        Self { shared, renewal }
    }

    pub(crate) fn id(&self) -> &str {
        &self.shared.id
    }

    pub(crate) fn keeper(&self) -> Keeper {
        Keeper(self.shared.clone())
    }

    /// Gives the locks back, the last one taken first.
    pub(crate) async fn release(&self) -> Result<(), StoreError> {
        self.renewal.abort();
        let mut holds = self.shared.holds.lock().await;
        let mut result = Ok(());
        while let Some(hold) = holds.pop() {
            result = result.and(release(&hold, &self.shared.location).await);
        }
        result
    }
}

/// Watches over a lock for those who write under it.
#[derive(Clone)]
pub(crate) struct Keeper(Arc<Shared>);

impl Keeper {
    /// Tells an error when the lock is known to be lost.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        self.0.lost.lock().unwrap_or_else(PoisonError::into_inner).clone().map_or(Ok(()), Err)
    }

    /// Makes sure that the lock is ours: after a suspension of the process its lease may have run out.
    pub(crate) async fn ensure(&self) -> Result<(), StoreError> {
        self.check()?;
        if self.0.expires_ms.load(Ordering::Acquire) <= now_ms() {
            self.0.renew().await?;
        }
        Ok(())
    }
}

impl Shared {
    async fn renew(&self) -> Result<(), StoreError> {
        let mut holds = self.holds.lock().await;
        let mut expires = u64::MAX;
        for hold in holds.iter_mut() {
            let Some(lease) = hold.record.lease.as_ref().map(Lease::renewed) else { continue };
            expires = expires.min(lease.expires_ms);
            let record = Record { lease: Some(lease), ..hold.record.clone() };
            let failed = |error| hold.slot.failed("renewing the lock", error);
            if let Some(tag) = hold.slot.replace(&hold.tag, &record).await.map_err(failed)? {
                (hold.record, hold.tag) = (record, tag);
                continue;
            }
            match hold.slot.read().await.map_err(failed)? {
                // The reply to an earlier renewal was lost.
                Some((there, tag)) if there.info.id == self.id => (hold.record, hold.tag) = (there, tag),
                other => {
                    let error = match other {
                        Some((there, _)) => lost(&self.id, &self.location, &there.info),
                        None => StoreError::LockLost {
                            id: self.id.clone(),
                            location: self.location.clone(),
                            reason: "somebody has removed it".into(),
                        },
                    };
                    *self.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
                    return Err(error);
                }
            }
        }
        self.expires_ms.store(expires, Ordering::Release);
        Ok(())
    }
}

impl Hold {
    pub(crate) fn taken_from(&self) -> Option<&LockInfo> {
        self.taken_from.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use sdt_aws_sdk::AwsErrorKind;

    use super::*;
    use crate::host::current_holder;

    /// One lock in memory; the replies to some writes are lost after, or before, they were carried out.
    #[derive(Default)]
    struct Fake {
        there: Mutex<Option<(Record, u64)>>,
        writes: AtomicU64,
        /// Writes (from 0) that are carried out and not answered.
        deaf: Vec<u64>,
        /// Writes that are not carried out and not answered.
        lost: Vec<u64>,
    }

    impl Fake {
        fn write(&self, holds: impl Fn(Option<u64>) -> bool, record: Option<&Record>) -> Result<bool, AwsError> {
            let n = self.writes.fetch_add(1, Ordering::AcqRel);
            let silence = AwsError {
                kind: AwsErrorKind::Network,
                code: None,
                message: "no answer".into(),
                status: None,
                request_id: None,
            };
            if self.lost.contains(&n) {
                return Err(silence);
            }
            let mut there = self.there.lock().unwrap();
            let done = holds(there.as_ref().map(|(_, version)| *version));
            if done {
                *there = record.map(|r| (r.clone(), n));
            }
            if self.deaf.contains(&n) { Err(silence) } else { Ok(done) }
        }

        fn tag(&self) -> Tag {
            Tag::Etag(self.there.lock().unwrap().as_ref().map(|(_, n)| n.to_string()).unwrap_or_default())
        }
    }

    fn version(tag: &Tag) -> Option<u64> {
        let Tag::Etag(tag) = tag else { return None };
        tag.parse().ok()
    }

    #[async_trait]
    impl Slot for Fake {
        fn failed(&self, what: &str, error: AwsError) -> StoreError {
            StoreError::Io { what: what.into(), message: error.to_string(), source: None }
        }
        async fn create(&self, record: &Record) -> Result<Option<Tag>, AwsError> {
            Ok(self.write(|v| v.is_none(), Some(record))?.then(|| self.tag()))
        }
        async fn read(&self) -> Result<Option<(Record, Tag)>, AwsError> {
            let there = self.there.lock().unwrap().clone();
            Ok(there.map(|(record, n)| (record, Tag::Etag(n.to_string()))))
        }
        async fn replace(&self, tag: &Tag, record: &Record) -> Result<Option<Tag>, AwsError> {
            Ok(self.write(|v| v.is_some() && v == version(tag), Some(record))?.then(|| self.tag()))
        }
        async fn remove(&self, tag: &Tag) -> Result<bool, AwsError> {
            self.write(|v| v.is_some() && v == version(tag), None)
        }
    }

    fn info(id: &str) -> LockInfo {
        LockInfo { id: id.into(), who: id.into(), ..LockInfo::default() }
    }

    fn record(id: &str, lease: Option<Lease>) -> Option<(Record, u64)> {
        Some((Record { info: info(id), lease }, 1000))
    }

    async fn check(name: &str, fake: Fake, expected: &str) {
        let got = match acquire(Arc::new(fake), &info("us"), &current_holder()).await {
            Ok(Ok(hold)) => match hold.taken_from() {
                Some(from) => format!("taken from {}", from.id),
                None => "ours".into(),
            },
            Ok(Err(holder)) => format!("held by {}", holder.id),
            Err(error) => error.to_string().split(':').next().unwrap_or_default().to_owned(),
        };
        assert_eq!(got, expected, "{name}");
    }

    #[tokio::test]
    async fn a_lock_is_taken_once_whatever_replies_are_lost() {
        let alive = || Some(Lease::new(&current_holder(), None));
        let dead = || Some(Lease::new(&Holder { pid: u32::MAX, ..current_holder() }, None));
        let expired = || alive().map(|l| Lease { expires_ms: 1, ..l });
        let there = |record| Fake { there: Mutex::new(record), ..Fake::default() };
        check("free", Fake::default(), "ours").await;
        check("reply lost", Fake { deaf: vec![0], ..Fake::default() }, "ours").await;
        check("request lost", Fake { lost: vec![0], ..Fake::default() }, "locking the state").await;
        check("alive", there(record("other", alive())), "held by other").await;
        check("of Terraform", there(record("terraform", None)), "held by terraform").await;
        check("dead", there(record("other", dead())), "taken from other").await;
        check("expired", there(record("other", expired())), "taken from other").await;
        let deaf = Fake { deaf: vec![1], ..there(record("other", dead())) };
        check("reply to the takeover lost", deaf, "ours").await;
        let lost = Fake { lost: vec![1], ..there(record("other", dead())) };
        check("takeover lost", lost, "taken from other").await;
    }

    #[tokio::test]
    async fn a_lock_that_is_somebody_elses_is_noticed_and_left_alone() {
        let fake = Arc::new(Fake { deaf: vec![1], ..Fake::default() });
        let hold = acquire(fake.clone(), &info("us"), &current_holder()).await.unwrap().unwrap();
        let held = Held::new("us".into(), "here".into(), vec![hold]);
        // The reply to the first renewal is lost; the next one finds its own lock.
        held.shared.renew().await.unwrap_err();
        held.shared.renew().await.unwrap();
        held.keeper().ensure().await.unwrap();
        *fake.there.lock().unwrap() = record("other", None);
        held.shared.renew().await.unwrap_err();
        let error = held.keeper().check().unwrap_err();
        assert!(error.to_string().contains("belongs to other now"), "{error}");
        assert!(matches!(held.release().await, Err(StoreError::LockLost { .. })));
        assert_eq!(fake.there.lock().unwrap().as_ref().unwrap().0.info.id, "other");
    }
}
