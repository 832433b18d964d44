//! The module under test, with the assertions of a run in it.

use std::path::Path;
use std::sync::Arc;

use sdt_config::Config;
use sdt_diag::{Diagnostic, Diagnostics, SourceMap, Span};

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
    /// Earlier runs, which are variables of the configuration, and under which name.
    pub(crate) runs: Vec<(String, String)>,
    /// The text of the test file with these names.
    pub(crate) text: Arc<[u8]>,
    /// Variables that the test file sets and the module does not have, but the run mentions.
    pub(crate) extra: Vec<String>,
}

/// Loads a run's module. `names`: earlier runs, which assertions may refer to.
pub(crate) fn build(
    env: &Env,
    file: &TestFile,
    run: &Run,
    names: &[String],
    test_sources: &SourceMap,
) -> Result<Harness, (Diagnostics, SourceMap)> {
    let dir = run.module.as_deref().map(|m| m.trim_start_matches("./").to_owned()).unwrap_or_default();
    let dir = Path::new(&dir);
    // First without anything, to know what there is.
    let mut plain = SourceMap::default();
    let first = load::load_module(env, dir, &[], &mut plain);
    if first.diagnostics.has_errors() {
        return Err((first.diagnostics, plain));
    }
    let root = &first.config.root;
    let set = file.variables.iter().chain(&run.variables).map(|(n, _)| n);
    let (from, to) = (run.header.start as usize, run.close.end as usize);
    let own = String::from_utf8_lossy(&file.text[from..to]).into_owned();
    let mentioned =
        |n: &str| own.match_indices(&format!("var.{n}")).any(|(at, w)| !is_name(own[at + w.len()..].chars().next()));
    let mut extra: Vec<String> =
        set.filter(|n| !root.variables.contains_key(n.as_str()) && mentioned(n)).cloned().collect();
    extra.sort();
    extra.dedup();
    let taken = |n: &str| root.variables.contains_key(n) || extra.iter().any(|e| e == n);
    let runs: Vec<(String, String)> = names.iter().map(|n| (n.clone(), alias(n, &taken))).collect();
    let with_names = aliased(file, run, &runs);
    let mut text = blank(&file.text);
    let mut keep = |span: Span| {
        let (from, to) = (span.start as usize, span.end as usize);
        text[from..to].copy_from_slice(&with_names[from..to]);
    };
    run.asserts.iter().for_each(|a| keep(*a));
    let declared = |key: &str| root.providers.keys().any(|p| p.to_string() == key);
    let mut over = Vec::new();
    for block in providers(file, run).map_err(|d| (d, test_sources.clone()))? {
        let (from, to) = (block.span.start as usize, block.span.end as usize);
        if declared(&block.key) {
            over.extend_from_slice(&block.text(&file.text)[from..to]);
            over.push(b'\n');
        } else {
            text[from..to].copy_from_slice(&block.text(&file.text)[from..to]);
        }
    }
    if !run.asserts.is_empty() {
        // `run "x" {` is never shorter than `check a {`.
        let header = format!("check {CHECK} {{");
        let end = run.open.end as usize;
        text[end - header.len()..end].copy_from_slice(header.as_bytes());
        text[run.close.start as usize] = b'}';
    }
    let mut more = String::from("\n");
    for name in runs.iter().map(|(_, alias)| alias).chain(&extra) {
        more += &format!("variable \"{name}\" {{}}\n");
    }
    for (name, output) in &root.outputs {
        let value = plain.text(output.value.span());
        let value = if output.sensitive { format!("sensitive({value})") } else { value.into_owned() };
        more += &format!("locals {{\n_{name} = {value}\n}}\n");
    }
    text.extend_from_slice(more.as_bytes());
    let mut files = vec![(FILE.to_owned(), text)];
    if !over.is_empty() {
        files.push(("sdt_test_run_override.tf".to_owned(), over));
    }
    let mut sources = SourceMap::default();
    let loaded = load::load_module(env, dir, &files, &mut sources);
    let sources = renamed(&sources, file, test_sources);
    if loaded.diagnostics.has_errors() {
        return Err((loaded.diagnostics, sources));
    }
    Ok(Harness { config: loaded.config, sources, warnings: loaded.diagnostics, runs, text: with_names.into(), extra })
}

const fn is_name(c: Option<char>) -> bool {
    matches!(c, Some('a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-'))
}

/// A name for a run that is as long as its own and that no variable has.
fn alias(name: &str, taken: &dyn Fn(&str) -> bool) -> String {
    let other = |c: char| format!("{c}{}", &name[name.chars().next().map_or(0, char::len_utf8)..]);
    let first = name.chars().next().is_some_and(|c| c.is_ascii());
    let mut all = std::iter::once(name.to_owned()).chain(('A'..='Z').chain('a'..='z').filter(|_| first).map(other));
    all.find(|n| !taken(n)).unwrap_or_else(|| name.to_owned())
}

/// The text with runs under the names they have as variables.
fn aliased(file: &TestFile, run: &Run, runs: &[(String, String)]) -> Vec<u8> {
    let mut text = file.text.to_vec();
    for (name, span) in &run.uses {
        let (from, to) = (span.start as usize, span.end as usize);
        if let Some((_, alias)) = runs.iter().find(|(n, _)| n == name)
            && text[from..to].starts_with(b"var.")
        {
            text[from + 4..to].copy_from_slice(alias.as_bytes());
        }
    }
    text
}

/// A provider block that takes part in a run.
struct Taking<'a> {
    /// What it is for the module.
    key: String,
    span: Span,
    /// The alias of the test file, which the module does not know.
    without: Option<&'a Span>,
}

impl Taking<'_> {
    fn text(&self, text: &[u8]) -> Vec<u8> {
        let mut text = text.to_vec();
        if let Some(alias) = self.without {
            text[alias.start as usize..alias.end as usize].fill(b' ');
        }
        text
    }
}

/// The provider blocks of the file that a run uses.
fn providers<'a>(file: &'a TestFile, run: &Run) -> Result<Vec<Taking<'a>>, Diagnostics> {
    if run.providers.is_empty() {
        let all = file.providers.iter();
        return Ok(all.map(|p| Taking { key: p.key.clone(), span: p.span, without: None }).collect());
    }
    let mut out = Vec::new();
    for (key, given, at) in &run.providers {
        let block = file.providers.iter().find(|p| p.key == *given);
        if let Some(p) = block {
            let without = p.alias.as_ref().filter(|_| key != given);
            out.push(Taking { key: key.clone(), span: p.span, without });
        } else if !file.mocks.iter().any(|m| m.key == *given) {
            let detail = format!("The run passes the provider {given}, and this file has no such provider.");
            let title = format!("Missing provider definition for {given}");
            return Err(Diagnostic::error(title, detail).at(*at).into());
        }
    }
    Ok(out)
}

/// The same number of lines and bytes, all blank.
fn blank(text: &[u8]) -> Vec<u8> {
    text.iter().map(|b| if *b == b'\n' { b'\n' } else { b' ' }).collect()
}

/// The sources with the test file's own name and text where the added file is.
fn renamed(sources: &SourceMap, file: &TestFile, test_sources: &SourceMap) -> SourceMap {
    let mut out = SourceMap::default();
    for (_, f) in sources.files() {
        if f.name.ends_with(FILE) {
            let text = test_sources.file(file.source).map_or_else(|| f.text.clone(), |t| t.text.clone());
            out.add(file.path.as_str(), text);
        } else {
            out.add(f.name.clone(), f.text.clone());
        }
    }
    out
}
