//! Installing the modules that a configuration calls into `.terraform/modules`, in Terraform's layout.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use sdt_config::{
    Installer, ManifestEntry, ModuleCall, ModuleSource, Package, RegistryModule, S3Place, Version, VersionConstraints,
};
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_fetch::{Answer, Fetcher, Remote, archive::Limits, copy_folder};

use crate::app::App;
use crate::env::Env;

/// The network.
pub(crate) struct Net<'a>(pub(crate) &'a Env);

#[async_trait]
impl Remote for Net<'_> {
    #[cfg(feature = "aws")]
    async fn get(&self, url: &str, headers: &[(String, String)], limit: u64) -> Result<Answer, String> {
        let (status, headers, body) = sdt_aws_sdk::fetch(url, headers, limit).await?;
        Ok(Answer { status, headers: headers.into_iter().collect(), body })
    }

    #[cfg(not(feature = "aws"))]
    async fn get(&self, _: &str, _: &[(String, String)], _: u64) -> Result<Answer, String> {
        Err("this build has no HTTP client (feature aws)".into())
    }

    #[cfg(feature = "aws")]
    async fn s3(&self, place: &S3Place, limit: u64) -> Result<Vec<(String, Vec<u8>)>, String> {
        let S3Place { region, endpoint, bucket, key, version, profile } = place.clone();
        sdt_state_s3::download(&sdt_state_s3::Download { region, endpoint, profile, bucket, key, version }, limit).await
    }

    #[cfg(not(feature = "aws"))]
    async fn s3(&self, _: &S3Place, _: u64) -> Result<Vec<(String, Vec<u8>)>, String> {
        Err("this build has no S3 client (feature aws)".into())
    }

    /// `TF_TOKEN_host_name`: dots are written as underscores, dashes as two.
    fn token(&self, host: &str) -> Option<String> {
        let name = format!("TF_TOKEN_{}", host.replace('-', "__").replace('.', "_"));
        self.0.get(&name).map(str::to_owned)
    }
}

/// Installs packages as the loader asks for them.
pub(crate) struct Install<'a> {
    app: &'a App,
    upgrade: bool,
    announced: bool,
    /// What this run has fetched already: the same package is not fetched twice.
    fetched: BTreeMap<String, PathBuf>,
    versions: BTreeMap<String, Vec<Version>>,
}

impl<'a> Install<'a> {
    pub(crate) fn new(app: &'a App, upgrade: bool) -> Self {
        Self { app, upgrade, announced: false, fetched: BTreeMap::new(), versions: BTreeMap::new() }
    }

    fn announce(&mut self) {
        if !std::mem::replace(&mut self.announced, true) {
            let verb = if self.upgrade { "Upgrading" } else { "Initializing" };
            self.say(&format!("{verb} modules...\n"));
        }
    }

    /// Tells where a module is that needed no installation.
    pub(crate) fn found(&mut self, key: &str, entry: &ManifestEntry) {
        if entry.source.starts_with('.') {
            self.announce();
            self.say(&format!("- {key} in {}\n", entry.dir.display()));
        }
    }

    fn say(&self, text: &str) {
        self.app.ui.say(text);
    }

    fn remote(&mut self, key: &str, call: &ModuleCall, raw: &str) -> Result<ManifestEntry, Diagnostics> {
        let failed = |why: String| -> Diagnostics {
            let detail = format!("Could not download module {:?} source code from {raw:?}: {why}.", &*call.name);
            Diagnostic::error("Failed to download module", detail).at(call.source_span).into()
        };
        let package = Package::parse(raw).map_err(failed)?;
        let whole = package.whole();
        self.say(&format!("Downloading {} for {key}...\n", without_secrets(&whole.to_string())));
        let root = self.place(key);
        self.bring(&whole.to_string(), &root, |fetcher, dest| {
            let whole = whole.clone();
            let dest = dest.to_owned();
            Box::pin(async move { fetcher.fetch(&whole, &dest).await })
        })
        .map_err(failed)?;
        let dir = subfolder(&root, &package.subdir, call)?;
        Ok(ManifestEntry { source: package.to_string(), version: String::new(), dir })
    }

