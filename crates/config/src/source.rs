//! Where a called module comes from.

use std::fmt;

/// A module's source address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModuleSource {
    /// A folder relative to the calling module: `./m`, `../m`.
    Local(String),
    /// A registry's module: `terraform-aws-modules/vpc/aws`, with a host before it where it is not the default one.
    Registry(String),
    /// Anything else: a repository or an archive.
    Remote(String),
}

impl ModuleSource {
    /// Reads a source.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(raw: &str) -> Result<Self, String> {
        if raw.is_empty() {
            return Err("A module source address is required.".into());
        }
        let unix = raw.replace('\\', "/");
        if unix.starts_with("./") || unix.starts_with("../") {
            return Ok(Self::Local(raw.into()));
        }
        let path = raw.split("//").next().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').collect();
        let word = |s: &&str| !s.is_empty() && s.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        let is_registry = match parts.as_slice() {
            names @ [_, _, _] => names.iter().all(word) && !raw.contains("::"),
            [host, names @ ..] if names.len() == 3 => {
                host.contains('.') && !["github.com", "bitbucket.org"].contains(host) && names.iter().all(word)
            }
            _ => false,
        };
        if is_registry {
            return Ok(Self::Registry(raw.into()));
        }
        let remote = raw.contains("::") || raw.contains("://") || raw.starts_with('/') || raw.contains('@');
        let known_host = ["github.com/", "bitbucket.org/"].iter().any(|h| raw.starts_with(h));
        if remote || known_host || parts.first().is_some_and(|h| h.contains('.') && parts.len() > 1) {
            return Ok(Self::Remote(raw.into()));
        }
        Err(format!(
            "The source {raw:?} is neither a local path nor the address of a registry module or repository. A folder below this one is written with ./ in front, one beside it with ../ in front."
        ))
    }

    /// The source as written.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Local(s) | Self::Registry(s) | Self::Remote(s) => s,
        }
    }
}

impl fmt::Display for ModuleSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
