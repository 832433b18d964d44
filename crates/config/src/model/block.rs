//! Everything that is neither a resource nor a variable.

use sdt_addr::{LocalProviderConfig, ModulePath, ProviderAddr, ResourceAddr, Target};
use sdt_diag::Span;
use sdt_hcl::{Expr, Traversal};
use sdt_value::{Str, Type};

use crate::{ConfigBody, Defaults, ModuleSource, Provisioner, VersionConstraints};

/// A local value.
#[derive(Clone, Debug)]
pub struct Local {
    /// Its name.
    pub name: Str,
    /// Its value.
    pub expr: Expr,
    /// The argument.
    pub span: Span,
}

/// An `output` block.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its name.
    pub name: Str,
    /// Its value.
    pub value: Expr,
    /// What the value converts to, where it is declared, with values for optional attributes.
    pub ty: Option<(Type, Defaults)>,
    /// What to use instead, where it is deprecated.
    pub deprecated: Option<String>,
    /// Documentation.
    pub description: Option<String>,
    /// Not to be shown.
    pub sensitive: bool,
    /// Not to be stored.
    pub ephemeral: bool,
    /// `depends_on`
    pub depends_on: Vec<Traversal>,
    /// Checked before the value is used.
    pub preconditions: Vec<CheckRule>,
    /// The header of the block.
    pub span: Span,
}

/// A condition with its message: `validation`, `precondition`, `postcondition`, `assert`.
#[derive(Clone, Debug)]
pub struct CheckRule {
    /// Must be true.
    pub condition: Expr,
    /// What to say when it is not.
    pub error_message: Expr,
    /// The header of the block.
    pub span: Span,
}

/// A `module` block.
#[derive(Clone, Debug)]
pub struct ModuleCall {
    /// Its name.
    pub name: Str,
    /// Where the module comes from. While [`ModuleCall::computed`] is not evaluated yet it has no meaning.
    pub source: ModuleSource,
    /// Source and version as expressions with references.
    pub computed: Option<ComputedSource>,
    /// The `source` expression.
    pub source_span: Span,
    /// `version`, for modules of a registry.
    pub version: Option<VersionConstraints>,
    /// Input variables of the module; meta-arguments are not in it.
    pub config: ConfigBody,
    /// `count`
    pub count: Option<Expr>,
    /// `for_each`
    pub for_each: Option<Expr>,
    /// `lifecycle.enabled`
    pub enabled: Option<Expr>,
    /// `depends_on`
    pub depends_on: Vec<Traversal>,
    /// `providers`; `None` where it is not given.
    pub providers: Option<Vec<PassedProvider>>,
    /// The header of the block.
    pub span: Span,
}

/// A module's source and version that have to be computed from constant variables.
#[derive(Clone, Debug)]
pub struct ComputedSource {
    /// `source`
    pub source: Expr,
    /// `version`
    pub version: Option<Expr>,
}

/// One item of a module call's `providers`.
#[derive(Clone, Debug)]
pub struct PassedProvider {
    /// Its name in the called module.
    pub child: LocalProviderConfig,
    /// Where that name stands.
    pub child_span: Span,
    /// Its name in the calling module.
    pub parent: LocalProviderConfig,
    /// Where that name stands.
    pub parent_span: Span,
}

/// A `provider` block.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// Local name and alias.
    pub addr: LocalProviderConfig,
    /// The deprecated `version` argument.
    pub version: Option<VersionConstraints>,
    /// What the provider's schema describes.
    pub config: ConfigBody,
    /// The header of the block.
    pub span: Span,
}

/// One item of `required_providers`.
#[derive(Clone, Debug)]
pub struct RequiredProvider {
    /// Local name.
    pub name: Str,
    /// Which provider.
    pub source: ProviderAddr,
    /// Acceptable versions.
    pub version: VersionConstraints,
    /// Configurations that the caller must pass.
    pub aliases: Vec<LocalProviderConfig>,
    /// The item.
    pub span: Span,
}

/// A `required_version` argument.
#[derive(Clone, Debug)]
pub struct RequiredVersion {
    /// Acceptable versions.
    pub constraint: VersionConstraints,
    /// The value.
    pub span: Span,
}

/// A `backend` or `cloud` block.
#[derive(Clone, Debug)]
pub struct Backend {
    /// Type: `s3`; `cloud` for a `cloud` block.
    pub kind: Str,
    /// Its arguments; see [`Backend::values`].
    pub config: ConfigBody,
    /// The header of the block.
    pub span: Span,
    /// The type label.
    pub kind_span: Span,
}

/// A `provider_meta` block.
#[derive(Clone, Debug)]
pub struct ProviderMeta {
    /// Local provider name.
    pub provider: Str,
    /// Its arguments.
    pub config: ConfigBody,
    /// The header of the block.
    pub span: Span,
}

/// One end of a `moved` block, relative to the module that contains the block.
#[derive(Clone, Debug)]
pub struct MoveEndpoint {
    /// A module, resource or instance.
    pub target: Target,
    /// Where it stands.
    pub span: Span,
}

/// A `moved` block.
#[derive(Clone, Debug)]
pub struct Moved {
    /// The former address.
    pub from: MoveEndpoint,
    /// The new address.
    pub to: MoveEndpoint,
    /// The header of the block.
    pub span: Span,
}

/// A `removed` block.
#[derive(Clone, Debug)]
pub struct Removed {
    /// Module path of what is removed, relative to the module that contains the block.
    pub module: ModulePath,
    /// The resource, or `None` for the whole module.
    pub resource: Option<ResourceAddr>,
    /// Where the address stands.
    pub from_span: Span,
    /// Whether the objects are destroyed or just forgotten.
    pub destroy: bool,
    /// Provisioners to run at destruction.
    pub provisioners: Vec<Provisioner>,
    /// The `connection` block that provisioners share.
    pub connection: Option<ConfigBody>,
    /// The header of the block.
    pub span: Span,
}

/// An `import` block. Only the root module has them.
#[derive(Clone, Debug)]
pub struct Import {
    /// The address expression: instance keys in it may be computed from `each`.
    pub to: Expr,
    /// Modules on the way, keys left out.
    pub to_module: ModulePath,
    /// The resource, key left out.
    pub to_resource: ResourceAddr,
    /// The object's id, or its identity.
    pub id: Expr,
    /// `id` is an identity: an object of attributes that together name one object.
    pub by_identity: bool,
    /// `for_each`
    pub for_each: Option<Expr>,
    /// `provider`, where given.
    pub provider: Option<(LocalProviderConfig, Span)>,
    /// The header of the block.
    pub span: Span,
}

/// A `check` block.
#[derive(Clone, Debug)]
pub struct Check {
    /// Its name.
    pub name: Str,
    /// The data source inside it; the resource itself is among [`crate::Module::resources`].
    pub data: Option<ResourceAddr>,
    /// What is checked.
    pub asserts: Vec<CheckRule>,
    /// The header of the block.
    pub span: Span,
}

impl Backend {
    /// The arguments by the backend's schema. References and function calls are not allowed in them.
    #[must_use]
    pub fn values(&self, schema: &sdt_schema::Block) -> (sdt_value::Value, sdt_diag::Diagnostics) {
        crate::decode(&self.config, schema, &sdt_hcl::NoScope)
    }
}
