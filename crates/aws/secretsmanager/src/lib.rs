//! Secrets Manager.

mod random_password_ephemeral;
mod secret;
mod secret_data;
mod secret_policy;
mod secret_version;
mod secret_version_data;
mod secret_version_ephemeral;

use sdt_aws_core::Aws;
use sdt_provider::{Service, data_source, resource};

sdt_aws_core::client!(secretsmanager, "secretsmanager", aws_sdk_secretsmanager);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service {
    resources: &[
        resource::<secret_policy::SecretPolicy>(),
        resource::<secret::Secret>(),
        resource::<secret_version::SecretVersion>(),
    ],
    data: &[data_source::<secret_version_data::SecretVersionData>(), data_source::<secret_data::SecretData>()],
    ephemeral: &[
        data_source::<random_password_ephemeral::RandomPasswordEphemeral>(),
        data_source::<secret_version_ephemeral::SecretVersionEphemeral>(),
    ],
};
