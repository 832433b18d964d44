//! Which providers a configuration needs, and which configuration of them each resource uses.

use std::collections::BTreeMap;

use sdt_addr::{AbsProviderConfig, LocalProviderConfig, ModulePath, ProviderAddr};
use sdt_diag::{Diagnostic, Diagnostics};

use crate::load::is_empty_provider;
use crate::{Config, Resource, Version, VersionConstraints};

/// The version of Terraform that sdt acts as, and the newest version of the language that it understands.
pub const ACTS_AS: [&str; 2] = ["1.11.4", "1.16.0"];

/// Checks every `required_version`.
#[must_use]
pub fn check_versions(config: &Config) -> Diagnostics {
    let mut diags = Diagnostics::new();
    for module in config.modules() {
        for r in &module.required_versions {
            if r.constraint.names_prerelease() {
                let detail = format!(
                    "{:?} names a prerelease. Name the release itself: its prereleases satisfy it too.",
                    r.constraint.to_string()
                );
                diags.push(Diagnostic::error("Invalid required_version constraint", detail).at(r.span));
                continue;
            }
            let fits = ACTS_AS.iter().filter_map(|v| v.parse::<Version>().ok()).any(|v| r.constraint.matches(&v));
            if !fits {
                let whose = if module.path.is_root() { "This configuration".into() } else { module.path.to_string() };
                let detail = format!(
                    "{whose} asks for Terraform {}, but this program acts as {}. Relax required_version, or use a program of that version.",
                    r.constraint, ACTS_AS[0]
                );
                diags.push(Diagnostic::error("Unsupported Terraform Core version", detail).at(r.span));
            }
        }
    }
    diags
}

impl Config {
    /// Every provider that the configuration uses, with the versions it accepts.
    #[must_use]
    pub fn required_providers(&self) -> BTreeMap<ProviderAddr, VersionConstraints> {
        let mut found: BTreeMap<ProviderAddr, VersionConstraints> = BTreeMap::new();
        for m in self.modules() {
            for r in m.required_providers.values() {
                let all = found.entry(r.source.clone()).or_default();
                *all = all.and(&r.version);
            }
            for p in m.providers.values() {
                let all = found.entry(m.provider_for_local(&p.addr.name)).or_default();
                if let Some(v) = &p.version {
                    *all = all.and(v);
                }
            }
            for r in m.resources.values() {
                found.entry(m.provider_of(r)).or_default();
            }
        }
        for i in &self.root.imports {
            let name = i.provider.as_ref().map_or(i.to_resource.implied_provider(), |(p, _)| &p.name);
            if self.resource(&i.to_resource.clone().in_module(i.to_module.clone())).is_none() {
                found.entry(self.root.provider_for_local(name)).or_default();
            }
        }
        found
    }

    /// The provider configuration that a resource uses, found by going up through the calls that pass it on. `None` when a
    /// configuration with that alias does not exist; one without alias always exists in the root module, if only by being implied.
    #[must_use]
    pub fn provider_config_of(&self, module: &ModulePath, resource: &Resource) -> Option<AbsProviderConfig> {
        self.resolve_provider(module, &resource.provider_config())
    }

    /// The provider configuration that a name in a module's text means.
    #[must_use]
    pub fn resolve_provider(&self, path: &ModulePath, local: &LocalProviderConfig) -> Option<AbsProviderConfig> {
        let mut path = path.clone();
        let mut local = local.clone();
        loop {
            let module = self.module(&path)?;
            let provider = module.provider_for_local(&local.name);
            let found = |path: &ModulePath| {
                Some(AbsProviderConfig { module: path.clone(), provider: provider.clone(), alias: local.alias.clone() })
            };
            let own = module.providers.get(&local);
            let Some((parent, _)) = path.parent() else {
                return if own.is_some() || local.alias.is_none() { found(&path) } else { None };
            };
            if own.is_some_and(|p| !is_empty_provider(p)) {
                return found(&path);
            }
            let call = self.call(&path)?;
            let passed = call.providers.iter().flatten().find(|p| p.child == local);
            local = match passed {
                Some(p) => p.parent.clone(),
                None if local.alias.is_some() => return if own.is_some() { found(&path) } else { None },
                // Without being passed, the default configuration of the same provider is inherited.
                None => {
                    let name = self.module(&parent)?.local_for_provider(&provider);
                    if self.module(&parent)?.provider_for_local(&name) != provider {
                        let root = ModulePath::root();
                        return Some(AbsProviderConfig { module: root, provider, alias: None });
                    }
                    LocalProviderConfig { name, alias: None }
                }
            };
            path = parent;
        }
    }

    /// The `provider` block of a configuration; `None` where it is implied.
    #[must_use]
    pub fn provider_block(&self, addr: &AbsProviderConfig) -> Option<&crate::ProviderConfig> {
        let module = self.module(&addr.module)?;
        let is = |p: &&crate::ProviderConfig| {
            p.addr.alias == addr.alias && module.provider_for_local(&p.addr.name) == addr.provider
        };
        module.providers.values().find(is)
    }
}
