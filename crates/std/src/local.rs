//! A provider of resource types without outside effects, built from a list of definitions.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_provider::{
    ApplyAnswer, ApplyRequest, ApplySink, Complaint, Imported, Instance, Mode, PlanAnswer, PlanRequest, Provider,
    ProviderEnv, ReadAnswer, ReadRequest, ReadSink, RecoverAnswer, RecoverRequest, fit_json,
};
use sdt_schema::Schema;
use sdt_value::{Str, Value};

use crate::helpers::no_private;

/// One resource type or data source.
#[async_trait]
pub trait Definition: Send + Sync {
    /// Type name.
    fn name(&self) -> &'static str;

    /// Its schema.
    fn schema(&self) -> Arc<Schema>;

    /// Resource, data source or ephemeral resource.
    fn mode(&self) -> Mode {
        Mode::Managed
    }

    /// The same type under a provider block, where that says something that matters to it.
    fn configured(&self, provider: &Value) -> Option<Arc<dyn Definition>> {
        let _ = provider;
        None
    }

    /// Checks beyond the schema.
    fn validate(&self, config: &Value) -> Vec<Complaint> {
        let _ = config;
        Vec::new()
    }

    /// Plans a creation or update.
    fn plan(&self, request: &PlanRequest) -> PlanAnswer {
        PlanAnswer { planned: Some(request.proposed.clone()), ..PlanAnswer::default() }
    }

    /// Makes the planned object real.
    ///
    /// # Errors
    /// When the configuration cannot be satisfied.
    async fn apply(&self, request: &ApplyRequest) -> Result<Value, Complaint> {
        Ok(request.planned.clone())
    }

    /// The object as it is by now; null when it is gone.
    ///
    /// # Errors
    /// When it cannot be looked at.
    fn read(&self, prior: &Value) -> Result<Value, Complaint> {
        Ok(prior.clone())
    }

    /// Takes the object out of the world.
    ///
    /// # Errors
    /// When it stays.
    async fn delete(&self, prior: &Value) -> Result<(), Complaint> {
        let _ = prior;
        Ok(())
    }

    /// The object for an import id.
    ///
    /// # Errors
    /// When the type cannot be imported or the id is malformed.
    fn import(&self, id: &str) -> Result<Value, Diagnostics> {
        let _ = id;
        Err(Diagnostic::error(
            "Resource Import Not Implemented",
            format!("Objects of type {} cannot be imported.", self.name()),
        )
        .into())
    }

    /// Reads a data source, or opens an ephemeral resource.
    ///
    /// # Errors
    /// When there is nothing to read.
    async fn read_data(&self, config: &Value) -> Result<Value, Vec<Complaint>> {
        Ok(config.clone())
    }

    /// Brings the JSON of an object of an older schema version to the current one.
    fn upgrade(&self, version: u64, stored: serde_json::Value) -> serde_json::Value {
        let _ = version;
        stored
    }
}

/// Checks a provider block.
pub type ConfigCheck = fn(&Value) -> Diagnostics;

/// Provider over a fixed list of definitions.
#[derive(Clone)]
pub struct LocalProvider {
    source: &'static str,
    version: Option<&'static str>,
    config: Arc<Schema>,
    check: Option<ConfigCheck>,
    types: Arc<BTreeMap<(Mode, &'static str), Arc<dyn Definition>>>,
}

impl LocalProvider {
    /// A provider of that source address.
    #[must_use]
    pub fn new(source: &'static str, version: Option<&'static str>, types: Vec<Arc<dyn Definition>>) -> Self {
        let types = types.into_iter().map(|d| ((d.mode(), d.name()), d)).collect();
        Self { source, version, config: Arc::default(), check: None, types: Arc::new(types) }
    }

    /// With a provider block.
    #[must_use]
    pub fn with_config(self, config: Arc<Schema>, check: ConfigCheck) -> Self {
        Self { config, check: Some(check), ..self }
    }

    fn find(&self, mode: Mode, name: &str) -> Option<&Arc<dyn Definition>> {
        // The key borrows for 'static; look up by comparing, the list is short.
        self.types.iter().find(|((m, n), _)| *m == mode && *n == name).map(|(_, d)| d)
    }
}

#[async_trait]
impl Provider for LocalProvider {
    fn source(&self) -> &str {
        self.source
    }

    fn version(&self) -> Option<&str> {
        self.version
    }

    fn schema(&self, mode: Mode, type_name: &str) -> Option<Arc<Schema>> {
        self.find(mode, type_name).map(|d| d.schema())
    }

    fn config_schema(&self) -> Arc<Schema> {
        self.config.clone()
    }

    fn has_outside_effects(&self) -> bool {
        false
    }

    fn type_names(&self, mode: Mode) -> Vec<Str> {
        self.types.keys().filter(|(m, _)| *m == mode).map(|(_, n)| Str::from(*n)).collect()
    }

