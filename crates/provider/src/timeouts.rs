//! The `timeouts` block, and the private bytes that Terraform keeps beside an object.

use std::time::Duration;

use sdt_value::Value;

use crate::api::Private;
use crate::declare::Meta;

/// The key under which the public provider's SDK keeps timeouts.
const TIMEOUTS_KEY: &str = "e2bfb730-ecaa-11e6-8f88-34363bc7c4c0";

/// How long an operation may take where nothing else is said.
const USUAL: Duration = Duration::from_secs(20 * 60);

/// Parses `1h30m`, `90s`, `1.5h`, `100ms`.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        total += number
            * match &rest[..unit] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "µs" => 1e-6,
                "ns" => 1e-9,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    if text.trim().is_empty() { None } else { Duration::try_from_secs_f64(total).ok() }
}

/// How long `operation` may take: from the object's `timeouts`, else the declared default.
#[must_use]
pub fn timeout(meta: &Meta, object: &Value, operation: &str) -> Duration {
    let set = object.get("timeouts").and_then(|t| t.get(operation)).and_then(Value::as_str);
    let declared = meta.timeouts.iter().find(|(name, _)| *name == operation).map(|(_, d)| *d);
    set.and_then(parse_duration).or_else(|| declared.and_then(parse_duration)).unwrap_or(USUAL)
}

/// The private bytes of an object: schema version and timeouts as the public provider's SDK writes them; nothing for types of its
/// newer framework.
#[must_use]
pub fn private(meta: &Meta, object: &Value) -> Private {
    if !meta.legacy {
        return Private::from([]);
    }
    let mut out = serde_json::Map::new();
    let timeouts: serde_json::Map<String, serde_json::Value> = meta
        .timeouts
        .iter()
        .filter(|(operation, default)| {
            !default.is_empty()
                || object.get("timeouts").and_then(|t| t.get(operation)).is_some_and(|v| v.as_str().is_some())
        })
        .map(|(operation, _)| {
            let nanos = u64::try_from(timeout(meta, object, operation).as_nanos()).unwrap_or(u64::MAX);
            ((*operation).to_owned(), nanos.into())
        })
        .collect();
    if !timeouts.is_empty() {
        out.insert(TIMEOUTS_KEY.to_owned(), timeouts.into());
    }
    if meta.version > 0 {
        out.insert("schema_version".to_owned(), meta.version.to_string().into());
    }
    if out.is_empty() {
        return Private::from(*b"null");
    }
    serde_json::Value::from(out).to_string().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let check = |text: &str, seconds: Option<f64>| {
            assert_eq!(parse_duration(text).map(|d| d.as_secs_f64()), seconds, "{text}")
        };
        check("10m", Some(600.0));
        check("1h30m", Some(5400.0));
        check("1.5h", Some(5400.0));
        check("250ms", Some(0.25));
        check("", None);
        check("10", None);
        check("99999999999999999999999h", None);
        check("ten", None);
    }
}
