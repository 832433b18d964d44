//! The simulated world: a cloud, a provider for it, a store, and death at a chosen step.

mod cloud;
mod mortal;
mod provider;
mod store;
mod world;

pub use cloud::{Cloud, Thing};
pub use mortal::{Fault, Mortal};
pub use provider::SimProvider;
pub use store::MortalStore;
pub use world::{Ended, World, memory_config};
