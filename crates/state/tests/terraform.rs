//! The local store and a real `terraform` exclude each other. Without one on PATH this says so and passes.
#![allow(clippy::print_stderr, missing_docs)]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sdt_state::{Holder, LocalStore, LockInfo, LockRequest, StateStore as _, StoreError, Unlocked};

fn request(timeout_s: u64) -> LockRequest {
    let info = LockInfo {
        id: "11111111-2222-3333-4444-555555555555".into(),
        operation: "OperationTypeApply".into(),
        who: "sdt@test".into(),
        created: "2026-01-01T00:00:00Z".into(),
        ..LockInfo::default()
    };
    LockRequest { info, holder: Holder::default(), timeout: Duration::from_secs(timeout_s) }
}

fn terraform(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("terraform");
    command
        .current_dir(dir)
        .args(args)
        .arg("-no-color")
        .env_remove("TF_CLI_CONFIG_FILE")
        .env("CHECKPOINT_DISABLE", "1");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(dir: &Path, args: &[&str]) -> (bool, String) {
    let output = terraform(dir, args).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

#[tokio::test]
async fn a_local_state_is_locked_both_ways() {
    if Command::new("terraform").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        eprintln!("skipped: there is no terraform on PATH");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("main.tf"), "resource \"terraform_data\" \"x\" { input = \"a\" }\n").unwrap();
    let (ok, text) = run(dir.path(), &["init", "-input=false"]);
    assert!(ok, "{text}");
    let store = LocalStore::new(dir.path().join("terraform.tfstate"));

    let mut asking = terraform(dir.path(), &["apply"]).stdin(Stdio::piped()).spawn().unwrap();
    let started = Instant::now();
    let info = loop {
        assert!(started.elapsed() < Duration::from_secs(60), "terraform never locks");
        match store.lock(&request(0)).await {
            Err(StoreError::LockHeld { info }) => break info,
            Err(error) => panic!("{error}"),
            Ok(lock) => drop(store.unlock(&lock).await.unwrap()),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert_eq!(info.operation, "OperationTypeApply");
    let waiting = store.clone();
    let waiting = tokio::spawn(async move { waiting.lock(&request(60)).await });
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(!waiting.is_finished());
    asking.stdin.take().unwrap().write_all(b"yes\n").unwrap();
    let lock = waiting.await.unwrap().unwrap();
    assert!(asking.wait().unwrap().success());

    let read = store.read().await.unwrap();
    let (ok, text) = run(dir.path(), &["plan", "-input=false"]);
    assert!(!ok && text.contains("sdt@test") && text.contains("Error acquiring the state lock"), "{text}");
    // A Terraform that has waited since before the write sees the written state, and has not lost its lock meanwhile.
    let path = dir.path().to_owned();
    let plan = tokio::task::spawn_blocking(move || run(&path, &["plan", "-input=false", "-lock-timeout=60s"]));
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let mut state = read.state.clone();
    state.instance_mut(&"terraform_data.x".parse().unwrap(), None).unwrap().tainted = true;
    state.succeed(&read.state, || unreachable!());
    store.write(&state, &read.revision).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(!plan.is_finished(), "writing has given up the lock");
    assert_eq!(store.unlock(&lock).await.unwrap(), Unlocked::Released);
    let (ok, text) = plan.await.unwrap();
    assert!(ok && text.contains("is tainted, so must be replaced"), "{text}");
}
