//! Lifecycle rules inside `aws_s3_bucket`.

use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, ExpirationStatus, LifecycleExpiration,
    LifecycleRule as Found, LifecycleRuleAndOperator, LifecycleRuleFilter, NoncurrentVersionExpiration,
    NoncurrentVersionTransition, Tag, Transition, TransitionStorageClass,
};
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Block, Cx, Error, Map, OptComputed, Set};

use crate::s3;
use crate::shared::{absent, build};

/// What happens to objects as they get older.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct LifecycleRule {
    /// Days after which parts of uploads that never ended are deleted.
    abort_incomplete_multipart_upload_days: Option<i32>,
    /// Whether the rule is applied.
    enabled: bool,
    /// When objects are deleted.
    expiration: Option<Expiration>,
    /// Name of the rule.
    #[attr(length(0..=255))]
    id: OptComputed<String>,
    /// When old versions are deleted.
    noncurrent_version_expiration: Option<OldExpiration>,
    /// When old versions change their storage class.
    noncurrent_version_transition: Set<OldTransition>,
    /// Start of the objects' names.
    prefix: Option<String>,
    /// Tags that the objects have.
    #[attr(keep_null)]
    tags: Option<Map<String>>,
    /// When objects change their storage class.
    transition: Set<Move>,
}

/// When objects are deleted.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Expiration {
    /// At this day: `2030-12-31`.
    #[attr(check = day)]
    date: Option<String>,
    /// After so many days.
    #[attr(range(0..))]
    days: Option<i32>,
    /// Deletes markers of deletion that no version is left under.
    expired_object_delete_marker: Option<bool>,
}

/// When old versions are deleted.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct OldExpiration {
    /// So many days after they became old.
    #[attr(range(1..))]
    days: Option<i32>,
}

/// When old versions change their storage class.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct OldTransition {
    /// So many days after they became old.
    #[attr(range(0..))]
    days: Option<i32>,
    /// The new class.
    #[attr(one_of("GLACIER", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "DEEP_ARCHIVE", "GLACIER_IR"))]
    storage_class: String,
}

/// When objects change their storage class.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Move {
    /// At this day: `2030-12-31`.
    #[attr(default = "", check = day)]
    date: Option<String>,
    /// After so many days.
    #[attr(range(0..))]
    days: Option<i32>,
    /// The new class.
    #[attr(one_of("GLACIER", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "DEEP_ARCHIVE", "GLACIER_IR"))]
    storage_class: String,
}

fn day(text: &str) -> Result<(), String> {
    if text.len() == 10 && moment(text).is_ok() { Ok(()) } else { Err("to be a day, YYYY-MM-DD".into()) }
}

/// Days begin at midnight UTC.
fn moment(day: &str) -> Result<DateTime, Error> {
    DateTime::from_str(&format!("{day}T00:00:00Z"), DateTimeFormat::DateTime).map_err(build)
}

fn day_of(moment: &DateTime) -> Option<String> {
    moment.fmt(DateTimeFormat::DateTime).ok().map(|t| t.chars().take(10).collect())
}

/// The day and the days of an object, whichever counts.
fn when(date: Option<&String>, days: Option<i32>) -> Result<(Option<DateTime>, Option<i32>), Error> {
    match date.filter(|d| !d.is_empty()) {
        Some(date) => Ok((Some(moment(date)?), None)),
        None => Ok((None, days)),
    }
}

/// The rules of a bucket.
pub(crate) async fn read(aws: &Aws, bucket: &str) -> Result<Vec<LifecycleRule>, Error> {
    let answer = s3(aws).get_bucket_lifecycle_configuration().bucket(bucket).send().await.api();
    let rules = absent(answer)?.and_then(|a| a.rules).unwrap_or_default();
    Ok(rules.iter().map(LifecycleRule::seen).collect())
}

/// Sets the rules, none removes them.
pub(crate) async fn put(cx: &Cx<'_, Aws>, bucket: &str, rules: &[LifecycleRule]) -> Result<(), Error> {
    if rules.is_empty() {
        return s3(cx.api).delete_bucket_lifecycle().bucket(bucket).send().await.api().map(drop);
    }
    // Rules without a name get one that is the same when the operation is repeated.
    let name = |i: usize| format!("{}{i:03}", cx.generated_name("tf-s3-lifecycle-"));
    let wanted = rules.iter().enumerate().map(|(i, r)| r.request(name(i))).collect::<Result<_, _>>()?;
    let wanted = BucketLifecycleConfiguration::builder().set_rules(Some(wanted)).build().map_err(build)?;
    let call = s3(cx.api).put_bucket_lifecycle_configuration().bucket(bucket);
    call.lifecycle_configuration(wanted).send().await.api().map(drop)
}

