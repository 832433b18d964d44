//! Addresses of modules, resources, instances, outputs, checks and providers: parse, print, order.
//!
//! Printed forms are an interface: they are what state, plans and command lines contain. Addresses are cheap to clone.
//!
//! ```
//! let a: sdt_addr::ResourceInstance = r#"module.a["k"].aws_vpc.main[0]"#.parse().unwrap();
//! assert_eq!(a.module.to_string(), r#"module.a["k"]"#);
//! assert_eq!(a.to_string(), r#"module.a["k"].aws_vpc.main[0]"#);
//! ```
//!
//! It never looks at a configuration: whether an address exists is for others to say.

mod key;
mod module;
mod object;
mod parse;
mod provider;
mod resource;
mod target;

pub use key::{InstanceKey, quote};
pub use module::{ModuleInstance, ModulePath, ModuleStep};
pub use object::{AbsCheck, AbsOutput, AbsVariable};
pub use parse::{ParseError, Step, is_identifier, parse_steps, split_steps};
pub use provider::{AbsProviderConfig, DEFAULT_HOST, LocalProviderConfig, ProviderAddr};
pub use resource::{AbsResource, ConfigResource, Mode, ResourceAddr, ResourceInstance};
pub use target::{Subject, Target};
