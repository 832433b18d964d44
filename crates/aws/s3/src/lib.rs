//! S3: buckets and what is set on them.

use sdt_aws_core::Aws;
use sdt_provider::Service;

sdt_aws_core::client!(s3, "s3", aws_sdk_s3, |aws, builder| builder.force_path_style(aws.s3_path_style));

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service { resources: &[], data: &[] };
