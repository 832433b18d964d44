//! `data.aws_region`

use sdt_aws_core::Aws;
use sdt_provider::{Computed, Cx, DataSource, Error, Id, OptComputed, async_trait};

/// A region: the provider's when nothing is asked for.
#[derive(DataSource)]
#[data(name = "aws_region")]
pub(crate) struct Region {
    #[attr(optional)]
    id: Id,
    /// Where the region is: `Europe (Ireland)`.
    description: Computed<String>,
    /// EC2 endpoint of the region.
    endpoint: OptComputed<String>,
    /// Name of the region: `eu-west-1`.
    name: OptComputed<String>,
}

/// Names of the regions, as the endpoint list of the SDKs has them.
const REGIONS: &[(&str, &str)] = &[
    ("af-south-1", "Africa (Cape Town)"),
    ("ap-east-1", "Asia Pacific (Hong Kong)"),
    ("ap-east-2", "Asia Pacific (Taipei)"),
    ("ap-northeast-1", "Asia Pacific (Tokyo)"),
    ("ap-northeast-2", "Asia Pacific (Seoul)"),
    ("ap-northeast-3", "Asia Pacific (Osaka)"),
    ("ap-south-1", "Asia Pacific (Mumbai)"),
    ("ap-south-2", "Asia Pacific (Hyderabad)"),
    ("ap-southeast-1", "Asia Pacific (Singapore)"),
    ("ap-southeast-2", "Asia Pacific (Sydney)"),
    ("ap-southeast-3", "Asia Pacific (Jakarta)"),
    ("ap-southeast-4", "Asia Pacific (Melbourne)"),
    ("ap-southeast-5", "Asia Pacific (Malaysia)"),
    ("ap-southeast-7", "Asia Pacific (Thailand)"),
    ("ca-central-1", "Canada (Central)"),
    ("ca-west-1", "Canada West (Calgary)"),
    ("cn-north-1", "China (Beijing)"),
    ("cn-northwest-1", "China (Ningxia)"),
    ("eu-central-1", "Europe (Frankfurt)"),
    ("eu-central-2", "Europe (Zurich)"),
    ("eu-north-1", "Europe (Stockholm)"),
    ("eu-south-1", "Europe (Milan)"),
    ("eu-south-2", "Europe (Spain)"),
    ("eu-west-1", "Europe (Ireland)"),
    ("eu-west-2", "Europe (London)"),
    ("eu-west-3", "Europe (Paris)"),
    ("il-central-1", "Israel (Tel Aviv)"),
    ("me-central-1", "Middle East (UAE)"),
    ("me-south-1", "Middle East (Bahrain)"),
    ("mx-central-1", "Mexico (Central)"),
    ("sa-east-1", "South America (Sao Paulo)"),
    ("us-east-1", "US East (N. Virginia)"),
    ("us-east-2", "US East (Ohio)"),
    ("us-gov-east-1", "AWS GovCloud (US-East)"),
    ("us-gov-west-1", "AWS GovCloud (US-West)"),
    ("us-west-1", "US West (N. California)"),
    ("us-west-2", "US West (Oregon)"),
];

/// Tells whether a region is known.
pub(crate) fn known(region: &str) -> bool {
    REGIONS.iter().any(|(name, _)| *name == region)
}

fn endpoint(region: &str) -> String {
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("ec2.{region}.{suffix}")
}

#[async_trait]
impl DataSource for Region {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Region";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let by_endpoint = query.endpoint.as_ref().map(|e| REGIONS.iter().find(|(name, _)| endpoint(name) == *e));
        let name = match (&query.name, by_endpoint) {
            (Some(name), Some(Some((found, _)))) if name != found => {
                return Err(Error::not_found("multiple regions matched; use only one of name and endpoint"));
            }
            (_, Some(None)) => return Err(Error::not_found("no region has this endpoint")),
            (Some(name), _) => name.clone(),
            (None, Some(Some((found, _)))) => (*found).to_owned(),
            (None, None) => cx.api.region().to_owned(),
        };
        let Some((_, description)) = REGIONS.iter().find(|(n, _)| *n == name) else {
            return Err(Error::not_found(format!("no region is called {name:?}")));
        };
        Ok(Self {
            id: name.clone(),
            description: Some((*description).to_owned()),
            endpoint: Some(endpoint(&name)),
            name: Some(name),
        })
    }
}
