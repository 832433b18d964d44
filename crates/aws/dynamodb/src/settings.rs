//! Settings of tables with calls of their own: encryption, streams, backups, expiry, tags, and making a table from something else.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
use aws_sdk_dynamodb::types::{
    BillingMode, ContinuousBackupsDescription, CsvOptions, InputCompressionType, InputFormat, InputFormatOptions,
    PointInTimeRecoverySpecification, PointInTimeRecoveryStatus, S3BucketSource, SseDescription, SseSpecification,
    SseType, StreamSpecification, StreamViewType, TableCreationParameters, Tag, TimeToLiveSpecification,
    TimeToLiveStatus,
};
use sdt_aws_core::{Api, Aws, tags};
use sdt_provider::{Block, Cx, Error, OptComputed, Pace, Seen, Set, Tags, checks};

use crate::dynamodb;
use crate::table::{Table, active, build};

/// Expiry of items.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Ttl {
    /// Attribute that holds the time, in seconds since 1970.
    pub(crate) attribute_name: Option<String>,
    /// Whether items expire.
    #[attr(default = false)]
    pub(crate) enabled: Option<bool>,
}

impl Ttl {
    pub(crate) async fn read(aws: &Aws, table: &str) -> Result<Self, Error> {
        let answer = dynamodb(aws).describe_time_to_live().table_name(table).send().await.api()?;
        let found = answer.time_to_live_description;
        let status = found.as_ref().and_then(|t| t.time_to_live_status.clone());
        let enabled = matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling));
        Ok(Self { attribute_name: found.and_then(|t| t.attribute_name), enabled: Some(enabled) })
    }

    pub(crate) async fn put(&self, cx: &Cx<'_, Aws>, table: &str) -> Result<(), Error> {
        let on = self.enabled == Some(true);
        let name = self.attribute_name.clone().unwrap_or_default();
        let spec = TimeToLiveSpecification::builder().attribute_name(name).enabled(on).build().map_err(build)?;
        let call = dynamodb(cx.api).update_time_to_live().table_name(table).time_to_live_specification(spec);
        call.send().await.api()?;
        cx.wait("the table's expiry to change", Pace::QUICK, || async {
            let now = Self::read(cx.api, table).await?.enabled == Some(true);
            Ok(if now == on { Seen::Ready(()) } else { Seen::Pending(String::new()) })
        })
        .await
    }
}

/// Backups to any second.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Recovery {
    /// Whether they are made.
    pub(crate) enabled: bool,
    /// How many days they reach back.
    #[attr(range(1..=35))]
    recovery_period_in_days: OptComputed<i64>,
}

impl Recovery {
    pub(crate) async fn read(aws: &Aws, table: &str) -> Result<Self, Error> {
        let answer = match dynamodb(aws).describe_continuous_backups().table_name(table).send().await.api() {
            // Not offered in every region.
            Err(e) if e.has_code(&["UnknownOperationException"]) => None,
            other => other?.continuous_backups_description,
        };
        let found = answer.as_ref().and_then(ContinuousBackupsDescription::point_in_time_recovery_description);
        let enabled =
            found.and_then(|r| r.point_in_time_recovery_status()) == Some(&PointInTimeRecoveryStatus::Enabled);
        let days = found.and_then(|r| r.recovery_period_in_days()).map(i64::from);
        Ok(Self { enabled, recovery_period_in_days: Some(days.unwrap_or(if enabled { 35 } else { 0 })) })
    }

