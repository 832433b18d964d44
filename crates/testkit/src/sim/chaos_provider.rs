//! A provider of the type `sim_thing` whose calls meet faults. As the AWS runtime does, it repeats what failed, with the same token,
//! and says when it gives up without knowing what happened.

use std::sync::Arc;

use async_trait::async_trait;
use sdt_diag::{Diagnostic, Diagnostics, Severity};
use sdt_provider::{
    ApplyAnswer, ApplyRequest, ApplySink, Complaint, Imported, Instance, PlanAnswer, PlanRequest, Provider, ReadAnswer,
    ReadRequest, ReadSink, RecoverAnswer, RecoverRequest,
};
use sdt_schema::Schema;
use sdt_value::{Path, Type, Value};

use super::chaos::{Chaos, Mutation, Reply};
use super::chaos_cloud::{ChaosCloud, Item};
use super::thing::{self, no_private, text};

/// How often a call is made before giving up.
const TRIES: u32 = 3;
/// How often is looked for what is not seen: longer than objects stay unseen.
const LOOKS: u32 = 8;

/// The provider in one life.
#[derive(Clone)]
pub struct ChaosProvider {
    /// What exists.
    pub cloud: Arc<ChaosCloud>,
    /// The life's luck.
    pub chaos: Arc<Chaos>,
    /// What is taken out.
    pub mutation: Mutation,
}

impl ChaosProvider {
    /// As the engine sees it.
    #[must_use]
    pub fn provider(self) -> Arc<dyn Provider> {
        thing::provider(Arc::new(self), schema())
    }
}

fn schema() -> Arc<Schema> {
    thing::schema([("extra", Type::String), ("uses", Type::list(Type::String))])
}

fn strings(v: &Value, name: &str) -> Vec<String> {
    let items = v.get(name).and_then(Value::as_items).unwrap_or_default();
    items.iter().filter_map(|i| i.as_str().map(str::to_owned)).collect()
}

/// The object as the cloud has it. An empty list of uses is as the configuration has it.
fn object(id: &str, item: &Item, form: &Value) -> Value {
    let text = |t: &Option<String>| t.as_deref().map_or_else(|| Value::null(Type::String), Value::string);
    let uses = if item.uses.is_empty() {
        form.get("uses").cloned().filter(|v| v.as_items().is_none_or(<[Value]>::is_empty) && !v.is_unknown())
    } else {
        None
    };
    let uses = uses.unwrap_or_else(|| Value::list(Type::String, item.uses.iter().map(Value::string).collect()));
    Value::object([
        ("id", Value::string(id)),
        ("name", Value::string(&item.name)),
        ("value", text(&item.value)),
        ("extra", text(&item.extra)),
        ("uses", uses),
    ])
}

fn complaint(what: &str) -> Vec<Complaint> {
    vec![Complaint {
        severity: Severity::Error,
        summary: "The service failed".into(),
        detail: what.into(),
        path: Path::root(),
    }]
}

impl ChaosProvider {
    /// Makes a call until it is answered. `Err(true)`: it may have happened.
    async fn call<T>(&self, what: &str, mut f: impl FnMut() -> T) -> Result<T, bool> {
        let mut lost = false;
        for _ in 0..TRIES {
            self.chaos.moment().await;
            let reply = self.chaos.reply();
            self.chaos.note(format!("{what}: {reply:?}"));
            match reply {
                Reply::Fine => {
                    let out = f();
                    self.chaos.moment().await;
                    return Ok(out);
                }
                Reply::Lost => {
                    f();
                    lost = true;
                }
                Reply::Throttled | Reply::Failed => {}
            }
        }
        Err(lost)
    }

    async fn create(&self, r: &ApplyRequest, sink: &dyn ApplySink) -> ApplyAnswer {
        let name = text(&r.planned, "name").unwrap_or_default();
        let uses = strings(&r.planned, "uses");
        let lag = self.chaos.below(4);
        let mut tries = 0;
        let made = self
            .call(&format!("create {name}"), || {
                tries += 1;
                let token = match self.mutation {
                    Mutation::FreshTokens => format!("{}-{tries}", r.token),
                    _ => r.token.clone(),
                };
                self.cloud.create(name, uses.clone(), &token, lag)
            })
            .await;
        let id = match made {
            Ok(id) => id,
            Err(unclear) => {
                let object = Value::null(r.planned.ty());
                return ApplyAnswer { unclear, object, private: no_private(), complaints: complaint("creating") };
            }
        };
        sink.id_known(object(&id, &self.peek(&id), &r.planned), no_private()).await;
        self.finish(&id, &r.planned).await
    }

