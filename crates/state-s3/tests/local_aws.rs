//! The store against a local AWS (`moto_server`) and, where there is one, against a real `terraform`.
//!
//! Needs nothing but programs on PATH; without them it says so and passes.
#![allow(clippy::print_stderr, missing_docs)]

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_sdk_s3::primitives::ByteStream;
use sdt_aws_sdk::{AwsSettings, load};
use sdt_state::{
    Done, Entry, Holder, Instance, LockInfo, LockRequest, ResourceKey, State, StateStore, StoreError, Unlocked,
    md5_hex, overlay, v4,
};
use sdt_state_s3::{S3Config, S3Store, current_holder};
use serde_json::{Value as Json, json};

/// A program that ends with the test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct LocalAws {
    url: String,
    s3: aws_sdk_s3::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    _server: Program,
}

fn is_there(program: &str) -> bool {
    let found = Command::new(program).arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        eprintln!("skipped: there is no {program} on PATH");
    }
    found
}

async fn local_aws() -> Option<LocalAws> {
    if !is_there("moto_server") {
        return None;
    }
    let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
    let server = Command::new("moto_server")
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let server = Program(server);
    let started = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(started.elapsed() < Duration::from_secs(60), "moto_server does not start");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let url = format!("http://127.0.0.1:{port}");
    let aws = load(&AwsSettings {
        region: Some("eu-west-1".into()),
        access_key: Some("test".into()),
        secret_key: Some("test".into()),
        endpoints: [("s3".to_owned(), url.clone()), ("dynamodb".to_owned(), url.clone())].into(),
        ..AwsSettings::default()
    })
    .await
    .unwrap();
    let s3 = aws_sdk_s3::Client::new(&aws.service("s3"));
    let dynamodb = aws_sdk_dynamodb::Client::new(&aws.service("dynamodb"));
    let place = aws_sdk_s3::types::CreateBucketConfiguration::builder()
        .location_constraint(aws_sdk_s3::types::BucketLocationConstraint::EuWest1)
        .build();
    s3.create_bucket().bucket("states").create_bucket_configuration(place).send().await.unwrap();
    dynamodb
        .create_table()
        .table_name("locks")
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(KeySchemaElement::builder().attribute_name("LockID").key_type(KeyType::Hash).build().unwrap())
        .attribute_definitions(
            AttributeDefinition::builder()
                .attribute_name("LockID")
                .attribute_type(ScalarAttributeType::S)
                .build()
                .unwrap(),
        )
        .send()
        .await
        .unwrap();
    Some(LocalAws { url, s3, dynamodb, _server: server })
}

impl LocalAws {
    fn settings(&self, key: &str, more: &Json) -> Json {
        let mut settings = json!({
            "bucket": "states", "key": key, "region": "eu-west-1", "access_key": "test", "secret_key": "test",
            "endpoints": {"s3": self.url, "dynamodb": self.url}, "encrypt": true,
        });
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        settings
    }

    async fn store(&self, key: &str, more: Json) -> S3Store {
        let settings = self.settings(key, &more);
        S3Store::open(S3Config::parse(settings.as_object().unwrap()).unwrap()).await.unwrap()
    }

    async fn item(&self, id: &str) -> Option<std::collections::HashMap<String, AttributeValue>> {
        let key = AttributeValue::S(id.into());
        self.dynamodb.get_item().table_name("locks").key("LockID", key).send().await.unwrap().item
    }

    async fn put_digest(&self, key: &str, digest: &str) {
        self.dynamodb
            .put_item()
            .table_name("locks")
            .item("LockID", AttributeValue::S(format!("states/{key}-md5")))
            .item("Digest", AttributeValue::S(digest.into()))
            .send()
            .await
            .unwrap();
    }

    async fn put(&self, key: &str, bytes: Vec<u8>) {
        self.s3.put_object().bucket("states").key(key).body(ByteStream::from(bytes)).send().await.unwrap();
    }

    async fn keys(&self, prefix: &str) -> Vec<String> {
        let listed = self.s3.list_objects_v2().bucket("states").prefix(prefix).send().await.unwrap();
        listed.contents().iter().filter_map(|o| o.key().map(str::to_owned)).collect()
    }
}

