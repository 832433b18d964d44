//! Helpers of the tests in this crate.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use sdt_diag::SourceMap;

use crate::{Files, Load, Loaded, Module, load};

/// Files in memory, by path.
pub(crate) struct Memory(pub(crate) BTreeMap<String, String>);

impl Files for Memory {
    fn read_dir(&self, dir: &Path) -> io::Result<Vec<String>> {
        let dir = if dir == Path::new(".") { Path::new("") } else { dir };
        let names = self
            .0
            .keys()
            .filter_map(|k| Path::new(k).strip_prefix(dir).ok()?.iter().next()?.to_str().map(str::to_owned));
        let names: Vec<String> = names.collect();
        if names.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(names) }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let path = path.strip_prefix(".").unwrap_or(path);
        self.0
            .get(path.to_str().unwrap_or_default())
            .map(|t| t.clone().into_bytes())
            .ok_or(io::ErrorKind::NotFound.into())
    }
}

/// Loads files.
pub(crate) fn load_all(files: &[(&str, &str)], sources: &mut SourceMap) -> Loaded {
    let files = Memory(files.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect());
    load(&files, &Load::default(), sources)
}

/// Loads a root module of one file that must be right.
pub(crate) fn module(text: &str) -> Module {
    let loaded = load_all(&[("main.tf", text)], &mut SourceMap::default());
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    (*loaded.config.root).clone()
}
