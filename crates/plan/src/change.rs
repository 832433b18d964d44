//! Changes of resource instances and outputs.

use sdt_addr::{AbsProviderConfig, ResourceInstance};
use sdt_value::{Path, Str, Value};

/// The order of the two halves of a replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplaceOrder {
    /// The old object goes first.
    DeleteFirst,
    /// The new object comes first (`create_before_destroy`).
    CreateFirst,
}

/// What happens to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Nothing.
    NoOp,
    /// It is made.
    Create,
    /// A data source is read during apply.
    Read,
    /// It changes in place.
    Update,
    /// It is replaced.
    Replace(ReplaceOrder),
    /// It is destroyed.
    Delete,
    /// It leaves state and lives on.
    Forget,
}

impl Action {
    /// The names in the JSON of a plan.
    #[must_use]
    pub const fn names(self) -> &'static [&'static str] {
        match self {
            Self::NoOp => &["no-op"],
            Self::Create => &["create"],
            Self::Read => &["read"],
            Self::Update => &["update"],
            Self::Replace(ReplaceOrder::DeleteFirst) => &["delete", "create"],
            Self::Replace(ReplaceOrder::CreateFirst) => &["create", "delete"],
            Self::Delete => &["delete"],
            Self::Forget => &["forget"],
        }
    }

    /// Tells whether an object is replaced.
    #[must_use]
    pub const fn is_replace(self) -> bool {
        matches!(self, Self::Replace(_))
    }

    pub(crate) const ALL: [Self; 8] = [
        Self::NoOp,
        Self::Create,
        Self::Read,
        Self::Update,
        Self::Replace(ReplaceOrder::DeleteFirst),
        Self::Replace(ReplaceOrder::CreateFirst),
        Self::Delete,
        Self::Forget,
    ];

    /// One word for files.
    pub(crate) fn word(self) -> String {
        self.names().join("+")
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.word() == word)
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $word:literal,)*) => {
        /// Why the action was chosen, where the difference does not say it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason {
            $($(#[$doc])* $variant,)*
        }

        impl Reason {
            /// `action_reason` in the JSON of a plan.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            pub(crate) fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

reasons! {
    /// The object is tainted.
    ReplaceBecauseTainted = "replace_because_tainted",
    /// `-replace`.
    ReplaceByRequest = "replace_by_request",
    /// `replace_triggered_by`.
    ReplaceByTriggers = "replace_by_triggers",
    /// An attribute cannot change in place.
    ReplaceBecauseCannotUpdate = "replace_because_cannot_update",
    /// The block is gone.
    DeleteBecauseNoResourceConfig = "delete_because_no_resource_config",
    /// The block has no `count` or `for_each` any more, or has one now, or another.
    DeleteBecauseWrongRepetition = "delete_because_wrong_repetition",
    /// The index is beyond `count`.
    DeleteBecauseCountIndex = "delete_because_count_index",
    /// The key is not in `for_each`.
    DeleteBecauseEachKey = "delete_because_each_key",
    /// `enabled` is false.
    DeleteBecauseEnabledFalse = "delete_because_enabled_false",
    /// The module instance is gone.
    DeleteBecauseNoModule = "delete_because_no_module",
    /// A `moved` block names a target that does not exist.
    DeleteBecauseNoMoveTarget = "delete_because_no_move_target",
    /// The configuration of a data source is not known yet.
    ReadBecauseConfigUnknown = "read_because_config_unknown",
    /// Something a data source depends on changes.
    ReadBecauseDependencyPending = "read_because_dependency_pending",
    /// A data source inside a `check` block.
    ReadBecauseCheckNested = "read_because_check_nested",
}

/// Where an imported object comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Importing {
    /// The import id; unknown when it will only be known during apply.
    pub id: Value,
}

/// A creation that was cut short.
#[derive(Clone, Debug, PartialEq)]
pub struct Resume {
    /// Its token.
    pub token: String,
    /// The object as it first was.
    pub made: Value,
}

/// What happens to one object of a resource.
#[derive(Clone, Debug)]
pub struct Change {
    /// The instance.
    pub addr: ResourceInstance,
    /// Where it was before a move.
    pub previous: Option<ResourceInstance>,
    /// Set for a deposed object: its key.
    pub deposed: Option<Str>,
    /// The provider configuration that makes the change.
    pub provider: AbsProviderConfig,
    /// The action.
    pub action: Action,
    /// Why.
    pub reason: Option<Reason>,
    /// The object before: null for a creation. Sensitive parts are marked, those of the schema too.
    pub before: Value,
    /// The object after, unknown where only apply can tell, marked as `before`; null for a deletion.
    pub after: Value,
    /// What made a replacement necessary.
    pub replace_paths: Vec<Path>,
    /// Set when the object is imported by this plan.
    pub importing: Option<Importing>,
    /// Set when an interrupted run began to create the object and apply brings that to its end.
    pub resume: Option<Resume>,
    /// Schema version of both objects.
    pub schema_version: u64,
    /// The provider's own bytes from the plan.
    pub private: Vec<u8>,
    /// Whether `create_before_destroy` holds, also where it spread from a dependent.
    pub create_before_destroy: bool,
}

impl Change {
    /// Tells whether this is anything but a no-op; an import and a move count.
    #[must_use]
    pub fn is_effective(&self) -> bool {
        self.action != Action::NoOp || self.previous.is_some() || self.importing.is_some()
    }
}

/// What happens to a root module output.
#[derive(Clone, Debug)]
pub struct OutputChange {
    /// Its name.
    pub name: Str,
    /// The action: create, update, delete or no-op.
    pub action: Action,
    /// Its value before; null when there was none.
    pub before: Value,
    /// Its value after.
    pub after: Value,
    /// Not to be shown, before or after.
    pub sensitive: bool,
}
