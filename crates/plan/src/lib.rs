//! The plan: what a run would change, as data.
//!
//! A [`Plan`] holds every change with its reason, the values before and after, and the [`ExecGraph`] that apply runs. It can be
//! written to one file and read back ([`file`]); nothing in it refers to the process that made it.
//!
//! ```
//! use sdt_plan::{Action, ReplaceOrder};
//! assert_eq!(Action::Replace(ReplaceOrder::CreateFirst).names(), ["create", "delete"]);
//! ```
//!
//! It decides nothing: the engine fills it, `render` shows it, apply executes it.

mod change;
mod checks;
mod codec;
mod decode;
mod encode;
mod exec;
pub mod file;
mod node;
mod plan;
pub mod seal;

pub use change::{Action, Change, Importing, OutputChange, Reason, ReplaceOrder, Resume};
pub use checks::{CheckKind, CheckObject, CheckResults, CheckStatus, ObjectResult};
pub use codec::{CodecError, path_from_json, path_to_json, value_from_json, value_to_json};
pub use exec::{ExecGraph, ExecNode, Phase};
pub use node::NodeAddr;
pub use plan::{Base, Counts, DeferReason, Deferred, Drift, Generated, Marked, Override, Plan, PlanMode, Relevant};
