//! What a walk is given.

use std::collections::BTreeMap;
use std::sync::Arc;

use sdt_addr::{ProviderAddr, ResourceInstance, Target};
use sdt_plan::PlanMode;
use sdt_provider::Provider;
use sdt_value::{Str, Value};

/// Finds providers; the edge knows which there are.
pub trait ProviderLookup: Send + Sync {
    /// The provider of that source address, if there is one.
    fn provider(&self, addr: &ProviderAddr) -> Option<Arc<dyn Provider>>;
}

impl ProviderLookup for BTreeMap<ProviderAddr, Arc<dyn Provider>> {
    fn provider(&self, addr: &ProviderAddr) -> Option<Arc<dyn Provider>> {
        self.get(addr).cloned()
    }
}

/// The value of a root module variable, from wherever it was set.
#[derive(Clone, Debug)]
pub struct InputValue {
    /// The value before conversion to the variable's type.
    pub value: Value,
    /// Where it came from, for messages: `set using -var="a=…"`, `from terraform.tfvars`; empty when it has a span.
    pub origin: String,
    /// Where it was written, when that was in a file.
    pub span: Option<sdt_diag::Span>,
}

impl InputValue {
    /// A value without a known place.
    #[must_use]
    pub fn new(value: Value, origin: impl Into<String>) -> Self {
        Self { value, origin: origin.into(), span: None }
    }
}

/// What to plan.
#[derive(Clone, Debug)]
pub struct PlanOptions {
    /// What the plan is for.
    pub mode: PlanMode,
    /// `-target`; empty for everything.
    pub targets: Vec<Target>,
    /// `-exclude`: left as they are, with everything that depends on them.
    pub excludes: Vec<Target>,
    /// Objects to be imported beside those of `import` blocks: where to, and their ids.
    pub imports: Vec<(ResourceInstance, String)>,
    /// `-replace`.
    pub replace: Vec<ResourceInstance>,
    /// False with `-refresh=false`.
    pub refresh: bool,
    /// What a test stands in for.
    pub overrides: Vec<sdt_plan::Override>,
    /// A destruction is planned after the configuration was evaluated with everything that is there.
    pub evaluate_first: bool,
    /// The plan will be kept, with everything that its JSON form tells.
    pub keep: bool,
    /// `-allow-deferral`: what cannot be planned yet is left for a later run, where it would be an error otherwise.
    pub allow_deferral: bool,
    /// Looks at what `import` blocks name and nothing declares, for somebody who then writes the configuration.
    pub generate: bool,
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self {
            mode: PlanMode::Normal,
            targets: Vec::new(),
            excludes: Vec::new(),
            imports: Vec::new(),
            replace: Vec::new(),
            refresh: true,
            evaluate_first: false,
            keep: false,
            allow_deferral: false,
            generate: false,
            overrides: Vec::new(),
        }
    }
}

impl PlanOptions {
    /// Tells whether something was left out on purpose.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        (!self.targets.is_empty() && self.imports.is_empty()) || !self.excludes.is_empty()
    }
}

/// Root variables by name.
pub type Variables = BTreeMap<Str, InputValue>;
