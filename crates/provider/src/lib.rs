//! The contract between the engine and whatever manages objects, and the framework that native types are declared in.
//!
//! Two traits make the contract: [`Provider`] is unconfigured (schemas, validation, state upgrades, pure and instant); [`Instance`]
//! is one provider configuration that talks to its service. Both are object-safe and shaped like the plugin protocol, so that a plugin
//! host fits behind them.
//!
//! A native type is a struct with `#[derive(Resource)]` and an `impl Resource` with its calls (`docs/adding-a-resource-type.md`).
//! [`Native`] turns lists of such types into a provider: schema, validation, planning, lifecycle and bulk reads are computed here
//! once for all of them. Nothing in this crate knows AWS.

mod api;
pub mod checks;
mod convert;
mod declare;
pub mod equal;
mod error;
mod lifecycle;
mod lost;
mod native;
mod plan;
mod refresh;
mod resource;
mod same;
mod tags;
mod timeouts;
mod validate;
mod wait;
mod written;

use std::collections::BTreeMap;

pub use api::*;
pub use async_trait::async_trait;
pub use convert::{
    FromValue, Misfit, ToValue, field, fit_as_read, fit_object, no_block, only, tag_map, tags_value, with, zero_of,
};
pub use declare::{Check, Content, Decl, Declared, Described, Field, Lit, Meta, NOTHING, Name, Same, Ty};
pub use error::{Class, Error, HERE};
pub use lost::reply_lost;
pub use native::{Backend, Native, Service, fit_json};
pub use plan::{PlanEdit, plan};
pub use refresh::Refresh;
pub use resource::{Changes, Cx, DataSource, DataSourceType, Resource, ResourceType, Token, data_source, resource};
pub use same::{after_apply, after_read, is_zero, same, same_object};
pub use sdt_diag::Severity;
pub use sdt_provider_derive::{Block, DataSource, Resource};
pub use sdt_schema::Nesting;
pub use sdt_value::{Path, Value};
pub use tags::{OPERATION_TAG, TagSettings};
pub use timeouts::{parse_duration, private, timeout};
pub use validate::{error as invalid, validate};
pub use wait::{Pace, Seen};
pub use written::as_written;

/// Set only by the service. The derives read this name; to the program it is an option.
pub type Computed<T> = Option<T>;

/// Set by the configuration, else by the service.
pub type OptComputed<T> = Option<T>;

/// The id of an object, empty while there is none.
pub type Id = String;

/// A list of blocks or values without order or duplicates.
pub type Set<T> = Vec<T>;

/// Values by name.
pub type Map<T> = BTreeMap<String, T>;

/// Everything that is, or is to be, on the object: the framework splits it into `tags` and `tags_all`.
pub type Tags = BTreeMap<String, String>;

/// JSON text, compared by meaning.
pub type Json = String;
