//! Takes one resource type through its life with nothing but the provider contract: plan → create → read → no-op plan → updates →
//! import → delete. A case is data; there is no code per type.
//!
//! `docs/adding-a-resource-type.md` has the form of a case.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use sdt_provider::{
    ApplyRequest, ApplySink, Complaint, Instance, Mode, PlanRequest, Private, Provider, ReadAnswer, ReadRequest,
    ReadSink, RecoverAnswer, RecoverRequest,
};
use sdt_schema::{check_applied, check_planned, coerce, proposed_new};
use sdt_value::{Value, from_json_implied, to_json};
use serde_json::{Value as Json, json};

/// A failed step, in words.
pub type Failure = String;

/// A look at named objects.
pub type Inspect = Box<dyn Fn(&[(String, Object)]) -> Result<(), Failure> + Send + Sync>;

/// An object that is there.
#[derive(Clone, Debug)]
pub struct Object {
    /// Resource type.
    pub type_name: String,
    /// The object as applied or read.
    pub value: Value,
    /// The provider's own bytes.
    pub private: Private,
    /// The configuration it was made of.
    pub config: Value,
}

/// Drives one provider instance as the engine would.
pub struct Harness {
    /// The provider.
    pub provider: Arc<dyn Provider>,
    /// Its configuration.
    pub instance: Arc<dyn Instance>,
    /// Distinguishes the tokens of runs.
    pub run: String,
    /// Looks at the objects of a case, by name, when they have just been made.
    pub inspect: Option<Inspect>,
    operations: Mutex<u32>,
}

/// A planned change.
pub struct Planned {
    /// The planned object.
    pub value: Value,
    /// Names of the top-level attributes that force replacement.
    pub replace: Vec<String>,
    /// The provider's own bytes.
    pub private: Private,
}

#[derive(Default)]
struct Sink {
    known: Mutex<Option<Value>>,
}

#[async_trait]
impl ApplySink for Sink {
    async fn id_known(&self, object: Value, _private: Private) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(object);
    }

    fn waiting(&self, _what: &str) {}

    fn stopping(&self) -> bool {
        false
    }
}

#[derive(Default)]
struct Answers(Mutex<Vec<ReadAnswer>>);

impl ReadSink for Answers {
    fn answer(&self, answer: ReadAnswer) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(answer);
    }
}

fn complaints(list: &[Complaint]) -> String {
    list.iter().map(|c| format!("{} {} ({})", c.summary, c.detail, c.path)).collect::<Vec<_>>().join("\n")
}

fn errors(list: &[Complaint]) -> Result<(), Failure> {
    let errors: Vec<Complaint> = list.iter().filter(|c| c.severity == sdt_provider::Severity::Error).cloned().collect();
    if errors.is_empty() { Ok(()) } else { Err(complaints(&errors)) }
}

impl Harness {
    /// For one configured provider.
    #[must_use]
    pub fn new(provider: Arc<dyn Provider>, instance: Arc<dyn Instance>, run: impl Into<String>) -> Self {
        Self { provider, instance, run: run.into(), inspect: None, operations: Mutex::new(0) }
    }

    fn token(&self) -> String {
        let mut n = self.operations.lock().unwrap_or_else(PoisonError::into_inner);
        *n += 1;
        let hash =
            self.run.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
        format!("{hash:016x}{:016x}", *n)
    }

    /// A configuration from JSON, validated.
    ///
    /// # Errors
    /// When it does not fit the schema or does not validate.
    pub fn config(&self, type_name: &str, config: &Json) -> Result<Value, Failure> {
        let schema = self.provider.schema(Mode::Managed, type_name).ok_or_else(|| format!("no type {type_name}"))?;
        let value =
            coerce(&schema.block, &from_json_implied(config)).map_err(|e| format!("{type_name}: {}: {e}", e.path))?;
        errors(&self.provider.validate(Mode::Managed, type_name, &value))?;
        Ok(value)
    }

