//! A provider of one type, `sim_thing`, whose creation takes two calls and gives the id before the second.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use sdt_diag::{Diagnostic, Diagnostics, Severity};
use sdt_provider::{
    ApplyAnswer, ApplyRequest, ApplySink, Complaint, Imported, Instance, Mode, PlanAnswer, PlanRequest, Provider,
    ProviderEnv, ReadAnswer, ReadRequest, ReadSink, RecoverAnswer, RecoverRequest,
};
use sdt_schema::{Attribute, Block, Schema};
use sdt_value::{Path, Str, Type, Value};

use super::{Cloud, Mortal};

/// The provider in one life of the process.
#[derive(Clone)]
pub struct SimProvider {
    /// What exists.
    pub cloud: Arc<Cloud>,
    /// The life.
    pub mortal: Arc<Mortal>,
    /// Whether the cloud honours tokens at creation; without, a lost reply is found by the tag.
    pub idempotent: bool,
}

fn schema() -> Arc<Schema> {
    let attr = |required: bool, computed: bool| Attribute {
        ty: Type::String,
        required,
        optional: !required && !computed,
        computed,
        ..Attribute::default()
    };
    let attributes: BTreeMap<Str, Attribute> = BTreeMap::from([
        (Str::from("id"), attr(false, true)),
        (Str::from("name"), attr(true, false)),
        (Str::from("value"), attr(false, false)),
    ]);
    Arc::new(Schema { version: 0, block: Block { attributes, ..Block::default() }, legacy_type_system: false })
}

fn object(id: &str, name: &str, value: Option<&str>) -> Value {
    let value = value.map_or_else(|| Value::null(Type::String), Value::string);
    Value::object([("id", Value::string(id)), ("name", Value::string(name)), ("value", value)])
}

fn text<'a>(v: &'a Value, name: &str) -> Option<&'a str> {
    v.get(name).and_then(Value::as_str)
}

fn no_private() -> Arc<[u8]> {
    Arc::from([])
}

#[async_trait]
impl Provider for SimProvider {
    fn source(&self) -> &str {
        "hashicorp/sim"
    }
    fn version(&self) -> Option<&str> {
        None
    }
    fn schema(&self, mode: Mode, type_name: &str) -> Option<Arc<Schema>> {
        (mode == Mode::Managed && type_name == "sim_thing").then(schema)
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
        sdt_value::from_json(stored, &schema().block.implied_type())
            .map_err(|e| Diagnostic::error("Bad state", e.to_string()).into())
    }
    async fn configure(&self, _: &Value, _: &ProviderEnv) -> Result<Arc<dyn Instance>, Diagnostics> {
        Ok(Arc::new(self.clone()))
    }
}

#[async_trait]
impl Instance for SimProvider {
    async fn read(&self, requests: Vec<ReadRequest>, sink: &dyn ReadSink) {
        let things = self.cloud.things();
        for r in requests {
            let now = text(&r.prior, "id").and_then(|id| Some((id, things.get(id)?)));
            let value = match now {
                Some((id, t)) => object(id, &t.name, t.value.as_deref()),
                None => Value::null(schema().block.implied_type()),
            };
            sink.answer(ReadAnswer { key: r.key, result: Ok((value, r.private)) });
        }
    }

    async fn plan(&self, r: PlanRequest) -> PlanAnswer {
        let mut planned = r.proposed.as_members().cloned().unwrap_or_default();
        let mut requires_replace = Vec::new();
        if r.prior.is_null() {
            planned.insert("id".into(), Value::unknown_not_null(Type::String));
        } else if !planned["name"].raw_equals(r.prior.get("name").unwrap_or(&Value::NULL)) {
            requires_replace.push(Path::root().attr("name"));
        }
        PlanAnswer { planned: Some(Value::object(planned)), requires_replace, ..PlanAnswer::default() }
    }

    async fn apply(&self, r: ApplyRequest, sink: &dyn ApplySink) -> ApplyAnswer {
        let done =
            |object: Value| ApplyAnswer { unclear: false, object, private: no_private(), complaints: Vec::new() };
        if r.planned.is_null() {
            self.mortal.step().await;
            let id = text(&r.prior, "id").unwrap_or_default();
            self.cloud.delete(id);
            if self.mortal.step().await {
                // Deleting again finds nothing, which is what was wanted.
                self.cloud.delete(id);
            }
            return done(r.planned);
        }
        let (name, value) = (text(&r.planned, "name").unwrap_or_default(), text(&r.planned, "value"));
        if let Some(id) = text(&r.prior, "id") {
            self.mortal.step().await;
            let found = self.cloud.change(id, |t| {
                t.value = value.map(Into::into);
                t.ready |= r.resume.is_some();
            });
            self.mortal.step().await;
            if !found {
                let complaints = vec![Complaint {
                    severity: Severity::Error,
                    summary: "Not found".into(),
                    detail: format!("There is no {id}."),
                    path: Path::root(),
                }];
                return ApplyAnswer { unclear: false, object: r.prior.clone(), private: no_private(), complaints };
            }
            return done(object(id, name, value));
        }
        self.mortal.step().await;
        let mut id = self.cloud.create(name, value, &r.token, self.idempotent);
        if self.mortal.step().await {
            // The answer never came: asked again with the same token, or looked for by the tag.
            id = match self.cloud.by_token(&r.token) {
                Some((id, _)) => id,
                None => self.cloud.create(name, value, &r.token, self.idempotent),
            };
        }
        let object = object(&id, name, value);
        sink.id_known(object.clone(), no_private()).await;
        self.mortal.step().await;
        self.cloud.change(&id, |t| t.ready = true);
        self.mortal.step().await;
        done(object)
    }

    async fn import(&self, _: &str, id: &str) -> Result<Vec<Imported>, Diagnostics> {
        let object = object(id, "", None);
        Ok(vec![Imported { type_name: "sim_thing".into(), object, private: no_private() }])
    }

    async fn read_data(&self, _: &str, config: Value) -> Result<Value, Vec<Complaint>> {
        Ok(config)
    }

    async fn recover(&self, r: RecoverRequest) -> RecoverAnswer {
        match self.cloud.by_token(&r.token) {
            Some((id, t)) => RecoverAnswer::Found {
                object: object(&id, &t.name, t.value.as_deref()),
                private: no_private(),
                unfinished: (!t.ready).then(|| object(&id, &t.name, t.value.as_deref())),
            },
            None => RecoverAnswer::Absent,
        }
    }
}
