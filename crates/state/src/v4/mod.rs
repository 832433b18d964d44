//! The state file, version 4, byte for byte as Terraform writes it.

mod json;
mod read;
mod write;

pub use read::{ReadError, instance_from_json, output_from_json, read};
pub use write::{instance_to_json, output_to_json, write};

#[cfg(test)]
mod tests;
