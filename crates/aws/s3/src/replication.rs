//! Replication inside `aws_s3_bucket`.

use aws_sdk_s3::types as t;
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Block, Cx, Error, Map, Pace, Seen, Set, checks};

use crate::s3;
use crate::shared::{VISIBLE_WITHIN, absent, build};

/// Copies of new objects in other buckets.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Replication {
    /// Role that copies.
    role: String,
    /// What is copied where.
    #[attr(min = 1)]
    rules: Set<Rule>,
}

/// What is copied where.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Rule {
    /// Copies markers of deletion too.
    #[attr(default = "", one_of("Enabled"))]
    delete_marker_replication_status: Option<String>,
    /// Where to.
    destination: Destination,
    /// Which objects; a rule with a filter has a priority.
    filter: Option<Filter>,
    /// Name of the rule.
    #[attr(default = "", length(0..=255))]
    id: Option<String>,
    /// Start of the objects' names, in a rule without a filter.
    #[attr(default = "", length(0..=1024))]
    prefix: Option<String>,
    /// Which of several rules counts.
    priority: Option<i32>,
    /// Objects that are copied only on demand.
    source_selection_criteria: Option<Selection>,
    /// Whether the rule is applied.
    #[attr(one_of("Enabled", "Disabled"))]
    status: String,
}

/// Where copies go.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Destination {
    /// Who owns the copies.
    access_control_translation: Option<Translation>,
    /// Account that owns the bucket.
    #[attr(default = "", check = checks::account_id)]
    account_id: Option<String>,
    /// ARN of the bucket.
    #[attr(check = checks::arn)]
    bucket: String,
    /// Measures replication.
    metrics: Option<Metrics>,
    /// KMS key of the copies.
    #[attr(default = "")]
    replica_kms_key_id: Option<String>,
    /// Promises copies within a time.
    replication_time: Option<ReplicationTime>,
    /// Storage class of the copies.
    #[attr(
        default = "",
        one_of(
            "STANDARD",
            "REDUCED_REDUNDANCY",
            "STANDARD_IA",
            "ONEZONE_IA",
            "INTELLIGENT_TIERING",
            "GLACIER",
            "DEEP_ARCHIVE",
            "OUTPOSTS",
            "GLACIER_IR",
            "SNOW",
            "EXPRESS_ONEZONE"
        )
    )]
    storage_class: Option<String>,
}

/// Who owns copies.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Translation {
    /// The owner of the other bucket.
    #[attr(one_of("Destination"))]
    owner: String,
}

/// Measures of replication.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Metrics {
    /// Minutes after which a copy counts as late.
    #[attr(default = 15, range(10..=15))]
    minutes: Option<i32>,
    /// Whether there are measures.
    #[attr(default = "Enabled", one_of("Enabled", "Disabled"))]
    status: Option<String>,
}

/// The time within which copies are promised.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct ReplicationTime {
    /// Minutes.
    #[attr(default = 15, range(15..=15))]
    minutes: Option<i32>,
    /// Whether it is promised.
    #[attr(default = "Enabled", one_of("Enabled", "Disabled"))]
    status: Option<String>,
}

/// Which objects are copied.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Filter {
    /// Start of their names.
    #[attr(default = "", length(0..=1024))]
    prefix: Option<String>,
    /// Their tags.
    tags: Option<Map<String>>,
}

/// Objects that are copied only on demand.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Selection {
    /// Objects encrypted with KMS keys.
    sse_kms_encrypted_objects: Option<KmsObjects>,
}

/// Objects encrypted with KMS keys.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct KmsObjects {
    /// Whether they are copied.
    enabled: bool,
}

/// The configuration of a bucket.
pub(crate) async fn read(aws: &Aws, bucket: &str) -> Result<Option<Replication>, Error> {
    let answer = s3(aws).get_bucket_replication().bucket(bucket).send().await.api();
    let found = absent(answer)?.and_then(|a| a.replication_configuration);
    Ok(found.map(|c| Replication { role: c.role, rules: c.rules.iter().map(Rule::seen).collect() }))
}