fn request(id: &str, holder: Holder, timeout_s: u64) -> LockRequest {
    let info = LockInfo {
        id: id.into(),
        operation: "OperationTypeApply".into(),
        who: format!("{id}@test"),
        created: "2026-01-01T00:00:00Z".into(),
        ..LockInfo::default()
    };
    LockRequest { info, holder, timeout: Duration::from_secs(timeout_s) }
}

fn dead() -> Holder {
    Holder { pid: u32::MAX, ..current_holder() }
}

fn state(serial: u64) -> State {
    let mut state = State { serial, lineage: "l".into(), ..State::default() };
    let key = ResourceKey::managed("", "t", "n");
    state.set_instance(&key, "p", Instance::new(None, 0, json!({"id": "1", "serial": serial})));
    state
}

fn both() -> Json {
    json!({"dynamodb_table": "locks", "use_lockfile": true})
}

#[tokio::test]
async fn the_store_keeps_its_promises_on_a_local_aws() {
    let Some(aws) = local_aws().await else { return };
    state_and_digest(&aws).await;
    for (name, settings) in
        [("table", json!({"dynamodb_table": "locks"})), ("file", json!({"use_lockfile": true})), ("both", both())]
    {
        locks(&aws, name, settings.clone()).await;
        takeover(&aws, name, settings).await;
    }
    journal(&aws).await;
    mistakes(&aws).await;
    if is_there("terraform") {
        for (name, settings) in [("table", json!({"dynamodb_table": "locks"})), ("file", json!({"use_lockfile": true}))]
        {
            terraform(&aws, name, settings).await;
        }
    }
}

async fn state_and_digest(aws: &LocalAws) {
    let store = aws.store("a/state", both()).await;
    let nothing = store.read().await.unwrap();
    assert_eq!((nothing.revision.md5.as_ref(), nothing.state.is_empty()), (None, true));
    let lock = store.lock(&request("one", current_holder(), 0)).await.unwrap();
    let first = store.write(&state(1), &nothing.revision).await.unwrap();
    let conflict = store.write(&state(2), &nothing.revision).await.unwrap_err();
    assert!(matches!(conflict, StoreError::Conflict { .. }), "{conflict}");
    let second = store.write(&state(2), &first).await.unwrap();
    let digest = aws.item("states/a/state-md5").await.unwrap();
    assert_eq!(digest["Digest"].as_s().unwrap(), second.md5.as_ref().unwrap());
    let read = store.read().await.unwrap();
    assert_eq!((read.state, &read.revision), (state(2), &second));
    store.journal_clear(&[]).await.unwrap();

    // A death between object and digest: known to be ours by the journal, repaired under the lock.
    let bytes = v4::write(&state(3));
    let md5 = md5_hex(&bytes);
    let intent = Entry::Persisting { lineage: "l".into(), serial: 3, md5: md5.clone() };
    store.journal_append(vec![intent]).await.unwrap();
    aws.put("a/state", bytes).await;
    let looking = aws.store("a/state", both()).await;
    assert_eq!(looking.read().await.unwrap().state, state(3));
    assert_ne!(aws.item("states/a/state-md5").await.unwrap()["Digest"].as_s().unwrap(), &md5, "no lock, no repair");
    assert_eq!(store.read().await.unwrap().state, state(3));
    assert_eq!(aws.item("states/a/state-md5").await.unwrap()["Digest"].as_s().unwrap(), &md5);

    aws.put_digest("a/state", "0123").await;
    store.journal_clear(&[]).await.unwrap();
    let error = store.read().await.unwrap_err().to_string();
    assert!(error.contains("stored digest 0123") && error.contains("states/a/state-md5"), "{error}");
    aws.put_digest("a/state", &md5).await;
    assert_eq!(store.unlock(&lock).await.unwrap(), Unlocked::Released);
    assert_eq!(aws.keys("a/").await, ["a/state"], "neither lock file nor journal is left");
    assert!(aws.item("states/a/state").await.is_none());
}