    fn registry(&mut self, key: &str, call: &ModuleCall, raw: &str) -> Result<ManifestEntry, Diagnostics> {
        let Some(module) = RegistryModule::parse(raw) else {
            let detail = format!("{raw:?} is no address of a registry's module.");
            return Err(Diagnostic::error("Invalid module source address", detail).at(call.source_span).into());
        };
        let version = self.choose(&module, call)?;
        let (package, version) = (format!("{}/{}", module.host, module.path), version.to_string());
        let from = package.strip_prefix("registry.terraform.io/").unwrap_or(&package);
        self.say(&format!("Downloading {from} {version} for {key}...\n"));
        let root = self.place(key);
        let (wanted, chosen) = (module.clone(), version.clone());
        self.bring(&format!("{package} {version}"), &root, |fetcher, dest| {
            let (module, version, dest) = (wanted.clone(), chosen.clone(), dest.to_owned());
            Box::pin(async move { fetcher.fetch_registry(&module, &version, &dest).await })
        })
        .map_err(|why| -> Diagnostics {
            let detail =
                format!("Could not download module {:?} {version} from {}: {why}.", &*call.name, module.full());
            Diagnostic::error("Failed to download module", detail).at(call.source_span).into()
        })?;
        let dir = subfolder(&root, &module.subdir, call)?;
        Ok(ManifestEntry { source: module.full(), version, dir })
    }

    /// The newest version that the call accepts; a prerelease only if it is asked for exactly.
    fn choose(&mut self, module: &RegistryModule, call: &ModuleCall) -> Result<Version, Diagnostics> {
        let package = format!("{}/{}", module.host, module.path);
        if !self.versions.contains_key(&package) {
            let net = Net(&self.app.env);
            let fetcher = Fetcher { remote: &net, limits: Limits::default() };
            let found = self.app.block_on(fetcher.versions(module)).and_then(|r| r).map_err(|why| -> Diagnostics {
                let detail = format!("The versions of {} cannot be learned: {why}.", module.full());
                Diagnostic::error("Error accessing remote module registry", detail).at(call.source_span).into()
            })?;
            let mut found: Vec<Version> = found.iter().filter_map(|v| v.parse().ok()).collect();
            found.sort();
            self.versions.insert(package.clone(), found);
        }
        let versions = self.versions.get(&package).map(Vec::as_slice).unwrap_or_default();
        let any = VersionConstraints::default();
        let wanted = call.version.as_ref().unwrap_or(&any);
        versions.iter().rev().find(|v| wanted.matches(v)).cloned().ok_or_else(|| -> Diagnostics {
            let newest = versions.last().map(|v| format!(" The newest is {v}.")).unwrap_or_default();
            let detail = format!("No version of {} is one of {wanted}.{newest}", module.full());
            Diagnostic::error("Unresolvable module version constraint", detail).at(call.source_span).into()
        })
    }

    fn place(&self, key: &str) -> PathBuf {
        self.app.env.data_dir().join("modules").join(key)
    }

    fn bring(
        &mut self,
        what: &str,
        dest: &Path,
        fetch: impl for<'f> Fn(&'f Fetcher<'f>, &Path) -> std::pin::Pin<Box<dyn Future<Output = Result<(), String>> + 'f>>,
    ) -> Result<(), String> {
        let failed = |e: std::io::Error| format!("{}: {e}", dest.display());
        if dest.exists() {
            std::fs::remove_dir_all(dest).map_err(failed)?;
        }
        if let Some(parent) = dest.parent() {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        if let Some(there) = self.fetched.get(what) {
            return copy_folder(there, dest, &Limits::default());
        }
        let net = Net(&self.app.env);
        let fetcher = Fetcher { remote: &net, limits: Limits::default() };
        self.app.block_on(fetch(&fetcher, dest)).and_then(|r| r)?;
        self.fetched.insert(what.to_owned(), dest.to_owned());
        Ok(())
    }
}

impl Installer for Install<'_> {
    fn install(
        &mut self,
        key: &str,
        call: &ModuleCall,
        recorded: Option<&ManifestEntry>,
    ) -> Result<ManifestEntry, Diagnostics> {
        if let Some(entry) = recorded.filter(|e| !self.upgrade && e.dir.is_dir()) {
            return Ok(entry.clone());
        }
        self.announce();
        let result = match &call.source {
            ModuleSource::Registry(raw) => self.registry(key, call, raw),
            ModuleSource::Remote(raw) | ModuleSource::Local(raw) => self.remote(key, call, raw),
        };
        let entry = result?;
        self.say(&format!("- {key} in {}\n", entry.dir.display()));
        Ok(entry)
    }
}

