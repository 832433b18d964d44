//! Data source `aws_elb_service_account`

use sdt_aws_core::Aws;
use sdt_provider::{Computed, Cx, DataSource, Error, Id, async_trait};

/// The account with which AWS writes access logs of load balancers.
#[derive(Clone, DataSource)]
#[data(name = "aws_elb_service_account")]
pub(crate) struct ServiceAccount {
    #[attr(optional)]
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// The region.
    region: Option<String>,
}

/// The accounts of classic load balancers, which write access logs, by region. Source: "Attach a policy to your S3 bucket" of the guide to
/// load balancers; newer regions have a service principal instead.
const ACCOUNTS: &[(&str, &str)] = &[
    ("af-south-1", "098369216593"),
    ("ap-east-1", "754344448648"),
    ("ap-northeast-1", "582318560864"),
    ("ap-northeast-2", "600734575887"),
    ("ap-northeast-3", "383597477331"),
    ("ap-south-1", "718504428378"),
    ("ap-southeast-1", "114774131450"),
    ("ap-southeast-2", "783225319266"),
    ("ap-southeast-3", "589379963580"),
    ("ca-central-1", "985666609251"),
    ("cn-north-1", "638102146993"),
    ("cn-northwest-1", "037604701340"),
    ("eu-central-1", "054676820928"),
    ("eu-north-1", "897822967062"),
    ("eu-south-1", "635631232127"),
    ("eu-west-1", "156460612806"),
    ("eu-west-2", "652711504416"),
    ("eu-west-3", "009996457667"),
    ("me-south-1", "076674570225"),
    ("sa-east-1", "507241528517"),
    ("us-east-1", "127311923021"),
    ("us-east-2", "033677994240"),
    ("us-gov-east-1", "190560391635"),
    ("us-gov-west-1", "048591011584"),
    ("us-west-1", "027434742980"),
    ("us-west-2", "797873946194"),
];

#[async_trait]
impl DataSource for ServiceAccount {
    type Api = Aws;
    const HUMAN: &'static str = "ELB Service Account";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let region = query.region.clone().unwrap_or_else(|| cx.api.region().to_owned());
        let Some((_, account)) = ACCOUNTS.iter().find(|(name, _)| *name == region) else {
            return Err(Error::other(format!("region {region} has no account for access logs of load balancers")));
        };
        Ok(Self {
            id: (*account).to_owned(),
            arn: Some(format!("arn:{}:iam::{account}:root", cx.api.partition())),
            region: query.region,
        })
    }
}
