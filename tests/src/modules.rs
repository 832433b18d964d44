//! Runs the cases of `modules/`: init, validate, plan, apply, output and show of each step, compared with `expect.json`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::corpus::{diagnostics, human_diagnostics, json_equal};
use crate::{Answer, copy_dir, corpus, run};

/// Names of all cases, sorted.
///
/// # Panics
/// When the corpus cannot be read.
#[must_use]
pub fn names() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(corpus::dir().join("modules"))
        .expect("the corpus is there")
        .map(|e| e.expect("an entry").path())
        .filter(|p| p.join("expect.json").exists())
        .filter_map(|p| Some(p.file_name()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    names
}

/// Runs one case and returns the first differences, or `None` when all is as in Terraform.
///
/// # Panics
/// When the corpus cannot be read.
#[must_use]
pub fn failure(name: &str) -> Option<String> {
    let case = corpus::dir().join("modules").join(name);
    let spec: Value =
        serde_json::from_str(&std::fs::read_to_string(case.join("expect.json")).expect("expect.json is there"))
            .expect("expect.json is JSON");
    let work = tempfile::tempdir().expect("a temporary folder");
    let dir = work.path().canonicalize().expect("the folder is there");
    let mut differences = Vec::new();
    for (n, step) in spec["steps"].as_array().into_iter().flatten().enumerate() {
        prepare(&case, step, &dir);
        let (got, text) = observe(step, &dir, spec["human"] == true);
        compare(&format!("step{}", n + 1), &step["expect"], &normal(got, &dir), &mut differences);
        if let Some(file) = step["plan_text"].as_str() {
            let want = std::fs::read_to_string(case.join(file)).expect("the plan text is there");
            compare_text(n + 1, &want, &text, &mut differences);
        }
    }
    (!differences.is_empty()).then(|| {
        format!("{} differences\n    {}", differences.len(), differences[..differences.len().min(3)].join("\n    "))
    })
}

/// Plans each step of a case whose plans Terraform has been asked for, and returns where the JSON of a plan is not Terraform's.
///
/// # Panics
/// When the corpus cannot be read.
#[must_use]
pub fn plan_json_failure(name: &str) -> Option<String> {
    let read = |path: &Path| -> Value {
        serde_json::from_str(&std::fs::read_to_string(path).expect("the file is there")).expect("it is JSON")
    };
    let case = corpus::dir().join("modules").join(name);
    let recorded = read(&plan_json_dir().join(name).with_extension("json"));
    let work = tempfile::tempdir().expect("a temporary folder");
    let dir = work.path().canonicalize().expect("the folder is there");
    let mut differences = Vec::new();
    for (n, (step, want)) in
        read(&case.join("expect.json"))["steps"].as_array().into_iter().flatten().zip(recorded.as_array()?).enumerate()
    {
        prepare(&case, step, &dir);
        let vars: Vec<(String, String)> = step["env"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(k, v)| (k.clone(), v.as_str().unwrap_or_default().to_owned()))
            .collect();
        let words = |v: &Value| -> Vec<String> {
            v.as_array().into_iter().flatten().filter_map(|w| Some(w.as_str()?.to_owned())).collect()
        };
        let r = |args: &[String]| run(&dir, &args.iter().map(String::as_str).collect::<Vec<_>>(), None, &vars);
        let owned = |args: &[&str]| -> Vec<String> { args.iter().map(|a| (*a).to_owned()).collect() };
        let _ = r(&owned(&["init", "-input=false"]));
        for command in step["pre"].as_array().into_iter().flatten() {
            let _ = r(&words(command));
        }
        let mut plan = owned(&["plan", "-input=false", "-out=p.tfplan"]);
        plan.extend(words(&step["plan"]));
        let _ = r(&plan);
        if !want.is_null() {
            let shown = r(&owned(&["show", "-json", "p.tfplan"]));
            let mut got: Value = serde_json::from_str(&shown.stdout).unwrap_or_default();
            let time = got["timestamp"].as_str().unwrap_or_default();
            if time.len() == 20 && time.ends_with('Z') {
                got["timestamp"] = "<time>".into();
            }
            compare(&format!("step{}", n + 1), want, &normal(got, &dir), &mut differences);
        }
        let _ = r(&owned(&["apply", "-input=false", "p.tfplan"]));
    }
    (!differences.is_empty()).then(|| format!("{name}: {}", differences[..differences.len().min(4)].join("\n    ")))
}

/// Where Terraform's plans are kept, as `tests/generate/plan_json.py --record` writes them.
#[must_use]
pub fn plan_json_dir() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("plan_json")
}

