//! A plan prepared for showing: every change in JSON form with the schema that describes it.
//!
//! Text and JSON are both written from this, so that they cannot disagree; a plan file read back gives the same view.

use std::sync::Arc;

use sdt_addr::{InstanceKey, Mode, ResourceInstance};
use sdt_plan::{Action, DeferReason, Plan, Reason, Relevant};
use sdt_schema::Block;
use sdt_value::{Marks, Path, PathStep, Value, to_json};
use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::values::{known, sensitive, unknown};

/// Finds the schema of a resource type: provider address, mode, type name.
pub type SchemaLookup<'a> = &'a dyn Fn(&sdt_addr::ProviderAddr, Mode, &str) -> Option<Arc<sdt_schema::Schema>>;

/// One side-by-side in the form of Terraform's plan JSON.
#[derive(Clone, Debug, Serialize)]
pub struct ChangeView {
    /// `["delete","create"]`
    pub actions: &'static [&'static str],
    /// The object before.
    pub before: Json,
    /// The known part of the object after; absent when nothing of it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Json>,
    /// Where the object after is unknown.
    pub after_unknown: Json,
    /// Where the object before is sensitive.
    pub before_sensitive: Json,
    /// Where the object after is sensitive.
    pub after_sensitive: Json,
    /// What forces a replacement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replace_paths: Option<Vec<Json>>,
    /// The import id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub importing: Option<Json>,
    /// The action itself.
    #[serde(skip)]
    pub action: Action,
}

/// One object's change.
#[derive(Clone, Debug, Serialize)]
pub struct ResourceView {
    /// `module.m[0].aws_vpc.main["x"]`
    pub address: String,
    /// Its address before a move.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_address: Option<String>,
    /// `module.m[0]`; absent in the root module.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module_address: Option<String>,
    /// `managed` or `data`.
    pub mode: &'static str,
    /// Type name.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Name in configuration.
    pub name: String,
    /// Key in `count` or `for_each`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<Json>,
    /// It stands for an unknown number of instances.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub index_unknown: bool,
    /// `registry.terraform.io/hashicorp/aws`
    pub provider_name: String,
    /// The key of a deposed object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deposed: Option<String>,
    /// What changes.
    pub change: ChangeView,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_reason: Option<&'static str>,
    /// The same, typed.
    #[serde(skip)]
    pub reason: Option<Reason>,
    /// The instance itself.
    #[serde(skip)]
    pub addr: ResourceInstance,
    /// Its configuration has been written for this plan.
    #[serde(skip)]
    pub generated: bool,
    /// Describes the object; without it, it is shown by its JSON alone.
    #[serde(skip)]
    pub schema: Option<Arc<sdt_schema::Schema>>,
}

/// A change that is left for a later run.
#[derive(Clone, Debug, Serialize)]
pub struct DeferredView {
    /// Why.
    #[serde(serialize_with = "reason_word")]
    pub reason: DeferReason,
    /// What it will be, as far as it can be told.
    pub resource_change: ResourceView,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
fn reason_word<S: serde::Serializer>(reason: &DeferReason, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(reason.as_str())
}

impl ResourceView {
    /// The block that describes the object.
    #[must_use]
    pub fn block(&self) -> Option<&Block> {
        self.schema.as_deref().map(|s| &s.block)
    }
}

/// The changes of a plan, ready to be written.
#[derive(Clone, Debug)]
pub struct PlanView {
    /// What the plan is for.
    pub mode: sdt_plan::PlanMode,
    /// Changes of objects.
    pub changes: Vec<ResourceView>,
    /// What changed outside.
    pub drift: Vec<ResourceView>,
    /// What is left for a later run.
    pub deferred: Vec<DeferredView>,
    /// What the changes depend on.
    pub relevant: Vec<Relevant>,
    /// Changes of outputs, no-ops too, by name.
    pub outputs: Vec<(String, ChangeView)>,
    /// Planning failed; the plan cannot be applied.
    pub errored: bool,
}

/// A path as Terraform writes it: names, and numbers or keys as they are.
fn plain_path(path: &Path) -> Json {
    path.0
        .iter()
        .map(|step| match step {
            PathStep::Attr(name) => Json::from(&**name),
            PathStep::Index(key) => to_json(key, &key.ty()),
        })
        .collect()
}

impl PlanView {
    /// Prepares a plan with all its objects, as `show -json` has it.
    #[must_use]
    pub fn new(plan: &Plan, schemas: SchemaLookup<'_>) -> Self {
        Self::of(plan, schemas, true)
    }

