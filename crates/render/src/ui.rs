//! The line-by-line JSON of `plan -json` and `apply -json`.
//!
//! Source: the machine-readable UI, version 1.2.

use std::collections::BTreeMap;

use sdt_addr::ResourceInstance;
use sdt_diag::{Diagnostic, Severity, SourceMap};
use sdt_plan::Action;
use serde_json::{Map, Value as Json, json};

use crate::diagnostic::diagnostic_view;
use crate::view::{PlanView, ResourceView, index_json};

/// A message: level, text and the members beside them.
#[derive(Clone, Debug)]
pub struct Message {
    level: &'static str,
    text: String,
    kind: &'static str,
    rest: Vec<(&'static str, Json)>,
}

/// Numbers of a summary line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Created.
    pub add: usize,
    /// Updated.
    pub change: usize,
    /// Imported.
    pub import: usize,
    /// Destroyed.
    pub remove: usize,
}

impl Message {
    fn info(kind: &'static str, text: impl Into<String>) -> Self {
        Self { level: "info", text: text.into(), kind, rest: Vec::new() }
    }

    fn with(mut self, key: &'static str, value: Json) -> Self {
        self.rest.push((key, value));
        self
    }

    /// A message of a kind of its own.
    #[must_use]
    pub fn of(kind: &'static str, text: impl Into<String>, rest: Vec<(&'static str, Json)>) -> Self {
        Self { level: "info", text: text.into(), kind, rest }
    }

    /// The same as an error.
    #[must_use]
    pub fn error(self) -> Self {
        Self { level: "error", ..self }
    }

    /// The same with one member more.
    #[must_use]
    pub fn and(self, key: &'static str, value: Json) -> Self {
        self.with(key, value)
    }

    /// Writes it as one line, without the line break.
    #[must_use]
    pub fn line(&self, timestamp: &str) -> String {
        let mut out = Map::new();
        out.insert("@level".into(), self.level.into());
        out.insert("@message".into(), self.text.clone().into());
        out.insert("@module".into(), "terraform.ui".into());
        out.insert("@timestamp".into(), timestamp.into());
        for (k, v) in &self.rest {
            out.insert((*k).into(), v.clone());
        }
        out.insert("type".into(), self.kind.into());
        Json::Object(out).to_string()
    }

    /// The text for people.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first message. Programs look for Terraform's version there.
    #[must_use]
    pub fn version(terraform: &str, sdt: &str) -> Self {
        Self::info("version", format!("sdt {sdt}"))
            .with("terraform", terraform.into())
            .with("sdt", sdt.into())
            .with("ui", "1.2".into())
    }

    /// Something worth a line.
    #[must_use]
    pub fn log(text: impl Into<String>) -> Self {
        Self::info("log", text)
    }

    /// The API calls of a run by "service:Operation".
    #[must_use]
    pub fn calls(counts: &BTreeMap<String, u64>) -> Self {
        let all: u64 = counts.values().sum();
        Self::info("api_calls", format!("API calls: {all}")).with("calls", json!(counts))
    }

    /// A diagnostic.
    #[must_use]
    pub fn diagnostic(d: &Diagnostic, sources: &SourceMap) -> Self {
        let (level, word) = match d.severity {
            Severity::Error => ("error", "Error"),
            Severity::Warning => ("warn", "Warning"),
        };
        let view = serde_json::to_value(diagnostic_view(d, sources)).unwrap_or(Json::Null);
        Self { level, text: format!("{word}: {}", d.summary), kind: "diagnostic", rest: vec![("diagnostic", view)] }
    }

    /// An object begins to be refreshed, or is.
    #[must_use]
    pub fn refresh(addr: &ResourceInstance, id: Option<&str>, done: bool) -> Self {
        let what = if done { "Refresh complete" } else { "Refreshing state..." };
        let kind = if done { "refresh_complete" } else { "refresh_start" };
        Self::info(kind, format!("{addr}: {what}{}", id_text(id))).with("hook", hook(addr, id, &[]))
    }

    /// An action begins.
    #[must_use]
    pub fn apply_start(addr: &ResourceInstance, action: Action, id: Option<&str>) -> Self {
        Self::info("apply_start", format!("{addr}: {}...{}", word(action).0, id_text(id)))
            .with("hook", hook(addr, id, &[("action", action_word(action).into())]))
    }

    /// An action goes on.
    #[must_use]
    pub fn apply_progress(addr: &ResourceInstance, action: Action, seconds: u64, id: Option<&str>) -> Self {
        let id_suffix = id.map(|id| format!("id={id}, ")).unwrap_or_default();
        Self::info(
            "apply_progress",
            format!("{addr}: Still {}... [{id_suffix}{} elapsed]", verb(action).0.to_lowercase(), elapsed(seconds)),
        )
        .with("hook", hook(addr, None, &[("action", action_word(action).into()), ("elapsed_seconds", seconds.into())]))
    }

    /// An action has ended.
    #[must_use]
    pub fn apply_complete(addr: &ResourceInstance, action: Action, seconds: u64, id: Option<&str>) -> Self {
        let members = [("action", action_word(action).into()), ("elapsed_seconds", seconds.into())];
        Self::info(
            "apply_complete",
            format!("{addr}: {} complete after {}{}", word(action).1, elapsed(seconds), id_text(id)),
        )
        .with("hook", hook(addr, id, &members))
    }

    /// An action has failed.
    #[must_use]
    pub fn apply_errored(addr: &ResourceInstance, action: Action, seconds: u64) -> Self {
        let members = [("action", action_word(action).into()), ("elapsed_seconds", seconds.into())];
        Self::info("apply_errored", format!("{addr}: {} errored after {}", verb(action).1, elapsed(seconds)))
            .with("hook", hook(addr, None, &members))
    }

    /// An ephemeral resource begins to open or close, or has done so after some seconds.
    #[must_use]
    pub fn ephemeral(addr: &ResourceInstance, opens: bool, seconds: Option<u64>) -> Self {
        let (doing, action) = if opens { ("Opening", "open") } else { ("Closing", "close") };
        match seconds {
            None => Self::info("ephemeral_op_start", format!("{addr}: {doing}..."))
                .with("hook", hook(addr, None, &[("action", action.into())])),
            Some(seconds) => {
                let members = [("action", action.into()), ("elapsed_seconds", seconds.into())];
                let text = format!("{addr}: {doing} complete after {}", elapsed(seconds));
                Self::info("ephemeral_op_complete", text).with("hook", hook(addr, None, &members))
            }
        }
    }

    /// A planned change.
    #[must_use]
    pub fn planned_change(c: &ResourceView) -> Self {
        let action = change_word(c);
        let mut change = json!({"resource": resource(&c.addr), "action": action});
        if let Some(previous) = c.previous_address.as_ref().and_then(|p| p.parse().ok()) {
            change["previous_resource"] = resource(&previous);
        }
        if let Some(reason) = c.action_reason.and_then(reason_word) {
            change["reason"] = reason.into();
        }
        if let Some(importing) = &c.change.importing {
            change["importing"] = importing.clone();
        }
        let text = format!("{}: Plan to {}", c.address, if action == "noop" { "do nothing" } else { action });
        Self::info("planned_change", text).with("change", change)
    }

    /// An object that changed outside.
    #[must_use]
    pub fn drift(c: &ResourceView) -> Self {
        let action = change_word(c);
        let change = json!({"resource": resource(&c.addr), "action": action});
        Self::info("resource_drift", format!("{}: Drift detected ({action})", c.address)).with("change", change)
    }

    /// The summary of a plan.
    #[must_use]
    pub fn plan_summary(t: Tally) -> Self {
        let import = if t.import > 0 { format!("{} to import, ", t.import) } else { String::new() };
        Self::info(
            "change_summary",
            format!("Plan: {import}{} to add, {} to change, {} to destroy.", t.add, t.change, t.remove),
        )
        .with("changes", changes(t, "plan"))
    }

    /// The summary of an apply or destroy.
    #[must_use]
    pub fn apply_summary(t: Tally, destroy: bool) -> Self {
        let operation = if destroy { "destroy" } else { "apply" };
        Self::info("change_summary", apply_summary_text(t, destroy)).with("changes", changes(t, operation))
    }

    /// Outputs of a plan: what happens to each.
    #[must_use]
    pub fn planned_outputs(view: &PlanView) -> Self {
        let outputs: Map<_, _> = view
            .outputs
            .iter()
            .map(|(name, o)| {
                let secret = o.after_sensitive == Json::Bool(true);
                (name.clone(), json!({"sensitive": secret, "action": action_word(o.action)}))
            })
            .collect();
        Self::info("outputs", format!("Outputs: {}", outputs.len())).with("outputs", outputs.into())
    }

    /// Outputs after an apply, with their values unless sensitive.
    #[must_use]
    pub fn outputs(state: &sdt_state::State) -> Self {
        let outputs: Map<_, _> = state
            .outputs
            .iter()
            .map(|(name, o)| {
                let mut out = json!({"sensitive": o.sensitive, "type": o.ty});
                if !o.sensitive {
                    out["value"] = o.value.clone();
                }
                (name.clone(), out)
            })
            .collect();
        Self::info("outputs", format!("Outputs: {}", outputs.len())).with("outputs", outputs.into())
    }

    /// A provisioner begins, writes, ends or fails.
    #[must_use]
    pub fn provision(addr: &ResourceInstance, provisioner: &str, event: ProvisionEvent<'_>) -> Self {
        let mut members = vec![("provisioner", Json::from(provisioner))];
        let (kind, text) = match event {
            ProvisionEvent::Start => ("provision_start", format!("{addr}: Provisioning with '{provisioner}'...")),
            ProvisionEvent::Output(line) => {
                members.push(("output", line.into()));
                ("provision_progress", format!("{addr}: ({provisioner}): {line}"))
            }
            ProvisionEvent::Done => ("provision_complete", format!("{addr}: ({provisioner}) Provisioning complete")),
            ProvisionEvent::Failed => ("provision_errored", format!("{addr}: ({provisioner}) Provisioning errored")),
        };
        Self::info(kind, text).with("hook", hook(addr, None, &members))
    }
}

