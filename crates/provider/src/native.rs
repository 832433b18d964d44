//! A provider made of declared types: the registry behind [`Provider`], the bulk reader behind [`Instance`].

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_schema::Schema;
use sdt_value::{Path, Str, Value, from_json, to_json};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::api::{
    ApplyAnswer, ApplyRequest, ApplySink, Complaint, Imported, Instance, Marked, Mode, PlanAnswer, PlanRequest,
    Private, Provider, ProviderEnv, ReadAnswer, ReadRequest, ReadSink, RecoverAnswer, RecoverRequest,
};
use crate::convert::{tags_value, with};
use crate::declare::{Content, Meta};
use crate::error::Error;
use crate::lifecycle::Lifecycle;
use crate::plan::plan;
use crate::refresh::Refresh;
use crate::resource::{Cx, DataSourceType, ResourceType, Token};
use crate::same::{after_import, after_read, is_zero};
use crate::tags::{OPERATION_TAG, TagSettings};
use crate::timeouts::private;
use crate::validate::validate;
use crate::written::as_written;

/// How many read calls of one provider run at the same time. One per type and chunk at most; the services' own rates are limited further
/// below, so that waiting here would only add the network's delay to a plan.
const CONCURRENT_READS: usize = 64;

/// How long one read may take, retries included.
const READ_TIME: Duration = Duration::from_secs(15 * 60);

/// The types of one service.
pub struct Service<A: 'static> {
    /// Managed resource types.
    pub resources: &'static [&'static dyn ResourceType<A>],
    /// Data sources.
    pub data: &'static [&'static dyn DataSourceType<A>],
    /// Ephemeral resource types. They are written as data sources: what a data source reads, they open.
    pub ephemeral: &'static [&'static dyn DataSourceType<A>],
}

/// What a provider of declared types has of its own.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// The clients.
    type Api: Send + Sync + 'static;

    /// Source address.
    const SOURCE: &'static str;

    /// The version it acts as.
    const VERSION: Option<&'static str>;

    /// Its services.
    fn services() -> &'static [Service<Self::Api>];

    /// Schema of the provider block.
    fn config_schema() -> Schema;

    /// Checks a provider block (unknown values allowed).
    fn validate_config(config: &Value) -> Diagnostics;

    /// Starts one configuration.
    ///
    /// # Errors
    /// When the configuration is unusable.
    async fn start(config: &Value, env: &ProviderEnv) -> Result<(Self::Api, TagSettings), Diagnostics>;

    /// Makes an error clearer by asking the service, where that can help.
    async fn explain(_api: &Self::Api, e: Error) -> Error {
        e
    }

    /// Calls made so far.
    fn call_counts(api: &Self::Api) -> BTreeMap<String, u64>;
}

/// A provider of declared types.
pub struct Native<B> {
    schemas: Mutex<HashMap<(Mode, &'static str), Arc<Schema>>>,
    config: std::sync::OnceLock<Arc<Schema>>,
    backend: std::marker::PhantomData<fn() -> B>,
}

impl<B> Default for Native<B> {
    fn default() -> Self {
        Self { schemas: Mutex::default(), config: std::sync::OnceLock::new(), backend: std::marker::PhantomData }
    }
}

fn resource_type<B: Backend>(name: &str) -> Option<&'static dyn ResourceType<B::Api>> {
    B::services().iter().flat_map(|s| s.resources).find(|r| r.meta().name == name).copied()
}

fn data_type<B: Backend>(name: &str) -> Option<&'static dyn DataSourceType<B::Api>> {
    B::services().iter().flat_map(|s| s.data).find(|r| r.meta().name == name).copied()
}

fn ephemeral_type<B: Backend>(name: &str) -> Option<&'static dyn DataSourceType<B::Api>> {
    B::services().iter().flat_map(|s| s.ephemeral).find(|r| r.meta().name == name).copied()
}

