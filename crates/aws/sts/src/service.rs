//! `data.aws_service`

use sdt_aws_core::Aws;
use sdt_provider::{Class, Computed, Cx, DataSource, Error, Id, OptComputed, async_trait};

use crate::partition::reversed;
use crate::region::known;

/// How a service is called in a region.
#[derive(DataSource)]
#[data(name = "aws_service")]
pub(crate) struct Service {
    #[attr(optional)]
    id: Id,
    /// Name: `ec2.eu-west-1.amazonaws.com`.
    dns_name: OptComputed<String>,
    /// Partition of the region.
    partition: Computed<String>,
    /// The region.
    region: OptComputed<String>,
    /// Name of the endpoint service: `com.amazonaws.eu-west-1.ec2`.
    reverse_dns_name: OptComputed<String>,
    /// Start of that name: `com.amazonaws`.
    reverse_dns_prefix: OptComputed<String>,
    /// The service: `ec2`.
    service_id: OptComputed<String>,
    /// Whether the region is one of the partition's.
    supported: Computed<bool>,
}

#[async_trait]
impl DataSource for Service {
    type Api = Aws;
    const HUMAN: &'static str = "Service";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        // A name says region and service; what is configured beside it counts first.
        let full = query.reverse_dns_name.clone().or_else(|| query.dns_name.as_deref().map(reversed));
        let parts: Vec<&str> = full.as_deref().map(|n| n.split('.').collect()).unwrap_or_default();
        let (mut prefix, mut region, mut service) =
            (query.reverse_dns_prefix.clone(), query.region.clone(), query.service_id.clone());
        if let Some(name) = &full {
            let [start @ .., place, id] = parts.as_slice() else { return Err(invalid(name)) };
            if start.len() < 2 {
                return Err(invalid(name));
            }
            prefix = Some(start.join("."));
            region = Some((*place).to_owned());
            service = Some((*id).to_owned());
        }
        let region = region.unwrap_or_else(|| cx.api.region().to_owned());
        let Some(service) = service else {
            return Err(Error::new(Class::Invalid, "", "service ID not provided directly or through a DNS name"));
        };
        let at = Aws::partition_of(&region);
        let suffix = Aws::dns_suffix_of(at);
        let prefix = prefix.unwrap_or_else(|| reversed(suffix));
        let reverse = format!("{prefix}.{region}.{service}");
        Ok(Self {
            id: reverse.clone(),
            dns_name: Some(reversed(&reverse)),
            partition: Some(at.to_owned()),
            supported: Some(known(&region)),
            region: Some(region),
            reverse_dns_name: Some(reverse),
            reverse_dns_prefix: Some(prefix),
            service_id: Some(service),
        })
    }
}

fn invalid(name: &str) -> Error {
    let text =
        format!("{name:?} is no name of a service: it has at least a prefix of two parts, a region and a service");
    Error::new(Class::Invalid, "", text)
}
