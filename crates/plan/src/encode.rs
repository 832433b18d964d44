//! The plan as JSON parts.

use serde_json::{Value as Json, json};

use crate::{Change, CheckResults, Drift, OutputChange, Plan, PlanMode, path_to_json, value_to_json};

pub(crate) fn mode_word(mode: PlanMode) -> &'static str {
    match mode {
        PlanMode::Normal => "normal",
        PlanMode::Destroy => "destroy",
        PlanMode::RefreshOnly => "refresh-only",
    }
}

/// Everything but the execution graph and the prior state, which are parts of their own.
pub(crate) fn plan(plan: &Plan) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend_from_slice(b"{\"changes\":[");
    // One change after the other: a tree of all of them would be many times as large as the text.
    for (i, c) in plan.changes.iter().enumerate() {
        out.extend_from_slice(if i == 0 { b"" } else { b"," });
        // Writing into memory cannot fail.
        let _ = serde_json::to_writer(&mut out, &change(c));
    }
    out.extend_from_slice(b"],\"plan\":");
    let _ = serde_json::to_writer(&mut out, &head(plan));
    out.push(b'}');
    out
}

fn head(plan: &Plan) -> Json {
    json!({
        "mode": mode_word(plan.mode),
        "drift": plan.drift.iter().map(drift).collect::<Vec<_>>(),
        "outputs": plan.outputs.values().map(output).collect::<Vec<_>>(),
        "checks": checks(&plan.checks),
        "base": {"lineage": plan.base.lineage, "serial": plan.base.serial, "journal": plan.base.journal},
        "variables": plan.variables.iter().map(|(k, v)| (k.to_string(), value_to_json(v))).collect::<serde_json::Map<_, _>>(),
        "ephemeral_variables": plan.ephemeral_variables.iter().map(|n| n.to_string()).collect::<Vec<_>>(),
        "targets": plan.targets.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "replace": plan.replace.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "timestamp": plan.timestamp,
        "errored": plan.errored,
        "complete": plan.complete,
        "state_changed": plan.state_changed,
        "recovered": plan.recovered,
        "deferred": plan.deferred.iter().map(|d| json!({"reason": d.reason.as_str(), "address": d.address, "change": change(&d.change), "instances_unknown": d.instances_unknown})).collect::<Vec<_>>(),
        "relevant": plan.relevant.iter().map(|r| json!({"resource": r.resource, "path": r.path})).collect::<Vec<_>>(),
        "marked": plan.marked.iter().map(|m| json!({"provider": m.provider.to_string(), "type": &*m.type_name, "id": m.id})).collect::<Vec<_>>(),
    })
}

fn change(c: &Change) -> Json {
    use base64::Engine as _;
    json!({
        "addr": c.addr.to_string(),
        "previous": c.previous.as_ref().map(ToString::to_string),
        "deposed": c.deposed.as_deref(),
        "provider": c.provider.to_string(),
        "action": c.action.word(),
        "reason": c.reason.map(crate::Reason::as_str),
        "before": value_to_json(&c.before),
        "after": value_to_json(&c.after),
        "replace_paths": c.replace_paths.iter().map(path_to_json).collect::<Vec<_>>(),
        "importing": c.importing.as_ref().map(|i| json!({"id": value_to_json(&i.id)})),
        "resume": c.resume.as_ref().map(|r| json!({"token": r.token, "made": value_to_json(&r.made)})),
        "schema_version": c.schema_version,
        "private": base64::engine::general_purpose::STANDARD.encode(&c.private),
        "create_before_destroy": c.create_before_destroy,
    })
}

fn drift(d: &Drift) -> Json {
    json!({
        "addr": d.addr.to_string(),
        "previous": d.previous.as_ref().map(ToString::to_string),
        "deposed": d.deposed.as_deref(),
        "provider": d.provider.to_string(),
        "action": d.action.word(),
        "before": value_to_json(&d.before),
        "after": value_to_json(&d.after),
    })
}

fn output(o: &OutputChange) -> Json {
    json!({
        "name": *o.name,
        "action": o.action.word(),
        "before": value_to_json(&o.before),
        "after": value_to_json(&o.after),
        "sensitive": o.sensitive,
    })
}

fn checks(checks: &CheckResults) -> Json {
    checks
        .0
        .iter()
        .map(|o| {
            let instances: Vec<_> = o
                .instances
                .iter()
                .map(|i| json!({"address": i.address, "status": i.status.as_str(), "problems": i.problems}))
                .collect();
            let module: Vec<_> = o.module.names().iter().map(|n| n.to_string()).collect();
            json!({
                "kind": o.kind.as_str(), "module": module, "local": *o.local,
                "status": o.status.as_str(), "instances": instances,
            })
        })
        .collect()
}
