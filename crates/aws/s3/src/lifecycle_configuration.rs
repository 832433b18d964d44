//! `aws_s3_bucket_lifecycle_configuration`

use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use aws_sdk_s3::types as api;
use sdt_aws_core::{Api, Aws, each};
use sdt_provider::{
    Block, Changes, Cx, Error, Id, Map, Name, OptComputed, Pace, PlanEdit, Resource, Seen, Set, Token, Value,
    async_trait, checks, with,
};
use sdt_value::Type;

use crate::s3;
use crate::shared::{self, VISIBLE_WITHIN, absent, build};

fn rfc3339(text: &str) -> Result<(), String> {
    moment(text).map(drop).ok_or_else(|| "to be a time such as 2025-01-31T00:00:00Z".into())
}

fn moment(text: &str) -> Option<DateTime> {
    DateTime::from_str(text, DateTimeFormat::DateTimeWithOffset).ok()
}

/// What becomes of a bucket's objects in time.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_s3_bucket_lifecycle_configuration", version = 1, timeouts(create = "", update = ""), framework)]
pub(crate) struct LifecycleConfiguration {
    id: Id,
    /// The bucket.
    #[attr(force_new, length(1..=63))]
    bucket: String,
    /// Account that owns the bucket.
    #[attr(force_new, check = checks::account_id)]
    expected_bucket_owner: OptComputed<String>,
    /// The rules.
    rule: Vec<Rule>,
    /// Smallest object that moves to another class.
    #[attr(default = "all_storage_classes_128K", one_of("", "varies_by_storage_class", "all_storage_classes_128K"))]
    transition_default_minimum_object_size: OptComputed<String>,
}

/// The rules.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Rule {
    /// Ends uploads that were not completed.
    abort_incomplete_multipart_upload: Vec<Abort>,
    /// When objects end.
    expiration: Vec<Expiration>,
    /// Which objects it is for.
    filter: Vec<Filter>,
    /// Its id.
    #[attr(length(1..=255))]
    id: String,
    /// When old versions end.
    noncurrent_version_expiration: Vec<OldExpiration>,
    /// When old versions move to another class.
    noncurrent_version_transition: Set<OldTransition>,
    /// Start of their names.
    #[attr(default = "", deprecated = "Use `filter` instead.")]
    prefix: OptComputed<String>,
    /// Its state.
    #[attr(one_of("Disabled", "Enabled"))]
    status: String,
    /// When objects move to another class.
    transition: Set<Transition>,
}

/// Ends uploads that were not completed.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Abort {
    /// Days after their begin.
    days_after_initiation: Option<i32>,
}

/// When objects end.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Expiration {
    /// The day.
    #[attr(check = rfc3339)]
    date: Option<String>,
    /// Days after the object was made.
    #[attr(default = 0)]
    days: OptComputed<i32>,
    /// Removes markers that nothing is behind any more.
    #[attr(default = false)]
    expired_object_delete_marker: OptComputed<bool>,
}

/// Which objects it is for.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Filter {
    /// All of these.
    and: Vec<And>,
    /// Larger than this, in bytes.
    object_size_greater_than: OptComputed<i64>,
    /// Smaller than this, in bytes.
    object_size_less_than: OptComputed<i64>,
    /// Start of their names.
    prefix: OptComputed<String>,
    /// A tag.
    tag: Vec<Tag>,
}

/// When old versions end.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct OldExpiration {
    /// Old versions that are kept in any case.
    #[attr(range(1..))]
    newer_noncurrent_versions: OptComputed<i32>,
    /// Days after it became old.
    #[attr(range(1..))]
    noncurrent_days: i32,
}

/// When old versions move to another class.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct OldTransition {
    /// Old versions that are kept in any case.
    #[attr(range(1..))]
    newer_noncurrent_versions: OptComputed<i32>,
    /// Days after it became old.
    #[attr(range(0..))]
    noncurrent_days: i32,
    /// Storage class.
    #[attr(one_of("", "GLACIER", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "DEEP_ARCHIVE", "GLACIER_IR"))]
    storage_class: String,
}