impl<B: Backend> Native<B> {
    /// An unconfigured provider.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The facts of every managed resource type, for tests and documentation.
    pub fn resources() -> impl Iterator<Item = &'static dyn ResourceType<B::Api>> {
        B::services().iter().flat_map(|s| s.resources.iter().copied())
    }

    /// The facts of every data source.
    pub fn data_sources() -> impl Iterator<Item = &'static dyn DataSourceType<B::Api>> {
        B::services().iter().flat_map(|s| s.data.iter().copied())
    }

    /// The facts of every ephemeral resource type.
    pub fn ephemeral() -> impl Iterator<Item = &'static dyn DataSourceType<B::Api>> {
        B::services().iter().flat_map(|s| s.ephemeral.iter().copied())
    }

    fn meta(mode: Mode, name: &str) -> Option<&'static Meta> {
        match mode {
            Mode::Managed => resource_type::<B>(name).map(|r| r.meta()),
            Mode::Data => data_type::<B>(name).map(|d| d.meta()),
            Mode::Ephemeral => ephemeral_type::<B>(name).map(|d| d.meta()),
        }
    }
}

#[async_trait]
impl<B: Backend> Provider for Native<B> {
    fn source(&self) -> &str {
        B::SOURCE
    }

    fn version(&self) -> Option<&str> {
        B::VERSION
    }

    fn schema(&self, mode: Mode, type_name: &str) -> Option<Arc<Schema>> {
        let meta = Self::meta(mode, type_name)?;
        let mut schemas = self.schemas.lock().unwrap_or_else(PoisonError::into_inner);
        Some(schemas.entry((mode, meta.name)).or_insert_with(|| Arc::new(meta.schema())).clone())
    }

    fn config_schema(&self) -> Arc<Schema> {
        self.config.get_or_init(|| Arc::new(B::config_schema())).clone()
    }

    fn type_names(&self, mode: Mode) -> Vec<Str> {
        let mut names: Vec<Str> = match mode {
            Mode::Managed => Self::resources().map(|r| r.meta().name.into()).collect(),
            Mode::Data => Self::data_sources().map(|d| d.meta().name.into()).collect(),
            Mode::Ephemeral => Self::ephemeral().map(|d| d.meta().name.into()).collect(),
        };
        names.sort();
        names
    }

    fn validate_config(&self, config: &Value) -> Diagnostics {
        B::validate_config(config)
    }

    fn validate(&self, mode: Mode, type_name: &str, config: &Value) -> Vec<Complaint> {
        match mode {
            Mode::Managed => resource_type::<B>(type_name).map(|r| {
                let mut out = validate(r.meta(), config);
                out.extend(r.validate(config));
                out
            }),
            Mode::Data | Mode::Ephemeral => match mode {
                Mode::Data => data_type::<B>(type_name),
                _ => ephemeral_type::<B>(type_name),
            }
            .map(|d| {
                let mut out = validate(d.meta(), config);
                out.extend(d.validate(config));
                out
            }),
        }
        .unwrap_or_default()
    }

    fn as_written(&self, type_name: &str, object: &Value) -> Value {
        resource_type::<B>(type_name)
            .map_or_else(|| object.clone(), |r| as_written(r.meta(), object, &|config| r.validate(config)))
    }

    fn import_id(&self, type_name: &str, identity: &Value) -> Result<String, String> {
        let (Some(kind), Some(given)) = (resource_type::<B>(type_name), identity.as_members()) else {
            return Err(format!("The provider has no type {type_name:?}."));
        };
        let block = &kind.meta().schema().block;
        if let Some(name) = given.keys().find(|name| !block.attributes.contains_key(*name)) {
            return Err(format!("Objects of type {type_name} have no attribute {name:?}."));
        }
        let object = with(&block.empty_value(), given.iter().map(|(k, v)| (k.clone(), v.clone())));
        match kind.import_id(&object).filter(|id| !id.is_empty()) {
            Some(id) if given.values().all(|v| v.as_str().is_none_or(|text| id.contains(text))) => Ok(id),
            // What is known by one attribute has it for an import id.
            _ => match given.values().next().filter(|_| given.len() == 1).and_then(Value::as_str) {
                Some(id) if !id.is_empty() => Ok(id.to_owned()),
                _ => Err(format!("Objects of type {type_name} are not known by these attributes: import them by id.")),
            },
        }
    }

