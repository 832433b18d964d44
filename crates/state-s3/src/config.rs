//! The `backend "s3"` block.

use std::collections::BTreeMap;
use std::time::Duration;

use sdt_aws_sdk::{AssumeRole, AwsSettings, RetryMode, WebIdentity};
use sdt_state::StoreError;
use serde_json::{Map, Value as Json};

/// The settings of the backend, read and checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct S3Config {
    /// `bucket`
    pub bucket: String,
    /// `key`
    pub key: String,
    /// `dynamodb_table`
    pub dynamodb_table: Option<String>,
    /// `use_lockfile`
    pub use_lockfile: bool,
    /// `encrypt`
    pub encrypt: bool,
    /// `kms_key_id`
    pub kms_key_id: Option<String>,
    /// `sse_customer_key`, base64
    pub sse_customer_key: Option<Secret>,
    /// `acl`
    pub acl: Option<String>,
    /// `skip_s3_checksum`
    pub skip_s3_checksum: bool,
    /// `workspace_key_prefix`: where states of other workspaces lie; `env:` when not set.
    pub workspace_key_prefix: Option<String>,
    /// How to reach AWS.
    pub aws: AwsSettings,
}

/// Text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(secret)")
    }
}

const ROLE: &[&str] = &[
    "duration",
    "external_id",
    "policy",
    "policy_arns",
    "role_arn",
    "session_name",
    "source_identity",
    "tags",
    "transitive_tag_keys",
];

const WEB_IDENTITY: &[&str] =
    &["duration", "policy", "policy_arns", "role_arn", "session_name", "web_identity_token", "web_identity_token_file"];

impl S3Config {
    /// Reads the arguments as the block and `-backend-config` give them: booleans and numbers may be text.
    ///
    /// # Errors
    /// [`StoreError::Config`] names the argument and what it should be.
    pub fn parse(settings: &Map<String, Json>) -> Result<Self, StoreError> {
        let block = Block { settings, name: "backend \"s3\"", known: sdt_state::backends::S3 };
        block.check()?;
        let path_style = block.flag("use_path_style")? || block.flag("force_path_style")?;
        let mut shared_credentials_files = block.list("shared_credentials_files")?;
        shared_credentials_files.extend(block.text("shared_credentials_file")?);
        let aws = AwsSettings {
            region: block.text("region")?,
            profile: block.text("profile")?,
            access_key: block.text("access_key")?,
            secret_key: block.text("secret_key")?,
            token: block.text("token")?,
            shared_config_files: block.list("shared_config_files")?,
            shared_credentials_files,
            assume_role: roles(&block)?,
            assume_role_with_web_identity: web_identity(&block)?,
            endpoints: endpoints(&block)?,
            ca_bundle: block.text("custom_ca_bundle")?,
            http_proxy: block.text("http_proxy")?,
            https_proxy: block.text("https_proxy")?,
            no_proxy: block.text("no_proxy")?,
            max_retries: block.number("max_retries")?,
            retry_mode: retry_mode(&block)?,
            skip_metadata_api_check: block.flag("skip_metadata_api_check")?,
            skip_region_validation: block.flag("skip_region_validation")?,
            skip_credentials_validation: block.flag("skip_credentials_validation")?,
            skip_requesting_account_id: block.flag("skip_requesting_account_id")?,
            imds_endpoint: block.text("ec2_metadata_service_endpoint")?,
            use_fips: block.maybe_flag("use_fips_endpoint")?,
            use_dualstack: block.maybe_flag("use_dualstack_endpoint")?,
            s3_use_path_style: path_style,
            insecure: block.flag("insecure")?,
            sts_region: block.text("sts_region")?,
        };
        let config = Self {
            bucket: block.required("bucket", "the name of the bucket that holds the state")?,
            key: block.required("key", "the path of the state in the bucket, such as dev/terraform.tfstate")?,
            dynamodb_table: block.text("dynamodb_table")?,
            use_lockfile: block.flag("use_lockfile")?,
            encrypt: block.flag("encrypt")?,
            kms_key_id: block.text("kms_key_id")?,
            sse_customer_key: block.text("sse_customer_key")?.map(Secret),
            acl: block.text("acl")?,
            skip_s3_checksum: block.flag("skip_s3_checksum")?,
            workspace_key_prefix: block.text("workspace_key_prefix")?,
            aws,
        };
        if config.key.starts_with('/') || config.key.ends_with('/') {
            return Err(block.wrong("key", "must not begin or end with \"/\""));
        }
        if config.kms_key_id.is_some() && config.sse_customer_key.is_some() {
            return Err(block.wrong("sse_customer_key", "and kms_key_id exclude each other"));
        }
        Ok(config)
    }
}

