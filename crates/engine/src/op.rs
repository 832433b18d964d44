//! What the walk asks for and what it hears: data only.

use std::sync::Arc;

use sdt_addr::ProviderAddr;
use sdt_diag::Diagnostics;
use sdt_provider::{
    ApplyAnswer, ApplyRequest, Complaint, Imported, Marked, PlanAnswer, PlanRequest, Private, ReadAnswer, ReadRequest,
    RecoverAnswer, RecoverRequest,
};
use sdt_state::{Begun, Entry};
use sdt_value::{Str, Type, Value};

/// Names an operation of one walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OpId(pub u64);

/// Names a provider configuration of one walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProviderKey(pub u32);

/// An operation for the driver. All are independent of each other, and run concurrently as far as limits allow.
#[derive(Clone, Debug)]
pub enum Op {
    /// Starts a provider configuration; later operations name it by its key.
    Configure {
        /// The operation.
        id: OpId,
        /// The key it gets.
        key: ProviderKey,
        /// Which provider.
        provider: ProviderAddr,
        /// Its configuration: unknown allowed, no marks.
        config: Value,
    },
    /// Resolves a creation that a journal began and did not end.
    Recover {
        /// The operation.
        id: OpId,
        /// The provider configuration.
        provider: ProviderKey,
        /// What is known.
        request: RecoverRequest,
    },
    /// Reads objects in bulk. Each answer is an [`Event::Read`], the end an [`Event::Done`].
    Refresh {
        /// The operation.
        id: OpId,
        /// The provider configuration.
        provider: ProviderKey,
        /// The objects.
        requests: Vec<ReadRequest>,
    },
    /// Looks up an object to import.
    Import {
        /// The operation.
        id: OpId,
        /// The provider configuration.
        provider: ProviderKey,
        /// Resource type.
        type_name: Str,
        /// The import id.
        import_id: String,
    },
    /// Plans one object.
    Plan {
        /// The operation.
        id: OpId,
        /// The provider configuration.
        provider: ProviderKey,
        /// The request.
        request: PlanRequest,
    },
    /// Reads a data source.
    ReadData {
        /// The operation.
        id: OpId,
        /// The provider configuration.
        provider: ProviderKey,
        /// Type of the data source.
        type_name: Str,
        /// Its configuration, wholly known.
        config: Value,
    },
    /// Opens an ephemeral resource.
    Open {
        /// The operation.
        id: OpId,
        /// The provider configuration.
        provider: ProviderKey,
        /// Its type.
        type_name: Str,
        /// Its configuration, wholly known.
        config: Value,
    },
    /// Changes one object.
    Apply {
        /// The operation.
        id: OpId,
        /// The provider configuration.
        provider: ProviderKey,
        /// The request.
        request: ApplyRequest,
        /// To be durable in the journal before the call; none for providers without outside effects. The driver fills in the time.
        begun: Option<Box<Begun>>,
        /// The type of the object, to write it into the journal.
        ty: Type,
    },
    /// Runs a provisioner.
    Provision {
        /// The operation.
        id: OpId,
        /// Its type: `local-exec`.
        kind: Str,
        /// Its arguments, wholly known.
        config: Value,
        /// Its connection, or that of the resource with its own laid over.
        connection: Option<Value>,
        /// Whose it is.
        address: String,
        /// Something secret is among the arguments: what it writes must not be shown.
        quiet: bool,
    },
    /// Tells a provider that these operations (by token) are durable. Runs after every journal entry before it is written.
    Settle {
        /// The operation.
        id: OpId,
        /// The provider configuration.
        provider: ProviderKey,
        /// Tokens of creations.
        tokens: Vec<String>,
        /// Objects that earlier runs have left marked.
        marked: Vec<Marked>,
    },
    /// Appends to the journal. Nobody waits for it; the state is written only after it.
    Journal(Vec<Entry>),
    /// Asks everything that runs to end early.
    Stop,
}