/// Copies a module into the working folder, as the root module of a new configuration.
pub(crate) fn copy_here(app: &App, raw: &str) -> Result<(), Diagnostics> {
    let failed = |why: String| -> Diagnostics {
        let detail = format!("The module {raw:?} cannot be copied here: {why}.");
        Diagnostic::error("Failed to download module", detail).into()
    };
    let limits = Limits::default();
    let here = Path::new(".");
    let net = Net(&app.env);
    let fetcher = Fetcher { remote: &net, limits };
    let temporary = tempfile::tempdir().map_err(|e| failed(e.to_string()))?;
    let whole = temporary.path().join("package");
    let subdir = match ModuleSource::parse(raw).map_err(failed)? {
        ModuleSource::Local(path) => return copy_folder(Path::new(&path), here, &limits).map_err(failed),
        ModuleSource::Remote(raw) => {
            let package = Package::parse(&raw).map_err(failed)?;
            app.block_on(fetcher.fetch(&package.whole(), &whole)).and_then(|r| r).map_err(failed)?;
            package.subdir
        }
        ModuleSource::Registry(raw) => {
            let module = RegistryModule::parse(&raw).ok_or_else(|| failed("it is no address".into()))?;
            let work = async {
                let versions = fetcher.versions(&module).await?;
                let any = VersionConstraints::default();
                let mut found: Vec<Version> = versions.iter().filter_map(|v| v.parse().ok()).collect();
                found.retain(|v| any.matches(v));
                let newest = found.into_iter().max().ok_or("there is no version of it")?;
                fetcher.fetch_registry(&module, &newest.to_string(), &whole).await
            };
            app.block_on(work).and_then(|r| r).map_err(failed)?;
            module.subdir
        }
    };
    copy_folder(&whole.join(subdir), here, &limits).map_err(failed)
}

fn subfolder(root: &Path, subdir: &str, call: &ModuleCall) -> Result<PathBuf, Diagnostics> {
    if subdir.is_empty() {
        return Ok(root.to_owned());
    }
    let dir = root.join(subdir);
    if dir.is_dir() {
        return Ok(dir);
    }
    let detail = format!("The package of module {:?} has no folder {subdir:?}.", &*call.name);
    Err(Diagnostic::error("Unreadable module subdirectory", detail).at(call.source_span).into())
}

/// A URL as it may be shown: without a password and without an ssh key.
fn without_secrets(url: &str) -> String {
    let (path, query) = url.split_once('?').map_or((url, None), |(p, q)| (p, Some(q)));
    let path = match path.split_once("://").and_then(|(s, rest)| Some((s, rest.split_once('@')?))) {
        Some((scheme, (user, rest))) if user.contains(':') => {
            format!("{scheme}://{}:redacted@{rest}", user.split(':').next().unwrap_or_default())
        }
        _ => path.to_owned(),
    };
    let hide = |p: &str| if p.starts_with("sshkey=") { "sshkey=redacted".to_owned() } else { p.to_owned() };
    match query {
        Some(q) => format!("{path}?{}", q.split('&').map(hide).collect::<Vec<_>>().join("&")),
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::without_secrets;

    #[test]
    fn secrets_of_urls_are_not_shown() {
        for (url, shown) in [
            ("git::https://u:p@x.org/a?ref=b", "git::https://u:redacted@x.org/a?ref=b"),
            ("git::ssh://git@x.org/a?sshkey=abc", "git::ssh://git@x.org/a?sshkey=redacted"),
            ("https://x.org/a.zip", "https://x.org/a.zip"),
        ] {
            assert_eq!(without_secrets(url), shown);
        }
    }
}