/// When objects move to another class.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Transition {
    /// The day.
    #[attr(check = rfc3339, conflicts_with(days))]
    date: Option<String>,
    /// Days after the object was made.
    #[attr(default = 0, range(0..))]
    days: OptComputed<i32>,
    /// Storage class.
    #[attr(one_of("", "GLACIER", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "DEEP_ARCHIVE", "GLACIER_IR"))]
    storage_class: String,
}

/// All of these.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct And {
    /// Larger than this, in bytes.
    #[attr(default = 0, range(0..))]
    object_size_greater_than: OptComputed<i64>,
    /// Smaller than this, in bytes.
    #[attr(default = 0, range(1..))]
    object_size_less_than: OptComputed<i64>,
    /// Start of their names.
    #[attr(default = "")]
    prefix: OptComputed<String>,
    /// Tags of the object.
    tags: Option<Map<String>>,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Tag {
    /// The key.
    key: String,
    /// The value.
    value: String,
}

#[async_trait]
impl Resource for LifecycleConfiguration {
    type Api = Aws;
    const HUMAN: &'static str = "S3 Bucket Lifecycle Configuration";
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        cx.retry_on(&["NoSuchBucket"], VISIBLE_WITHIN, || want.put(cx)).await?;
        Ok(Self { id: shared::id(&want.bucket, want.owner()), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        made.settled(cx).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        each(known, |k| async move {
            let call = s3(cx.api).get_bucket_lifecycle_configuration().bucket(&k.bucket);
            let answer = call.set_expected_bucket_owner(k.owner().map(str::to_owned)).send().await.api();
            let Some(found) = absent(answer)? else { return Ok(None) };
            let rules = found.rules.unwrap_or_default();
            let size = found.transition_default_minimum_object_size.map(|s| s.as_str().to_owned());
            Ok((!rules.is_empty()).then(|| Self {
                id: shared::id(&k.bucket, k.owner()),
                expected_bucket_owner: Some(k.expected_bucket_owner.clone().unwrap_or_default()),
                rule: rules.into_iter().map(Rule::seen).collect(),
                transition_default_minimum_object_size: size.or_else(|| Some(DEFAULT_SIZE.into())),
                bucket: k.bucket,
            }))
        })
        .await
    }

    async fn update(cx: &Cx<'_, Aws>, _prior: &Self, want: &Self, _changed: &Changes) -> Result<(), Error> {
        want.put(cx).await?;
        want.settled(cx).await
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let call = s3(cx.api).delete_bucket_lifecycle().bucket(&prior.bucket);
        call.set_expected_bucket_owner(prior.owner().map(str::to_owned)).send().await.api().map(drop)
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let found = Self::read_many(cx, std::slice::from_ref(want)).await?.pop().flatten();
        let ids = |s: &Self| s.rule.iter().map(|r| r.id.clone()).collect::<std::collections::BTreeSet<_>>();
        let ours = found.filter(|f| ids(f) == ids(want));
        Ok(ours.map(|f| Self { id: f.id, ..want.clone() }))
    }

    /// What a rule does not say has defaults that depend on what else it says.
    fn customize(edit: &mut PlanEdit<'_>) {
        let Some(rules) = edit.config(Self::RULE).as_items() else { return };
        let ty = Rule::object();
        let before = edit.prior(Self::RULE).as_items().unwrap_or_default();
        let planned = rules.iter().enumerate().map(|(i, rule)| match rule.is_unknown() {
            true => rule.clone(),
            false => plan_rule(rule, before.get(i).unwrap_or(&Value::NULL)),
        });
        let planned = planned.collect();
        edit.set(Self::RULE, Value::list(ty, planned));
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        shared::import(id, Self::BUCKET, Self::EXPECTED_BUCKET_OWNER)
    }
}

/// The size below which objects stay, unless told otherwise.
const DEFAULT_SIZE: &str = "all_storage_classes_128K";

/// What is written, else what is there, else the default.
fn or(value: &Value, prior: &Value, name: &str, default: Value) -> (&'static str, Value) {
    let name: &'static str = match name {
        "prefix" => "prefix",
        "days" => "days",
        "expired_object_delete_marker" => "expired_object_delete_marker",
        "object_size_greater_than" => "object_size_greater_than",
        _ => "object_size_less_than",
    };
    let set = [value, prior].into_iter().filter_map(|v| v.get(name)).find(|v| !v.is_null()).cloned();
    (name, set.unwrap_or(default))
}

