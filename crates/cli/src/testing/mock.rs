//! Providers that do nothing: what they would find out is made up, or given by the test.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use sdt_diag::Diagnostics;
use sdt_provider::{
    ApplyAnswer, ApplyRequest, ApplySink, Complaint, Imported, Instance, Mode, PlanAnswer, PlanRequest, Provider,
    ProviderEnv, ReadAnswer, ReadRequest, ReadSink, RecoverAnswer, RecoverRequest,
};
use sdt_schema::Schema;
use sdt_value::{Str, Value};

/// Values for what a type computes, by whether it is a data source and its name.
pub(crate) type Defaults = BTreeMap<(bool, String), Value>;

/// A provider with the schemas of another one.
pub(crate) struct MockProvider {
    pub(crate) inner: Arc<dyn Provider>,
    pub(crate) defaults: Arc<Defaults>,
    /// Whether plans have the values already.
    pub(crate) during_plan: bool,
}

struct MockInstance {
    inner: Arc<dyn Provider>,
    defaults: Arc<Defaults>,
    during_plan: bool,
}

impl MockInstance {
    /// The object with everything made up that is not known.
    fn complete(&self, mode: Mode, type_name: &str, object: &Value) -> Result<Value, Complaint> {
        let Some(schema) = self.inner.schema(mode, type_name) else { return Ok(object.clone()) };
        let given = self.defaults.get(&(mode == Mode::Data, type_name.to_owned()));
        // Each object has values of its own.
        let seed = format!("{type_name} {}", crate::backend::uuid());
        sdt_engine::complete(&schema.block, object, given, mode == Mode::Data, &seed)
    }
}

#[async_trait]
impl Provider for MockProvider {
    fn source(&self) -> &str {
        self.inner.source()
    }
    fn version(&self) -> Option<&str> {
        self.inner.version()
    }
    fn schema(&self, mode: Mode, type_name: &str) -> Option<Arc<Schema>> {
        self.inner.schema(mode, type_name)
    }
    fn config_schema(&self) -> Arc<Schema> {
        self.inner.config_schema()
    }
    fn has_outside_effects(&self) -> bool {
        false
    }
    fn type_names(&self, mode: Mode) -> Vec<Str> {
        self.inner.type_names(mode)
    }
    fn validate_config(&self, _: &Value) -> Diagnostics {
        Diagnostics::new()
    }
    fn validate(&self, mode: Mode, type_name: &str, config: &Value) -> Vec<Complaint> {
        self.inner.validate(mode, type_name, config)
    }
    fn upgrade_state(&self, type_name: &str, version: u64, stored: &serde_json::Value) -> Result<Value, Diagnostics> {
        self.inner.upgrade_state(type_name, version, stored)
    }
    async fn configure(&self, _: &Value, _: &ProviderEnv) -> Result<Arc<dyn Instance>, Diagnostics> {
        Ok(Arc::new(MockInstance {
            inner: self.inner.clone(),
            defaults: self.defaults.clone(),
            during_plan: self.during_plan,
        }))
    }
}

#[async_trait]
impl Instance for MockInstance {
    async fn read(&self, requests: Vec<ReadRequest>, sink: &dyn ReadSink) {
        for r in requests {
            sink.answer(ReadAnswer { key: r.key, result: Ok((r.prior, r.private)) });
        }
    }

    async fn plan(&self, request: PlanRequest) -> PlanAnswer {
        let mut planned = request.proposed.clone();
        if request.prior.is_null()
            && let (Some(schema), Some(members)) =
                (self.inner.schema(Mode::Managed, &request.type_name), planned.as_members())
        {
            let mut out = members.clone();
            for (name, a) in schema.block.attributes.iter().filter(|(_, a)| a.computed) {
                if out.get(name).is_some_and(Value::is_null) {
                    out.insert(name.clone(), Value::unknown(a.ty.without_optional()));
                }
            }
            planned = Value::object(out);
        }
        let mut complaints = Vec::new();
        if self.during_plan && request.prior.is_null() {
            match self.complete(Mode::Managed, &request.type_name, &planned) {
                Ok(all) => planned = all,
                Err(complaint) => complaints.push(complaint),
            }
        }
        PlanAnswer { planned: Some(planned), complaints, ..PlanAnswer::default() }
    }

    async fn apply(&self, request: ApplyRequest, _: &dyn ApplySink) -> ApplyAnswer {
        let (object, complaints) = match self.complete(Mode::Managed, &request.type_name, &request.planned) {
            Ok(object) => (object, Vec::new()),
            Err(complaint) => (Value::NULL, vec![complaint]),
        };
        ApplyAnswer { unclear: false, object, private: request.private, complaints }
    }

    async fn import(&self, type_name: &str, _: &str) -> Result<Vec<Imported>, Diagnostics> {
        let detail = format!("The provider of {type_name} is a mock: there is nothing to import.");
        Err(sdt_diag::Diagnostic::error("Cannot import from a mock provider", detail).into())
    }

    async fn read_data(&self, type_name: &str, config: Value) -> Result<Value, Vec<Complaint>> {
        self.complete(Mode::Data, type_name, &config).map_err(|c| vec![c])
    }

    async fn open(&self, type_name: &str, config: Value) -> Result<Value, Vec<Complaint>> {
        self.complete(Mode::Ephemeral, type_name, &config).map_err(|c| vec![c])
    }

    async fn recover(&self, _: RecoverRequest) -> RecoverAnswer {
        RecoverAnswer::Absent
    }
}
