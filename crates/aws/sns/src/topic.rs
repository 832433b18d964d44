//! `aws_sns_topic`

use aws_sdk_sns::types::Tag;
use sdt_aws_core::{Api, Aws, each, names, tags};
use sdt_provider::{
    Changes, Computed, Cx, Error, Id, Json, Name, OPERATION_TAG, OptComputed, PlanEdit, Resource, Tags, Token,
    async_trait, checks, equal,
};

use crate::attributes::{Attributes, set_topic};
use crate::sns;

/// A topic, to which messages are published.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_sns_topic")]
pub(crate) struct Topic {
    id: Id,
    /// Role that logs failed deliveries to apps.
    #[attr(check = checks::arn)]
    application_failure_feedback_role_arn: Option<String>,
    /// Role that logs deliveries to apps.
    #[attr(check = checks::arn)]
    application_success_feedback_role_arn: Option<String>,
    /// Percentage of deliveries to apps that is logged.
    #[attr(range(0..=100))]
    application_success_feedback_sample_rate: Option<i32>,
    /// For how long messages are kept for replay.
    archive_policy: Option<Json>,
    /// Its ARN.
    arn: Computed<String>,
    /// From when messages can be replayed.
    beginning_archive_time: Computed<String>,
    /// Messages of the same content are one.
    #[attr(default = false)]
    content_based_deduplication: Option<bool>,
    /// How deliveries are retried.
    delivery_policy: Option<Json>,
    /// Name that people see.
    display_name: Option<String>,
    /// What the limit of messages a second holds for.
    #[attr(one_of("Topic", "MessageGroup"))]
    fifo_throughput_scope: OptComputed<String>,
    /// Keeps the order of messages.
    #[attr(force_new, default = false)]
    fifo_topic: Option<bool>,
    /// Role that logs failed deliveries to Firehose.
    #[attr(check = checks::arn)]
    firehose_failure_feedback_role_arn: Option<String>,
    /// Role that logs deliveries to Firehose.
    #[attr(check = checks::arn)]
    firehose_success_feedback_role_arn: Option<String>,
    /// Percentage of deliveries to Firehose that is logged.
    #[attr(range(0..=100))]
    firehose_success_feedback_sample_rate: Option<i32>,
    /// Role that logs failed deliveries over HTTP.
    #[attr(check = checks::arn)]
    http_failure_feedback_role_arn: Option<String>,
    /// Role that logs deliveries over HTTP.
    #[attr(check = checks::arn)]
    http_success_feedback_role_arn: Option<String>,
    /// Percentage of deliveries over HTTP that is logged.
    #[attr(range(0..=100))]
    http_success_feedback_sample_rate: Option<i32>,
    /// KMS key of the messages.
    kms_master_key_id: Option<String>,
    /// Role that logs failed deliveries to Lambda.
    #[attr(check = checks::arn)]
    lambda_failure_feedback_role_arn: Option<String>,
    /// Role that logs deliveries to Lambda.
    #[attr(check = checks::arn)]
    lambda_success_feedback_role_arn: Option<String>,
    /// Percentage of deliveries to Lambda that is logged.
    #[attr(range(0..=100))]
    lambda_success_feedback_sample_rate: Option<i32>,
    /// Its name.
    #[attr(force_new, conflicts_with(name_prefix))]
    name: OptComputed<String>,
    /// Start of a name that is then made unique.
    #[attr(force_new, conflicts_with(name))]
    name_prefix: OptComputed<String>,
    /// Account that owns it.
    owner: Computed<String>,
    /// The policy.
    #[attr(same = equal::policy)]
    policy: OptComputed<Json>,
    /// Version of the messages' signature.
    #[attr(range(1..=2))]
    signature_version: OptComputed<i32>,
    /// Role that logs failed deliveries to SQS.
    #[attr(check = checks::arn)]
    sqs_failure_feedback_role_arn: Option<String>,
    /// Role that logs deliveries to SQS.
    #[attr(check = checks::arn)]
    sqs_success_feedback_role_arn: Option<String>,
    /// Percentage of deliveries to SQS that is logged.
    #[attr(range(0..=100))]
    sqs_success_feedback_sample_rate: Option<i32>,
    /// Tags of the object.
    tags: Tags,
    /// Whether X-Ray follows the messages.
    #[attr(one_of("Active", "PassThrough"))]
    tracing_config: OptComputed<String>,
}

