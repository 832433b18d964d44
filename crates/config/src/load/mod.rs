//! From files to [`Config`].

mod assemble;
mod call;
mod constants;
mod file;
mod providers;
mod refactor;
mod resource;
mod rule;
mod settings;
#[cfg(test)]
mod tests;
mod tree;
mod variable;

use std::io;
use std::path::Path;

use sdt_hcl::{AttributeSchema, BlockSchema, BodySchema};

pub(crate) use file::parse;
pub(crate) use providers::is_empty as is_empty_provider;
pub use tree::{Installer, Load, Loaded, Manifest, ManifestEntry, load, load_installing};
pub(crate) use variable::at_path;

/// Files as the program that uses this crate sees them. Paths are relative to the working folder.
pub trait Files {
    /// Names of the entries of a folder, folders among them.
    ///
    /// # Errors
    /// When there is no such folder, or it cannot be read.
    fn read_dir(&self, dir: &Path) -> io::Result<Vec<String>>;

    /// The content of a file.
    ///
    /// # Errors
    /// When there is no such file, or it cannot be read.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
}

/// Arguments of a `module` block that are not the module's variables.
pub(crate) const MODULE_ARGUMENTS: [&str; 6] = ["source", "version", "count", "for_each", "depends_on", "providers"];

/// A schema; an attribute with `!` in front is required.
pub(crate) fn schema(attributes: &[&str], blocks: &[(&str, &[&str])]) -> BodySchema {
    let attribute = |name: &&str| match name.strip_prefix('!') {
        Some(name) => AttributeSchema::required(name),
        None => AttributeSchema::optional(name),
    };
    BodySchema {
        attributes: attributes.iter().map(attribute).collect(),
        blocks: blocks.iter().map(|(kind, labels)| BlockSchema::new(kind, labels)).collect(),
    }
}
