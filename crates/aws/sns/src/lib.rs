//! Amazon SNS: topics and who gets their messages.

mod attributes;
mod topic;
mod topic_policy;
mod topic_subscription;

use sdt_aws_core::Aws;
use sdt_provider::{Service, resource};

sdt_aws_core::client!(sns, "sns", aws_sdk_sns);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service {
    resources: &[
        resource::<topic::Topic>(),
        resource::<topic_policy::TopicPolicy>(),
        resource::<topic_subscription::TopicSubscription>(),
    ],
    data: &[],
    ephemeral: &[],
};
