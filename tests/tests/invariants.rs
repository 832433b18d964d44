//! The rules that keep the tree simple, each a test. `docs/architecture.md` says why they hold.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What each crate may use of our own crates, directly. A crate that is not listed fails the test: it needs its place first.
const MAY_USE: &[(&str, &[&str])] = &[
    ("value", &[]),
    ("diag", &[]),
    ("addr", &["value"]),
    ("schema", &["value", "addr", "diag"]),
    ("hcl", &["value", "diag"]),
    ("funcs", &["hcl", "diag", "value"]),
    ("config", &["hcl", "addr", "schema", "diag", "value"]),
    ("fetch", &["config"]),
    ("fuzz", &["hcl", "funcs", "config", "state", "value", "diag"]),
    ("state", &["value", "addr", "diag"]),
    ("features", &[]),
    ("aws/sdk", &["features"]),
    ("state-s3", &["features", "state", "aws/sdk", "value", "addr", "diag"]),
    ("provider", &["schema", "value", "diag", "provider-derive"]),
    ("provider-derive", &[]),
    ("plan", &["state", "schema", "value", "addr", "diag"]),
    ("engine", &["config", "plan", "provider", "funcs", "hcl", "state", "schema", "addr", "value", "diag"]),
    ("driver", &["engine", "config", "plan", "provider", "funcs", "hcl", "state", "schema", "addr", "value", "diag"]),
    ("std", &["provider", "provider-derive", "funcs", "schema", "value", "diag"]),
    ("aws/core", &["features", "provider", "provider-derive", "aws/sdk", "schema", "value", "diag"]),
    ("aws", &["features", "aws/*", "provider", "provider-derive", "schema", "value", "diag"]),
    ("render", &["plan", "state", "diag", "addr", "schema", "value"]),
    ("cli", &["*"]),
    (
        "testkit",
        &["engine", "driver", "provider", "config", "plan", "state", "hcl", "funcs", "schema", "addr", "value", "diag"],
    ),
];

/// Crates that are functions of what they are handed.
const PURE: &[&str] = &["value", "diag", "addr", "schema", "hcl", "funcs", "config", "plan", "engine", "render"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lie in the root").to_owned()
}

/// Every crate by its folder under `crates/`.
fn crates() -> BTreeMap<String, PathBuf> {
    let base = root().join("crates");
    let mut out = BTreeMap::new();
    for folder in [base.clone(), base.join("aws")] {
        for entry in std::fs::read_dir(folder).expect("crates can be listed").flatten() {
            if entry.path().join("Cargo.toml").exists() {
                let name = entry.path().strip_prefix(&base).expect("below crates").to_string_lossy().into_owned();
                out.insert(name, entry.path());
            }
        }
    }
    out
}

/// Our own crates that a manifest names outside its dev-dependencies.
fn uses(folder: &Path) -> Vec<String> {
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
    let mut dev = false;
    let mut out = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            dev = line.contains("dev-dependencies");
        }
        if let (false, Some(rest)) = (dev, line.strip_prefix("sdt-")) {
            let name = rest.split(['.', ' ', '=']).next().unwrap_or_default();
            out.push(name.strip_prefix("aws-").map_or_else(|| name.to_owned(), |n| format!("aws/{n}")));
        }
    }
    out
}

/// Rust files of a crate with their text, tests at the bottom of a file cut off.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut out = Vec::new();
    let mut folders = vec![folder.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("tests.rs") {
                let text = std::fs::read_to_string(&path).expect("a source file");
                let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
                let code: String =
                    code.lines().filter(|l| !l.trim_start().starts_with("//")).map(|l| format!("{l}\n")).collect();
                out.push((path, code));
            }
        }
    }
    out
}

/// Files of the crates that `of` selects in which one of `words` occurs.
fn offenders(of: impl Fn(&str) -> bool, words: &[&str]) -> Vec<String> {
    let mut out = Vec::new();
    for (name, folder) in crates().into_iter().filter(|(n, _)| of(n)) {
        for (path, text) in sources(&folder) {
            for word in words.iter().filter(|w| text.contains(**w)) {
                out.push(format!("{name}: {} has `{word}`", path.display()));
            }
        }
    }
    out
}

#[test]
fn dependencies_point_down() {
    let rules: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut wrong = Vec::new();
    for (name, folder) in crates() {
        let service = name.starts_with("aws/") && !matches!(&*name, "aws/sdk" | "aws/core");
        let allowed = match rules.get(&*name) {
            Some(allowed) => *allowed,
            None if service => &["features", "aws/core", "provider", "provider-derive", "schema", "value", "diag"],
            None => {
                wrong.push(format!("{name} has no place in the table"));
                continue;
            }
        };
        for used in uses(&folder) {
            let fits = |a: &str| a == used || a == "*" || (a == "aws/*" && used.starts_with("aws/"));
            if !allowed.iter().any(|a| fits(a)) {
                wrong.push(format!("{name} uses {used}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn pure_crates_read_no_environment_clock_or_random_source_and_print_nothing() {
    let words = [
        "std::env::",
        "env::var",
        "SystemTime::now",
        "Instant::now",
        "OffsetDateTime::now",
        "getrandom::",
        "println!",
        "eprintln!",
        "std::fs::",
        "fs::read",
        "TcpStream",
        "UdpSocket",
        "std::process",
    ];
    let found = offenders(|n| PURE.contains(&n), &words);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn state_reads_no_environment_clock_or_random_source() {
    let found = offenders(
        |n| n == "state",
        &["std::env::", "SystemTime::now", "OffsetDateTime::now", "getrandom::", "println!"],
    );
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn engine_knows_no_cloud_network_or_terminal() {
    let found = offenders(|n| n == "engine", &["aws_", "tokio", "hyper", "reqwest", "anstyle", "terminal_size"]);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn only_aws_crates_name_sdk_types() {
    let aws = |n: &str| n == "aws" || n.starts_with("aws/") || n == "state-s3";
    let found = offenders(|n| !aws(n), &["aws_sdk_", "aws_config", "aws_smithy", "aws_types"]);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn only_render_and_cli_know_colours_and_width() {
    let found = offenders(|n| !matches!(n, "render" | "cli"), &["anstyle", "anstream", "\\x1b["]);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn nothing_says_todo() {
    let found = offenders(|_| true, &["todo!(", "unimplemented!(", "dbg!("]);
    assert!(found.is_empty(), "{found:#?}");
}
