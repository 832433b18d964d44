//! KMS: keys and their names.

mod alias;
mod key;

use sdt_aws_core::Aws;
use sdt_provider::{Service, resource};

sdt_aws_core::client!(kms, "kms", aws_sdk_kms);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> =
    Service { resources: &[resource::<alias::Alias>(), resource::<key::Key>()], data: &[] };
