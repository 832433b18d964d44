//! Where credentials come from: the configuration, the environment, shared files, the machine; then roles.

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{
    ProvideCredentials, Result as CredentialsResult, SharedCredentialsProvider, future,
};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_sdk_sts::types::{PolicyDescriptorType, Tag};

use crate::settings::{AssumeRole, AwsSettings, WebIdentity};

/// Credentials this close to their end are renewed first.
const MARGIN: Duration = Duration::from_secs(300);

/// The credentials before any role is assumed.
pub(crate) fn source(
    settings: &AwsSettings,
    config: &ProviderConfig,
    files: Option<&EnvConfigFiles>,
) -> SharedCredentialsProvider {
    if let (Some(key), Some(secret)) = (&settings.access_key, &settings.secret_key) {
        let given = Credentials::new(key, secret, settings.token.clone(), None, "configuration");
        return SharedCredentialsProvider::new(given);
    }
    let mut profile = ProfileFileCredentialsProvider::builder().configure(config);
    if let Some(files) = files {
        profile = profile.profile_files(files.clone());
    }
    if let Some(name) = &settings.profile {
        return cached(profile.profile_name(name).build());
    }
    let mut chain = CredentialsProviderChain::first_try("environment", EnvironmentVariableCredentialsProvider::new())
        .or_else("profile", profile.build())
        .or_else("web identity", WebIdentityTokenCredentialsProvider::builder().configure(config).build())
        .or_else("container", EcsCredentialsProvider::builder().configure(config).build());
    if !settings.skip_metadata_api_check {
        let mut imds = ImdsCredentialsProvider::builder().configure(config);
        if let Some(endpoint) = &settings.imds_endpoint
            && let Ok(client) = aws_config::imds::Client::builder().configure(config).endpoint(endpoint)
        {
            imds = imds.imds_client(client.build());
        }
        chain = chain.or_else("instance", imds.build());
    }
    cached(chain)
}

/// Keeps credentials for all clients: each client of the SDK would otherwise ask for its own.
pub(crate) fn cached(inner: impl ProvideCredentials + 'static) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Cached { inner: Box::new(inner), kept: tokio::sync::Mutex::default() })
}

struct Cached {
    inner: Box<dyn ProvideCredentials>,
    kept: tokio::sync::Mutex<Option<Credentials>>,
}

impl fmt::Debug for Cached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cached")
    }
}

impl ProvideCredentials for Cached {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let mut kept = self.kept.lock().await;
            let fresh = |c: &Credentials| c.expiry().is_none_or(|end| SystemTime::now() + MARGIN < end);
            if let Some(credentials) = kept.as_ref().filter(|c| fresh(c)) {
                return Ok(credentials.clone());
            }
            let credentials = self.inner.provide_credentials().await?;
            *kept = Some(credentials.clone());
            Ok(credentials)
        })
    }
}

/// Assumes a role with the credentials of `sts`.
pub(crate) struct Role {
    pub(crate) sts: aws_sdk_sts::Client,
    pub(crate) role: AssumeRole,
}

impl fmt::Debug for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Role({})", self.role.role_arn)
    }
}

impl Role {
    async fn assume(&self) -> CredentialsResult {
        let role = &self.role;
        let mut request = self
            .sts
            .assume_role()
            .role_arn(&role.role_arn)
            .role_session_name(role.session_name.clone().unwrap_or_else(session_name))
            .set_external_id(role.external_id.clone())
            .set_duration_seconds(seconds(role.duration))
            .set_policy(role.policy.clone())
            .set_source_identity(role.source_identity.clone())
            .set_policy_arns(policies(&role.policy_arns));
        for (key, value) in &role.tags {
            let tag = Tag::builder().key(key).value(value).build().map_err(CredentialsError::invalid_configuration)?;
            request = request.tags(tag);
        }
        for key in &role.transitive_tag_keys {
            request = request.transitive_tag_keys(key);
        }
        let output = request.send().await.map_err(|error| failed(&role.role_arn, &crate::AwsError::of(&error)))?;
        credentials(output.credentials, "assumed role")
    }
}

impl ProvideCredentials for Role {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assume())
    }
}

/// Assumes a role with the token of an identity provider.
pub(crate) struct WebIdentityRole {
    pub(crate) sts: aws_sdk_sts::Client,
    pub(crate) role: WebIdentity,
}

impl fmt::Debug for WebIdentityRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebIdentityRole({})", self.role.role_arn)
    }
}

impl WebIdentityRole {
    async fn assume(&self) -> CredentialsResult {
        let role = &self.role;
        let token = match (&role.token, &role.token_file) {
            (Some(token), _) => token.clone(),
            (None, Some(file)) => tokio::fs::read_to_string(file).await.map_err(|error| {
                CredentialsError::invalid_configuration(format!("reading the web identity token file {file}: {error}"))
            })?,
            (None, None) => {
                return Err(CredentialsError::invalid_configuration(
                    "assume_role_with_web_identity needs web_identity_token or web_identity_token_file",
                ));
            }
        };
        let output = self
            .sts
            .assume_role_with_web_identity()
            .role_arn(&role.role_arn)
            .role_session_name(role.session_name.clone().unwrap_or_else(session_name))
            .web_identity_token(token.trim())
            .set_duration_seconds(seconds(role.duration))
            .set_policy(role.policy.clone())
            .set_policy_arns(policies(&role.policy_arns))
            .send()
            .await
            .map_err(|error| failed(&role.role_arn, &crate::AwsError::of(&error)))?;
        credentials(output.credentials, "web identity")
    }
}

impl ProvideCredentials for WebIdentityRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assume())
    }
}

fn failed(role: &str, error: &crate::AwsError) -> CredentialsError {
    CredentialsError::provider_error(format!("assuming the role {role}: {error}"))
}

fn credentials(given: Option<aws_sdk_sts::types::Credentials>, provider: &'static str) -> CredentialsResult {
    let given = given.ok_or_else(|| CredentialsError::unhandled("STS answered without credentials"))?;
    let end = SystemTime::try_from(given.expiration).ok();
    Ok(Credentials::new(given.access_key_id, given.secret_access_key, Some(given.session_token), end, provider))
}

fn policies(arns: &[String]) -> Option<Vec<PolicyDescriptorType>> {
    let policies: Vec<_> = arns.iter().map(|arn| PolicyDescriptorType::builder().arn(arn).build()).collect();
    Some(policies).filter(|p| !p.is_empty())
}

fn seconds(duration: Option<Duration>) -> Option<i32> {
    duration.and_then(|d| i32::try_from(d.as_secs()).ok())
}

/// A name that shows in CloudTrail who it was and when.
fn session_name() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("sdt-{}", now.as_millis())
}
