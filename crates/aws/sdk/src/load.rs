//! From settings and environment to a configuration that clients are made of.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_config::environment::region::EnvironmentVariableRegionProvider;
use aws_config::meta::region::ProvideRegion as _;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_types::SdkConfig;
use aws_types::origin::Origin;
use aws_types::os_shim_internal::{Env, Fs};

use crate::credentials::{Role, WebIdentityRole, cached, source};
use crate::http::{LazyClient, Proxies};
use crate::settings::{AwsSettings, RetryMode};

/// Tries of a request when neither configuration nor environment says how many.
const ATTEMPTS: u32 = 5;

/// A configuration that cannot work. The text says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// There is no region.
    #[error("no AWS region is configured: set `region`, AWS_REGION, or a region in the profile")]
    NoRegion,
    /// The region cannot be one.
    #[error("{0:?} is not the name of an AWS region, such as eu-west-1 (skip_region_validation accepts any)")]
    InvalidRegion(String),
    /// One half of a key pair.
    #[error("{given} is set without {missing}: static credentials need both")]
    HalfCredentials {
        /// The half that is there.
        given: &'static str,
        /// The other.
        missing: &'static str,
    },
    /// A file of certificates that cannot be used.
    #[error("the CA bundle {path} ({setting}) {problem}")]
    CaBundle {
        /// Where it is.
        path: String,
        /// What names it.
        setting: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// A profile that is nowhere.
    #[error("the AWS profile {name:?} ({setting}) is in none of the shared config and credentials files{known}")]
    NoProfile {
        /// Its name.
        name: String,
        /// What names it.
        setting: &'static str,
        /// Those that are there.
        known: String,
    },
    /// Shared files that cannot be read.
    #[error("the shared AWS config and credentials files cannot be used: {0}")]
    SharedFiles(String),
    /// A proxy that cannot be used.
    #[error("{setting} = {url:?} is no URL of a proxy, such as http://proxy.example.com:3128: {problem}")]
    Proxy {
        /// What names it.
        setting: &'static str,
        /// The URL, without user and password.
        url: String,
        /// What is wrong.
        problem: String,
    },
    /// An endpoint that is no URL.
    #[error(
        "the endpoint {url:?} of {service} is no URL, such as https://example.com: it must begin with http:// or https://"
    )]
    Endpoint {
        /// The service.
        service: String,
        /// As given.
        url: String,
    },
    /// Certificates are always verified.
    #[error(
        "`insecure` is not supported, since it lets anybody read state and credentials: name the server's CA in `custom_ca_bundle` or AWS_CA_BUNDLE instead"
    )]
    Insecure,
}

/// What clients are made of. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AwsConfig {
    sdk: SdkConfig,
    endpoints: Arc<BTreeMap<String, String>>,
    /// The region.
    pub region: String,
    /// Whether buckets go into the path of the URL instead of its host name.
    pub s3_use_path_style: bool,
}

impl AwsConfig {
    /// The configuration for clients of a service, by its name in Terraform's `endpoints`: `s3`, `dynamodb`, `elbv2`.
    #[must_use]
    pub fn service(&self, name: &str) -> SdkConfig {
        match self.endpoints.get(name) {
            None => self.sdk.clone(),
            Some(url) => with_endpoint(&self.sdk, url),
        }
    }

    /// The configuration that knows no service.
    #[must_use]
    pub const fn sdk(&self) -> &SdkConfig {
        &self.sdk
    }

    /// The same for another region.
    #[must_use]
    pub fn with_region(&self, region: &str) -> Self {
        let sdk = self.sdk.to_builder().region(Region::new(region.to_owned())).build();
        Self { sdk, region: region.to_owned(), ..self.clone() }
    }

    /// Fetches credentials now, for an early and clear error.
    ///
    /// # Errors
    /// A text that says why there are none and what to do.
    pub async fn check_credentials(&self) -> Result<(), crate::AwsError> {
        let Some(provider) = self.sdk.credentials_provider() else { return Ok(()) };
        provider.provide_credentials().await.map(drop).map_err(|error| crate::AwsError {
            kind: crate::AwsErrorKind::NoCredentials,
            code: None,
            message: crate::error::credentials(&error),
            status: None,
            request_id: None,
        })
    }
}

