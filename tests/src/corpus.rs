//! What the corpus tests share: where it lies, comparing JSON, diagnostics in output, and the list of known failures.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

/// The corpus folder.
#[must_use]
pub fn dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("lang")
}

/// Tells whether two JSON values are equal, numbers by value (`1.0` is `1`, whatever the number of digits).
#[must_use]
pub fn json_equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => decimal(&x.to_string()) == decimal(&y.to_string()),
        (Value::Array(x), Value::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(p, q)| json_equal(p, q)),
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(k, p)| y.get(k).is_some_and(|q| json_equal(p, q)))
        }
        _ => a == b,
    }
}

/// A decimal text as sign, digits without outer zeros, and exponent.
fn decimal(text: &str) -> (bool, String, i64) {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |t| (true, t));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut exponent: i64 = exponent.parse().unwrap_or(0);
    exponent -= fraction.len() as i64;
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let trimmed = digits.trim_end_matches('0');
    exponent += (digits.len() - trimmed.len()) as i64;
    if trimmed.is_empty() { (false, String::new(), 0) } else { (negative, trimmed.to_owned(), exponent) }
}

/// The diagnostics in a stream of JSON lines.
#[must_use]
pub fn diagnostics(stream: &str) -> Vec<Value> {
    stream
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line.trim()).ok())
        .filter(|m| m["type"] == "diagnostic")
        .map(|mut m| m["diagnostic"].take())
        .collect()
}

/// Severity and summary of the diagnostics in human output.
#[must_use]
pub fn human_diagnostics(text: &str) -> BTreeSet<(String, String)> {
    text.lines()
        .filter_map(|line| {
            let line = line.trim_start_matches(|c: char| c.is_whitespace() || "│╷╵|".contains(c));
            let (kind, summary) = line.split_once(": ")?;
            matches!(kind, "Error" | "Warning").then(|| (kind.to_lowercase(), summary.trim().to_owned()))
        })
        .collect()
}

/// Compares the failures of a run (id and reason) with `known_failures/<name>.txt`.
///
/// # Panics
/// When a case fails that is not listed, or a listed one passes.
pub fn settle(name: &str, ids: &[String], failures: &BTreeMap<String, String>) {
    let path = dir().join("known_failures").join(format!("{name}.txt"));
    if std::env::var_os("SDT_RECORD_FAILURES").is_some() {
        let list: String = failures.keys().map(|id| format!("{id}\n")).collect();
        std::fs::write(&path, list).expect("list can be written");
    }
    let known: BTreeSet<String> = std::fs::read_to_string(&path)
        .unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .filter(|l| !l.is_empty())
        .collect();
    let news: Vec<String> =
        failures.iter().filter(|(id, _)| !known.contains(*id)).map(|(id, why)| format!("{id}: {why}")).collect();
    let mended: Vec<&String> = ids.iter().filter(|id| known.contains(*id) && !failures.contains_key(*id)).collect();
    println!("{name}: {} of {} as Terraform", ids.len() - failures.len(), ids.len());
    assert!(news.is_empty(), "{} cases fail that did not before:\n{}", news.len(), news.join("\n"));
    assert!(mended.is_empty(), "these pass now, take them off {}: {mended:?}", path.display());
}
