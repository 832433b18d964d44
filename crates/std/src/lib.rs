//! Built-in small providers: `terraform_data` and `terraform_remote_state` (terraform.io/builtin/terraform), and those of hashicorp
//! that modules use beside a cloud: random, null, local, time, external, tls, archive, http.
//!
//! Only `data http` and `data tls_certificate` use a network. Randomness and the states of other configurations are handed in.
//!
//! ```
//! let provider = sdt_std::terraform(sdt_std::Random::fixed(7), None);
//! assert_eq!(sdt_provider::Provider::source(&provider), "terraform.io/builtin/terraform");
//! ```

mod archive;
mod digests;
mod entropy;
mod external;
mod files;
mod helpers;
mod http;
mod local;
mod net;
mod null;
mod random;
mod random_ephemeral;
mod random_more;
mod random_schema;
mod random_state;
mod terraform;
mod time;
mod tls;

pub use archive::archive;
pub use entropy::Random;
pub use external::external;
pub use files::local;
pub use http::http;
pub use local::{ConfigCheck, Definition, LocalProvider};
pub use null::null;
pub use random::random;
pub use terraform::{RemoteStates, terraform};
pub use time::time;
pub use tls::tls;
