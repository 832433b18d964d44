//! Results of conditions: preconditions, postconditions, validations, output preconditions and `check` blocks.

use sdt_addr::ModulePath;
use sdt_value::Str;

/// How a condition came out. The order is that of severity when they are united.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckStatus {
    /// It holds.
    Pass,
    /// Not known yet.
    Unknown,
    /// It does not hold.
    Fail,
    /// It could not be evaluated.
    Error,
}

impl CheckStatus {
    /// The word in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Error => "error",
            Self::Unknown => "unknown",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Pass, Self::Unknown, Self::Fail, Self::Error].into_iter().find(|s| s.as_str() == word)
    }
}

/// What a condition belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckKind {
    /// A resource or data source.
    Resource,
    /// An output.
    Output,
    /// A `check` block.
    Check,
    /// An input variable.
    Variable,
}

impl CheckKind {
    /// The word in JSON: `resource`, `output_value`, `check`, `var`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::Output => "output_value",
            Self::Check => "check",
            Self::Variable => "var",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Resource, Self::Output, Self::Check, Self::Variable].into_iter().find(|s| s.as_str() == word)
    }
}

/// One configuration object with conditions.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckObject {
    /// What it is.
    pub kind: CheckKind,
    /// The module it is in.
    pub module: ModulePath,
    /// Its address inside the module: `terraform_data.a`, `output.o`, `check.c`, `var.v`.
    pub local: Str,
    /// All instances united; unknown when there is none.
    pub status: CheckStatus,
    /// By instance.
    pub instances: Vec<ObjectResult>,
}

impl CheckObject {
    /// Its address with the module path.
    #[must_use]
    pub fn address(&self) -> String {
        if self.module.is_root() { self.local.to_string() } else { format!("{}.{}", self.module, self.local) }
    }
}

/// One instance.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectResult {
    /// The absolute address of the instance.
    pub address: String,
    /// All its conditions united.
    pub status: CheckStatus,
    /// Messages of those that failed.
    pub problems: Vec<String>,
}

/// Results in the order of the objects' addresses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CheckResults(pub Vec<CheckObject>);

impl CheckResults {
    /// `check_results` of a state file: null when nothing has conditions.
    #[must_use]
    pub fn to_state_json(&self) -> serde_json::Value {
        if self.0.is_empty() {
            return serde_json::Value::Null;
        }
        self.0
            .iter()
            .map(|o| {
                let objects: Vec<_> = o
                    .instances
                    .iter()
                    .map(|i| {
                        let mut object = serde_json::json!({"object_addr": i.address, "status": i.status.as_str()});
                        if !i.problems.is_empty() {
                            object["failure_messages"] = i.problems.clone().into();
                        }
                        object
                    })
                    .collect();
                // State has its own word for outputs.
                let kind = if o.kind == CheckKind::Output { "output" } else { o.kind.as_str() };
                serde_json::json!({
                    "object_kind": kind,
                    "config_addr": o.address(),
                    "status": o.status.as_str(),
                    "objects": if objects.is_empty() { serde_json::Value::Null } else { objects.into() },
                })
            })
            .collect()
    }
}
