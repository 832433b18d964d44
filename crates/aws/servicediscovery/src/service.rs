//! `aws_service_discovery_service`

use aws_sdk_servicediscovery::types::{
    self as api, FilterCondition, RecordType, RoutingPolicy, ServiceFilter, ServiceFilterName, ServiceSummary,
    ServiceTypeOption,
};
use sdt_aws_core::{Api, Aws, each, tagging};
use sdt_provider::{
    Block, Changes, Computed, Cx, Described, Error, Id, OptComputed, Pace, Resource, Seen, Tags, Token, async_trait,
};

use crate::{namespace, part, servicediscovery, tags};

/// A name under which the instances of a service are found.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_service_discovery_service")]
pub(crate) struct DiscoveryService {
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// What it is for.
    description: Option<String>,
    /// Records that Route 53 gets.
    dns_config: Option<DnsConfig>,
    /// Deletes what is inside, too.
    #[attr(default = false, carry)]
    force_destroy: Option<bool>,
    /// A health check of Route 53, for public namespaces.
    health_check_config: Option<HealthCheckConfig>,
    /// Health as something else reports it.
    #[attr(force_new)]
    health_check_custom_config: Option<HealthCheckCustomConfig>,
    /// Its name.
    #[attr(force_new)]
    name: String,
    /// The namespace.
    #[attr(force_new)]
    namespace_id: OptComputed<String>,
    /// Tags of the object.
    tags: Tags,
    /// Its kind.
    #[attr(force_new, one_of("HTTP"))]
    r#type: OptComputed<String>,
}

/// Records that Route 53 gets.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct DnsConfig {
    /// The records.
    #[attr(min = 1)]
    dns_records: Vec<DnsRecord>,
    /// The namespace.
    #[attr(force_new)]
    namespace_id: String,
    /// Which of several instances an answer names.
    #[attr(force_new, default = "MULTIVALUE", one_of("MULTIVALUE", "WEIGHTED"))]
    routing_policy: Option<String>,
}

/// A health check of Route 53, for public namespaces.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct HealthCheckConfig {
    /// Checks in a row that must agree.
    failure_threshold: Option<i32>,
    /// Path that is asked for.
    resource_path: Option<String>,
    /// Its kind.
    #[attr(force_new, one_of("HTTP", "HTTPS", "TCP"))]
    r#type: Option<String>,
}

/// Health as something else reports it.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct HealthCheckCustomConfig {
    /// Checks in a row that must agree.
    #[attr(force_new)]
    failure_threshold: Option<i32>,
}

/// The records.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct DnsRecord {
    /// Seconds for which resolvers keep an answer.
    ttl: i64,
    /// Its kind.
    #[attr(force_new, one_of("SRV", "A", "AAAA", "CNAME"))]
    r#type: String,
}