    /// Prepares a plan without the objects that stay as they are, which neither its text nor its messages mention.
    #[must_use]
    pub fn of_changes(plan: &Plan, schemas: SchemaLookup<'_>) -> Self {
        Self::of(plan, schemas, false)
    }

    fn of(plan: &Plan, schemas: SchemaLookup<'_>, whole: bool) -> Self {
        let resource = |c: &sdt_plan::Change| {
            let mut change = change_view(c.action, &c.before, &c.after);
            let paths: Vec<Json> = c.replace_paths.iter().map(plain_path).collect();
            change.replace_paths = (!paths.is_empty()).then_some(paths);
            change.importing = c.importing.as_ref().map(|i| match known(&i.id) {
                Some(id) => json!({"id": id}),
                None => json!({"unknown": true}),
            });
            let mut view = resource_view(&c.addr, c.previous.as_ref(), c.deposed.as_deref(), change);
            view.provider_name = c.provider.provider.to_string();
            view.schema = schemas(&c.provider.provider, c.addr.resource.mode, &c.addr.resource.type_name);
            view.action_reason = c.reason.map(Reason::as_str);
            view.reason = c.reason;
            view
        };
        let changes = plan.changes.iter().filter(|c| whole || c.is_effective()).map(resource).collect();
        let deferred = plan
            .deferred
            .iter()
            .map(|d| {
                let mut change = resource(&d.change);
                change.address.clone_from(&d.address);
                change.index_unknown = d.instances_unknown;
                DeferredView { reason: d.reason, resource_change: change }
            })
            .collect();
        let drift = plan
            .drift
            .iter()
            .map(|d| {
                let change = change_view(d.action, &d.before, &d.after);
                let mut view = resource_view(&d.addr, d.previous.as_ref(), d.deposed.as_deref(), change);
                view.provider_name = d.provider.provider.to_string();
                view.schema = schemas(&d.provider.provider, d.addr.resource.mode, &d.addr.resource.type_name);
                view
            })
            .collect();
        let outputs = plan
            .outputs
            .iter()
            .map(|(name, o)| {
                let mut change = change_view(o.action, &o.before, &o.after);
                // An output is sensitive as a whole, on both sides.
                let secret = o.sensitive || o.before.deep_marks().contains(Marks::SENSITIVE);
                change.before_sensitive = secret.into();
                change.after_sensitive = secret.into();
                if o.after.is_wholly_known() {
                    change.after_unknown = false.into();
                }
                (name.to_string(), change)
            })
            .collect();
        let relevant = plan.relevant.clone();
        Self { mode: plan.mode, changes, drift, deferred, relevant, outputs, errored: plan.errored }
    }
}

fn resource_view(
    addr: &ResourceInstance,
    previous: Option<&ResourceInstance>,
    deposed: Option<&str>,
    change: ChangeView,
) -> ResourceView {
    ResourceView {
        address: addr.to_string(),
        previous_address: previous.filter(|p| *p != addr).map(ToString::to_string),
        module_address: (!addr.module.is_root()).then(|| addr.module.to_string()),
        mode: addr.resource.mode.name(),
        type_name: addr.resource.type_name.to_string(),
        name: addr.resource.name.to_string(),
        index: addr.key.as_ref().map(index_json),
        index_unknown: false,
        provider_name: String::new(),
        deposed: deposed.map(str::to_owned),
        change,
        action_reason: None,
        reason: None,
        addr: addr.clone(),
        generated: false,
        schema: None,
    }
}

pub(crate) fn index_json(key: &InstanceKey) -> Json {
    known(&key.value()).unwrap_or(Json::Null)
}

/// Returns both sides of a change in JSON form.
#[must_use]
pub fn change_view(action: Action, before: &Value, after: &Value) -> ChangeView {
    ChangeView {
        actions: action.names(),
        before: known(before).unwrap_or(Json::Null),
        after: known(after),
        after_unknown: if after.is_wholly_known() { json!({}) } else { unknown(after) },
        before_sensitive: sensitive(before),
        after_sensitive: sensitive(after),
        replace_paths: None,
        importing: None,
        action,
    }
}
