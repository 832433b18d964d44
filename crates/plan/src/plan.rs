//! The plan itself.

use std::collections::BTreeMap;

use sdt_addr::{AbsProviderConfig, ResourceInstance, Target};
use sdt_state::State;
use sdt_value::{Str, Value};

use crate::{Action, Change, CheckResults, ExecGraph, OutputChange};

/// What the plan is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum PlanMode {
    /// Makes reality what the configuration says.
    #[default]
    Normal,
    /// Destroys everything (`-destroy`).
    Destroy,
    /// Takes into state what has changed outside (`-refresh-only`).
    RefreshOnly,
}

/// The state a plan was made from.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Base {
    /// Its lineage; empty when there was none.
    pub lineage: String,
    /// Its serial.
    pub serial: u64,
    /// Digest of the journal beside it; empty when there was none. A plan is not good for a state with another one.
    pub journal: String,
}

/// Why something is left for a later run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeferReason {
    /// Its `count` or `for_each`, or that of a module around it, is not known.
    InstanceCountUnknown,
    /// The configuration of its provider is not known.
    ProviderConfigUnknown,
    /// It uses something that is left for later.
    Prerequisite,
}

impl DeferReason {
    const ALL: [(Self, &'static str); 3] = [
        (Self::InstanceCountUnknown, "instance_count_unknown"),
        (Self::ProviderConfigUnknown, "provider_config_unknown"),
        (Self::Prerequisite, "deferred_prereq"),
    ];

    /// The word in plan JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(r, _)| *r == self).map_or("", |(_, w)| w)
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, w)| *w == word).map(|(r, _)| *r)
    }
}

/// What a later run will do, as far as it can be told now.
#[derive(Clone, Debug)]
pub struct Deferred {
    /// Why it is not done now.
    pub reason: DeferReason,
    /// What it is called: `[*]` where instances are not known.
    pub address: String,
    /// The change. Where instances are not known its address has no key.
    pub change: crate::Change,
    /// Which instances there will be is not known: the change stands for all of them.
    pub instances_unknown: bool,
}

/// An attribute that the plan's outcome depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relevant {
    /// The resource.
    pub resource: String,
    /// The path in it: names, and numbers of elements.
    pub path: Vec<serde_json::Value>,
}

/// An object that is not as state remembers it.
#[derive(Clone, Debug)]
pub struct Drift {
    /// The instance, after moves.
    pub addr: ResourceInstance,
    /// Where it was before a move.
    pub previous: Option<ResourceInstance>,
    /// Set for a deposed object.
    pub deposed: Option<Str>,
    /// Its provider configuration.
    pub provider: AbsProviderConfig,
    /// Update or delete; no-op for a mere move.
    pub action: Action,
    /// As in state.
    pub before: Value,
    /// As read; null when it is gone.
    pub after: Value,
}

/// Everything apply needs, beside the configuration's sources.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// What the plan is for.
    pub mode: PlanMode,
    /// Changes of resource instances, no-ops too, in the order of their addresses.
    pub changes: Vec<Change>,
    /// What changed outside since state was written.
    pub drift: Vec<Drift>,
    /// Root outputs by name, unchanged ones too.
    pub outputs: BTreeMap<Str, OutputChange>,
    /// Results of conditions as far as known.
    pub checks: CheckResults,
    /// What apply does.
    pub exec: ExecGraph,
    /// The state it was made from.
    pub base: Base,
    /// The state after moves and refresh, which apply starts from.
    pub prior_state: State,
    /// Values of root variables that are not ephemeral.
    pub variables: BTreeMap<Str, Value>,
    /// Names of ephemeral root variables that were set: apply needs them again.
    pub ephemeral_variables: Vec<Str>,
    /// `-target`.
    pub targets: Vec<Target>,
    /// `-replace`.
    pub replace: Vec<ResourceInstance>,
    /// The time `plantimestamp()` gives, RFC 3339.
    pub timestamp: String,
    /// True when planning failed: the plan is only to be shown.
    pub errored: bool,
    /// False when something was left for a later run (`-target`).
    pub complete: bool,
    /// True when state itself would change (drift or moves), though no object does.
    pub state_changed: bool,
    /// How creations that an interrupted run left open were resolved: journal entries that apply writes first.
    pub recovered: Vec<serde_json::Value>,
    /// Objects that `import` blocks name and nothing declares: what configuration is to be written for. Not kept in files.
    pub generated: Vec<Generated>,
    /// What a test stands in for. Not kept in files.
    pub overrides: Vec<Override>,
    /// Objects that still carry the mark of their creation: apply removes it.
    pub marked: Vec<Marked>,
    /// What is left for a later run because something about it is not known (`-allow-deferral`).
    pub deferred: Vec<Deferred>,
    /// Attributes that changes and outputs depend on: what decides which drift matters.
    pub relevant: Vec<Relevant>,
}

/// An object that is to be imported and has no configuration yet.
#[derive(Clone, Debug)]
pub struct Generated {
    /// Where it is to be imported.
    pub addr: ResourceInstance,
    /// Its import id.
    pub id: String,
    /// What it is like, marked.
    pub object: Value,
    /// What describes it.
    pub schema: std::sync::Arc<sdt_schema::Schema>,
}

/// Values for an object, or outputs for a module, that a test gives in place of the real ones.
#[derive(Clone, Debug)]
pub struct Override {
    /// Whose.
    pub target: Target,
    /// An object of attributes or outputs.
    pub values: Value,
    /// Whether plans have the values already.
    pub during_plan: bool,
}

/// An object with a mark that only served to recognise it, had its creation been cut short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The provider configuration that reads it.
    pub provider: AbsProviderConfig,
    /// Its resource type.
    pub type_name: Str,
    /// Its id.
    pub id: String,
}

impl Plan {
    /// Tells whether apply has anything to do: exit code 2 of `-detailed-exitcode`.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        if self.mode == PlanMode::RefreshOnly {
            // An output that is gone, or cannot be known, goes with other changes, and is none by itself.
            let changes =
                |o: &OutputChange| !matches!(o.action, Action::NoOp | Action::Delete) && o.after.is_wholly_known();
            return self.state_changed || self.outputs.values().any(changes);
        }
        self.changes.iter().any(Change::is_effective) || self.outputs.values().any(|o| o.action != Action::NoOp)
    }

    /// Numbers for the summary line: (import, add, change, destroy).
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for c in self.changes.iter().filter(|c| c.addr.resource.mode == sdt_addr::Mode::Managed) {
            counts.import += usize::from(c.importing.is_some());
            match c.action {
                Action::Create => counts.add += 1,
                Action::Update => counts.change += 1,
                Action::Delete => counts.remove += 1,
                Action::Forget => counts.forget += 1,
                Action::Replace(_) => {
                    counts.add += 1;
                    counts.remove += 1;
                }
                Action::NoOp | Action::Read => {}
            }
        }
        counts
    }
}

/// How many objects a plan touches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Imported.
    pub import: usize,
    /// Created.
    pub add: usize,
    /// Updated.
    pub change: usize,
    /// Destroyed.
    pub remove: usize,
    /// Forgotten.
    pub forget: usize,
}
