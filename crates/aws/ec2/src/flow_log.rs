//! `aws_flow_log`

use std::time::Duration;

use aws_sdk_ec2::types::{
    DestinationFileFormat, DestinationOptionsRequest, FlowLogsResourceType, LogDestinationType, ResourceType,
    TrafficType,
};
use sdt_aws_core::{Api, Aws, classify, in_order};
use sdt_provider::{
    Block, Changes, Class, Complaint, Computed, Cx, Error, Id, OptComputed, Path, Resource, Tags, Token, Value,
    async_trait, checks, invalid,
};

use crate::{ec2, filter, tags, text};

/// Records the traffic of a VPC, subnet, interface or transit gateway.
#[derive(Clone, Resource)]
#[resource(name = "aws_flow_log")]
pub(crate) struct FlowLog {
    id: Id,
    /// ARN of the log.
    arn: Computed<String>,
    /// Role that hands records to another account.
    #[attr(force_new, check = checks::arn)]
    deliver_cross_account_role: Option<String>,
    /// Form of files in a bucket.
    #[attr(force_new, lasting)]
    destination_options: Option<DestinationOptions>,
    /// The interface.
    #[attr(
        force_new,
        keep_null,
        exactly_one_of(eni_id, subnet_id, transit_gateway_attachment_id, transit_gateway_id, vpc_id)
    )]
    eni_id: Option<String>,
    /// Role that may write to the log group.
    #[attr(force_new, check = checks::arn)]
    iam_role_arn: Option<String>,
    /// ARN of the log group, bucket or delivery stream.
    #[attr(force_new, check = checks::arn, same = same_group, conflicts_with(log_group_name))]
    log_destination: OptComputed<String>,
    /// Kind of destination.
    #[attr(force_new, default = "cloud-watch-logs", one_of("cloud-watch-logs", "s3", "kinesis-data-firehose"))]
    log_destination_type: String,
    /// Fields of a record.
    #[attr(force_new)]
    log_format: OptComputed<String>,
    /// Name of the log group.
    #[attr(force_new, deprecated = "use 'log_destination' argument instead", conflicts_with(log_destination))]
    log_group_name: OptComputed<String>,
    /// Longest time in seconds that one record stands for.
    #[attr(force_new, default = 600)]
    max_aggregation_interval: i64,
    /// The subnet.
    #[attr(
        force_new,
        keep_null,
        exactly_one_of(eni_id, subnet_id, transit_gateway_attachment_id, transit_gateway_id, vpc_id)
    )]
    subnet_id: Option<String>,
    /// Tags of the log.
    tags: Tags,
    /// Which traffic is recorded.
    #[attr(force_new, one_of("ACCEPT", "REJECT", "ALL"))]
    traffic_type: Option<String>,
    /// The attachment of a transit gateway.
    #[attr(
        force_new,
        keep_null,
        exactly_one_of(eni_id, subnet_id, transit_gateway_attachment_id, transit_gateway_id, vpc_id)
    )]
    transit_gateway_attachment_id: Option<String>,
    /// The transit gateway.
    #[attr(
        force_new,
        keep_null,
        exactly_one_of(eni_id, subnet_id, transit_gateway_attachment_id, transit_gateway_id, vpc_id)
    )]
    transit_gateway_id: Option<String>,
    /// The VPC.
    #[attr(
        force_new,
        keep_null,
        exactly_one_of(eni_id, subnet_id, transit_gateway_attachment_id, transit_gateway_id, vpc_id)
    )]
    vpc_id: Option<String>,
}

/// Form of files in a bucket.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct DestinationOptions {
    /// Format.
    #[attr(force_new, default = "plain-text", one_of("plain-text", "parquet"))]
    file_format: String,
    /// Folders that Hive understands.
    #[attr(force_new, default = false)]
    hive_compatible_partitions: bool,
    /// One folder for each hour.
    #[attr(force_new, default = false)]
    per_hour_partition: bool,
}

/// A log group's ARN may end in `:*`.
fn same_group(a: &Value, b: &Value) -> bool {
    matches!((a.as_str(), b.as_str()), (Some(a), Some(b)) if a.trim_end_matches(":*") == b.trim_end_matches(":*"))
}

