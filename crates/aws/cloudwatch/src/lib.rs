//! CloudWatch: alarms.
//!
//! The SDK's crate for this service compresses requests, for metrics that nobody sends from here, and thereby switches on features below
//! every other SDK crate. The calls that alarms need are few: `client.rs` makes them with the SDK's own runtime.

mod client;
mod metric_alarm;

use sdt_aws_core::Aws;
use sdt_provider::{Service, resource};

use client::Client;

/// The service's client.
fn cloudwatch(aws: &Aws) -> Client {
    aws.client("cloudwatch", Client::new)
}

/// The types of this service, by name.
pub const SERVICE: Service<Aws> =
    Service { resources: &[resource::<metric_alarm::MetricAlarm>()], data: &[], ephemeral: &[] };
