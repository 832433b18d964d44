//! The tree of modules.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use sdt_addr::ModulePath;
use sdt_diag::{Diagnostic, Diagnostics, SourceMap};
use sdt_value::Str;

use crate::{Assignment, Config, Module, ModuleCall, ModuleSource, Package, RegistryModule, Resource, Version};

use super::Files;
use super::assemble::assemble;
use super::constants::{self, Constants};
use super::file::{configuration_files, read_file};
use super::providers::check_providers;

/// What to load and how.
#[derive(Clone, Default)]
pub struct Load<'a> {
    /// Folder of the root module, relative to the working folder; empty for that folder itself.
    pub dir: PathBuf,
    /// Where modules that are not local were put.
    pub manifest: Manifest,
    /// Whether modules are being installed: a missing folder is then told as such.
    pub installing: bool,
    /// Tells which values are given to variables of the root module. It is asked only when one of them is constant.
    pub values: Option<&'a dyn Fn() -> Vec<Assignment>>,
}

/// What was loaded. With errors among the diagnostics the configuration is as much as could be read.
#[derive(Debug)]
pub struct Loaded {
    /// The tree.
    pub config: Config,
    /// What is wrong.
    pub diagnostics: Diagnostics,
    /// Every module with its folder, to be written by `init`.
    pub manifest: Manifest,
}

/// Where installed modules are: `.terraform/modules/modules.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// By module path with dots; the root is the empty path.
    pub modules: BTreeMap<String, ManifestEntry>,
}

/// One module of a [`Manifest`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ManifestEntry {
    /// Source address; a registry's with its host.
    pub source: String,
    /// Version, for modules of a registry.
    pub version: String,
    /// Folder, relative to the working folder.
    pub dir: PathBuf,
}

impl Manifest {
    /// Reads the file's content. What does not fit is left out: `init` writes it anew.
    #[must_use]
    pub fn parse(json: &[u8]) -> Self {
        let json: serde_json::Value = serde_json::from_slice(json).unwrap_or_default();
        let text = |m: &serde_json::Value, key: &str| m[key].as_str().unwrap_or_default().to_owned();
        let entry = |m: &serde_json::Value| {
            let entry =
                ManifestEntry { source: text(m, "Source"), version: text(m, "Version"), dir: text(m, "Dir").into() };
            (text(m, "Key"), entry)
        };
        Self { modules: json["Modules"].as_array().into_iter().flatten().map(entry).collect() }
    }

    /// The file's content.
    #[must_use]
    pub fn to_json(&self) -> String {
        let modules: Vec<serde_json::Value> = self
            .modules
            .iter()
            .map(|(key, m)| {
                let mut out = serde_json::json!({ "Key": key, "Source": m.source, "Dir": m.dir });
                if !m.version.is_empty() {
                    out["Version"] = m.version.clone().into();
                }
                out
            })
            .collect();
        serde_json::json!({ "Modules": modules }).to_string()
    }
}

/// Puts the modules that are not local where they can be read.
pub trait Installer {
    /// Installs the module of a call, `key` being its path with dots. `recorded` is what was noted before, if it still fits the call.
    ///
    /// # Errors
    /// When the module cannot be had.
    fn install(
        &mut self,
        key: &str,
        call: &ModuleCall,
        recorded: Option<&ManifestEntry>,
    ) -> Result<ManifestEntry, Diagnostics>;
}

/// Loads a configuration. Every file read is added to `sources`, also on errors.
pub fn load(files: &dyn Files, what: &Load<'_>, sources: &mut SourceMap) -> Loaded {
    load_with(files, what, sources, None)
}

/// Loads a configuration and installs the modules it calls on the way.
pub fn load_installing<'a>(
    files: &'a dyn Files,
    what: &'a Load<'a>,
    sources: &'a mut SourceMap,
    installer: &'a mut dyn Installer,
) -> Loaded {
    load_with(files, what, sources, Some(installer))
}

