//! Built-in small providers: `terraform_data` and `terraform_remote_state` (terraform.io/builtin/terraform), `random_*`
//! (hashicorp/random), and the public providers null, local, time and external.
//!
//! They act without a network. Randomness and the states of other configurations are handed in.
//!
//! ```
//! let provider = sdt_std::terraform(sdt_std::Random::fixed(7), None);
//! assert_eq!(sdt_provider::Provider::source(&provider), "terraform.io/builtin/terraform");
//! ```

mod entropy;
mod external;
mod files;
mod helpers;
mod local;
mod null;
mod random;
mod random_more;
mod random_schema;
mod terraform;
mod time;

pub use entropy::Random;
pub use external::external;
pub use files::local;
pub use local::{Definition, LocalProvider};
pub use null::null;
pub use random::random;
pub use terraform::{RemoteStates, terraform};
pub use time::time;
