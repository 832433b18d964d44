//! What `-verbose -json` tells of a run: its plan or its state, with the schemas that explain it.

use sdt_config::Config;
use sdt_plan::Plan;
use sdt_render::{Decode, PlanView, plan_json, state_json};
use sdt_state::State;
use serde_json::{Map, Value as Json};

use crate::commands::schemas_json;
use crate::providers::{self, Registry};

/// The members of a plan that a test tells.
const OF_PLAN: [&str; 4] = ["output_changes", "resource_changes", "resource_drift", "relevant_attributes"];

/// A plan.
pub(crate) fn plan(plan: &Plan, view: &PlanView, config: &Config, registry: &Registry) -> Json {
    let decode = |p: &str, k: &sdt_state::ResourceKey, i: &sdt_state::Instance| providers::decode(registry, p, k, i);
    let text = plan_json(plan, view, &decode, Json::Null);
    let whole: Map<String, Json> = serde_json::from_str(&text).unwrap_or_default();
    let mut out = Map::new();
    out.insert("plan_format_version".into(), whole.get("format_version").cloned().unwrap_or_default());
    let members = OF_PLAN.iter().filter_map(|n| Some(((*n).to_owned(), whole.get(*n)?.clone())));
    out.extend(members);
    with_schemas(out, config, registry)
}

/// A state.
pub(crate) fn state(state: &State, decode: Decode<'_>, config: &Config, registry: &Registry) -> Json {
    let whole = state_json(state, decode);
    let mut out = Map::new();
    out.insert("state_format_version".into(), whole["format_version"].clone());
    for name in ["root_module", "outputs"] {
        if let Some(value) = whole["values"].get(name) {
            out.insert(name.into(), value.clone());
        }
    }
    with_schemas(out, config, registry)
}

fn with_schemas(mut out: Map<String, Json>, config: &Config, registry: &Registry) -> Json {
    let schemas = schemas_json(config, registry);
    out.insert("provider_format_version".into(), schemas["format_version"].clone());
    if let Some(all) = schemas.get("provider_schemas") {
        out.insert("provider_schemas".into(), all.clone());
    }
    out.into()
}