/// Puts a step's configuration in place of the one before; state stays.
fn prepare(case: &Path, step: &Value, dir: &Path) {
    for entry in std::fs::read_dir(dir).expect("folder can be read").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let kept = name.starts_with(".terraform")
            || (name.contains("tfstate") && !name.starts_with("other"))
            || Path::new(&name).extension().is_some_and(|e| e == "txt");
        if kept {
            continue;
        }
        let gone = if entry.path().is_dir() {
            std::fs::remove_dir_all(entry.path())
        } else {
            std::fs::remove_file(entry.path())
        };
        gone.expect("old configuration can be removed");
    }
    let source = case.join(step["config"].as_str().unwrap_or("."));
    for entry in std::fs::read_dir(&source).expect("the step is there").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == "expect.json" || (name.starts_with("plan") && name.ends_with(".txt")) {
            continue;
        }
        if entry.path().is_dir() {
            copy_dir(&entry.path(), &dir.join(&name));
        } else {
            std::fs::copy(entry.path(), dir.join(&name)).expect("file can be copied");
        }
    }
}

fn observe(step: &Value, dir: &Path, human: bool) -> (Value, String) {
    let vars: Vec<(String, String)> = step["env"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(k, v)| (k.clone(), v.as_str().unwrap_or_default().to_owned()))
        .collect();
    let r = |args: &[&str]| run(dir, args, None, &vars);
    let mut seen = Map::new();
    let mut text = String::new();

    let init = r(&["init", "-no-color", "-input=false"]);
    seen.insert("init".into(), json!({"exit": init.status, "errors": errors(&init)}));
    let validate = r(&["validate", "-json"]);
    let report: Value = serde_json::from_str(&validate.stdout).unwrap_or_default();
    let valid = report["valid"].clone();
    seen.insert(
        "validate".into(),
        json!({"exit": validate.status, "valid": valid, "diagnostics": places(report["diagnostics"].as_array())}),
    );
    if init.status != 0 || valid != true {
        return (Value::Object(seen), text);
    }

    let mut before = Vec::new();
    for command in step["pre"].as_array().into_iter().flatten() {
        let mut args: Vec<&str> = command.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if !matches!(args.first(), Some(&("state" | "workspace" | "import"))) {
            args.insert(1, "-no-color");
        }
        let answer = r(&args);
        before.push(json!({"exit": answer.status, "errors": errors(&answer)}));
    }
    seen.insert("pre".into(), before.into());

    let more: Vec<&str> = step["plan"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if human {
        let answer = r(&[&["plan", "-no-color", "-input=false"], &more[..]].concat());
        text = (answer.stdout + &answer.stderr).replace(&*dir.to_string_lossy(), "<workdir>");
        text = text.split("\n──────────").next().unwrap_or_default().to_owned();
    }
    let plan = r(&[&["plan", "-json", "-input=false", "-detailed-exitcode", "-out=p.tfplan"], &more[..]].concat());
    let mut found = summaries(&diagnostics(&plan.stdout));
    if found.is_empty() && plan.status == 1 {
        found =
            human_diagnostics(&(plan.stdout.clone() + &plan.stderr)).into_iter().map(|(k, s)| json!([k, s])).collect();
    }
    let mut planned = json!({"exit": plan.status, "diagnostics": found});
    if plan.status == 0 || plan.status == 2 {
        let shown: Value = serde_json::from_str(&r(&["show", "-json", "p.tfplan"]).stdout).unwrap_or_default();
        let mut changes: Vec<Value> = shown["resource_changes"].as_array().into_iter().flatten().map(change).collect();
        changes.sort_by_key(|c| (c["address"].to_string(), c["deposed"] == true));
        planned["resource_changes"] = changes.into();
        planned["output_changes"] = output_changes(&shown["output_changes"]);
        planned["checks"] = checks(&shown["checks"]);
        let apply = r(&["apply", "-json", "-input=false", "p.tfplan"]);
        seen.insert(
            "apply".into(),
            json!({"exit": apply.status, "diagnostics": summaries(&diagnostics(&apply.stdout))}),
        );
        seen.insert("outputs".into(), serde_json::from_str(&r(&["output", "-json"]).stdout).unwrap_or_default());
        let state: Value = serde_json::from_str(&r(&["show", "-json"]).stdout).unwrap_or_default();
        let mut resources = Vec::new();
        state_resources(&state["values"]["root_module"], &mut resources);
        resources.sort_by_key(|r| r["address"].to_string());
        seen.insert("state".into(), resources.into());
    }
    seen.insert("plan".into(), planned);
    (Value::Object(seen), text)
}

fn errors(answer: &Answer) -> Vec<String> {
    human_diagnostics(&format!("{}\n{}", answer.stdout, answer.stderr))
        .into_iter()
        .filter(|(kind, _)| kind == "error")
        .map(|(_, summary)| summary)
        .collect()
}

/// A diagnostic's title; the members of a cycle come in no certain order.
fn summary(diagnostic: &Value) -> String {
    let text = diagnostic["summary"].as_str().unwrap_or_default();
    match text.strip_prefix("Cycle: ") {
        None => text.to_owned(),
        Some(members) => {
            let mut members: Vec<&str> = members.split(", ").collect();
            members.sort_unstable();
            format!("Cycle: {}", members.join(", "))
        }
    }
}

fn summaries(diagnostics: &[Value]) -> Vec<Value> {
    let mut out: Vec<(String, String)> =
        diagnostics.iter().map(|d| (d["severity"].as_str().unwrap_or_default().to_owned(), summary(d))).collect();
    out.sort();
    out.into_iter().map(|(k, s)| json!([k, s])).collect()
}

fn places(diagnostics: Option<&Vec<Value>>) -> Vec<Value> {
    let mut out: Vec<(String, String, u64, String, Value)> = diagnostics
        .into_iter()
        .flatten()
        .map(|d| {
            let file = d["range"]["filename"].clone();
            let line =
                if file.as_str().is_none_or(str::is_empty) { Value::Null } else { d["range"]["start"]["line"].clone() };
            let severity = d["severity"].as_str().unwrap_or_default().to_owned();
            let whole = json!({"severity": severity, "summary": summary(d), "file": file, "line": line});
            (severity, file.as_str().unwrap_or_default().to_owned(), line.as_u64().unwrap_or(0), summary(d), whole)
        })
        .collect();
    out.sort_by(|a, b| (&a.0, &a.1, a.2, &a.3).cmp(&(&b.0, &b.1, b.2, &b.3)));
    out.into_iter().map(|d| d.4).collect()
}

fn change(resource: &Value) -> Value {
    let change = &resource["change"];
    let mut out = json!({"address": resource["address"], "mode": resource["mode"], "actions": change["actions"]});
    for key in ["previous_address", "action_reason"] {
        if !resource[key].is_null() {
            out[key] = resource[key].clone();
        }
    }
    if resource["deposed"].as_str().is_some_and(|d| !d.is_empty()) {
        out["deposed"] = true.into();
    }
    for key in ["before", "after", "after_unknown", "after_sensitive"] {
        if let Some(value) = change.get(key) {
            out[key] = value.clone();
        }
    }
    for key in ["replace_paths", "importing"] {
        if change.get(key).is_some_and(|v| !matches!(v, Value::Null) && v != &json!([])) {
            out[key] = change[key].clone();
        }
    }
    if let Some(paths) = out.get_mut("replace_paths").and_then(Value::as_array_mut) {
        paths.sort_by_key(Value::to_string);
    }
    out
}

fn output_changes(changes: &Value) -> Value {
    let keep = ["actions", "before", "after", "after_unknown", "after_sensitive"];
    changes
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, c)| {
            let kept: Map<String, Value> =
                keep.iter().filter_map(|k| Some(((*k).to_owned(), c.get(*k)?.clone()))).collect();
            (name.clone(), Value::Object(kept))
        })
        .collect::<Map<_, _>>()
        .into()
}