impl LifecycleRule {
    fn request(&self, name: String) -> Result<Found, Error> {
        let prefix = self.prefix.clone().unwrap_or_default();
        let tags: Vec<Tag> = self
            .tags
            .iter()
            .flatten()
            .map(|(k, v)| Tag::builder().key(k).value(v).build().map_err(build))
            .collect::<Result<_, _>>()?;
        let filter = LifecycleRuleFilter::builder();
        let filter = if tags.is_empty() {
            filter.prefix(prefix)
        } else {
            filter.and(LifecycleRuleAndOperator::builder().prefix(prefix).set_tags(Some(tags)).build())
        };
        let expiration = self.expiration.as_ref().map(|e| {
            let (date, days) = when(e.date.as_ref(), e.days.filter(|d| *d > 0))?;
            let marker = e.expired_object_delete_marker.filter(|m| *m && date.is_none() && days.is_none());
            let built = LifecycleExpiration::builder().set_date(date).set_days(days);
            Ok::<_, Error>(built.set_expired_object_delete_marker(marker).build())
        });
        let moves = self.transition.iter().map(|t| {
            let (date, days) = when(t.date.as_ref(), t.days.or(Some(0)))?;
            let class = TransitionStorageClass::from(t.storage_class.as_str());
            Ok::<_, Error>(Transition::builder().set_date(date).set_days(days).storage_class(class).build())
        });
        let old_moves = self.noncurrent_version_transition.iter().map(|t| {
            let class = TransitionStorageClass::from(t.storage_class.as_str());
            let days = t.days.unwrap_or_default();
            NoncurrentVersionTransition::builder().noncurrent_days(days).storage_class(class).build()
        });
        let old_expiration = self.noncurrent_version_expiration.as_ref();
        let abort = self.abort_incomplete_multipart_upload_days.filter(|d| *d > 0);
        let built = Found::builder()
            .id(self.id.clone().unwrap_or(name))
            .status(if self.enabled { ExpirationStatus::Enabled } else { ExpirationStatus::Disabled })
            .filter(filter.build())
            .set_expiration(expiration.transpose()?)
            .set_transitions(some(moves.collect::<Result<Vec<_>, _>>()?))
            .set_noncurrent_version_transitions(some(old_moves.collect()))
            .set_noncurrent_version_expiration(
                old_expiration.map(|e| NoncurrentVersionExpiration::builder().set_noncurrent_days(e.days).build()),
            )
            .set_abort_incomplete_multipart_upload(
                abort.map(|d| AbortIncompleteMultipartUpload::builder().days_after_initiation(d).build()),
            );
        built.build().map_err(build)
    }

    fn seen(r: &Found) -> Self {
        let filter = r.filter();
        let both = filter.and_then(|f| f.and());
        let tag = filter.and_then(|f| f.tag());
        let tags: Map<String> = both
            .map(|a| a.tags())
            .unwrap_or_default()
            .iter()
            .chain(tag)
            .map(|t| (t.key().to_owned(), t.value().to_owned()))
            .collect();
        #[allow(deprecated, reason = "rules made by older tools have their prefix there")]
        let old_prefix = r.prefix();
        let prefix = both.and_then(|a| a.prefix()).or_else(|| filter.and_then(|f| f.prefix())).or(old_prefix);
        Self {
            abort_incomplete_multipart_upload_days: r
                .abort_incomplete_multipart_upload()
                .and_then(|a| a.days_after_initiation()),
            enabled: *r.status() == ExpirationStatus::Enabled,
            expiration: r.expiration().map(|e| Expiration {
                date: e.date().and_then(day_of),
                days: e.days(),
                expired_object_delete_marker: e.expired_object_delete_marker(),
            }),
            id: r.id().map(str::to_owned),
            noncurrent_version_expiration: r
                .noncurrent_version_expiration()
                .map(|e| OldExpiration { days: e.noncurrent_days() }),
            noncurrent_version_transition: r
                .noncurrent_version_transitions()
                .iter()
                .map(|t| OldTransition { days: t.noncurrent_days(), storage_class: class(t.storage_class()) })
                .collect(),
            prefix: prefix.map(str::to_owned),
            tags: Some(tags).filter(|t| !t.is_empty()),
            transition: r
                .transitions()
                .iter()
                .map(|t| Move {
                    date: t.date().and_then(day_of),
                    days: t.days(),
                    storage_class: class(t.storage_class()),
                })
                .collect(),
        }
    }
}

fn some<T>(items: Vec<T>) -> Option<Vec<T>> {
    (!items.is_empty()).then_some(items)
}

fn class(class: Option<&TransitionStorageClass>) -> String {
    class.map(|c| c.as_str().to_owned()).unwrap_or_default()
}