fn roles(block: &Block<'_>) -> Result<Vec<AssumeRole>, StoreError> {
    let mut roles = Vec::new();
    for settings in block.blocks("assume_role")? {
        let role = Block { settings, name: "assume_role of backend \"s3\"", known: ROLE };
        role.check()?;
        roles.push(AssumeRole {
            role_arn: role.required("role_arn", "the role to assume")?,
            session_name: role.text("session_name")?,
            external_id: role.text("external_id")?,
            duration: role.duration("duration")?,
            policy: role.text("policy")?,
            policy_arns: role.list("policy_arns")?,
            source_identity: role.text("source_identity")?,
            tags: role.map("tags")?,
            transitive_tag_keys: role.list("transitive_tag_keys")?,
        });
    }
    Ok(roles)
}

fn web_identity(block: &Block<'_>) -> Result<Option<WebIdentity>, StoreError> {
    let Some(settings) = block.blocks("assume_role_with_web_identity")?.into_iter().next() else { return Ok(None) };
    let role = Block { settings, name: "assume_role_with_web_identity of backend \"s3\"", known: WEB_IDENTITY };
    role.check()?;
    Ok(Some(WebIdentity {
        role_arn: role.required("role_arn", "the role to assume")?,
        session_name: role.text("session_name")?,
        duration: role.duration("duration")?,
        policy: role.text("policy")?,
        policy_arns: role.list("policy_arns")?,
        token: role.text("web_identity_token")?,
        token_file: role.text("web_identity_token_file")?,
    }))
}

fn endpoints(block: &Block<'_>) -> Result<BTreeMap<String, String>, StoreError> {
    let mut endpoints = BTreeMap::new();
    for (service, old) in
        [("s3", "endpoint"), ("dynamodb", "dynamodb_endpoint"), ("iam", "iam_endpoint"), ("sts", "sts_endpoint")]
    {
        endpoints.extend(block.text(old)?.map(|url| (service.to_owned(), url)));
    }
    for settings in block.blocks("endpoints")? {
        let services =
            Block { settings, name: "endpoints of backend \"s3\"", known: &["dynamodb", "iam", "s3", "sso", "sts"] };
        services.check()?;
        for service in services.known {
            endpoints.extend(services.text(service)?.map(|url| ((*service).to_owned(), url)));
        }
    }
    Ok(endpoints)
}

fn retry_mode(block: &Block<'_>) -> Result<Option<RetryMode>, StoreError> {
    match block.text("retry_mode")?.as_deref() {
        None => Ok(None),
        Some("standard") => Ok(Some(RetryMode::Standard)),
        Some("adaptive") => Ok(Some(RetryMode::Adaptive)),
        Some(_) => Err(block.wrong("retry_mode", "must be \"standard\" or \"adaptive\"")),
    }
}

/// A block whose arguments are taken one by one.
struct Block<'a> {
    settings: &'a Map<String, Json>,
    name: &'a str,
    known: &'a [&'a str],
}

impl<'a> Block<'a> {
    /// Names every argument that does not exist.
    fn check(&self) -> Result<(), StoreError> {
        let unknown = self.settings.keys().filter(|name| !self.known.contains(&name.as_str()));
        let messages: Vec<String> = unknown
            .map(|name| {
                let nearest = self
                    .known
                    .iter()
                    .map(|known| (strsim::damerau_levenshtein(name, known), known))
                    .min()
                    .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
                    .map(|(_, known)| format!(" Did you mean {known:?}?"))
                    .unwrap_or_default();
                format!("{} has no argument {name:?}.{nearest}", self.name)
            })
            .collect();
        if messages.is_empty() { Ok(()) } else { Err(StoreError::Config { message: messages.join("\n") }) }
    }

    fn wrong(&self, name: &str, what: &str) -> StoreError {
        StoreError::Config { message: format!("{}: {name} {what}", self.name) }
    }

