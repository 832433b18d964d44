//! KMS: keys and their names.

mod alias;
mod key;
mod key_data;
mod secrets_ephemeral;

use sdt_aws_core::Aws;
use sdt_provider::{Service, data_source, resource};

sdt_aws_core::client!(kms, "kms", aws_sdk_kms);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service {
    resources: &[resource::<alias::Alias>(), resource::<key::Key>()],
    data: &[data_source::<key_data::KeyData>()],
    ephemeral: &[data_source::<secrets_ephemeral::SecretsEphemeral>()],
};