async fn locks(aws: &LocalAws, name: &str, settings: Json) {
    let key = format!("locks/{name}");
    let (one, two) = (aws.store(&key, settings.clone()).await, aws.store(&key, settings).await);
    let lock = one.lock(&request("one", current_holder(), 0)).await.unwrap();
    assert_eq!(lock.info.path, format!("states/{key}"));
    let error = two.lock(&request("two", current_holder(), 0)).await.unwrap_err();
    let StoreError::LockHeld { info } = &error else { panic!("{error}") };
    assert_eq!((info.id.as_str(), info.who.as_str()), ("one", "one@test"));
    assert!(error.to_string().contains("sdt force-unlock one"), "{error}");
    let waiting =
        tokio::spawn(async move { two.lock(&request("two", current_holder(), 20)).await.map(|lock| (two, lock)) });
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert_eq!(one.unlock(&lock).await.unwrap(), Unlocked::Released);
    let (two, lock) = waiting.await.unwrap().unwrap();
    assert!(matches!(one.force_unlock("three").await, Err(StoreError::WrongLockId { .. })));
    assert_eq!(one.force_unlock("two").await.unwrap().id, "two");
    two.unlock(&lock).await.unwrap();
    assert!(matches!(one.force_unlock("two").await, Err(StoreError::NotLocked { .. })));
}

async fn takeover(aws: &LocalAws, name: &str, settings: Json) {
    let key = format!("takeover/{name}");
    let (one, two) = (aws.store(&key, settings.clone()).await, aws.store(&key, settings).await);
    let lost = one.lock(&request("one", dead(), 0)).await.unwrap();
    let taken = two.lock(&request("two", current_holder(), 0)).await.unwrap();
    assert_eq!(taken.taken_from.as_ref().unwrap().id, "one");
    let error = one.unlock(&lost).await.unwrap_err();
    assert!(matches!(error, StoreError::LockLost { .. }), "{error}");
    assert_eq!(two.unlock(&taken).await.unwrap(), Unlocked::Released);
}

async fn journal(aws: &LocalAws) {
    let store = aws.store("j/state", json!({"use_lockfile": true})).await;
    let lock = store.lock(&request("first", dead(), 0)).await.unwrap();
    let done = |token: String| Entry::Done(Done { token, object: None });
    let many: Vec<_> = (0..40)
        .map(|i| {
            let (store, entry) = (store.clone(), done(format!("x{i}")));
            tokio::spawn(async move { store.journal_append(vec![entry]).await })
        })
        .collect();
    for task in many {
        task.await.unwrap().unwrap();
    }
    let segments = aws.keys("j/state.sdt-journal/first/").await.len();
    assert!(segments < 40, "{segments} writes for 40 entries");
    store.journal_append(vec![begun("open")]).await.unwrap();
    assert_eq!(store.unlock(&lock).await.unwrap(), Unlocked::Kept { unresolved: 1 });

    // The next run takes the lock over and finds the journal of the dead one before its own.
    let next = aws.store("j/state", json!({"use_lockfile": true})).await;
    let lock = next.lock(&request("second", current_holder(), 0)).await.unwrap();
    next.journal_append(vec![done("later".into())]).await.unwrap();
    let entries = next.journal_read().await.unwrap();
    assert_eq!((entries.len(), entries.last()), (42, Some(&done("later".into()))));
    let merged = overlay(next.read().await.unwrap(), &entries);
    assert_eq!(merged.unresolved.len(), 1);
    next.journal_clear(&merged.keep()).await.unwrap();
    assert_eq!(next.journal_read().await.unwrap(), merged.keep());
    assert_eq!(next.unlock(&lock).await.unwrap(), Unlocked::Kept { unresolved: 1 });
    next.journal_append(vec![done("open".into())]).await.unwrap();
    next.journal_clear(&[]).await.unwrap();
    assert_eq!(next.unlock(&lock).await.unwrap(), Unlocked::Released);
    assert_eq!(aws.keys("j/").await, Vec::<String>::new());
}

fn begun(token: &str) -> Entry {
    let json = json!({
        "entry": "begun", "token": token, "run_id": "r", "address": "t.n", "action": "create", "provider": "p",
        "schema_version": 0, "attempt": 0, "time": "",
    });
    serde_json::from_value(json).unwrap()
}

