//! Requests and answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use sdt_diag::Diagnostics;
use sdt_schema::Schema;
use sdt_value::{Path, Str, Value};

/// Everything a provider offers, by type name.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    /// The provider block.
    pub provider: Schema,
    /// Managed resource types.
    pub resources: BTreeMap<Str, Arc<Schema>>,
    /// Data sources.
    pub data: BTreeMap<Str, Arc<Schema>>,
    /// Ephemeral resource types.
    pub ephemeral: BTreeMap<Str, Arc<Schema>>,
}

/// What a provider keeps beside an object and nobody else reads; stored base64 in state.
pub type Private = Arc<[u8]>;

/// As what a type is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// `resource`
    Managed,
    /// `data`
    Data,
    /// `ephemeral`
    Ephemeral,
}

/// An unconfigured provider.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Source address: `hashicorp/aws`, `terraform.io/builtin/terraform`.
    fn source(&self) -> &str;

    /// The version it acts as: `5.100.0`; `None` for built-in ones.
    fn version(&self) -> Option<&str>;

    /// Looks up one schema without building the others (start-up time is a feature).
    fn schema(&self, mode: Mode, type_name: &str) -> Option<Arc<Schema>>;

    /// Schema of the provider block.
    fn config_schema(&self) -> Arc<Schema>;

    /// False when applying touches nothing outside state (`terraform_data`): such changes need no journal.
    fn has_outside_effects(&self) -> bool {
        true
    }

    /// All type names of a mode, sorted: for suggestions and `providers schema`.
    fn type_names(&self, mode: Mode) -> Vec<Str>;

    /// Validates a provider block (unknown values allowed).
    fn validate_config(&self, config: &Value) -> Diagnostics;

    /// Validates a resource or data block beyond its schema (unknown values allowed). Diagnostics name the attribute by path in the
    /// second member; the engine finds the place in the source.
    fn validate(&self, mode: Mode, type_name: &str, config: &Value) -> Vec<Complaint>;

    /// The import id of the object that these attributes name.
    ///
    /// # Errors
    /// Why there is none: what the type is known by instead.
    fn import_id(&self, type_name: &str, identity: &Value) -> Result<String, String> {
        let single = identity.as_members().filter(|m| m.len() == 1).and_then(|m| m.values().next());
        let text = single.and_then(|v| sdt_value::convert(v, &sdt_value::Type::String).ok());
        match text.as_ref().and_then(Value::as_str) {
            Some(text) if !text.is_empty() => Ok(text.to_owned()),
            _ => Err(format!("Objects of type {type_name} are not known by these attributes: import them by id.")),
        }
    }

    /// Brings a stored object to the current schema version.
    ///
    /// # Errors
    /// When the object cannot be read.
    fn upgrade_state(&self, type_name: &str, version: u64, stored: &serde_json::Value) -> Result<Value, Diagnostics>;

    /// Starts one configuration. No network use that a plan without objects would not need.
    ///
    /// # Errors
    /// When the configuration is unusable.
    async fn configure(&self, config: &Value, env: &ProviderEnv) -> Result<Arc<dyn Instance>, Diagnostics>;
}

/// What the edge hands to providers.
#[derive(Clone)]
pub struct ProviderEnv {
    /// Environment variables.
    pub vars: Arc<BTreeMap<String, String>>,
    /// Home directory, for shared configuration files.
    pub home: Option<std::path::PathBuf>,
    /// Working folder: base of relative paths.
    pub cwd: std::path::PathBuf,
}

/// A problem with a place inside the object.
#[derive(Clone, Debug, PartialEq)]
pub struct Complaint {
    /// Error or warning.
    pub severity: sdt_diag::Severity,
    /// Title.
    pub summary: String,
    /// What to know and do.
    pub detail: String,
    /// Where in the object; the root when it concerns the whole.
    pub path: Path,
}

/// One configured provider.
#[async_trait]
pub trait Instance: Send + Sync {
    /// Reads objects in bulk. The answers come through `sink`, one for each request, in any order, as soon as known.
    async fn read(&self, requests: Vec<ReadRequest>, sink: &dyn ReadSink);

    /// Plans one object. Pure for native types.
    async fn plan(&self, request: PlanRequest) -> PlanAnswer;

    /// Creates, updates or deletes one object.
    async fn apply(&self, request: ApplyRequest, progress: &dyn ApplySink) -> ApplyAnswer;

    /// Looks an object up by its import id; a read follows. Usually only `id` is set.
    ///
    /// # Errors
    /// When the id is not of the type's form, or the object is looked up here and not there.
    async fn import(&self, type_name: &str, id: &str) -> Result<Vec<Imported>, Diagnostics>;

    /// Reads a data source.
    ///
    /// # Errors
    /// When it is not there or the service refuses.
    async fn read_data(&self, type_name: &str, config: Value) -> Result<Value, Vec<Complaint>>;

    /// Opens an ephemeral resource: its values are for this run alone, and nobody stores them.
    ///
    /// # Errors
    /// When it is not there or the service refuses.
    async fn open(&self, type_name: &str, _config: Value) -> Result<Value, Vec<Complaint>> {
        Err(vec![Complaint {
            severity: sdt_diag::Severity::Error,
            summary: "Invalid ephemeral resource".into(),
            detail: format!("The provider has no ephemeral resource type {type_name}."),
            path: Path::root(),
        }])
    }

    /// Finds what a creation whose reply was lost has made, if anything: by token, tag, unique name with an ownership check, or natural
    /// key. `known` is the last object the creation reported, if it did.
    async fn recover(&self, request: RecoverRequest) -> RecoverAnswer;

