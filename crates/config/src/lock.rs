//! The dependency lock file, `.terraform.lock.hcl`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sdt_addr::{ProviderAddr, quote};
use sdt_diag::{Diagnostic, Diagnostics, SourceMap};
use sdt_hcl::eval_const;

use crate::load::{parse, schema};
use crate::{Version, VersionConstraints};

/// Name of the file.
pub const LOCK_FILE: &str = ".terraform.lock.hcl";

/// The versions of providers that a configuration was initialised with.
#[derive(Clone, Debug, Default)]
pub struct LockFile {
    /// By provider.
    pub providers: BTreeMap<ProviderAddr, Locked>,
}

/// One provider of a [`LockFile`].
#[derive(Clone, Debug)]
pub struct Locked {
    /// The version chosen.
    pub version: Version,
    /// The versions that were asked for.
    pub constraints: Option<VersionConstraints>,
    /// Checksums of packages.
    pub hashes: Vec<String>,
}

impl LockFile {
    /// Reads the file's content.
    #[must_use]
    pub fn parse(name: &str, text: &[u8], sources: &mut SourceMap) -> (Self, Diagnostics) {
        let mut found = Self::default();
        let (body, mut diags) = parse(text, name, false, sources);
        let (content, _, more) = body.partial_content(&schema(&[], &[("provider", &["source"])]));
        diags.extend(more);
        for b in &content.blocks {
            let Some(label) = b.labels.first() else { continue };
            let (inner, _, more) = b.body.partial_content(&schema(&["!version", "constraints", "hashes"], &[]));
            diags.extend(more);
            let text =
                |name: &str| inner.attribute(name).and_then(|a| eval_const(&a.expr).0.as_str().map(str::to_owned));
            let Ok(provider) = label.value.parse() else {
                let detail = format!("{:?} is not the source of a provider.", &*label.value);
                diags.push(Diagnostic::error("Invalid provider source address", detail).at(label.span));
                continue;
            };
            let Some(version) = text("version").and_then(|v| v.parse().ok()) else {
                let detail = format!(
                    "The version locked for {} is none. Delete the block, or the file, and run init.",
                    &*label.value
                );
                diags.push(Diagnostic::error("Invalid provider version number", detail).at(b.header));
                continue;
            };
            let hashes = inner.attribute("hashes").map(|a| eval_const(&a.expr).0);
            let hashes =
                hashes.iter().filter_map(|h| h.as_items()).flatten().filter_map(|h| h.as_str().map(str::to_owned));
            let constraints = text("constraints").and_then(|c| c.parse().ok());
            found.providers.insert(provider, Locked { version, constraints, hashes: hashes.collect() });
        }
        (found, diags)
    }

    /// The file's content, as Terraform would write it.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = "# This file is maintained automatically by \"terraform init\".\n# Manual edits may be lost in future updates.\n".to_owned();
        for (provider, locked) in &self.providers {
            let _ = writeln!(out, "\nprovider {} {{", quote(&provider.to_string()));
            match &locked.constraints {
                Some(c) => {
                    let _ = writeln!(out, "  version     = {}", quote(&locked.version.to_string()));
                    let _ = writeln!(out, "  constraints = {}", quote(&c.to_string()));
                }
                None => {
                    let _ = writeln!(out, "  version = {}", quote(&locked.version.to_string()));
                }
            }
            if !locked.hashes.is_empty() {
                out.push_str("  hashes = [\n");
                for h in &locked.hashes {
                    let _ = writeln!(out, "    {},", quote(h));
                }
                out.push_str("  ]\n");
            }
            out.push_str("}\n");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_files_round_trip() {
        let text = "# This file is maintained automatically by \"terraform init\".\n# Manual edits may be lost in future updates.\n\nprovider \"registry.terraform.io/hashicorp/aws\" {\n  version     = \"5.100.0\"\n  constraints = \"~> 5.0\"\n  hashes = [\n    \"h1:abc=\",\n  ]\n}\n";
        let (lock, diags) = LockFile::parse(LOCK_FILE, text.as_bytes(), &mut SourceMap::default());
        assert!(diags.is_empty(), "{diags:?}");
        assert_eq!(lock.to_text(), text);
        let (_, diags) = LockFile::parse(LOCK_FILE, b"provider \"x/y/z/q\" {\n}\n", &mut SourceMap::default());
        assert!(diags.has_errors());
    }
}