    pub(crate) async fn put(&self, cx: &Cx<'_, Aws>, table: &str) -> Result<(), Error> {
        let days = self.recovery_period_in_days.filter(|d| *d > 0 && self.enabled).map(|d| d as i32);
        let spec = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(self.enabled);
        let spec = spec.set_recovery_period_in_days(days).build().map_err(build)?;
        // Right after creation backups are "being enabled" for a while.
        let codes = ["ContinuousBackupsUnavailableException"];
        cx.retry_on(&codes, cx.remaining(), || async {
            let call = dynamodb(cx.api).update_continuous_backups().table_name(table);
            call.point_in_time_recovery_specification(spec.clone()).send().await.api().map(drop)
        })
        .await?;
        cx.wait("the table's backups to change", Pace::QUICK, || async {
            let now = Self::read(cx.api, table).await?.enabled;
            Ok(if now == self.enabled { Seen::Ready(()) } else { Seen::Pending(String::new()) })
        })
        .await
    }
}

/// Encryption with a KMS key.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Encryption {
    /// False for DynamoDB's own key.
    enabled: bool,
    /// The key; the account's own for DynamoDB when not set.
    #[attr(check = checks::arn)]
    kms_key_arn: OptComputed<String>,
}

impl Encryption {
    pub(crate) fn request(&self) -> SseSpecification {
        let spec = SseSpecification::builder().enabled(self.enabled);
        if !self.enabled {
            return spec.build();
        }
        spec.sse_type(SseType::Kms).set_kms_master_key_id(self.kms_key_arn.clone()).build()
    }

    pub(crate) fn seen(found: &SseDescription) -> Option<Self> {
        let enabled = matches!(found.status().map(|s| s.as_str()), Some("ENABLED" | "ENABLING" | "UPDATING"));
        enabled.then(|| Self { enabled, kms_key_arn: found.kms_master_key_arn().map(str::to_owned) })
    }
}

/// Where a table's first items come from.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct ImportTable {
    /// How the files are compressed.
    #[attr(one_of("GZIP", "ZSTD", "NONE"))]
    input_compression_type: Option<String>,
    /// Format of the files.
    #[attr(one_of("DYNAMODB_JSON", "ION", "CSV"))]
    input_format: String,
    /// Details of the format.
    input_format_options: Option<FormatOptions>,
    /// The files.
    #[attr(force_new)]
    s3_bucket_source: BucketSource,
}

/// Details of an import's format.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct FormatOptions {
    /// For CSV.
    csv: Option<Csv>,
}

/// How CSV files are written.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Csv {
    /// Between fields.
    delimiter: Option<String>,
    /// Names of the columns, when the files have no head line.
    header_list: Option<Set<String>>,
}

/// Files in a bucket.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct BucketSource {
    /// The bucket.
    bucket: String,
    /// Account that owns it.
    bucket_owner: Option<String>,
    /// Start of the files' names.
    key_prefix: Option<String>,
}

/// ImportTable: the table appears at once and fills by itself.
pub(crate) async fn import(client: &Client, import: &ImportTable, want: &Table, token: String) -> Result<(), Error> {
    let source = &import.s3_bucket_source;
    let bucket = S3BucketSource::builder()
        .s3_bucket(&source.bucket)
        .set_s3_bucket_owner(source.bucket_owner.clone())
        .set_s3_key_prefix(source.key_prefix.clone())
        .build()
        .map_err(build)?;
    let csv = import.input_format_options.as_ref().and_then(|o| o.csv.as_ref()).map(|csv| {
        let options =
            CsvOptions::builder().set_delimiter(csv.delimiter.clone()).set_header_list(csv.header_list.clone());
        InputFormatOptions::builder().csv(options.build()).build()
    });
    let table = TableCreationParameters::builder()
        .table_name(&want.name)
        .set_attribute_definitions(Some(want.definitions()?))
        .set_key_schema(Some(want.keys()?))
        .set_billing_mode(want.billing_mode.as_deref().map(BillingMode::from))
        .set_provisioned_throughput(want.throughput()?)
        .set_sse_specification(want.server_side_encryption.as_ref().map(Encryption::request))
        .set_global_secondary_indexes(want.global_indexes()?)
        .build()
        .map_err(build)?;
    client
        .import_table()
        .client_token(token)
        .s3_bucket_source(bucket)
        .input_format(InputFormat::from(import.input_format.as_str()))
        .set_input_compression_type(import.input_compression_type.as_deref().map(InputCompressionType::from))
        .set_input_format_options(csv)
        .table_creation_parameters(table)
        .send()
        .await
        .api()
        .map(drop)
}

