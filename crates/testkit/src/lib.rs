//! What tests share: the conformance suite of resource types. Never published.

pub mod conformance;
