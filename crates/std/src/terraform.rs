//! terraform.io/builtin/terraform: `terraform_data` and `terraform_remote_state`.

use async_trait::async_trait;
use std::sync::Arc;

use sdt_diag::{Diagnostics, Severity};
use sdt_provider::{ApplyRequest, Complaint, Mode, PlanAnswer, PlanRequest};
use sdt_schema::Schema;
use sdt_value::{Kind, Path, Refinement, Type, Value};

use crate::helpers::{Set, attr, get, members, schema};
use crate::{Definition, LocalProvider, Random};

/// Reads the outputs of another configuration's state: (backend type, its configuration, workspace) to an object of outputs.
/// The edge hands it in, since reading states needs stores.
pub type RemoteStates = Arc<dyn Fn(&str, &Value, Option<&str>) -> Result<Value, Vec<Complaint>> + Send + Sync>;

/// The built-in provider. Without `remote_states` the data source answers with an error.
#[must_use]
pub fn terraform(random: Random, remote_states: Option<RemoteStates>) -> LocalProvider {
    LocalProvider::new(
        "terraform.io/builtin/terraform",
        None,
        vec![Arc::new(TerraformData { random }), Arc::new(RemoteState { reader: remote_states })],
    )
}

/// # terraform_data
///
/// Stores what it is given: `input` comes back as `output` once applied, a change of `triggers_replace` replaces the object.
struct TerraformData {
    random: Random,
}

impl TerraformData {
    fn unknown_id() -> Value {
        let refinement = Refinement { not_null: true, ..Refinement::default() };
        Kind::Unknown(Type::String, Some(Arc::new(refinement))).into()
    }
}

/// The output follows the input, a null one at once.
fn output_for(input: &Value) -> Value {
    if input.is_null() { input.clone() } else { Value::unknown(input.ty()) }
}

#[async_trait]
impl Definition for TerraformData {
    fn name(&self) -> &'static str {
        "terraform_data"
    }

    fn schema(&self) -> Arc<Schema> {
        schema(
            0,
            [
                ("id", attr(Type::String, Set::Computed, "A UUID, new for every object.")),
                ("input", attr(Type::Dynamic, Set::Optional, "The value to store.")),
                ("output", attr(Type::Dynamic, Set::Computed, "The stored value, known after apply.")),
                ("triggers_replace", attr(Type::Dynamic, Set::Optional, "A value whose change replaces the object.")),
            ],
            "Stores a value and takes part in the lifecycle like any resource.",
        )
    }

    fn validate(&self, config: &Value) -> Vec<Complaint> {
        let set = |name: &&&str| !get(config, name).is_null();
        let wrong = |name: &str| {
            let detail = format!("{name} is what the object answers; it cannot be given.");
            Complaint {
                severity: Severity::Error,
                summary: format!("{name:?} attribute is read-only"),
                detail,
                path: Path::root(),
            }
        };
        ["id", "output"].iter().filter(set).map(|name| wrong(name)).collect()
    }

    fn plan(&self, request: &PlanRequest) -> PlanAnswer {
        let mut planned = members(&request.proposed);
        let input = get(&request.proposed, "input");
        let trigger = get(&request.proposed, "triggers_replace");
        let mut requires_replace = Vec::new();
        let create = request.prior.is_null();
        let triggered = !create && !get(&request.prior, "triggers_replace").raw_equals(&trigger);
        if create || triggered {
            planned.insert("id".into(), Self::unknown_id());
            planned.insert("output".into(), output_for(&input));
        } else if !get(&request.prior, "input").raw_equals(&input) {
            planned.insert("output".into(), Value::unknown(input.ty()));
        }
        if triggered {
            requires_replace.push(Path::root().attr("triggers_replace"));
        }
        PlanAnswer { planned: Some(Value::object(planned)), requires_replace, ..PlanAnswer::default() }
    }

    async fn apply(&self, request: &ApplyRequest) -> Result<Value, Complaint> {
        let mut object = members(&request.planned);
        if get(&request.planned, "id").is_unknown() {
            object.insert("id".into(), Value::string(self.random.uuid()));
        }
        object.insert("output".into(), get(&request.planned, "input"));
        Ok(Value::object(object))
    }

    fn import(&self, id: &str) -> Result<Value, Diagnostics> {
        let mut object = members(&self.schema().block.empty_value());
        object.insert("id".into(), Value::string(id));
        Ok(Value::object(object))
    }
}