    fn get(&self, name: &str) -> Option<&'a Json> {
        self.settings.get(name).filter(|value| !value.is_null())
    }

    /// Empty text counts as not set, as in Terraform.
    fn text(&self, name: &str) -> Result<Option<String>, StoreError> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::String(text)) => Ok(Some(text.clone()).filter(|t| !t.is_empty())),
            Some(value @ (Json::Number(_) | Json::Bool(_))) => Ok(Some(value.to_string())),
            Some(_) => Err(self.wrong(name, "must be a string")),
        }
    }

    fn required(&self, name: &str, what: &str) -> Result<String, StoreError> {
        self.text(name)?.ok_or_else(|| {
            self.wrong(name, &format!("is missing: {what}. Set it in the block or with -backend-config={name}=…"))
        })
    }

    fn maybe_flag(&self, name: &str) -> Result<Option<bool>, StoreError> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Bool(flag)) => Ok(Some(*flag)),
            Some(Json::String(text)) if text == "true" || text == "1" => Ok(Some(true)),
            Some(Json::String(text)) if text == "false" || text == "0" => Ok(Some(false)),
            Some(_) => Err(self.wrong(name, "must be true or false")),
        }
    }

    fn flag(&self, name: &str) -> Result<bool, StoreError> {
        Ok(self.maybe_flag(name)?.unwrap_or_default())
    }

    fn number(&self, name: &str) -> Result<Option<u32>, StoreError> {
        let wrong = || self.wrong(name, "must be a whole number");
        self.text(name)?.map(|text| text.parse().map_err(|_| wrong())).transpose()
    }

    fn list(&self, name: &str) -> Result<Vec<String>, StoreError> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Json::Array(items)) => items
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect::<Option<_>>()
                .ok_or_else(|| self.wrong(name, "must be a list of strings")),
            Some(_) => Err(self.wrong(name, "must be a list of strings")),
        }
    }

    fn map(&self, name: &str) -> Result<BTreeMap<String, String>, StoreError> {
        match self.get(name) {
            None => Ok(BTreeMap::new()),
            Some(Json::Object(members)) => members
                .iter()
                .map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
                .collect::<Option<_>>()
                .ok_or_else(|| self.wrong(name, "must be a map of strings")),
            Some(_) => Err(self.wrong(name, "must be a map of strings")),
        }
    }

    /// Nested settings: an object, or a list of objects.
    fn blocks(&self, name: &str) -> Result<Vec<&'a Map<String, Json>>, StoreError> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Json::Object(members)) => Ok(vec![members]),
            Some(Json::Array(items)) => items
                .iter()
                .map(Json::as_object)
                .collect::<Option<_>>()
                .ok_or_else(|| self.wrong(name, "must be an object")),
            Some(_) => Err(self.wrong(name, "must be an object")),
        }
    }

    /// Go's durations: `1h30m`, `900s`.
    fn duration(&self, name: &str) -> Result<Option<Duration>, StoreError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        duration(&text).map(Some).ok_or_else(|| self.wrong(name, "must be a duration such as 1h30m"))
    }
}

fn duration(text: &str) -> Option<Duration> {
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        total += number
            * match &rest[..unit] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 0.001,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    (!text.is_empty()).then(|| Duration::try_from_secs_f64(total).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(settings: &Json) -> Result<S3Config, String> {
        S3Config::parse(settings.as_object().unwrap()).map_err(|e| e.to_string())
    }

    #[test]
    fn the_block_is_read_with_text_for_anything() {
        let config = parse(&json!({
            "bucket": "b", "key": "dev/terraform.tfstate", "region": "eu-west-1", "encrypt": "true", "use_lockfile": true,
            "dynamodb_table": "locks", "acl": "", "profile": null, "max_retries": "7",
            "assume_role": {"role_arn": "arn:r", "duration": "1h30m", "tags": {"a": "b"}},
            "endpoints": [{"s3": "http://s3"}], "dynamodb_endpoint": "http://ddb", "use_path_style": true,
        }))
        .unwrap();
        assert_eq!((config.bucket.as_str(), config.encrypt, config.use_lockfile), ("b", true, true));
        assert_eq!((config.acl, config.aws.max_retries), (None, Some(7)));
        assert_eq!(config.aws.assume_role[0].duration, Some(Duration::from_secs(5400)));
        assert_eq!(config.aws.endpoints["s3"], "http://s3");
        assert_eq!(config.aws.endpoints["dynamodb"], "http://ddb");
        assert!(config.aws.s3_use_path_style);
    }

    #[test]
    fn mistakes_are_named() {
        for (settings, expected) in [
            (json!({"key": "k"}), "bucket is missing"),
            (json!({"bucket": "b"}), "key is missing: the path of the state"),
            (json!({"bucket": "b", "key": "/k"}), "key must not begin or end with \"/\""),
            (json!({"buckt": "b"}), "has no argument \"buckt\". Did you mean \"bucket\"?"),
            (json!({"dynamo_table": "b"}), "Did you mean \"dynamodb_table\"?"),
            (json!({"zzz": "b"}), "has no argument \"zzz\"."),
            (json!({"bucket": "b", "key": "k", "encrypt": "yes"}), "encrypt must be true or false"),
            (json!({"assume_role": {}}), "role_arn is missing"),
            (json!({"assume_role": {"arn": "x"}}), "assume_role of backend \"s3\" has no argument \"arn\""),
            (json!({"assume_role": {"role_arn": "a", "duration": "5"}}), "duration must be a duration such as 1h30m"),
        ] {
            let error = parse(&settings).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