/// The verb of messages: to programs a data source is refreshed.
const fn word(action: Action) -> (&'static str, &'static str) {
    match action {
        Action::Read => ("Refreshing", "Refresh"),
        other => verb(other),
    }
}

/// What a provisioner does.
#[derive(Clone, Copy, Debug)]
pub enum ProvisionEvent<'a> {
    /// It begins.
    Start,
    /// It writes a line.
    Output(&'a str),
    /// It is done.
    Done,
    /// It failed.
    Failed,
}

/// `Apply complete! Resources: 1 added, 0 changed, 0 destroyed.`
#[must_use]
pub fn apply_summary_text(t: Tally, destroy: bool) -> String {
    if destroy {
        return format!("Destroy complete! Resources: {} destroyed.", t.remove);
    }
    let import = if t.import > 0 { format!("{} imported, ", t.import) } else { String::new() };
    format!("Apply complete! Resources: {import}{} added, {} changed, {} destroyed.", t.add, t.change, t.remove)
}

fn changes(t: Tally, operation: &str) -> Json {
    json!({"add": t.add, "change": t.change, "import": t.import, "remove": t.remove, "operation": operation})
}

/// `1m10s`, as Terraform counts elapsed time.
#[must_use]
pub fn elapsed(seconds: u64) -> String {
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (h, m) {
        (0, 0) => format!("{s}s"),
        (0, _) => format!("{m}m{s}s"),
        _ => format!("{h}h{m}m{s}s"),
    }
}