    fn upgrade_state(&self, type_name: &str, version: u64, stored: &serde_json::Value) -> Result<Value, Diagnostics> {
        let (Some(kind), Some(schema)) = (resource_type::<B>(type_name), self.schema(Mode::Managed, type_name)) else {
            return Err(unknown_type(type_name).into());
        };
        let stored = if version < schema.version { kind.upgrade(version, stored.clone()) } else { stored.clone() };
        let ty = schema.block.implied_type();
        let fitted = fit_json(&stored, &schema.block);
        from_json(&fitted, &ty).map_err(|e| {
            let detail =
                format!("The stored object of type {type_name} (version {version}) cannot be read at {}: {e}.", e.path);
            Diagnostic::error("Stored object does not fit its schema", detail).into()
        })
    }

    async fn configure(&self, config: &Value, env: &ProviderEnv) -> Result<Arc<dyn Instance>, Diagnostics> {
        let (api, tags) = B::start(config, env).await?;
        Ok(Arc::new(NativeInstance::<B> {
            api,
            tags,
            made: Mutex::default(),
            left: Mutex::default(),
            asked: Mutex::default(),
        }))
    }
}

/// Drops what the schema does not have and adds null for what the stored object does not have.
#[must_use]
pub fn fit_json(stored: &serde_json::Value, block: &sdt_schema::Block) -> serde_json::Value {
    use serde_json::Value as Json;
    let Json::Object(members) = stored else { return stored.clone() };
    let mut out = serde_json::Map::new();
    for name in block.attributes.keys() {
        out.insert(name.to_string(), members.get(&**name).cloned().unwrap_or(Json::Null));
    }
    for (name, nested) in &block.blocks {
        let value = match members.get(&**name) {
            Some(Json::Array(items)) => items.iter().map(|i| fit_json(i, &nested.block)).collect(),
            Some(one @ Json::Object(_)) => fit_json(one, &nested.block),
            _ if matches!(nested.nesting, sdt_schema::Nesting::List | sdt_schema::Nesting::Set) => {
                Json::Array(Vec::new())
            }
            _ => Json::Null,
        };
        out.insert(name.to_string(), value);
    }
    out.into()
}

async fn read_one<'r, A: Send + Sync>(
    kind: &dyn ResourceType<A>,
    cx: &Cx<'_, A>,
    request: &'r ReadRequest,
    known: &Value,
) -> (&'r ReadRequest, Result<Option<Value>, Error>) {
    let found = kind.read_many(cx, std::slice::from_ref(known)).await;
    (request, found.map(|mut v| v.pop().flatten()))
}

fn unknown_type(name: &str) -> Diagnostic {
    Diagnostic::error("Unknown resource type", format!("The provider has no type {name:?}."))
}

fn complaint(summary: &str, detail: String) -> Complaint {
    crate::validate::error(Path::root(), summary, detail)
}

type Asked = Arc<OnceCell<Result<Value, Vec<Complaint>>>>;

