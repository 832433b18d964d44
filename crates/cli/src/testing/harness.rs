//! The module under test, with the assertions of a run in it.

use std::path::Path;

use sdt_config::Config;
use sdt_diag::{Diagnostics, SourceMap, Span};

use super::model::{Run, TestFile};
use crate::env::Env;
use crate::load;

/// The name of the check that holds a run's assertions.
pub(crate) const CHECK: &str = "a";
/// The name of the file that is added; messages have the test file's name in its place.
pub(crate) const FILE: &str = "sdt_test_run.tf";

/// A configuration ready to be run.
pub(crate) struct Harness {
    pub(crate) config: Config,
    pub(crate) sources: SourceMap,
    pub(crate) warnings: Diagnostics,
    /// Earlier runs that became variables of the configuration; those named as one of the module's own did not.
    pub(crate) runs: Vec<String>,
}

/// Loads a run's module. `names`: earlier runs, which assertions may refer to.
pub(crate) fn build(
    env: &Env,
    file: &TestFile,
    run: &Run,
    names: &[String],
) -> Result<Harness, (Diagnostics, SourceMap)> {
    let dir = run.module.as_deref().map(|m| m.trim_start_matches("./").to_owned()).unwrap_or_default();
    let dir = Path::new(&dir);
    // First without anything, to know what there is.
    let mut plain = SourceMap::default();
    let first = load::load_module(env, dir, &[], &mut plain);
    if first.diagnostics.has_errors() {
        return Err((first.diagnostics, plain));
    }
    let mut text = blank(&file.text);
    let mut keep = |span: Span| {
        let (from, to) = (span.start as usize, span.end as usize);
        text[from..to].copy_from_slice(&file.text[from..to]);
    };
    run.asserts.iter().for_each(|a| keep(*a));
    let root = &first.config.root;
    let declared = |name: &str| root.providers.keys().any(|p| &*p.name == name);
    for (_, span) in file.providers.iter().filter(|(name, _)| !declared(name)) {
        keep(*span);
    }
    if !run.asserts.is_empty() {
        // `run "x" {` is never shorter than `check a {`.
        let header = format!("check {CHECK} {{");
        let end = run.open.end as usize;
        text[end - header.len()..end].copy_from_slice(header.as_bytes());
        text[run.close.start as usize] = b'}';
    }
    let mut extra = String::from("\n");
    let runs: Vec<String> = names.iter().filter(|n| !root.variables.contains_key(n.as_str())).cloned().collect();
    for name in &runs {
        extra += &format!("variable \"{name}\" {{}}\n");
    }
    for (name, output) in &root.outputs {
        extra += &format!("locals {{\n_{name} = {}\n}}\n", plain.text(output.value.span()));
    }
    text.extend_from_slice(extra.as_bytes());
    let mut files = vec![(FILE.to_owned(), text)];
    let mut over = Vec::new();
    for (_, span) in file.providers.iter().filter(|(name, _)| declared(name)) {
        over.extend_from_slice(&file.text[span.start as usize..span.end as usize]);
        over.push(b'\n');
    }
    if !over.is_empty() {
        files.push(("sdt_test_run_override.tf".to_owned(), over));
    }
    let mut sources = SourceMap::default();
    let loaded = load::load_module(env, dir, &files, &mut sources);
    if loaded.diagnostics.has_errors() {
        return Err((loaded.diagnostics, renamed(&sources, &file.path)));
    }
    Ok(Harness { config: loaded.config, sources: renamed(&sources, &file.path), warnings: loaded.diagnostics, runs })
}

/// The same number of lines and bytes, all blank.
fn blank(text: &[u8]) -> Vec<u8> {
    text.iter().map(|b| if *b == b'\n' { b'\n' } else { b' ' }).collect()
}

/// The sources with the test file's own name and text where the added file is.
fn renamed(sources: &SourceMap, path: &str) -> SourceMap {
    let mut out = SourceMap::default();
    for (_, f) in sources.files() {
        if f.name.ends_with(FILE) {
            let text = std::fs::read(path).unwrap_or_else(|_| f.text.to_vec());
            out.add(path, text);
        } else {
            out.add(f.name.clone(), f.text.clone());
        }
    }
    out
}
