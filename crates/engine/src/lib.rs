//! The engine: what a configuration, a state and the answers of providers mean together.
//!
//! [`PlanWalk`] and [`ApplyWalk`] are synchronous state machines: they take an [`Event`] and return [`Op`]s. A driver runs the
//! operations and tells what came of them; the simulator is another driver. The engine reads no file, environment, clock or
//! random source and prints nothing.

mod apply;
mod console;
mod convert;
mod core;
mod ephemeral;
mod exec;
mod expand;
mod graph;
mod input;
mod inspect;
mod lifecycle;
mod moves;
mod op;
mod overrides;
mod plan;
mod refs;
mod relevant;
mod resource_config;
mod rules;
mod sched;
mod scope;
mod slots;
mod summary;
mod targets;
mod tree;
mod validate;

pub use apply::{ApplyInput, ApplyWalk};
pub use console::Console;
pub use input::{InputValue, PlanOptions, ProviderLookup, Variables};
pub use op::{Answer, EphemeralStep, Event, Op, OpId, Progress, ProviderKey};
pub use overrides::complete;
pub use plan::{Ahead, PlanInput, PlanWalk};
pub use scope::{Env, Functions};
pub use summary::{ObjectGraph, ResourceGraph, object_graph, resource_graph};
pub use validate::validate;
