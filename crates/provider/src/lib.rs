//! The contract between the engine and whatever manages objects: native types, built-in providers, plugins.
//!
//! Two traits: [`Provider`] is unconfigured (schemas, validation, state upgrades, pure and instant); [`Instance`] is one provider
//! configuration that talks to its service. Both are object-safe and shaped like the plugin protocol, so that a plugin host fits behind them.

mod api;

pub use api::*;