struct NativeInstance<B: Backend> {
    api: B::Api,
    tags: TagSettings,
    /// Tokens of creations that left the temporary tag, with type and id.
    made: Mutex<HashMap<String, (&'static str, String)>>,
    /// Objects with the tag of an earlier run, as seen in reading.
    left: Mutex<BTreeSet<Marked>>,
    /// Data sources read since the last change: equal requests share one answer.
    asked: Mutex<HashMap<String, Asked>>,
}

impl<B: Backend> NativeInstance<B> {
    /// What a data source or an ephemeral resource answers: `doing` says in messages what was tried.
    async fn query(
        &self,
        kind: &dyn DataSourceType<B::Api>,
        doing: &str,
        config: &Value,
    ) -> Result<Value, Vec<Complaint>> {
        let found = kind.read(&self.cx(), config).await;
        let got = found.map_err(|e| vec![e.complaint(doing, kind.human(), None)])?;
        // Tags are the object's, but for ignored ones, also where some were asked for.
        let tagged = got.get("tags").is_some_and(|t| !t.is_null() && t.as_members().is_some());
        let got = if tagged {
            let visible = self.tags.visible(got.get("tags").unwrap_or(&Value::NULL));
            with(&got, [("tags", tags_value(&visible))])
        } else {
            got
        };
        // What was configured stays as it was written, but for blocks: there what is not written is filled in, and where there are
        // none the list is null, as the older SDK leaves them.
        let blocks = kind.meta().decl.fields.iter().filter(|f| matches!(f.content, Content::Block { .. }));
        let blocks: Vec<_> = blocks.map(|f| f.name).collect();
        let empty = |v: &Value| v.as_items().is_some_and(<[_]>::is_empty);
        let none = blocks.iter().filter_map(|name| Some((*name, got.get(name).filter(|v| empty(v))?.ty())));
        let none: Vec<_> = none.map(|(name, ty)| (name, Value::null(ty))).collect();
        let filled = |k: &str| blocks.contains(&k) && !none.iter().any(|(name, _)| *name == k);
        let set = config.as_members().into_iter().flatten();
        let set = set.filter(|(k, v)| !(v.is_null() || tagged && &***k == "tags" || filled(k)));
        let set: Vec<_> = set.filter(|(_, v)| !empty(v)).map(|(k, v)| (k.clone(), v.clone())).collect();
        let mut object = with(&with(&got, none), set);
        if let Some(timeouts) = config.get("timeouts") {
            object = with(&object, [("timeouts", timeouts.clone())]);
        }
        Ok(object)
    }

    fn cx(&self) -> Cx<'_, B::Api> {
        Cx::new(&self.api, "", None, Instant::now() + READ_TIME)
    }

    fn lifecycle(&self, type_name: &str) -> Option<Lifecycle<'_, B::Api>> {
        resource_type::<B>(type_name).map(|kind| Lifecycle {
            explain: |api, e| B::explain(api, e),
            kind,
            api: &self.api,
            tags: &self.tags,
        })
    }

    /// Reads one chunk of a type; objects one by one when the bulk call fails.
    async fn read_chunk(
        &self,
        kind: &'static dyn ResourceType<B::Api>,
        chunk: Vec<ReadRequest>,
        refresh: &Refresh,
        sink: &dyn ReadSink,
    ) {
        let cx = self.cx();
        let known: Vec<Value> = chunk.iter().map(|r| r.prior.clone()).collect();
        let answer = |request: &ReadRequest, found: Result<Option<Value>, Error>| {
            let result = match found {
                Ok(Some(got)) => Ok(self.refreshed(kind, &got, &request.prior, &request.private)),
                Ok(None) => Ok((Value::null(request.prior.ty()), request.private.clone())),
                Err(e) if e.is_not_found() => Ok((Value::null(request.prior.ty()), request.private.clone())),
                Err(e) => {
                    let id = request.prior.get("id").and_then(Value::as_str);
                    Err(vec![e.complaint("reading", kind.human(), id)])
                }
            };
            sink.answer(ReadAnswer { key: request.key, result });
        };
        match kind.read_many(&self.cx().within(refresh), &known).await {
            Ok(found) => chunk.iter().zip(found).for_each(|(r, f)| answer(r, Ok(f))),
            Err(e) if chunk.len() == 1 => answer(&chunk[0], Err(e)),
            Err(e) => {
                tracing::debug!(error = %e, count = chunk.len(), "bulk read failed, reading one by one");
                let mut singles = futures::stream::FuturesUnordered::new();
                for (request, one) in chunk.iter().zip(&known) {
                    if singles.len() >= CONCURRENT_READS
                        && let Some((request, found)) = singles.next().await
                    {
                        answer(request, found);
                    }
                    singles.push(read_one(kind, &cx, request, one));
                }
                while let Some((request, found)) = singles.next().await {
                    answer(request, found);
                }
            }
        }
    }

    fn refreshed(
        &self,
        kind: &'static dyn ResourceType<B::Api>,
        got: &Value,
        prior: &Value,
        bytes: &Private,
    ) -> (Value, Private) {
        let meta = kind.meta();
        let got = if meta.tagged {
            let all = got.get("tags_all").cloned().unwrap_or(Value::NULL);
            // It is in the state, so its creation is durable: the tag is left over from a run that was killed just before removing it.
            if all.get(OPERATION_TAG).is_some()
                && let Some(id) = got.get("id").and_then(Value::as_str)
            {
                let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
                left.insert(Marked { type_name: meta.name.into(), id: id.to_owned() });
            }
            with(got, self.tags.split(&all, prior.get("tags")))
        } else {
            got.clone()
        };
        let imported =
            meta.decl.fields.iter().filter(|f| f.name != "id").all(|f| prior.get(f.name).is_none_or(is_zero));
        let mut object = match imported {
            true => after_import(meta.decl, &got),
            false => after_read(meta.decl, &got, prior, meta.legacy),
        };
        if !meta.timeouts.is_empty() {
            object = with(&object, prior.get("timeouts").map(|t| ("timeouts", t.clone())));
        }
        let bytes = if bytes.is_empty() { private(meta, &object) } else { bytes.clone() };
        (object, bytes)
    }
}

