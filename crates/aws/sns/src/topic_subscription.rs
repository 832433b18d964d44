//! `aws_sns_topic_subscription`

use sdt_aws_core::{Api, Aws, each};
use sdt_provider::{
    Changes, Computed, Cx, Error, Id, Json, Name, OptComputed, Pace, PlanEdit, Resource, Seen, Token, async_trait,
    checks,
};

use crate::attributes::Attributes;
use crate::sns;

/// An endpoint that gets a topic's messages.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_sns_topic_subscription")]
pub(crate) struct TopicSubscription {
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// How long the confirmation may take.
    #[attr(default = 1, carry)]
    confirmation_timeout_in_minutes: Option<i32>,
    /// Whether the confirmation was signed.
    confirmation_was_authenticated: Computed<bool>,
    /// How deliveries are retried.
    delivery_policy: Option<Json>,
    /// Where messages go.
    #[attr(force_new)]
    endpoint: String,
    /// Whether the endpoint confirms by itself.
    #[attr(default = false, carry)]
    endpoint_auto_confirms: Option<bool>,
    /// Which messages it gets.
    filter_policy: Option<Json>,
    /// What the filter looks at.
    #[attr(one_of("MessageAttributes", "MessageBody"))]
    filter_policy_scope: OptComputed<String>,
    /// Account that owns it.
    owner_id: Computed<String>,
    /// Whether nobody has confirmed it yet.
    pending_confirmation: Computed<bool>,
    /// How messages are delivered.
    #[attr(
        force_new,
        one_of("application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs")
    )]
    protocol: String,
    /// Delivers the message alone, without an envelope.
    #[attr(default = false)]
    raw_message_delivery: Option<bool>,
    /// Where messages go that cannot be delivered.
    redrive_policy: Option<Json>,
    /// Which messages are delivered again.
    replay_policy: Option<Json>,
    /// Role that writes to Firehose.
    #[attr(check = checks::arn)]
    subscription_role_arn: Option<String>,
    /// ARN of the topic.
    #[attr(force_new, check = checks::arn)]
    topic_arn: String,
}

type Getter = fn(&TopicSubscription) -> Option<String>;

/// What is set by name.
const SETTINGS: &[(Name, &str, Getter)] = &[
    (TopicSubscription::DELIVERY_POLICY, "DeliveryPolicy", |s| s.delivery_policy.clone()),
    (TopicSubscription::FILTER_POLICY_SCOPE, "FilterPolicyScope", |s| s.filter_policy_scope.clone()),
    (TopicSubscription::FILTER_POLICY, "FilterPolicy", |s| s.filter_policy.clone()),
    (TopicSubscription::RAW_MESSAGE_DELIVERY, "RawMessageDelivery", |s| s.raw_message_delivery.map(|b| b.to_string())),
    (TopicSubscription::REDRIVE_POLICY, "RedrivePolicy", |s| s.redrive_policy.clone()),
    (TopicSubscription::REPLAY_POLICY, "ReplayPolicy", |s| s.replay_policy.clone()),
    (TopicSubscription::SUBSCRIPTION_ROLE_ARN, "SubscriptionRoleArn", |s| s.subscription_role_arn.clone()),
];

/// What a listing says in place of the ARN while nobody has confirmed.
const PENDING: &str = "PendingConfirmation";