fn each_block(
    object: &Value,
    prior: &Value,
    name: &'static str,
    change: impl Fn(&Value, &Value) -> Value,
) -> (&'static str, Value) {
    let Some(blocks) = object.get(name) else { return (name, Value::NULL) };
    let Some(items) = blocks.as_items() else { return (name, blocks.clone()) };
    let before = prior.get(name).and_then(Value::as_items).unwrap_or_default();
    let in_set = matches!(blocks.ty(), Type::Set(_));
    // An element of a set is the one that differs only in what is not written.
    let pair = |i: usize, block: &Value| match in_set {
        true => before.iter().find(|b| {
            let mut members = block.as_members().into_iter().flatten();
            members.all(|(k, v)| &**k == "days" && v.is_null() || b.get(k).is_some_and(|x| x.raw_equals(v)))
        }),
        false => before.get(i),
    };
    let planned = |(i, block): (usize, &Value)| match block.is_unknown() {
        true => block.clone(),
        false => change(block, pair(i, block).unwrap_or(&Value::NULL)),
    };
    let items: Vec<Value> = items.iter().enumerate().map(planned).collect();
    let Some(ty) = items.first().map(Value::ty) else { return (name, blocks.clone()) };
    (name, if in_set { Value::set(ty, items) } else { Value::list(ty, items) })
}

fn plan_rule(rule: &Value, prior: &Value) -> Value {
    let text = || Value::string("");
    let zero = || Value::number(0);
    let none = Value::NULL;
    let filter = |f: &Value, _: &Value| {
        let sizes = ["object_size_greater_than", "object_size_less_than"];
        let others = ["and", "tag"].iter().any(|n| f.get(n).and_then(Value::as_items).is_some_and(|i| !i.is_empty()))
            || sizes.iter().any(|n| f.get(n).is_some_and(|v| !v.is_null()));
        let prefix = if sizes.iter().any(|n| f.get(n).is_some_and(Value::is_unknown)) {
            Value::unknown(Type::String)
        } else if others {
            Value::null(Type::String)
        } else {
            text()
        };
        let and = |a: &Value, _: &Value| {
            let sizes = [
                or(a, &none, "object_size_greater_than", zero()),
                or(a, &none, "object_size_less_than", zero()),
                or(a, &none, "prefix", text()),
            ];
            with(a, sizes)
        };
        with(f, [or(f, &none, "prefix", prefix), each_block(f, &none, "and", and)])
    };
    let expiration = |e: &Value, was: &Value| {
        with(e, [or(e, was, "days", zero()), or(e, was, "expired_object_delete_marker", Value::FALSE)])
    };
    let transition = |t: &Value, was: &Value| with(t, [or(t, was, "days", zero())]);
    let members = [
        or(rule, prior, "prefix", text()),
        each_block(rule, prior, "filter", filter),
        each_block(rule, prior, "expiration", expiration),
        each_block(rule, prior, "transition", transition),
    ];
    with(rule, members)
}

impl LifecycleConfiguration {
    fn owner(&self) -> Option<&str> {
        self.expected_bucket_owner.as_deref().filter(|o| !o.is_empty())
    }

    async fn put(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        let rules = self.rule.iter().map(Rule::request).collect::<Result<_, _>>()?;
        let wanted = api::BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build().map_err(build)?;
        let size = self.transition_default_minimum_object_size.as_deref();
        let call = s3(cx.api).put_bucket_lifecycle_configuration().bucket(&self.bucket).lifecycle_configuration(wanted);
        call.set_expected_bucket_owner(self.owner().map(str::to_owned))
            .set_transition_default_minimum_object_size(size.map(api::TransitionDefaultMinimumObjectSize::from))
            .send()
            .await
            .api()
            .map(drop)
    }

