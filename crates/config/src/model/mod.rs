//! The configuration as data: what the files say, before anything is evaluated.

mod block;
mod resource;
mod variable;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexMap;
use sdt_addr::{ConfigResource, LocalProviderConfig, Mode, ModulePath, ProviderAddr, ResourceAddr};
use sdt_value::Str;

pub use block::{
    Backend, Check, CheckRule, ComputedSource, Import, Local, ModuleCall, MoveEndpoint, Moved, Output, PassedProvider,
    ProviderConfig, ProviderMeta, Removed, RequiredProvider, RequiredVersion,
};
pub use resource::{IgnoreChanges, Lifecycle, OnFailure, Provisioner, ProvisionerWhen, Resource};
pub use variable::{ParsingMode, Variable};

/// A whole configuration: the root module and everything it calls.
#[derive(Clone, Debug)]
pub struct Config {
    /// The root module; its children hang below it.
    pub root: Arc<Module>,
}

/// One module of the tree. The same folder called twice is two modules.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// Its place in the tree.
    pub path: ModulePath,
    /// Its folder, relative to the working folder, as `path.module` shows it (`.` for the root).
    pub dir: PathBuf,
    /// Input variables.
    pub variables: IndexMap<Str, Variable>,
    /// Local values.
    pub locals: IndexMap<Str, Local>,
    /// Output values.
    pub outputs: IndexMap<Str, Output>,
    /// Managed, data and ephemeral resources; those inside `check` blocks too (see [`Resource::check`]).
    pub resources: IndexMap<ResourceAddr, Resource>,
    /// Calls of other modules.
    pub calls: IndexMap<Str, ModuleCall>,
    /// Whether there is a `module` block at all, even one that cannot be read.
    pub has_calls: bool,
    /// `provider` blocks.
    pub providers: IndexMap<LocalProviderConfig, ProviderConfig>,
    /// `required_providers`, implied ones not included.
    pub required_providers: IndexMap<Str, RequiredProvider>,
    /// Whether a `required_providers` block was seen, even an empty one.
    pub(crate) required_providers_seen: bool,
    /// Every `required_version`.
    pub required_versions: Vec<RequiredVersion>,
    /// The `backend` block; only that of the root module counts.
    pub backend: Option<Backend>,
    /// The `cloud` block.
    pub cloud: Option<Backend>,
    /// `moved` blocks.
    pub moved: Vec<Moved>,
    /// `removed` blocks.
    pub removed: Vec<Removed>,
    /// `import` blocks.
    pub imports: Vec<Import>,
    /// `check` blocks.
    pub checks: IndexMap<Str, Check>,
    /// `provider_meta` blocks, by local provider name.
    pub provider_metas: IndexMap<Str, ProviderMeta>,
    /// The called modules, by call name; a call that could not be loaded is missing.
    pub children: BTreeMap<Str, Arc<Module>>,
}

impl Config {
    /// The module at a path.
    #[must_use]
    pub fn module(&self, path: &ModulePath) -> Option<&Module> {
        path.names().iter().try_fold(&*self.root, |m, name| m.children.get(name).map(|c| &**c))
    }

    /// A resource by its address.
    #[must_use]
    pub fn resource(&self, addr: &ConfigResource) -> Option<&Resource> {
        self.module(&addr.module)?.resources.get(&addr.resource)
    }

    /// The same, with nothing to be imported.
    #[must_use]
    pub fn without_imports(&self) -> Self {
        let mut config = self.clone();
        if !config.root.imports.is_empty() {
            Arc::make_mut(&mut config.root).imports.clear();
        }
        config
    }

    /// The block that says a resource was removed.
    #[must_use]
    pub fn removed(&self, addr: &ConfigResource) -> Option<&Removed> {
        let names = |r: &Removed, m: &Module| {
            r.resource.as_ref() == Some(&addr.resource)
                && r.module.names().iter().fold(m.path.clone(), |p, n| p.child(n.clone())) == addr.module
        };
        self.modules().find_map(|m| m.removed.iter().find(|r| names(r, m)))
    }

    /// The call that leads to a module; `None` for the root.
    #[must_use]
    pub fn call(&self, path: &ModulePath) -> Option<&ModuleCall> {
        let (parent, name) = path.parent()?;
        self.module(&parent)?.calls.get(name)
    }

    /// Every module, callers before what they call, calls by name.
    pub fn modules(&self) -> impl Iterator<Item = &Module> {
        let mut stack = vec![&*self.root];
        std::iter::from_fn(move || {
            let next = stack.pop()?;
            stack.extend(next.children.values().rev().map(|c| &**c));
            Some(next)
        })
    }
}

impl Module {
    /// The provider that a local name means here: declared in `required_providers`, else implied by the name.
    #[must_use]
    pub fn provider_for_local(&self, local_name: &str) -> ProviderAddr {
        match self.required_providers.get(local_name) {
            Some(r) => r.source.clone(),
            None => ProviderAddr::implied(local_name),
        }
    }

    /// The local name under which a provider is known here.
    #[must_use]
    pub fn local_for_provider(&self, provider: &ProviderAddr) -> Str {
        let declared = self.required_providers.values().find(|r| r.source == *provider);
        declared.map_or_else(|| provider.type_name.clone(), |r| r.name.clone())
    }

    /// The provider of a resource.
    #[must_use]
    pub fn provider_of(&self, resource: &Resource) -> ProviderAddr {
        self.provider_for_local(&resource.provider_config().name)
    }

    /// Resources of one mode, in source order.
    pub fn resources_of(&self, mode: Mode) -> impl Iterator<Item = &Resource> {
        self.resources.values().filter(move |r| r.addr.mode == mode)
    }
}
