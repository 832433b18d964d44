//! The provider block: what it may say, and what becomes of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sdt_aws_sdk::{AssumeRole, AwsSettings, RetryMode, WebIdentity};
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_provider::{Block, Declared, FromValue, Map, Set, TagSettings, parse_duration};
use sdt_schema::{Attribute, NestedBlock, Nesting, Schema};
use sdt_value::{Type, Value};

use crate::endpoints;

/// The `aws` provider.
#[derive(Block)]
struct Config {
    /// Access key id; profiles and the environment are safer places.
    access_key: Option<String>,
    /// The only accounts to work in.
    #[attr(conflicts_with(forbidden_account_ids))]
    allowed_account_ids: Option<Set<String>>,
    /// File with certificates to trust.
    custom_ca_bundle: Option<String>,
    /// Address of the instance metadata service.
    ec2_metadata_service_endpoint: Option<String>,
    /// `IPv4` or `IPv6`.
    ec2_metadata_service_endpoint_mode: Option<String>,
    /// Accounts not to work in.
    forbidden_account_ids: Option<Set<String>>,
    /// Proxy for http requests.
    http_proxy: Option<String>,
    /// Proxy for https requests.
    https_proxy: Option<String>,
    /// Not to verify certificates; refused.
    insecure: Option<bool>,
    /// How often a request is repeated.
    max_retries: Option<i64>,
    /// Hosts that are reached without proxy.
    no_proxy: Option<String>,
    /// Profile in the shared files.
    profile: Option<String>,
    /// Region to work in.
    region: Option<String>,
    /// `standard` or `adaptive`.
    retry_mode: Option<String>,
    /// `legacy` or `regional`.
    s3_us_east_1_regional_endpoint: Option<String>,
    /// Buckets in the path of the URL instead of its host name.
    s3_use_path_style: Option<bool>,
    /// Secret access key.
    secret_key: Option<String>,
    /// Shared configuration files.
    shared_config_files: Option<Vec<String>>,
    /// Shared credentials files.
    shared_credentials_files: Option<Vec<String>>,
    /// Nothing is validated before it is needed; accepted.
    skip_credentials_validation: Option<bool>,
    /// Not to ask the instance metadata service.
    skip_metadata_api_check: Option<String>,
    /// Takes any region name.
    skip_region_validation: Option<bool>,
    /// The account id is only asked for where it is needed; accepted.
    skip_requesting_account_id: Option<bool>,
    /// Region of STS.
    sts_region: Option<String>,
    /// Session token.
    token: Option<String>,
    /// Accepted; rates are limited by service.
    token_bucket_rate_limiter_capacity: Option<i64>,
    /// Endpoints with IPv6.
    use_dualstack_endpoint: Option<bool>,
    /// Endpoints with FIPS cryptography.
    use_fips_endpoint: Option<bool>,
    /// Roles to assume, one after the other.
    assume_role: Vec<Assume>,
    /// Role to assume with a web identity.
    assume_role_with_web_identity: Vec<AssumeWeb>,
    /// Tags of every object.
    default_tags: Vec<DefaultTags>,
    /// Tags that are somebody else's.
    ignore_tags: Vec<IgnoreTags>,
}

#[derive(Block)]
struct Assume {
    duration: Option<String>,
    external_id: Option<String>,
    policy: Option<String>,
    policy_arns: Option<Set<String>>,
    role_arn: Option<String>,
    session_name: Option<String>,
    source_identity: Option<String>,
    tags: Option<Map<String>>,
    transitive_tag_keys: Option<Set<String>>,
}

#[derive(Block)]
struct AssumeWeb {
    duration: Option<String>,
    policy: Option<String>,
    policy_arns: Option<Set<String>>,
    role_arn: Option<String>,
    session_name: Option<String>,
    web_identity_token: Option<String>,
    web_identity_token_file: Option<String>,
}

#[derive(Block)]
struct DefaultTags {
    tags: Option<Map<String>>,
}

#[derive(Block)]
struct IgnoreTags {
    key_prefixes: Option<Set<String>>,
    keys: Option<Set<String>>,
}

/// Schema of the provider block.
pub(crate) fn schema() -> Schema {
    let mut block = Config::DECL.block();
    let mut inner = sdt_schema::Block::default();
    for name in endpoints::NAMES.split_whitespace() {
        let attribute = Attribute { ty: Type::String, optional: true, ..Attribute::default() };
        inner.attributes.insert(name.into(), attribute);
    }
    let nested = NestedBlock { nesting: Nesting::Set, block: Arc::new(inner), min: 0, max: 0 };
    block.blocks.insert("endpoints".into(), nested);
    Schema { version: 0, block, legacy_type_system: false }
}

/// Checks a provider block; unknown values are left alone.
pub(crate) fn validate(config: &Value) -> Diagnostics {
    let mut out = Diagnostics::new();
    for role in config.get("assume_role").and_then(Value::as_items).unwrap_or_default() {
        if role.get("role_arn").is_some_and(Value::is_null) {
            out.push(Diagnostic::error("Missing role_arn", "An assume_role block of the AWS provider needs role_arn."));
        }
        if let Some(text) = role.get("duration").and_then(Value::as_str)
            && parse_duration(text).is_none()
        {
            let detail = format!("assume_role: duration is {text:?}; a duration is written as \"15m\" or \"1h30m\".");
            out.push(Diagnostic::error("Invalid duration", detail));
        }
    }
    if let Some(mode) = config.get("retry_mode").and_then(Value::as_str)
        && !matches!(mode, "standard" | "adaptive")
    {
        out.push(Diagnostic::error(
            "Invalid retry_mode",
            format!("retry_mode is \"standard\" or \"adaptive\", not {mode:?}."),
        ));
    }
    let set = |name: &str| config.get(name).and_then(Value::as_items).is_some_and(|i| !i.is_empty());
    if set("allowed_account_ids") && set("forbidden_account_ids") {
        let detail = "Set allowed_account_ids or forbidden_account_ids in the AWS provider, not both.";
        out.push(Diagnostic::error("Conflicting configuration arguments", detail));
    }
    out
}

