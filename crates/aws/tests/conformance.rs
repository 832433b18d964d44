//! Runs every case of `tests/conformance/aws` against a local AWS: the one at `AWS_ENDPOINT_URL`, else moto's, started here.
//!
//! `cargo test -p sdt-aws --test conformance -- aws_vpc` runs the named ones. Without `moto_server` on PATH and without an endpoint
//! nothing runs, with a printed reason. With `SDT_CROSS=1`, Terraform and the public provider (a `terraform` that finds it, perhaps through
//! `TF_CLI_CONFIG_FILE`) must plan no changes over what each case has just created.

mod cross;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sdt_provider::{Provider, ProviderEnv};
use sdt_schema::coerce;
use sdt_testkit::conformance::Harness;
use sdt_value::from_json_implied;
use serde_json::{Value as Json, json};

/// The local AWS; ended with the tests, also when they panic.
struct Server(Option<Child>);

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn start() -> Result<(Server, String), String> {
    if let Ok(url) = std::env::var("AWS_ENDPOINT_URL") {
        return Ok((Server(None), url));
    }
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).map_err(|e| e.to_string())?.port();
    let moto = std::env::var("MOTO_SERVER").unwrap_or_else(|_| "moto_server".into());
    let child = Command::new(&moto)
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .env("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| format!("{moto} does not start: {e}"))?;
    let server = Server(Some(child));
    let begin = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        if begin.elapsed() > Duration::from_secs(60) {
            return Err(format!("{moto} does not listen"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok((server, format!("http://127.0.0.1:{port}")))
}

fn cases(names: &[String]) -> BTreeMap<String, Json> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/aws");
    let files = std::fs::read_dir(&folder).expect("the cases' folder").filter_map(Result::ok).map(|e| e.path());
    files
        .filter_map(|path| {
            let name = path.file_stem()?.to_str()?.to_owned();
            let text = std::fs::read_to_string(&path).ok()?;
            let wanted = names.is_empty() || names.iter().any(|n| name.contains(n.as_str()));
            wanted.then(|| (name.clone(), serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"))))
        })
        .collect()
}

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let mut out = std::io::stdout();
    let (server, url) = match start() {
        Ok(started) => started,
        Err(why) => {
            let _ = writeln!(out, "conformance: skipped: {why}");
            return ExitCode::SUCCESS;
        }
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let failed = runtime.block_on(run(&url, cases(&names)));
    drop(server);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn run(url: &str, cases: BTreeMap<String, Json>) -> usize {
    let provider: Arc<dyn Provider> = Arc::new(sdt_aws::AwsProvider::new());
    let names = [
        "ec2",
        "sts",
        "iam",
        "s3",
        "rds",
        "efs",
        "ecs",
        "elbv2",
        "logs",
        "dynamodb",
        "secretsmanager",
        "acm",
        "appautoscaling",
        "cloudwatch",
        "kms",
        "servicediscovery",
        "sns",
        "ssm",
    ];
    let endpoints: BTreeMap<&str, &str> = names.iter().map(|n| (*n, url)).collect();
    let config = json!({
        "region": "eu-west-1", "access_key": "test", "secret_key": "test", "s3_use_path_style": true,
        "default_tags": [{ "tags": { "Suite": "conformance" } }],
        "endpoints": [endpoints],
    });
    let schema = provider.config_schema();
    let config = coerce(&schema.block, &from_json_implied(&config)).expect("a provider block");
    let env = ProviderEnv { vars: Arc::default(), home: None, cwd: ".".into() };
    let instance = provider.configure(&config, &env).await.expect("a configured provider");
    let run = format!("{}-{:?}", std::process::id(), std::time::SystemTime::now());
    let mut harness = Harness::new(provider.clone(), instance.clone(), run);
    if std::env::var_os("SDT_CROSS").is_some() {
        let url = url.to_owned();
        harness.inspect = Some(Box::new(move |objects| cross::check(&*provider, &url, objects)));
    }
    let mut failed = 0;
    let mut out = std::io::stdout();
    for (name, case) in &cases {
        let type_name = case.get("type").and_then(Json::as_str).unwrap_or(name);
        let begin = Instant::now();
        match harness.run(type_name, case).await {
            Ok(state) => {
                let _ = writeln!(out, "conformance {name}: ok in {:.1} s", begin.elapsed().as_secs_f32());
                if std::env::var_os("SDT_SHOW_STATE").is_some() {
                    let _ = writeln!(out, "{state}");
                }
            }
            Err(why) if why.starts_with("skipped") => drop(writeln!(out, "conformance {name}: {why}")),
            Err(why) => {
                failed += 1;
                let _ = writeln!(out, "conformance {name}: FAILED: {why}");
            }
        }
    }
    let calls: u64 = instance.call_counts().values().sum();
    let _ = writeln!(out, "conformance: {} cases, {failed} failed, {calls} calls", cases.len());
    failed
}
