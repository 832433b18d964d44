//! A provider of one type, `sim_thing`, whose creation takes two calls and gives the id before the second.

use std::sync::Arc;

use async_trait::async_trait;
use sdt_diag::{Diagnostics, Severity};
use sdt_provider::{
    ApplyAnswer, ApplyRequest, ApplySink, Complaint, Imported, Instance, PlanAnswer, PlanRequest, Provider, ReadAnswer,
    ReadRequest, ReadSink, RecoverAnswer, RecoverRequest,
};
use sdt_schema::Schema;
use sdt_value::{Path, Type, Value};

use super::thing::{self, no_private, text};
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

impl SimProvider {
    /// As the engine sees it.
    #[must_use]
    pub fn provider(self) -> Arc<dyn Provider> {
        thing::provider(Arc::new(self), schema())
    }
}

fn schema() -> Arc<Schema> {
    thing::schema([])
}

fn object(id: &str, name: &str, value: Option<&str>) -> Value {
    let value = value.map_or_else(|| Value::null(Type::String), Value::string);
    Value::object([("id", Value::string(id)), ("name", Value::string(name)), ("value", value)])
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
        thing::plan(&r)
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