#[async_trait]
impl<B: Backend> Instance for NativeInstance<B> {
    async fn read(&self, requests: Vec<ReadRequest>, sink: &dyn ReadSink) {
        let refresh = Refresh::new(&requests);
        let mut groups: BTreeMap<Str, Vec<ReadRequest>> = BTreeMap::new();
        for request in requests {
            groups.entry(request.type_name.clone()).or_default().push(request);
        }
        let mut chunks = Vec::new();
        for (name, group) in groups {
            let Some(kind) = resource_type::<B>(&name) else {
                for request in group {
                    let complaints =
                        vec![complaint("Unknown resource type", format!("The provider has no type {name:?}."))];
                    sink.answer(ReadAnswer { key: request.key, result: Err(complaints) });
                }
                continue;
            };
            let mut group = group.into_iter().peekable();
            while group.peek().is_some() {
                chunks.push((kind, group.by_ref().take(kind.chunk()).collect::<Vec<_>>()));
            }
        }
        let mut reads: futures::stream::FuturesUnordered<_> = futures::stream::FuturesUnordered::new();
        for (kind, chunk) in chunks {
            if reads.len() >= CONCURRENT_READS {
                reads.next().await;
            }
            reads.push(self.read_chunk(kind, chunk, &refresh, sink));
        }
        while reads.next().await.is_some() {}
    }

    async fn plan(&self, request: PlanRequest) -> PlanAnswer {
        let Some(kind) = resource_type::<B>(&request.type_name) else {
            let complaints =
                vec![complaint("Unknown resource type", format!("The provider has no type {:?}.", request.type_name))];
            return PlanAnswer { complaints, ..PlanAnswer::default() };
        };
        if request.config.is_null() {
            let planned = Some(Value::null(request.prior.ty()));
            return PlanAnswer { planned, private: Some(request.private), ..PlanAnswer::default() };
        }
        let mut edit = plan(kind.meta(), &self.tags, &request.config, &request.prior);
        kind.customize(&mut edit);
        let (replace, complaints) = (std::mem::take(&mut edit.replace), std::mem::take(&mut edit.complaints));
        let planned = edit.settled();
        let private = Some(private(kind.meta(), &planned));
        PlanAnswer { planned: Some(planned), requires_replace: replace, private, complaints }
    }