/// What an action is called while it runs and when it has ended.
#[must_use]
pub const fn verb(action: Action) -> (&'static str, &'static str) {
    match action {
        Action::Create => ("Creating", "Creation"),
        Action::Update => ("Modifying", "Modifications"),
        Action::Delete => ("Destroying", "Destruction"),
        Action::Read => ("Reading", "Read"),
        Action::Replace(_) => ("Replacing", "Replacement"),
        Action::Forget => ("Forgetting", "Removal from state"),
        Action::NoOp => ("Checking", "Check"),
    }
}

fn id_text(id: Option<&str>) -> String {
    id.map(|id| format!(" [id={id}]")).unwrap_or_default()
}

const fn action_word(action: Action) -> &'static str {
    match action {
        Action::NoOp => "noop",
        Action::Create => "create",
        Action::Read => "read",
        Action::Update => "update",
        Action::Replace(_) => "replace",
        Action::Delete => "delete",
        Action::Forget => "remove",
    }
}

fn change_word(c: &ResourceView) -> &'static str {
    match c.change.action {
        Action::NoOp if c.change.importing.is_some() => "import",
        Action::NoOp if c.previous_address.is_some() => "move",
        other => action_word(other),
    }
}

fn reason_word(reason: &'static str) -> Option<&'static str> {
    Some(match reason {
        "replace_because_tainted" => "tainted",
        "replace_by_request" => "requested",
        "replace_by_triggers" => "replace_triggered_by",
        "replace_because_cannot_update" => "cannot_update",
        other => other,
    })
}

fn hook(addr: &ResourceInstance, id: Option<&str>, members: &[(&str, Json)]) -> Json {
    let mut out = json!({"resource": resource(addr)});
    for (k, v) in members {
        out[*k] = v.clone();
    }
    if let Some(id) = id {
        out["id_key"] = "id".into();
        out["id_value"] = id.into();
    }
    out
}

fn resource(addr: &ResourceInstance) -> Json {
    let module = if addr.module.is_root() { String::new() } else { addr.module.to_string() };
    let key = addr.key.as_ref().map_or(Json::Null, index_json);
    let local = match &addr.key {
        Some(k) => format!("{}{k}", addr.resource),
        None => addr.resource.to_string(),
    };
    json!({
        "addr": addr.to_string(),
        "module": module,
        "resource": local,
        "implied_provider": addr.resource.implied_provider(),
        "resource_type": &*addr.resource.type_name,
        "resource_name": &*addr.resource.name,
        "resource_key": key,
    })
}
