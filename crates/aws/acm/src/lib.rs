//! AWS Certificate Manager.