    async fn apply(&self, request: ApplyRequest, progress: &dyn ApplySink) -> ApplyAnswer {
        let Some(life) = self.lifecycle(&request.type_name) else {
            let complaints =
                vec![complaint("Unknown resource type", format!("The provider has no type {:?}.", request.type_name))];
            return ApplyAnswer { unclear: false, object: request.prior, private: request.private, complaints };
        };
        let answer = life.apply(&request, progress).await;
        // Data read from now on is meant to see the change.
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clear();
        if (request.prior.is_null() || request.resume.is_some())
            && life.kind.token() == Token::Tag
            && let Some(id) = answer.object.get("id").and_then(Value::as_str)
        {
            let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            made.insert(request.token, (life.kind.meta().name, id.to_owned()));
        }
        answer
    }

    async fn import(&self, type_name: &str, id: &str) -> Result<Vec<Imported>, Diagnostics> {
        let Some(kind) = resource_type::<B>(type_name) else { return Err(unknown_type(type_name).into()) };
        let set = kind.import(id).map_err(|form| {
            let detail = format!("The import id {id:?} of {type_name} is not of the form {form}.");
            Diagnostics::from(Diagnostic::error("Invalid import id", detail))
        })?;
        let meta = kind.meta();
        let empty = meta.schema().block.empty_value();
        let object = with(&empty, [("id", Value::string(id))]);
        let object = with(&object, set.into_iter().map(|(n, v)| (n.0, v)));
        let private = private(meta, &object);
        Ok(vec![Imported { type_name: type_name.into(), object, private }])
    }

    async fn read_data(&self, type_name: &str, config: Value) -> Result<Value, Vec<Complaint>> {
        let Some(kind) = data_type::<B>(type_name) else {
            return Err(vec![complaint(
                "Unknown data source",
                format!("The provider has no data source {type_name:?}."),
            )]);
        };
        let key = format!("{type_name} {}", to_json(&config, &config.ty()));
        let cell = self.asked.lock().unwrap_or_else(PoisonError::into_inner).entry(key.clone()).or_default().clone();
        let answer = cell.get_or_init(|| self.query(kind, "reading", &config)).await.clone();
        if answer.is_err() {
            self.asked.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
        }
        answer
    }

    async fn open(&self, type_name: &str, config: Value) -> Result<Value, Vec<Complaint>> {
        let Some(kind) = ephemeral_type::<B>(type_name) else {
            return Err(vec![complaint(
                "Unknown ephemeral resource",
                format!("The provider has no ephemeral resource type {type_name:?}."),
            )]);
        };
        self.query(kind, "opening", &config).await
    }

    async fn recover(&self, request: RecoverRequest) -> RecoverAnswer {
        match self.lifecycle(&request.type_name) {
            Some(life) => life.recover(&request).await,
            None => RecoverAnswer::Unclear(vec![complaint("Unknown resource type", request.type_name.to_string())]),
        }
    }

    fn marked(&self) -> Vec<Marked> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    async fn settled(&self, tokens: &[String], marked: &[Marked]) -> Vec<Complaint> {
        let mut ids: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
        {
            let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            let left =
                marked.iter().filter_map(|m| Some((resource_type::<B>(&m.type_name)?.meta().name, m.id.clone())));
            for (name, id) in tokens.iter().filter_map(|t| made.remove(t)).chain(left) {
                ids.entry(name).or_default().insert(id);
            }
        }
        let mut complaints = Vec::new();
        for (name, ids) in ids {
            let Some(kind) = resource_type::<B>(name) else { continue };
            if let Err(e) = kind.forget_token(&self.api, &ids.into_iter().collect::<Vec<_>>()).await {
                let mut c = e.complaint("removing the temporary creation tag of", kind.human(), None);
                c.severity = sdt_diag::Severity::Warning;
                complaints.push(c);
            }
        }
        complaints
    }

    fn call_counts(&self) -> BTreeMap<String, u64> {
        B::call_counts(&self.api)
    }
}
