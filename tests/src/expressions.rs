//! Runs `expressions.jsonl`: each expression becomes an output of one root module, which is applied until only good ones are left.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use sha1::{Digest, Sha1};

use crate::corpus::{diagnostics, json_equal};
use crate::{copy_dir, corpus, run};

/// One line of the corpus.
#[derive(Debug)]
pub struct Case {
    /// Its id.
    pub id: String,
    /// The expression.
    pub expr: String,
    /// Name of the file in `setups/` it needs.
    pub setup: Option<String>,
    /// The whole line.
    pub line: Value,
}

/// What sdt made of an expression.
enum Got {
    Value { ty: Value, value: Value },
    Errors(Vec<String>),
}

/// The cases that are outputs (the others are typed into the console).
///
/// # Panics
/// When the corpus cannot be read.
#[must_use]
pub fn cases() -> Vec<Case> {
    let text = std::fs::read_to_string(corpus::dir().join("expressions.jsonl")).expect("the corpus is there");
    text.lines()
        .map(|l| serde_json::from_str::<Value>(l).expect("a line of the corpus is JSON"))
        .filter(|c| c["mode"] == "output")
        .map(|line| Case {
            id: line["id"].as_str().unwrap_or_default().to_owned(),
            expr: line["expr"].as_str().unwrap_or_default().to_owned(),
            setup: line["setup"].as_str().map(str::to_owned),
            line,
        })
        .collect()
}

/// Runs the cases and returns why each failing one fails.
#[must_use]
pub fn failures(cases: &[Case]) -> BTreeMap<String, String> {
    let setups: BTreeSet<Option<&str>> = cases.iter().map(|c| c.setup.as_deref()).collect();
    let mut out = BTreeMap::new();
    for setup in setups {
        let mut batch: BTreeMap<String, &Case> =
            cases.iter().filter(|c| c.setup.as_deref() == setup).map(|c| (name(c), c)).collect();
        let got = evaluate(setup, &mut batch);
        for case in cases.iter().filter(|c| c.setup.as_deref() == setup) {
            if let Some(why) = judge(case, got.get(&name(case))) {
                out.insert(case.id.clone(), why);
            }
        }
    }
    out
}

fn judge(case: &Case, got: Option<&Got>) -> Option<String> {
    let want_ok = case.line["ok"] == true;
    match got {
        None => Some("no answer".to_owned()),
        Some(Got::Errors(e)) if want_ok => Some(format!("should work, got {e:?}")),
        Some(Got::Errors(e)) => {
            let want = case.line["error_summary"].as_str().unwrap_or_default();
            (!e.iter().any(|s| s == want)).then(|| format!("want error {want:?}, got {e:?}"))
        }
        Some(Got::Value { value, .. }) if !want_ok => Some(format!("should fail, got {value}")),
        Some(Got::Value { ty, value }) => {
            let (want_ty, want) = (&case.line["type"], &case.line["value"]);
            (!json_equal(want_ty, ty) || !json_equal(want, value))
                .then(|| format!("want {want_ty} {want}, got {ty} {value}"))
        }
    }
}

fn evaluate(setup: Option<&str>, batch: &mut BTreeMap<String, &Case>) -> BTreeMap<String, Got> {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let dir = dir.path();
    copy_dir(&corpus::dir().join("files"), dir);
    if let Some(setup) = setup {
        std::fs::copy(corpus::dir().join(format!("setups/{setup}.tf")), dir.join("setup.tf"))
            .expect("the setup is there");
    }
    for (name, case) in batch.iter() {
        let text = format!("output \"{name}\" {{\n  value = {}\n  sensitive = true\n}}\n", case.expr);
        std::fs::write(dir.join(format!("{name}.tf")), text).expect("a file can be written");
    }
    let _ = run(dir, &["init", "-no-color", "-input=false"], None, &[]);
    let mut got = BTreeMap::new();
    while !batch.is_empty() {
        let answer = run(dir, &["apply", "-json", "-auto-approve", "-input=false", "-lock=false"], None, &[]);
        if answer.status == 0 {
            break;
        }
        let blamed = blamed(&diagnostics(&answer.stdout), batch);
        assert!(!blamed.is_empty(), "apply failed and names no expression: {}{}", answer.stdout, answer.stderr);
        for (name, summaries) in blamed {
            batch.remove(&name);
            std::fs::remove_file(dir.join(format!("{name}.tf"))).expect("the file is there");
            got.insert(name, Got::Errors(summaries));
        }
    }
    outputs(dir, batch, &mut got);
    got
}

/// Which expressions the errors speak of: by file, or by name where a value cannot be stored.
fn blamed(errors: &[Value], batch: &BTreeMap<String, &Case>) -> BTreeMap<String, Vec<String>> {
    let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for error in errors.iter().filter(|e| e["severity"] == "error") {
        let summary = error["summary"].as_str().unwrap_or_default().to_owned();
        let file =
            error["range"]["filename"].as_str().and_then(|f| f.rsplit('/').next()).and_then(|f| f.strip_suffix(".tf"));
        match file {
            Some(name) if batch.contains_key(name) => out.entry(name.to_owned()).or_default().push(summary),
            Some(_) => {}
            None => {
                let detail = error["detail"].as_str().unwrap_or_default();
                for name in batch.keys().filter(|n| detail.contains(*n)) {
                    out.entry(name.clone()).or_default().push(summary.clone());
                }
            }
        }
    }
    out
}

fn outputs(dir: &Path, batch: &BTreeMap<String, &Case>, got: &mut BTreeMap<String, Got>) {
    let answer = run(dir, &["output", "-json"], None, &[]);
    let values: Value = serde_json::from_str(&answer.stdout).unwrap_or_default();
    for name in batch.keys() {
        // A null output is not kept in state: type and value are null then.
        let output = &values[name];
        got.insert(name.clone(), Got::Value { ty: output["type"].clone(), value: output["value"].clone() });
    }
}

fn name(case: &Case) -> String {
    let digest = Sha1::digest(case.id.as_bytes());
    let hex: String = digest.iter().take(5).map(|b| format!("{b:02x}")).collect();
    format!("e_{hex}")
}
