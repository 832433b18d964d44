//! Resources.

use sdt_addr::{LocalProviderConfig, ResourceAddr};
use sdt_diag::Span;
use sdt_hcl::{Expr, Traversal};
use sdt_value::Str;

use crate::{CheckRule, ConfigBody};

/// A `resource`, `data` or `ephemeral` block.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Mode, type and name.
    pub addr: ResourceAddr,
    /// What the provider's schema describes: meta-arguments and lifecycle are not in it.
    pub config: ConfigBody,
    /// `count`
    pub count: Option<Expr>,
    /// `for_each`
    pub for_each: Option<Expr>,
    /// `depends_on`
    pub depends_on: Vec<Traversal>,
    /// `provider`, where given.
    pub provider: Option<(LocalProviderConfig, Span)>,
    /// `lifecycle`
    pub lifecycle: Lifecycle,
    /// `provisioner` blocks.
    pub provisioners: Vec<Provisioner>,
    /// The `connection` block that provisioners share.
    pub connection: Option<ConfigBody>,
    /// The `check` block this data source belongs to.
    pub check: Option<Str>,
    /// The header of the block.
    pub span: Span,
    /// The type label.
    pub type_span: Span,
}

/// A `lifecycle` block.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    /// Whether a replacement is created before the old object is destroyed.
    pub create_before_destroy: Option<bool>,
    /// A plan that destroys the object is an error. Evaluated for the resource as a whole, not for its instances.
    pub prevent_destroy: Option<Expr>,
    /// Arguments whose changes do not matter.
    pub ignore_changes: IgnoreChanges,
    /// `enabled`: without it, the instance is there.
    pub enabled: Option<Expr>,
    /// False: an object that is not wanted any more is forgotten, not destroyed.
    pub destroy: Option<bool>,
    /// References whose change replaces the object.
    pub replace_triggered_by: Vec<Expr>,
    /// Checked before planning.
    pub preconditions: Vec<CheckRule>,
    /// Checked after planning, reading and applying.
    pub postconditions: Vec<CheckRule>,
}

/// `ignore_changes`
#[derive(Clone, Debug, Default)]
pub enum IgnoreChanges {
    /// None.
    #[default]
    None,
    /// Every argument.
    All,
    /// These arguments or parts of them, relative to the resource.
    Paths(Vec<Traversal>),
}

/// A `provisioner` block.
#[derive(Clone, Debug)]
pub struct Provisioner {
    /// Its type: `local-exec`.
    pub kind: Str,
    /// Its arguments.
    pub config: ConfigBody,
    /// Its own `connection` block.
    pub connection: Option<ConfigBody>,
    /// When it runs.
    pub when: ProvisionerWhen,
    /// What its failure means.
    pub on_failure: OnFailure,
    /// The header of the block.
    pub span: Span,
}

/// When a provisioner runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ProvisionerWhen {
    /// After creation.
    #[default]
    Create,
    /// Before destruction.
    Destroy,
}

/// What a provisioner's failure means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum OnFailure {
    /// The resource is tainted.
    #[default]
    Fail,
    /// A warning.
    Continue,
}

impl Lifecycle {
    /// Whether objects live on when nothing wants them any more.
    #[must_use]
    pub fn forgets(&self) -> bool {
        self.destroy == Some(false)
    }
}

impl Resource {
    /// The provider configuration it uses, as the module's text names it: given, or implied by the type.
    #[must_use]
    pub fn provider_config(&self) -> LocalProviderConfig {
        match &self.provider {
            Some((p, _)) => p.clone(),
            None => LocalProviderConfig { name: self.addr.implied_provider().into(), alias: None },
        }
    }
}