fn load_with<'a>(
    files: &'a dyn Files,
    what: &'a Load<'a>,
    sources: &'a mut SourceMap,
    installer: Option<&'a mut dyn Installer>,
) -> Loaded {
    let mut loader =
        Loader { files, what, sources, installer, diags: Diagnostics::new(), manifest: Manifest::default() };
    let dir = clean(&what.dir);
    loader.note("", "", &dir);
    let mut root = loader.module(ModulePath::root(), dir.clone());
    // With a broken root it is not even known which modules are meant.
    let good_root = !loader.diags.has_errors();
    if good_root {
        let constants = constants::of_root(&root, what.values);
        loader.children(&mut root, &constants, &[dir]);
    }
    let Loader { mut diags, manifest, .. } = loader;
    let config = Config { root: Arc::new(root) };
    if !diags.has_errors() {
        diags.extend(crate::check_versions(&config));
        if diags.has_errors() {
            return Loaded { config, diagnostics: diags, manifest };
        }
    }
    if good_root {
        diags.extend(check_providers(&config));
    }
    if !diags.has_errors() {
        diags.extend(check_imports(&config));
    }
    Loaded { config, diagnostics: diags, manifest }
}

struct Loader<'a> {
    installer: Option<&'a mut dyn Installer>,
    files: &'a dyn Files,
    what: &'a Load<'a>,
    sources: &'a mut SourceMap,
    diags: Diagnostics,
    manifest: Manifest,
}

impl Loader<'_> {
    fn note(&mut self, key: &str, source: &str, dir: &Path) {
        let entry = ManifestEntry { source: source.into(), version: String::new(), dir: dir.into() };
        self.manifest.modules.insert(key.into(), entry);
    }

    fn module(&mut self, path: ModulePath, dir: PathBuf) -> Module {
        let names = self.files.read_dir(&dir).unwrap_or_else(|e| {
            let detail = format!("The folder {} cannot be read: {e}.", dir.display());
            self.diags.push(Diagnostic::error("Failed to read module directory", detail));
            Vec::new()
        });
        let (primary, over) = configuration_files(names);
        let mut read = |names: &[String]| -> Vec<_> {
            names.iter().map(|n| read_file(self.files, &dir, n, self.sources, &mut self.diags)).collect()
        };
        let (primary, over) = (read(&primary), read(&over));
        assemble(path, dir, &primary, &over, &mut self.diags)
    }

    fn children(&mut self, module: &mut Module, constants: &Constants, above: &[PathBuf]) {
        let calls: Vec<(Str, ModuleCall)> = module.calls.iter().map(|(n, c)| (n.clone(), c.clone())).collect();
        for (name, mut call) in calls {
            if call.computed.is_some() {
                if let Err(diags) = constants::settle(&mut call, module, constants) {
                    self.diags.extend(diags);
                    continue;
                }
                module.calls.insert(name.clone(), call.clone());
            }
            let path = module.path.child(name.clone());
            let Some(dir) = self.dir_of(&path, &module.dir, &call, above) else { continue };
            let mut child = self.module(path, dir.clone());
            if let Some(b) = &child.backend {
                let detail = "State belongs to the whole configuration: only the root module's backend block counts.";
                self.diags.push(Diagnostic::warning("Backend configuration ignored", detail).at(b.span));
            }
            if let Some(i) = child.imports.first() {
                let detail = format!("Only the root module can have import blocks, not {}.", child.path);
                self.diags.push(Diagnostic::error("Invalid import configuration", detail).at(i.span));
            }
            let above: Vec<PathBuf> = above.iter().cloned().chain([dir]).collect();
            let inner = constants::of_child(&child, &call, module, constants);
            self.children(&mut child, &inner, &above);
            module.children.insert(name, Arc::new(child));
        }
    }

    fn dir_of(&mut self, path: &ModulePath, parent: &Path, call: &ModuleCall, above: &[PathBuf]) -> Option<PathBuf> {
        let key = path.dotted();
        let ModuleSource::Local(source) = &call.source else {
            let noted = self.what.manifest.modules.get(&key);
            let change = noted.and_then(|m| changed(m, call));
            let fitting = noted.filter(|_| change.is_none());
            let found = match (&mut self.installer, fitting, change) {
                (Some(installer), fitting, _) => installer.install(&key, call, fitting),
                (None, Some(entry), _) => Ok(entry.clone()),
                (None, None, Some(change)) => Err(change.into()),
                (None, None, None) => {
                    let detail =
                        format!("The module {:?} is not there yet. Run init to install it.", call.source.text());
                    Err(Diagnostic::error("Module not installed", detail).at(call.span).into())
                }
            };
            let entry = match found {
                Ok(entry) => ManifestEntry { dir: clean(&entry.dir), ..entry },
                Err(diags) => {
                    self.diags.extend(diags);
                    return None;
                }
            };
            let dir = entry.dir.clone();
            self.manifest.modules.insert(key, entry);
            return Some(dir);
        };
        let mut missing = |detail: String| {
            self.diags.push(Diagnostic::error("Module not installed", detail).at(call.span));
            None
        };
        let dir = clean(&parent.join(source.replace('\\', "/")));
        if above.contains(&dir) {
            return missing(format!("The folder {} calls itself as a module: that would never end.", dir.display()));
        }
        if let Err(e) = self.files.read_dir(&dir) {
            let detail = format!("There is no readable folder {} for this module: {e}.", dir.display());
            if self.what.installing {
                self.diags.push(Diagnostic::error("Unreadable module directory", detail).at(call.span));
                return None;
            }
            return missing(detail);
        }
        self.note(&key, source, &dir);
        Some(dir)
    }
}