fn checks(checks: &Value) -> Value {
    let mut out: Vec<Value> = checks
        .as_array()
        .into_iter()
        .flatten()
        .map(|c| {
            let mut problems: Vec<&str> = c["instances"]
                .as_array()
                .into_iter()
                .flatten()
                .flat_map(|i| i["problems"].as_array().into_iter().flatten())
                .map(|p| p["message"].as_str().unwrap_or_default())
                .collect();
            problems.sort_unstable();
            json!({"address": c["address"]["to_display"], "status": c["status"], "problems": problems})
        })
        .collect();
    out.sort_by_key(|c| (c["address"].to_string(), c["status"].to_string()));
    out.into()
}

fn state_resources(module: &Value, out: &mut Vec<Value>) {
    for r in module["resources"].as_array().into_iter().flatten() {
        let mut depends: Vec<Value> = r["depends_on"].as_array().cloned().unwrap_or_default();
        depends.sort_by_key(Value::to_string);
        out.push(json!({
            "address": r["address"], "mode": r["mode"], "index": r["index"], "values": r["values"],
            "sensitive_values": r["sensitive_values"], "depends_on": depends, "tainted": r["tainted"] == true,
        }));
    }
    for child in module["child_modules"].as_array().into_iter().flatten() {
        state_resources(child, out);
    }
}