async fn mistakes(aws: &LocalAws) {
    for (settings, expected) in [
        (json!({"bucket": "nowhere"}), "The bucket \"nowhere\" does not exist: create it, or correct `bucket`"),
        (json!({"dynamodb_table": "nowhere"}), "The table \"nowhere\" does not exist in this region: create it"),
        (json!({"endpoints": {"s3": "http://127.0.0.1:1"}, "max_retries": 1}), "Check the network, the region"),
    ] {
        let store = aws.store("m/state", settings).await;
        let error = store.read().await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    aws.put("m/broken", b"{\"version\": 4, \"ser".to_vec()).await;
    let error = aws.store("m/broken", json!({})).await.read().await.unwrap_err().to_string();
    assert!(error.contains("s3://states/m/broken: the state is truncated"), "{error}");
}

async fn terraform(aws: &LocalAws, name: &str, settings: Json) {
    let key = format!("terraform/{name}");
    let dir = tempfile::tempdir().unwrap();
    let more: String = settings.as_object().unwrap().iter().map(|(k, v)| format!("{k} = {v}\n")).collect();
    let config = format!(
        r#"terraform {{
  backend "s3" {{
    bucket = "states"
    key = "{key}"
    region = "eu-west-1"
    access_key = "test"
    secret_key = "test"
    endpoints = {{ s3 = "{url}", dynamodb = "{url}" }}
    use_path_style = true
    skip_credentials_validation = true
    skip_requesting_account_id = true
    skip_metadata_api_check = true
    {more}
  }}
}}
resource "terraform_data" "x" {{ input = "from terraform" }}
"#,
        url = aws.url
    );
    std::fs::write(dir.path().join("main.tf"), config).unwrap();
    let (ok, text) = run(dir.path(), &["init", "-input=false"]);
    assert!(ok, "{text}");

    let store = aws.store(&key, settings).await;
    // Terraform holds the lock while it asks.
    let mut asking = terraform_command(dir.path(), &["apply"]).stdin(Stdio::piped()).spawn().map(Program).unwrap();
    let started = Instant::now();
    let info = loop {
        assert!(started.elapsed() < Duration::from_secs(60), "terraform never locks");
        match store.lock(&request("sdt", current_holder(), 0)).await {
            Err(StoreError::LockHeld { info }) => break info,
            Err(error) => panic!("{error}"),
            Ok(lock) => drop(store.unlock(&lock).await.unwrap()),
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    };
    assert_eq!(info.operation, "OperationTypeApply");
    let waiting = store.clone();
    let waiting = tokio::spawn(async move { waiting.lock(&request("sdt", current_holder(), 60)).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!waiting.is_finished());
    asking.0.stdin.take().unwrap().write_all(b"yes\n").unwrap();
    let lock = waiting.await.unwrap().unwrap();
    assert!(asking.0.wait().unwrap().success());

    // sdt holds it, and changes what Terraform has written.
    let read = store.read().await.unwrap();
    let mut state = read.state.clone();
    let addr = "terraform_data.x".parse().unwrap();
    state.instance_mut(&addr, None).unwrap().tainted = true;
    state.succeed(&read.state, || unreachable!());
    store.write(&state, &read.revision).await.unwrap();
    let (ok, text) = run(dir.path(), &["plan", "-input=false"]);
    assert!(!ok && text.contains("sdt@test") && text.contains("Error acquiring the state lock"), "{text}");
    let path = dir.path().to_owned();
    let plan = tokio::task::spawn_blocking(move || run(&path, &["plan", "-input=false", "-lock-timeout=60s"]));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(!plan.is_finished());
    store.journal_clear(&[]).await.unwrap();
    assert_eq!(store.unlock(&lock).await.unwrap(), Unlocked::Released);
    let (ok, text) = plan.await.unwrap();
    assert!(ok && text.contains("is tainted, so must be replaced"), "{text}");
    // What Terraform wrote is byte for byte what we would have written.
    let object = aws.s3.get_object().bucket("states").key(&key).send().await.unwrap();
    let bytes = object.body.collect().await.unwrap().to_vec();
    assert_eq!(v4::write(&v4::read(&bytes).unwrap()), bytes);
}

fn terraform_command(dir: &Path, args: &[&str]) -> Command {
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
    let output = terraform_command(dir, args).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}
