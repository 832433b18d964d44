//! The simulated world: a cloud, a provider for it, a store, and death at a chosen step; and worlds in which one seed decides
//! everything.

mod chaos;
mod chaos_cloud;
mod chaos_provider;
mod chaos_store;
mod cloud;
mod mortal;
mod provider;
mod rng;
mod scenario;
mod seeds;
mod store;
mod thing;
mod world;

pub use chaos::{Chaos, Mutation, Rates, Reply};
pub use chaos_cloud::{Calls, ChaosCloud, Item};
pub use chaos_provider::ChaosProvider;
pub use chaos_store::ChaosStore;
pub use cloud::{Cloud, Thing};
pub use mortal::{Fault, Mortal};
pub use provider::SimProvider;
pub use rng::Rng;
pub use scenario::{Scenario, Size};
pub use seeds::{Failure, check, run, shrink};
pub use store::MortalStore;
pub use world::{Ended, World, memory_config};
