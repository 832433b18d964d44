//! Who holds an object that cannot be deleted: the service only says that somebody does.

use std::time::Duration;

use aws_sdk_ec2::types::NetworkInterface;
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Class, Cx, Error};

use crate::{ec2, filter};

/// Most names in a message.
const SHOWN: usize = 5;

/// What may be held: each by the filter that finds its interfaces.
#[derive(Clone, Copy)]
pub(crate) enum Held<'a> {
    /// A VPC.
    Vpc(&'a str),
    /// A subnet.
    Subnet(&'a str),
    /// A security group.
    Group(&'a str),
}

/// How long the holders of what is being deleted usually need to go. After that people want to know who they are.
const PATIENCE: Duration = Duration::from_secs(20);

/// Repeats a deletion while somebody holds the object; tells who, while waiting and when it fails in the end.
pub(crate) async fn released<F, Fut>(
    cx: &Cx<'_, Aws>,
    held: Held<'_>,
    codes: &[&str],
    limit: Duration,
    mut delete: F,
) -> Result<(), Error>
where
    F: FnMut() -> Fut + Send,
    Fut: Future<Output = Result<(), Error>> + Send,
{
    match cx.retry_on(codes, limit.min(PATIENCE), &mut delete).await {
        Err(e) if e.has_code(codes) && limit > PATIENCE && !cx.stopping() => {
            if let Err(e) = named::<()>(cx, held, Err(e)).await {
                cx.waiting(&e.message);
            }
            let result = cx.retry_on(codes, limit - PATIENCE, delete).await;
            named(cx, held, result).await
        }
        result => named(cx, held, result).await,
    }
}

/// Adds the holders to an error that says there are some. Looking them up is help only: what fails there is not told.
async fn named<T>(cx: &Cx<'_, Aws>, held: Held<'_>, result: Result<T, Error>) -> Result<T, Error> {
    let Err(mut e) = result else { return result };
    if e.class != Class::InUse {
        return Err(e);
    }
    let mut holders = match held {
        Held::Vpc(id) => interfaces(cx, "vpc-id", id).await,
        Held::Subnet(id) => interfaces(cx, "subnet-id", id).await,
        Held::Group(id) => interfaces(cx, "group-id", id).await,
    };
    match held {
        Held::Vpc(id) => holders.extend(in_vpc(cx, id).await),
        Held::Group(id) => holders.extend(rules(cx, id).await),
        Held::Subnet(_) => {}
    }
    if !holders.is_empty() {
        let more = holders.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        holders.truncate(SHOWN);
        e.message = format!("{} It is held by {}{more}.", e.message, holders.join(", "));
    }
    Err(e)
}

async fn interfaces(cx: &Cx<'_, Aws>, name: &str, id: &str) -> Vec<String> {
    let found = ec2(cx.api).describe_network_interfaces().filters(filter(name, [id])).send().await.api();
    let found = found.ok().and_then(|f| f.network_interfaces).unwrap_or_default();
    found.iter().map(interface).collect()
}

fn interface(i: &NetworkInterface) -> String {
    let id = i.network_interface_id().unwrap_or_default();
    let user = i.attachment().and_then(|a| a.instance_id()).or(i.description()).filter(|d| !d.is_empty());
    user.map_or_else(|| format!("network interface {id}"), |user| format!("network interface {id} ({user})"))
}

/// Parts of a VPC that have to go before it.
async fn in_vpc(cx: &Cx<'_, Aws>, id: &str) -> Vec<String> {
    let client = ec2(cx.api);
    let here = || filter("vpc-id", [id]);
    let (subnets, groups, gateways, endpoints) = tokio::join!(
        client.describe_subnets().filters(here()).send(),
        client.describe_security_groups().filters(here()).send(),
        client.describe_internet_gateways().filters(filter("attachment.vpc-id", [id])).send(),
        client.describe_vpc_endpoints().filters(here()).send(),
    );
    let mut out = Vec::new();
    let mut add = |kind: &str, id: Option<&str>| out.extend(id.map(|id| format!("{kind} {id}")));
    if let Ok(found) = &subnets {
        found.subnets().iter().for_each(|s| add("subnet", s.subnet_id()));
    }
    if let Ok(found) = &groups {
        let own = found.security_groups().iter().filter(|g| g.group_name() != Some("default"));
        own.for_each(|g| add("security group", g.group_id()));
    }
    if let Ok(found) = &gateways {
        found.internet_gateways().iter().for_each(|g| add("internet gateway", g.internet_gateway_id()));
    }
    if let Ok(found) = &endpoints {
        let live = found.vpc_endpoints().iter().filter(|e| e.state().is_none_or(|s| s.as_str() != "deleted"));
        live.for_each(|e| add("endpoint", e.vpc_endpoint_id()));
    }
    out
}

/// Groups with rules that name this one.
async fn rules(cx: &Cx<'_, Aws>, id: &str) -> Vec<String> {
    let call = |name: &str| ec2(cx.api).describe_security_groups().filters(filter(name, [id])).send();
    let (incoming, outgoing) = tokio::join!(call("ip-permission.group-id"), call("egress.ip-permission.group-id"));
    let mut out: Vec<String> = [incoming, outgoing]
        .into_iter()
        .flatten()
        .flat_map(|f| f.security_groups.unwrap_or_default())
        .filter_map(|g| g.group_id)
        .filter(|g| g != id)
        .map(|g| format!("a rule of security group {g}"))
        .collect();
    out.sort();
    out.dedup();
    out
}
