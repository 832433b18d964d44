//! One configured account and region: clients, made when first used.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, SharedInterceptor};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_types::SdkConfig;
use sdt_provider::Error;
use tokio::sync::OnceCell;

use crate::error::Api as _;
use crate::{rate, roots};

crate::client!(sts, "sts", aws_sdk_sts);

type Clients = Mutex<HashMap<&'static str, Arc<dyn Any + Send + Sync>>>;

/// One provider configuration's access to AWS.
pub struct Aws {
    config: SdkConfig,
    endpoints: BTreeMap<String, String>,
    clients: Clients,
    calls: Arc<Calls>,
    identity: OnceCell<Identity>,
    known_account: Option<String>,
    /// Path-style S3 addresses (`s3_use_path_style`).
    pub s3_path_style: bool,
    /// Tags of the provider's `default_tags`.
    pub default_tags: BTreeMap<String, String>,
}

/// Who the credentials belong to.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Account id.
    pub account: String,
    /// ARN of the caller.
    pub arn: String,
    /// Unique id of the caller.
    pub user_id: String,
}

/// What a service's client is built from.
pub struct Parts {
    /// Shared configuration.
    pub config: SdkConfig,
    /// Endpoint of this service, when the provider block names one.
    pub endpoint: Option<String>,
    /// Counts the calls.
    pub counter: SharedInterceptor,
    /// The shared HTTP client behind the service's rate limit.
    pub http: Option<SharedHttpClient>,
}

impl Aws {
    /// With endpoints by service name, as in the provider block.
    #[must_use]
    pub fn new(config: SdkConfig, endpoints: BTreeMap<String, String>) -> Self {
        Self {
            config,
            endpoints,
            clients: Mutex::default(),
            calls: Arc::default(),
            identity: OnceCell::new(),
            known_account: None,
            s3_path_style: false,
            default_tags: BTreeMap::new(),
        }
    }

    /// Uses this account id where one is needed in an ARN, without asking STS.
    #[must_use]
    pub fn with_account(mut self, account: Option<String>) -> Self {
        self.known_account = account;
        self
    }

    /// The region, empty when none is configured (then every regional call fails with a clear error).
    #[must_use]
    pub fn region(&self) -> &str {
        self.config.region().map_or("", AsRef::as_ref)
    }

    /// The partition of the region: `aws`, `aws-cn`, `aws-us-gov`.
    #[must_use]
    pub fn partition(&self) -> &'static str {
        Self::partition_of(self.region())
    }

    /// The partition that a region is in.
    #[must_use]
    pub fn partition_of(region: &str) -> &'static str {
        match region {
            r if r.starts_with("cn-") => "aws-cn",
            r if r.starts_with("us-gov-") => "aws-us-gov",
            r if r.starts_with("us-iso-") => "aws-iso",
            r if r.starts_with("us-isob-") => "aws-iso-b",
            _ => "aws",
        }
    }

    /// The DNS suffix of the partition.
    #[must_use]
    pub fn dns_suffix(&self) -> &'static str {
        Self::dns_suffix_of(self.partition())
    }

    /// The DNS suffix of a partition.
    #[must_use]
    pub fn dns_suffix_of(partition: &str) -> &'static str {
        match partition {
            "aws-cn" => "amazonaws.com.cn",
            "aws-iso" => "c2s.ic.gov",
            "aws-iso-b" => "sc2s.sgov.gov",
            _ => "amazonaws.com",
        }
    }

    /// An ARN in this region: `arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1`.
    #[must_use]
    pub fn arn(&self, service: &str, account: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{account}:{resource}", self.partition(), self.region())
    }

    /// The shared configuration.
    #[must_use]
    pub const fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// The client of a service, made by `make` at first use. Service crates wrap this with [`crate::client!`].
    pub fn client<C: Clone + Send + Sync + 'static>(&self, service: &'static str, make: impl FnOnce(Parts) -> C) -> C {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let client = clients.entry(service).or_insert_with(|| {
            let parts = Parts {
                config: self.config.clone(),
                endpoint: self.endpoints.get(service).cloned(),
                counter: SharedInterceptor::new(Counter(self.calls.clone())),
                http: self.config.http_client().map(|c| {
                    let http = rate::limited(c, service);
                    if service == "s3" { roots::corrected(http) } else { http }
                }),
            };
            Arc::new(make(parts))
        });
        client.downcast_ref::<C>().cloned().expect("one client type for each service name")
    }

    /// Who the credentials belong to; asked once.
    ///
    /// # Errors
    /// When there are no usable credentials.
    pub async fn identity(&self) -> Result<&Identity, Error> {
        let ask = || async {
            let answer = sts(self).get_caller_identity().send().await.api()?;
            Ok(Identity {
                account: answer.account.unwrap_or_default(),
                arn: answer.arn.unwrap_or_default(),
                user_id: answer.user_id.unwrap_or_default(),
            })
        };
        self.identity.get_or_try_init(ask).await
    }

    /// The account id, for ARNs of objects whose answers do not say it.
    ///
    /// # Errors
    /// When there are no usable credentials.
    pub async fn account(&self) -> Result<String, Error> {
        match &self.known_account {
            Some(account) => Ok(account.clone()),
            None => Ok(self.identity().await?.account.clone()),
        }
    }

    /// Calls made so far by "service:Operation".
    #[must_use]
    pub fn call_counts(&self) -> BTreeMap<String, u64> {
        self.calls.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[derive(Debug, Default)]
struct Calls(Mutex<BTreeMap<String, u64>>);

#[derive(Debug)]
struct Counter(Arc<Calls>);

impl Intercept for Counter {
    fn name(&self) -> &'static str {
        "sdt call counter"
    }

    /// Each attempt counts: retries load the service too.
    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(meta) = cfg.load::<Metadata>() {
            let name = format!("{}:{}", meta.service(), meta.name());
            *self.0.0.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default() += 1;
        }
        Ok(())
    }
}

/// Defines a function that gives the service's client: `client!(ec2, "ec2", aws_sdk_ec2);` defines `ec2(&Aws) -> Client`. The second
/// name is the one of the provider block's `endpoints`. A last argument adjusts the builder: `|aws, builder| builder`.
#[macro_export]
macro_rules! client {
    ($function:ident, $service:literal, $sdk:ident) => {
        $crate::client!($function, $service, $sdk, |_aws, builder| builder);
    };
    ($function:ident, $service:literal, $sdk:ident, |$aws:ident, $builder:ident| $adjust:expr) => {
        /// The service's client.
        pub(crate) fn $function($aws: &$crate::Aws) -> $sdk::Client {
            $aws.client($service, |parts| {
                let mut $builder = $sdk::config::Builder::from(&parts.config).interceptor(parts.counter);
                if let Some(url) = parts.endpoint {
                    $builder = $builder.endpoint_url(url);
                }
                if let Some(http) = parts.http {
                    $builder = $builder.http_client(http);
                }
                $sdk::Client::from_conf(($adjust).build())
            })
        }
    };
}
