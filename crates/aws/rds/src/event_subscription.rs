//! `aws_db_event_subscription`

use aws_sdk_rds::types::EventSubscription as Found;
use sdt_aws_core::{Api, Aws, in_order, names, tagging};
use sdt_provider::{
    Changes, Computed, Cx, Described, Error, Id, Name, OptComputed, Pace, Resource, Seen, Set, Tags, Token, Value,
    async_trait, checks as common,
};

use crate::{rds, tags};

/// Tells a topic of events of databases.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_db_event_subscription", timeouts(create = "40m", delete = "40m", update = "40m"))]
pub(crate) struct EventSubscription {
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// Account of the subscription.
    customer_aws_id: Computed<String>,
    /// Whether it is in use.
    #[attr(default = true)]
    enabled: Option<bool>,
    /// Kinds of events.
    event_categories: Option<Set<String>>,
    /// Its name.
    #[attr(force_new, length(0..=255), conflicts_with(name_prefix), check = crate::checks::event_subscription)]
    name: OptComputed<String>,
    /// Start of a name that is then made unique.
    #[attr(force_new, length(0..=229), conflicts_with(name), check = crate::checks::event_prefix)]
    name_prefix: OptComputed<String>,
    /// ARN of the topic that gets the events.
    #[attr(check = common::arn)]
    sns_topic: String,
    /// What the events are about.
    source_ids: Option<Set<String>>,
    /// Kind of what the events are about.
    #[attr(one_of(
        "db-instance",
        "db-parameter-group",
        "db-security-group",
        "db-snapshot",
        "db-cluster",
        "db-cluster-snapshot",
        "custom-engine-version",
        "db-proxy",
        "blue-green-deployment"
    ))]
    source_type: Option<String>,
    /// Tags of the object.
    tags: Tags,
}

#[async_trait]
impl Resource for EventSubscription {
    type Api = Aws;
    const HUMAN: &'static str = "RDS Event Subscription";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let name = want.name_for(cx);
        let some = |v: &Option<Vec<String>>| v.clone().filter(|v| !v.is_empty());
        let made = rds(cx.api)
            .create_event_subscription()
            .subscription_name(&name)
            .sns_topic_arn(&want.sns_topic)
            .enabled(want.enabled != Some(false))
            .set_source_type(want.source_type.clone())
            .set_event_categories(some(&want.event_categories))
            .set_source_ids(some(&want.source_ids))
            .set_tags(tags::list(&want.tags))
            .send()
            .await
            .api()?;
        let arn = made.event_subscription.and_then(|s| s.event_subscription_arn);
        Ok(Self { id: name.clone(), name: Some(name), arn, ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        active(cx, &made.id).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let found: Vec<Found> = match known {
            [one] => describe(cx.api, &one.id).await?.into_iter().collect(),
            _ => {
                let pages = rds(cx.api).describe_event_subscriptions().max_records(100).into_paginator().items();
                pages.send().try_collect().await.api()?
            }
        };
        let wanted: Vec<Found> =
            found.into_iter().filter(|s| known.iter().any(|k| s.cust_subscription_id() == Some(&k.id))).collect();
        let prior = |s: &Found| known.iter().find(|k| s.cust_subscription_id() == Some(&k.id)).map(|k| k.tags.clone());
        let arns: Vec<_> = wanted
            .iter()
            .map(|s| (s.event_subscription_arn().unwrap_or_default().to_owned(), prior(s).unwrap_or_default()))
            .collect();
        let read = |arn: String| async move { tags::read(cx.api, &arn).await };
        let tags = tagging::confirmed(cx, Self::META.name, &arns, read).await?;
        let objects = wanted.into_iter().zip(tags).filter_map(|(s, tags)| {
            let object = Self::seen(s, tags?);
            Some((object.id.clone(), object))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let name = &prior.id;
        if changed.any(&[Self::ENABLED, Self::EVENT_CATEGORIES, Self::SNS_TOPIC, Self::SOURCE_TYPE]) {
            let call = rds(cx.api).modify_event_subscription().subscription_name(name).sns_topic_arn(&want.sns_topic);
            let call = call.enabled(want.enabled != Some(false)).set_source_type(want.source_type.clone());
            call.set_event_categories(Some(want.event_categories.clone().unwrap_or_default())).send().await.api()?;
            active(cx, name).await?;
        }
        if changed.has(Self::SOURCE_IDS) {
            let (old, new) =
                (prior.source_ids.clone().unwrap_or_default(), want.source_ids.clone().unwrap_or_default());
            for id in old.iter().filter(|id| !new.contains(id)) {
                let call = rds(cx.api).remove_source_identifier_from_subscription().subscription_name(name);
                call.source_identifier(id).send().await.api()?;
            }
            for id in new.iter().filter(|id| !old.contains(id)) {
                let call = rds(cx.api).add_source_identifier_to_subscription().subscription_name(name);
                call.source_identifier(id).send().await.api()?;
            }
            active(cx, name).await?;
        }
        if changed.tags() {
            tags::change(cx.api, prior.arn.as_deref().unwrap_or_default(), &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        rds(cx.api).delete_event_subscription().subscription_name(&prior.id).send().await.api()?;
        cx.wait("the event subscription to be gone", Pace::QUICK, || async {
            Ok(match describe(cx.api, &prior.id).await? {
                Some(s) => Seen::Pending(s.status.unwrap_or_default()),
                None => Seen::Ready(()),
            })
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let name = want.name_for(cx);
        let made = Self { id: name.clone(), name: Some(name), ..want.clone() };
        let found = Self::read_many(cx, std::slice::from_ref(&made)).await?.pop().flatten();
        Ok(found.filter(|f| tags::ours(&f.tags, cx.token())).map(|f| Self { arn: f.arn, ..made }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        tags::forget_named(aws, "es", ids).await
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        Ok(vec![(Self::NAME, Value::string(id))])
    }
}

async fn describe(aws: &Aws, name: &str) -> Result<Option<Found>, Error> {
    match rds(aws).describe_event_subscriptions().subscription_name(name).send().await.api() {
        Err(e) if e.is_not_found() => Ok(None),
        other => Ok(other?.event_subscriptions_list.unwrap_or_default().into_iter().next()),
    }
}

async fn active(cx: &Cx<'_, Aws>, name: &str) -> Result<(), Error> {
    cx.wait("the event subscription to become active", Pace::QUICK, || async {
        match describe(cx.api, name).await?.and_then(|s| s.status).as_deref() {
            Some("active") => Ok(Seen::Ready(())),
            Some(bad @ ("no-permission" | "topic-not-exist")) => {
                Err(Error::other(format!("the event subscription's state is {bad}")))
            }
            other => Ok(Seen::Pending(other.unwrap_or_default().to_owned())),
        }
    })
    .await
}

impl EventSubscription {
    fn name_for(&self, cx: &Cx<'_, Aws>) -> String {
        self.name.clone().unwrap_or_else(|| cx.generated_name(self.name_prefix.as_deref().unwrap_or_default()))
    }

    fn seen(s: Found, tags: Tags) -> Self {
        let name = s.cust_subscription_id.unwrap_or_default();
        Self {
            id: name.clone(),
            arn: s.event_subscription_arn,
            customer_aws_id: s.customer_aws_id,
            enabled: Some(s.enabled == Some(true)),
            event_categories: s.event_categories_list,
            name_prefix: Some(names::prefix_of(&name)),
            name: Some(name),
            sns_topic: s.sns_topic_arn.unwrap_or_default(),
            source_ids: s.source_ids_list,
            source_type: s.source_type,
            tags,
        }
    }
}
