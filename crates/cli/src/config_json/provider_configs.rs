//! `provider_config`: the provider configurations of every module, and which of them a resource means.
//!
//! A module that neither configures a provider nor is passed one uses that of its parent, if the parent knows the provider at all;
//! else the configuration is its own.

use std::collections::BTreeMap;

use sdt_addr::{LocalProviderConfig, ModulePath, ProviderAddr};
use sdt_config::{Config, Module};
use serde_json::{Map, Value as Json, json};

use super::block_json;
use crate::providers::Registry;

/// One configuration, or a stand-in for that of a parent.
struct Entry {
    source: ProviderAddr,
    json: Json,
    parent: Option<String>,
}

/// All of them by their keys.
pub(super) struct ProviderConfigs(BTreeMap<String, Entry>);

/// `aws.west` in the root module, `module.m:aws` below.
fn key(name: &str, module: &ModulePath) -> String {
    if module.is_root() { name.to_owned() } else { format!("{module}:{name}") }
}

impl ProviderConfigs {
    pub(super) fn of(config: &Config, registry: &Registry) -> Self {
        let mut all = Self(BTreeMap::new());
        all.module(&config.root, None, registry);
        all
    }

    /// The configurations that stand for themselves.
    pub(super) fn json(&self) -> Map<String, Json> {
        let own = self.0.iter().filter(|(_, e)| e.parent.is_none());
        own.map(|(key, e)| (key.clone(), e.json.clone())).collect()
    }

    /// The key of the configuration that a resource of a module means.
    pub(super) fn key_of(&self, module: &ModulePath, provider: &LocalProviderConfig) -> String {
        let key = key(&provider.to_string(), module);
        self.0.get(&key).and_then(|e| e.parent.clone()).unwrap_or(key)
    }

    fn module(&mut self, m: &Module, parent: Option<&ModulePath>, registry: &Registry) {
        for p in m.providers.values() {
            let source = m.provider_for_local(&p.addr.name);
            let mut json = described(&p.addr.name, &source, m);
            if let Some(alias) = &p.addr.alias {
                json["alias"] = (&**alias).into();
            }
            if let Some(schema) = registry.get(&source).map(|p| p.config_schema()) {
                let expressions = block_json(&p.config, &schema.block);
                if expressions.as_object().is_some_and(|o| !o.is_empty()) {
                    json["expressions"] = expressions;
                }
            }
            self.0.insert(key(&p.addr.to_string(), &m.path), Entry { source, json, parent: None });
        }
        for required in m.required_providers.values() {
            for alias in &required.aliases {
                let json = described(&required.name, &required.source, m);
                let source = required.source.clone();
                self.0.entry(key(&alias.to_string(), &m.path)).or_insert(Entry { source, json, parent: None });
            }
            self.implied(&required.name, &required.source, m, parent);
        }
        for r in m.resources.values() {
            let source = m.provider_of(r);
            if m.required_providers.values().all(|p| p.source != source) {
                self.implied(&source.type_name.clone(), &source, m, parent);
            }
        }
        for call in m.calls.values() {
            let Some(child) = m.children.get(&call.name) else { continue };
            for p in call.providers.iter().flatten() {
                let source = child.provider_for_local(&p.child.name);
                let mut json = json!({"name": p.child.to_string(), "full_name": source.to_string()});
                json["module_address"] = child.path.to_string().into();
                let parent = self.source(&key(&p.parent.to_string(), &m.path), &source);
                self.0.insert(key(&p.child.to_string(), &child.path), Entry { source, json, parent });
            }
            self.module(child, Some(&m.path), registry);
        }
    }

    fn implied(&mut self, name: &str, source: &ProviderAddr, m: &Module, parent: Option<&ModulePath>) {
        let key = key(name, &m.path);
        if self.0.contains_key(&key) {
            return;
        }
        let parent = parent.and_then(|p| self.source(&self::key(name, p), source));
        self.0.insert(key, Entry { source: source.clone(), json: described(name, source, m), parent });
    }

    /// The configuration at the end of a chain of stand-ins for one provider.
    fn source(&self, start: &str, source: &ProviderAddr) -> Option<String> {
        let (mut found, mut next) = (None, Some(start.to_owned()));
        while let Some(key) = next {
            let Some(entry) = self.0.get(&key).filter(|e| e.source == *source) else { break };
            next = entry.parent.clone();
            found = Some(key);
        }
        found
    }
}

fn described(name: &str, source: &ProviderAddr, m: &Module) -> Json {
    let mut json = json!({"name": name, "full_name": source.to_string()});
    let required = m.required_providers.values().find(|r| r.source == *source);
    if let Some(required) = required.filter(|r| !r.version.is_empty()) {
        json["version_constraint"] = required.version.to_string().into();
    }
    if !m.path.is_root() {
        json["module_address"] = m.path.to_string().into();
    }
    json
}
