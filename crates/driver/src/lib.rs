//! The driver: runs the operations that the engine's walks ask for, with tokio.
//!
//! The engine decides, the driver acts: it calls providers concurrently, writes the journal before each call that changes
//! something, tells a display what goes on, and passes interrupts on. It decides nothing about a configuration.

mod interrupt;
mod journal;
mod progress;
mod provision;
mod run;
mod work;

pub use interrupt::Interrupt;
pub use progress::{NoProgress, ProgressSink};
pub use run::{ApplyOutcome, Persistence, Settings, apply, plan};