/// Makes a configuration of settings, environment and shared files. Asks nobody on the network.
///
/// # Errors
/// When something in it cannot work, whoever is asked.
pub async fn load(settings: &AwsSettings) -> Result<AwsConfig, ConfigError> {
    check(settings)?;
    let http = LazyClient::new(ca_bundle(settings)?, proxies(settings)?);
    let files = files(settings);
    check_profile(settings, files.as_ref()).await?;
    let region = region(settings, files.as_ref()).await?;
    let provider_config =
        ProviderConfig::default().with_http_client(http.clone()).with_region(Some(Region::new(region.clone())));
    let credentials = source(settings, &provider_config, files.as_ref());
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(region.clone()))
        .http_client(http)
        .credentials_provider(credentials);
    if let Some(retry) = retry(settings) {
        loader = loader.retry_config(retry);
    }
    if let Some(name) = &settings.profile {
        loader = loader.profile_name(name);
    }
    if let Some(files) = files {
        loader = loader.profile_files(files);
    }
    if let Some(fips) = settings.use_fips {
        loader = loader.use_fips(fips);
    }
    if let Some(dualstack) = settings.use_dualstack {
        loader = loader.use_dual_stack(dualstack);
    }
    let sdk = loader.load().await;
    let endpoints = endpoints(settings)?;
    let sdk = with_roles(settings, sdk, endpoints.get("sts").map(String::as_str));
    Ok(AwsConfig { sdk, endpoints: Arc::new(endpoints), region, s3_use_path_style: settings.s3_use_path_style })
}

fn check(settings: &AwsSettings) -> Result<(), ConfigError> {
    match (&settings.access_key, &settings.secret_key) {
        (Some(_), None) => return Err(ConfigError::HalfCredentials { given: "access_key", missing: "secret_key" }),
        (None, Some(_)) => return Err(ConfigError::HalfCredentials { given: "secret_key", missing: "access_key" }),
        _ => {}
    }
    if settings.insecure {
        return Err(ConfigError::Insecure);
    }
    Ok(())
}

fn with_roles(settings: &AwsSettings, mut sdk: SdkConfig, endpoint: Option<&str>) -> SdkConfig {
    let sts = |sdk: &SdkConfig| {
        let mut config = match endpoint {
            Some(url) => with_endpoint(sdk, url),
            None => sdk.clone(),
        };
        if let Some(region) = &settings.sts_region {
            config = config.into_builder().region(Region::new(region.clone())).build();
        }
        aws_sdk_sts::Client::new(&config)
    };
    let using =
        |sdk: &SdkConfig, provider: SharedCredentialsProvider| sdk.to_builder().credentials_provider(provider).build();
    if let Some(role) = &settings.assume_role_with_web_identity {
        let role = WebIdentityRole { sts: sts(&sdk), role: role.clone() };
        sdk = using(&sdk, cached(role));
    }
    for role in &settings.assume_role {
        let role = Role { sts: sts(&sdk), role: role.clone() };
        sdk = using(&sdk, cached(role));
    }
    sdk
}

/// An endpoint from the configuration goes before every environment variable.
fn with_endpoint(sdk: &SdkConfig, url: &str) -> SdkConfig {
    let mut builder = sdk.to_builder().endpoint_url(url);
    builder.insert_origin("endpoint_url", Origin::shared_config());
    builder.build()
}

fn files(settings: &AwsSettings) -> Option<EnvConfigFiles> {
    if settings.shared_config_files.is_empty() && settings.shared_credentials_files.is_empty() {
        return None;
    }
    let mut files = EnvConfigFiles::builder();
    for (kind, paths) in [
        (EnvConfigFileKind::Config, &settings.shared_config_files),
        (EnvConfigFileKind::Credentials, &settings.shared_credentials_files),
    ] {
        for path in paths {
            files = files.with_file(kind, home(path));
        }
        if paths.is_empty() {
            files = match kind {
                EnvConfigFileKind::Config => files.include_default_config_file(true),
                EnvConfigFileKind::Credentials => files.include_default_credentials_file(true),
            };
        }
    }
    Some(files.build())
}

/// Terraform expands `~` in these paths.
fn home(path: &str) -> String {
    match (path.strip_prefix("~/"), var("HOME")) {
        (Some(rest), Some(home)) => format!("{home}/{rest}"),
        _ => path.to_owned(),
    }
}

/// A profile that is named must be there, unless static credentials make it pointless.
async fn check_profile(settings: &AwsSettings, files: Option<&EnvConfigFiles>) -> Result<(), ConfigError> {
    let (name, setting) = match (&settings.profile, var("AWS_PROFILE")) {
        (Some(name), _) => (name.clone(), "profile"),
        (None, Some(name)) => (name, "AWS_PROFILE"),
        (None, None) => return Ok(()),
    };
    if settings.access_key.is_some() || (setting == "AWS_PROFILE" && var("AWS_ACCESS_KEY_ID").is_some()) {
        return Ok(());
    }
    let files = files.cloned().unwrap_or_default();
    let profiles = aws_config::profile::load(&Fs::real(), &Env::real(), &files, None)
        .await
        .map_err(|error| ConfigError::SharedFiles(crate::error::chain(&error)))?;
    if profiles.get_profile(&name).is_some() {
        return Ok(());
    }
    let mut known: Vec<&str> = profiles.profiles().collect();
    known.sort_unstable();
    let known = if known.is_empty() { String::new() } else { format!("; there are: {}", known.join(", ")) };
    Err(ConfigError::NoProfile { name, setting, known })
}