/// Sets the configuration, `None` removes it.
pub(crate) async fn put(cx: &Cx<'_, Aws>, bucket: &str, wanted: Option<&Replication>) -> Result<(), Error> {
    let Some(wanted) = wanted else {
        return s3(cx.api).delete_bucket_replication().bucket(bucket).send().await.api().map(drop);
    };
    let rules = wanted.rules.iter().map(Rule::request).collect::<Result<_, _>>()?;
    let config = t::ReplicationConfiguration::builder().role(&wanted.role).set_rules(Some(rules));
    let config = config.build().map_err(build)?;
    let end = std::time::Instant::now() + VISIBLE_WITHIN;
    cx.wait("the versioning of both buckets", Pace::QUICK, || async {
        let call = s3(cx.api).put_bucket_replication().bucket(bucket).replication_configuration(config.clone());
        match call.send().await.api() {
            // Versioning just switched on, here or on the other bucket, is not known everywhere yet.
            Err(e) if e.message.contains("Versioning must be") && std::time::Instant::now() < end => {
                Ok(Seen::Pending(e.message))
            }
            other => other.map(|_| Seen::Ready(())),
        }
    })
    .await
}

fn text(s: Option<&str>) -> Option<String> {
    s.map(str::to_owned)
}

/// Text that is not empty.
fn set(s: Option<&String>) -> Option<String> {
    s.filter(|s| !s.is_empty()).cloned()
}

fn minutes(n: Option<i32>) -> t::ReplicationTimeValue {
    t::ReplicationTimeValue::builder().minutes(n.unwrap_or(15)).build()
}

impl Rule {
    #[allow(deprecated, reason = "a rule without a filter has its prefix there, which is another version of the API")]
    fn request(&self) -> Result<t::ReplicationRule, Error> {
        let rule = t::ReplicationRule::builder()
            .set_id(set(self.id.as_ref()))
            .status(t::ReplicationRuleStatus::from(self.status.as_str()))
            .destination(self.destination.request()?);
        let kms = self.source_selection_criteria.as_ref().and_then(|s| s.sse_kms_encrypted_objects.as_ref());
        let kms = kms.map(|k| {
            let status = if k.enabled { "Enabled" } else { "Disabled" };
            t::SseKmsEncryptedObjects::builder().status(status.into()).build().map_err(build)
        });
        let criteria =
            kms.transpose()?.map(|k| t::SourceSelectionCriteria::builder().sse_kms_encrypted_objects(k).build());
        let rule = rule.set_source_selection_criteria(criteria);
        let rule = match &self.filter {
            Some(filter) => {
                let copies = self.delete_marker_replication_status.as_deref() == Some("Enabled");
                let status = if copies { "Enabled" } else { "Disabled" };
                rule.priority(self.priority.unwrap_or_default())
                    .filter(filter.request()?)
                    .delete_marker_replication(t::DeleteMarkerReplication::builder().status(status.into()).build())
            }
            None => rule.prefix(self.prefix.clone().unwrap_or_default()),
        };
        rule.build().map_err(build)
    }

    #[allow(deprecated, reason = "a rule without a filter has its prefix there")]
    fn seen(r: &t::ReplicationRule) -> Self {
        let marker = r.delete_marker_replication().and_then(|d| d.status()).map(|s| s.as_str().to_owned());
        Self {
            delete_marker_replication_status: marker.filter(|m| m == "Enabled"),
            destination: r.destination().map(Destination::seen).unwrap_or_else(Destination::none),
            filter: r.filter().map(Filter::seen),
            id: text(r.id()),
            prefix: text(r.prefix()),
            priority: r.priority(),
            source_selection_criteria: r.source_selection_criteria().map(|s| Selection {
                sse_kms_encrypted_objects: s
                    .sse_kms_encrypted_objects()
                    .map(|k| KmsObjects { enabled: k.status().as_str() == "Enabled" }),
            }),
            status: r.status().as_str().to_owned(),
        }
    }
}

