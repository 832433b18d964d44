//! What a provider or backend block can say about reaching AWS.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Settings as configured; what is none or empty comes from the environment and the shared files.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AwsSettings {
    /// `region`
    pub region: Option<String>,
    /// `profile`; takes precedence over credentials in the environment, as in Terraform.
    pub profile: Option<String>,
    /// `access_key`
    pub access_key: Option<String>,
    /// `secret_key`
    pub secret_key: Option<String>,
    /// `token`
    pub token: Option<String>,
    /// `shared_config_files`
    pub shared_config_files: Vec<String>,
    /// `shared_credentials_files`
    pub shared_credentials_files: Vec<String>,
    /// Roles to assume, one with the credentials of the one before.
    pub assume_role: Vec<AssumeRole>,
    /// `assume_role_with_web_identity`
    pub assume_role_with_web_identity: Option<WebIdentity>,
    /// Endpoint URLs by service, in the provider's spelling (`s3`, `dynamodb`, `elbv2`, …).
    pub endpoints: BTreeMap<String, String>,
    /// `custom_ca_bundle`: a file of PEM certificates that are trusted instead of the system's.
    pub ca_bundle: Option<String>,
    /// `http_proxy`
    pub http_proxy: Option<String>,
    /// `https_proxy`; without it `http_proxy` serves for both, as in Terraform.
    pub https_proxy: Option<String>,
    /// `no_proxy`
    pub no_proxy: Option<String>,
    /// `max_retries`
    pub max_retries: Option<u32>,
    /// `retry_mode`
    pub retry_mode: Option<RetryMode>,
    /// `skip_metadata_api_check`: the instance's metadata service is not asked for credentials.
    pub skip_metadata_api_check: bool,
    /// `skip_region_validation`
    pub skip_region_validation: bool,
    /// `skip_credentials_validation`: nothing is validated before it is needed anyway; kept for those who ask.
    pub skip_credentials_validation: bool,
    /// `skip_requesting_account_id`
    pub skip_requesting_account_id: bool,
    /// `ec2_metadata_service_endpoint`
    pub imds_endpoint: Option<String>,
    /// `use_fips_endpoint`
    pub use_fips: Option<bool>,
    /// `use_dualstack_endpoint`
    pub use_dualstack: Option<bool>,
    /// `s3_use_path_style`
    pub s3_use_path_style: bool,
    /// `insecure`: refused, since the TLS stack always verifies; a CA bundle does what is wanted.
    pub insecure: bool,
    /// `sts_region`
    pub sts_region: Option<String>,
}

impl fmt::Debug for AwsSettings {
    /// Without keys and tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsSettings")
            .field("region", &self.region)
            .field("profile", &self.profile)
            .field("endpoints", &self.endpoints)
            .finish_non_exhaustive()
    }
}

/// How retries are paced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryMode {
    /// Back off exponentially.
    Standard,
    /// Also limit the rate of requests by what AWS accepts.
    Adaptive,
}

/// A role to assume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssumeRole {
    /// `role_arn`
    pub role_arn: String,
    /// `session_name`
    pub session_name: Option<String>,
    /// `external_id`
    pub external_id: Option<String>,
    /// `duration`
    pub duration: Option<Duration>,
    /// `policy`
    pub policy: Option<String>,
    /// `policy_arns`
    pub policy_arns: Vec<String>,
    /// `source_identity`
    pub source_identity: Option<String>,
    /// `tags`
    pub tags: BTreeMap<String, String>,
    /// `transitive_tag_keys`
    pub transitive_tag_keys: Vec<String>,
}

/// A role to assume with the token of an identity provider.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct WebIdentity {
    /// `role_arn`
    pub role_arn: String,
    /// `session_name`
    pub session_name: Option<String>,
    /// `duration`
    pub duration: Option<Duration>,
    /// `policy`
    pub policy: Option<String>,
    /// `policy_arns`
    pub policy_arns: Vec<String>,
    /// `web_identity_token`
    pub token: Option<String>,
    /// `web_identity_token_file`
    pub token_file: Option<String>,
}

impl fmt::Debug for WebIdentity {
    /// Without the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebIdentity")
            .field("role_arn", &self.role_arn)
            .field("token_file", &self.token_file)
            .finish_non_exhaustive()
    }
}