/// RestoreTableToPointInTime.
pub(crate) async fn restore(client: &Client, want: &Table) -> Result<(), Error> {
    let moment = want.restore_date_time.as_deref().map(|t| DateTime::from_str(t, DateTimeFormat::DateTimeWithOffset));
    client
        .restore_table_to_point_in_time()
        .target_table_name(&want.name)
        .set_source_table_name(want.restore_source_name.clone())
        .set_source_table_arn(want.restore_source_table_arn.clone())
        .set_use_latest_restorable_time(want.restore_to_latest_time)
        .set_restore_date_time(moment.transpose().map_err(build)?)
        .set_billing_mode_override(want.billing_mode.as_deref().map(BillingMode::from))
        .set_provisioned_throughput_override(want.throughput()?)
        .set_sse_specification_override(want.server_side_encryption.as_ref().map(Encryption::request))
        .send()
        .await
        .api()
        .map(drop)
}

/// The stream a new table is to have.
pub(crate) fn stream(want: &Table) -> Result<Option<StreamSpecification>, Error> {
    if want.stream_enabled != Some(true) {
        return Ok(None);
    }
    let view = want.stream_view_type.as_deref().map(StreamViewType::from);
    StreamSpecification::builder().stream_enabled(true).set_stream_view_type(view).build().map(Some).map_err(build)
}

/// Turns the stream on or off; another view needs both.
pub(crate) async fn change_stream(cx: &Cx<'_, Aws>, prior: &Table, want: &Table) -> Result<(), Error> {
    let table = || dynamodb(cx.api).update_table().table_name(&want.name);
    if prior.stream_enabled == Some(true) {
        let off = StreamSpecification::builder().stream_enabled(false).build().map_err(build)?;
        table().stream_specification(off).send().await.api()?;
        active(cx, &want.name).await?;
    }
    if let Some(on) = stream(want)? {
        table().stream_specification(on).send().await.api()?;
        active(cx, &want.name).await?;
    }
    Ok(())
}

/// Tags in the API's form; `None` when there are none.
pub(crate) fn tag_list(tags: impl IntoIterator<Item = (String, String)>) -> Result<Option<Vec<Tag>>, Error> {
    let one = |(k, v): (String, String)| Tag::builder().key(k).value(v).build();
    let all = tags.into_iter().map(one).collect::<Result<Vec<_>, _>>().map_err(build)?;
    Ok((!all.is_empty()).then_some(all))
}

pub(crate) async fn read_tags(aws: &Aws, arn: &str) -> Result<Tags, Error> {
    let mut out = Tags::new();
    let mut next = None;
    loop {
        let answer = dynamodb(aws).list_tags_of_resource().resource_arn(arn).set_next_token(next).send().await.api()?;
        out.extend(answer.tags.unwrap_or_default().into_iter().map(|t| (t.key, t.value)));
        next = answer.next_token.filter(|t| !t.is_empty());
        if next.is_none() {
            return Ok(out);
        }
    }
}

/// Makes the tags of a table those that are wanted.
pub(crate) async fn change_tags(aws: &Aws, arn: &str, prior: &Tags, want: &Tags) -> Result<(), Error> {
    let change = tags::change(prior, want);
    if !change.remove.is_empty() {
        dynamodb(aws).untag_resource().resource_arn(arn).set_tag_keys(Some(change.remove)).send().await.api()?;
    }
    if let Some(set) = tag_list(change.set)? {
        dynamodb(aws).tag_resource().resource_arn(arn).set_tags(Some(set)).send().await.api()?;
    }
    Ok(())
}
