//! Reading the configuration from disk.

use std::io;
use std::path::Path;

use sdt_config::{Files, Load, Loaded, Manifest};
use sdt_diag::SourceMap;

use crate::app::App;
use crate::env::Env;
use crate::modules::Install;

/// Files below the working folder.
pub(crate) struct Disk;

/// The same with one file in the working folder that is not written yet.
struct WithFile<'a> {
    name: &'a str,
    text: &'a [u8],
}

impl Files for WithFile<'_> {
    fn read_dir(&self, dir: &Path) -> io::Result<Vec<String>> {
        let mut names = Disk.read_dir(dir)?;
        if dir.as_os_str().is_empty() || dir == Path::new(".") {
            names.push(self.name.to_owned());
            names.sort_unstable();
            names.dedup();
        }
        Ok(names)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let inside = path.strip_prefix(".").unwrap_or(path);
        if inside == Path::new(self.name) { Ok(self.text.to_vec()) } else { Disk.read(path) }
    }
}

impl Files for Disk {
    fn read_dir(&self, dir: &Path) -> io::Result<Vec<String>> {
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        let mut names = Vec::new();
        for entry in std::fs::read_dir(dir)? {
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }
}

/// A configuration and the text it came from.
pub(crate) struct Project {
    /// The tree of modules, and what is wrong with it.
    pub(crate) loaded: Loaded,
    /// Every file read.
    pub(crate) sources: SourceMap,
}

/// Loads the configuration of the working folder. `installing` is for `init` and `get`, which note where modules are.
pub(crate) fn load(env: &Env, installing: bool) -> Project {
    read(env, installing, &Disk)
}

/// Loads it with one file more.
pub(crate) fn load_with(env: &Env, name: &str, text: &[u8]) -> Project {
    read(env, false, &WithFile { name, text })
}

fn read(env: &Env, installing: bool, files: &dyn Files) -> Project {
    let mut sources = SourceMap::default();
    let manifest = std::fs::read(manifest_path(env)).map(|text| Manifest::parse(&text)).unwrap_or_default();
    let what = Load { manifest, installing, ..Load::default() };
    let loaded = sdt_config::load(files, &what, &mut sources);
    Project { loaded, sources }
}

/// Loads the configuration and installs the modules it calls.
pub(crate) fn install(app: &App, upgrade: bool) -> Project {
    let mut sources = SourceMap::default();
    let manifest = std::fs::read(manifest_path(&app.env)).map(|text| Manifest::parse(&text)).unwrap_or_default();
    let what = Load { manifest, installing: true, ..Load::default() };
    let mut installer = Install::new(app, upgrade);
    let loaded = sdt_config::load_installing(&Disk, &what, &mut sources, &mut installer);
    for (key, entry) in &loaded.manifest.modules {
        installer.found(key, entry);
    }
    Project { loaded, sources }
}

/// `.terraform/modules/modules.json`
pub(crate) fn manifest_path(env: &Env) -> std::path::PathBuf {
    env.data_dir().join("modules").join("modules.json")
}

/// Whether the working folder holds any configuration.
pub(crate) fn is_empty_folder() -> bool {
    !Disk.read_dir(Path::new("")).is_ok_and(|names| {
        names.iter().any(|n| [".tf", ".tf.json", ".tofu", ".tofu.json"].iter().any(|suffix| n.ends_with(suffix)))
    })
}