impl Destination {
    fn request(&self) -> Result<t::Destination, Error> {
        let owner = self
            .access_control_translation
            .as_ref()
            .map(|a| t::AccessControlTranslation::builder().owner(a.owner.as_str().into()).build().map_err(build));
        let metrics = self.metrics.as_ref().map(|m| {
            let status = m.status.as_deref().unwrap_or("Enabled");
            t::Metrics::builder().status(status.into()).event_threshold(minutes(m.minutes)).build().map_err(build)
        });
        let time = self.replication_time.as_ref().map(|r| {
            let status = r.status.as_deref().unwrap_or("Enabled");
            t::ReplicationTime::builder().status(status.into()).time(minutes(r.minutes)).build().map_err(build)
        });
        let key = set(self.replica_kms_key_id.as_ref());
        t::Destination::builder()
            .bucket(&self.bucket)
            .set_account(set(self.account_id.as_ref()))
            .set_storage_class(set(self.storage_class.as_ref()).map(|c| c.as_str().into()))
            .set_access_control_translation(owner.transpose()?)
            .set_encryption_configuration(
                key.map(|k| t::EncryptionConfiguration::builder().replica_kms_key_id(k).build()),
            )
            .set_metrics(metrics.transpose()?)
            .set_replication_time(time.transpose()?)
            .build()
            .map_err(build)
    }

    fn none() -> Self {
        Self {
            access_control_translation: None,
            account_id: None,
            bucket: String::new(),
            metrics: None,
            replica_kms_key_id: None,
            replication_time: None,
            storage_class: None,
        }
    }

    fn seen(d: &t::Destination) -> Self {
        Self {
            access_control_translation: d
                .access_control_translation()
                .map(|a| Translation { owner: a.owner().as_str().to_owned() }),
            account_id: text(d.account()),
            bucket: d.bucket().to_owned(),
            metrics: d.metrics().map(|m| Metrics {
                minutes: m.event_threshold().and_then(|t| t.minutes()),
                status: Some(m.status().as_str().to_owned()),
            }),
            replica_kms_key_id: text(d.encryption_configuration().and_then(|e| e.replica_kms_key_id())),
            replication_time: d.replication_time().map(|r| ReplicationTime {
                minutes: r.time().and_then(|t| t.minutes()),
                status: Some(r.status().as_str().to_owned()),
            }),
            storage_class: d.storage_class().map(|c| c.as_str().to_owned()),
        }
    }
}

impl Filter {
    fn request(&self) -> Result<t::ReplicationRuleFilter, Error> {
        let prefix = self.prefix.clone().unwrap_or_default();
        let tags: Vec<t::Tag> = self
            .tags
            .iter()
            .flatten()
            .map(|(k, v)| t::Tag::builder().key(k).value(v).build().map_err(build))
            .collect::<Result<_, _>>()?;
        let filter = t::ReplicationRuleFilter::builder();
        Ok(if tags.is_empty() {
            filter.prefix(prefix).build()
        } else {
            let both = t::ReplicationRuleAndOperator::builder().prefix(prefix).set_tags(Some(tags));
            filter.and(both.build()).build()
        })
    }

    fn seen(f: &t::ReplicationRuleFilter) -> Self {
        let tags = f.and().map(|a| a.tags()).unwrap_or_default().iter().chain(f.tag());
        let tags: Map<String> = tags.map(|t| (t.key().to_owned(), t.value().to_owned())).collect();
        Self {
            prefix: text(f.and().and_then(|a| a.prefix()).or(f.prefix())),
            tags: Some(tags).filter(|t| !t.is_empty()),
        }
    }
}
