//! The dependency lock file, `.terraform.lock.hcl`: Terraform's, read through serde and never written.

use std::collections::BTreeMap;

use sdt_addr::ProviderAddr;
use sdt_diag::{Diagnostic, Diagnostics};
use serde::Deserialize;

use crate::{Version, VersionConstraints};

/// Name of the file.
pub const LOCK_FILE: &str = ".terraform.lock.hcl";

/// The versions of providers that Terraform has chosen for a configuration.
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
}

/// The file as it stands; what else it holds (checksums of packages) is not for us.
#[derive(Default, Deserialize)]
struct File {
    #[serde(default)]
    provider: BTreeMap<String, Block>,
}

#[derive(Deserialize)]
struct Block {
    version: String,
    constraints: Option<String>,
}

impl LockFile {
    /// Reads the file's content.
    ///
    /// # Errors
    ///
    /// When it is not HCL, or a block names no provider or version: the place and what to do.
    pub fn parse(text: &str) -> Result<Self, Diagnostics> {
        let file: File = hcl::from_str(text).map_err(|e| {
            Diagnostic::error(
                "Failed to read the dependency lock file",
                format!("{LOCK_FILE}: {e}. Restore the file from version control, or delete it: sdt does not need it."),
            )
        })?;
        let mut found = Self::default();
        let mut diags = Diagnostics::new();
        for (source, block) in file.provider {
            let Ok(provider) = source.parse() else {
                diags.push(Diagnostic::error(
                    "Invalid provider source address",
                    format!("{LOCK_FILE}: {source:?} is not the source of a provider."),
                ));
                continue;
            };
            let Ok(version) = block.version.parse() else {
                diags.push(Diagnostic::error(
                    "Invalid provider version number",
                    format!(
                        "{LOCK_FILE}: the version {:?} locked for {source} is none. Delete the block, or the file.",
                        block.version
                    ),
                ));
                continue;
            };
            let constraints = block.constraints.and_then(|c| c.parse().ok());
            found.providers.insert(provider, Locked { version, constraints });
        }
        if diags.has_errors() { Err(diags) } else { Ok(found) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_files() {
        let text = "# maintained by terraform\n\nprovider \"registry.terraform.io/hashicorp/aws\" {\n  version     = \"5.100.0\"\n  constraints = \"~> 5.0\"\n  hashes = [\n    \"h1:abc=\",\n  ]\n}\n\nprovider \"registry.terraform.io/hashicorp/random\" {\n  version = \"3.7.2\"\n}\n";
        let lock = LockFile::parse(text).unwrap();
        let versions: Vec<String> = lock.providers.iter().map(|(p, l)| format!("{p} {}", l.version)).collect();
        assert_eq!(
            versions,
            ["registry.terraform.io/hashicorp/aws 5.100.0", "registry.terraform.io/hashicorp/random 3.7.2"]
        );
        for broken in
            ["provider \"x/y/z/q\" {\n}\n", "provider \"hashicorp/aws\" {\n  version = \"x\"\n}\n", "provider {"]
        {
            assert!(LockFile::parse(broken).is_err(), "{broken}");
        }
    }
}
