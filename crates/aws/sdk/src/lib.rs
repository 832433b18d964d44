//! AWS client configuration: credentials, region, endpoints, one HTTP client. Nothing else.
//!
//! [`load`] makes an [`AwsConfig`] from what a provider or backend block says and what the environment adds, without
//! touching the network: credentials are fetched when the first request needs them, TLS is set up when the first
//! `https` request is made. [`AwsError`] turns whatever a client answers into something to tell people.
//!
//! ```no_run
//! # async fn example() -> Result<(), sdt_aws_sdk::ConfigError> {
//! let config = sdt_aws_sdk::load(&sdt_aws_sdk::AwsSettings { region: Some("eu-west-1".into()), ..Default::default() }).await?;
//! let sts = aws_sdk_sts::Client::new(&config.service("sts"));
//! # Ok(()) }
//! ```

mod credentials;
mod error;
mod fetch;
mod http;
mod load;
mod settings;

pub use error::{AwsError, AwsErrorKind};
pub use fetch::{Fetched, fetch};
pub use load::{AwsConfig, ConfigError, load};
pub use settings::{AssumeRole, AwsSettings, RetryMode, WebIdentity};
