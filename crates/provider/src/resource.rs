//! What the author of a resource type or data source writes, and the object-safe form that the lifecycle code sees.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use async_trait::async_trait;
use sdt_value::Value;
use tokio::time::Instant;

use crate::api::{ApplySink, Complaint};
use crate::convert::{FromValue, ToValue, fit_object};
use crate::declare::{Described, Meta, Name};
use crate::error::{Class, Error};
use crate::plan::PlanEdit;
use crate::refresh::Refresh;

/// How a creation whose reply was lost is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// The API takes a client token ([`Cx::client_token`]): the same call again gives the same object.
    Client,
    /// The object carries the tag [`crate::OPERATION_TAG`] until the creation is durable; `want.tags` has it already.
    Tag,
    /// A unique name or natural key says which object it is.
    Name,
}

/// What a type author works with besides the objects: the service's clients, the operation's token, progress.
pub struct Cx<'a, A> {
    /// The clients.
    pub api: &'a A,
    token: &'a str,
    sink: Option<&'a dyn ApplySink>,
    until: Instant,
    pub(crate) refresh: Option<&'a Refresh>,
}

impl<'a, A> Cx<'a, A> {
    /// For one operation that may take until `until`.
    #[must_use]
    pub const fn new(api: &'a A, token: &'a str, sink: Option<&'a dyn ApplySink>, until: Instant) -> Self {
        Self { api, token, sink, until, refresh: None }
    }

    /// As part of a refresh: what it shares can be used.
    #[must_use]
    pub const fn within(self, refresh: &'a Refresh) -> Self {
        Self { refresh: Some(refresh), ..self }
    }

    /// The operation's token, 32 hex characters; the same when a lost operation is repeated.
    #[must_use]
    pub const fn token(&self) -> &str {
        self.token
    }

    /// The token in the form of a client token, distinct for each `part` of an operation that makes several calls.
    #[must_use]
    pub fn client_token(&self, part: &str) -> String {
        if part.is_empty() { format!("sdt-{}", self.token) } else { format!("sdt-{}-{part}", self.token) }
    }

    /// A name for a `name_prefix` (or, with an empty one, for no name at all): the same for the same operation.
    #[must_use]
    pub fn generated_name(&self, prefix: &str) -> String {
        let prefix = if prefix.is_empty() { "terraform-" } else { prefix };
        // 26 digits, as long as the public provider's suffixes, so that length limits hold alike.
        format!("{prefix}{:0>26.26}", self.token)
    }

    /// Tells the progress display what is waited for.
    pub fn waiting(&self, what: &str) {
        if let Some(sink) = self.sink {
            sink.waiting(what);
        }
    }

    /// True when the user asked to stop.
    #[must_use]
    pub fn stopping(&self) -> bool {
        self.sink.is_some_and(ApplySink::stopping)
    }

    /// How much of the operation's time is left.
    #[must_use]
    pub fn remaining(&self) -> std::time::Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// When the operation's time is over.
    #[must_use]
    pub const fn until(&self) -> Instant {
        self.until
    }
}

