//! The machine-readable plan of `show -json`.

use sdt_plan::{Action, Plan};
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use crate::state_view::{Decode, ObjectView, check_instance, check_json, module_tree, sorted_checks, state_json};
use crate::values::known;
use crate::view::{ChangeView, DeferredView, PlanView, ResourceView};

/// The document: `format_version` 1.2.
#[derive(Debug, Serialize)]
struct Document<'a> {
    format_version: &'static str,
    terraform_version: &'static str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    variables: Map<String, Json>,
    planned_values: Json,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resource_drift: Vec<&'a ResourceView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resource_changes: Vec<&'a ResourceView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deferred_changes: Vec<&'a DeferredView>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    output_changes: Map<String, Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prior_state: Option<Json>,
    configuration: Json,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    relevant_attributes: Vec<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checks: Option<Json>,
    timestamp: &'a str,
    applyable: bool,
    complete: bool,
    errored: bool,
}

/// Returns the JSON of a plan. `configuration` is its description of the configuration. Sensitive values are in it, as they are
/// in Terraform's: what is written with this is as secret as a state.
#[must_use]
pub fn plan_json(plan: &Plan, view: &PlanView, decode: Decode<'_>, configuration: Json) -> String {
    let mut variables: Map<String, Json> = plan
        .variables
        .iter()
        .map(|(name, value)| (name.to_string(), known(value).map_or_else(|| json!({}), |v| json!({"value": v}))))
        .collect();
    // What nobody has set has its default.
    for (name, declared) in configuration["root_module"]["variables"].as_object().into_iter().flatten() {
        if let Some(default) = declared.get("default").filter(|_| declared["ephemeral"] != true) {
            variables.entry(name).or_insert_with(|| json!({"value": default}));
        }
    }
    let output_changes = view
        .outputs
        .iter()
        .map(|(name, change)| (name.clone(), serde_json::to_value(change).unwrap_or(Json::Null)))
        .collect();
    let mut changes: Vec<_> = view.changes.iter().collect();
    // Terraform's order: what lies higher in the tree of modules comes first.
    changes.sort_by(|a, b| {
        let depth = |c: &ResourceView| c.addr.module.steps().len();
        (depth(a), &a.addr, &a.deposed).cmp(&(depth(b), &b.addr, &b.deposed))
    });
    let known_outputs = known_outputs(plan);
    let mut prior_state = plan.prior_state.clone();
    // An output that becomes null is as one that is not there.
    prior_state.outputs.retain(|name, _| {
        let null = |o: &sdt_plan::OutputChange| o.action != Action::Delete && o.after.is_null();
        !plan.outputs.get(name.as_str()).is_some_and(null)
    });
    let had_state = !prior_state.is_empty() || !known_outputs.is_empty();
    let document = Document {
        format_version: "1.2",
        terraform_version: sdt_state::TERRAFORM_VERSION,
        variables,
        planned_values: planned_values(plan, view),
        resource_drift: view.drift.iter().collect(),
        resource_changes: changes,
        deferred_changes: view.deferred.iter().collect(),
        output_changes,
        prior_state: had_state.then(|| {
            let mut state = state_json(&prior_state, decode);
            if let Some(state) = state.as_object_mut() {
                state.remove("checks");
                state.entry("terraform_version").or_insert_with(|| sdt_state::TERRAFORM_VERSION.into());
                let values = state.entry("values").or_insert_with(|| json!({"root_module": {}}));
                for (name, output) in known_outputs {
                    values["outputs"][name] = output;
                }
            }
            state
        }),
        configuration,
        relevant_attributes: plan
            .relevant
            .iter()
            .map(|r| json!({"resource": r.resource, "attribute": r.path}))
            .collect(),
        checks: checks(plan),
        timestamp: &plan.timestamp,
        applyable: !plan.errored && plan.has_changes(),
        complete: plan.complete,
        errored: plan.errored,
    };
    serde_json::to_string(&document).unwrap_or_default()
}

/// Outputs whose new value is known already: to Terraform they belong to the state that the plan starts from.
fn known_outputs(plan: &Plan) -> Vec<(String, Json)> {
    let normal = plan.mode != sdt_plan::PlanMode::Destroy;
    let outputs = plan
        .outputs
        .values()
        .filter(|o| normal && o.action != Action::Delete && o.after.is_wholly_known() && !o.after.is_null());
    let json = |o: &sdt_plan::OutputChange| {
        let (value, ty) = (known(&o.after).unwrap_or(Json::Null), sdt_value::type_to_json(&o.after.ty()));
        (o.name.to_string(), json!({"sensitive": o.sensitive, "type": ty, "value": value}))
    };
    outputs.map(json).collect()
}

fn planned_values(plan: &Plan, view: &PlanView) -> Json {
    let mut out = Map::new();
    let outputs: Map<_, _> = plan
        .outputs
        .iter()
        .filter(|(_, o)| o.action != Action::Delete)
        .map(|(name, o)| {
            let mut entry = json!({"sensitive": o.sensitive});
            if o.after.is_wholly_known() {
                entry["type"] = sdt_value::type_to_json(&o.after.ty());
                entry["value"] = known(&o.after).unwrap_or(Json::Null);
            }
            (name.to_string(), entry)
        })
        .collect();
    if !outputs.is_empty() {
        out.insert("outputs".into(), outputs.into());
    }
    let objects = view.changes.iter().filter_map(planned_object).collect();
    out.insert("root_module".into(), module_tree(objects));
    out.into()
}

fn planned_object(c: &ResourceView) -> Option<ObjectView> {
    let ChangeView { after, after_sensitive, action, .. } = &c.change;
    // As in Terraform, what is forgotten is listed without values.
    let forgotten = *action == Action::Forget;
    let after = after.as_ref().filter(|a| !a.is_null());
    if after.is_none() && !forgotten || *action == Action::Delete || c.deposed.is_some() {
        return None;
    }
    Some(ObjectView {
        address: c.address.clone(),
        mode: c.mode,
        type_name: c.type_name.clone(),
        name: c.name.clone(),
        index: c.index.clone(),
        provider_name: c.provider_name.clone(),
        schema_version: c.schema.as_ref().map_or(0, |s| s.version),
        values: after.cloned().unwrap_or_default(),
        sensitive_values: if forgotten { false.into() } else { after_sensitive.clone() },
        depends_on: Vec::new(),
        tainted: false,
        deposed_key: None,
        module: c.module_address.clone().unwrap_or_default(),
        schema: None,
    })
}

fn checks(plan: &Plan) -> Option<Json> {
    if plan.checks.0.is_empty() {
        return None;
    }
    let list = plan.checks.0.iter().map(|object| {
        let instances = object
            .instances
            .iter()
            .map(|i| {
                let problems: Vec<Json> = i.problems.iter().map(|p| p.as_str().into()).collect();
                check_instance(&i.address, i.status.as_str().into(), &problems)
            })
            .collect();
        check_json(object.kind.as_str(), &object.address(), object.status.as_str().into(), instances)
    });
    Some(sorted_checks(list.collect()))
}
