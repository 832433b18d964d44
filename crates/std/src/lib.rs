//! Built-in small providers: `terraform_data` and `terraform_remote_state` (terraform.io/builtin/terraform), `random_*`
//! (hashicorp/random).
//!
//! They act without a network. Randomness and the states of other configurations are handed in.
//!
//! ```
//! let provider = sdt_std::terraform(sdt_std::Random::fixed(7), None);
//! assert_eq!(sdt_provider::Provider::source(&provider), "terraform.io/builtin/terraform");
//! ```

mod entropy;
mod helpers;
mod local;
mod random;
mod random_schema;
mod terraform;

pub use entropy::Random;
pub use local::{Definition, LocalProvider};
pub use random::random;
pub use terraform::{RemoteStates, terraform};
