use std::time::Duration;

use serde_json::json;

use super::*;
use crate::{Done, Holder, Instance, ResourceKey};

fn request(id: &str, timeout_ms: u64) -> LockRequest {
    let info = LockInfo {
        id: id.into(),
        operation: "OperationTypeApply".into(),
        who: "me@here".into(),
        created: "2026-01-01T00:00:00Z".into(),
        ..LockInfo::default()
    };
    LockRequest { info, holder: Holder::default(), timeout: Duration::from_millis(timeout_ms) }
}

fn state(serial: u64) -> State {
    let mut state = State { serial, lineage: "l".into(), ..State::default() };
    for i in 0..serial {
        let key = ResourceKey::managed("", "t", format!("n{i}"));
        state.set_instance(&key, "p", Instance::new(None, 0, json!({"id": i.to_string()})));
    }
    state
}

#[tokio::test]
async fn a_state_is_kept_with_its_backup_under_its_lock() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sub/terraform.tfstate");
    let store = LocalStore::new(&path);
    assert_eq!(store.read().await.unwrap().revision.md5, None);
    let lock = store.lock(&request("one", 0)).await.unwrap();
    assert_eq!(lock.taken_from, None);
    let other = LocalStore::new(&path);
    let error = other.lock(&request("two", 150)).await.unwrap_err();
    let StoreError::LockHeld { info } = &error else { panic!("{error}") };
    assert_eq!((info.id.as_str(), info.path.as_str()), ("one", path.to_str().unwrap()));
    assert!(error.to_string().contains("locked by me@here"), "{error}");
    assert!(matches!(other.force_unlock("one").await, Err(StoreError::LockAlive { .. })));

    let base = store.read().await.unwrap().revision;
    let first = store.write(&state(3), &base).await.unwrap();
    assert!(matches!(store.write(&state(4), &base).await, Err(StoreError::Conflict { .. })));
    let second = store.write(&state(1), &first).await.unwrap();
    assert_eq!(other.read().await.unwrap().revision, second);
    assert_eq!(other.read().await.unwrap().state, state(1));
    assert!(!file::beside(&path, "backup").exists(), "the first write of a run had nothing to save");
    assert_eq!(store.unlock(&lock).await.unwrap(), Unlocked::Released);

    let lock = other.lock(&request("two", 0)).await.unwrap();
    other.write(&state(2), &second).await.unwrap();
    assert_eq!(v4::read(&std::fs::read(file::beside(&path, "backup")).unwrap()).unwrap(), state(1));
    drop((other, lock));
    // Dropped without unlocking, as a death would do: the description is stale, the lock is free.
    let lock = store.lock(&request("three", 0)).await.unwrap();
    assert_eq!(lock.taken_from.unwrap().id, "two");
}

#[tokio::test]
async fn the_journal_keeps_the_lock_until_it_is_resolved() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("terraform.tfstate");
    let store = LocalStore::new(&path);
    let lock = store.lock(&request("one", 0)).await.unwrap();
    let begun = crate::overlay::samples::begun("t1", crate::Action::Create, "a.b");
    store.journal_append(vec![begun.clone()]).await.unwrap();
    assert_eq!(store.unlock(&lock).await.unwrap(), Unlocked::Kept { unresolved: 1 });
    let done = Entry::Done(Done { token: "t1".into(), object: None });
    let many = (0..20).map(|i| {
        let store = store.clone();
        let entry = Entry::Done(Done { token: format!("x{i}"), object: None });
        tokio::spawn(async move { store.journal_append(vec![entry]).await })
    });
    for task in many.collect::<Vec<_>>() {
        task.await.unwrap().unwrap();
    }
    store.journal_append(vec![done]).await.unwrap();
    // A torn end is cut off by the next writer.
    let journal = file::beside(&path, "journal");
    let mut bytes = std::fs::read(&journal).unwrap();
    bytes.extend_from_slice(b"00000000 {\"torn");
    std::fs::write(&journal, &bytes).unwrap();
    let again = LocalStore::new(&path);
    assert_eq!(again.journal_read().await.unwrap().len(), 22);
    again.journal_append(vec![begun]).await.unwrap();
    assert_eq!(again.journal_read().await.unwrap().len(), 23);
    store.journal_clear(&[]).await.unwrap();
    assert!(!journal.exists());
    assert_eq!(store.unlock(&lock).await.unwrap(), Unlocked::Released);
}