    /// Plans a change from `prior` (null for a creation).
    ///
    /// # Errors
    /// What the provider complains about, or what is wrong with its answer.
    pub async fn plan(
        &self,
        type_name: &str,
        config: &Value,
        prior: &Value,
        private: &Private,
    ) -> Result<Planned, Failure> {
        let schema = self.provider.schema(Mode::Managed, type_name).ok_or_else(|| format!("no type {type_name}"))?;
        let request = PlanRequest {
            type_name: type_name.into(),
            config: config.clone(),
            prior: prior.clone(),
            proposed: proposed_new(&schema.block, prior, config),
            private: private.clone(),
        };
        let answer = self.instance.plan(request).await;
        errors(&answer.complaints)?;
        let value = answer.planned.ok_or("no planned object")?;
        if !schema.legacy_type_system {
            let wrong = check_planned(&schema.block, prior, config, &value);
            if !wrong.is_empty() {
                return Err(format!("invalid plan: {wrong:?}"));
            }
        }
        let replace =
            answer.requires_replace.iter().map(|p| p.to_string().trim_start_matches('.').to_owned()).collect();
        Ok(Planned { value, replace, private: answer.private.unwrap_or_else(|| private.clone()) })
    }

    /// Plans and applies a change; `object` `None` for a creation.
    ///
    /// # Errors
    /// What the provider complains about.
    pub async fn apply(&self, type_name: &str, config: &Value, object: Option<&Object>) -> Result<Object, Failure> {
        let schema = self.provider.schema(Mode::Managed, type_name).ok_or_else(|| format!("no type {type_name}"))?;
        let null = Value::null(config.ty());
        let prior = object.map_or(&null, |o| &o.value);
        let private: Private = object.map_or_else(|| Private::from([]), |o| o.private.clone());
        let plan = self.plan(type_name, config, prior, &private).await?;
        let token = self.token();
        let request = ApplyRequest {
            type_name: type_name.into(),
            config: config.clone(),
            prior: prior.clone(),
            planned: plan.value.clone(),
            private: plan.private,
            token: token.clone(),
            resume: None,
        };
        let sink = Sink::default();
        let answer = self.instance.apply(request, &sink).await;
        errors(&answer.complaints)?;
        if object.is_none() && sink.known.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
            return Err("the creation never told the id".into());
        }
        if !answer.object.is_wholly_known() {
            return Err("the applied object is not wholly known".into());
        }
        if object.is_none() {
            self.recovers(type_name, &plan.value, &token, &answer.object).await?;
        }
        let wrong = check_applied(&schema.block, &plan.value, &answer.object);
        if !schema.legacy_type_system && !wrong.is_empty() {
            return Err(format!("the applied object differs from the plan: {wrong:?}"));
        }
        errors(&self.instance.settled(&[token], &[]).await)?;
        Ok(Object {
            type_name: type_name.into(),
            value: answer.object,
            private: answer.private,
            config: config.clone(),
        })
    }

    /// The object just made must be found by a process that only knows what was planned and the token.
    async fn recovers(&self, type_name: &str, planned: &Value, token: &str, made: &Value) -> Result<(), Failure> {
        let request = RecoverRequest {
            type_name: type_name.into(),
            planned: planned.clone(),
            prior: Value::null(planned.ty()),
            known: None,
            token: token.into(),
        };
        match self.instance.recover(request).await {
            RecoverAnswer::Found { object, .. } => {
                let id = |v: &Value| v.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
                if id(&object) == id(made) {
                    Ok(())
                } else {
                    Err(format!("recovered {} instead of {}", id(&object), id(made)))
                }
            }
            RecoverAnswer::Absent => Err("the object just made is not recovered".into()),
            RecoverAnswer::Unclear(why) => Err(format!("recovery is unclear: {}", complaints(&why))),
        }
    }

    /// Reads objects of any types in one request; `None` for those that are gone.
    ///
    /// # Errors
    /// What the provider complains about.
    pub async fn read(&self, objects: &[Object]) -> Result<Vec<Option<Object>>, Failure> {
        let requests = objects.iter().zip(0..).map(|(o, key)| ReadRequest {
            key,
            type_name: o.type_name.as_str().into(),
            prior: o.value.clone(),
            private: o.private.clone(),
        });
        let answers = Answers::default();
        self.instance.read(requests.collect(), &answers).await;
        let answers = answers.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut out: Vec<Option<Object>> = vec![None; objects.len()];
        if answers.len() != objects.len() {
            return Err(format!("{} answers to {} reads", answers.len(), objects.len()));
        }
        for answer in answers {
            let index = usize::try_from(answer.key).map_err(|e| e.to_string())?;
            let (value, private) = answer.result.map_err(|c| complaints(&c))?;
            if !value.is_null() {
                out[index] = Some(Object { value, private, ..objects[index].clone() });
            }
        }
        Ok(out)
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// What the provider complains about.
    pub async fn delete(&self, object: &Object) -> Result<(), Failure> {
        let null = Value::null(object.value.ty());
        let request = ApplyRequest {
            type_name: object.type_name.as_str().into(),
            config: null.clone(),
            prior: object.value.clone(),
            planned: null,
            private: object.private.clone(),
            token: self.token(),
            resume: None,
        };
        let answer = self.instance.apply(request, &Sink::default()).await;
        errors(&answer.complaints)?;
        if answer.object.is_null() { Ok(()) } else { Err("the deleted object is still there".into()) }
    }

    /// Runs a case; what it made is deleted again, also after a failure.
    ///
    /// # Errors
    /// The step that failed and why.
    pub async fn run(&self, type_name: &str, case: &Json) -> Result<Json, Failure> {
        if let Some(why) = case.get("skip") {
            return Err(format!("skipped: {why}"));
        }
        let mut made: Vec<(String, Object)> = Vec::new();
        let result = self.life(type_name, case, &mut made).await;
        let mut left = Vec::new();
        for (name, object) in made.iter().rev() {
            if let Err(e) = self.delete(object).await {
                left.push(format!("deleting {name}: {e}"));
            }
        }
        match (result, left.is_empty()) {
            (Ok(state), true) => Ok(state),
            (Ok(_), false) => Err(left.join("\n")),
            (Err(e), _) => Err(e),
        }
    }

    async fn life(&self, type_name: &str, case: &Json, made: &mut Vec<(String, Object)>) -> Result<Json, Failure> {
        let mut names: BTreeMap<String, Json> = BTreeMap::new();
        // JSON objects have no order: a need waits until what it refers to is there.
        let mut needs: Vec<(String, Json)> = case
            .get("needs")
            .and_then(Json::as_object)
            .into_iter()
            .flatten()
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        while !needs.is_empty() {
            let ready = needs.iter().position(|(_, need)| refers(need).iter().all(|n| names.contains_key(n)));
            let (name, need) = needs.remove(ready.ok_or("needs refer to each other in a circle, or to nothing")?);
            let kind = need["type"].as_str().ok_or("a need without type")?.to_owned();
            let config = resolve(&need["config"], &names);
            if let Some(data) = kind.strip_prefix("data.") {
                let schema = self.provider.schema(Mode::Data, data).ok_or_else(|| format!("no data source {data}"))?;
                let config = coerce(&schema.block, &from_json_implied(&config)).map_err(|e| e.to_string())?;
                let value = self.instance.read_data(data, config).await.map_err(|c| complaints(&c))?;
                let value = to_json(&value, &value.ty());
                for (attribute, wanted) in resolve(&need["expect"], &names).as_object().into_iter().flatten() {
                    let got = &value[attribute];
                    if got != wanted {
                        return Err(format!("data {name}: {attribute} is {got}, not {wanted}"));
                    }
                }
                names.insert(name, value);
                continue;
            }
            let config = self.config(&kind, &config).map_err(|e| format!("need {name}: {e}"))?;
            let object = self.apply(&kind, &config, None).await.map_err(|e| format!("need {name}: {e}"))?;
            names.insert(name.clone(), to_json(&object.value, &object.value.ty()));
            made.push((name, object));
        }

        let mut config_json = resolve(&case["config"], &names);
        let config = self.config(type_name, &config_json)?;
        let object = self.apply(type_name, &config, None).await.map_err(|e| format!("create: {e}"))?;
        made.push(("the object".into(), object.clone()));
        let state = to_json(&object.value, &object.value.ty());
        let mut object = self.settled_object(object, "after create").await?;
        if let Some(inspect) = &self.inspect {
            inspect(made)?;
        }

        for (i, update) in case.get("updates").and_then(Json::as_array).into_iter().flatten().enumerate() {
            let mut next = config_json.clone();
            let changes = resolve(&update["set"], &names);
            for (k, v) in changes.as_object().into_iter().flatten() {
                next[k] = v.clone();
            }
            let step = format!("update {i} {changes}");
            let config = self.config(type_name, &next).map_err(|e| format!("{step}: {e}"))?;
            let plan = self
                .plan(type_name, &config, &object.value, &object.private)
                .await
                .map_err(|e| format!("{step}: {e}"))?;
            let expect = update.get("expect").and_then(Json::as_str).unwrap_or("update");
            let answer = match (plan.replace.is_empty(), plan.value.raw_equals(&object.value)) {
                (false, _) => "replace",
                (true, true) => "noop",
                (true, false) => "update",
            };
            if answer != expect {
                let changed = differences(&object.value, &plan.value).join("; ");
                return Err(format!("{step}: planned {answer} {:?} instead of {expect}: {changed}", plan.replace));
            }
            if answer == "update" {
                let before = object.clone();
                object = self.apply(type_name, &config, Some(&object)).await.map_err(|e| format!("{step}: {e}"))?;
                if let Some(last) = made.last_mut() {
                    last.1 = object.clone();
                }
                object = self.settled_object(object, &step).await?;
                if update.get("drift") != Some(&Json::Bool(false)) {
                    self.drifts(&before, &object, &changes).await.map_err(|e| format!("{step}: {e}"))?;
                }
                config_json = next;
            }
        }
        self.import(type_name, case, &object).await?;
        made.pop();
        self.delete(&object).await.map_err(|e| format!("delete: {e}"))?;
        // Some objects cannot go, only be turned off: a bucket always has a state of versioning.
        let goes = case.get("gone") != Some(&Json::Bool(false));
        if goes && self.read(std::slice::from_ref(&object)).await?.iter().any(Option::is_some) {
            return Err("the object is still there after delete".into());
        }
        self.delete(&object).await.map_err(|e| format!("delete of what is gone: {e}"))?;
        Ok(state)
    }

    /// Reads the object back: nothing may differ, and its configuration must plan no change.
    async fn settled_object(&self, object: Object, step: &str) -> Result<Object, Failure> {
        let read =
            self.read(std::slice::from_ref(&object)).await.map_err(|e| format!("{step}: read: {e}"))?.pop().flatten();
        let read = read.ok_or_else(|| format!("{step}: the object is not there"))?;
        let drift = differences(&object.value, &read.value);
        if !drift.is_empty() {
            return Err(format!("{step}: drift: {}", drift.join("; ")));
        }
        let plan = self.plan(&object.type_name, &object.config, &read.value, &read.private).await?;
        let changes = differences(&read.value, &plan.value);
        if !changes.is_empty() || !plan.replace.is_empty() {
            return Err(format!("{step}: plan is not empty: {} {:?}", changes.join("; "), plan.replace));
        }
        if plan.private != read.private {
            let text = |p: &Private| String::from_utf8_lossy(p).into_owned();
            return Err(format!("{step}: private differs: {} {}", text(&read.private), text(&plan.private)));
        }
        Ok(read)
    }

    /// To a state that does not know the update, it is drift: each changed attribute must show.
    async fn drifts(&self, before: &Object, now: &Object, changes: &Json) -> Result<(), Failure> {
        let read =
            self.read(std::slice::from_ref(before)).await?.pop().flatten().ok_or("read by the old state: not there")?;
        for name in changes.as_object().into_iter().flatten().map(|(k, _)| k) {
            let of = |o: &Object| o.value.get(name).cloned().unwrap_or(Value::NULL);
            if !of(before).raw_equals(&of(now)) && of(before).raw_equals(&of(&read)) {
                return Err(format!("a change of {name} behind our back does not show"));
            }
        }
        Ok(())
    }

    async fn import(&self, type_name: &str, case: &Json, object: &Object) -> Result<(), Failure> {
        if case.get("import") == Some(&Json::Bool(false)) {
            return Ok(());
        }
        let this = to_json(&object.value, &object.value.ty());
        let names = BTreeMap::from([("object".to_owned(), this.clone())]);
        let id = resolve(case.get("import_id").unwrap_or(&json!("${object.id}")), &names);
        let id = id.as_str().ok_or("no import id")?;
        let imported = self.instance.import(type_name, id).await.map_err(|e| format!("import: {e:?}"))?;
        let imported = imported.into_iter().next().ok_or("import: nothing")?;
        let asked = Object { value: imported.object, private: imported.private, ..object.clone() };
        let read = self.read(&[asked]).await.map_err(|e| format!("import: read: {e}"))?.pop().flatten();
        let read = read.ok_or("import: the object is not there")?;
        let ignore: BTreeSet<&str> =
            case.get("import_ignore").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect();
        let meaningful = |v: &Json| !matches!(v, Json::Null) && !zero(v);
        let got = to_json(&read.value, &read.value.ty());
        for (name, value) in this.as_object().into_iter().flatten() {
            let other = &got[name];
            let both_unset = !meaningful(value) && !meaningful(other);
            if value != other && !both_unset && !ignore.contains(name.as_str()) && name != "timeouts" {
                return Err(format!("import: {name} is {other}, not {value}"));
            }
        }
        Ok(())
    }
}

