//! Load balancers, target groups and listeners.

mod action;
mod listener;
mod listener_certificate;
mod listener_data;
mod listener_rule;
mod load_balancer;
mod load_balancer_data;
mod service_account_data;
mod tags;
mod target_group;
mod target_group_attachment;
mod target_group_data;

use sdt_aws_core::Aws;
use sdt_provider::{Service, data_source, resource};

sdt_aws_core::client!(elbv2, "elbv2", aws_sdk_elasticloadbalancingv2);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service {
    resources: &[
        resource::<listener_rule::ListenerRule>(),
        resource::<target_group_attachment::TargetGroupAttachment>(),
        resource::<listener_certificate::ListenerCertificate>(),
        resource::<load_balancer::LoadBalancer>(),
        resource::<listener::Listener>(),
        resource::<target_group::TargetGroup>(),
    ],
    data: &[
        data_source::<target_group_data::TargetGroupData>(),
        data_source::<listener_data::ListenerData>(),
        data_source::<load_balancer_data::LoadBalancerData>(),
        data_source::<service_account_data::ServiceAccount>(),
    ],
    ephemeral: &[],
};

/// A string with "" as absent.
fn text(value: Option<String>) -> Option<String> {
    value.filter(|s| !s.is_empty())
}

/// What of an ARN names the object to CloudWatch: everything after the kind of service.
fn arn_suffix(arn: &str, strip: &str) -> String {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    resource.strip_prefix(strip).unwrap_or(resource).to_owned()
}
