//! hashicorp/null: objects that do nothing but take part in the lifecycle.

use async_trait::async_trait;
use std::sync::Arc;

use sdt_provider::{ApplyRequest, Complaint, Mode, PlanAnswer, PlanRequest};
use sdt_schema::Schema;
use sdt_value::{Path, Type, Value};

use crate::helpers::{Set, attr, get, members, schema};
use crate::{Definition, LocalProvider, Random};

/// The null provider.
#[must_use]
pub fn null(random: Random) -> LocalProvider {
    LocalProvider::new(
        "hashicorp/null",
        Some("3.2.4"),
        vec![Arc::new(NullResource { random: random.clone() }), Arc::new(NullData { random })],
    )
}

/// # null_resource
struct NullResource {
    random: Random,
}

/// Ids are random numbers, as the public provider's are.
fn id(random: &Random) -> Value {
    Value::string(random.below(i64::MAX as u64).to_string())
}

#[async_trait]
impl Definition for NullResource {
    fn name(&self) -> &'static str {
        "null_resource"
    }

    fn schema(&self) -> Arc<Schema> {
        schema(
            0,
            [
                ("id", attr(Type::String, Set::Computed, "A random number.")),
                ("triggers", attr(Type::map(Type::String), Set::Optional, "Strings; a change replaces the object.")),
            ],
            "Does nothing; a change of its triggers replaces it, which runs its provisioners again.",
        )
    }

    fn plan(&self, request: &PlanRequest) -> PlanAnswer {
        let mut planned = members(&request.proposed);
        let mut requires_replace = Vec::new();
        if request.prior.is_null() {
            planned.insert("id".into(), Value::unknown_not_null(Type::String));
        } else if !get(&request.prior, "triggers").raw_equals(&get(&request.proposed, "triggers")) {
            requires_replace.push(Path::root().attr("triggers"));
        }
        PlanAnswer { planned: Some(Value::object(planned)), requires_replace, ..PlanAnswer::default() }
    }

    async fn apply(&self, request: &ApplyRequest) -> Result<Value, Complaint> {
        let mut object = members(&request.planned);
        if get(&request.planned, "id").is_unknown() {
            object.insert("id".into(), id(&self.random));
        }
        Ok(Value::object(object))
    }
}

/// # data null_data_source
struct NullData {
    random: Random,
}

#[async_trait]
impl Definition for NullData {
    fn name(&self) -> &'static str {
        "null_data_source"
    }

    fn mode(&self) -> Mode {
        Mode::Data
    }

    fn schema(&self) -> Arc<Schema> {
        let strings = Type::map(Type::String);
        schema(
            0,
            [
                ("has_computed_default", attr(Type::String, Set::OptionalComputed, "\"default\" unless set.")),
                ("id", attr(Type::String, Set::Computed, "Always \"static\".")),
                ("inputs", attr(strings.clone(), Set::Optional, "Strings that come back as outputs.")),
                ("outputs", attr(strings, Set::Computed, "The inputs.")),
                ("random", attr(Type::String, Set::Computed, "A random number.")),
            ],
            "Gives back what it is given. Local values do the same.",
        )
    }

    async fn read_data(&self, config: &Value) -> Result<Value, Vec<Complaint>> {
        let mut object = members(config);
        object.insert("id".into(), Value::string("static"));
        object.insert("outputs".into(), get(config, "inputs"));
        object.insert("random".into(), id(&self.random));
        if get(config, "has_computed_default").is_null() {
            object.insert("has_computed_default".into(), Value::string("default"));
        }
        Ok(Value::object(object))
    }
}