    fn validate_config(&self, config: &Value) -> Diagnostics {
        self.check.map(|check| check(config)).unwrap_or_default()
    }

    fn validate(&self, mode: Mode, type_name: &str, config: &Value) -> Vec<Complaint> {
        self.find(mode, type_name).map(|d| d.validate(config)).unwrap_or_default()
    }

    fn upgrade_state(&self, type_name: &str, version: u64, stored: &serde_json::Value) -> Result<Value, Diagnostics> {
        let Some(d) = self.find(Mode::Managed, type_name) else {
            return Err(unknown_type(type_name));
        };
        let stored = d.upgrade(version, stored.clone());
        let block = &d.schema().block;
        sdt_value::from_json(&fit_json(&stored, block), &block.implied_type()).map_err(|e| {
            Diagnostic::error("Invalid resource instance data in state", format!("{type_name}: {e}.")).into()
        })
    }

    async fn configure(&self, config: &Value, _env: &ProviderEnv) -> Result<Arc<dyn Instance>, Diagnostics> {
        let types = self.types.iter().map(|(k, d)| (*k, d.configured(config).unwrap_or_else(|| d.clone()))).collect();
        Ok(Arc::new(LocalInstance(Self { types: Arc::new(types), ..self.clone() })))
    }
}

struct LocalInstance(LocalProvider);

#[async_trait]
impl Instance for LocalInstance {
    async fn read(&self, requests: Vec<ReadRequest>, sink: &dyn ReadSink) {
        for r in requests {
            let now = match self.0.find(Mode::Managed, &r.type_name) {
                Some(d) => d.read(&r.prior),
                None => Ok(r.prior),
            };
            sink.answer(ReadAnswer { key: r.key, result: now.map(|v| (v, r.private)).map_err(|c| vec![c]) });
        }
    }

    async fn plan(&self, request: PlanRequest) -> PlanAnswer {
        match self.0.find(Mode::Managed, &request.type_name) {
            Some(_) if request.config.is_null() => {
                PlanAnswer { planned: Some(request.proposed), ..PlanAnswer::default() }
            }
            Some(d) => d.plan(&request),
            None => PlanAnswer { complaints: unknown_complaint(&request.type_name), ..PlanAnswer::default() },
        }
    }

    async fn apply(&self, request: ApplyRequest, _progress: &dyn ApplySink) -> ApplyAnswer {
        if request.planned.is_null() {
            let gone = match self.0.find(Mode::Managed, &request.type_name) {
                Some(d) => d.delete(&request.prior).await,
                None => Ok(()),
            };
            if let Err(c) = gone {
                return ApplyAnswer {
                    unclear: false,
                    object: request.prior,
                    private: request.private,
                    complaints: vec![c],
                };
            }
            return ApplyAnswer {
                unclear: false,
                object: request.planned,
                private: no_private(),
                complaints: Vec::new(),
            };
        }
        let Some(d) = self.0.find(Mode::Managed, &request.type_name) else {
            let complaints = unknown_complaint(&request.type_name);
            return ApplyAnswer { unclear: false, object: request.prior, private: request.private, complaints };
        };
        match d.apply(&request).await {
            Ok(object) => ApplyAnswer { unclear: false, object, private: request.private, complaints: Vec::new() },
            Err(c) => {
                ApplyAnswer { unclear: false, object: request.prior, private: request.private, complaints: vec![c] }
            }
        }
    }

    async fn import(&self, type_name: &str, id: &str) -> Result<Vec<Imported>, Diagnostics> {
        let d = self.0.find(Mode::Managed, type_name).ok_or_else(|| unknown_type(type_name))?;
        Ok(vec![Imported { type_name: type_name.into(), object: d.import(id)?, private: no_private() }])
    }

    async fn read_data(&self, type_name: &str, config: Value) -> Result<Value, Vec<Complaint>> {
        match self.0.find(Mode::Data, type_name) {
            Some(d) => d.read_data(&config).await,
            None => Err(unknown_complaint(type_name)),
        }
    }

    async fn open(&self, type_name: &str, config: Value) -> Result<Value, Vec<Complaint>> {
        match self.0.find(Mode::Ephemeral, type_name) {
            Some(d) => d.read_data(&config).await,
            None => Err(unknown_complaint(type_name)),
        }
    }

    async fn recover(&self, _request: RecoverRequest) -> RecoverAnswer {
        // Nothing exists outside state.
        RecoverAnswer::Absent
    }
}

fn unknown_type(type_name: &str) -> Diagnostics {
    Diagnostic::error("Invalid resource type", format!("The provider has no resource type \"{type_name}\".")).into()
}

fn unknown_complaint(type_name: &str) -> Vec<Complaint> {
    vec![crate::helpers::complain(
        "Invalid resource type",
        format!("The provider has no type \"{type_name}\"."),
        sdt_value::Path::root(),
    )]
}