fn zero(v: &Json) -> bool {
    match v {
        Json::Null => true,
        Json::Bool(b) => !b,
        Json::Number(n) => n.as_f64() == Some(0.0),
        Json::String(s) => s.is_empty(),
        Json::Array(a) => a.is_empty(),
        Json::Object(o) => o.is_empty(),
    }
}

/// Names of the objects that a need refers to.
fn refers(json: &Json) -> Vec<String> {
    match json {
        Json::String(s) => s.split("${").skip(1).filter_map(|p| Some(p.split(['.', '}']).next()?.to_owned())).collect(),
        Json::Array(items) => items.iter().flat_map(refers).collect(),
        Json::Object(members) => members.values().flat_map(refers).collect(),
        _ => Vec::new(),
    }
}

/// Puts attributes of other objects in the place of `${name.attribute}`; alone in a string it keeps its type.
fn resolve(json: &Json, names: &BTreeMap<String, Json>) -> Json {
    match json {
        Json::String(s) => {
            let look = |reference: &str| -> Json {
                let mut parts = reference.split('.');
                let mut value = parts.next().and_then(|n| names.get(n)).cloned().unwrap_or(Json::Null);
                for part in parts {
                    value = match part.parse::<usize>() {
                        Ok(i) => value[i].clone(),
                        Err(_) => value[part].clone(),
                    };
                }
                value
            };
            if let Some(inner) = s.strip_prefix("${").and_then(|s| s.strip_suffix('}')).filter(|s| !s.contains("${")) {
                return look(inner);
            }
            let mut parts = s.split("${");
            let mut out = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                let (reference, rest) = part.split_once('}').unwrap_or((part, ""));
                out.push_str(look(reference).as_str().unwrap_or_default());
                out.push_str(rest);
            }
            Json::String(out)
        }
        Json::Array(items) => items.iter().map(|i| resolve(i, names)).collect(),
        Json::Object(members) => members.iter().map(|(k, v)| (k.clone(), resolve(v, names))).collect(),
        other => other.clone(),
    }
}

/// What differs between two objects, by top-level name.
fn differences(a: &Value, b: &Value) -> Vec<String> {
    let empty = BTreeMap::new();
    let (x, y) = (a.as_members().unwrap_or(&empty), b.as_members().unwrap_or(&empty));
    let names: BTreeSet<_> = x.keys().chain(y.keys()).collect();
    names
        .into_iter()
        .filter_map(|name| {
            let (p, q) = (x.get(name)?, y.get(name)?);
            let show = |v: &Value| if v.is_wholly_known() { to_json(v, &v.ty()).to_string() } else { "unknown".into() };
            (!p.raw_equals(q)).then(|| format!("{name}: {} → {}", show(p), show(q)))
        })
        .collect()
}