    /// Rules show only after a while, the old ones until then.
    async fn settled(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        cx.wait("the lifecycle rules to show", Pace::QUICK, || async {
            let found = Self::read_many(cx, std::slice::from_ref(self)).await?.pop().flatten();
            let brief = |s: &Self| {
                s.rule.iter().map(|r| (r.id.clone(), r.status.clone())).collect::<std::collections::BTreeSet<_>>()
            };
            Ok(match found {
                Some(found) if brief(&found) == brief(self) => Seen::Ready(()),
                _ => Seen::Pending(String::new()),
            })
        })
        .await
    }
}

impl Rule {
    fn object() -> Type {
        <Self as sdt_provider::Declared>::DECL.object_type()
    }

    fn request(&self) -> Result<api::LifecycleRule, Error> {
        let transitions = self.transition.iter().map(Transition::request).collect::<Vec<_>>();
        let old_transitions = self.noncurrent_version_transition.iter().map(|t| {
            api::NoncurrentVersionTransition::builder()
                .noncurrent_days(t.noncurrent_days)
                .set_newer_noncurrent_versions(t.newer_noncurrent_versions.filter(|n| *n > 0))
                .storage_class(api::TransitionStorageClass::from(t.storage_class.as_str()))
                .build()
        });
        let old_transitions: Vec<_> = old_transitions.collect();
        let old_expiration = self.noncurrent_version_expiration.first().map(|e| {
            api::NoncurrentVersionExpiration::builder()
                .noncurrent_days(e.noncurrent_days)
                .set_newer_noncurrent_versions(e.newer_noncurrent_versions.filter(|n| *n > 0))
                .build()
        });
        let abort = self.abort_incomplete_multipart_upload.first().map(|a| {
            let days = a.days_after_initiation;
            api::AbortIncompleteMultipartUpload::builder().set_days_after_initiation(days).build()
        });
        let prefix = self.prefix.clone().filter(|p| !p.is_empty());
        let filter = match self.filter.first() {
            Some(filter) => Some(filter.request()?),
            None if prefix.is_none() => Some(api::LifecycleRuleFilter::builder().prefix("").build()),
            None => None,
        };
        #[allow(deprecated, reason = "configurations may still have the prefix there")]
        let rule = api::LifecycleRule::builder().set_prefix(prefix);
        rule.id(&self.id)
            .status(api::ExpirationStatus::from(self.status.as_str()))
            .set_filter(filter)
            .set_expiration(self.expiration.first().map(Expiration::request))
            .set_transitions((!transitions.is_empty()).then_some(transitions))
            .set_noncurrent_version_transitions((!old_transitions.is_empty()).then_some(old_transitions))
            .set_noncurrent_version_expiration(old_expiration)
            .set_abort_incomplete_multipart_upload(abort)
            .build()
            .map_err(build)
    }

    fn seen(r: api::LifecycleRule) -> Self {
        #[allow(deprecated, reason = "rules may still have the prefix there")]
        let prefix = r.prefix;
        Self {
            abort_incomplete_multipart_upload: r
                .abort_incomplete_multipart_upload
                .into_iter()
                .map(|a| Abort { days_after_initiation: a.days_after_initiation })
                .collect(),
            expiration: r.expiration.into_iter().map(Expiration::seen).collect(),
            // A rule with a prefix of its own has no filter, though some services show one.
            filter: r.filter.filter(|_| prefix.is_none()).into_iter().map(Filter::seen).collect(),
            id: r.id.unwrap_or_default(),
            noncurrent_version_expiration: r
                .noncurrent_version_expiration
                .into_iter()
                .map(|e| OldExpiration {
                    newer_noncurrent_versions: e.newer_noncurrent_versions,
                    noncurrent_days: e.noncurrent_days.unwrap_or_default(),
                })
                .collect(),
            noncurrent_version_transition: r
                .noncurrent_version_transitions
                .into_iter()
                .flatten()
                .map(|t| OldTransition {
                    newer_noncurrent_versions: t.newer_noncurrent_versions,
                    noncurrent_days: t.noncurrent_days.unwrap_or_default(),
                    storage_class: t.storage_class.map(|c| c.as_str().to_owned()).unwrap_or_default(),
                })
                .collect(),
            prefix: Some(prefix.unwrap_or_default()),
            status: r.status.as_str().to_owned(),
            transition: r.transitions.into_iter().flatten().map(Transition::seen).collect(),
        }
    }
}