    /// Hears that these operations (by token) are durable in state or journal: what only served their recovery may go, in one batch.
    /// `marked` are further objects that [`Instance::marked`] has found. Called at the end of an apply; problems are warnings.
    async fn settled(&self, _tokens: &[String], _marked: &[Marked]) -> Vec<Complaint> {
        Vec::new()
    }

    /// Objects read so far that still carry what only served their recovery: an earlier run was killed before it could go.
    fn marked(&self) -> Vec<Marked> {
        Vec::new()
    }

    /// Ends what runs in the background. The default does nothing.
    async fn stop(&self) {}

    /// Calls made so far by "service:Operation", for `-stats`.
    fn call_counts(&self) -> BTreeMap<String, u64> {
        BTreeMap::new()
    }
}

/// An object by type and id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Marked {
    /// Resource type.
    pub type_name: Str,
    /// What identifies it.
    pub id: String,
}

/// An object to be read.
#[derive(Clone, Debug)]
pub struct ReadRequest {
    /// The asker's number, given back with the answer.
    pub key: u64,
    /// Resource type.
    pub type_name: Str,
    /// The object as last known; never unknown, no marks.
    pub prior: Value,
    /// The provider's own bytes.
    pub private: Private,
}

/// The answer to a [`ReadRequest`].
#[derive(Clone, Debug)]
pub struct ReadAnswer {
    /// The number of the request.
    pub key: u64,
    /// The object now; null when it is gone.
    pub result: Result<(Value, Private), Vec<Complaint>>,
}

/// Takes answers as they come.
pub trait ReadSink: Send + Sync {
    /// One request is answered.
    fn answer(&self, answer: ReadAnswer);
}

/// An object to be planned.
#[derive(Clone, Debug)]
pub struct PlanRequest {
    /// Resource type.
    pub type_name: Str,
    /// Configuration: the whole object, null where not set, unknown allowed, no marks. Null to plan a deletion.
    pub config: Value,
    /// What is there; null to plan a creation.
    pub prior: Value,
    /// `sdt_schema::proposed_new(prior, config)`.
    pub proposed: Value,
    /// The provider's own bytes.
    pub private: Private,
}

/// The answer to a [`PlanRequest`].
#[derive(Clone, Debug, Default)]
pub struct PlanAnswer {
    /// The object to expect, unknown where only apply can tell.
    pub planned: Option<Value>,
    /// Attributes whose change cannot be made in place.
    pub requires_replace: Vec<Path>,
    /// To be handed to apply and state.
    pub private: Option<Private>,
    /// Problems; with errors, `planned` is not looked at.
    pub complaints: Vec<Complaint>,
}

/// A change to be made.
#[derive(Clone, Debug)]
pub struct ApplyRequest {
    /// Resource type.
    pub type_name: Str,
    /// Configuration, wholly known (write-only values included); null for a deletion.
    pub config: Value,
    /// What is there; null for a creation.
    pub prior: Value,
    /// The plan; null for a deletion. Unknown where the provider said so.
    pub planned: Value,
    /// The provider's own bytes.
    pub private: Private,
    /// The idempotency token of this operation (hex, 32 characters): client token, seed of generated names, or tag.
    pub token: String,
    /// For an update: the object as its creation first had it, when that was cut short. What is left of the creation comes first, then
    /// what changes. The token is the creation's.
    pub resume: Option<Value>,
}

/// Hears from an apply while it runs.
#[async_trait]
pub trait ApplySink: Send + Sync {
    /// The service has said what identifies the new object: the object as far as known (at least `id`), made durable before this
    /// returns. Called before any waiting.
    async fn id_known(&self, object: Value, private: Private);

    /// What is waited for, for the progress display: "waiting for the NAT gateway to become available".
    fn waiting(&self, what: &str);

    /// True when the user asked to stop: waiters then return early with what they know.
    fn stopping(&self) -> bool;
}

/// The answer to an [`ApplyRequest`].
#[derive(Clone, Debug)]
pub struct ApplyAnswer {
    /// A creation failed, and it cannot be told whether it happened all the same (a lost reply, a time-out): the object is null, and
    /// the action stays open until a later run has looked.
    pub unclear: bool,
    /// The object now; null when it is gone. With errors: what is there all the same (stored, tainted if it was a creation).
    pub object: Value,
    /// The provider's own bytes.
    pub private: Private,
    /// Problems.
    pub complaints: Vec<Complaint>,
}

/// One imported object.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Resource type.
    pub type_name: Str,
    /// As far as known; a read follows.
    pub object: Value,
    /// The provider's own bytes.
    pub private: Private,
}

/// What a journal knows about an operation that began and did not end.
#[derive(Clone, Debug)]
pub struct RecoverRequest {
    /// Resource type.
    pub type_name: Str,
    /// The planned object (may hold unknowns); null for a deletion.
    pub planned: Value,
    /// What was there before; null for a creation.
    pub prior: Value,
    /// The last object that [`ApplySink::id_known`] was told, if it was.
    pub known: Option<Value>,
    /// The token of the operation.
    pub token: String,
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum RecoverAnswer {
    /// The object is there: take it into state.
    Found {
        /// The object.
        object: Value,
        /// The provider's own bytes.
        private: Private,
        /// The object as its creation first had it, unless everything the creation had to do is done. An [`ApplyRequest`] with it does
        /// the rest; without that the object is tainted.
        unfinished: Option<Value>,
    },
    /// Nothing was made, or it is gone.
    Absent,
    /// It cannot be told; the user is told what was looked for.
    Unclear(Vec<Complaint>),
}