#[async_trait]
impl Resource for DiscoveryService {
    type Api = Aws;
    const HUMAN: &'static str = "Service Discovery Service";
    const TOKEN: Token = Token::Client;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let made = servicediscovery(cx.api)
            .create_service()
            .name(&want.name)
            .creator_request_id(cx.client_token(""))
            .set_namespace_id(want.namespace_id.clone())
            .set_description(want.description.clone())
            .set_dns_config(want.dns_config.as_ref().map(DnsConfig::request).transpose()?)
            .set_health_check_config(want.health_check_config.as_ref().map(HealthCheckConfig::request).transpose()?)
            .set_health_check_custom_config(
                want.health_check_custom_config.as_ref().map(HealthCheckCustomConfig::request),
            )
            .set_type(want.r#type.as_deref().map(ServiceTypeOption::from))
            .set_tags(tags::list(want.tags.clone())?)
            .send()
            .await
            .api()?
            .service;
        let made = made.ok_or_else(|| Error::other("the answer names no service"))?;
        Ok(Self { id: made.id.unwrap_or_default(), arn: made.arn, ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        // One call for the services of a namespace; after an import it is not known.
        let mut listed: Vec<(String, ServiceSummary)> = Vec::new();
        let mut spaces: Vec<&str> = known.iter().filter_map(|k| k.space()).collect();
        spaces.sort_unstable();
        for group in spaces.chunk_by(|a, b| a == b).filter(|g| g.len() > 1) {
            listed.extend(list(cx.api, group[0]).await?.into_iter().map(|s| (group[0].to_owned(), s)));
        }
        let many: Vec<String> =
            spaces.chunk_by(|a, b| a == b).filter(|g| g.len() > 1).map(|g| g[0].to_owned()).collect();
        let questions: Vec<(Self, Option<(String, ServiceSummary)>, bool)> = known
            .iter()
            .map(|k| {
                let asked = k.space().is_some_and(|s| many.iter().any(|m| m == s));
                // A listing tells a service's namespace only by what was asked for, and may hold others too.
                let own = |(space, s): &&(String, ServiceSummary)| {
                    s.id.as_deref() == Some(&k.id) && k.space() == Some(space.as_str())
                };
                (k.clone(), listed.iter().find(own).cloned(), asked)
            })
            .collect();
        let found = each(&questions, |(known, summary, asked)| async move {
            Ok(match summary {
                Some((space, s)) => Some((Self::from_summary(s, space), known.tags)),
                None if asked => None,
                None => {
                    let found = servicediscovery(cx.api).get_service().id(&known.id).send().await.api()?.service;
                    found.map(|s| (Self::from_answer(s), known.tags))
                }
            })
        });
        let found: Vec<Option<(Self, Tags)>> = found.await?;
        let arns: Vec<_> =
            found.iter().flatten().map(|(s, tags)| (s.arn.clone().unwrap_or_default(), tags.clone())).collect();
        let read = |arn: String| async move { tags::read(cx.api, &arn).await };
        let mut tags = tagging::confirmed(cx, Self::META.name, &arns, read).await?.into_iter();
        let one = |f: Option<(Self, Tags)>| {
            let (service, _) = f?;
            Some(Self { tags: tags.next().flatten()?, ..service })
        };
        Ok(found.into_iter().map(one).collect())
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if changed.any(&[Self::DESCRIPTION, Self::DNS_CONFIG, Self::HEALTH_CHECK_CONFIG]) {
            let mut change = api::ServiceChange::builder().description(want.description.clone().unwrap_or_default());
            if let Some(dns) = &want.dns_config {
                change = change
                    .dns_config(part(api::DnsConfigChange::builder().set_dns_records(Some(dns.records()?)).build())?);
            }
            if let Some(check) = &want.health_check_config {
                change = change.health_check_config(check.request()?);
            }
            let call = servicediscovery(cx.api).update_service().id(&prior.id).service(change.build());
            let answer = call.send().await.api()?;
            namespace::operation(cx, answer.operation_id, "the service to be changed").await?;
        }
        if changed.tags() {
            tags::update(cx.api, prior.arn.as_deref().unwrap_or_default(), &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        if prior.force_destroy == Some(true) {
            prior.deregister(cx).await?;
        }
        // Tasks that are just stopping still deregister their instances.
        let limit = std::time::Duration::from_secs(300);
        cx.retry_on(&["ResourceInUse"], limit, || async {
            servicediscovery(cx.api).delete_service().id(&prior.id).send().await.api().map(drop)
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let Some(space) = want.space() else { return Ok(None) };
        let token = cx.client_token("");
        let listed = match list(cx.api, space).await {
            Err(e) if e.is_not_found() => return Ok(None),
            other => other?,
        };
        for id in listed.into_iter().filter(|s| s.name.as_ref() == Some(&want.name)).filter_map(|s| s.id) {
            let found = servicediscovery(cx.api).get_service().id(&id).send().await.api()?.service;
            if let Some(found) = found.filter(|s| s.creator_request_id.as_ref() == Some(&token)) {
                return Ok(Some(Self { id, arn: found.arn, ..want.clone() }));
            }
        }
        Ok(None)
    }
}

async fn list(aws: &Aws, namespace: &str) -> Result<Vec<ServiceSummary>, Error> {
    let filter = ServiceFilter::builder().name(ServiceFilterName::NamespaceId).values(namespace);
    let filter = part(filter.condition(FilterCondition::Eq).build())?;
    let pages = servicediscovery(aws).list_services().filters(filter).into_paginator().send();
    let pages: Vec<_> = pages.try_collect().await.api()?;
    Ok(pages.into_iter().flat_map(|p| p.services.unwrap_or_default()).collect())
}

impl DiscoveryService {
    /// The namespace, which can be said in two places.
    fn space(&self) -> Option<&str> {
        let inner = self.dns_config.as_ref().map(|d| d.namespace_id.as_str());
        self.namespace_id.as_deref().or(inner).filter(|s| !s.is_empty())
    }

    async fn deregister(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        let pages = servicediscovery(cx.api).list_instances().service_id(&self.id).into_paginator().send();
        let pages: Vec<_> = pages.try_collect().await.api()?;
        for id in pages.into_iter().flat_map(|p| p.instances.unwrap_or_default()).filter_map(|i| i.id) {
            let call = servicediscovery(cx.api).deregister_instance().service_id(&self.id).instance_id(id);
            match call.send().await.api() {
                Err(e) if e.is_not_found() => {}
                other => drop(other?),
            }
        }
        cx.wait("the service's instances to be gone", Pace::QUICK, || async {
            let found = servicediscovery(cx.api).list_instances().service_id(&self.id).send().await.api()?;
            let left = found.instances.unwrap_or_default().len();
            Ok(if left == 0 { Seen::Ready(()) } else { Seen::Pending(format!("{left} left")) })
        })
        .await
    }

    fn from_answer(s: api::Service) -> Self {
        Self {
            id: s.id.unwrap_or_default(),
            arn: s.arn,
            description: s.description,
            dns_config: s.dns_config.and_then(DnsConfig::seen),
            force_destroy: None,
            health_check_config: s.health_check_config.map(HealthCheckConfig::seen),
            health_check_custom_config: s.health_check_custom_config.map(|c| HealthCheckCustomConfig::seen(&c)),
            name: s.name.unwrap_or_default(),
            namespace_id: s.namespace_id,
            tags: Tags::new(),
            r#type: s.r#type.map(|t| t.as_str().to_owned()),
        }
    }

    fn from_summary(s: ServiceSummary, namespace: String) -> Self {
        Self {
            id: s.id.unwrap_or_default(),
            arn: s.arn,
            description: s.description,
            dns_config: s.dns_config.and_then(DnsConfig::seen).map(|d| DnsConfig {
                namespace_id: if d.namespace_id.is_empty() { namespace.clone() } else { d.namespace_id },
                ..d
            }),
            force_destroy: None,
            health_check_config: s.health_check_config.map(HealthCheckConfig::seen),
            health_check_custom_config: s.health_check_custom_config.map(|c| HealthCheckCustomConfig::seen(&c)),
            name: s.name.unwrap_or_default(),
            namespace_id: Some(namespace),
            tags: Tags::new(),
            r#type: s.r#type.map(|t| t.as_str().to_owned()),
        }
    }
}

impl DnsConfig {
    #[allow(deprecated)] // The namespace may be said here only.
    fn request(&self) -> Result<api::DnsConfig, Error> {
        let call = api::DnsConfig::builder()
            .namespace_id(&self.namespace_id)
            .set_routing_policy(self.routing_policy.as_deref().map(RoutingPolicy::from));
        part(call.set_dns_records(Some(self.records()?)).build())
    }

    fn records(&self) -> Result<Vec<api::DnsRecord>, Error> {
        let one = |r: &DnsRecord| {
            let call = api::DnsRecord::builder().r#type(RecordType::from(r.r#type.as_str()));
            part(call.ttl(r.ttl).build())
        };
        self.dns_records.iter().map(one).collect()
    }

    #[allow(deprecated)] // The API still says the namespace here, and users still have it here.
    fn seen(d: api::DnsConfig) -> Option<Self> {
        (!d.dns_records.is_empty()).then(|| Self {
            dns_records: d
                .dns_records
                .iter()
                .map(|r| DnsRecord { ttl: r.ttl, r#type: r.r#type.as_str().to_owned() })
                .collect(),
            namespace_id: d.namespace_id.unwrap_or_default(),
            routing_policy: d.routing_policy.map(|p| p.as_str().to_owned()),
        })
    }
}

impl HealthCheckConfig {
    fn request(&self) -> Result<api::HealthCheckConfig, Error> {
        let call = api::HealthCheckConfig::builder()
            .set_failure_threshold(self.failure_threshold.filter(|n| *n > 0))
            .set_resource_path(self.resource_path.clone());
        part(call.set_type(self.r#type.as_deref().map(api::HealthCheckType::from)).build())
    }

    fn seen(c: api::HealthCheckConfig) -> Self {
        Self {
            failure_threshold: c.failure_threshold,
            r#type: Some(c.r#type.as_str().to_owned()),
            resource_path: c.resource_path,
        }
    }
}

impl HealthCheckCustomConfig {
    #[allow(deprecated)] // AWS takes no other value than 1 any more, but shows it, so states hold it.
    fn request(&self) -> api::HealthCheckCustomConfig {
        api::HealthCheckCustomConfig::builder().set_failure_threshold(self.failure_threshold.filter(|n| *n > 0)).build()
    }

    #[allow(deprecated)]
    fn seen(c: &api::HealthCheckCustomConfig) -> Self {
        Self { failure_threshold: c.failure_threshold }
    }
}