/// What the driver tells.
#[derive(Clone, Debug)]
pub enum Event {
    /// The walk begins.
    Start,
    /// One answer to a refresh.
    Read(OpId, ReadAnswer),
    /// An operation has ended.
    Done(OpId, Answer),
    /// The user asks to stop.
    Interrupt,
}

/// Results of operations, by kind.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Of [`Op::Configure`].
    Configured(Result<(), Diagnostics>),
    /// Of [`Op::Recover`].
    Recovered(RecoverAnswer),
    /// Of [`Op::Refresh`]: every answer has been given.
    Refreshed,
    /// Of [`Op::Import`].
    Imported(Result<Vec<Imported>, Diagnostics>),
    /// Of [`Op::Plan`].
    Planned(PlanAnswer),
    /// Of [`Op::ReadData`] and [`Op::Open`].
    Data(Result<Value, Vec<Complaint>>),
    /// Of [`Op::Apply`].
    Applied(ApplyAnswer),
    /// Of [`Op::Apply`] when its beginning could not be journalled: the call was not made.
    NotBegun(String),
    /// Of [`Op::Settle`].
    Settled(Vec<Complaint>),
    /// Of [`Op::Provision`].
    Provisioned(Result<(), String>),
}

/// What a progress display hears. The walk says what starts and ends; the driver adds time.
#[derive(Clone, Debug)]
pub enum Progress {
    /// An object is being read.
    RefreshStart {
        /// The instance.
        address: String,
        /// What identifies the object.
        id: Option<String>,
    },
    /// An object has been read.
    RefreshDone {
        /// The instance.
        address: String,
        /// What identifies the object.
        id: Option<String>,
    },
    /// A change has been planned.
    Planned(Arc<sdt_plan::Change>),
    /// An object has been found to differ from state.
    Drifted(Arc<sdt_plan::Drift>),
    /// A change begins.
    ApplyStart {
        /// The instance.
        address: String,
        /// The action.
        action: sdt_plan::Action,
        /// What identifies the object, if it exists.
        id: Option<String>,
        /// Set for a deposed object.
        deposed: Option<Str>,
        /// The operation, for [`Progress::Waiting`] and to pair start and end.
        op: OpId,
    },
    /// A change goes on: told by the driver, every ten seconds and whenever what is waited for changes.
    Waiting {
        /// The operation.
        op: OpId,
        /// Since it began.
        elapsed: std::time::Duration,
        /// What is waited for.
        what: String,
    },
    /// A change has been made.
    ApplyDone {
        /// The instance.
        address: String,
        /// The action.
        action: sdt_plan::Action,
        /// What identifies the object now.
        id: Option<String>,
        /// The operation.
        op: OpId,
    },
    /// A change has failed.
    ApplyFailed {
        /// The instance.
        address: String,
        /// The action.
        action: sdt_plan::Action,
        /// The operation.
        op: OpId,
    },
    /// Something happens to an ephemeral resource.
    Ephemeral {
        /// The instance.
        address: String,
        /// What.
        step: EphemeralStep,
    },
    /// A provisioner runs.
    Provision {
        /// The instance.
        address: String,
        /// Its type.
        kind: Str,
    },
    /// A provisioner has written a line.
    ProvisionOutput {
        /// The instance.
        address: String,
        /// Its type.
        kind: Str,
        /// What it has written.
        line: String,
    },
    /// A provisioner has ended.
    ProvisionDone {
        /// The instance.
        address: String,
        /// Its type.
        kind: Str,
        /// Whether it did what it should.
        ok: bool,
    },
}

/// The life of an ephemeral resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EphemeralStep {
    /// Its configuration is not known yet: it is opened while applying.
    Deferred,
    /// It is being opened.
    Opening,
    /// Its values are there.
    Opened,
    /// Nobody needs it any more.
    Closing,
    /// Its values are gone.
    Closed,
}

/// No bytes.
pub(crate) fn no_private() -> Private {
    Arc::from([])
}
