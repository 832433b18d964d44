//! Systems Manager: parameters.

mod parameter;
mod parameter_data;
mod parameter_ephemeral;

use sdt_aws_core::Aws;
use sdt_provider::{Service, data_source, resource};

sdt_aws_core::client!(ssm, "ssm", aws_sdk_ssm);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service {
    resources: &[resource::<parameter::Parameter>()],
    data: &[data_source::<parameter_data::ParameterData>()],
    ephemeral: &[data_source::<parameter_ephemeral::ParameterEphemeral>()],
};