/// A provider block, taken apart.
pub(crate) struct Provider {
    pub(crate) settings: AwsSettings,
    pub(crate) tags: TagSettings,
    pub(crate) allowed_account_ids: Vec<String>,
    pub(crate) forbidden_account_ids: Vec<String>,
}

impl Provider {
    /// Reads a provider block without unknown values where they matter.
    pub(crate) fn read(config: &Value) -> Result<Self, Diagnostics> {
        let problems = validate(config);
        if problems.has_errors() {
            return Err(problems);
        }
        let c = Config::from_value(config).map_err(|e| {
            Diagnostics::from(Diagnostic::error("The AWS provider cannot be configured", format!("{e}.")))
        })?;
        let default_tags = config.get("default_tags").cloned().unwrap_or(Value::NULL);
        let endpoints = config.get("endpoints").and_then(Value::as_items).unwrap_or_default().iter();
        let endpoints = endpoints.filter_map(Value::as_members).flatten();
        let endpoints: BTreeMap<String, String> =
            endpoints.filter_map(|(k, v)| Some((canonical(k).to_owned(), v.as_str()?.to_owned()))).collect();
        let settings = AwsSettings {
            region: c.region,
            profile: c.profile,
            access_key: c.access_key,
            secret_key: c.secret_key,
            token: c.token,
            shared_config_files: c.shared_config_files.unwrap_or_default(),
            shared_credentials_files: c.shared_credentials_files.unwrap_or_default(),
            assume_role: c.assume_role.into_iter().map(Into::into).collect(),
            assume_role_with_web_identity: c.assume_role_with_web_identity.into_iter().next().map(Into::into),
            endpoints,
            ca_bundle: c.custom_ca_bundle,
            http_proxy: c.http_proxy,
            https_proxy: c.https_proxy,
            no_proxy: c.no_proxy,
            max_retries: c.max_retries.and_then(|n| u32::try_from(n).ok()),
            retry_mode: c.retry_mode.map(|m| if m == "adaptive" { RetryMode::Adaptive } else { RetryMode::Standard }),
            skip_metadata_api_check: c.skip_metadata_api_check.as_deref() == Some("true"),
            skip_region_validation: c.skip_region_validation == Some(true),
            skip_credentials_validation: c.skip_credentials_validation == Some(true),
            skip_requesting_account_id: c.skip_requesting_account_id == Some(true),
            imds_endpoint: c.ec2_metadata_service_endpoint,
            use_fips: c.use_fips_endpoint,
            use_dualstack: c.use_dualstack_endpoint,
            s3_use_path_style: c.s3_use_path_style == Some(true),
            insecure: c.insecure == Some(true),
            sts_region: c.sts_region,
        };
        let ignore = c.ignore_tags;
        let tags = TagSettings {
            default_tags: c.default_tags.into_iter().filter_map(|d| d.tags).flatten().collect(),
            ignore_keys: ignore.iter().filter_map(|i| i.keys.clone()).flatten().collect(),
            ignore_prefixes: ignore.iter().filter_map(|i| i.key_prefixes.clone()).flatten().collect(),
            unknown: !default_tags.is_wholly_known(),
        };
        Ok(Self {
            settings,
            tags,
            allowed_account_ids: c.allowed_account_ids.unwrap_or_default(),
            forbidden_account_ids: c.forbidden_account_ids.unwrap_or_default(),
        })
    }
}

/// The name that our service crates use, for the provider's several spellings.
fn canonical(name: &str) -> &str {
    match name {
        "elb" => "elb",
        "elasticloadbalancingv2" => "elbv2",
        "cloudwatchlog" | "cloudwatchlogs" => "logs",
        "s3api" => "s3",
        other => other,
    }
}

impl From<Assume> for AssumeRole {
    fn from(r: Assume) -> Self {
        Self {
            role_arn: r.role_arn.unwrap_or_default(),
            session_name: r.session_name,
            external_id: r.external_id,
            duration: duration(r.duration),
            policy: r.policy,
            policy_arns: r.policy_arns.unwrap_or_default(),
            source_identity: r.source_identity,
            tags: r.tags.unwrap_or_default(),
            transitive_tag_keys: r.transitive_tag_keys.unwrap_or_default(),
        }
    }
}

impl From<AssumeWeb> for WebIdentity {
    fn from(r: AssumeWeb) -> Self {
        Self {
            role_arn: r.role_arn.unwrap_or_default(),
            session_name: r.session_name,
            duration: duration(r.duration),
            policy: r.policy,
            policy_arns: r.policy_arns.unwrap_or_default(),
            token: r.web_identity_token,
            token_file: r.web_identity_token_file,
        }
    }
}

fn duration(text: Option<String>) -> Option<Duration> {
    text.as_deref().and_then(parse_duration)
}
