//! Drives a provider as the engine does: plan, apply, read.

use std::sync::Arc;

use sdt_provider::{
    ApplyRequest, ApplySink, Instance, Mode, PlanAnswer, PlanRequest, Private, Provider, ProviderEnv, async_trait,
};
use sdt_schema::proposed_new;
use sdt_std::{LocalProvider, Random};
use sdt_value::{Str, Value};

/// Randomness for tests.
pub(crate) fn random() -> Random {
    Random::fixed(11)
}

struct Silent;

#[async_trait]
impl ApplySink for Silent {
    async fn id_known(&self, _object: Value, _private: Private) {}

    fn waiting(&self, _what: &str) {}

    fn stopping(&self) -> bool {
        false
    }
}

/// An object of a type with these members; the others are null or empty.
pub(crate) fn config<const N: usize>(
    provider: &LocalProvider,
    mode: Mode,
    name: &str,
    set: [(&str, Value); N],
) -> Value {
    let schema = provider.schema(mode, name).expect("a type");
    let mut object = schema.block.empty_value().as_members().cloned().expect("an object");
    for (name, value) in set {
        assert!(object.insert(Str::from(name), value).is_some(), "{name}");
    }
    Value::object(object)
}

/// A configured provider.
pub(crate) async fn start(provider: &LocalProvider) -> Arc<dyn Instance> {
    let env = ProviderEnv { vars: Arc::default(), home: None, cwd: ".".into() };
    let config = provider.config_schema().block.empty_value();
    provider.configure(&config, &env).await.expect("a configured provider")
}

/// The plan for a configuration over what is there.
pub(crate) async fn plan(provider: &LocalProvider, name: &str, config: &Value, prior: &Value) -> PlanAnswer {
    let schema = provider.schema(Mode::Managed, name).expect("a type");
    let request = PlanRequest {
        type_name: name.into(),
        config: config.clone(),
        prior: prior.clone(),
        proposed: proposed_new(&schema.block, prior, config),
        private: Arc::from([]),
    };
    start(provider).await.plan(request).await
}

/// Makes an object.
pub(crate) async fn create<const N: usize>(
    provider: &LocalProvider,
    name: &str,
    set: [(&str, Value); N],
) -> Result<Value, String> {
    let config = config(provider, Mode::Managed, name, set);
    let wrong = provider.validate(Mode::Managed, name, &config);
    if let Some(c) = wrong.first() {
        return Err(c.detail.clone());
    }
    let null = Value::null(config.ty());
    let planned = plan(provider, name, &config, &null).await.planned.expect("a plan");
    let request = ApplyRequest {
        type_name: name.into(),
        config: config.clone(),
        prior: null,
        planned,
        private: Arc::from([]),
        token: String::new(),
        resume: None,
    };
    let answer = start(provider).await.apply(request, &Silent).await;
    match answer.complaints.first() {
        Some(c) => Err(c.detail.clone()),
        None => {
            assert!(answer.object.is_wholly_known(), "{name}");
            let again = plan(provider, name, &config, &answer.object).await;
            assert!(again.requires_replace.is_empty(), "{name}: {:?}", again.requires_replace);
            assert!(again.planned.expect("a plan").raw_equals(&answer.object), "{name} has no second change");
            Ok(answer.object)
        }
    }
}

/// Reads a data source.
pub(crate) async fn read<const N: usize>(
    provider: &LocalProvider,
    name: &str,
    set: [(&str, Value); N],
) -> Result<Value, String> {
    let config = config(provider, Mode::Data, name, set);
    if let Some(c) = provider.validate(Mode::Data, name, &config).first() {
        return Err(c.detail.clone());
    }
    start(provider).await.read_data(name, config).await.map_err(|c| c[0].detail.clone())
}

/// A string member.
pub(crate) fn text(object: &Value, name: &str) -> String {
    object.get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("{name} is a string")).to_owned()
}

/// A list of strings.
pub(crate) fn strings(items: &[&str]) -> Value {
    Value::list(sdt_value::Type::String, items.iter().map(Value::string).collect())
}