/// UUIDs and the working folder differ from run to run.
fn normal(value: Value, dir: &Path) -> Value {
    match value {
        Value::String(s) => mask_uuids(&s.replace(&*dir.to_string_lossy(), "<workdir>")).into(),
        Value::Array(items) => items.into_iter().map(|v| normal(v, dir)).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(k, v)| (mask_uuids(&k), normal(v, dir))).collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

fn mask_uuids(text: &str) -> String {
    /// Written in a case by hand.
    const KEPT: &str = "11111111-2222-3333-4444-555555555555";
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match rest.get(..36).filter(|s| is_uuid(s) && *s != KEPT) {
            Some(_) => {
                out.push_str("<uuid>");
                rest = &rest[36..];
            }
            None => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    out
}

fn is_uuid(text: &str) -> bool {
    text.bytes().enumerate().all(|(i, b)| match i {
        8 | 13 | 18 | 23 => b == b'-',
        _ => matches!(b, b'0'..=b'9' | b'a'..=b'f'),
    })
}

fn compare(path: &str, want: &Value, got: &Value, out: &mut Vec<String>) {
    match (want, got) {
        (Value::Object(w), Value::Object(g)) => {
            let keys: BTreeMap<&String, ()> = w.keys().chain(g.keys()).map(|k| (k, ())).collect();
            for key in keys.into_keys() {
                match (w.get(key), g.get(key)) {
                    (Some(a), Some(b)) => compare(&format!("{path}.{key}"), a, b, out),
                    (a, b) => out.push(format!("{path}.{key}: want {a:?}, got {b:?}")),
                }
            }
        }
        (Value::Array(w), Value::Array(g)) if w.len() == g.len() => {
            for (i, (a, b)) in w.iter().zip(g).enumerate() {
                compare(&format!("{path}[{i}]"), a, b, out);
            }
        }
        _ if json_equal(want, got) => {}
        _ => out.push(format!("{path}: want {want}, got {got}")),
    }
}

fn compare_text(step: usize, want: &str, got: &str, out: &mut Vec<String>) {
    let (want, got) = (structure(want), structure(&mask_uuids(got)));
    let at = (0..want.len().max(got.len())).find(|i| want.get(*i) != got.get(*i));
    if let Some(at) = at {
        out.push(format!("step{step}.plan_text line {}: want {:?}, got {:?}", at + 1, want.get(at), got.get(at)));
    }
}

/// The lines of a plan that show changes: prose and legend are each engine's own.
fn structure(text: &str) -> Vec<String> {
    const LEGEND: [&str; 7] = [
        "create",
        "update in-place",
        "destroy",
        "forget",
        "read (data resources)",
        "destroy and then create replacement",
        "create replacement and then destroy",
    ];
    text.lines()
        .map(str::trim_end)
        .filter(|l| {
            ["  ", "-/+ ", "+/- ", " <= ", "Plan: "].iter().any(|p| l.starts_with(p)) || *l == "Changes to Outputs:"
        })
        .filter(|l| {
            let said = l.trim_start().trim_start_matches(|c| "-+~/<=.".contains(c)).trim_start();
            !(LEGEND.contains(&said) && l.trim_start().starts_with(|c| "-+~/<=.".contains(c)))
        })
        .filter(|l| ![": Refreshing state", ": Reading", ": Read complete"].iter().any(|s| l.contains(s)))
        .map(str::to_owned)
        .collect()
}
