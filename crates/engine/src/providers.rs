//! Which provider configuration a resource uses.

use sdt_addr::{AbsProviderConfig, LocalProviderConfig};
use sdt_config::{Config, Module};

/// The outcome of a look-up.
pub(crate) enum Resolution {
    /// The configuration; one without block is implied in the root module.
    Found(AbsProviderConfig),
    /// An alias that nothing declares or passes.
    Missing { addr: AbsProviderConfig },
}

/// Finds the configuration for a local name: declared in the module, passed by its call, or inherited from around.
pub(crate) fn resolve_provider(config: &Config, module: &Module, local: &LocalProviderConfig) -> Resolution {
    let provider = module.provider_for_local(&local.name);
    let wanted = AbsProviderConfig { module: module.path.clone(), provider: provider.clone(), alias: local.alias.clone() };
    let mut path = module.path.clone();
    let mut local = local.clone();
    loop {
        let Some(here) = config.module(&path) else { return Resolution::Missing { addr: wanted } };
        let declared = here.providers.keys().any(|k| {
            k.alias == local.alias && (k.name == local.name || here.provider_for_local(&k.name) == provider)
        });
        if declared {
            return Resolution::Found(AbsProviderConfig { module: path, provider, alias: local.alias });
        }
        let Some((parent, _)) = path.parent() else {
            return match local.alias {
                None => Resolution::Found(AbsProviderConfig::root_default(provider)),
                Some(_) => Resolution::Missing { addr: wanted },
            };
        };
        let passed = config.call(&path).and_then(|c| c.providers.as_ref()).and_then(|list| {
            list.iter().find(|p| {
                p.child.alias == local.alias
                    && (p.child.name == local.name || here.provider_for_local(&p.child.name) == provider)
            })
        });
        match passed {
            Some(p) => local = p.parent.clone(),
            // Only a configuration without alias is inherited without being passed.
            None if local.alias.is_some() => return Resolution::Missing { addr: wanted },
            None => {
                if let Some(parent) = config.module(&parent) {
                    local.name = parent.local_for_provider(&provider);
                }
            }
        }
        path = parent;
    }
}