#[async_trait]
impl Resource for FlowLog {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Flow Log";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let (id, kind) = want.subject();
        // The role may have been made just now.
        let codes = ["InvalidParameter", "Unable to assume given IAM role"];
        cx.retry_on(&codes, Duration::from_secs(120), || async {
            let answer = ec2(cx.api)
                .create_flow_logs()
                .client_token(cx.client_token(""))
                .resource_ids(&id)
                .resource_type(kind.clone())
                .log_destination_type(LogDestinationType::from(want.log_destination_type.as_str()))
                .set_log_destination(want.log_destination.as_deref().map(|d| d.trim_end_matches(":*").to_owned()))
                .set_log_group_name(want.log_group_name.clone())
                .set_log_format(want.log_format.clone())
                .set_traffic_type(want.traffic_type.as_deref().map(TrafficType::from))
                .set_deliver_logs_permission_arn(want.iam_role_arn.clone())
                .set_deliver_cross_account_role(want.deliver_cross_account_role.clone())
                .max_aggregation_interval(want.max_aggregation_interval as i32)
                .set_destination_options(want.destination_options.as_ref().map(DestinationOptions::request))
                .set_tag_specifications(tags::on_create(ResourceType::VpcFlowLog, &want.tags))
                .send()
                .await
                .api()?;
            if let Some(e) = answer.unsuccessful().first().and_then(|u| u.error()) {
                let (code, message) = (e.code().unwrap_or_default(), e.message().unwrap_or_default());
                let assume = message.contains("Unable to assume given IAM role");
                let code = if assume { "Unable to assume given IAM role" } else { code };
                return Err(Error::new(if assume { Class::Invalid } else { classify(code) }, code, message));
            }
            let id = answer.flow_log_ids().first().cloned().unwrap_or_default();
            Ok(Self { id, ..want.clone() })
        })
        .await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let ids = known.iter().map(|k| k.id.clone());
        let found = ec2(cx.api).describe_flow_logs().filter(filter("flow-log-id", ids));
        let found = found.into_paginator().items().send().try_collect().await.api()?;
        // Not every answer says whose the log is.
        let account = if found.is_empty() { String::new() } else { cx.api.account().await? };
        let objects = found.into_iter().filter_map(|l| {
            let id = l.flow_log_id.clone()?;
            let subject = text(l.resource_id.clone()).unwrap_or_default();
            let of = |start: &str| subject.starts_with(start).then(|| subject.clone());
            let kind = l.log_destination_type().map_or("cloud-watch-logs", |t| t.as_str()).to_owned();
            let object = Self {
                arn: Some(cx.api.arn("ec2", &account, &format!("vpc-flow-log/{id}"))),
                deliver_cross_account_role: text(l.deliver_cross_account_role.clone()),
                destination_options: l.destination_options().map(|o| DestinationOptions {
                    file_format: o.file_format().map_or_else(|| "plain-text".into(), |f| f.as_str().to_owned()),
                    hive_compatible_partitions: o.hive_compatible_partitions() == Some(true),
                    per_hour_partition: o.per_hour_partition() == Some(true),
                }),
                eni_id: of("eni-"),
                iam_role_arn: text(l.deliver_logs_permission_arn.clone()),
                log_destination: text(l.log_destination.clone()),
                log_destination_type: kind,
                log_format: text(l.log_format.clone()),
                log_group_name: text(l.log_group_name.clone()),
                max_aggregation_interval: l.max_aggregation_interval.unwrap_or(600).into(),
                subnet_id: of("subnet-"),
                tags: tags::read(l.tags.clone()),
                traffic_type: l.traffic_type().map(|t| t.as_str().to_owned()),
                transit_gateway_attachment_id: of("tgw-attach-"),
                transit_gateway_id: of("tgw-").filter(|s| !s.starts_with("tgw-attach-")),
                vpc_id: of("vpc-"),
                id: id.clone(),
            };
            Some((id, object))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if changed.tags() {
            tags::update(cx.api, &prior.id, &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let answer = ec2(cx.api).delete_flow_logs().flow_log_ids(&prior.id).send().await.api()?;
        match answer.unsuccessful().first().and_then(|u| u.error()) {
            Some(e) => {
                let code = e.code().unwrap_or_default();
                Err(Error::new(classify(code), code, e.message().unwrap_or_default()))
            }
            None => Ok(()),
        }
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        Ok(tags::by_token(cx).await?.map(|id| Self { id, ..want.clone() }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        tags::forget_token(aws, ids).await
    }

    /// Options that are not configured any more stay as they are.
    fn validate(config: &Value) -> Vec<Complaint> {
        let seconds = config.get(Self::MAX_AGGREGATION_INTERVAL.0).and_then(Value::as_number).and_then(|n| n.as_i64());
        match seconds {
            Some(seconds) if seconds != 60 && seconds != 600 => {
                let path = Path::root().attr(Self::MAX_AGGREGATION_INTERVAL.0);
                let detail = format!("expected max_aggregation_interval to be one of [60, 600], got {seconds}");
                vec![invalid(path, "Invalid value for an argument", detail)]
            }
            _ => Vec::new(),
        }
    }
}

impl DestinationOptions {
    fn request(&self) -> DestinationOptionsRequest {
        DestinationOptionsRequest::builder()
            .file_format(DestinationFileFormat::from(self.file_format.as_str()))
            .hive_compatible_partitions(self.hive_compatible_partitions)
            .per_hour_partition(self.per_hour_partition)
            .build()
    }
}

impl FlowLog {
    /// What is recorded.
    fn subject(&self) -> (String, FlowLogsResourceType) {
        let all = [
            (&self.vpc_id, FlowLogsResourceType::Vpc),
            (&self.subnet_id, FlowLogsResourceType::Subnet),
            (&self.eni_id, FlowLogsResourceType::NetworkInterface),
            (&self.transit_gateway_id, FlowLogsResourceType::TransitGateway),
            (&self.transit_gateway_attachment_id, FlowLogsResourceType::TransitGatewayAttachment),
        ];
        let set = all.into_iter().find_map(|(id, kind)| Some((id.clone().filter(|i| !i.is_empty())?, kind)));
        set.unwrap_or_else(|| (String::new(), FlowLogsResourceType::Vpc))
    }
}