/// The instance metadata service is not asked: off AWS that would cost seconds before the clear error.
async fn region(settings: &AwsSettings, files: Option<&EnvConfigFiles>) -> Result<String, ConfigError> {
    let region = match settings.region.clone().filter(|r| !r.is_empty()) {
        Some(region) => Some(region),
        None => match EnvironmentVariableRegionProvider::new().region().await {
            Some(region) => Some(region.to_string()),
            None => {
                let mut profile = ProfileFileRegionProvider::builder();
                if let Some(name) = &settings.profile {
                    profile = profile.profile_name(name);
                }
                if let Some(files) = files {
                    profile = profile.profile_files(files.clone());
                }
                profile.build().region().await.map(|r| r.to_string())
            }
        },
    };
    let region = region.filter(|r| !r.is_empty()).ok_or(ConfigError::NoRegion)?;
    if !settings.skip_region_validation && !is_region(&region) {
        return Err(ConfigError::InvalidRegion(region));
    }
    Ok(region)
}

/// `us-gov-west-1`: two letters, words, a number. New regions appear, so there is no list.
fn is_region(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    let [first, words @ .., number] = parts.as_slice() else { return false };
    let letters = |s: &&str| !s.is_empty() && s.chars().all(|c| c.is_ascii_lowercase());
    letters(first) && !words.is_empty() && words.iter().all(letters) && number.parse::<u8>().is_ok()
}

fn retry(settings: &AwsSettings) -> Option<RetryConfig> {
    if settings.max_retries.is_none()
        && settings.retry_mode.is_none()
        && (var("AWS_MAX_ATTEMPTS").is_some() || var("AWS_RETRY_MODE").is_some())
    {
        return None;
    }
    let config = match settings.retry_mode {
        Some(RetryMode::Adaptive) => RetryConfig::adaptive(),
        _ => RetryConfig::standard(),
    };
    // As in Terraform, `max_retries` counts the tries.
    let attempts = settings.max_retries.unwrap_or(ATTEMPTS).max(1);
    Some(config.with_max_attempts(attempts))
}

fn endpoints(settings: &AwsSettings) -> Result<BTreeMap<String, String>, ConfigError> {
    let mut endpoints = BTreeMap::new();
    // Terraform's own older variables; the newer AWS_ENDPOINT_URL_… are the SDK's business and go before them.
    for (service, old, new) in [
        ("dynamodb", "AWS_DYNAMODB_ENDPOINT", "AWS_ENDPOINT_URL_DYNAMODB"),
        ("iam", "AWS_IAM_ENDPOINT", "AWS_ENDPOINT_URL_IAM"),
        ("s3", "AWS_S3_ENDPOINT", "AWS_ENDPOINT_URL_S3"),
        ("sts", "AWS_STS_ENDPOINT", "AWS_ENDPOINT_URL_STS"),
    ] {
        if let (Some(url), None) = (var(old), var(new)) {
            endpoints.insert(service.to_owned(), url);
        }
    }
    for (service, url) in settings.endpoints.iter().filter(|(_, url)| !url.is_empty()) {
        endpoints.insert(service.clone(), url.clone());
    }
    for (service, url) in &endpoints {
        if !(url.starts_with("http://") || url.starts_with("https://")) {
            return Err(ConfigError::Endpoint { service: service.clone(), url: url.clone() });
        }
    }
    Ok(endpoints)
}

fn ca_bundle(settings: &AwsSettings) -> Result<Option<Vec<u8>>, ConfigError> {
    let (setting, path) = match (&settings.ca_bundle, var("AWS_CA_BUNDLE")) {
        (Some(path), _) => ("custom_ca_bundle", home(path)),
        (None, Some(path)) => ("AWS_CA_BUNDLE", path),
        (None, None) => return Ok(None),
    };
    let error = |problem: String| ConfigError::CaBundle { path: path.clone(), setting, problem };
    let pem = std::fs::read(&path).map_err(|e| error(format!("cannot be read: {e}")))?;
    match certificates(&pem) {
        Err(problem) => Err(error(format!("holds a certificate that cannot be used: {problem}"))),
        Ok(0) => Err(error("holds no PEM certificate (BEGIN CERTIFICATE)".into())),
        Ok(_) => Ok(Some(pem)),
    }
}