/// Names of the attributes and blocks that an update changes.
#[derive(Clone, Debug, Default)]
pub struct Changes(pub BTreeSet<&'static str>);

impl Changes {
    /// Tells whether this one changes.
    #[must_use]
    pub fn has(&self, name: Name) -> bool {
        self.0.contains(name.0)
    }

    /// Tells whether one of these changes.
    #[must_use]
    pub fn any(&self, names: &[Name]) -> bool {
        names.iter().any(|n| self.has(*n))
    }

    /// Tells whether the tags change.
    #[must_use]
    pub fn tags(&self) -> bool {
        self.0.contains("tags")
    }
}

/// A managed resource type. The struct has the facts (`#[derive(Resource)]`), this has the calls.
///
/// Objects that come in never hold unknowns: what is not known or not set is `None` or empty. Objects that go out hold `None` for
/// what the service does not say; the framework turns it into the form that state wants.
#[async_trait]
pub trait Resource: Described + FromValue + ToValue + Clone + Send + Sync + 'static {
    /// The clients it needs.
    type Api: Send + Sync + 'static;

    /// Service and name in messages: `"EC2 VPC"`.
    const HUMAN: &'static str;

    /// How a lost creation is recognised.
    const TOKEN: Token;

    /// Most objects that one [`Resource::read_many`] gets.
    const CHUNK: usize = 200;

    /// Makes the object and returns it with what identifies it (at least `id`) as soon as the service has said so. No waiting here.
    async fn create(cx: &Cx<'_, Self::Api>, want: Self) -> Result<Self, Error>;

    /// Does what is left after [`Resource::create`]: waiting, further calls. Must tolerate being repeated after a crash.
    async fn finish(_cx: &Cx<'_, Self::Api>, _made: &Self) -> Result<(), Error> {
        Ok(())
    }

    /// Reads objects, `None` for those that are gone, in the order asked. After an import only what the import id says is set.
    /// Prefer filters to id lists; when the call fails, each object is asked for alone.
    async fn read_many(cx: &Cx<'_, Self::Api>, known: &[Self]) -> Result<Vec<Option<Self>>, Error>;

    /// Changes the object in place.
    async fn update(cx: &Cx<'_, Self::Api>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error>;

    /// Deletes the object and waits until it is gone. [`Class::NotFound`] is success.
    async fn delete(cx: &Cx<'_, Self::Api>, prior: &Self) -> Result<(), Error>;

    /// Finds what a creation with this token and these wishes has made, if anything. With [`Token::Client`] the default is right
    /// whenever the same call again is harmless.
    async fn recover(_cx: &Cx<'_, Self::Api>, _want: &Self) -> Result<Option<Self>, Error> {
        Err(Error::new(Class::Unclear, "", "nothing tells whether the object was made"))
    }

    /// Removes the temporary creation tag from these objects (ids), which may be of any type of the service.
    async fn forget_token(_api: &Self::Api, _ids: &[String]) -> Result<(), Error> {
        Ok(())
    }

    /// Adjusts a plan where a declaration cannot say it.
    fn customize(_edit: &mut PlanEdit<'_>) {}

    /// Checks a configuration (unknown values possible) where a declaration cannot say it.
    fn validate(_config: &Value) -> Vec<Complaint> {
        Vec::new()
    }

    /// Takes an import id apart: the members to set beside `id` (set `id` too when it differs).
    ///
    /// # Errors
    /// The form the id must have.
    fn import(_id: &str) -> Result<Vec<(Name, Value)>, String> {
        Ok(Vec::new())
    }

    /// Brings a stored object of an older version to the current one.
    fn upgrade(_version: u64, stored: serde_json::Value) -> serde_json::Value {
        stored
    }
}

/// A data source. The struct has the facts (`#[derive(DataSource)]`).
#[async_trait]
pub trait DataSource: Described + FromValue + ToValue + Send + Sync + 'static {
    /// The clients it needs.
    type Api: Send + Sync + 'static;

    /// Service and name in messages: `"EC2 Availability Zones"`.
    const HUMAN: &'static str;

    /// Answers the query: what was configured is set; returns it completed.
    async fn read(cx: &Cx<'_, Self::Api>, query: Self) -> Result<Self, Error>;

    /// Checks a configuration where a declaration cannot say it.
    fn validate(_config: &Value) -> Vec<Complaint> {
        Vec::new()
    }
}

/// A resource type as the lifecycle code sees it: objects are values.
#[async_trait]
#[allow(missing_docs, reason = "each method is the one of `Resource` with values for structs")]
pub trait ResourceType<A>: Send + Sync {
    fn meta(&self) -> &'static Meta;
    fn human(&self) -> &'static str;
    fn token(&self) -> Token;
    fn chunk(&self) -> usize;
    async fn create(&self, cx: &Cx<'_, A>, want: &Value) -> Result<Value, Error>;
    async fn finish(&self, cx: &Cx<'_, A>, made: &Value) -> Result<(), Error>;
    async fn read_many(&self, cx: &Cx<'_, A>, known: &[Value]) -> Result<Vec<Option<Value>>, Error>;
    async fn update(&self, cx: &Cx<'_, A>, prior: &Value, want: &Value, changed: &Changes) -> Result<(), Error>;
    async fn delete(&self, cx: &Cx<'_, A>, prior: &Value) -> Result<(), Error>;
    async fn recover(&self, cx: &Cx<'_, A>, want: &Value) -> Result<Option<Value>, Error>;
    async fn forget_token(&self, api: &A, ids: &[String]) -> Result<(), Error>;
    fn customize(&self, edit: &mut PlanEdit<'_>);
    fn validate(&self, config: &Value) -> Vec<Complaint>;
    fn import(&self, id: &str) -> Result<Vec<(Name, Value)>, String>;
    fn upgrade(&self, version: u64, stored: serde_json::Value) -> serde_json::Value;
}

/// A data source as the lifecycle code sees it.
#[async_trait]
#[allow(missing_docs, reason = "each method is the one of `DataSource` with values for structs")]
pub trait DataSourceType<A>: Send + Sync {
    fn meta(&self) -> &'static Meta;
    fn human(&self) -> &'static str;
    async fn read(&self, cx: &Cx<'_, A>, query: &Value) -> Result<Value, Error>;
    fn validate(&self, config: &Value) -> Vec<Complaint>;
}

struct Typed<T>(PhantomData<fn() -> T>);

/// The entry of a resource type in a service's list.
#[must_use]
pub const fn resource<T: Resource>() -> &'static dyn ResourceType<T::Api> {
    &Typed::<T>(PhantomData)
}

/// The entry of a data source in a service's list.
#[must_use]
pub const fn data_source<T: DataSource>() -> &'static dyn DataSourceType<T::Api> {
    &Typed::<T>(PhantomData)
}

#[async_trait]
impl<T: Resource> ResourceType<T::Api> for Typed<T> {
    fn meta(&self) -> &'static Meta {
        T::META
    }

    fn human(&self) -> &'static str {
        T::HUMAN
    }

    fn token(&self) -> Token {
        T::TOKEN
    }

    fn chunk(&self) -> usize {
        T::CHUNK.max(1)
    }

    async fn create(&self, cx: &Cx<'_, T::Api>, want: &Value) -> Result<Value, Error> {
        Ok(fit_object(T::META, &T::create(cx, T::from_value(want)?).await?.to_value()))
    }

    async fn finish(&self, cx: &Cx<'_, T::Api>, made: &Value) -> Result<(), Error> {
        T::finish(cx, &T::from_value(made)?).await
    }

    async fn read_many(&self, cx: &Cx<'_, T::Api>, known: &[Value]) -> Result<Vec<Option<Value>>, Error> {
        let known = known.iter().map(T::from_value).collect::<Result<Vec<T>, _>>()?;
        let found = T::read_many(cx, &known).await?;
        if found.len() != known.len() {
            return Err(Error::other(format!("{} answers to {} questions", found.len(), known.len())));
        }
        Ok(found.into_iter().map(|o| o.map(|o| fit_object(T::META, &o.to_value()))).collect())
    }

    async fn update(&self, cx: &Cx<'_, T::Api>, prior: &Value, want: &Value, changed: &Changes) -> Result<(), Error> {
        T::update(cx, &T::from_value(prior)?, &T::from_value(want)?, changed).await
    }

    async fn delete(&self, cx: &Cx<'_, T::Api>, prior: &Value) -> Result<(), Error> {
        T::delete(cx, &T::from_value(prior)?).await
    }

    async fn recover(&self, cx: &Cx<'_, T::Api>, want: &Value) -> Result<Option<Value>, Error> {
        Ok(T::recover(cx, &T::from_value(want)?).await?.map(|o| fit_object(T::META, &o.to_value())))
    }

    async fn forget_token(&self, api: &T::Api, ids: &[String]) -> Result<(), Error> {
        T::forget_token(api, ids).await
    }

    fn customize(&self, edit: &mut PlanEdit<'_>) {
        T::customize(edit);
    }

    fn validate(&self, config: &Value) -> Vec<Complaint> {
        T::validate(config)
    }

    fn import(&self, id: &str) -> Result<Vec<(Name, Value)>, String> {
        T::import(id)
    }

    fn upgrade(&self, version: u64, stored: serde_json::Value) -> serde_json::Value {
        T::upgrade(version, stored)
    }
}

#[async_trait]
impl<T: DataSource> DataSourceType<T::Api> for Typed<T> {
    fn meta(&self) -> &'static Meta {
        T::META
    }

    fn human(&self) -> &'static str {
        T::HUMAN
    }

    async fn read(&self, cx: &Cx<'_, T::Api>, query: &Value) -> Result<Value, Error> {
        Ok(fit_object(T::META, &T::read(cx, T::from_value(query)?).await?.to_value()))
    }

    fn validate(&self, config: &Value) -> Vec<Complaint> {
        T::validate(config)
    }
}
