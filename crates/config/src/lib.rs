//! Terraform configurations as data: the tree of modules with everything their files declare.
//!
//! [`load`] reads files through [`Files`] and returns a [`Config`] with whatever is wrong with it. [`check_tree`] and [`check_object`]
//! look at references, [`decode`] turns a block into a value by a schema, [`assign_values`] gives the root module's variables theirs.
//!
//! ```
//! use std::{io, path::Path};
//! use sdt_config::{Files, Load, load};
//! use sdt_diag::SourceMap;
//!
//! struct One;
//! impl Files for One {
//!     fn read_dir(&self, _: &Path) -> io::Result<Vec<String>> {
//!         Ok(vec!["main.tf".into()])
//!     }
//!     fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
//!         Ok(b"variable \"v\" {\n  default = 1\n}\n".to_vec())
//!     }
//! }
//!
//! let loaded = load(&One, &Load::default(), &mut SourceMap::default());
//! assert!(loaded.diagnostics.is_empty());
//! assert!(!loaded.config.root.variables["v"].required());
//! ```
//!
//! Nothing here reads files, clock or environment by itself, and nothing is planned or applied.

mod check;
mod decode;
mod literal;
mod load;
mod lock;
mod model;
mod package;
mod providers;
mod provisioner;
mod reference;
mod source;
mod statics;
#[cfg(test)]
mod testing;
mod types;
mod values;
mod version;

pub use check::{
    Context, Object, Readable, Repetition, SchemaLookup, argument, check_object, check_resource, check_tree, suggestion,
};
pub use decode::{check_body, decode, span_of};
pub use load::{Files, Installer, Load, Loaded, Manifest, ManifestEntry, load, load_installing};
pub use lock::{LOCK_FILE, LockFile, Locked};
pub use model::{
    Backend, Check, CheckRule, ComputedSource, Config, IgnoreChanges, Import, Lifecycle, Local, Module, ModuleCall,
    MoveEndpoint, Moved, OnFailure, Output, ParsingMode, PassedProvider, ProviderConfig, ProviderMeta, Provisioner,
    ProvisionerWhen, Removed, RequiredProvider, RequiredVersion, Resource, Variable,
};
pub use package::{Getter, Package, RegistryModule, S3Place, query, s3_place, split_subdir};
pub use providers::{ACTS_AS, check_versions};
pub use provisioner::{connection_schema, provisioner_schema};
pub use reference::{Reference, Referenceable, collect, parse_reference, references_in_body, references_in_expr};
pub use sdt_hcl::ConfigBody;
pub use source::ModuleSource;
pub use types::{Defaults, plain_type, type_constraint};
pub use values::{
    Assignment, Given, Origin, assign_values, auto_value_files, missing_values, parse_var_option, read_values_file,
};
pub use version::{Version, VersionConstraints, VersionError};
