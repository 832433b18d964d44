//! Reading the configuration from disk.

use std::io;
use std::path::Path;

use sdt_config::{Files, Load, Loaded, Manifest};
use sdt_diag::SourceMap;

use crate::app::App;
use crate::args::Parsed;
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

/// Loads the configuration of the working folder. `installing` is for `init` and `get`, which note where modules are. With the flags
/// of the command line come values of constant variables.
pub(crate) fn load(app: &App, parsed: Option<&Parsed>, installing: bool) -> Project {
    read(app, parsed, installing, &Disk)
}

/// Loads it with one file more.
pub(crate) fn load_with(app: &App, parsed: &Parsed, name: &str, text: &[u8]) -> Project {
    read(app, Some(parsed), false, &WithFile { name, text })
}

fn read(app: &App, parsed: Option<&Parsed>, installing: bool, files: &dyn Files) -> Project {
    let mut sources = SourceMap::default();
    let manifest = std::fs::read(manifest_path(&app.env)).map(|text| Manifest::parse(&text)).unwrap_or_default();
    let values = || crate::vars::early(app, parsed);
    let what = Load { manifest, installing, values: Some(&values), ..Load::default() };
    let loaded = sdt_config::load(files, &what, &mut sources);
    Project { loaded, sources }
}

/// Loads the configuration and installs the modules it calls.
pub(crate) fn install(app: &App, parsed: &Parsed, upgrade: bool) -> Project {
    let mut sources = SourceMap::default();
    let manifest = std::fs::read(manifest_path(&app.env)).map(|text| Manifest::parse(&text)).unwrap_or_default();
    let values = || crate::vars::early(app, Some(parsed));
    let what = Load { manifest, installing: true, values: Some(&values), ..Load::default() };
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

/// Loads the module of a folder with files that are not there, by name. Modules need not have been installed.
pub(crate) fn load_module(env: &Env, dir: &Path, files: &[(String, Vec<u8>)], sources: &mut SourceMap) -> Loaded {
    let manifest = if dir.as_os_str().is_empty() {
        std::fs::read(manifest_path(env)).map(|text| Manifest::parse(&text)).unwrap_or_default()
    } else {
        Manifest::default()
    };
    let what = Load { dir: dir.to_owned(), manifest, installing: true, ..Load::default() };
    sdt_config::load(&WithFiles { dir, files }, &what, sources)
}

struct WithFiles<'a> {
    dir: &'a Path,
    files: &'a [(String, Vec<u8>)],
}

impl WithFiles<'_> {
    fn is_dir(&self, dir: &Path) -> bool {
        let plain =
            |p: &Path| p.components().filter(|c| *c != std::path::Component::CurDir).collect::<std::path::PathBuf>();
        plain(dir) == plain(self.dir)
    }
}

impl Files for WithFiles<'_> {
    fn read_dir(&self, dir: &Path) -> io::Result<Vec<String>> {
        let mut names = Disk.read_dir(dir)?;
        if self.is_dir(dir) {
            names.extend(self.files.iter().map(|(name, _)| name.clone()));
            names.sort_unstable();
        }
        Ok(names)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let here = path.parent().is_none_or(|dir| self.is_dir(dir));
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        match self.files.iter().find(|(n, _)| here && *n == name) {
            Some((_, text)) => Ok(text.clone()),
            None => Disk.read(path),
        }
    }
}

/// Whether the working folder holds any configuration.
pub(crate) fn is_empty_folder() -> bool {
    !Disk.read_dir(Path::new("")).is_ok_and(|names| {
        names.iter().any(|n| [".tf", ".tf.json", ".tofu", ".tofu.json"].iter().any(|suffix| n.ends_with(suffix)))
    })
}