#[async_trait]
impl Resource for TopicSubscription {
    type Api = Aws;
    const HUMAN: &'static str = "SNS Topic Subscription";
    // Subscribing the same endpoint again gives the same subscription.
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let mut call = sns(cx.api).subscribe().topic_arn(&want.topic_arn).protocol(&want.protocol);
        call = call.endpoint(&want.endpoint).return_subscription_arn(true);
        for (_, attribute, get) in SETTINGS {
            if let Some(value) = get(&want).filter(|v| !v.is_empty() && v != "false") {
                call = call.attributes(*attribute, value);
            }
        }
        let arn = call.send().await.api()?.subscription_arn.unwrap_or_default();
        Ok(Self { id: arn.clone(), arn: Some(arn), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        let web = made.protocol.starts_with("http");
        if web && made.endpoint_auto_confirms != Some(true) || made.protocol.starts_with("email") {
            return Ok(());
        }
        let minutes = made.confirmation_timeout_in_minutes.unwrap_or(1).max(1);
        let limit = std::time::Duration::from_secs(60 * u64::from(minutes.unsigned_abs()));
        let until = (tokio::time::Instant::now() + limit).min(cx.until());
        let cx = Cx::new(cx.api, cx.token(), None, until);
        cx.wait("the endpoint to confirm the subscription", Pace::QUICK, || async {
            match Attributes::of_subscription(cx.api, &made.id).await {
                Err(e) if e.is_not_found() => Ok(Seen::Pending(String::new())),
                Ok(found) if found.truth("PendingConfirmation") == Some(true) => Ok(Seen::Pending("pending".into())),
                other => other.map(|_| Seen::Ready(())),
            }
        })
        .await
    }

    // ListSubscriptions lacks filters and policies.
    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        each(known, |k| async move {
            let a = Attributes::of_subscription(cx.api, &k.id).await?;
            Ok(Some(Self {
                arn: a.text("SubscriptionArn"),
                confirmation_timeout_in_minutes: None,
                confirmation_was_authenticated: a.truth("ConfirmationWasAuthenticated"),
                delivery_policy: a.text("DeliveryPolicy"),
                endpoint: a.text("Endpoint").unwrap_or_default(),
                endpoint_auto_confirms: None,
                filter_policy: a.text("FilterPolicy"),
                filter_policy_scope: a.text("FilterPolicyScope"),
                owner_id: a.text("Owner"),
                pending_confirmation: a.truth("PendingConfirmation"),
                protocol: a.text("Protocol").unwrap_or_default(),
                raw_message_delivery: Some(a.truth("RawMessageDelivery") == Some(true)),
                redrive_policy: a.text("RedrivePolicy"),
                replay_policy: a.text("ReplayPolicy"),
                subscription_role_arn: a.text("SubscriptionRoleArn"),
                topic_arn: a.text("TopicArn").unwrap_or_default(),
                id: k.id,
            }))
        })
        .await
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        for (name, attribute, get) in SETTINGS.iter().filter(|(name, _, _)| changed.has(*name)) {
            let mut value = get(want).unwrap_or_default();
            if *name == Self::FILTER_POLICY && value.is_empty() {
                value = "{}".into();
            }
            let call = sns(cx.api).set_subscription_attributes().subscription_arn(&prior.id).attribute_name(*attribute);
            call.attribute_value(value).send().await.api()?;
        }
        Ok(())
    }

    fn customize(edit: &mut PlanEdit<'_>) {
        if !edit.config(Self::FILTER_POLICY_SCOPE).is_null() && !edit.has(Self::FILTER_POLICY) {
            edit.refuse(Self::FILTER_POLICY_SCOPE, "filter_policy is required when filter_policy_scope is set");
        }
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        match sns(cx.api).unsubscribe().subscription_arn(&prior.id).send().await.api() {
            // What nobody confirms goes by itself after three days.
            Err(e) if e.message.contains("pending confirmation") => return Ok(()),
            other => drop(other?),
        }
        cx.wait("the subscription to be gone", Pace::QUICK, || async {
            match Attributes::of_subscription(cx.api, &prior.id).await {
                Err(e) if e.is_not_found() => Ok(Seen::Ready(())),
                other => other.map(|_| Seen::Pending(String::new())),
            }
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let pages = sns(cx.api).list_subscriptions_by_topic().topic_arn(&want.topic_arn).into_paginator().items();
        let all: Vec<aws_sdk_sns::types::Subscription> = match pages.send().try_collect().await.api() {
            Err(e) if e.is_not_found() => return Ok(None),
            other => other?,
        };
        let ours = |s: &aws_sdk_sns::types::Subscription| {
            s.endpoint.as_ref() == Some(&want.endpoint) && s.protocol.as_ref() == Some(&want.protocol)
        };
        match all.into_iter().find(ours).and_then(|s| s.subscription_arn) {
            None => Ok(None),
            // Only subscribing says the ARN of a subscription that waits.
            Some(arn) if arn == PENDING => Self::create(cx, want.clone()).await.map(Some),
            Some(arn) => Ok(Some(Self { id: arn.clone(), arn: Some(arn), ..want.clone() })),
        }
    }
}