impl Expiration {
    fn request(&self) -> api::LifecycleExpiration {
        let date = self.date.as_deref().and_then(moment);
        let days = self.days.filter(|d| *d > 0 && date.is_none());
        let marker = self.expired_object_delete_marker.filter(|m| *m && date.is_none() && days.is_none());
        api::LifecycleExpiration::builder()
            .set_date(date)
            .set_days(days)
            .set_expired_object_delete_marker(marker)
            .build()
    }

    fn seen(e: api::LifecycleExpiration) -> Self {
        Self {
            date: e.date.and_then(|d| d.fmt(DateTimeFormat::DateTime).ok()),
            days: Some(e.days.unwrap_or_default()),
            expired_object_delete_marker: Some(e.expired_object_delete_marker == Some(true)),
        }
    }
}

impl Transition {
    fn request(&self) -> api::Transition {
        let date = self.date.as_deref().and_then(moment);
        let days = if date.is_some() { None } else { Some(self.days.unwrap_or_default()) };
        let class = api::TransitionStorageClass::from(self.storage_class.as_str());
        api::Transition::builder().set_date(date).set_days(days).storage_class(class).build()
    }

    fn seen(t: api::Transition) -> Self {
        Self {
            date: t.date.and_then(|d| d.fmt(DateTimeFormat::DateTime).ok()),
            days: Some(t.days.unwrap_or_default()),
            storage_class: t.storage_class.map(|c| c.as_str().to_owned()).unwrap_or_default(),
        }
    }
}

impl Filter {
    fn request(&self) -> Result<api::LifecycleRuleFilter, Error> {
        let tag = |key: &str, value: &str| api::Tag::builder().key(key).value(value).build().map_err(build);
        let mut filter = api::LifecycleRuleFilter::builder();
        if let Some(and) = self.and.first() {
            let tags = and.tags.iter().flatten().map(|(k, v)| tag(k, v)).collect::<Result<Vec<_>, _>>()?;
            let both = api::LifecycleRuleAndOperator::builder()
                .set_prefix(and.prefix.clone())
                .set_tags((!tags.is_empty()).then_some(tags))
                .object_size_greater_than(and.object_size_greater_than.unwrap_or_default())
                .set_object_size_less_than(and.object_size_less_than.filter(|n| *n > 0));
            return Ok(filter.and(both.build()).build());
        }
        if let Some(t) = self.tag.first() {
            return Ok(filter.tag(tag(&t.key, &t.value)?).build());
        }
        filter = filter
            .set_object_size_greater_than(self.object_size_greater_than)
            .set_object_size_less_than(self.object_size_less_than);
        let sizes = self.object_size_greater_than.is_some() || self.object_size_less_than.is_some();
        let prefix = self.prefix.clone().or_else(|| (!sizes).then(String::new));
        Ok(filter.set_prefix(prefix).build())
    }

    fn seen(f: api::LifecycleRuleFilter) -> Self {
        let sizes = (f.object_size_greater_than, f.object_size_less_than);
        let others = f.and.is_some() || f.tag.is_some() || sizes != (None, None);
        Self {
            and: f
                .and
                .into_iter()
                .map(|a| And {
                    object_size_greater_than: Some(a.object_size_greater_than.unwrap_or_default()),
                    object_size_less_than: Some(a.object_size_less_than.unwrap_or_default()),
                    prefix: Some(a.prefix.unwrap_or_default()),
                    tags: a
                        .tags
                        .map(|tags| tags.into_iter().map(|t| (t.key, t.value)).collect())
                        .filter(|t: &Map<_>| !t.is_empty()),
                })
                .collect(),
            object_size_greater_than: sizes.0,
            object_size_less_than: sizes.1,
            prefix: f.prefix.filter(|p| !others || !p.is_empty()).or_else(|| (!others).then(String::new)),
            tag: f.tag.into_iter().map(|t| Tag { key: t.key, value: t.value }).collect(),
        }
    }
}