/// What of a call no longer agrees with what was installed for it.
fn changed(noted: &ManifestEntry, call: &ModuleCall) -> Option<Diagnostic> {
    let wanted = match &call.source {
        ModuleSource::Registry(raw) => RegistryModule::parse(raw).map(|m| m.full()),
        ModuleSource::Remote(raw) | ModuleSource::Local(raw) => Package::parse(raw).ok().map(|p| p.to_string()),
    };
    if wanted.as_deref() != Some(&*noted.source) {
        let detail = format!("The module's source is {:?} now. Run init to install it from there.", call.source.text());
        return Some(Diagnostic::error("Module source has changed", detail).at(call.source_span));
    }
    let constraint = call.version.as_ref()?;
    if noted.version.parse::<Version>().is_ok_and(|v| constraint.matches(&v)) {
        return None;
    }
    let detail = format!(
        "Version {} is installed, but {constraint} is asked for now. Run init to install another.",
        noted.version
    );
    Some(Diagnostic::error("Module version requirements have changed", detail).at(call.source_span))
}

/// Takes `.` and `..` out of a path as far as possible; the empty path becomes `.`.
fn clean(path: &Path) -> PathBuf {
    let mut out: Vec<Component<'_>> = Vec::new();
    for c in path.components() {
        match (c, out.last()) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                out.pop();
            }
            (Component::ParentDir, Some(Component::RootDir)) => {}
            _ => out.push(c),
        }
    }
    if out.is_empty() { PathBuf::from(".") } else { out.into_iter().collect() }
}

/// A provider named in an import block is for configuration that is yet to be written.
fn check_imports(config: &Config) -> Diagnostics {
    let mut diags = Diagnostics::new();
    for i in &config.root.imports {
        let target = i.to_resource.clone().in_module(i.to_module.clone());
        let resource = config.resource(&target);
        let same =
            |r: &Resource| r.provider.is_some() && i.provider.as_ref().map(|p| &p.0) == Some(&r.provider_config());
        if let (Some((_, span)), Some(_)) = (&i.provider, resource.filter(|r| !same(r))) {
            let detail =
                format!("{target} is configured and has its provider from there: leave the argument out here.");
            diags.push(Diagnostic::error("Invalid import provider argument", detail).at(*span));
        }
    }
    diags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned() {
        for (path, expected) in
            [("", "."), ("./m", "m"), ("a/../b/./c", "b/c"), ("../x", "../x"), ("a/..", "."), ("/../x", "/x")]
        {
            assert_eq!(clean(Path::new(path)), Path::new(expected), "{path}");
        }
    }

    #[test]
    fn manifests_round_trip() {
        let text = r#"{"Modules":[{"Key":"","Source":"","Dir":"."},{"Key":"v","Source":"registry.terraform.io/a/b/c","Version":"1.2.3","Dir":".terraform/modules/v"}]}"#;
        let m = Manifest::parse(text.as_bytes());
        assert_eq!(m.modules["v"].version, "1.2.3");
        assert_eq!(Manifest::parse(m.to_json().as_bytes()), m);
        assert_eq!(Manifest::parse(b"nonsense"), Manifest::default());
    }
}
