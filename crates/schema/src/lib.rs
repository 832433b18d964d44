//! Schemas of configuration blocks, and the pure rules over them: proposed new state, validity of a plan, differences.

mod block;
mod coerce;
mod planned;
mod proposed;

pub use block::{Attribute, Block, NestedBlock, Nesting, Schema};
pub use coerce::coerce;
pub use planned::{check_applied, check_planned};
pub use proposed::proposed_new;