/// Counts the certificates that the TLS setup will find.
fn certificates(pem: &[u8]) -> Result<usize, String> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    let mut store = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        store.add(certificate).map_err(|error| error.to_string())?;
    }
    Ok(store.len())
}

fn proxies(settings: &AwsSettings) -> Result<Proxies, ConfigError> {
    let no_proxy = settings.no_proxy.clone().or_else(|| var("NO_PROXY")).or_else(|| var("no_proxy"));
    let with = |setting: &'static str, url: &str, make: fn(String) -> Result<ProxyConfig, String>| {
        let proxy = make(url.to_owned()).map_err(|problem| {
            // Whoever is named before the @ has no business in a message.
            let shown = url.rsplit('@').next().unwrap_or_default().to_owned();
            ConfigError::Proxy { setting, url: shown, problem }
        })?;
        Ok(match &no_proxy {
            Some(rules) => proxy.no_proxy(rules),
            None => proxy,
        })
    };
    let plain: fn(String) -> Result<ProxyConfig, String> = |url| ProxyConfig::http(url).map_err(|e| e.to_string());
    let tls: fn(String) -> Result<ProxyConfig, String> = |url| ProxyConfig::https(url).map_err(|e| e.to_string());
    let http = settings.http_proxy.as_deref().filter(|p| !p.is_empty());
    let https = settings.https_proxy.as_deref().filter(|p| !p.is_empty());
    Ok(Proxies {
        http: match http {
            Some(url) => with("http_proxy", url, plain)?,
            None => environment(),
        },
        https: match (https, http) {
            (Some(url), _) => with("https_proxy", url, tls)?,
            (None, Some(url)) => with("http_proxy", url, tls)?,
            (None, None) => environment(),
        },
    })
}

/// Without any proxy variable the matcher need not be asked at all.
fn environment() -> ProxyConfig {
    let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    if names.iter().any(|name| var(name).is_some()) { ProxyConfig::from_env() } else { ProxyConfig::disabled() }
}

fn var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_look_like_regions() {
        for good in ["eu-west-1", "us-gov-east-1", "ap-southeast-7", "us-iso-west-1"] {
            assert!(is_region(good), "{good}");
        }
        for bad in ["", "eu", "eu-west", "eu-west-one", "EU-WEST-1", "eu_west_1", "eu--1", "1-2-3"] {
            assert!(!is_region(bad), "{bad}");
        }
    }

    #[tokio::test]
    async fn mistakes_are_named_before_anybody_is_asked() {
        let base = || AwsSettings { region: Some("eu-west-1".into()), ..AwsSettings::default() };
        let some = |s: &str| Some(s.to_owned());
        for (settings, expected) in [
            (AwsSettings { access_key: some("a"), ..base() }, "access_key is set without secret_key"),
            (AwsSettings { region: some("Berlin"), ..base() }, "\"Berlin\" is not the name of an AWS region"),
            (AwsSettings { profile: some("nobodys"), ..base() }, "the AWS profile \"nobodys\" (profile) is in none"),
            (AwsSettings { insecure: true, ..base() }, "`insecure` is not supported"),
            (AwsSettings { ca_bundle: some("/nowhere.pem"), ..base() }, "(custom_ca_bundle) cannot be read"),
            (AwsSettings { ca_bundle: some("/etc/hostname"), ..base() }, "holds no PEM certificate"),
            (AwsSettings { https_proxy: some("ftp://user:secret@x"), ..base() }, "https_proxy = \"x\""),
            (
                AwsSettings { endpoints: [("s3".to_owned(), "localhost".to_owned())].into(), ..base() },
                "\"localhost\" of s3 is no URL",
            ),
        ] {
            let error = load(&settings).await.unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("secret@"), "{error}");
        }
        let config = load(&AwsSettings {
            endpoints: [("s3".to_owned(), "http://127.0.0.1:1".to_owned())].into(),
            access_key: some("a"),
            secret_key: some("b"),
            ..base()
        })
        .await
        .unwrap();
        assert_eq!(config.service("s3").endpoint_url(), Some("http://127.0.0.1:1"));
        assert_eq!(config.region, "eu-west-1");
        config.check_credentials().await.unwrap();
    }

    #[test]
    fn damaged_certificates_are_found_before_tls_is_set_up() {
        let pem = |body: &str| format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
        assert_eq!(certificates(b"text"), Ok(0));
        for text in [pem("MAMCAQU="), pem("!"), "-----BEGIN CERTIFICATE-----\nMAMCAQU=".to_owned()] {
            assert!(certificates(text.as_bytes()).is_err(), "{text}");
        }
    }
}
