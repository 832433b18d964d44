//! What tests share: the conformance suite of resource types, and a simulated world with faults. Never published.

pub mod conformance;
pub mod sim;