/// # data terraform_remote_state
///
/// The root module's outputs in the latest snapshot of another configuration's state. Sensitive outputs lose their flag, as
/// in Terraform.
struct RemoteState {
    reader: Option<RemoteStates>,
}

#[async_trait]
impl Definition for RemoteState {
    fn name(&self) -> &'static str {
        "terraform_remote_state"
    }

    fn mode(&self) -> Mode {
        Mode::Data
    }

    fn schema(&self) -> Arc<Schema> {
        schema(
            0,
            [
                ("backend", attr(Type::String, Set::Required, "The type of the backend that holds the state.")),
                ("config", attr(Type::Dynamic, Set::Optional, "The backend's configuration, an object.")),
                ("defaults", attr(Type::Dynamic, Set::Optional, "Outputs to assume where the state has none.")),
                ("outputs", attr(Type::Dynamic, Set::Computed, "An object with every root output of that state.")),
                ("workspace", attr(Type::String, Set::Optional, "The workspace whose state is read.")),
            ],
            "Outputs of another configuration's state.",
        )
    }

    fn validate(&self, config: &Value) -> Vec<Complaint> {
        let Some(backend) = config.get("backend").and_then(Value::as_str) else { return Vec::new() };
        let complain = |detail: String, name: &str| {
            vec![crate::helpers::complain("Invalid backend configuration", detail, Path::root().attr(name))]
        };
        let Some((_, known)) = sdt_state::backends::ALL.iter().find(|(name, _)| *name == backend) else {
            let names: Vec<&str> = sdt_state::backends::ALL.iter().map(|(name, _)| *name).collect();
            return complain(format!("There is no backend \"{backend}\"; there are {}.", names.join(", ")), "backend");
        };
        let settings = get(config, "config");
        if !settings.is_null() && !matches!(settings.ty(), Type::Object(_) | Type::Map(_) | Type::Dynamic) {
            let found = settings.ty().friendly_name();
            return complain(format!("The backend's configuration is an object, not a {found}."), "config");
        }
        let given = config.get("config").and_then(Value::as_members).into_iter().flatten();
        for (name, value) in given {
            let text =
                backend == "local" && settings.is_wholly_known() && sdt_state::backends::LOCAL.contains(&&**name);
            if text && sdt_value::convert(value, &Type::String).is_err() {
                return complain(format!("The setting \"{name}\" is a text."), "config");
            }
            if !known.is_empty() && !known.contains(&&**name) {
                return complain(format!("The backend \"{backend}\" has no setting \"{name}\"."), "config");
            }
        }
        Vec::new()
    }

    async fn read_data(&self, config: &Value) -> Result<Value, Vec<Complaint>> {
        let complain = |detail: &str, name: &str| {
            vec![crate::helpers::complain("Unable to find remote state", detail, Path::root().attr(name))]
        };
        let Some(reader) = &self.reader else {
            return Err(complain("States of other configurations cannot be read here.", "backend"));
        };
        let backend = get(config, "backend");
        let workspace = get(config, "workspace");
        let outputs = reader(backend.as_str().unwrap_or_default(), &get(config, "config"), workspace.as_str())?;
        let mut all = members(&get(config, "defaults"));
        all.extend(members(&outputs));
        let mut object = members(config);
        object.insert("outputs".into(), Value::object(all));
        Ok(Value::object(object))
    }
}
