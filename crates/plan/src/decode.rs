//! The plan from its JSON parts.

use std::collections::BTreeMap;
use std::str::FromStr;

use sdt_addr::ModulePath;
use sdt_value::{Str, Value};
use serde_json::Value as Json;

use crate::encode::mode_word;
use crate::{
    Action, Base, Change, CheckKind, CheckObject, CheckResults, CheckStatus, CodecError, DeferReason, Deferred, Drift,
    Importing, Marked, ObjectResult, OutputChange, Plan, PlanMode, Reason, Relevant, Resume, path_from_json,
    value_from_json,
};

type Result<T> = std::result::Result<T, CodecError>;

fn bad(what: &str) -> CodecError {
    CodecError(what.to_owned())
}

fn list<'a, T>(json: &'a Json, key: &str, f: impl FnMut(&'a Json) -> Result<T>) -> Result<Vec<T>> {
    json.get(key).and_then(Json::as_array).ok_or_else(|| bad(key))?.iter().map(f).collect()
}

fn text<'a>(json: &'a Json, key: &str) -> Result<&'a str> {
    json.get(key).and_then(Json::as_str).ok_or_else(|| bad(key))
}

fn optional(json: &Json, key: &str) -> Option<Str> {
    json.get(key).and_then(Json::as_str).map(Str::from)
}

fn flag(json: &Json, key: &str) -> bool {
    json.get(key).and_then(Json::as_bool).unwrap_or_default()
}

fn value(json: &Json, key: &str) -> Result<Value> {
    value_from_json(json.get(key).ok_or_else(|| bad(key))?)
}

fn parsed<T: FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| bad(text))
}

fn parsed_opt<T: FromStr>(json: &Json, key: &str) -> Result<Option<T>> {
    optional(json, key).map(|t| parsed(&t)).transpose()
}

fn action(json: &Json) -> Result<Action> {
    Action::from_word(text(json, "action")?).ok_or_else(|| bad("action"))
}

pub(crate) fn plan(document: &Json) -> Result<Plan> {
    let json = document.get("plan").ok_or_else(|| bad("plan"))?;
    let word = text(json, "mode")?;
    let modes = [PlanMode::Normal, PlanMode::Destroy, PlanMode::RefreshOnly];
    let outputs = list(json, "outputs", output)?;
    let variables = json.get("variables").and_then(Json::as_object).ok_or_else(|| bad("variables"))?;
    let base = json.get("base").ok_or_else(|| bad("base"))?;
    Ok(Plan {
        mode: modes.into_iter().find(|m| mode_word(*m) == word).ok_or_else(|| bad("mode"))?,
        changes: list(document, "changes", change)?,
        drift: list(json, "drift", drift)?,
        outputs: outputs.into_iter().map(|o| (o.name.clone(), o)).collect(),
        checks: CheckResults(list(json, "checks", check)?),
        base: Base {
            lineage: text(base, "lineage")?.to_owned(),
            serial: base.get("serial").and_then(Json::as_u64).ok_or_else(|| bad("serial"))?,
            journal: optional(base, "journal").unwrap_or_default().to_string(),
        },
        variables: variables
            .iter()
            .map(|(k, v)| Ok((Str::from(k.as_str()), value_from_json(v)?)))
            .collect::<Result<BTreeMap<_, _>>>()?,
        ephemeral_variables: list(json, "ephemeral_variables", |n| Ok(n.as_str().unwrap_or_default().into()))?,
        targets: list(json, "targets", |t| parsed(t.as_str().unwrap_or_default()))?,
        replace: list(json, "replace", |t| parsed(t.as_str().unwrap_or_default()))?,
        timestamp: text(json, "timestamp")?.to_owned(),
        errored: flag(json, "errored"),
        complete: flag(json, "complete"),
        state_changed: flag(json, "state_changed"),
        recovered: list(json, "recovered", |e| Ok(e.clone()))?,
        generated: Vec::new(),
        overrides: Vec::new(),
        marked: list(json, "marked", |m| {
            Ok(Marked {
                provider: parsed(text(m, "provider")?)?,
                type_name: text(m, "type")?.into(),
                id: text(m, "id")?.to_owned(),
            })
        })?,
        deferred: list(json, "deferred", |d| {
            Ok(Deferred {
                reason: DeferReason::from_word(text(d, "reason")?).ok_or_else(|| bad("reason"))?,
                address: text(d, "address")?.to_owned(),
                change: change(d.get("change").ok_or_else(|| bad("change"))?)?,
                instances_unknown: flag(d, "instances_unknown"),
            })
        })?,
        relevant: list(json, "relevant", |r| {
            Ok(Relevant { resource: text(r, "resource")?.to_owned(), path: list(r, "path", |p| Ok(p.clone()))? })
        })?,
        ..Plan::default()
    })
}

fn change(json: &Json) -> Result<Change> {
    use base64::Engine as _;
    let importing = match json.get("importing") {
        Some(i) if !i.is_null() => Some(Importing { id: value(i, "id")? }),
        _ => None,
    };
    let resume = match json.get("resume") {
        Some(r) if !r.is_null() => Some(Resume { token: text(r, "token")?.to_owned(), made: value(r, "made")? }),
        _ => None,
    };
    Ok(Change {
        addr: parsed(text(json, "addr")?)?,
        previous: parsed_opt(json, "previous")?,
        deposed: optional(json, "deposed"),
        provider: parsed(text(json, "provider")?)?,
        action: action(json)?,
        reason: optional(json, "reason").map(|w| Reason::from_word(&w).ok_or_else(|| bad(&w))).transpose()?,
        before: value(json, "before")?,
        after: value(json, "after")?,
        replace_paths: list(json, "replace_paths", path_from_json)?,
        importing,
        resume,
        schema_version: json.get("schema_version").and_then(Json::as_u64).unwrap_or_default(),
        private: base64::engine::general_purpose::STANDARD
            .decode(text(json, "private")?)
            .map_err(|_| bad("private"))?,
        create_before_destroy: flag(json, "create_before_destroy"),
    })
}

fn drift(json: &Json) -> Result<Drift> {
    Ok(Drift {
        addr: parsed(text(json, "addr")?)?,
        previous: parsed_opt(json, "previous")?,
        deposed: optional(json, "deposed"),
        provider: parsed(text(json, "provider")?)?,
        action: action(json)?,
        before: value(json, "before")?,
        after: value(json, "after")?,
    })
}

fn output(json: &Json) -> Result<OutputChange> {
    Ok(OutputChange {
        name: text(json, "name")?.into(),
        action: action(json)?,
        before: value(json, "before")?,
        after: value(json, "after")?,
        sensitive: flag(json, "sensitive"),
    })
}

fn check(json: &Json) -> Result<CheckObject> {
    let status = |json: &Json| CheckStatus::from_word(text(json, "status")?).ok_or_else(|| bad("status"));
    let names = list(json, "module", |n| Ok(Str::from(n.as_str().unwrap_or_default())))?;
    Ok(CheckObject {
        kind: CheckKind::from_word(text(json, "kind")?).ok_or_else(|| bad("kind"))?,
        module: ModulePath::new(names),
        local: text(json, "local")?.into(),
        status: status(json)?,
        instances: list(json, "instances", |i| {
            Ok(ObjectResult {
                address: text(i, "address")?.to_owned(),
                status: status(i)?,
                problems: list(i, "problems", |p| Ok(p.as_str().unwrap_or_default().to_owned()))?,
            })
        })?,
    })
}
