//! The string map in which SNS says everything about topics and subscriptions.

use std::collections::HashMap;

use sdt_aws_core::{Api, Aws};
use sdt_provider::{Cx, Error};

use crate::sns;

/// What SNS says.
pub(crate) struct Attributes(pub(crate) HashMap<String, String>);

impl Attributes {
    /// Of a topic, asked once in a refresh for the topic and its policy.
    pub(crate) async fn shared(cx: &Cx<'_, Aws>, arn: &str) -> Result<std::sync::Arc<Self>, Error> {
        cx.shared(&format!("sns:GetTopicAttributes {arn}"), Self::of_topic(cx.api, arn)).await
    }

    /// Of a topic.
    pub(crate) async fn of_topic(aws: &Aws, arn: &str) -> Result<Self, Error> {
        let answer = sns(aws).get_topic_attributes().topic_arn(arn).send().await.api()?;
        Ok(Self(answer.attributes.unwrap_or_default()))
    }

    /// Of a subscription.
    pub(crate) async fn of_subscription(aws: &Aws, arn: &str) -> Result<Self, Error> {
        let answer = sns(aws).get_subscription_attributes().subscription_arn(arn).send().await.api()?;
        Ok(Self(answer.attributes.unwrap_or_default()))
    }

    /// Text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    /// A truth value.
    pub(crate) fn truth(&self, name: &str) -> Option<bool> {
        self.0.get(name).map(|v| v.eq_ignore_ascii_case("true"))
    }

    /// A number.
    pub(crate) fn number(&self, name: &str) -> Option<i32> {
        self.0.get(name).and_then(|v| v.parse().ok())
    }
}

/// Sets one attribute of a topic. A role or key that it names may not be visible yet.
pub(crate) async fn set_topic(cx: &Cx<'_, Aws>, arn: &str, name: &str, value: String) -> Result<(), Error> {
    let call = sns(cx.api).set_topic_attributes().topic_arn(arn).attribute_name(name).attribute_value(value);
    let call = &call;
    let limit = std::time::Duration::from_secs(60);
    cx.retry_on(&["InvalidParameter"], limit, || async move {
        match call.clone().send().await.api() {
            // Every other invalid parameter stays invalid.
            Err(e) if e.has_code(&["InvalidParameter"]) && !e.message.to_lowercase().contains("principal") => {
                Err(Error { code: String::new(), message: format!("{}: {}", e.code, e.message), ..e })
            }
            other => other.map(drop),
        }
    })
    .await
}