    /// The object whether it is seen or not: what the answer to its creation holds.
    fn peek(&self, id: &str) -> Item {
        self.cloud.items().remove(id).unwrap_or_else(|| panic!("{id} was created and is not there"))
    }

    /// The second half of a creation, then the look that everything is there.
    async fn finish(&self, id: &str, want: &Value) -> ApplyAnswer {
        let (value, extra) = (text(want, "value").map(str::to_owned), text(want, "extra").map(str::to_owned));
        let done = self
            .call(&format!("finish {id}"), || {
                self.cloud.change(id, |t| {
                    t.value.clone_from(&value);
                    t.extra.clone_from(&extra);
                    t.ready = true;
                })
            })
            .await;
        let mut seen = None;
        for _ in 0..LOOKS {
            self.chaos.moment().await;
            seen = self.cloud.look(id);
            if seen.is_some() {
                break;
            }
        }
        let item = seen.unwrap_or_else(|| self.peek(id));
        let complaints = if done.is_ok() { Vec::new() } else { complaint("finishing") };
        ApplyAnswer { unclear: false, object: object(id, &item, want), private: no_private(), complaints }
    }

    /// Two calls, so that half of it may happen.
    async fn update(&self, id: &str, r: &ApplyRequest) -> ApplyAnswer {
        let (value, extra) =
            (text(&r.planned, "value").map(str::to_owned), text(&r.planned, "extra").map(str::to_owned));
        let uses = strings(&r.planned, "uses");
        let first = self
            .call(&format!("change {id}"), || {
                self.cloud.change(id, |t| {
                    t.value.clone_from(&value);
                    t.uses.clone_from(&uses);
                })
            })
            .await;
        let second = match first {
            Ok(true) => {
                self.call(&format!("change {id} again"), || self.cloud.change(id, |t| t.extra.clone_from(&extra))).await
            }
            other => other,
        };
        let complaints = if second == Ok(true) { Vec::new() } else { complaint("changing") };
        let object = match self.cloud.items().get(id) {
            Some(item) => object(id, item, &r.planned),
            None => r.prior.clone(),
        };
        ApplyAnswer { unclear: false, object, private: no_private(), complaints }
    }
}

#[async_trait]
impl Instance for ChaosProvider {
    async fn read(&self, requests: Vec<ReadRequest>, sink: &dyn ReadSink) {
        for r in requests {
            let id = text(&r.prior, "id").unwrap_or_default().to_owned();
            // An object that was left in the middle of its creation may not be seen yet.
            let mut seen = None;
            for _ in 0..LOOKS {
                seen = self.cloud.look(&id);
                if seen.is_some() || !self.cloud.items().contains_key(&id) {
                    break;
                }
            }
            let value = match seen {
                Some(item) => object(&id, &item, &r.prior),
                None => Value::null(schema().block.implied_type()),
            };
            sink.answer(ReadAnswer { key: r.key, result: Ok((value, r.private)) });
        }
    }

    async fn plan(&self, r: PlanRequest) -> PlanAnswer {
        thing::plan(&r)
    }

    async fn apply(&self, r: ApplyRequest, sink: &dyn ApplySink) -> ApplyAnswer {
        let id = text(&r.prior, "id").map(str::to_owned);
        match (r.planned.is_null(), id) {
            (true, id) => {
                let id = id.unwrap_or_default();
                let gone = self.call(&format!("delete {id}"), || self.cloud.delete(&id)).await;
                let (object, complaints) = match gone {
                    Ok(()) => (r.planned, Vec::new()),
                    Err(_) => (r.prior, complaint("deleting")),
                };
                ApplyAnswer { unclear: false, object, private: no_private(), complaints }
            }
            (false, Some(id)) if r.resume.is_some() => {
                let finished = self.finish(&id, &r.planned).await;
                if finished.complaints.is_empty() { self.update(&id, &r).await } else { finished }
            }
            (false, Some(id)) => self.update(&id, &r).await,
            (false, None) => self.create(&r, sink).await,
        }
    }

    async fn import(&self, _: &str, id: &str) -> Result<Vec<Imported>, Diagnostics> {
        Err(Diagnostic::error("Not here", id.to_owned()).into())
    }

    async fn read_data(&self, _: &str, config: Value) -> Result<Value, Vec<Complaint>> {
        Ok(config)
    }

    async fn recover(&self, r: RecoverRequest) -> RecoverAnswer {
        self.chaos.moment().await;
        for _ in 0..LOOKS {
            if let Some((id, item)) = self.cloud.by_token(&r.token) {
                let object = object(&id, &item, &r.planned);
                return RecoverAnswer::Found {
                    unfinished: (!item.ready).then(|| object.clone()),
                    object,
                    private: no_private(),
                };
            }
        }
        RecoverAnswer::Absent
    }
}
