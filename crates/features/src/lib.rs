//! Nothing but a manifest: it switches on, for crates that AWS SDK crates are built on, every feature that any crate of sdt needs.
//!
//! Cargo unites features over what is selected, so `cargo build -p sdt-aws-ec2` and `cargo build --workspace` would otherwise build
//! the SDK crates twice with different features of `time`, `uuid` or `serde`: twenty minutes for nothing. Every crate that names an SDK
//! crate depends on this one.
