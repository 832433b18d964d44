//! What the simulated providers have in common: one type, `sim_thing`, whose objects are replaced when their name changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_provider::{Complaint, Instance, Mode, PlanAnswer, PlanRequest, Private, Provider, ProviderEnv};
use sdt_schema::{Attribute, Block, Schema};
use sdt_value::{Path, Str, Type, Value};

/// A provider of things that are managed by one instance, whatever the configuration.
pub(super) fn provider(instance: Arc<dyn Instance>, schema: Arc<Schema>) -> Arc<dyn Provider> {
    Arc::new(Things { instance, schema })
}

struct Things {
    instance: Arc<dyn Instance>,
    schema: Arc<Schema>,
}

#[async_trait]
impl Provider for Things {
    fn source(&self) -> &str {
        "hashicorp/sim"
    }
    fn version(&self) -> Option<&str> {
        None
    }
    fn schema(&self, mode: Mode, type_name: &str) -> Option<Arc<Schema>> {
        (mode == Mode::Managed && type_name == "sim_thing").then(|| self.schema.clone())
    }
    fn config_schema(&self) -> Arc<Schema> {
        Arc::default()
    }
    fn type_names(&self, mode: Mode) -> Vec<Str> {
        if mode == Mode::Managed { vec!["sim_thing".into()] } else { Vec::new() }
    }
    fn validate_config(&self, _: &Value) -> Diagnostics {
        Diagnostics::new()
    }
    fn validate(&self, _: Mode, _: &str, _: &Value) -> Vec<Complaint> {
        Vec::new()
    }
    fn upgrade_state(&self, _: &str, _: u64, stored: &serde_json::Value) -> Result<Value, Diagnostics> {
        sdt_value::from_json(stored, &self.schema.block.implied_type())
            .map_err(|e| Diagnostic::error("Bad state", e.to_string()).into())
    }
    async fn configure(&self, _: &Value, _: &ProviderEnv) -> Result<Arc<dyn Instance>, Diagnostics> {
        Ok(self.instance.clone())
    }
}

/// The schema of things: `id`, `name`, `value` and what a provider adds.
pub(super) fn schema(more: impl IntoIterator<Item = (&'static str, Type)>) -> Arc<Schema> {
    let text = |required: bool, computed: bool| Attribute {
        ty: Type::String,
        required,
        optional: !required && !computed,
        computed,
        ..Attribute::default()
    };
    let mut attributes: BTreeMap<Str, Attribute> = BTreeMap::from([
        (Str::from("id"), text(false, true)),
        (Str::from("name"), text(true, false)),
        (Str::from("value"), text(false, false)),
    ]);
    for (name, ty) in more {
        attributes.insert(name.into(), Attribute { ty, optional: true, ..Attribute::default() });
    }
    Arc::new(Schema { version: 0, block: Block { attributes, ..Block::default() }, legacy_type_system: false })
}

/// Plans a thing: its id is not known before it is there, and another name means another thing.
pub(super) fn plan(r: &PlanRequest) -> PlanAnswer {
    let mut planned = r.proposed.as_members().cloned().unwrap_or_default();
    let mut requires_replace = Vec::new();
    if r.prior.is_null() {
        planned.insert("id".into(), Value::unknown_not_null(Type::String));
    } else if !planned["name"].raw_equals(r.prior.get("name").unwrap_or(&Value::NULL)) {
        requires_replace.push(Path::root().attr("name"));
    }
    PlanAnswer { planned: Some(Value::object(planned)), requires_replace, ..PlanAnswer::default() }
}

pub(super) fn text<'a>(v: &'a Value, name: &str) -> Option<&'a str> {
    v.get(name).and_then(Value::as_str)
}

pub(super) fn no_private() -> Private {
    Arc::from([])
}