/// What names of topics are made of.
const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

type Getter = fn(&Topic) -> Option<String>;

/// What is set by name after the creation.
const SETTINGS: &[(Name, &str, Getter)] = &[
    (Topic::APPLICATION_FAILURE_FEEDBACK_ROLE_ARN, "ApplicationFailureFeedbackRoleArn", |t| {
        t.application_failure_feedback_role_arn.clone()
    }),
    (Topic::APPLICATION_SUCCESS_FEEDBACK_ROLE_ARN, "ApplicationSuccessFeedbackRoleArn", |t| {
        t.application_success_feedback_role_arn.clone()
    }),
    (Topic::APPLICATION_SUCCESS_FEEDBACK_SAMPLE_RATE, "ApplicationSuccessFeedbackSampleRate", |t| {
        t.application_success_feedback_sample_rate.map(|n| n.to_string())
    }),
    (Topic::ARCHIVE_POLICY, "ArchivePolicy", |t| t.archive_policy.clone()),
    (Topic::CONTENT_BASED_DEDUPLICATION, "ContentBasedDeduplication", |t| {
        t.content_based_deduplication.map(|b| b.to_string())
    }),
    (Topic::DELIVERY_POLICY, "DeliveryPolicy", |t| t.delivery_policy.clone()),
    (Topic::DISPLAY_NAME, "DisplayName", |t| t.display_name.clone()),
    (Topic::FIFO_THROUGHPUT_SCOPE, "FifoThroughputScope", |t| t.fifo_throughput_scope.clone()),
    (Topic::FIREHOSE_FAILURE_FEEDBACK_ROLE_ARN, "FirehoseFailureFeedbackRoleArn", |t| {
        t.firehose_failure_feedback_role_arn.clone()
    }),
    (Topic::FIREHOSE_SUCCESS_FEEDBACK_ROLE_ARN, "FirehoseSuccessFeedbackRoleArn", |t| {
        t.firehose_success_feedback_role_arn.clone()
    }),
    (Topic::FIREHOSE_SUCCESS_FEEDBACK_SAMPLE_RATE, "FirehoseSuccessFeedbackSampleRate", |t| {
        t.firehose_success_feedback_sample_rate.map(|n| n.to_string())
    }),
    (Topic::HTTP_FAILURE_FEEDBACK_ROLE_ARN, "HTTPFailureFeedbackRoleArn", |t| t.http_failure_feedback_role_arn.clone()),
    (Topic::HTTP_SUCCESS_FEEDBACK_ROLE_ARN, "HTTPSuccessFeedbackRoleArn", |t| t.http_success_feedback_role_arn.clone()),
    (Topic::HTTP_SUCCESS_FEEDBACK_SAMPLE_RATE, "HTTPSuccessFeedbackSampleRate", |t| {
        t.http_success_feedback_sample_rate.map(|n| n.to_string())
    }),
    (Topic::KMS_MASTER_KEY_ID, "KmsMasterKeyId", |t| t.kms_master_key_id.clone()),
    (Topic::LAMBDA_FAILURE_FEEDBACK_ROLE_ARN, "LambdaFailureFeedbackRoleArn", |t| {
        t.lambda_failure_feedback_role_arn.clone()
    }),
    (Topic::LAMBDA_SUCCESS_FEEDBACK_ROLE_ARN, "LambdaSuccessFeedbackRoleArn", |t| {
        t.lambda_success_feedback_role_arn.clone()
    }),
    (Topic::LAMBDA_SUCCESS_FEEDBACK_SAMPLE_RATE, "LambdaSuccessFeedbackSampleRate", |t| {
        t.lambda_success_feedback_sample_rate.map(|n| n.to_string())
    }),
    (Topic::POLICY, "Policy", |t| t.policy.clone()),
    (Topic::SIGNATURE_VERSION, "SignatureVersion", |t| t.signature_version.map(|n| n.to_string())),
    (Topic::SQS_FAILURE_FEEDBACK_ROLE_ARN, "SQSFailureFeedbackRoleArn", |t| t.sqs_failure_feedback_role_arn.clone()),
    (Topic::SQS_SUCCESS_FEEDBACK_ROLE_ARN, "SQSSuccessFeedbackRoleArn", |t| t.sqs_success_feedback_role_arn.clone()),
    (Topic::SQS_SUCCESS_FEEDBACK_SAMPLE_RATE, "SQSSuccessFeedbackSampleRate", |t| {
        t.sqs_success_feedback_sample_rate.map(|n| n.to_string())
    }),
    (Topic::TRACING_CONFIG, "TracingConfig", |t| t.tracing_config.clone()),
];

