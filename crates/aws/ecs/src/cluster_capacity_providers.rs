//! `aws_ecs_cluster_capacity_providers`

use aws_sdk_ecs::types::{CapacityProviderStrategyItem, Cluster};
use sdt_aws_core::{Api, Aws, in_order};
use sdt_provider::{Block, Changes, Cx, Error, Id, Name, Pace, Resource, Seen, Set, Token, Value, async_trait};

use crate::{cluster, ecs, part, patiently};

/// Where the tasks of a cluster may run.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_ecs_cluster_capacity_providers")]
pub(crate) struct ClusterCapacityProviders {
    id: Id,
    /// Capacity providers that services may use.
    capacity_providers: Option<Set<String>>,
    /// Name of the cluster.
    #[attr(force_new, length(1..=255), check = sdt_aws_core::checks::word)]
    cluster_name: String,
    /// What services use that say nothing.
    default_capacity_provider_strategy: Set<Strategy>,
}

/// What services use that say nothing.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Strategy {
    /// Tasks that this provider runs at least.
    #[attr(default = 0, range(0..=100000))]
    base: Option<i32>,
    /// The provider.
    capacity_provider: String,
    /// Its share of the tasks.
    #[attr(default = 0, range(0..=1000))]
    weight: Option<i32>,
}

/// Why a change passes later: another one is under way, or a service that is going away still uses a provider.
const PASSING: &[&str] = &[
    "ResourceInUseException",
    "UpdateInProgressException",
    "Unable to assume the service linked role",
    "The specified capacity provider is in use and cannot be removed",
];

#[async_trait]
impl Resource for ClusterCapacityProviders {
    type Api = Aws;
    const HUMAN: &'static str = "ECS Cluster Capacity Providers";
    const TOKEN: Token = Token::Name;
    // DescribeClusters takes 100.
    const CHUNK: usize = 100;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        want.put(cx).await?;
        Ok(Self { id: want.cluster_name.clone(), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        made.settled(cx).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let mut found = cluster::together(cx).await?.to_vec();
        found.retain(|c| c.status.as_deref() != Some("INACTIVE"));
        let seen = |name: &str| found.iter().any(|c| c.cluster_name() == Some(name));
        let missing: Vec<String> = known.iter().map(|k| k.id.clone()).filter(|id| !seen(id)).collect();
        if !missing.is_empty() {
            found.extend(describe(cx.api, missing).await?);
        }
        let objects = found.into_iter().filter_map(|c| {
            let name = c.cluster_name?;
            let strategy = c.default_capacity_provider_strategy.unwrap_or_default().into_iter();
            let object = Self {
                id: name.clone(),
                capacity_providers: Some(c.capacity_providers.unwrap_or_default()),
                cluster_name: name.clone(),
                default_capacity_provider_strategy: strategy
                    .map(|s| Strategy {
                        base: Some(s.base),
                        capacity_provider: s.capacity_provider,
                        weight: Some(s.weight),
                    })
                    .collect(),
            };
            Some((name, object))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, _changed: &Changes) -> Result<(), Error> {
        let want = Self { id: prior.id.clone(), ..want.clone() };
        want.put(cx).await?;
        want.settled(cx).await
    }

    /// The cluster stays, without providers.
    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let none = Self { capacity_providers: None, default_capacity_provider_strategy: Vec::new(), ..prior.clone() };
        match none.put(cx).await {
            // A cluster that is gone has none.
            Err(e) if e.is_not_found() => return Ok(()),
            other => other?,
        }
        none.settled(cx).await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let made = Self { id: want.cluster_name.clone(), ..want.clone() };
        let found = Self::read_many(cx, std::slice::from_ref(&made)).await?.pop().flatten();
        let sorted = |p: &Option<Vec<String>>| p.iter().flatten().cloned().collect::<std::collections::BTreeSet<_>>();
        let ours = found.filter(|f| sorted(&f.capacity_providers) == sorted(&want.capacity_providers));
        Ok(ours.map(|_| made))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        Ok(vec![(Self::CLUSTER_NAME, Value::string(id))])
    }
}

async fn describe(aws: &Aws, names: Vec<String>) -> Result<Vec<Cluster>, Error> {
    let mut found =
        ecs(aws).describe_clusters().set_clusters(Some(names)).send().await.api()?.clusters.unwrap_or_default();
    found.retain(|c| c.status.as_deref() != Some("INACTIVE"));
    Ok(found)
}

impl ClusterCapacityProviders {
    async fn put(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        let mut strategy = Vec::new();
        for s in &self.default_capacity_provider_strategy {
            let item = CapacityProviderStrategyItem::builder().capacity_provider(&s.capacity_provider);
            strategy.push(part(item.base(s.base.unwrap_or_default()).weight(s.weight.unwrap_or_default()).build())?);
        }
        let call = ecs(cx.api)
            .put_cluster_capacity_providers()
            .cluster(&self.cluster_name)
            .set_capacity_providers(Some(self.capacity_providers.clone().unwrap_or_default()))
            .set_default_capacity_provider_strategy(Some(strategy));
        let call = &call;
        patiently(cx, "the cluster to take its capacity providers", PASSING, || async move {
            call.clone().send().await.api().map(drop)
        })
        .await
    }

    async fn settled(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        cx.wait("the cluster's capacity providers", Pace::QUICK, || async {
            let found = describe(cx.api, vec![self.cluster_name.clone()]).await?.into_iter().next();
            match found.and_then(|c| c.attachments_status).as_deref() {
                Some("UPDATE_FAILED") => Err(Error::other("the cluster's attachments state is UPDATE_FAILED")),
                Some("UPDATE_IN_PROGRESS") => Ok(Seen::Pending("UPDATE_IN_PROGRESS".into())),
                _ => Ok(Seen::Ready(())),
            }
        })
        .await
    }
}