#[async_trait]
impl Resource for Topic {
    type Api = Aws;
    const HUMAN: &'static str = "SNS Topic";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let name = want.name_for(cx);
        let mut call = sns(cx.api).create_topic().name(&name).set_tags(list(want.tags.clone()));
        if want.fifo_topic == Some(true) {
            call = call.attributes("FifoTopic", "true");
        }
        let arn = call.send().await.api()?.topic_arn.unwrap_or_default();
        Ok(Self { id: arn.clone(), arn: Some(arn), name: Some(name), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        for (_, attribute, get) in SETTINGS {
            // "false" is what a new topic has anyway, and what plain topics refuse.
            if let Some(value) = get(made).filter(|v| !v.is_empty() && v != "false" && v != "0") {
                set_topic(cx, &made.id, attribute, value).await?;
            }
        }
        Ok(())
    }

    // ListTopics gives nothing but ARNs.
    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        each(known, |k| async move {
            let (found, tags) = tokio::join!(
                Attributes::shared(cx, &k.id),
                sns(cx.api).list_tags_for_resource().resource_arn(&k.id).send()
            );
            let found = found?;
            Ok(Some(Self::seen(&k.id, &found, read_tags(tags.api()?.tags))))
        })
        .await
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        for (name, attribute, get) in SETTINGS.iter().filter(|(name, _, _)| changed.has(*name)) {
            // A topic always has a policy.
            let value = get(want).unwrap_or_default();
            if *name != Self::POLICY || !value.is_empty() {
                set_topic(cx, &prior.id, attribute, value).await?;
            }
        }
        if changed.tags() {
            let change = tags::change(&prior.tags, &want.tags);
            if !change.remove.is_empty() {
                sns(cx.api)
                    .untag_resource()
                    .resource_arn(&prior.id)
                    .set_tag_keys(Some(change.remove))
                    .send()
                    .await
                    .api()?;
            }
            if !change.set.is_empty() {
                sns(cx.api).tag_resource().resource_arn(&prior.id).set_tags(list(change.set)).send().await.api()?;
            }
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        sns(cx.api).delete_topic().topic_arn(&prior.id).send().await.api().map(drop)
    }

    fn customize(edit: &mut PlanEdit<'_>) {
        let fifo = edit.planned(Self::FIFO_TOPIC).as_bool() == Some(true);
        let name = edit.planned(Self::NAME).as_str().unwrap_or_default().to_owned();
        if edit.prior.is_none() && !name.is_empty() {
            let base = if fifo { name.strip_suffix(".fifo") } else { Some(name.as_str()) };
            let fits = |b: &str| (1..=256).contains(&b.len()) && b.bytes().all(is_name);
            if !base.is_some_and(fits) {
                edit.refuse(Self::NAME, format!("invalid topic name: {name}"));
            }
        }
        if fifo || edit.planned(Self::FIFO_TOPIC).is_unknown() {
            return;
        }
        let known = |name: Name| !edit.planned(name).is_unknown() && edit.has(name);
        let only = [
            (Self::ARCHIVE_POLICY, "message archive policy"),
            (Self::CONTENT_BASED_DEDUPLICATION, "content-based deduplication"),
            (Self::FIFO_THROUGHPUT_SCOPE, "FIFO throughput scope"),
        ];
        if let Some((name, what)) = only.into_iter().find(|(name, _)| known(*name)) {
            edit.refuse(name, format!("{what} can only be set for FIFO topics"));
        }
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let name = want.name_for(cx);
        let pages = sns(cx.api).list_topics().into_paginator().items().send();
        let all: Vec<_> = pages.try_collect().await.api()?;
        let Some(arn) = all.into_iter().filter_map(|t| t.topic_arn).find(|a| a.rsplit(':').next() == Some(&name))
        else {
            return Ok(None);
        };
        let found = read_tags(sns(cx.api).list_tags_for_resource().resource_arn(&arn).send().await.api()?.tags);
        let ours = tags::operation(&found) == Some(cx.token());
        Ok(ours.then(|| Self { id: arn.clone(), arn: Some(arn), name: Some(name), ..want.clone() }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        for id in ids {
            match sns(aws).untag_resource().resource_arn(id).tag_keys(OPERATION_TAG).send().await.api() {
                Err(e) if e.is_not_found() => {}
                other => drop(other?),
            }
        }
        Ok(())
    }
}

impl Topic {
    /// Names of topics that keep the order end in `.fifo`.
    fn name_for(&self, cx: &Cx<'_, Aws>) -> String {
        let end = if self.fifo_topic == Some(true) { ".fifo" } else { "" };
        let generated = || cx.generated_name(self.name_prefix.as_deref().unwrap_or_default()) + end;
        self.name.clone().unwrap_or_else(generated)
    }

    fn seen(arn: &str, a: &Attributes, tags: Tags) -> Self {
        let name = arn.rsplit(':').next().unwrap_or_default();
        Self {
            id: arn.to_owned(),
            arn: Some(arn.to_owned()),
            beginning_archive_time: a.text("BeginningArchiveTime"),
            fifo_topic: Some(a.truth("FifoTopic") == Some(true)),
            name: Some(name.to_owned()),
            name_prefix: Some(names::prefix_of(name.strip_suffix(".fifo").unwrap_or(name))),
            owner: a.text("Owner"),
            tags,
            application_failure_feedback_role_arn: a.text("ApplicationFailureFeedbackRoleArn"),
            application_success_feedback_role_arn: a.text("ApplicationSuccessFeedbackRoleArn"),
            application_success_feedback_sample_rate: a.number("ApplicationSuccessFeedbackSampleRate"),
            archive_policy: a.text("ArchivePolicy"),
            content_based_deduplication: a.truth("ContentBasedDeduplication"),
            delivery_policy: a.text("DeliveryPolicy"),
            display_name: a.text("DisplayName"),
            fifo_throughput_scope: a.text("FifoThroughputScope"),
            firehose_failure_feedback_role_arn: a.text("FirehoseFailureFeedbackRoleArn"),
            firehose_success_feedback_role_arn: a.text("FirehoseSuccessFeedbackRoleArn"),
            firehose_success_feedback_sample_rate: a.number("FirehoseSuccessFeedbackSampleRate"),
            http_failure_feedback_role_arn: a.text("HTTPFailureFeedbackRoleArn"),
            http_success_feedback_role_arn: a.text("HTTPSuccessFeedbackRoleArn"),
            http_success_feedback_sample_rate: a.number("HTTPSuccessFeedbackSampleRate"),
            kms_master_key_id: a.text("KmsMasterKeyId"),
            lambda_failure_feedback_role_arn: a.text("LambdaFailureFeedbackRoleArn"),
            lambda_success_feedback_role_arn: a.text("LambdaSuccessFeedbackRoleArn"),
            lambda_success_feedback_sample_rate: a.number("LambdaSuccessFeedbackSampleRate"),
            policy: a.text("Policy"),
            signature_version: a.number("SignatureVersion"),
            sqs_failure_feedback_role_arn: a.text("SQSFailureFeedbackRoleArn"),
            sqs_success_feedback_role_arn: a.text("SQSSuccessFeedbackRoleArn"),
            sqs_success_feedback_sample_rate: a.number("SQSSuccessFeedbackSampleRate"),
            tracing_config: a.text("TracingConfig"),
        }
    }
}

fn list(tags: impl IntoIterator<Item = (String, String)>) -> Option<Vec<Tag>> {
    let tags: Vec<Tag> = tags.into_iter().filter_map(|(k, v)| Tag::builder().key(k).value(v).build().ok()).collect();
    (!tags.is_empty()).then_some(tags)
}

fn read_tags(tags: Option<Vec<Tag>>) -> Tags {
    tags.into_iter().flatten().map(|t| (t.key, t.value)).collect()
}
